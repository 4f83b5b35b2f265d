/* SPDX-License-Identifier: GPL-2.0 */
/* Take a folio off a group's LRU lists, and put it on another group's. */
#ifndef MR_LRU_LIST_H
#define MR_LRU_LIST_H

#include <linux/mmzone.h>
#include <linux/types.h>

struct folio;
struct mem_cgroup_per_node;

/* Not from a generation: PG_active tells. */
#define MR_AGE_NONE 0xff

/**
 * struct mr_lru_run - folios in a row that change the same statistics
 * @folio: the last of them, which tells group, node and zone; NULL: none
 * @lru: the statistic
 * @pages: so much
 *
 * Neighbours on a list are in the same zone nearly always, and adding to a group's
 * statistics is most of what moving a folio costs. Zeroed at first; to be ended
 * by mr_lru_run_end().
 *
 * Locking: within one hold of an lru_lock, interrupts off all the while. Each folio
 * keeps its group, and a reference, until the run has ended.
 */
struct mr_lru_run {
	struct folio *folio;
	enum lru_list lru;
	long pages;
};

u8 mr_lru_del(struct mem_cgroup_per_node *pn, struct folio *folio,
	      struct mr_lru_run *run);
void mr_lru_add_tail(struct mem_cgroup_per_node *pn, struct folio *folio,
		     u8 age, struct mr_lru_run *run);
void mr_lru_run_end(struct mr_lru_run *run);

#endif /* MR_LRU_LIST_H */
