// SPDX-License-Identifier: GPL-2.0
/*
 * Keep reclaim from taking all of a large offline group in one go.
 *
 * MGLRU "scrapes" a group that was removed: however little it was asked for,
 * it goes on until all of the oldest generation is gone, and neither a signal
 * nor what it has already got ends that (get_nr_to_scan(), should_abort_scan()
 * and try_to_shrink_lruvec() in mm/vmscan.c, 6.12). With a group of 100 GiB
 * that is many seconds in one call.
 *
 * It does end where it meets MIN_LRU_BATCH pages in a row that it can't
 * isolate (scan_folios()). So some folios behind those that may go are isolated
 * here, in the kernel's sense: referenced, and PG_lru cleared. Unlike others
 * they stay on their list. Who finds them there without PG_lru leaves them
 * alone, as they would one that was about to be taken off:
 *
 * - reclaim: isolate_folio() tries folio_test_clear_lru(), and puts those
 *   that it can't have at the other end of the list; sort_folio() and
 *   inc_min_seq() may move one to the list of another generation; all under
 *   lru_lock;
 * - migration, compaction, mlock, per-CPU batches: folio_test_clear_lru()
 *   first;
 * - freeing takes a folio off its list where PG_lru is set, when the last
 *   reference goes, and that is not before ours, when PG_lru is back
 *   (__page_cache_release(), 6.1; page_cache_release(), 6.12).
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "counters.h"
#include "fence.h"
#include "lru.h"

/*
 * A scan that meets the fence with nothing isolated ends there, and reclaim
 * begins another one with a higher priority where it has not got the 32 pages
 * that it wants at least. Each moves MIN_LRU_BATCH folios of the fence away, and
 * so does one that has something. Where there are so many pages to be had, a
 * few times that are enough; else all priorities (DEF_PRIORITY and down to 1)
 * have to meet it.
 */
#define FENCE_FOLIOS	(3 * BITS_PER_LONG)
#define HIGH_FENCE	(16 * BITS_PER_LONG)
/* All fences of all lists. */
#define MAX_FOLIOS	4096

/**
 * struct mr_fence - the folios that fences are made of
 * @nr: folios in @folios
 * @nr_easy: folios before the fences that reclaim should get
 * @nr_others: references that belong to none, at the end of @folios
 * @folios: referenced; the first @nr without PG_lru, on lists of their group
 *
 * Locking: one user at a time. Lifetime: a folio stays on its group's list, and
 * so holds its group, until mr_fence_down().
 */
struct mr_fence {
	unsigned int nr;
	unsigned int nr_easy;
	unsigned int nr_others;
	struct folio *folios[MAX_FOLIOS];
};

/**
 * mr_fence_alloc() - prepare for fences
 *
 * Return: what they are kept in, or NULL.
 */
struct mr_fence *mr_fence_alloc(void)
{
	return kvzalloc(sizeof(struct mr_fence), GFP_KERNEL);
}

/**
 * mr_fence_free() - the opposite of mr_fence_alloc()
 * @f: without fences, or NULL
 */
void mr_fence_free(struct mr_fence *f)
{
	kvfree(f);
}

/*
 * Whether reclaim would try to isolate this one. Others it moves on to the next
 * generation, which is no hindrance (sort_folio() in mm/vmscan.c).
 */
static bool plain(const struct folio *folio)
{
	return !(READ_ONCE(folio->flags) &
		 (LRU_REFS_MASK | BIT(PG_workingset) | BIT(PG_dirty) |
		  BIT(PG_writeback) | BIT(PG_locked) | BIT(PG_unevictable)));
}

/*
 * Isolate a folio where it is; under the lru_lock of its list. A reference that
 * turns out to be in vain is given back later: it may be the last, and freeing
 * takes lru_lock.
 */
static bool isolate(struct mr_fence *f, struct folio *folio)
{
	if (!plain(folio) || !folio_test_lru(folio) || !folio_try_get(folio))
		return false;
	if (!folio_test_clear_lru(folio)) {
		f->folios[MAX_FOLIOS - ++f->nr_others] = folio;
		return false;
	}
	f->folios[f->nr++] = folio;
	return true;
}

static bool full(const struct mr_fence *f)
{
	return f->nr + f->nr_others >= MAX_FOLIOS;
}

/* Whether reclaim is sure to get this one, if it isolates it. */
static bool easy(const struct folio *folio)
{
	return plain(folio) && !folio_test_large((struct folio *)folio) &&
	       atomic_read(&folio->_mapcount) < 0;
}

/*
 * Leave @pages pages at the old end of a list, and make a fence of those that
 * follow. Changes the order of what was looked at, which nobody but us needs
 * in a dead group.
 *
 * Returns how many of @pages are not in this list.
 */
static unsigned int fence_list(struct mr_fence *f, struct lruvec *lruvec,
			       struct list_head *list, unsigned int pages)
{
	unsigned int left = HIGH_FENCE, looked;
	struct list_head *at, *prev, *older;
	struct folio *folio;
	u64 start;

	spin_lock_irq(&lruvec->lru_lock);
	start = ktime_get_ns();
	for (at = list->prev; at != list && pages; at = at->prev) {
		folio = list_entry(at, struct folio, lru);
		pages -= min_t(long, folio_nr_pages(folio), pages);
		f->nr_easy += easy(folio);
	}
	if (f->nr_easy >= SWAP_CLUSTER_MAX)
		left = FENCE_FOLIOS;
	/* What is older than the fence; the list's head, if nothing is. */
	older = at->next;
	for (looked = 2 * left; at != list && looked && left && !full(f);
	     looked--, at = prev) {
		prev = at->prev;
		if (isolate(f, list_entry(at, struct folio, lru))) {
			list_move_tail(at, older);
			left--;
		}
	}
	mr_hist_add(&mr_counters.lru_lock_ns, ktime_get_ns() - start);
	spin_unlock_irq(&lruvec->lru_lock);
	return pages;
}

/* All generations: while it gets nothing, reclaim makes new ones, and goes on. */
static unsigned int fence_type(struct mr_fence *f, struct lruvec *lruvec,
			       int type, unsigned int pages)
{
	typeof(lruvec->lrugen) *lrugen = &lruvec->lrugen;
	unsigned long seq = READ_ONCE(lrugen->min_seq[type]);
	int i, zone;

	for (i = 0; i < MAX_NR_GENS; i++) {
		int gen = lru_gen_from_seq(seq + i);

		for (zone = 0; zone < MAX_NR_ZONES; zone++) {
			struct list_head *list =
				&lrugen->mr_lrugen_lists[gen][type][zone];

			if (!list_empty_careful(list))
				pages = fence_list(f, lruvec, list, pages);
		}
		cond_resched();
	}
	return pages;
}

/**
 * mr_fence_up() - fence off all but a few of a group's folios
 * @f: without fences
 * @css: an offline group, referenced by the caller
 * @pages: how many are left to reclaim, about; at most %MR_FENCE_MAX_BEFORE
 * @anon: also anonymous and shmem folios; else reclaim is not to look at them
 *
 * To be followed by reclaim, in one call that asks for as little as possible,
 * and mr_fence_down(). Does nothing to classic lists, where reclaim stops when
 * it has got what was asked for.
 *
 * Context: process context; holds an lru_lock for some 1000 entries, 2500 at most.
 *
 * Return: how many folios fences were made of.
 */
unsigned int mr_fence_up(struct mr_fence *f, struct cgroup_subsys_state *css,
			 unsigned int pages, bool anon)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(css);
	int nid;

	pages = min(pages, MR_FENCE_MAX_BEFORE);
	for (nid = mr_next_node(-1); nid < nr_node_ids; nid = mr_next_node(nid)) {
		struct lruvec *lruvec = &memcg->nodeinfo[nid]->lruvec;

		pages = fence_type(f, lruvec, WORKINGSET_FILE, pages);
		if (anon)
			pages = fence_type(f, lruvec, WORKINGSET_ANON, pages);
	}
	return f->nr;
}

/**
 * mr_fence_down() - take all fences down
 * @f: fences; without any afterwards
 *
 * Context: process context.
 */
void mr_fence_down(struct mr_fence *f)
{
	unsigned int i;

	for (i = 0; i < f->nr; i++) {
		folio_set_lru(f->folios[i]);
		folio_put(f->folios[i]);
		if (i % BITS_PER_LONG == 0)
			cond_resched();
	}
	for (i = 0; i < f->nr_others; i++)
		folio_put(f->folios[MAX_FOLIOS - 1 - i]);
	f->nr = 0;
	f->nr_easy = 0;
	f->nr_others = 0;
}
