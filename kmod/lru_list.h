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
 * struct mr_lru_run - folios in a row that leave the same list, or get on it
 * @size: of that list and zone, in the group's own numbers; NULL: no folio yet
 * @list: the list itself; NULL for unevictable folios, which are on none
 * @lru: the statistic that is changed besides
 * @like: the flags of a folio that decide which list that is
 * @age: see mr_lru_leave()
 * @set: flags that are set in place of LRU_GEN_MASK, and of PG_active when it gets on
 * @pages: by so much
 * @folio: the last of them, which tells group, node and zone
 * @first: the first of those that get on the list with @folio; NULL: none
 * @mapping: folio->mapping of the last folio that evictable() was asked about;
 *	compared, never followed
 * @evictable: what it said
 *
 * Neighbours on a list are in the same zone, and of the same file, nearly always, and
 * what is done once for all of them is most of what moving one costs. Zeroed at first;
 * to be ended by mr_lru_run_end().
 *
 * Locking: within one hold of an lru_lock, interrupts off all the while. Each folio
 * keeps its group, and a reference, until the run has ended. Whoever holds a
 * spinlock is a reader of RCU (rt_spin_lock(), too), so no inode that was met is freed
 * and its @mapping another one's before.
 */
struct mr_lru_run {
	long *size;
	struct list_head *list;
	enum lru_list lru;
	unsigned long like;
	unsigned long set;
	long pages;
	struct folio *folio;
	struct folio *first;
	const struct address_space *mapping;
	u8 age;
	bool evictable;
};

u8 mr_lru_leave(struct mem_cgroup_per_node *pn, struct folio *folio,
		struct mr_lru_run *run);
void mr_lru_unlink(struct folio *folio);
void mr_lru_add_tail(struct mem_cgroup_per_node *pn, struct folio *folio,
		     u8 age, bool linked, struct mr_lru_run *run);
void mr_lru_run_end(struct mr_lru_run *run);

#endif /* MR_LRU_LIST_H */
