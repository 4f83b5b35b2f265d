// SPDX-License-Identifier: GPL-2.0
/*
 * What the page counters say about pages that change their group.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>
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

static unsigned int depth(const struct page_counter *c)
{
	unsigned int n = 0;

	while ((c = c->parent))
		n++;
	return n;
}

/**
 * mr_charge_common() - the nearest counter that includes two others
 * @a: a counter
 * @b: another one of the same tree
 *
 * Context: any. The caller keeps both groups, and with them all above.
 *
 * Return: the counter; @a or @b itself, if it includes the other one.
 */
struct page_counter *mr_charge_common(struct page_counter *a,
				      struct page_counter *b)
{
	unsigned int da = depth(a), db = depth(b);

	for (; da > db; da--)
		a = a->parent;
	for (; db > da; db--)
		b = b->parent;
	while (a != b) {
		a = a->parent;
		b = b->parent;
	}
	return a;
}

/* The parent's sum of what its children have of one kind of protection. */
static void protect(atomic_long_t *part, atomic_long_t *sum, long now)
{
	long before = atomic_long_xchg(part, now);

	if (now != before)
		atomic_long_add(now - before, sum);
}

/*
 * After a change of usage: how much of it is protected. Live groups may have
 * min and low, and until they are charged or uncharged again nobody else brings
 * this up to date (propagate_protected_usage() in mm/page_counter.c).
 */
static void usage_changed(struct page_counter *c, long usage)
{
	if (!c->parent)
		return;
	protect(&c->min_usage, &c->parent->children_min_usage,
		min_t(unsigned long, usage, READ_ONCE(c->min)));
	protect(&c->low_usage, &c->parent->children_low_usage,
		min_t(unsigned long, usage, READ_ONCE(c->low)));
}

/*
 * Beyond max nothing may go, and beyond high the kernel slows the group's tasks
 * down, which is no better for them.
 */
static bool fits(struct page_counter *c, unsigned long usage)
{
	return usage <= READ_ONCE(c->max) && usage <= READ_ONCE(c->high);
}

/*
 * Charge one level. The limit is looked at before, so that nobody who charges
 * at the same time is refused because of pages that won't stay; and after, since
 * who lowers it, lowers it and then looks at usage (memory_max_write() in
 * mm/memcontrol.c).
 */
static bool charge_one(struct page_counter *c, unsigned long pages)
{
	long usage = atomic_long_read(&c->usage);

	do {
		if (!fits(c, usage + pages))
			return false;
	} while (!atomic_long_try_cmpxchg(&c->usage, &usage, usage + pages));
	usage += pages;
	if (!fits(c, usage)) {
		atomic_long_sub(pages, &c->usage);
		return false;
	}
	usage_changed(c, usage);
	mr_counter_peak(c, usage);
	return true;
}

/**
 * mr_charge_try() - charge pages to a live group, if they fit
 * @to: counter of the group that is to have them
 * @common: counter that includes @to and that of the group that has them now
 * @pages: how many
 *
 * Every level from @to up to, not including, @common is charged, or none. What
 * is above has the pages already. Reclaims nothing, and leaves no trace where
 * they don't fit: nobody asked for memory.
 *
 * Context: any. The caller keeps the group.
 *
 * Return: whether they were charged.
 */
bool mr_charge_try(struct page_counter *to, struct page_counter *common,
		   unsigned long pages)
{
	struct page_counter *c;

	for (c = to; c != common; c = c->parent) {
		if (!charge_one(c, pages)) {
			mr_charge_drop(to, c, pages);
			return false;
		}
	}
	return true;
}

/**
 * mr_charge_drop() - take pages off the counters on one side of a tree
 * @from: counter of the group that had them
 * @common: the first counter above @from, or @from, that keeps them
 * @pages: how many
 *
 * Context: any. The caller keeps the group.
 */
void mr_charge_drop(struct page_counter *from, struct page_counter *common,
		    unsigned long pages)
{
	struct page_counter *c;

	for (c = from; c != common; c = c->parent)
		usage_changed(c, atomic_long_sub_return(pages, &c->usage));
}
