/* SPDX-License-Identifier: GPL-2.0 */
/* Take a folio off a group's LRU lists, and put it on another group's. */
#ifndef MR_LRU_LIST_H
#define MR_LRU_LIST_H

#include <linux/types.h>

struct folio;
struct mem_cgroup_per_node;

/* Not from a generation: PG_active tells. */
#define MR_AGE_NONE 0xff

u8 mr_lru_del(struct mem_cgroup_per_node *pn, struct folio *folio);
void mr_lru_add_tail(struct mem_cgroup_per_node *pn, struct folio *folio,
		     u8 age);

#endif /* MR_LRU_LIST_H */
