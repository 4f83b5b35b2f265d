// SPDX-License-Identifier: GPL-2.0
/*
 * Walk over memory groups, with a cursor that survives their removal.
 *
 * Mechanism only: what is done with a group that was found is up to the
 * caller. The lists of children are walked under RCU, as the kernel's own
 * iterators do; css.sibling, .children and .parent are documented for that
 * (include/linux/cgroup-defs.h, 5.10, 6.1 and 6.12).
 */
#include <linux/err.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>

#include "find.h"

/* Groups looked at in one RCU section: about 50 us on a slow machine. */
#define MR_FIND_BATCH 128

/**
 * mr_cursor_start() - put a cursor before the first group
 * @cur: the cursor
 * @root: whose descendants are walked; must stay alive during the walk
 */
void mr_cursor_start(struct mr_cursor *cur, struct cgroup_subsys_state *root)
{
	cur->root = root;
	cur->pos = NULL;
	cur->done = false;
}

/*
 * The child after @prev, or the first one, as css_next_child() does it (not
 * exported). @prev is referenced, so it is on the list; under RCU its
 * successors are whole as well.
 */
static struct cgroup_subsys_state *
next_child(struct cgroup_subsys_state *prev, struct cgroup_subsys_state *parent)
{
	struct list_head *at = prev ? &prev->sibling : &parent->children;

	at = rcu_dereference(list_next_rcu(at));
	if (at == &parent->children)
		return NULL;
	return list_entry(at, struct cgroup_subsys_state, sibling);
}

/* The next group in post-order; NULL: only @root is left. */
static struct cgroup_subsys_state *
next_post(struct cgroup_subsys_state *pos, struct cgroup_subsys_state *root)
{
	struct cgroup_subsys_state *css;

	if (pos) {
		css = next_child(pos, pos->parent);
		if (!css)
			return pos->parent == root ? NULL : pos->parent;
	} else {
		css = next_child(NULL, root);
		if (!css)
			return NULL;
	}
	for (;;) {
		struct cgroup_subsys_state *child = next_child(NULL, css);

		if (!child)
			return css;
		css = child;
	}
}

/* The cursor stands on @css, referenced by now, and lets go of where it stood. */
static void stand_on(struct mr_cursor *cur, struct cgroup_subsys_state *css)
{
	struct cgroup_subsys_state *old = cur->pos;

	cur->pos = css;
	cur->done = !css;
	if (old)
		css_put(old);
}

/**
 * mr_cursor_next() - go to the next group that matches
 * @cur: the cursor
 * @match: which groups
 *
 * Looks at no more than %MR_FIND_BATCH groups, then gives the caller a chance
 * to reschedule. Children come before their parents, siblings by age: reclaim
 * of a group covers all groups below it (shrink_node_memcgs() in mm/vmscan.c),
 * so a dead subtree has to be emptied from its leaves.
 *
 * Context: process context, does not sleep.
 *
 * Return: the group, which stays referenced by the cursor until the next call;
 * ERR_PTR(-EAGAIN): none in this batch, call again; NULL: the walk is over.
 */
struct cgroup_subsys_state *mr_cursor_next(struct mr_cursor *cur,
					   mr_match_fn *match)
{
	struct cgroup_subsys_state *css = cur->pos, *found = NULL;
	int left = MR_FIND_BATCH;

	if (cur->done)
		return NULL;

	rcu_read_lock();
	while ((css = next_post(css, cur->root))) {
		left--;
		/* No reference: being released, and not to be stood on. */
		if ((left <= 0 || match(css)) && css_tryget(css)) {
			if (match(css))
				found = css;
			break;
		}
	}
	rcu_read_unlock();

	stand_on(cur, css);
	if (cur->done)
		return NULL;
	return found ?: ERR_PTR(-EAGAIN);
}

/**
 * mr_cursor_count() - go on, and count the groups that match
 * @cur: the cursor
 * @match: which groups
 * @nr: how many is added
 *
 * Looks at about %MR_FIND_BATCH groups. Those that are being released may be
 * among them, as no reference is taken.
 *
 * Context: process context, does not sleep.
 *
 * Return: whether there may be more.
 */
bool mr_cursor_count(struct mr_cursor *cur, mr_match_fn *match,
		     unsigned long *nr)
{
	struct cgroup_subsys_state *css = cur->pos;
	int left = MR_FIND_BATCH;

	if (cur->done)
		return false;

	rcu_read_lock();
	while ((css = next_post(css, cur->root))) {
		*nr += match(css);
		/* No reference: being released, and not to be stood on. */
		if (--left <= 0 && css_tryget(css))
			break;
	}
	rcu_read_unlock();

	stand_on(cur, css);
	return !cur->done;
}

/**
 * mr_all_children() - whether something holds for all children of a group
 * @css: the group, referenced by the caller
 * @match: what must hold
 *
 * A group with very many children is answered with no, for the sake of the
 * RCU section.
 *
 * Return: true if it does, or if there are none.
 */
bool mr_all_children(struct cgroup_subsys_state *css, mr_match_fn *match)
{
	struct cgroup_subsys_state *child = NULL;
	int left = MR_FIND_BATCH * 4;
	bool all = true;

	rcu_read_lock();
	while (all && (child = next_child(child, css)))
		all = --left > 0 && match(child);
	rcu_read_unlock();
	return all;
}

/**
 * mr_nr_children() - how many children a group has
 * @css: the group, referenced by the caller
 *
 * Children that are being released are no longer counted; they hold their parent
 * for a moment more.
 *
 * Return: the number, or -E2BIG where there are very many, see mr_all_children().
 */
int mr_nr_children(struct cgroup_subsys_state *css)
{
	struct cgroup_subsys_state *child = NULL;
	int nr = 0;

	rcu_read_lock();
	while ((child = next_child(child, css)) && nr < MR_FIND_BATCH * 4)
		nr++;
	rcu_read_unlock();
	return child ? -E2BIG : nr;
}

/**
 * mr_cursor_end() - drop what the cursor holds
 * @cur: the cursor, started
 */
void mr_cursor_end(struct mr_cursor *cur)
{
	if (cur->pos)
		css_put(cur->pos);
	cur->pos = NULL;
	cur->done = true;
}

/**
 * mr_online_ancestor() - the group that the kernel would reparent to
 * @css: a group, referenced by the caller
 *
 * A group holds its parent, so the way up stays valid as long as @css does.
 * The root group is always online.
 *
 * Context: under rcu_read_lock(), or with a reference on @css.
 *
 * Return: the nearest online ancestor, not referenced.
 */
struct cgroup_subsys_state *mr_online_ancestor(struct cgroup_subsys_state *css)
{
	do {
		css = css->parent;
	} while (css->parent && !mr_css_is_online(css));
	return css;
}

/**
 * mr_online_ancestor_get() - the same, to be kept
 * @css: a group, referenced by the caller
 *
 * What is online at first may be removed, hence the attempts; the root group
 * always can be had.
 *
 * Context: any.
 *
 * Return: the nearest online ancestor, referenced.
 */
struct cgroup_subsys_state *
mr_online_ancestor_get(struct cgroup_subsys_state *css)
{
	struct cgroup_subsys_state *to;

	rcu_read_lock();
	do {
		to = mr_online_ancestor(css);
	} while (!css_tryget(to));
	rcu_read_unlock();
	return to;
}
