/* SPDX-License-Identifier: GPL-2.0 */
/* Who has a folio mapped: address spaces, and entries of their page tables. */
#ifndef MR_RMAP_H
#define MR_RMAP_H

#include <linux/mm.h>
#include <linux/types.h>

struct anon_vma_chain;
struct rb_root_cached;
struct rw_semaphore;

/**
 * struct mr_rmap - the mappings that a folio may be in
 * @folio: the folio
 *
 * Locking: one user at a time, who has the folio locked, from mr_rmap_trylock() to
 * mr_rmap_unlock(). In between, mappings that are found stay, and with them their
 * address spaces and page tables.
 */
struct mr_rmap {
	struct folio *folio;

	/* private: the lock of the tree, the tree, what is looked for in it */
	struct rw_semaphore *lock;
	struct rb_root_cached *tree;
	unsigned long first;
	unsigned long last;
	bool anon;
	union {				/* the last one found */
		struct vm_area_struct *vma;
		struct anon_vma_chain *link;
	};
};

bool mr_rmap_trylock(struct mr_rmap *r, struct folio *folio);
void mr_rmap_unlock(struct mr_rmap *r);
struct vm_area_struct *mr_rmap_first(struct mr_rmap *r);
struct vm_area_struct *mr_rmap_next(struct mr_rmap *r);
bool mr_rmap_entries(const struct mr_rmap *r, struct vm_area_struct *vma,
		     pte_fn_t fn, void *arg);

#endif /* MR_RMAP_H */
