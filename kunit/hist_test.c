// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms: which bucket a duration is counted in.
 */
#include <kunit/test.h>
#include <linux/types.h>

#include "../kmod/hist.h"

/* Each bucket but the first begins at a power of two and ends before the next. */
static void bucket_bounds(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < MR_HIST_BUCKETS - 1; i++) {
		KUNIT_EXPECT_EQ(test, mr_hist_bucket(1ULL << i), i);
		KUNIT_EXPECT_EQ(test, mr_hist_bucket((2ULL << i) - 1), i);
	}
}

/* What is too short or too long for any other is in the first or the last. */
static void bucket_ends(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mr_hist_bucket(0), 0);
	KUNIT_EXPECT_EQ(test, mr_hist_bucket(1), 0);
	KUNIT_EXPECT_EQ(test, mr_hist_bucket(1ULL << (MR_HIST_BUCKETS - 1)),
			MR_HIST_BUCKETS - 1);
	KUNIT_EXPECT_EQ(test, mr_hist_bucket(1ULL << MR_HIST_BUCKETS),
			MR_HIST_BUCKETS - 1);
	KUNIT_EXPECT_EQ(test, mr_hist_bucket(~0ULL), MR_HIST_BUCKETS - 1);
}

/* Everything that is added is counted once, and the longest is remembered. */
static void add_counts(struct kunit *test)
{
	struct mr_hist h = { .max_ns = 0 };
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < MR_HIST_BUCKETS; i++)
		mr_hist_add(&h, 1ULL << i);
	KUNIT_EXPECT_EQ(test, h.max_ns, 1ULL << (MR_HIST_BUCKETS - 1));
	mr_hist_add(&h, 0);
	mr_hist_add(&h, 700);
	KUNIT_EXPECT_EQ(test, h.max_ns, 1ULL << (MR_HIST_BUCKETS - 1));
	for (i = 0; i < MR_HIST_BUCKETS; i++)
		sum += h.count[i];
	KUNIT_EXPECT_EQ(test, sum, MR_HIST_BUCKETS + 2);
	KUNIT_EXPECT_EQ(test, h.count[0], 2);
	KUNIT_EXPECT_EQ(test, h.count[9], 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(bucket_bounds),
	KUNIT_CASE(bucket_ends),
	KUNIT_CASE(add_counts),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_hist",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
