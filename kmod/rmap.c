// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a folio mapped.
 *
 * The kernel keeps the mappings of a file in a tree, by their place in the file. For
 * anonymous memory there is such a tree for each mapping that it was first touched in,
 * with that and all that fork, mremap and the like have made of it: its anon_vma. The
 * functions that walk them are not exported, the macro that makes these is in a public
 * header.
 */
#include <linux/fs.h>
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/rwsem.h>

#include "rmap.h"

/*
 * mapping->i_mmap is a tree of this kind: vma_interval_tree in mm/interval_tree.c,
 * which is not exported, is made by the same macro with the same arguments.
 */
static inline unsigned long first_index(struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static inline unsigned long last_index(struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb,
		     unsigned long, shared.rb_subtree_last,
		     first_index, last_index, static __maybe_unused, i_mmap)

/*
 * And anon_vma->rb_root, of links to mappings, of this kind: anon_vma_interval_tree in
 * the same file.
 */
static inline unsigned long first_of(struct anon_vma_chain *link)
{
	return first_index(link->vma);
}

static inline unsigned long last_of(struct anon_vma_chain *link)
{
	return last_index(link->vma);
}

INTERVAL_TREE_DEFINE(struct anon_vma_chain, rb,
		     unsigned long, rb_subtree_last,
		     first_of, last_of, static __maybe_unused, anon)

static bool lock_file(struct mr_rmap *r, struct address_space *mapping)
{
	r->lock = &mapping->i_mmap_rwsem;
	r->tree = &mapping->i_mmap;
	return down_read_trylock(r->lock);
}

/*
 * An anon_vma is freed when its last mapping has gone, and its memory may then be
 * another's, but remains an anon_vma for a grace period (SLAB_TYPESAFE_BY_RCU). As long
 * as the folio is mapped it is not freed; and whoever frees it waits for those that
 * hold its root's lock (anon_vma_free() in mm/rmap.c). So, as there in
 * folio_lock_anon_vma_read(): if the folio is still mapped once the lock is ours, it is
 * the right lock, and the anon_vma stays. The root is the same for all that a mapping
 * is linked to (lock_anon_vma_root()), so all that is found stays with it.
 *
 * The folio lock keeps folio->mapping (folio_move_anon_rmap(), page_move_anon_rmap() in
 * 6.1).
 */
static bool lock_anon(struct mr_rmap *r, unsigned long mapping)
{
	struct anon_vma *anon = (struct anon_vma *)(mapping - PAGE_MAPPING_ANON);
	bool locked = false;

	rcu_read_lock();
	if (!folio_mapped(r->folio))
		goto out;
	r->lock = &READ_ONCE(anon->root)->rwsem;
	r->tree = &anon->rb_root;
	r->anon = true;
	if (!down_read_trylock(r->lock))
		goto out;
	locked = folio_mapped(r->folio);
	if (!locked)
		up_read(r->lock);
out:
	rcu_read_unlock();
	return locked;
}

/**
 * mr_rmap_trylock() - begin to look at the mappings of a folio
 * @r: filled in
 * @folio: locked by the caller; page cache with folio->mapping set, or anonymous, small
 *	and not KSM's
 *
 * Context: process context; waits for nothing. The folio lock is taken before the
 * lock that this takes (mm/rmap.c), page table locks after it.
 *
 * Return: whether it has begun; false if someone changes mappings, or if there are none
 * any more.
 */
bool mr_rmap_trylock(struct mr_rmap *r, struct folio *folio)
{
	unsigned long mapping = (unsigned long)folio->mapping;

	*r = (struct mr_rmap){
		.folio = folio,
		.first = folio->index,
		.last = folio->index + folio_nr_pages(folio) - 1,
	};
	return mapping & PAGE_MAPPING_ANON ? lock_anon(r, mapping) :
					     lock_file(r, folio->mapping);
}

/**
 * mr_rmap_unlock() - the opposite of mr_rmap_trylock()
 * @r: the mappings
 */
void mr_rmap_unlock(struct mr_rmap *r)
{
	up_read(r->lock);
}

/**
 * mr_rmap_first() - a mapping that covers a part of the folio
 * @r: the mappings, locked
 *
 * That it covers the folio does not mean that it has it mapped: see
 * mr_rmap_entries().
 *
 * Return: the mapping, or NULL if there is none.
 */
struct vm_area_struct *mr_rmap_first(struct mr_rmap *r)
{
	if (r->anon) {
		r->link = anon_iter_first(r->tree, r->first, r->last);
		return r->link ? r->link->vma : NULL;
	}
	r->vma = i_mmap_iter_first(r->tree, r->first, r->last);
	return r->vma;
}

/**
 * mr_rmap_next() - another one
 * @r: the mappings, locked; the last call has found one
 *
 * Return: the mapping, or NULL if that was all.
 */
struct vm_area_struct *mr_rmap_next(struct mr_rmap *r)
{
	if (r->anon) {
		r->link = anon_iter_next(r->link, r->first, r->last);
		return r->link ? r->link->vma : NULL;
	}
	r->vma = i_mmap_iter_next(r->vma, r->first, r->last);
	return r->vma;
}

/*
 * The place of the lowest page table, or NULL. Tables above it stay as long as there
 * is a mapping (free_pgtables() in mm/memory.c unlinks that first). As mm_find_pmd()
 * in mm/rmap.c, which is not exported.
 */
static pmd_t *find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (!pgd_present(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (!p4d_present(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (!pud_present(*pud) || pud_bad(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

/*
 * Look at the one entry of a small anonymous folio. In its place there may as well be
 * nothing or a huge page, which apply_to_existing_page_range() warns of: whoever has
 * written to his copy, or dropped it, has what he likes there.
 *
 * A table that is found becomes no huge page meanwhile. Where anonymous memory is
 * collapsed, the lock of the anon_vma is held for writing (collapse_huge_page() in
 * mm/khugepaged.c). Where a private mapping of a file is, which may have anonymous
 * memory too: in 6.1 likewise (collapse_pte_mapped_thp(), retract_page_tables()); in
 * 6.12 under the lock of the table, which is freed after RCU. Hence, as
 * pte_offset_map_lock() does it there, the second look at the pmd. mremap may
 * move the whole table, which is then still this mm's, and stays: the new mapping is in
 * the tree, too (copy_vma(), move_normal_pmd()).
 */
static int look_at_one(struct mm_struct *mm, unsigned long addr,
		       pte_fn_t fn, void *arg)
{
	int err = -ENOENT;
	spinlock_t *ptl;	/* of the table */
	pmd_t *pmd, now;
	pte_t *pte;

	rcu_read_lock();
	pmd = find_pmd(mm, addr);
	if (!pmd)
		goto out;
	now = READ_ONCE(*pmd);
	if (!pmd_present(now) || pmd_leaf(now) || pmd_bad(now))
		goto out;
	ptl = pte_lockptr(mm, &now);
	spin_lock(ptl);
	pte = pte_offset_kernel(&now, addr);
	if (pmd_same(now, READ_ONCE(*pmd)) && !pte_none(ptep_get(pte)))
		err = fn(pte, addr, arg);
	spin_unlock(ptl);
out:
	rcu_read_unlock();
	return err;
}

/*
 * Whether a driver may have made entries as it likes. mlock sets VM_IO as well while it
 * is at the pages of a mapping (mlock_vma_pages_range() in mm/mlock.c); together with
 * VM_LOCKED nobody else does.
 */
static bool is_drivers(const struct vm_area_struct *vma)
{
	unsigned long flags = READ_ONCE(vma->vm_flags);

	if (flags & VM_LOCKED)
		flags &= ~VM_IO;
	return flags & (VM_PFNMAP | VM_MIXEDMAP | VM_IO);
}

/**
 * mr_rmap_entries() - look at the entries where a folio would be
 * @r: the mappings, locked
 * @vma: one of them
 * @fn: called for the entries that are not empty, in order, under the lock of their
 *	page table, until it returns an error. Whether they are those of the folio is
 *	for it to see
 * @arg: for @fn
 *
 * The mapping has to cover all of the folio, and the entries have to be in one page
 * table, whose lock is then held from the first to the last.
 *
 * Files: page tables below a mapping that is in the tree stay, but for those that are
 * retracted to make room for a huge page; apply_to_existing_page_range() knows
 * about these (pte_offset_map_lock() in 6.12; in 6.1 that takes i_mmap_rwsem for
 * writing). It does not want to meet a huge page, and doesn't: the folio is not
 * mapped as one, nor can another be in its place, as new ones are mapped under the
 * folio lock. Anonymous memory: see look_at_one(). Mappings by drivers, who may do
 * otherwise, are passed over.
 *
 * Return: false if it could not be looked at, or @fn has returned an error.
 */
bool mr_rmap_entries(const struct mr_rmap *r, struct vm_area_struct *vma,
		     pte_fn_t fn, void *arg)
{
	unsigned long size = folio_size(r->folio);
	unsigned long addr;

	if (is_drivers(vma) || vma->vm_flags & VM_HUGETLB ||
	    r->first < first_index(vma) || r->last > last_index(vma))
		return false;
	addr = vma->vm_start + ((r->first - vma->vm_pgoff) << PAGE_SHIFT);
	if ((addr ^ (addr + size - 1)) & PMD_MASK)
		return false;
	if (r->anon)
		return !look_at_one(vma->vm_mm, addr, fn, arg);
	return !apply_to_existing_page_range(vma->vm_mm, addr, size, fn, arg);
}
