/* SPDX-License-Identifier: GPL-2.0 */
/* Histogram of durations, one bucket for each power of two. */
#ifndef MR_HIST_H
#define MR_HIST_H

#include <linux/types.h>

#define MR_HIST_BUCKETS 40

/**
 * struct mr_hist - log2 histogram of ns
 * @count: count[i]: how many took from 2^i up to 2^(i+1)-1 ns; the last bucket
 *	takes what is longer, the first one 0 and 1
 * @max_ns: the longest
 *
 * Locking: writers hold the work lock; readers take each number by itself.
 */
struct mr_hist {
	u64 count[MR_HIST_BUCKETS];
	u64 max_ns;
};

unsigned int mr_hist_bucket(u64 ns);
void mr_hist_add(struct mr_hist *h, u64 ns);

#endif /* MR_HIST_H */
