// SPDX-License-Identifier: GPL-2.0
/*
 * Have the CPUs put the folios of their LRU batches onto the lists.
 *
 * A folio in a batch holds its group, and is on no list yet. An idle CPU keeps
 * its batches for as long as it likes, and so it does the buffers that it used last,
 * whose pages can't be evicted. lru_add_drain_all() is not exported.
 */
#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/sched/isolation.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pcp.h"

/* When all was drained last, jiffies; under mr_work_lock. */
static unsigned long all_drained = INITIAL_JIFFIES;

/* A CPU that hasn't got to it by then is busy with something more urgent. */
#define PATIENCE (HZ / 2)

static struct workqueue_struct *wq;
static DEFINE_PER_CPU(struct work_struct, drain_work);
/* Items that are still to run, and one while they are queued. */
static atomic_t pending = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(done);

static void one_done(void)
{
	if (atomic_dec_and_test(&pending))
		wake_up(&done);
}

static void drain_here(struct work_struct *work)
{
	mr_lru_add_drain();
	one_done();
}

/**
 * mr_pcp_init() - prepare
 *
 * Return: 0 or -ENOMEM.
 */
int mr_pcp_init(void)
{
	wq = alloc_workqueue("memcg_reaper", 0, 0);
	return wq ? 0 : -ENOMEM;
}

/**
 * mr_pcp_exit() - the opposite of mr_pcp_init()
 *
 * Waits for what is still queued.
 */
void mr_pcp_exit(void)
{
	destroy_workqueue(wq);
}

/**
 * mr_pcp_drain() - drain the LRU batches of all CPUs
 *
 * Isolated CPUs are left in peace: what they have comes when they get to it.
 * The same for a CPU that does not answer, and then for all as long as it does
 * not: items are reused once the last of them has run.
 *
 * Context: process context, sleeps; one caller at a time (mr_work_lock).
 */
void mr_pcp_drain(void)
{
	int cpu;

	if (atomic_read(&pending))
		return;
	atomic_set(&pending, 1);
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct work_struct *work = per_cpu_ptr(&drain_work, cpu);

		if (!housekeeping_test_cpu(cpu, MR_HK_DOMAIN) ||
		    !housekeeping_test_cpu(cpu, MR_HK_TICK))
			continue;
		INIT_WORK(work, drain_here);
		atomic_inc(&pending);
		queue_work_on(cpu, wq, work);
	}
	cpus_read_unlock();
	one_done();
	wait_event_idle_timeout(done, !atomic_read(&pending), PATIENCE);
}

/**
 * mr_pcp_drain_all() - what lru_add_drain_all() does
 *
 * Drains LRU batches, and the buffers that each CPU used last, which on ext4 are
 * those of metadata.
 *
 * Context: as mr_pcp_drain(); under mr_work_lock.
 */
void mr_pcp_drain_all(void)
{
	mr_pcp_drain();
	mr_bh_lrus_drain();
	all_drained = jiffies;
}

/**
 * mr_pcp_may_drain_all() - mr_pcp_drain_all(), but not more than once in a second
 *
 * Few groups are held by just that, and it costs all CPUs something.
 *
 * Context: as mr_pcp_drain_all().
 *
 * Return: whether it was done.
 */
bool mr_pcp_may_drain_all(void)
{
	if (!time_after(jiffies, all_drained + HZ))
		return false;
	mr_pcp_drain_all();
	return true;
}
