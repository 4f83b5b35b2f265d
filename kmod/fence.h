/* SPDX-License-Identifier: GPL-2.0 */
/* Keep reclaim from taking all of a large offline group in one go. */
#ifndef MR_FENCE_H
#define MR_FENCE_H

#include <linux/cgroup.h>
#include <linux/slab.h>

/* The most pages that are left before a fence: entries are walked one by one. */
#define MR_FENCE_MAX_BEFORE	512U

struct mr_fence;

#ifdef MR_CAN_FENCE
struct mr_fence *mr_fence_alloc(void);
void mr_fence_free(struct mr_fence *f);
unsigned int mr_fence_up(struct mr_fence *f, struct cgroup_subsys_state *css,
			 unsigned int pages, bool anon);
void mr_fence_down(struct mr_fence *f);
#else
/* Classic lists need none: reclaim stops when it has got what was asked for. */
static inline struct mr_fence *mr_fence_alloc(void)
{
	return ZERO_SIZE_PTR;
}

static inline void mr_fence_free(struct mr_fence *f)
{
}

static inline unsigned int mr_fence_up(struct mr_fence *f,
				       struct cgroup_subsys_state *css,
				       unsigned int pages, bool anon)
{
	return 0;
}

static inline void mr_fence_down(struct mr_fence *f)
{
}
#endif

#endif /* MR_FENCE_H */
