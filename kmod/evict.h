/* SPDX-License-Identifier: GPL-2.0 */
/* Evict: have the kernel reclaim what an offline group's LRU lists hold. */
#ifndef MR_EVICT_H
#define MR_EVICT_H

#include <linux/cgroup.h>
#include <linux/errno.h>

struct mr_cgfile;
struct mr_lru_size;
struct task_struct;

#ifdef MR_CAN_EVICT
/* Why groups can't be evicted here; NULL: they can. */
static inline const char *mr_evict_refusal(void)
{
	return NULL;
}

unsigned long mr_evictable(const struct mr_lru_size *size, bool swap);
int mr_evict_batch(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		   unsigned long pages, bool swap, unsigned int cut_us,
		   struct mr_lru_size *size, unsigned long *taken);
void mr_cut(struct task_struct *task);
#else
static inline const char *mr_evict_refusal(void)
{
	return MR_NOT_HERE;
}

static inline unsigned long mr_evictable(const struct mr_lru_size *size,
					 bool swap)
{
	return 0;
}

static inline int mr_evict_batch(struct mr_cgfile *cf,
				 struct cgroup_subsys_state *css,
				 unsigned long pages, bool swap,
				 unsigned int cut_us, struct mr_lru_size *size,
				 unsigned long *taken)
{
	*taken = 0;
	return -EOPNOTSUPP;
}

static inline void mr_cut(struct task_struct *task)
{
}
#endif

#endif /* MR_EVICT_H */
