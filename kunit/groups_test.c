// SPDX-License-Identifier: GPL-2.0
/*
 * The table of what is remembered of each offline group.
 */
#include <kunit/test.h>
#include <linux/errno.h>

#include "../kmod/groups.h"

#define ID	3
#define SERIAL	77
/* Entries, even */
#define MANY	1000

static void tear_down(struct kunit *test)
{
	mr_groups_exit();
}

/* Met again, a group has the entry and the time that it was given at first. */
static void met_again(struct kunit *test)
{
	struct mr_group *g;
	bool replaced;

	g = mr_groups_get(ID, SERIAL, 1000, 1, &replaced);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, g);
	KUNIT_EXPECT_FALSE(test, replaced);
	KUNIT_EXPECT_EQ(test, g->first_ns, 1000);
	KUNIT_EXPECT_EQ(test, g->round, 1);
	KUNIT_EXPECT_EQ(test, g->result, MR_RES_NONE);
	g->level = 4;
	KUNIT_EXPECT_PTR_EQ(test, mr_groups_get(ID, SERIAL, 2000, 2, &replaced),
			    g);
	KUNIT_EXPECT_FALSE(test, replaced);
	KUNIT_EXPECT_EQ(test, g->first_ns, 1000);
	KUNIT_EXPECT_EQ(test, g->level, 4);
	KUNIT_EXPECT_EQ(test, g->round, 2);
}

/* The kernel gives ids again: nothing of the former group is left. */
static void id_used_again(struct kunit *test)
{
	struct mr_group *g, copy;
	bool replaced;

	g = mr_groups_get(ID, SERIAL, 1000, 1, &replaced);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, g);
	g->level = 4;
	g->result = MR_RES_STUCK;
	g = mr_groups_get(ID, SERIAL + 1, 5000, 2, &replaced);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, g);
	KUNIT_EXPECT_TRUE(test, replaced);
	KUNIT_EXPECT_EQ(test, g->first_ns, 5000);
	KUNIT_EXPECT_EQ(test, g->level, 0);
	KUNIT_EXPECT_EQ(test, g->result, MR_RES_NONE);
	KUNIT_EXPECT_EQ(test, mr_groups_read(ID, SERIAL, &copy), -ENOENT);
	KUNIT_EXPECT_EQ(test, mr_groups_read(ID, SERIAL + 1, &copy), 0);
	KUNIT_EXPECT_EQ(test, copy.first_ns, 5000);
}

/* Forget what @round did not meet, all of it. Returns how many. */
static unsigned long sweep_all(u32 round)
{
	unsigned long at = 0, gone = 0;

	while (mr_groups_sweep(&at, round, &gone))
		;
	return gone;
}

/* A group that a scan did not meet is gone; a later scan's is not. */
static void sweep(struct kunit *test)
{
	struct mr_group copy;
	bool replaced;

	mr_groups_get(1, 11, 0, 5, &replaced);
	mr_groups_get(2, 12, 0, 6, &replaced);
	mr_groups_get(3, 13, 0, 7, &replaced);
	KUNIT_EXPECT_EQ(test, sweep_all(6), 1);
	KUNIT_EXPECT_EQ(test, mr_groups_read(1, 11, &copy), -ENOENT);
	KUNIT_EXPECT_EQ(test, mr_groups_read(2, 12, &copy), 0);
	KUNIT_EXPECT_EQ(test, mr_groups_read(3, 13, &copy), 0);
	/* An older scan that goes on after a younger one takes nothing back. */
	mr_groups_get(3, 13, 0, 6, &replaced);
	KUNIT_EXPECT_EQ(test, sweep_all(7), 1);
	KUNIT_EXPECT_EQ(test, mr_groups_read(3, 13, &copy), 0);
}

/* It is done in parts, each of which ends: the thread rests in between. */
static void sweep_in_parts(struct kunit *test)
{
	unsigned long before = mr_groups_forgotten(), at = 0, gone = 0;
	unsigned int parts = 1;
	struct mr_group copy;
	bool replaced;
	int id;

	for (id = 1; id <= MANY; id++)
		mr_groups_get(id, id, 0, id % 2 ? 6 : 5, &replaced);
	while (mr_groups_sweep(&at, 6, &gone))
		parts++;
	KUNIT_EXPECT_GT(test, parts, 2);
	KUNIT_EXPECT_EQ(test, gone, MANY / 2);
	KUNIT_EXPECT_EQ(test, mr_groups_forgotten() - before, MANY / 2);
	KUNIT_EXPECT_EQ(test, mr_groups_read(1, 1, &copy), 0);
	KUNIT_EXPECT_EQ(test, mr_groups_read(MANY - 1, MANY - 1, &copy), 0);
	KUNIT_EXPECT_EQ(test, mr_groups_read(MANY, MANY, &copy), -ENOENT);
}

/* Scans are counted in 32 bits, which are used up one day. */
static void sweep_wraps(struct kunit *test)
{
	struct mr_group copy;
	bool replaced;

	mr_groups_get(1, 11, 0, -2U, &replaced);
	mr_groups_get(2, 12, 0, -1U, &replaced);
	mr_groups_get(2, 12, 0, 1, &replaced);
	KUNIT_EXPECT_EQ(test, sweep_all(1), 1);
	KUNIT_EXPECT_EQ(test, mr_groups_read(1, 11, &copy), -ENOENT);
	KUNIT_EXPECT_EQ(test, mr_groups_read(2, 12, &copy), 0);
	KUNIT_EXPECT_EQ(test, copy.round, 1);
}

/* Only the group that was meant, and only one that is known. */
static void mark_dirty(struct kunit *test)
{
	struct mr_group copy;
	bool replaced;

	mr_groups_get(ID, SERIAL, 0, 1, &replaced);
	mr_groups_mark_dirty(ID, SERIAL + 1, 9);
	mr_groups_mark_dirty(ID + 1, SERIAL, 9);
	KUNIT_EXPECT_EQ(test, mr_groups_read(ID, SERIAL, &copy), 0);
	KUNIT_EXPECT_EQ(test, copy.dirty_round, 0);
	KUNIT_EXPECT_EQ(test, mr_groups_read(ID + 1, SERIAL, &copy), -ENOENT);
	mr_groups_mark_dirty(ID, SERIAL, 9);
	KUNIT_EXPECT_EQ(test, mr_groups_read(ID, SERIAL, &copy), 0);
	KUNIT_EXPECT_EQ(test, copy.dirty_round, 9);
}

/* Each result has a name of its own. */
static void result_names(struct kunit *test)
{
	int i, j;

	for (i = 0; i < MR_RES_NR; i++)
		for (j = 0; j <= i; j++)
			KUNIT_EXPECT_EQ(test, i == j,
					!strcmp(mr_result_name(i),
						mr_result_name(j)));
	KUNIT_EXPECT_STREQ(test, mr_result_name(MR_RES_STUCK), "stuck");
	KUNIT_EXPECT_STREQ(test, mr_result_name(MR_RES_NR), "unknown");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(met_again),
	KUNIT_CASE(id_used_again),
	KUNIT_CASE(sweep),
	KUNIT_CASE(sweep_in_parts),
	KUNIT_CASE(sweep_wraps),
	KUNIT_CASE(mark_dirty),
	KUNIT_CASE(result_names),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_groups",
	.exit = tear_down,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
