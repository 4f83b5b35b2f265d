// SPDX-License-Identifier: GPL-2.0
/*
 * What the page counters say about pages that change their group.
 */
#include <linux/page_counter.h>

#include "charge.h"

/**
 * mr_charge_lift() - take pages off the counters that they no longer belong to
 * @from: counter of the group that had the pages
 * @to: counter of the group that has them now, an ancestor of the former
 * @root: whether @to is the root's
 * @pages: how many
 *
 * A counter includes all counters below it (page_counter_charge() in
 * mm/page_counter.c), so @to and what is above it stay as they are, and every
 * level in between, not just @from, must lose the pages: when they are freed
 * they will be uncharged from @to upwards only. Pages of the root group are
 * never uncharged (uncharge_batch() in mm/memcontrol.c tests for it), so they
 * leave its counter now.
 *
 * page_counter_uncharge() is not exported. What it does besides is to bring
 * the parent's view of protected usage up to date: an offline group has
 * neither min nor low (mem_cgroup_css_offline()), and the root has no parent.
 *
 * Context: any. The caller keeps both groups.
 */
void mr_charge_lift(struct page_counter *from, struct page_counter *to,
		    bool root, unsigned long pages)
{
	struct page_counter *c;

	for (c = from; c != to; c = c->parent)
		atomic_long_sub(pages, &c->usage);
	if (root)
		atomic_long_sub(pages, &to->usage);
}
