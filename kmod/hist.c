// SPDX-License-Identifier: GPL-2.0
/*
 * Histogram of durations, one bucket for each power of two.
 */
#include <linux/compiler.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "hist.h"

/**
 * mr_hist_bucket() - the bucket of a duration
 * @ns: the duration
 *
 * Return: 0 to %MR_HIST_BUCKETS - 1.
 */
unsigned int mr_hist_bucket(u64 ns)
{
	if (ns < 2)
		return 0;
	return min_t(unsigned int, ilog2(ns), MR_HIST_BUCKETS - 1);
}

/**
 * mr_hist_add() - count one duration
 * @h: the histogram
 * @ns: the duration
 *
 * Context: the caller is the only writer.
 */
void mr_hist_add(struct mr_hist *h, u64 ns)
{
	unsigned int i = mr_hist_bucket(ns);

	WRITE_ONCE(h->count[i], h->count[i] + 1);
	if (ns > h->max_ns)
		WRITE_ONCE(h->max_ns, ns);
}
