// SPDX-License-Identifier: GPL-2.0
/*
 * Recharge: hand a folio to a group whose processes have it mapped.
 *
 * As reparenting, but not to an ancestor, so the numbers of memory.stat have to
 * follow the folio, exactly: what is counted for one group and taken back from
 * another is wrong in both for ever, since neither includes the other. That a
 * folio is mapped is counted and taken back without any lock that would keep the
 * group (__folio_remove_rmap() in mm/rmap.c, 6.12), and so is the end of writeback.
 * How this is made exact all the same is in Documentation/races.rst, under
 * "Recharging"; in short:
 *
 * - the folio is locked and isolated: nobody maps it who did not have it mapped;
 * - one of its page-table entries is looked at under the lock of its table, so it
 *   stays mapped;
 * - all references are accounted for, so nobody is in the middle of unmapping it or
 *   of ending its writeback: they have one until they have counted;
 * - it is clean, and stays uncounted as dirty under the lock of i_pages; or anonymous,
 *   which is not counted as dirty.
 *
 * Folios that this can't be said of are left for the ancestor, or for later.
 */
#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/huge_mm.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>

#include "charge.h"
#include "recharge.h"
#include "reparent.h"
#include "rmap.h"

/* Mappings looked at for one folio: libraries are mapped by everybody. */
#define MAX_MAPPINGS	64

/**
 * mr_recharge_refusal() - why folios can't be recharged here
 *
 * The number of mappings and of references of a page are read in one go, see
 * undisturbed().
 *
 * Return: NULL if they can, else the reason.
 */
const char *mr_recharge_refusal(void)
{
	if (!IS_ENABLED(CONFIG_64BIT))
		return "it needs a 64-bit kernel";
	return mr_reparent_refusal();
}

/**
 * mr_recharge_candidate() - whether a folio may be one to recharge
 * @folio: the folio
 *
 * Mapped: page cache, tmpfs included, and anonymous memory. Nothing on its way to or
 * from swap, whose numbers differ; nor what KSM has merged. No huge page that is mapped
 * as one: that is counted apart in 6.1. No large anonymous folio at all: those can't
 * change their group, see unfit() in reparent.c.
 *
 * Context: stable under the folio lock, but that it may be unmapped at any time.
 *
 * Return: true if so.
 */
bool mr_recharge_candidate(const struct folio *folio)
{
	struct folio *f = (struct folio *)folio;
	/* Raw: what is truncated has none. */
	unsigned long mapping = (unsigned long)f->mapping;

	if (!mapping || folio_test_swapcache(f) || !folio_mapped(f))
		return false;
	switch (mapping & PAGE_MAPPING_FLAGS) {
	case 0:
		return !folio_test_large(f) || !folio_entire_mapcount(f);
	case PAGE_MAPPING_ANON:
		return !folio_test_large(f);
	}
	return false;
}

/*
 * Dirty, and counted as such or about to be. Not tmpfs: mm/page-writeback.c; nor
 * anonymous memory, which is dirty all the time (noop_dirty_folio()).
 */
static bool dirty(struct folio *folio)
{
	return folio_test_dirty(folio) && !folio_test_anon(folio) &&
	       mapping_can_writeback(folio->mapping);
}

/* A mapping of the folio, and what is to be done about it. */
struct look {
	struct folio *folio;
	struct mem_cgroup *to;	/* NULL: just look */
	long seen;		/* pages found mapped so far, in order */
	bool done;
};

/*
 * The number of mappings of a small folio, and of its references, as they are at one
 * moment: both are changed by atomic operations on one half of an aligned word.
 */
static void read_counts(const struct folio *folio, int *mapped, int *refs)
{
	union {
		u64 both;
		struct {
			int mapcount;
			int refcount;
		};
	} now;

	BUILD_BUG_ON(offsetof(struct folio, _mapcount) % sizeof(u64));
	BUILD_BUG_ON(offsetof(struct folio, _refcount) !=
		     offsetof(struct folio, _mapcount) + sizeof(int));
	now.both = READ_ONCE(*(const u64 *)&folio->_mapcount);
	*mapped = now.mapcount + 1;
	*refs = now.refcount;
}

/* Whether each page has one mapping, by an entry of its own. */
static bool mapped_once(const struct folio *folio)
{
	long i;

	if (folio_entire_mapcount((struct folio *)folio))
		return false;
	for (i = 0; i < folio_nr_pages((struct folio *)folio); i++)
		if (atomic_read(&folio_page(folio, i)->_mapcount))
			return false;
	return true;
}

/* References on a folio of the page cache, and of what the file system keeps with it. */
static long cache_refs(const struct folio *folio)
{
	struct folio *f = (struct folio *)folio;

	return folio_test_anon(f) ? 0 : folio_nr_pages(f) + folio_test_private(f);
}

/*
 * Whether all references are accounted for: those of the page cache, of what the
 * file system keeps with it, of its mappings, and ours. Whoever unmaps the folio
 * for good has a reference that is no mapping's any more until he has counted that,
 * and so has who ends its writeback.
 *
 * Of a large folio the numbers are not in one word. There, each page has to be
 * mapped just once, by the entries that the caller looks at, so that the number of
 * mappings doesn't change while we look at the references.
 *
 * Under the folio lock and the lock of the page table that has all of the folio.
 */
static bool undisturbed(const struct folio *folio)
{
	long nr = folio_nr_pages((struct folio *)folio);
	long own = cache_refs(folio) + 1;
	int mapped, refs;

	if (!folio_test_large((struct folio *)folio)) {
		read_counts(folio, &mapped, &refs);
		return refs == own + mapped;
	}
	if (!mapped_once(folio))
		return false;
	/* After those: see above. */
	smp_rmb();
	return folio_ref_count(folio) == own + nr;
}

/*
 * All numbers that a clean, mapped folio of the page cache is in, and a small
 * anonymous one that is mapped and not in the swap cache.
 */
static void count(struct folio *folio, long nr)
{
	if (folio_test_anon(folio)) {
		__lruvec_stat_mod_folio(folio, NR_ANON_MAPPED, nr);
		return;
	}
	__lruvec_stat_mod_folio(folio, NR_FILE_PAGES, nr);
	__lruvec_stat_mod_folio(folio, NR_FILE_MAPPED, nr);
	if (folio_test_swapbacked(folio)) {
		__lruvec_stat_mod_folio(folio, NR_SHMEM, nr);
		if (folio_test_pmd_mappable(folio))
			__lruvec_stat_mod_folio(folio, NR_SHMEM_THPS, nr);
	} else if (folio_test_pmd_mappable(folio)) {
		__lruvec_stat_mod_folio(folio, NR_FILE_THPS, nr);
	}
}

/* WRITE_ONCE(): readers under RCU look at it without any lock. */
static void store(struct folio *folio, struct mem_cgroup *to)
{
	long nr = folio_nr_pages(folio);

	count(folio, -nr);
	WRITE_ONCE(folio->memcg_data, (unsigned long)to);
	count(folio, nr);
}

/*
 * Switch the group, and the numbers with it. Who dirties the folio sets PG_dirty,
 * and then counts it under the lock of i_pages (__folio_mark_dirty() in
 * mm/page-writeback.c): if PG_dirty is not set now, it will be counted for the new
 * group.
 *
 * Anonymous memory is in one number alone, which is changed under the lock of a page
 * table and from no interrupt, here as everywhere; it is written back from the swap
 * cache only.
 *
 * Under the folio lock and the lock of a page table that has it.
 */
static bool switch_group(struct folio *folio, struct mem_cgroup *to)
{
	struct address_space *mapping = folio->mapping;
	bool fit;

	if (folio_test_anon(folio)) {
		store(folio, to);
		return true;
	}
	xa_lock_irq(&mapping->i_pages);
	fit = !dirty(folio) && !folio_test_writeback(folio);
	if (fit)
		store(folio, to);
	xa_unlock_irq(&mapping->i_pages);
	return fit;
}

/*
 * Called for the entries that are not empty, in order, under the lock of their
 * table. They have to be those of all pages of the folio.
 */
static int look_at_entry(pte_t *pte, unsigned long addr, void *arg)
{
	pte_t entry = ptep_get(pte);
	struct look *l = arg;

	if (!pte_present(entry) || pte_special(entry) ||
	    pte_pfn(entry) != folio_pfn(l->folio) + l->seen)
		return -ENOENT;
	if (++l->seen < folio_nr_pages(l->folio) || !l->to)
		return 0;
	if (undisturbed(l->folio))
		l->done = switch_group(l->folio, l->to);
	return 0;
}

/*
 * Whether @vma has all of the folio mapped; then switches its group, if l->to is set
 * and nothing is in the way: l->done.
 *
 * Under the folio lock and that of the mappings.
 */
static bool look_at(struct look *l, const struct mr_rmap *r,
		    struct vm_area_struct *vma)
{
	l->seen = 0;
	l->done = false;
	return mr_rmap_entries(r, vma, look_at_entry, l) &&
	       l->seen == folio_nr_pages(l->folio);
}

/*
 * The group of the process that a mapping belongs to, referenced, or NULL: it has
 * to be online; and not an ancestor, which includes the nearest one to which the folio
 * goes otherwise, as does the root.
 *
 * The mm is there as long as its mapping is in the tree.
 */
static struct mem_cgroup *user_of(struct vm_area_struct *vma,
				  struct mem_cgroup *from)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(vma->vm_mm);

	if (!memcg)
		return NULL;
	if (mr_css_is_online(&memcg->css) &&
	    mr_charge_common(&from->memory, &memcg->memory) != &memcg->memory)
		return memcg;
	css_put(&memcg->css);
	return NULL;
}

/*
 * Of the groups that have the folio mapped, the one that was made first: it is the
 * least likely to be the next to go, and the same for all pages that the same groups
 * have mapped.
 *
 * Under the folio lock and that of the mappings. Returns the group, referenced, and
 * the mapping; or NULL.
 */
static struct mem_cgroup *oldest_user(struct mr_rmap *r, struct mem_cgroup *from,
				      struct vm_area_struct **where)
{
	struct look l = { .folio = r->folio };
	struct mem_cgroup *best = NULL;
	struct vm_area_struct *vma;
	int left = MAX_MAPPINGS;

	for (vma = mr_rmap_first(r); vma && left--; vma = mr_rmap_next(r)) {
		struct mem_cgroup *memcg = user_of(vma, from);

		if (!memcg)
			continue;
		if ((!best || memcg->css.serial_nr < best->css.serial_nr) &&
		    look_at(&l, r, vma)) {
			swap(best, memcg);
			*where = vma;
		}
		if (memcg)
			css_put(&memcg->css);
	}
	return best;
}

/**
 * mr_recharge() - hand a folio to a group that has it mapped
 * @folio: mr_recharge_candidate(), locked, off its list with PG_lru clear, and with
 *	one reference of the caller's
 * @from: the group that it belongs to, offline, referenced by the caller
 *
 * Where it was done, the group of the folio, the numbers in memory.stat but for
 * those of lists, the charge, and the reference that each folio holds on its group are
 * the new group's; the reference on @from is the caller's to put after a grace
 * period.
 *
 * Context: process context; waits for nothing but spinlocks.
 *
 * Return: what became of it.
 */
enum mr_recharge mr_recharge(struct folio *folio, struct mem_cgroup *from)
{
	long nr = folio_nr_pages(folio);
	struct vm_area_struct *vma = NULL;
	struct look l = { .folio = folio };
	struct page_counter *common;
	struct mr_rmap r;

	if (folio_test_large(folio) && !mapped_once(folio))
		return MR_RECHARGE_NOBODY;
	if (dirty(folio) || !mr_rmap_trylock(&r, folio))
		return MR_RECHARGE_LATER;
	l.to = oldest_user(&r, from, &vma);
	if (!l.to) {
		mr_rmap_unlock(&r);
		return MR_RECHARGE_NOBODY;
	}
	common = mr_charge_common(&from->memory, &l.to->memory);
	if (!mr_charge_try(&l.to->memory, common, nr)) {
		mr_rmap_unlock(&r);
		css_put(&l.to->css);
		return MR_RECHARGE_NOBODY;
	}
	look_at(&l, &r, vma);
	mr_rmap_unlock(&r);
	if (!l.done) {
		mr_charge_drop(&l.to->memory, common, nr);
		css_put(&l.to->css);
		return MR_RECHARGE_LATER;
	}
	mr_charge_drop(&from->memory, common, nr);
	return MR_RECHARGE_DONE;
}
