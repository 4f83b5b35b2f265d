/* SPDX-License-Identifier: GPL-2.0 */
/* Take a folio off a group's LRU lists, and put it on another group's. */
#ifndef MR_LRU_LIST_H
#define MR_LRU_LIST_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/types.h>

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
 * @clear: flags that change with the list
 * @set: those of them that are set
 * @alike: the flags of a folio for which mr_lru_take() or mr_lru_add_alike() will do
 * @keep: those that it keeps then
 * @put: those that it gets
 * @file: and what it has for a mapping, for the latter
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
	unsigned long clear;
	unsigned long set;
	unsigned long alike;
	unsigned long keep;
	unsigned long put;
	const struct address_space *file;
	long pages;
	struct folio *folio;
	struct folio *first;
	const struct address_space *mapping;
	u8 age;
	bool evictable;
};

/*
 * The flags by which a folio belongs on one list or another: neighbours in which they
 * are the same are on the same, and what was found out for the first holds for all.
 */
#define MR_LIST_FLAGS	((ZONES_MASK << ZONES_PGSHIFT) | \
			 (NODES_MASK << NODES_PGSHIFT) | LRU_GEN_MASK | \
			 BIT(PG_active) | BIT(PG_unevictable) | \
			 BIT(PG_swapbacked) | BIT(PG_swapcache))

/* @file of no folio. */
#define MR_LRU_NO_FILE	((const struct address_space *)-1UL)

/**
 * mr_lru_alike() - whether a folio on a list is as the one before it, and free to be taken
 * @run: those that leave the list; there is one
 * @flags: the folio's
 * @never: flags of which none may be set
 *
 * Context: under the lru_lock of that list.
 *
 * Return: whether mr_lru_take() may be tried.
 */
static __always_inline bool mr_lru_alike(const struct mr_lru_run *run,
					 unsigned long flags,
					 unsigned long never)
{
	flags &= MR_LIST_FLAGS | BIT(PG_locked) | BIT(PG_lru) | BIT(PG_head) |
		 never;
	return flags == run->alike;
}

/**
 * mr_lru_take() - lock and isolate a folio, and prepare to take it off its list
 * @run: those that leave the list
 * @folio: a folio that is on the list
 * @flags: what it had when it was mr_lru_alike()
 * @never: flags of which none may be set
 *
 * As folio_trylock(), folio_test_clear_lru() and mr_lru_leave(), in one step: three
 * atomic operations, and all that has to be looked at between them, are most of
 * what a folio costs. What is taken is to be counted by mr_lru_more(), and is as
 * old as run->age.
 *
 * Context: under the lru_lock of its list, interrupts off, with a reference.
 *
 * Return: whether it is done; else nothing is.
 */
static __always_inline bool mr_lru_take(const struct mr_lru_run *run,
					struct folio *folio,
					unsigned long flags, unsigned long never)
{
	while (!try_cmpxchg(&folio->flags, &flags, (flags & run->keep) | run->put))
		if (!mr_lru_alike(run, flags, never))
			return false;
	return true;
}

/**
 * mr_lru_add_alike() - mr_lru_add_tail() of a folio that is as the one before it
 * @run: those that get on the list; mr_lru_add_tail() was there before
 * @folio: a folio on a list of the caller's, behind the one that was added just before,
 *	and of the same group and age
 *
 * What is added is to be counted by mr_lru_more().
 *
 * Context: as mr_lru_add_tail().
 *
 * Return: whether it is done; else nothing is.
 */
static __always_inline bool mr_lru_add_alike(const struct mr_lru_run *run,
					     struct folio *folio)
{
	unsigned long flags;

	if (READ_ONCE(folio->mapping) != run->file)
		return false;
	flags = READ_ONCE(folio->flags);
	if ((flags & (MR_LIST_FLAGS | BIT(PG_mlocked) | BIT(PG_head))) !=
	    run->alike)
		return false;
	return try_cmpxchg(&folio->flags, &flags,
			   (flags & run->keep) | run->put);
}

/**
 * mr_lru_more() - count folios that were as the one before
 * @run: the run
 * @last: the last of them
 * @pages: how many; negative: they leave
 */
static inline void mr_lru_more(struct mr_lru_run *run, struct folio *last,
			       long pages)
{
	run->folio = last;
	run->pages += pages;
}

u8 mr_lru_leave(struct mem_cgroup_per_node *pn, struct folio *folio,
		struct mr_lru_run *run);
void mr_lru_unlink(struct folio *folio);
void mr_lru_add_tail(struct mem_cgroup_per_node *pn, struct folio *folio,
		     u8 age, bool linked, struct mr_lru_run *run);
void mr_lru_run_end(struct mr_lru_run *run);

#endif /* MR_LRU_LIST_H */
