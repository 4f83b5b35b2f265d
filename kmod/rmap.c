// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a folio mapped.
 *
 * The kernel keeps the mappings of a file in a tree, by their place in the file.
 * The functions that walk it are not exported, the macro that makes them is in a
 * public header.
 */
#include <linux/fs.h>
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
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

/**
 * mr_rmap_trylock() - begin to look at the mappings of a folio
 * @r: filled in
 * @folio: locked by the caller; page cache with folio->mapping set
 *
 * Context: process context; waits for nothing. The folio lock is taken before the
 * lock that this takes (mm/rmap.c), page table locks after it.
 *
 * Return: whether it has begun; false if someone changes mappings.
 */
bool mr_rmap_trylock(struct mr_rmap *r, struct folio *folio)
{
	struct address_space *mapping = folio->mapping;

	*r = (struct mr_rmap){
		.folio = folio,
		.lock = &mapping->i_mmap_rwsem,
		.tree = &mapping->i_mmap,
		.first = folio->index,
		.last = folio->index + folio_nr_pages(folio) - 1,
	};
	return down_read_trylock(r->lock);
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
	r->vma = i_mmap_iter_next(r->vma, r->first, r->last);
	return r->vma;
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
 * Page tables below a mapping that is in the tree stay, but for those that are
 * retracted to make room for a huge page; apply_to_existing_page_range() knows
 * about these (pte_offset_map_lock() in 6.12; in 6.1 that takes i_mmap_rwsem for
 * writing). It does not want to meet a huge page, and doesn't: the folio is not
 * mapped as one, nor can another be in its place, as new ones are mapped under the
 * folio lock. Mappings by drivers, who may do otherwise, are passed over.
 *
 * Return: false if it could not be looked at, or @fn has returned an error.
 */
bool mr_rmap_entries(const struct mr_rmap *r, struct vm_area_struct *vma,
		     pte_fn_t fn, void *arg)
{
	unsigned long size = folio_size(r->folio);
	unsigned long addr;

	if (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP | VM_IO | VM_HUGETLB) ||
	    r->first < first_index(vma) || r->last > last_index(vma))
		return false;
	addr = vma->vm_start + ((r->first - vma->vm_pgoff) << PAGE_SHIFT);
	if ((addr ^ (addr + size - 1)) & PMD_MASK)
		return false;
	return !apply_to_existing_page_range(vma->vm_mm, addr, size, fn, arg);
}
