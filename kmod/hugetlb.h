/* SPDX-License-Identifier: GPL-2.0 */
/* Huge pages of hugetlbfs that offline groups are charged for. */
#ifndef MR_HUGETLB_H
#define MR_HUGETLB_H

#include <linux/cgroup.h>

struct mr_cgfile;
struct page;

#ifdef MR_CAN_REPARENT
unsigned long mr_hugetlb_pages(struct mr_cgfile *cf,
			       struct cgroup_subsys_state *css);
void mr_hugetlb_reparent(struct page *page,
			 bool (*want)(const struct cgroup_subsys_state *css),
			 unsigned long *taken);
#else
static inline unsigned long mr_hugetlb_pages(struct mr_cgfile *cf,
					     struct cgroup_subsys_state *css)
{
	return 0;
}

static inline void
mr_hugetlb_reparent(struct page *page,
		    bool (*want)(const struct cgroup_subsys_state *css),
		    unsigned long *taken)
{
}
#endif

#endif /* MR_HUGETLB_H */
