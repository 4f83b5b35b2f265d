/* SPDX-License-Identifier: GPL-2.0 */
/* Walk over memory groups, with a cursor that survives their removal. */
#ifndef MR_FIND_H
#define MR_FIND_H

#include <linux/cgroup.h>

/* Called under rcu_read_lock(); must not sleep. */
typedef bool (mr_match_fn)(const struct cgroup_subsys_state *css);

/**
 * struct mr_cursor - a place in the tree of memory groups
 * @root: where the walk began; the caller keeps it alive
 * @pos: the group that was reached, with a reference of the cursor's own;
 *	NULL before the start
 * @done: the walk is over
 *
 * Lifetime: the reference on @pos keeps it on its parent's list of children
 * (css_release_work_fn() takes it off only after the last reference is gone),
 * so the walk may continue from it whatever was removed in the meantime. A
 * cursor pins the group it stands on, offline ones too: it is kept only while
 * a pass or a reader of debugfs is under way, never in between.
 *
 * Locking: one user at a time.
 */
struct mr_cursor {
	struct cgroup_subsys_state *root;
	struct cgroup_subsys_state *pos;
	bool done;
};

void mr_cursor_start(struct mr_cursor *cur, struct cgroup_subsys_state *root);
struct cgroup_subsys_state *mr_cursor_next(struct mr_cursor *cur,
					   mr_match_fn *match);
bool mr_cursor_count(struct mr_cursor *cur, mr_match_fn *match,
		     unsigned long *nr);
void mr_cursor_end(struct mr_cursor *cur);

bool mr_all_children(struct cgroup_subsys_state *css, mr_match_fn *match);
int mr_nr_children(struct cgroup_subsys_state *css);

struct cgroup_subsys_state *
mr_online_ancestor(struct cgroup_subsys_state *css);
struct cgroup_subsys_state *
mr_online_ancestor_get(struct cgroup_subsys_state *css);

#endif /* MR_FIND_H */
