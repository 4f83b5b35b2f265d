/* SPDX-License-Identifier: GPL-2.0 */
/* Evict: have the kernel reclaim what an offline group's LRU lists hold. */
#ifndef MR_EVICT_H
#define MR_EVICT_H

#include <linux/cgroup.h>

struct mr_cgfile;
struct mr_lru_size;
struct task_struct;

unsigned long mr_evictable(const struct mr_lru_size *size, bool swap);
int mr_evict_batch(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		   unsigned long pages, bool swap, unsigned int cut_us,
		   struct mr_lru_size *size, unsigned long *taken);
void mr_cut(struct task_struct *task);

#endif /* MR_EVICT_H */
