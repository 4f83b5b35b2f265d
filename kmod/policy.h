/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When to work and how much: age, back-off, batch size, CPU budget.
 *
 * Pure arithmetic: no locks, no clocks, no kernel state. Every function takes
 * the time it needs to know as an argument, so that it can be tested alone.
 */
#ifndef MR_POLICY_H
#define MR_POLICY_H

#include <linux/types.h>

#define MR_LEVEL_MAX		10
#define MR_BACKOFF_MAX_MS	3600000U
#define MR_BATCH_MIN		32U
#define MR_BATCH_SLICE_NS	1000000ULL

bool mr_old_enough(u64 now_ns, u64 first_ns, unsigned int min_age_ms);
u64 mr_backoff_ms(unsigned int level, unsigned int interval_ms);
bool mr_retry_due(u64 now_ns, u64 tried_ns, unsigned int level,
		  unsigned int interval_ms);
unsigned int mr_next_level(unsigned int level, bool progress);
unsigned int mr_next_batch(unsigned int cur, unsigned int max, u64 took_ns);
unsigned long mr_reclaim_ask(unsigned long batch, unsigned long evictable);

#define MR_SLOT_NS		50000000ULL
#define MR_SLOTS		21

/**
 * struct mr_pacer - keeps a CPU budget in every window of a second
 * @stamp_ns: when it was last brought up to date
 * @used_ns: CPU time used until then
 * @credit_ns: CPU time that was earned and not used, at most a second's
 *	budget; negative: owed
 * @slot: number of the current slot, @stamp_ns / %MR_SLOT_NS
 * @slot_ns: CPU time used in each of the last slots
 * @batch_ns: what the longest batch of late took, less a 32nd for each slot since
 * @rest_ns: when the rest that was asked for last is over, 0: none
 *
 * Three rules. The slots of the last second, the current one and the one that
 * is only partly in it included, hold no more than a second's budget, less what one
 * more batch may take: it can't be interrupted. That is a tenth of the budget at
 * most, or little could be done in long ones. One slot holds no more than twice its
 * share, so that the budget is not used up in one go. What was taken too much all the
 * same is owed, not forgotten.
 *
 * And a fourth: after a rest there is one batch, whatever waking up has cost. Where
 * that is more than a rest earns, there would be none for ever else; it is owed, too.
 *
 * Locking: none; one user at a time.
 */
struct mr_pacer {
	u64 stamp_ns;
	u64 used_ns;
	s64 credit_ns;
	u64 slot;
	s64 slot_ns[MR_SLOTS];
	s64 batch_ns;
	u64 rest_ns;
};

void mr_pacer_init(struct mr_pacer *p, u64 now_ns, u64 used_ns);
u64 mr_pacer_charge(struct mr_pacer *p, u64 now_ns, u64 used_ns,
		    unsigned int percent);

#define MR_LAG_MAX		1024U
#define MR_LAG_PAUSE_MS		10U
#define MR_LAG_PAUSE_MAX_MS	160U
#define MR_LAG_PROGRESS		16
#define MR_LAG_PATIENCE		5U

/**
 * struct mr_lag - how far the kernel is behind with freeing what was emptied
 * @dying: removed groups in the kernel's count when it was read last
 * @nr: groups emptied, less those that it has freed since
 * @max: how many may be left to it
 * @pause_ms: how long to sleep next, ms
 * @vain: pauses in a row in which it freed next to none
 *
 * The kernel frees groups slower than a pass empties them, one after the other, and
 * each the slower, with interrupts off, the more there are: it walks those with
 * new statistics to find the group among them (cgroup_rstat_cpu_pop_updated() in
 * kernel/cgroup/rstat.c in 5.10 and 6.1, cgroup_rstat_updated_list() in 6.12), and
 * reclaim walks those that it has seen to put one behind them (lru_gen_rotate_memcg()
 * in mm/vmscan.c, 6.12). So %MR_LAG_MAX are left to it at a time; and twice as many as
 * it could not free, since these have other holders.
 *
 * Locking: none; one user at a time.
 */
struct mr_lag {
	int dying;
	unsigned int nr;
	unsigned int max;
	unsigned int pause_ms;
	unsigned int vain;
};

void mr_lag_init(struct mr_lag *l, int dying);
void mr_lag_emptied(struct mr_lag *l);
bool mr_lag_due(const struct mr_lag *l);
unsigned int mr_lag_wait(struct mr_lag *l, int dying);

#define MR_SETTLE_MS	100ULL
#define MR_NOTICE_MS	1000ULL
#define MR_IDLE_MS	60000ULL

enum mr_wake {
	MR_WAKE_PASS,
	MR_WAKE_SCAN,
};

/**
 * struct mr_schedule - what decides when to look again
 * @pass_end_ns: when the last pass ended, monotonic
 * @scan_end_ns: when the last scan or pass ended, monotonic
 * @scan_ns: CPU time that the last scan took
 * @event_ns: when a group was removed since the last scan began; 0: none was
 * @known: there are offline groups, or signs of some
 */
struct mr_schedule {
	u64 pass_end_ns;
	u64 scan_end_ns;
	u64 scan_ns;
	u64 event_ns;
	bool known;
};

bool mr_scan_due(const struct mr_schedule *s, u64 now_ns);
u64 mr_next_wake(const struct mr_schedule *s, unsigned int interval_ms,
		 enum mr_wake *kind);

#endif /* MR_POLICY_H */
