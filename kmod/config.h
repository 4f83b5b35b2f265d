/* SPDX-License-Identifier: GPL-2.0 */
/* The tunables: their values, ranges, parsing and printing. */
#ifndef MR_CONFIG_H
#define MR_CONFIG_H

#include <linux/types.h>

#define MR_SUBTREE_MAX 1024

enum mr_method {
	MR_EVICT,
	MR_REPARENT,
	MR_RECHARGE,
	MR_NONE,	/* the kernel leaves nothing to take: report only */
	MR_METHOD_NR,
};

/*
 * Values of the tunables, one word each.
 *
 * Locking: written one at a time by mr_tunable_set(), read with READ_ONCE()
 * anywhere. The path of @subtree is read with mr_subtree_match().
 */
struct mr_config {
	unsigned int reap_background;
	unsigned int method;
	unsigned int scan_interval_ms;
	unsigned int min_age_ms;
	unsigned int cpu_percent;
	unsigned int batch_pages;
	unsigned int swap;
};

extern struct mr_config mr_config;

enum mr_tunable_kind {
	MR_NUMBER,
	MR_METHOD,
	MR_PATH,
};

/**
 * struct mr_tunable - one tunable
 * @name: of its file and of its module parameter
 * @kind: how its text is read
 * @value: the number behind it; NULL for a path
 * @min: smallest value
 * @max: largest value
 * @refusal: why a number can't be had on this kernel, NULL: it can; or NULL
 */
struct mr_tunable {
	const char *name;
	enum mr_tunable_kind kind;
	unsigned int *value;
	unsigned int min;
	unsigned int max;
	const char *(*refusal)(unsigned int n);
};

enum mr_tunable_index {
	MR_T_REAP_BACKGROUND,
	MR_T_METHOD,
	MR_T_SCAN_INTERVAL_MS,
	MR_T_MIN_AGE_MS,
	MR_T_CPU_PERCENT,
	MR_T_BATCH_PAGES,
	MR_T_SWAP,
	MR_T_SUBTREE,
	MR_T_NR,
};

extern const struct mr_tunable mr_tunables[MR_T_NR];

int mr_tunable_set(const struct mr_tunable *t, const char *text);
int mr_tunable_show(const struct mr_tunable *t, char *page);
unsigned int mr_config_generation(void);
bool mr_subtree_all(void);
bool mr_subtree_match(const char *path);
const char *mr_method_name(unsigned int method);
bool mr_path_below(const char *path, const char *top);

#endif /* MR_CONFIG_H */
