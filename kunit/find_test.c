// SPDX-License-Identifier: GPL-2.0
/*
 * Selection and cursor, on trees of made-up groups with real reference counts.
 */
#include <kunit/test.h>
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/percpu-refcount.h>
#include <linux/rculist.h>

#include "../kmod/find.h"

#define MAX_GROUPS	600

/* A group's life, as css_create(), kill_css() and css_release() have it. */
enum state {
	CREATED,	/* linked, css_online() has not run */
	ONLINE,
	DYING,		/* removed, css_offline() has not run */
	OFFLINE,	/* held by what is charged to it */
	RELEASED,	/* not held any more, still linked */
	NR_STATES,
};

struct group {
	struct cgroup_subsys_state css;
	bool released;
};

struct tree {
	struct group *groups[MAX_GROUPS];
	unsigned int nr;
	struct cgroup_subsys_state *root;
};

static struct group *to_group(struct cgroup_subsys_state *css)
{
	return container_of(css, struct group, css);
}

static void on_release(struct percpu_ref *ref)
{
	struct group *g = container_of(ref, struct group, css.refcnt);

	g->released = true;
}

/* From one state to another that comes after it. */
static void become(struct group *g, enum state state)
{
	if (state >= ONLINE)
		g->css.flags |= CSS_ONLINE;
	if (state >= DYING) {
		g->css.flags |= CSS_DYING;
		/* What is charged to the group holds it. */
		percpu_ref_get(&g->css.refcnt);
		percpu_ref_kill(&g->css.refcnt);
	}
	if (state >= OFFLINE)
		g->css.flags &= ~CSS_ONLINE;
	if (state >= RELEASED) {
		percpu_ref_put(&g->css.refcnt);
		g->css.flags |= CSS_RELEASED;
	}
}

static struct cgroup_subsys_state *add(struct kunit *test,
				       struct cgroup_subsys_state *parent,
				       enum state state)
{
	struct tree *tree = test->priv;
	struct group *g;

	KUNIT_ASSERT_LT(test, tree->nr, MAX_GROUPS);
	g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, g);
	/* Atomic: no grace period between the last put and the release. */
	KUNIT_ASSERT_EQ(test, percpu_ref_init(&g->css.refcnt, on_release,
					      PERCPU_REF_INIT_ATOMIC,
					      GFP_KERNEL), 0);
	tree->groups[tree->nr++] = g;
	INIT_LIST_HEAD(&g->css.children);
	g->css.parent = parent;
	if (parent)
		list_add_tail_rcu(&g->css.sibling, &parent->children);
	become(g, state);
	return &g->css;
}

/* The memory that held an offline group is gone. */
static void uncharge(struct cgroup_subsys_state *css)
{
	css_put(css);
}

static int set_up(struct kunit *test)
{
	struct tree *tree = kunit_kzalloc(test, sizeof(*tree), GFP_KERNEL);

	if (!tree)
		return -ENOMEM;
	test->priv = tree;
	tree->root = add(test, NULL, ONLINE);
	return 0;
}

static void tear_down(struct kunit *test)
{
	struct tree *tree = test->priv;
	unsigned int i;

	for (i = 0; tree && i < tree->nr; i++)
		percpu_ref_exit(&tree->groups[i]->css.refcnt);
}

static bool is_any(const struct cgroup_subsys_state *css)
{
	return true;
}

static bool is_offline(const struct cgroup_subsys_state *css)
{
	return mr_css_is_offline(css);
}

/* Expect a walk to meet these groups, in this order, and no others. */
static void walk(struct kunit *test, mr_match_fn *match, unsigned int nr,
		 struct cgroup_subsys_state **want)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *css;
	struct mr_cursor cur;
	unsigned int i = 0;

	mr_cursor_start(&cur, tree->root);
	while ((css = mr_cursor_next(&cur, match))) {
		if (IS_ERR(css))
			continue;
		if (i < nr)
			KUNIT_EXPECT_PTR_EQ(test, css, want[i]);
		i++;
	}
	KUNIT_EXPECT_EQ(test, i, nr);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, match), css);
	mr_cursor_end(&cur);
}

/* Of all states, one is offline and one is online. */
static void states(struct kunit *test)
{
	struct cgroup_subsys_state *css[NR_STATES];
	struct tree *tree = test->priv;
	int i;

	for (i = 0; i < NR_STATES; i++)
		css[i] = add(test, tree->root, i);
	for (i = CREATED; i <= OFFLINE; i++) {
		KUNIT_EXPECT_EQ(test, mr_css_is_online(css[i]), i == ONLINE);
		KUNIT_EXPECT_EQ(test, mr_css_is_offline(css[i]), i == OFFLINE);
	}
	KUNIT_EXPECT_FALSE(test, mr_css_is_online(css[RELEASED]));
	walk(test, is_offline, 1, &css[OFFLINE]);
}

/* Without a reference a group is not stood on, whatever it looks like. */
static void released_is_passed(struct kunit *test)
{
	struct cgroup_subsys_state *css[NR_STATES];
	struct tree *tree = test->priv;
	int i;

	for (i = 0; i < NR_STATES; i++)
		css[i] = add(test, tree->root, i);
	add(test, tree->root, RELEASED);
	KUNIT_EXPECT_TRUE(test, mr_css_is_offline(css[RELEASED]));
	/* All but the last, which is the released one. */
	walk(test, is_any, RELEASED, css);
}

static void empty_tree(struct kunit *test)
{
	walk(test, is_any, 0, NULL);
}

/* Children before their parents, older siblings first, the root never. */
static void order(struct kunit *test)
{
	struct cgroup_subsys_state *a, *b, *aa, *ab, *aba, *ba;
	struct tree *tree = test->priv;

	a = add(test, tree->root, OFFLINE);
	b = add(test, tree->root, ONLINE);
	ab = add(test, a, OFFLINE);
	aba = add(test, ab, OFFLINE);
	ba = add(test, b, OFFLINE);
	aa = add(test, a, OFFLINE);
	{
		struct cgroup_subsys_state *all[] = { aba, ab, aa, a, ba, b };
		struct cgroup_subsys_state *offline[] = { aba, ab, aa, a, ba };

		walk(test, is_any, ARRAY_SIZE(all), all);
		walk(test, is_offline, ARRAY_SIZE(offline), offline);
	}
}

/* A group that is stood on stays until the cursor moves on, and no longer. */
static void pinned(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *a = add(test, tree->root, OFFLINE);
	struct cgroup_subsys_state *b = add(test, tree->root, OFFLINE);
	struct mr_cursor cur;

	mr_cursor_start(&cur, tree->root);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, is_offline), a);
	uncharge(a);
	KUNIT_EXPECT_FALSE(test, to_group(a)->released);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, is_offline), b);
	KUNIT_EXPECT_TRUE(test, to_group(a)->released);

	/* Or is given up. */
	uncharge(b);
	KUNIT_EXPECT_FALSE(test, to_group(b)->released);
	mr_cursor_end(&cur);
	KUNIT_EXPECT_TRUE(test, to_group(b)->released);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, is_offline),
			    (struct cgroup_subsys_state *)NULL);
}

/* The walk goes on from a group whose neighbours have gone and come. */
static void neighbours_go(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *a = add(test, tree->root, OFFLINE);
	struct cgroup_subsys_state *b = add(test, tree->root, OFFLINE);
	struct cgroup_subsys_state *c = add(test, tree->root, OFFLINE);
	struct cgroup_subsys_state *d;
	struct mr_cursor cur;

	mr_cursor_start(&cur, tree->root);
	mr_cursor_next(&cur, is_offline);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, is_offline), b);
	/* As css_release_work_fn(). */
	uncharge(a);
	list_del_rcu(&a->sibling);
	uncharge(c);
	list_del_rcu(&c->sibling);
	d = add(test, tree->root, OFFLINE);
	uncharge(b);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, is_offline), d);
	KUNIT_EXPECT_TRUE(test, to_group(b)->released);
	mr_cursor_end(&cur);
}

/* What happens to a parent while one of its children is stood on. */
static void parent_goes_offline(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *a = add(test, tree->root, CREATED);
	struct cgroup_subsys_state *aa = add(test, a, OFFLINE);
	struct mr_cursor cur;

	mr_cursor_start(&cur, tree->root);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, is_offline), aa);
	become(to_group(a), OFFLINE);
	KUNIT_EXPECT_PTR_EQ(test, mr_cursor_next(&cur, is_offline), a);
	mr_cursor_end(&cur);
}

/* Long stretches without a match are cut, and none is lost at a cut. */
static void cut(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *css, *last = NULL;
	unsigned int cuts = 0, found = 0;
	struct group *at = NULL;
	struct mr_cursor cur;
	int i;

	for (i = 0; i < 450; i++)
		last = add(test, tree->root, i % 150 == 149 ? OFFLINE : ONLINE);

	mr_cursor_start(&cur, tree->root);
	while ((css = mr_cursor_next(&cur, is_offline))) {
		if (!IS_ERR(css)) {
			found++;
			continue;
		}
		KUNIT_EXPECT_EQ(test, PTR_ERR(css), -EAGAIN);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cur.pos);
		cuts++;
		/* Removed while the caller has a rest. */
		at = to_group(cur.pos);
		become(at, OFFLINE);
		uncharge(&at->css);
		KUNIT_EXPECT_FALSE(test, at->released);
	}
	mr_cursor_end(&cur);
	KUNIT_EXPECT_EQ(test, found, 3);
	KUNIT_EXPECT_GE(test, cuts, 2);
	KUNIT_EXPECT_LE(test, cuts, 4);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, at);
	KUNIT_EXPECT_TRUE(test, at->released);
	KUNIT_EXPECT_FALSE(test, to_group(last)->released);
}

/* In parts, and each group once; what is stood on in between may go. */
static void counted(struct kunit *test)
{
	struct tree *tree = test->priv;
	unsigned long nr = 0;
	unsigned int parts = 1;
	struct mr_cursor cur;
	struct group *at = NULL;
	int i;

	for (i = 0; i < 450; i++)
		add(test, tree->root, i % 3 ? OFFLINE : ONLINE);

	mr_cursor_start(&cur, tree->root);
	while (mr_cursor_count(&cur, is_offline, &nr)) {
		parts++;
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cur.pos);
		at = to_group(cur.pos);
		if (!mr_css_is_offline(&at->css))
			become(at, OFFLINE);
		uncharge(&at->css);
		KUNIT_EXPECT_FALSE(test, at->released);
	}
	KUNIT_EXPECT_EQ(test, nr, 300);
	KUNIT_EXPECT_GE(test, parts, 3);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, at);
	KUNIT_EXPECT_TRUE(test, at->released);
	KUNIT_EXPECT_FALSE(test, mr_cursor_count(&cur, is_offline, &nr));
	mr_cursor_end(&cur);
	KUNIT_EXPECT_EQ(test, nr, 300);
}

/* Of the children only, of all of them, and of none where there are too many. */
static void all_children(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *a = add(test, tree->root, OFFLINE);
	struct cgroup_subsys_state *b;
	int i;

	KUNIT_EXPECT_TRUE(test, mr_all_children(a, is_offline));
	b = add(test, a, OFFLINE);
	add(test, a, OFFLINE);
	add(test, b, ONLINE);
	KUNIT_EXPECT_TRUE(test, mr_all_children(a, is_offline));
	KUNIT_EXPECT_FALSE(test, mr_all_children(b, is_offline));
	add(test, b, DYING);
	KUNIT_EXPECT_FALSE(test, mr_all_children(b, is_offline));
	for (i = 0; i < 512; i++)
		add(test, a, OFFLINE);
	KUNIT_EXPECT_FALSE(test, mr_all_children(a, is_offline));
}

/* Those below it only, and no number where there are too many. */
static void number_of_children(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *a = add(test, tree->root, OFFLINE);
	int i;

	KUNIT_EXPECT_EQ(test, mr_nr_children(a), 0);
	add(test, add(test, a, OFFLINE), OFFLINE);
	KUNIT_EXPECT_EQ(test, mr_nr_children(a), 1);
	for (i = 1; i < 512; i++)
		add(test, a, OFFLINE);
	KUNIT_EXPECT_EQ(test, mr_nr_children(a), 512);
	add(test, a, OFFLINE);
	KUNIT_EXPECT_EQ(test, mr_nr_children(a), -E2BIG);
}

/* Past all that is not online, up to the root, which always is. */
static void online_ancestor(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *a = add(test, tree->root, ONLINE);
	struct cgroup_subsys_state *b = add(test, a, DYING);
	struct cgroup_subsys_state *c = add(test, b, OFFLINE);
	struct cgroup_subsys_state *d = add(test, c, CREATED);
	struct cgroup_subsys_state *e = add(test, d, OFFLINE);

	KUNIT_EXPECT_PTR_EQ(test, mr_online_ancestor(e), a);
	KUNIT_EXPECT_PTR_EQ(test, mr_online_ancestor(b), a);
	KUNIT_EXPECT_PTR_EQ(test, mr_online_ancestor(a), tree->root);
	become(to_group(a), OFFLINE);
	KUNIT_EXPECT_PTR_EQ(test, mr_online_ancestor(e), tree->root);
}

/* To be kept, it has a reference of the caller's own. */
static void online_ancestor_get(struct kunit *test)
{
	struct tree *tree = test->priv;
	struct cgroup_subsys_state *a = add(test, tree->root, ONLINE);
	struct cgroup_subsys_state *b = add(test, a, OFFLINE);

	KUNIT_EXPECT_PTR_EQ(test, mr_online_ancestor_get(b), a);
	become(to_group(a), OFFLINE);
	uncharge(a);
	KUNIT_EXPECT_FALSE(test, to_group(a)->released);
	css_put(a);
	KUNIT_EXPECT_TRUE(test, to_group(a)->released);
	KUNIT_EXPECT_PTR_EQ(test, mr_online_ancestor_get(b), tree->root);
	css_put(tree->root);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(states),
	KUNIT_CASE(released_is_passed),
	KUNIT_CASE(empty_tree),
	KUNIT_CASE(order),
	KUNIT_CASE(pinned),
	KUNIT_CASE(neighbours_go),
	KUNIT_CASE(parent_goes_offline),
	KUNIT_CASE(cut),
	KUNIT_CASE(counted),
	KUNIT_CASE(all_children),
	KUNIT_CASE(number_of_children),
	KUNIT_CASE(online_ancestor),
	KUNIT_CASE(online_ancestor_get),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_find",
	.init = set_up,
	.exit = tear_down,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
