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
 * mr_lru_run_end() - put those that get on a list there, and bring sizes up to date
 * @run: the run; no folio is in it afterwards
 *
 * The size of the list that reclaim goes by, and those that both kinds of lists
 * share: of the node, of the group (through folio->memcg_data) and of the zone. As
 * __update_lru_size(). Who reads any of them without the lru_lock takes it for a hint.
 *
 * Context: before the lru_lock is dropped, and before a folio gets another group.
 */
void mr_lru_run_end(struct mr_lru_run *run)
{
	if (!run->size)
		return;
	if (run->first)
		list_bulk_move_tail(run->list, &run->first->lru, &run->folio->lru);
	/* None: a generation that changed before its bits were cleared. */
	if (run->pages) {
		WRITE_ONCE(*run->size, *run->size + run->pages);
		__lruvec_stat_mod_folio(run->folio, NR_LRU_BASE + run->lru,
					run->pages);
		__mod_zone_page_state(folio_zone(run->folio),
				      NR_ZONE_LRU_BASE + run->lru, run->pages);
	}
	run->first = NULL;
	run->size = NULL;
	run->pages = 0;
}

static bool goes_on(const struct mr_lru_run *run, unsigned long flags)
{
	return run->size && (flags & MR_LIST_FLAGS) == run->like;
}

static void begin(struct mr_lru_run *run, unsigned long flags, long *size,
		  enum lru_list lru, struct list_head *list)
{
	mr_lru_run_end(run);
	run->like = flags & MR_LIST_FLAGS;
	run->size = size;
	run->lru = lru;
	run->list = list;
}

static void count(struct mr_lru_run *run, struct folio *folio, long nr)
{
	run->folio = folio;
	run->pages += nr;
}

/* As folio_is_file_lru(), of flags that were read once. */
static int type_of(unsigned long flags)
{
	return !(flags & BIT(PG_swapbacked));
}

static int zone_of(unsigned long flags)
{
	return (flags >> ZONES_PGSHIFT) & ZONES_MASK;
}

/*
 * Classic lists, as folio_lru_list(), have a size of their own for each zone, as
 * mem_cgroup_update_lru_size().
 */
static void begin_classic(struct mem_cgroup_per_node *pn, unsigned long flags,
			  struct mr_lru_run *run)
{
	enum lru_list lru = type_of(flags) * LRU_INACTIVE_FILE;
	struct list_head *list = NULL;

	if (flags & BIT(PG_unevictable)) {
		lru = LRU_UNEVICTABLE;
	} else {
		if (flags & BIT(PG_active))
			lru += LRU_ACTIVE;
		list = &pn->lruvec.lists[lru];
	}
	begin(run, flags, (long *)&pn->lru_zone_size[zone_of(flags)][lru], lru,
	      list);
	run->clear = 0;
	run->set = 0;
}

#ifdef CONFIG_LRU_GEN
/* Which generations are active changes under lru_lock only (inc_max_seq()). */
static void begin_gen(struct mem_cgroup_per_node *pn, unsigned long flags,
		      int gen, struct mr_lru_run *run)
{
	typeof(pn->lruvec.lrugen) *lrugen = &pn->lruvec.lrugen;
	int type = type_of(flags), zone = zone_of(flags);
	enum lru_list lru = type * LRU_INACTIVE_FILE;

	if (lru_gen_is_active(&pn->lruvec, gen))
		lru += LRU_ACTIVE;
	begin(run, flags, &lrugen->nr_pages[gen][type][zone], lru,
	      &lrugen->mr_lrugen_lists[gen][type][zone]);
}

/* As lru_gen_update_size() for a deletion. */
static bool begin_leave_gen(struct mem_cgroup_per_node *pn, unsigned long flags,
			    struct mr_lru_run *run)
{
	int gen = (int)((flags & LRU_GEN_MASK) >> LRU_GEN_PGOFF) - 1;

	if (gen < 0)
		return false;
	begin_gen(pn, flags, gen, run);
	run->clear = LRU_GEN_MASK;
	run->set = lru_gen_is_active(&pn->lruvec, gen) ? BIT(PG_active) : 0;
	run->age = (lru_gen_from_seq(pn->lruvec.lrugen.max_seq) + MAX_NR_GENS -
		    gen) % MAX_NR_GENS;
	return true;
}

/*
 * As lru_gen_add_folio(), but into the generation that is as old here as the
 * former one was there, or the oldest that there is.
 */
static bool begin_join_gen(struct mem_cgroup_per_node *pn, unsigned long flags,
			   u8 age, struct mr_lru_run *run)
{
	typeof(pn->lruvec.lrugen) *lrugen = &pn->lruvec.lrugen;
	bool swapcache = flags & BIT(PG_swapcache);
	int type = type_of(flags);
	unsigned long seq;
	int gen;

	if (!lrugen->enabled || flags & BIT(PG_unevictable))
		return false;
	if (age != MR_AGE_NONE)
		seq = max(lrugen->max_seq - age, lrugen->min_seq[type]);
	else if (flags & BIT(PG_active))
		seq = lrugen->max_seq;
	else if (type == LRU_GEN_ANON && !swapcache)
		seq = lrugen->max_seq - 1;
	else if (lrugen->min_seq[type] + MIN_NR_GENS >= lrugen->max_seq)
		seq = lrugen->min_seq[type];
	else
		seq = lrugen->min_seq[type] + 1;
	gen = lru_gen_from_seq(seq);
	begin_gen(pn, flags, gen, run);
	/* On a generation's list PG_active means nothing and is not set. */
	run->clear = LRU_GEN_MASK | BIT(PG_active);
	run->set = (gen + 1UL) << LRU_GEN_PGOFF;
	return true;
}
#else
static bool begin_leave_gen(struct mem_cgroup_per_node *pn, unsigned long flags,
			    struct mr_lru_run *run)
{
	return false;
}

static bool begin_join_gen(struct mem_cgroup_per_node *pn, unsigned long flags,
			   u8 age, struct mr_lru_run *run)
{
	return false;
}
#endif

/* A folio with @flags is on another list than the one before. */
static noinline void begin_leave(struct mem_cgroup_per_node *pn,
				 unsigned long flags, struct mr_lru_run *run)
{
	if (!begin_leave_gen(pn, flags, run)) {
		begin_classic(pn, flags, run);
		run->age = MR_AGE_NONE;
	}
	run->alike = run->like | BIT(PG_lru);
	run->keep = ~(run->clear | BIT(PG_lru));
	run->put = run->set | BIT(PG_locked);
}

/* The same for one that is on none, and belongs on another than the one before. */
static noinline void begin_join(struct mem_cgroup_per_node *pn,
				unsigned long flags, u8 age,
				struct mr_lru_run *run)
{
	if (!begin_join_gen(pn, flags, age, run))
		begin_classic(pn, flags, run);
	run->age = age;
	run->alike = run->like;
	run->keep = ~run->clear;
	run->put = run->set | BIT(PG_lru);
}

/**
 * mr_lru_leave() - prepare to take a folio off its list
 * @pn: the group it belongs to, on the folio's node
 * @folio: a folio whose PG_lru the caller has cleared
 * @run: what is to be brought up to date
 *
 * Which list that is, is decided by the flags as they are now: before lru_lock
 * was taken, somebody may have moved the folio. It stays linked there: the caller
 * takes it off, alone or with its neighbours, before lru_lock is dropped.
 *
 * Context: under @pn->lruvec.lru_lock, interrupts off; the caller has cleared
 * PG_lru, and with it owns folio->lru, and holds a reference on @folio.
 *
 * Return: how many generations older than the youngest its own was, or
 * %MR_AGE_NONE. PG_active is set if it was active by either measure.
 */
u8 mr_lru_leave(struct mem_cgroup_per_node *pn, struct folio *folio,
		struct mr_lru_run *run)
{
	unsigned long old = READ_ONCE(folio->flags), new;

	/*
	 * The generation is read as its bits are cleared: until then whoever finds a
	 * young page-table entry may set another one without a lock
	 * (folio_update_gen() in mm/vmscan.c), after that nobody does.
	 */
	do {
		if (!goes_on(run, old))
			begin_leave(pn, old, run);
		if (!run->clear)
			break;
		new = (old & ~run->clear) | run->set;
	} while (!try_cmpxchg(&folio->flags, &old, new));
	count(run, folio, -folio_nr_pages(folio));
	return run->age;
}

/**
 * mr_lru_unlink() - take a folio off its list, alone
 * @folio: the folio, after mr_lru_leave()
 *
 * An unevictable folio is on no list and has sizes only (lruvec_add_folio()).
 *
 * Context: as mr_lru_leave().
 */
void mr_lru_unlink(struct folio *folio)
{
	if (!folio_test_unevictable(folio))
		list_del(&folio->lru);
}

/*
 * As folio_evictable() in mm/internal.h. RCU keeps the mapping.
 *
 * Neighbours of the same file are answered alike: what has changed since is found as
 * what changes right after is.
 */
static __always_inline bool
evictable(struct folio *folio, struct mr_lru_run *run)
{
	const struct address_space *mapping = READ_ONCE(folio->mapping);

	if (folio_test_mlocked(folio))
		return false;
	if (!mapping || mapping != run->mapping) {
		rcu_read_lock();
		run->evictable = !mapping_unevictable(folio_mapping(folio));
		rcu_read_unlock();
		run->mapping = mapping;
	}
	return run->evictable;
}

/* Count it; PG_unevictable says what kind of list it belongs on. */
static __always_inline void join(struct mem_cgroup_per_node *pn,
				 struct folio *folio, u8 age,
				 struct mr_lru_run *run)
{
	unsigned long flags = READ_ONCE(folio->flags);

	if (!goes_on(run, flags) || run->age != age)
		begin_join(pn, flags, age, run);
	if (run->clear)
		set_mask_bits(&folio->flags, run->clear, run->set);
	count(run, folio, folio_nr_pages(folio));
}

/**
 * mr_lru_add_tail() - put a folio on the list it belongs on, at the old end
 * @pn: the group it belongs to, on the folio's node
 * @folio: a folio that the caller owns as for mr_lru_leave()
 * @age: what mr_lru_leave() returned
 * @linked: it is on a list of the caller's, behind the one that was put on this way
 *	just before, if any; else on none
 * @run: what is to be brought up to date
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
		     u8 age, bool linked, struct mr_lru_run *run)
{
	if (evictable(folio, run)) {
		/* Seldom set, and an atomic operation. */
		if (folio_test_unevictable(folio))
			folio_clear_unevictable(folio);
	} else if (linked || !folio_test_unevictable(folio)) {
		folio_clear_active(folio);
		folio_set_unevictable(folio);
		if (linked)
			list_del(&folio->lru);
		linked = false;
		/* Was a list pointer. */
		folio->mlock_count = 0;
	}
	/* Those before it come first. */
	if (!linked && run->first)
		mr_lru_run_end(run);
	join(pn, folio, age, run);
	run->file = MR_LRU_NO_FILE;
	if (linked) {
		if (!run->first)
			run->first = folio;
		/* It is evictable, and so are all of that file. */
		if (run->mapping)
			run->file = run->mapping;
	} else if (run->list) {
		list_add_tail(&folio->lru, run->list);
	}
	folio_set_lru(folio);
	if (likely(!folio_test_unevictable(folio)))
		return;

	/* PG_lru before the flag; check_move_unevictable_folios() has the other way */
	smp_mb__after_atomic();
	run->mapping = NULL;
	if (evictable(folio, run) && folio_test_clear_lru(folio)) {
		count(run, folio, -folio_nr_pages(folio));
		folio_clear_unevictable(folio);
		join(pn, folio, age, run);
		if (run->list)
			list_add_tail(&folio->lru, run->list);
		folio_set_lru(folio);
	}
}
