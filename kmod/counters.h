/* SPDX-License-Identifier: GPL-2.0 */
/* The counters and histograms. */
#ifndef MR_COUNTERS_H
#define MR_COUNTERS_H

#include <linux/compiler.h>

#include "hist.h"

/*
 * What sysfs and debugfs show.
 *
 * @offline_groups, @offline_bytes, @stuck_groups: as of the last full scan.
 * The rest only grows; see Documentation/ABI. @batch_ns, @lru_lock_ns and
 * @group_ns: how long one batch, one hold of an lru_lock and one group took.
 *
 * Locking: written under the work lock, @cpu_ns by the thread alone; read
 * number by number with READ_ONCE(). 64-bit kernels read them whole.
 */
struct mr_counters {
	u64 offline_groups;
	u64 offline_bytes;
	u64 stuck_groups;
	u64 passes;
	u64 freed_groups;
	u64 evicted_bytes;
	u64 reparented_bytes;
	u64 recharged_bytes;
	u64 cpu_ns;
	u64 switched_inodes;

	struct mr_hist batch_ns;
	struct mr_hist lru_lock_ns;
	struct mr_hist group_ns;
};

extern struct mr_counters mr_counters;

static inline void mr_count(u64 *counter, u64 n)
{
	WRITE_ONCE(*counter, *counter + n);
}

#endif /* MR_COUNTERS_H */
