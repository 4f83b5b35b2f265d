// SPDX-License-Identifier: GPL-2.0
/*
 * The budget, whatever the batches are like: no second sees more of the thread
 * than its share, and what a batch takes that is longer than a tenth of it.
 */
#include <kunit/test.h>
#include <linux/time64.h>

#include "../kmod/policy.h"

/* What is remembered of the last second or so: more than enough. */
#define RING	4096

struct slice {
	u64 end, ns;
};

/* The same numbers each time. */
static u32 dice(u32 *seed, u32 max)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % max;
}

/* CPU time in the second that ends at @now, batches cut at its beginning. */
static u64 last_second(const struct slice *ring, unsigned int n, u64 now)
{
	u64 from = now - NSEC_PER_SEC, sum = 0;
	unsigned int i;

	for (i = 1; i <= n && i <= RING; i++) {
		const struct slice *s = &ring[(n - i) % RING];

		if (s->end <= from)
			break;
		sum += s->end - s->ns < from ? s->end - from : s->ns;
	}
	return sum;
}

/*
 * Work for @seconds in batches of up to @max_ns, with a late wake-up now and
 * then, as on a busy machine. Each wake-up costs @wake_ns.
 *
 * Returns how many batches that were.
 */
static unsigned int work(struct kunit *test, unsigned int percent, u32 max_ns,
			 unsigned int seconds, u32 wake_ns)
{
	u64 now = 123456789, begun = now, used = 0, worst = 0, sum, share;
	static struct slice ring[RING];
	unsigned int n = 0, batches = 0;
	u32 over = max_ns;
	struct mr_pacer p;
	u32 seed = percent, batch;

	mr_pacer_init(&p, now, 0);
	while (now < begun + seconds * (u64)NSEC_PER_SEC) {
		u64 nap = mr_pacer_charge(&p, now, used, percent);

		if (nap) {
			now += nap + (dice(&seed, 4) ? 0 : dice(&seed, 50000000));
			if (!wake_ns)
				continue;
			batch = wake_ns;
		} else {
			batch = 1000 + dice(&seed, max_ns);
			batches++;
		}
		now += batch;
		used += batch;
		ring[n++ % RING] = (struct slice){ .end = now, .ns = batch };
		sum = last_second(ring, n, now);
		worst = max(worst, sum);
	}
	share = (u64)percent * (NSEC_PER_SEC / 100);
	over -= min_t(u32, over, share / 10);
	/* A percent, for a batch that is longer than those of late were. */
	KUNIT_EXPECT_LE(test, worst, share + share / 100 + over + wake_ns);
	/* And it is not idle where it may work. */
	KUNIT_EXPECT_GE(test, used, seconds * share * 8 / 10);
	KUNIT_EXPECT_LE(test, used, seconds * share + share + max_ns + wake_ns + 1000);
	return batches;
}

/* Many short batches, as where groups are small. */
static void budget_small_batches(struct kunit *test)
{
	work(test, 5, 200000, 60, 0);
}

/* The smallest budget: it is kept where a batch is a fifth of it. */
static void budget_one_percent(struct kunit *test)
{
	work(test, 1, 2000000, 120, 0);
}

/* A large one, of which nearly all is used. */
static void budget_half(struct kunit *test)
{
	work(test, 50, 5000000, 60, 0);
}

/* Batches of more than a second's share: it rests for longer in between. */
static void budget_long_batches(struct kunit *test)
{
	work(test, 5, 150000000, 300, 0);
}

/* Where waking up costs more than a nap earns, there is still one batch for each. */
static void budget_costly_wake_ups(struct kunit *test)
{
	/* A second has 50 ms, and 10 ms; a batch and a wake-up take 1.6 ms, and 0.5 ms. */
	KUNIT_EXPECT_GE(test, work(test, 5, 200000, 60, 1500000), 60U * 24);
	KUNIT_EXPECT_GE(test, work(test, 1, 200000, 60, 400000), 60U * 15);
}

/* Time that was not used is kept for a second, not for ever. */
static void budget_is_not_saved_up(struct kunit *test)
{
	u64 now = 100 * (u64)NSEC_PER_SEC;
	struct mr_pacer p;

	mr_pacer_init(&p, 0, 0);
	KUNIT_EXPECT_EQ(test, mr_pacer_charge(&p, now, 0, 5), 0);
	/* A second of work is paid for by 20: two of them are over. */
	now += NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, mr_pacer_charge(&p, now, NSEC_PER_SEC, 5),
			18 * (u64)NSEC_PER_SEC);
}

/* An estimate that is given back in the next slot leaves that one below zero: no rest. */
static void budget_given_back(struct kunit *test)
{
	u64 now = 100 * MR_SLOT_NS;
	struct mr_pacer p;

	mr_pacer_init(&p, now - NSEC_PER_SEC, 0);
	KUNIT_EXPECT_EQ(test, mr_pacer_charge(&p, now + MR_SLOT_NS - 1, NSEC_PER_MSEC, 5), 0);
	KUNIT_EXPECT_EQ(test, mr_pacer_charge(&p, now + MR_SLOT_NS + 1, NSEC_PER_USEC, 5), 0);
}

/* So many groups are emptied, and it is time to look with the last of them. */
static void empty_until_due(struct kunit *test, struct mr_lag *l, unsigned int nr)
{
	while (nr--) {
		KUNIT_EXPECT_FALSE(test, mr_lag_due(l));
		mr_lag_emptied(l);
	}
	KUNIT_EXPECT_TRUE(test, mr_lag_due(l));
}

/* The kernel is waited for until it has half of what is left to it. */
static void lag_while_it_frees(struct kunit *test)
{
	struct mr_lag l;

	mr_lag_init(&l, 5000);
	empty_until_due(test, &l, MR_LAG_MAX);
	KUNIT_EXPECT_EQ(test, mr_lag_wait(&l, 4999), MR_LAG_PAUSE_MS);
	KUNIT_EXPECT_EQ(test, mr_lag_wait(&l, 5000 - MR_LAG_MAX / 2 + 1), 2 * MR_LAG_PAUSE_MS);
	KUNIT_EXPECT_EQ(test, mr_lag_wait(&l, 5000 - MR_LAG_MAX / 2), 0U);
	/* Half of it is there already. */
	empty_until_due(test, &l, MR_LAG_MAX / 2);
	/* More than were emptied here. */
	KUNIT_EXPECT_EQ(test, mr_lag_wait(&l, 0), 0U);
	KUNIT_EXPECT_EQ(test, l.nr, 0U);
}

/* What it can't free is not waited for long, and not again before there is as much more. */
static void lag_in_vain(struct kunit *test)
{
	unsigned int i, ms, slept = 0;
	struct mr_lag l;

	mr_lag_init(&l, 5000);
	empty_until_due(test, &l, MR_LAG_MAX);
	for (i = 0; (ms = mr_lag_wait(&l, 5000 + i)); i++)
		slept += ms;
	KUNIT_EXPECT_EQ(test, i, MR_LAG_PATIENCE);
	KUNIT_EXPECT_LE(test, slept, 2 * MR_LAG_PAUSE_MAX_MS);
	empty_until_due(test, &l, MR_LAG_MAX);
	/* Half of them after all: as at first. */
	KUNIT_EXPECT_EQ(test, mr_lag_wait(&l, 6000), MR_LAG_PAUSE_MS);
	KUNIT_EXPECT_EQ(test, mr_lag_wait(&l, 6000 - 2 * MR_LAG_MAX), 0U);
	empty_until_due(test, &l, MR_LAG_MAX);
}

/* However slow it is, it is waited for while it frees some. */
static void lag_on_a_slow_machine(struct kunit *test)
{
	int dying = 5000;
	struct mr_lag l;
	unsigned int i;

	mr_lag_init(&l, dying);
	empty_until_due(test, &l, MR_LAG_MAX);
	for (i = 0; mr_lag_wait(&l, dying); i++)
		dying -= MR_LAG_PROGRESS;
	KUNIT_EXPECT_EQ(test, i, MR_LAG_MAX / 2 / MR_LAG_PROGRESS);
	KUNIT_EXPECT_EQ(test, l.max, MR_LAG_MAX);
}

/* Where few go at a time, as others remove as many, that is no reason to go on waiting. */
static void lag_with_others(struct kunit *test)
{
	unsigned int i, waits = 0;
	struct mr_lag l;

	mr_lag_init(&l, 5000);
	for (i = 0; i < 20 * MR_LAG_MAX; i++) {
		mr_lag_emptied(&l);
		if (!mr_lag_due(&l))
			continue;
		while (mr_lag_wait(&l, 5000 - (++waits & 1)))
			;
	}
	KUNIT_EXPECT_LE(test, waits, 6 * (MR_LAG_PATIENCE + 1));
}

/* A group may be worked on from the very moment that its age is reached. */
static void age(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, mr_old_enough(5, 5, 0));
	KUNIT_EXPECT_FALSE(test, mr_old_enough(NSEC_PER_MSEC - 1, 0, 1));
	KUNIT_EXPECT_TRUE(test, mr_old_enough(NSEC_PER_MSEC, 0, 1));
}

/* Pauses grow with each attempt in vain, up to a limit, and end with success. */
static void back_off(struct kunit *test)
{
	unsigned int level;

	KUNIT_EXPECT_EQ(test, mr_backoff_ms(0, 5000), 0);
	KUNIT_EXPECT_EQ(test, mr_backoff_ms(1, 5000), 10000);
	for (level = 1; level < 100; level++) {
		u64 ms = mr_backoff_ms(level, 3600000);

		KUNIT_EXPECT_GE(test, ms, mr_backoff_ms(level - 1, 3600000));
		KUNIT_EXPECT_LE(test, ms, MR_BACKOFF_MAX_MS);
	}
	KUNIT_EXPECT_EQ(test, mr_next_level(7, true), 0);
	KUNIT_EXPECT_EQ(test, mr_next_level(MR_LEVEL_MAX, false), MR_LEVEL_MAX);
	/* Never tried, or nothing against it. */
	KUNIT_EXPECT_TRUE(test, mr_retry_due(1, 0, 5, 5000));
	KUNIT_EXPECT_FALSE(test, mr_retry_due(2, 1, 1, 5000));
}

/* Batches follow the time that they take, within their limits. */
static void batches(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mr_next_batch(512, 512, 0), 512);
	KUNIT_EXPECT_EQ(test, mr_next_batch(64, 512, 0), 128);
	KUNIT_EXPECT_EQ(test, mr_next_batch(64, 512, MR_BATCH_SLICE_NS + 1), 32);
	KUNIT_EXPECT_EQ(test, mr_next_batch(32, 512, MR_BATCH_SLICE_NS + 1), 32);
	KUNIT_EXPECT_EQ(test, mr_next_batch(64, 512, MR_BATCH_SLICE_NS / 2), 64);
	KUNIT_EXPECT_EQ(test, mr_reclaim_ask(512, 0), 0);
	KUNIT_EXPECT_EQ(test, mr_reclaim_ask(512, 1), 1);
	KUNIT_EXPECT_EQ(test, mr_reclaim_ask(512, 33), 2);
	KUNIT_EXPECT_EQ(test, mr_reclaim_ask(32, 1000), 1);
}

#define MS	((u64)NSEC_PER_MSEC)

static void wakes(struct kunit *test, const struct mr_schedule *s,
		  unsigned int interval_ms, u64 at_ms, enum mr_wake kind)
{
	enum mr_wake got;

	KUNIT_EXPECT_EQ(test, mr_next_wake(s, interval_ms, &got), at_ms * MS);
	KUNIT_EXPECT_EQ(test, got, kind);
}

/* Without removals: a pass each interval where there are groups, else rarely. */
static void wake_without_removals(struct kunit *test)
{
	struct mr_schedule s = {
		.pass_end_ns = 7000 * MS, .scan_end_ns = 9000 * MS,
	};

	wakes(test, &s, 5000, 69000, MR_WAKE_PASS);
	wakes(test, &s, 3600000, 3607000, MR_WAKE_PASS);
	s.known = true;
	wakes(test, &s, 5000, 12000, MR_WAKE_PASS);
	wakes(test, &s, 10, 7010, MR_WAKE_PASS);
}

/* A removal is looked at once it has settled: by a pass if one is due. */
static void wake_after_removal(struct kunit *test)
{
	struct mr_schedule s = {
		.pass_end_ns = 7000 * MS, .scan_end_ns = 9000 * MS,
		.event_ns = 11950 * MS,
	};

	wakes(test, &s, 5000, 12050, MR_WAKE_PASS);
	wakes(test, &s, 5050, 12050, MR_WAKE_PASS);
	wakes(test, &s, 5051, 12050, MR_WAKE_SCAN);
	/* Groups that are known do not wait for it. */
	s.known = true;
	wakes(test, &s, 5000, 12000, MR_WAKE_PASS);
	wakes(test, &s, 60000, 12050, MR_WAKE_SCAN);
}

/* Scans are a second apart, and take a hundredth of the time. */
static void scans_are_rare(struct kunit *test)
{
	struct mr_schedule s = {
		.pass_end_ns = 7000 * MS, .scan_end_ns = 9000 * MS,
		.event_ns = 9001 * MS,
	};

	wakes(test, &s, 60000, 10000, MR_WAKE_SCAN);
	KUNIT_EXPECT_FALSE(test, mr_scan_due(&s, 10000 * MS - 1));
	KUNIT_EXPECT_TRUE(test, mr_scan_due(&s, 10000 * MS));
	s.scan_ns = 50 * MS;
	wakes(test, &s, 60000, 14000, MR_WAKE_SCAN);
	KUNIT_EXPECT_FALSE(test, mr_scan_due(&s, 14000 * MS - 1));
	KUNIT_EXPECT_TRUE(test, mr_scan_due(&s, 14000 * MS));
}

/* Looks in an hour in which nothing happens, at any interval. */
static void an_idle_hour(struct kunit *test)
{
	static const unsigned int intervals[] = { 10, 5000, 59999, 61000, 3600000, 0 };
	const u64 hour = 3600 * 1000 * MS;
	enum mr_wake kind;
	int i;

	for (i = 0; intervals[i]; i++) {
		struct mr_schedule s = { 0 };
		unsigned int wakes = 0;
		u64 now = 0;

		while ((now = mr_next_wake(&s, intervals[i], &kind)) < hour) {
			wakes++;
			s.scan_end_ns = now + MS / 2;
			s.pass_end_ns = s.scan_end_ns;
		}
		KUNIT_EXPECT_LE(test, wakes, 60U);
		if (intervals[i] < 60000)
			KUNIT_EXPECT_GE(test, wakes, 59U);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(budget_small_batches),
	KUNIT_CASE(budget_one_percent),
	KUNIT_CASE(budget_half),
	KUNIT_CASE(budget_long_batches),
	KUNIT_CASE(budget_costly_wake_ups),
	KUNIT_CASE(budget_is_not_saved_up),
	KUNIT_CASE(budget_given_back),
	KUNIT_CASE(lag_while_it_frees),
	KUNIT_CASE(lag_in_vain),
	KUNIT_CASE(lag_on_a_slow_machine),
	KUNIT_CASE(lag_with_others),
	KUNIT_CASE(age),
	KUNIT_CASE(back_off),
	KUNIT_CASE(batches),
	KUNIT_CASE(wake_without_removals),
	KUNIT_CASE(wake_after_removal),
	KUNIT_CASE(scans_are_rare),
	KUNIT_CASE(an_idle_hour),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_policy",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
