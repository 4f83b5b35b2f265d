// SPDX-License-Identifier: GPL-2.0
/*
 * Take a folio off a group's LRU lists, and put it on another group's.
 *
 * What lruvec_del_folio() and lruvec_add_folio_tail() do
 * (include/linux/mm_inline.h, 6.1 and 6.12). Those can't be used: they inline
 * references to lru_gen_caps and mem_cgroup_update_lru_size(), which no kernel
 * exports. Besides, adding keeps the generation that the folio had.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/vmstat.h>

#include "lru_list.h"

/**
 * mr_lru_run_end() - bring statistics up to date
 * @run: the run; empty afterwards
 *
 * The sizes that both kinds of lists share: of the node, of the group (through
 * folio->memcg_data) and of the zone. As __update_lru_size(). Those that a list has
 * alone are up to date at once: reclaim goes by them.
 *
 * Context: before the lru_lock is dropped, and before a folio gets another group.
 */
void mr_lru_run_end(struct mr_lru_run *run)
{
	if (!run->folio)
		return;
	__lruvec_stat_mod_folio(run->folio, NR_LRU_BASE + run->lru, run->pages);
	__mod_zone_page_state(folio_zone(run->folio),
			      NR_ZONE_LRU_BASE + run->lru, run->pages);
	run->folio = NULL;
}

/* Group and node are the same for all of one lru_lock. */
static void count(struct mr_lru_run *run, struct folio *folio,
		  enum lru_list lru, long nr)
{
	if (run->folio && (run->lru != lru ||
			   folio_zonenum(run->folio) != folio_zonenum(folio)))
		mr_lru_run_end(run);
	run->pages = run->folio ? run->pages + nr : nr;
	run->folio = folio;
	run->lru = lru;
}

/*
 * Classic lists have a size of their own for each zone, as
 * mem_cgroup_update_lru_size(). Read without the lock, hence WRITE_ONCE().
 */
static void count_classic(struct mem_cgroup_per_node *pn, struct folio *folio,
			  enum lru_list lru, long nr, struct mr_lru_run *run)
{
	unsigned long *size = &pn->lru_zone_size[folio_zonenum(folio)][lru];

	WRITE_ONCE(*size, *size + nr);
	count(run, folio, lru, nr);
}

#ifdef CONFIG_LRU_GEN
/* As lru_gen_update_size() for an addition or a deletion. */
static void count_gen(struct mem_cgroup_per_node *pn, struct folio *folio,
		      int gen, long nr, struct mr_lru_run *run)
{
	int type = folio_is_file_lru(folio);
	long *size = &pn->lruvec.lrugen.nr_pages[gen][type][folio_zonenum(folio)];
	enum lru_list lru = type * LRU_INACTIVE_FILE;

	if (lru_gen_is_active(&pn->lruvec, gen))
		lru += LRU_ACTIVE;
	WRITE_ONCE(*size, *size + nr);
	count(run, folio, lru, nr);
}

/*
 * The generation is read as its bits are cleared: until then whoever finds a
 * young page-table entry may set another one without a lock
 * (folio_update_gen() in mm/vmscan.c), after that nobody does.
 */
static bool del_gen(struct mem_cgroup_per_node *pn, struct folio *folio,
		    u8 *age, struct mr_lru_run *run)
{
	struct lruvec *lruvec = &pn->lruvec;
	unsigned long flags;
	int gen;

	if (folio_lru_gen(folio) < 0)
		return false;
	flags = set_mask_bits(&folio->flags, LRU_GEN_MASK, 0);
	gen = (int)((flags & LRU_GEN_MASK) >> LRU_GEN_PGOFF) - 1;
	if (lru_gen_is_active(lruvec, gen))
		folio_set_active(folio);
	*age = (lru_gen_from_seq(lruvec->lrugen.max_seq) + MAX_NR_GENS - gen) %
	       MAX_NR_GENS;
	count_gen(pn, folio, gen, -folio_nr_pages(folio), run);
	list_del(&folio->lru);
	return true;
}

/*
 * As lru_gen_add_folio(), but into the generation that is as old here as the
 * former one was there, or the oldest that there is.
 */
static bool add_gen(struct mem_cgroup_per_node *pn, struct folio *folio, u8 age,
		    struct mr_lru_run *run)
{
	struct lruvec *lruvec = &pn->lruvec;
	typeof(lruvec->lrugen) *lrugen = &lruvec->lrugen;
	int type = folio_is_file_lru(folio);
	unsigned long seq;
	int gen;

	if (!lrugen->enabled || folio_test_unevictable(folio))
		return false;
	if (age != MR_AGE_NONE)
		seq = max(lrugen->max_seq - age, lrugen->min_seq[type]);
	else if (folio_test_active(folio))
		seq = lrugen->max_seq;
	else if (type == LRU_GEN_ANON && !folio_test_swapcache(folio))
		seq = lrugen->max_seq - 1;
	else if (lrugen->min_seq[type] + MIN_NR_GENS >= lrugen->max_seq)
		seq = lrugen->min_seq[type];
	else
		seq = lrugen->min_seq[type] + 1;
	gen = lru_gen_from_seq(seq);
	/* On a generation's list PG_active means nothing and is not set. */
	set_mask_bits(&folio->flags, LRU_GEN_MASK | BIT(PG_active),
		      (gen + 1UL) << LRU_GEN_PGOFF);
	count_gen(pn, folio, gen, folio_nr_pages(folio), run);
	list_add_tail(&folio->lru,
		      &lrugen->mr_lrugen_lists[gen][type][folio_zonenum(folio)]);
	return true;
}
#else
static bool del_gen(struct mem_cgroup_per_node *pn, struct folio *folio,
		    u8 *age, struct mr_lru_run *run)
{
	return false;
}

static bool add_gen(struct mem_cgroup_per_node *pn, struct folio *folio, u8 age,
		    struct mr_lru_run *run)
{
	return false;
}
#endif

/**
 * mr_lru_del() - take a folio off its list
 * @pn: the group it belongs to, on the folio's node
 * @folio: a folio whose PG_lru the caller has cleared
 * @run: statistics that are to be brought up to date
 *
 * Which list that is, is decided by the flags as they are now: before lru_lock
 * was taken, somebody may have moved the folio. An unevictable folio is on no
 * list and has sizes only (lruvec_add_folio()).
 *
 * Context: under @pn->lruvec.lru_lock, interrupts off; the caller has cleared
 * PG_lru, and with it owns folio->lru, and holds a reference on @folio.
 *
 * Return: how many generations older than the youngest its own was, or
 * %MR_AGE_NONE. PG_active is set if it was active by either measure.
 */
u8 mr_lru_del(struct mem_cgroup_per_node *pn, struct folio *folio,
	      struct mr_lru_run *run)
{
	enum lru_list lru;
	u8 age;

	if (del_gen(pn, folio, &age, run))
		return age;
	lru = folio_lru_list(folio);
	if (lru != LRU_UNEVICTABLE)
		list_del(&folio->lru);
	count_classic(pn, folio, lru, -folio_nr_pages(folio), run);
	return MR_AGE_NONE;
}

/* As folio_evictable() in mm/internal.h. RCU keeps the mapping. */
static bool evictable(struct folio *folio)
{
	bool ret;

	rcu_read_lock();
	ret = !mapping_unevictable(folio_mapping(folio)) &&
	      !folio_test_mlocked(folio);
	rcu_read_unlock();
	return ret;
}

/* Link and count it; PG_unevictable says what kind of list it belongs on. */
static void add(struct mem_cgroup_per_node *pn, struct folio *folio, u8 age,
		struct mr_lru_run *run)
{
	enum lru_list lru;

	if (add_gen(pn, folio, age, run))
		return;
	lru = folio_lru_list(folio);
	if (lru != LRU_UNEVICTABLE)
		list_add_tail(&folio->lru, &pn->lruvec.lists[lru]);
	count_classic(pn, folio, lru, folio_nr_pages(folio), run);
}

/**
 * mr_lru_add_tail() - put a folio on the list it belongs on, at the old end
 * @pn: the group it belongs to, on the folio's node
 * @folio: a folio that the caller owns as for mr_lru_del()
 * @age: what mr_lru_del() returned
 * @run: statistics that are to be brought up to date
 *
 * Sets PG_lru. Whether the folio can be evicted is asked anew: who mlocked or
 * munlocked it meanwhile found it isolated and left it to us (__mlock_folio(),
 * __munlock_folio() in mm/mlock.c, check_move_unevictable_folios() in
 * mm/vmscan.c). The last of these clears a mapping's flag and then looks at
 * PG_lru, so we set PG_lru and then look at the flag once more.
 *
 * The number of mlocks is kept where it was kept. Of a folio that was evictable
 * it is 0: the mlock may still wait in a per-CPU batch to be counted, and a
 * number that is too large would be there for ever (lru_add_fn() in 6.1,
 * lru_add() in 6.12, mm/swap.c).
 *
 * Context: under @pn->lruvec.lru_lock, interrupts off.
 */
void mr_lru_add_tail(struct mem_cgroup_per_node *pn, struct folio *folio,
		     u8 age, struct mr_lru_run *run)
{
	if (evictable(folio)) {
		/* Seldom set, and an atomic operation. */
		if (folio_test_unevictable(folio))
			folio_clear_unevictable(folio);
	} else if (!folio_test_unevictable(folio)) {
		folio_clear_active(folio);
		folio_set_unevictable(folio);
		/* Was a list pointer. */
		folio->mlock_count = 0;
	}
	add(pn, folio, age, run);
	folio_set_lru(folio);

	/* PG_lru before the flag; check_move_unevictable_folios() has the other way */
	smp_mb__after_atomic();
	if (folio_test_unevictable(folio) && evictable(folio) &&
	    folio_test_clear_lru(folio)) {
		count_classic(pn, folio, LRU_UNEVICTABLE,
			      -folio_nr_pages(folio), run);
		folio_clear_unevictable(folio);
		add(pn, folio, age, run);
		folio_set_lru(folio);
	}
}
