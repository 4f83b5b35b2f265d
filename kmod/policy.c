// SPDX-License-Identifier: GPL-2.0
/*
 * When to work and how much: age, back-off, batch size, CPU budget.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "policy.h"

/**
 * mr_old_enough() - whether a group has been offline for long enough
 * @now_ns: monotonic time
 * @first_ns: when the group was first seen offline, same clock
 * @min_age_ms: how long it is left alone, ms
 *
 * Return: true if @min_age_ms have passed.
 */
bool mr_old_enough(u64 now_ns, u64 first_ns, unsigned int min_age_ms)
{
	return now_ns - first_ns >= (u64)min_age_ms * NSEC_PER_MSEC;
}

/**
 * mr_backoff_ms() - how long a group rests after attempts that took nothing
 * @level: fruitless attempts in a row, 0 to %MR_LEVEL_MAX
 * @interval_ms: the pause between passes, ms
 *
 * Doubles with each level. Computed when asked, so that a new interval counts
 * at once for groups that already rest.
 *
 * Return: ms, 0 for level 0, at most %MR_BACKOFF_MAX_MS.
 */
u64 mr_backoff_ms(unsigned int level, unsigned int interval_ms)
{
	if (!level)
		return 0;
	level = min_t(unsigned int, level, MR_LEVEL_MAX);
	return min_t(u64, (u64)interval_ms << level, MR_BACKOFF_MAX_MS);
}

/**
 * mr_retry_due() - whether a group may be tried again
 * @now_ns: monotonic time
 * @tried_ns: when the last attempt ended, 0: never tried
 * @level: fruitless attempts in a row
 * @interval_ms: the pause between passes, ms
 *
 * Return: true if the back-off is over.
 */
bool mr_retry_due(u64 now_ns, u64 tried_ns, unsigned int level,
		  unsigned int interval_ms)
{
	if (!tried_ns || !level)
		return true;
	return now_ns - tried_ns >=
	       mr_backoff_ms(level, interval_ms) * NSEC_PER_MSEC;
}

/**
 * mr_next_level() - the back-off level after an attempt
 * @level: the level before
 * @progress: whether the attempt took anything
 *
 * Return: 0 after progress, else one more, at most %MR_LEVEL_MAX.
 */
unsigned int mr_next_level(unsigned int level, bool progress)
{
	if (progress)
		return 0;
	return min_t(unsigned int, level + 1, MR_LEVEL_MAX);
}

/**
 * mr_next_batch() - size of the next batch
 * @cur: size of the last one, pages
 * @max: the tunable batch_pages, pages, at least %MR_BATCH_MIN
 * @took_ns: how long the last one took
 *
 * A batch can't be interrupted, so it has to stay well below the budget of a
 * second on slow machines too: halved when it took more than
 * %MR_BATCH_SLICE_NS, doubled when it took less than a quarter of that.
 *
 * Return: pages, %MR_BATCH_MIN to @max.
 */
unsigned int mr_next_batch(unsigned int cur, unsigned int max, u64 took_ns)
{
	if (took_ns > MR_BATCH_SLICE_NS)
		cur /= 2;
	else if (took_ns < MR_BATCH_SLICE_NS / 4)
		cur *= 2;
	return clamp(cur, MR_BATCH_MIN, max);
}

/**
 * mr_reclaim_ask() - how many pages to ask the kernel's reclaim for
 * @batch: the most that may be handled, pages, at least %MR_BATCH_MIN
 * @evictable: what the group's LRU lists hold, pages
 *
 * Reclaim takes at least 32 pages (SWAP_CLUSTER_MAX) whatever it was asked
 * for, and tries 17 times before it gives up on a request it can't fill.
 * Asking for 31 less than is there gets the same pages, and spares those
 * attempts where a few pages are pinned.
 *
 * Return: pages, at least 1 where @evictable is not 0.
 */
unsigned long mr_reclaim_ask(unsigned long batch, unsigned long evictable)
{
	unsigned long n = min(batch, evictable);

	if (!n)
		return 0;
	return n >= MR_BATCH_MIN ? n - (MR_BATCH_MIN - 1) : 1;
}

/**
 * mr_pacer_init() - start with nothing used and nothing earned
 * @p: the pacer
 * @now_ns: monotonic time
 * @used_ns: CPU time used so far
 */
void mr_pacer_init(struct mr_pacer *p, u64 now_ns, u64 used_ns)
{
	*p = (struct mr_pacer){
		.stamp_ns = now_ns,
		.used_ns = used_ns,
		.slot = div_u64(now_ns, MR_SLOT_NS),
	};
}

/* Forget the slots that are over, and bring the pacer up to date. */
static void pacer_advance(struct mr_pacer *p, u64 now_ns, u64 used_ns,
			  s64 budget)
{
	u64 slot = div_u64(now_ns, MR_SLOT_NS), passed;
	s64 used = used_ns - p->used_ns;

	if (slot - p->slot >= MR_SLOTS)
		p->slot = slot - MR_SLOTS;
	while (p->slot < slot) {
		p->slot++;
		p->slot_ns[p->slot % MR_SLOTS] = 0;
		p->batch_ns -= p->batch_ns / 32;
	}
	p->slot_ns[slot % MR_SLOTS] += used;
	p->batch_ns = max(p->batch_ns, used);

	/* An hour pays off any debt; more could overflow the product. */
	passed = min_t(u64, now_ns - p->stamp_ns, 3600 * (u64)NSEC_PER_SEC);
	p->credit_ns += div_s64((s64)passed * (budget / 1000), 1000000) - used;
	p->credit_ns = min(p->credit_ns, budget);
	p->stamp_ns = now_ns;
	p->used_ns = used_ns;
}

/* When the slots of the last second hold less than @budget again. */
static u64 pacer_window_free(const struct mr_pacer *p, s64 budget)
{
	s64 sum = 0;
	u64 i;

	for (i = 0; i < MR_SLOTS; i++)
		sum += p->slot_ns[i];
	/* From the oldest slot to the current one. */
	for (i = p->slot + 1; sum >= budget && i <= p->slot + MR_SLOTS; i++)
		sum -= p->slot_ns[i % MR_SLOTS];
	return (i - 1) * MR_SLOT_NS;
}

/**
 * mr_pacer_charge() - take CPU time off the budget
 * @p: the pacer
 * @now_ns: monotonic time, not before the last call's
 * @used_ns: CPU time used so far; less than in the last call gives the
 *	difference back, so the caller may charge an estimate first
 * @percent: the budget, percent of one CPU, 1 to 100
 *
 * Return: ns to sleep before going on, 0: go on.
 */
u64 mr_pacer_charge(struct mr_pacer *p, u64 now_ns, u64 used_ns,
		    unsigned int percent)
{
	s64 budget = (s64)percent * (NSEC_PER_SEC / 100);
	bool rested = p->rest_ns && now_ns >= p->rest_ns;
	u64 until;

	pacer_advance(p, now_ns, used_ns, budget);
	p->rest_ns = 0;
	if (percent >= 100 || rested)
		return 0;

	until = pacer_window_free(p, budget - min(p->batch_ns, budget / 10));
	if (p->slot_ns[p->slot % MR_SLOTS] >= budget / 10)
		until = max(until, (p->slot + 1) * MR_SLOT_NS);
	if (p->credit_ns < 0)
		until = max(until, now_ns + div_u64((u64)-p->credit_ns * 100,
						    percent));
	if (until <= now_ns)
		return 0;
	p->rest_ns = until;
	return until - now_ns;
}

/**
 * mr_lag_init() - start with nothing to wait for
 * @l: the lag
 * @dying: removed groups in the kernel's count
 */
void mr_lag_init(struct mr_lag *l, int dying)
{
	*l = (struct mr_lag){
		.dying = dying,
		.max = MR_LAG_MAX,
		.pause_ms = MR_LAG_PAUSE_MS,
	};
}

/**
 * mr_lag_emptied() - one group more is the kernel's to free
 * @l: the lag
 */
void mr_lag_emptied(struct mr_lag *l)
{
	l->nr++;
}

/**
 * mr_lag_due() - whether it is time to see how far the kernel is
 * @l: the lag
 *
 * Return: true if so, until mr_lag_wait() says to go on.
 */
bool mr_lag_due(const struct mr_lag *l)
{
	return l->nr >= l->max;
}

/**
 * mr_lag_wait() - whether the kernel is to be waited for
 * @l: the lag
 * @dying: removed groups in the kernel's count
 *
 * Until it has no more than half of what may be left to it, or has freed fewer than
 * %MR_LAG_PROGRESS in each of %MR_LAG_PATIENCE pauses: they have other holders, or
 * others remove as many.
 *
 * Return: ms to sleep before it is asked again, up to %MR_LAG_PAUSE_MAX_MS, 0: go on.
 */
unsigned int mr_lag_wait(struct mr_lag *l, int dying)
{
	int freed = l->dying - dying;
	unsigned int ms = l->pause_ms;

	l->dying = dying;
	if (freed > 0)
		l->nr -= min_t(unsigned int, l->nr, freed);
	l->vain = freed >= MR_LAG_PROGRESS ? 0 : l->vain + 1;
	if (l->nr > l->max / 2 && l->vain <= MR_LAG_PATIENCE) {
		l->pause_ms = min(2 * ms, MR_LAG_PAUSE_MAX_MS);
		return ms;
	}
	l->max = max(MR_LAG_MAX, 2 * l->nr);
	l->pause_ms = MR_LAG_PAUSE_MS;
	l->vain = 0;
	return 0;
}

/* Scans take no more than one percent of the time. */
static u64 scan_gap(const struct mr_schedule *s)
{
	return max_t(u64, MR_NOTICE_MS * NSEC_PER_MSEC, s->scan_ns * 100);
}

/**
 * mr_scan_due() - whether a long pass should look around
 * @s: what is known
 * @now_ns: monotonic time
 *
 * Return: true if the last scan is old enough.
 */
bool mr_scan_due(const struct mr_schedule *s, u64 now_ns)
{
	return now_ns >= s->scan_end_ns + scan_gap(s);
}

/**
 * mr_next_wake() - when to look again, and how closely
 * @s: what is known
 * @interval_ms: the tunable scan_interval_ms
 * @kind: result, what is to be done then
 *
 * Passes come @interval_ms apart while there are offline groups. A removed
 * group is noticed after %MR_SETTLE_MS, when the kernel has had time to take
 * it offline: by a pass if one is due by then, else by a scan that only notes
 * when the group was first seen, so that its age counts from then however
 * long the interval is. Scans come at least %MR_NOTICE_MS apart, and take no
 * more than one percent of the time. Without offline groups and without
 * removals there is one look in %MR_IDLE_MS.
 *
 * Return: monotonic ns.
 */
u64 mr_next_wake(const struct mr_schedule *s, unsigned int interval_ms,
		 enum mr_wake *kind)
{
	u64 pass, scan, settled;

	pass = s->pass_end_ns + (u64)interval_ms * NSEC_PER_MSEC;
	*kind = MR_WAKE_PASS;
	if (!s->event_ns) {
		if (s->known)
			return pass;
		return max(pass, s->scan_end_ns + MR_IDLE_MS * NSEC_PER_MSEC);
	}

	settled = s->event_ns + MR_SETTLE_MS * NSEC_PER_MSEC;
	scan = max(settled, s->scan_end_ns + scan_gap(s));
	if (!s->known)
		pass = max(pass, settled);
	if (scan < pass) {
		*kind = MR_WAKE_SCAN;
		return scan;
	}
	return pass;
}
