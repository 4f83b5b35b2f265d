// SPDX-License-Identifier: GPL-2.0
/*
 * Page counters of pages that go from a group to an ancestor.
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

static struct kunit_case cases[] = {
	KUNIT_CASE(lift_over_offline_groups),
	KUNIT_CASE(lift_to_root),
	KUNIT_CASE(lift_to_parent),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_charge",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
