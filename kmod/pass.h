/* SPDX-License-Identifier: GPL-2.0 */
/* One pass: find the offline groups, decide, act. */
#ifndef MR_PASS_H
#define MR_PASS_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "policy.h"

struct cgroup_subsys_state;
struct mr_cgfile;
struct mr_fence;
struct mr_wave;

/*
 * One pass or scan at a time; also held while the table of groups and the
 * counters are changed. Outermost lock of the module, taken from process
 * context with nothing of the kernel's mm or cgroups held.
 */
extern struct mutex mr_work_lock;

/**
 * struct mr_pass_ops - how a pass gets along with its surroundings
 * @relax: called between batches, with the work lock held; may drop and
 *	retake it and sleep; not 0: end the pass with this errno
 * @pause: as @relax, and sleep for about this many ms
 * @stop: whether the pass is to end; for where it can't rest
 * @cut_us: see mr_evict_batch()
 * @everything: no age limit, no back-off, and more than one try
 */
struct mr_pass_ops {
	int (*relax)(void);
	int (*pause)(unsigned int ms);
	bool (*stop)(void);
	unsigned int cut_us;
	bool everything;
};

/**
 * struct mr_pass - a pass
 * @seen: result, offline groups met
 * @published: result, the gauges are from this pass, not from a later scan that
 *	ended before
 * @busy: result, groups that hold what the method could take but could not now,
 *	or that wait for their children
 *
 * Lifetime: made once, used for many passes, by one task at a time.
 */
struct mr_pass {
	unsigned long seen;
	unsigned long busy;
	bool published;

	/* private: */
	const struct mr_pass_ops *ops;
	struct cgroup_subsys_state *root;
	struct mr_cgfile *cf;
	struct mr_fence *fence;
	char *path;
	unsigned int method;
	unsigned int batch;
	unsigned int drains;
	struct mr_wave *wave;
	u64 wave_ns;
	u64 wave_work_ns;
	struct mr_lag lag;
	unsigned long counted;
	bool act;
	bool late;
	bool settle;
	bool drained_again;
	u32 round;
	u32 dirty_round;
	u64 start_ns;
	u64 turn_ns;
	u64 now_ns;
	bool clock_read;
	unsigned long tried;
	unsigned long stuck;
	u64 held_bytes;
	u64 taken_bytes;
	unsigned long unlisted;
	unsigned long frame_pages;
	bool new_unlisted;
	bool new_inodes;
};

struct mr_pass *mr_pass_alloc(struct cgroup_subsys_state *root,
			      const struct mr_pass_ops *ops);
void mr_pass_free(struct mr_pass *p);
int mr_pass_run(struct mr_pass *p);
int mr_pass_scan(struct mr_pass *p);

#endif /* MR_PASS_H */
