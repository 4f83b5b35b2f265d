/* SPDX-License-Identifier: GPL-2.0 */
/* Reparent: hand an offline group's folios to an online ancestor, in place. */
#ifndef MR_REPARENT_H
#define MR_REPARENT_H

#include <linux/bits.h>
#include <linux/cgroup.h>
#include <linux/slab.h>
#include <linux/types.h>

struct folio;
struct mr_lru_size;
struct mr_wave;
struct page;

/* Why folios were left where they are. */
enum mr_skip {
	MR_SKIP_RACE = BIT(0),		/* being freed, or taken by someone else */
	MR_SKIP_LOCKED = BIT(1),	/* locked, most often for I/O */
	MR_SKIP_WRITEBACK = BIT(2),
	MR_SKIP_THP = BIT(3),		/* large and anonymous */
	MR_SKIP_HWPOISON = BIT(4),
	MR_SKIP_IN_USE = BIT(5),	/* MR_RECHARGE_LATER */
};

/* These go away by themselves, the others don't. */
#define MR_SKIP_TRANSIENT (MR_SKIP_RACE | MR_SKIP_LOCKED | \
			   MR_SKIP_WRITEBACK | MR_SKIP_IN_USE)

/* Called under rcu_read_lock(), or with a reference on the group. */
typedef bool (mr_group_fn)(const struct cgroup_subsys_state *css);

/**
 * struct mr_gather - an offline group that is being worked on
 * @css: the group, referenced by the caller; set by mr_gather_start()
 * @taken: result, pages taken so far
 * @skipped: result, enum mr_skip of those that were left
 */
struct mr_gather {
	struct cgroup_subsys_state *css;
	unsigned long taken;
	unsigned int skipped;

	/* private: entries that may still be looked at, and the place */
	unsigned long left;
	bool file;
	bool anon;
	int nid;
	unsigned int first_list;
	unsigned int list;
	const struct folio *first_left;
};

#ifdef MR_CAN_REPARENT
const char *mr_reparent_refusal(void);

struct mr_wave *mr_wave_alloc(void);
void mr_wave_free(struct mr_wave *w);
void mr_wave_recharge(struct mr_wave *w, mr_group_fn *patient);
unsigned long mr_wave_recharged(struct mr_wave *w);
bool mr_wave_empty(const struct mr_wave *w);
bool mr_wave_full(const struct mr_wave *w);
bool mr_wave_wait(struct mr_wave *w);
void mr_wave_put_back(struct mr_wave *w);

void mr_gather_start(struct mr_gather *g, struct cgroup_subsys_state *css,
		     const struct mr_lru_size *size);
bool mr_gather_lists(struct mr_wave *w, struct mr_gather *g,
		     unsigned int max);
unsigned int mr_gather_frame(struct mr_wave *w, struct page *page,
			     mr_group_fn *want, unsigned long *taken);
#else
static inline const char *mr_reparent_refusal(void)
{
	return MR_NOT_HERE;
}

static inline struct mr_wave *mr_wave_alloc(void)
{
	return ZERO_SIZE_PTR;
}

static inline void mr_wave_free(struct mr_wave *w)
{
}

static inline void mr_wave_recharge(struct mr_wave *w, mr_group_fn *patient)
{
}

static inline unsigned long mr_wave_recharged(struct mr_wave *w)
{
	return 0;
}

static inline bool mr_wave_empty(const struct mr_wave *w)
{
	return true;
}

static inline bool mr_wave_full(const struct mr_wave *w)
{
	return false;
}

static inline bool mr_wave_wait(struct mr_wave *w)
{
	return false;
}

static inline void mr_wave_put_back(struct mr_wave *w)
{
}

static inline void mr_gather_start(struct mr_gather *g,
				   struct cgroup_subsys_state *css,
				   const struct mr_lru_size *size)
{
	*g = (struct mr_gather){ .css = css };
}

static inline bool mr_gather_lists(struct mr_wave *w, struct mr_gather *g,
				   unsigned int max)
{
	return true;
}

static inline unsigned int
mr_gather_frame(struct mr_wave *w, struct page *page, mr_group_fn *want,
		unsigned long *taken)
{
	return 0;
}
#endif

#endif /* MR_REPARENT_H */
