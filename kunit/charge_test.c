// SPDX-License-Identifier: GPL-2.0
/*
 * Page counters of pages that go from a group to an ancestor, or to another branch.
 */
#include <kunit/test.h>
#include <linux/page_counter.h>

#include "../kmod/charge.h"

/* root, to, two offline groups in between, from */
#define LEVELS	5

struct chain {
	struct page_counter c[LEVELS];
};

static void init(struct chain *ch)
{
	int i;

	for (i = 0; i < LEVELS; i++) {
		atomic_long_set(&ch->c[i].usage, 0);
		ch->c[i].parent = i ? &ch->c[i - 1] : NULL;
	}
}

/* As page_counter_charge() and page_counter_uncharge(). */
static void charge(struct page_counter *c, long pages)
{
	for (; c; c = c->parent)
		atomic_long_add(pages, &c->usage);
}

static void expect(struct kunit *test, struct chain *ch, const long *usage)
{
	int i;

	for (i = 0; i < LEVELS; i++)
		KUNIT_EXPECT_EQ(test, atomic_long_read(&ch->c[i].usage), usage[i]);
}

/* Every level in between loses them, and freeing them leaves nothing anywhere. */
static void lift_over_offline_groups(struct kunit *test)
{
	static const long moved[] = { 107, 107, 7, 5, 0 };
	static const long freed[] = { 7, 7, 7, 5, 0 };
	struct chain ch;

	init(&ch);
	charge(&ch.c[4], 100);
	charge(&ch.c[3], 5);
	charge(&ch.c[2], 2);
	mr_charge_lift(&ch.c[4], &ch.c[1], false, 100);
	expect(test, &ch, moved);
	charge(&ch.c[1], -100);
	expect(test, &ch, freed);
}

/* @pages of the @charged pages of the last group go to the one on level @to. */
static void lift(struct kunit *test, long charged, int to, long pages,
		 const long *moved)
{
	struct chain ch;

	init(&ch);
	charge(&ch.c[4], charged);
	mr_charge_lift(&ch.c[4], &ch.c[to], !to, pages);
	expect(test, &ch, moved);
}

/* Pages of the root group are in no counter. */
static void lift_to_root(struct kunit *test)
{
	static const long moved[] = { 3, 3, 3, 3, 3 };

	lift(test, 103, 0, 100, moved);
}

/* Of some pages only, to the next counter above. */
static void lift_to_parent(struct kunit *test)
{
	static const long moved[] = { 9, 9, 9, 9, 1 };

	lift(test, 9, 3, 8, moved);
}

/* root, common, from's parent, from, to's parent, to */
enum { ROOT, COMMON, FROM_UP, FROM, TO_UP, TO, NODES };

struct tree {
	struct page_counter c[NODES];
};

static void plant(struct tree *t)
{
	static const int parent[NODES] = {
		[COMMON] = ROOT, [FROM_UP] = COMMON, [FROM] = FROM_UP,
		[TO_UP] = COMMON, [TO] = TO_UP,
	};
	int i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < NODES; i++) {
		t->c[i].max = PAGE_COUNTER_MAX;
		t->c[i].high = PAGE_COUNTER_MAX;
		t->c[i].parent = i ? &t->c[parent[i]] : NULL;
	}
}

static void expect_tree(struct kunit *test, struct tree *t, const long *usage)
{
	int i;

	for (i = 0; i < NODES; i++)
		KUNIT_EXPECT_EQ(test, atomic_long_read(&t->c[i].usage), usage[i]);
}

/* As mr_recharge() does it. */
static bool recharge(struct tree *t, int from, int to, unsigned long pages)
{
	struct page_counter *common = mr_charge_common(&t->c[from], &t->c[to]);

	if (!mr_charge_try(&t->c[to], common, pages))
		return false;
	mr_charge_drop(&t->c[from], common, pages);
	return true;
}

/* The first that includes both, whichever is deeper; one of them, if it does. */
static void common(struct kunit *test)
{
	static const struct {
		int a, b, both;
	} e[] = {
		{ FROM, TO, COMMON }, { FROM, TO_UP, COMMON }, { FROM_UP, TO, COMMON },
		{ FROM, FROM_UP, FROM_UP }, { FROM, COMMON, COMMON },
		{ TO, ROOT, ROOT }, { TO, TO, TO }, { ROOT, ROOT, ROOT },
	};
	struct tree t;
	int i;

	plant(&t);
	for (i = 0; i < ARRAY_SIZE(e); i++) {
		KUNIT_EXPECT_PTR_EQ(test, mr_charge_common(&t.c[e[i].a], &t.c[e[i].b]),
				    &t.c[e[i].both]);
		KUNIT_EXPECT_PTR_EQ(test, mr_charge_common(&t.c[e[i].b], &t.c[e[i].a]),
				    &t.c[e[i].both]);
	}
}

/* One branch loses what the other gets, and above nothing changes; then all is freed. */
static void to_other_branch(struct kunit *test)
{
	static const long moved[NODES] = { 112, 112, 2, 0, 110, 110 };
	static const long freed[NODES] = { 12, 12, 2, 0, 10, 10 };
	struct tree t;

	plant(&t);
	charge(&t.c[FROM], 100);
	charge(&t.c[FROM_UP], 2);
	charge(&t.c[TO], 10);
	KUNIT_EXPECT_TRUE(test, recharge(&t, FROM, TO, 100));
	expect_tree(test, &t, moved);
	KUNIT_EXPECT_EQ(test, t.c[TO].watermark, 110);
	KUNIT_EXPECT_EQ(test, t.c[TO_UP].watermark, 110);
	KUNIT_EXPECT_EQ(test, t.c[COMMON].watermark, 0);
	charge(&t.c[TO], -100);
	expect_tree(test, &t, freed);
}

/* To the page: what just fits, goes. Else nothing has changed anywhere. */
static void limits(struct kunit *test)
{
	static const int limited[] = { TO, TO_UP };
	static const long before[NODES] = { 100, 100, 100, 100, 0, 0 };
	static const long after[NODES] = { 100, 100, 0, 0, 100, 100 };
	struct tree t;
	int i;

	for (i = 0; i < 2 * ARRAY_SIZE(limited); i++) {
		struct page_counter *c;

		plant(&t);
		c = &t.c[limited[i / 2]];
		charge(&t.c[FROM], 100);
		*(i % 2 ? &c->max : &c->high) = 99;
		KUNIT_EXPECT_FALSE(test, recharge(&t, FROM, TO, 100));
		expect_tree(test, &t, before);
		KUNIT_EXPECT_EQ(test, c->failcnt, 0);
		KUNIT_EXPECT_EQ(test, c->watermark, 0);
		*(i % 2 ? &c->max : &c->high) = 100;
		KUNIT_EXPECT_TRUE(test, recharge(&t, FROM, TO, 100));
		expect_tree(test, &t, after);
	}
}

/* Limits of the common ancestor and of the branch that gives are not asked. */
static void limits_elsewhere(struct kunit *test)
{
	static const int limited[] = { FROM, FROM_UP, COMMON, ROOT };
	struct tree t;
	int i;

	for (i = 0; i < ARRAY_SIZE(limited); i++) {
		plant(&t);
		charge(&t.c[FROM], 100);
		t.c[limited[i]].max = 50;
		KUNIT_EXPECT_TRUE(test, recharge(&t, FROM, TO, 100));
	}
}

/* What is protected goes with usage, on both sides, and the parents know the sum. */
static void protection(struct kunit *test)
{
	struct tree t;

	plant(&t);
	charge(&t.c[FROM], 100);
	t.c[FROM_UP].low = 80;
	atomic_long_set(&t.c[FROM_UP].low_usage, 80);
	atomic_long_set(&t.c[COMMON].children_low_usage, 80);
	t.c[TO].min = 30;
	t.c[TO_UP].low = 1000;
	KUNIT_EXPECT_TRUE(test, recharge(&t, FROM, TO, 60));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t.c[FROM_UP].low_usage), 40);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t.c[TO].min_usage), 30);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t.c[TO_UP].children_min_usage), 30);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t.c[TO_UP].low_usage), 60);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t.c[COMMON].children_low_usage), 100);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(lift_over_offline_groups),
	KUNIT_CASE(lift_to_root),
	KUNIT_CASE(lift_to_parent),
	KUNIT_CASE(common),
	KUNIT_CASE(to_other_branch),
	KUNIT_CASE(limits),
	KUNIT_CASE(limits_elsewhere),
	KUNIT_CASE(protection),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_charge",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
