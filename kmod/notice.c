// SPDX-License-Identifier: GPL-2.0
/*
 * Notice that a group was removed: a probe on the tracepoint cgroup_rmdir,
 * found by name through for_each_kernel_tracepoint().
 *
 * The kernel calls the probe at the end of cgroup_rmdir() (kernel/cgroup/
 * cgroup.c, 6.1 and 6.12) with cgroup_mutex and a spinlock held, interrupts
 * off, before css_offline() has run. So the event says "soon", not "now", and
 * the probe does no more than note the time of the first one and, for that one
 * only, queue an irq_work: waking a thread takes locks that must not nest in
 * there, and that sleep on PREEMPT_RT.
 *
 * What it costs others: with a probe attached, the kernel computes the path of
 * the group at each rmdir, under a microsecond.
 */
#include <linux/atomic.h>
#include <linux/cgroup.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include <trace/events/cgroup.h>

#include "notice.h"

static struct tracepoint *rmdir_tp;
static void (*wake_fn)(void);
/* Time of the first removal since mr_notice_clear(), 0: none. */
static atomic64_t first_ns;

static void ring(struct irq_work *work)
{
	wake_fn();
}

static DEFINE_IRQ_WORK(rmdir_work, ring);

static void probe_rmdir(void *data, struct cgroup *cgrp, const char *path)
{
	/* Another hierarchy, or no memory controller there. */
	if (!rcu_access_pointer(cgrp->subsys[memory_cgrp_id]))
		return;
	if (!atomic64_read(&first_ns) &&
	    !atomic64_cmpxchg(&first_ns, 0, ktime_get_ns()))
		irq_work_queue(&rmdir_work);
}

static void find_rmdir(struct tracepoint *tp, void *priv)
{
	struct tracepoint **found = priv;

	if (!strcmp(tp->name, "cgroup_rmdir"))
		*found = tp;
}

/**
 * mr_notice_start() - start to watch
 * @wake: called for the first removal after a mr_notice_clear(); from
 *	interrupt context, must not sleep
 *
 * Context: process context, sleeps.
 *
 * Return: 0, -ENOENT where the kernel has no such tracepoint, or what
 * tracepoint_probe_register() returns.
 */
int mr_notice_start(void (*wake)(void))
{
	struct tracepoint *tp = NULL;
	int ret;

	/* Does not build where the arguments of the tracepoint differ. */
	check_trace_callback_type_cgroup_rmdir(probe_rmdir);

	for_each_kernel_tracepoint(find_rmdir, &tp);
	if (!tp)
		return -ENOENT;
	wake_fn = wake;
	ret = tracepoint_probe_register(tp, probe_rmdir, NULL);
	if (!ret)
		rmdir_tp = tp;
	return ret;
}

/**
 * mr_notice_stop() - stop to watch
 *
 * Context: process context, sleeps until no probe runs and no wake-up is
 * pending. May be called without mr_notice_start().
 */
void mr_notice_stop(void)
{
	if (!rmdir_tp)
		return;
	tracepoint_probe_unregister(rmdir_tp, probe_rmdir, NULL);
	tracepoint_synchronize_unregister();
	irq_work_sync(&rmdir_work);
	rmdir_tp = NULL;
}

/**
 * mr_notice_peek() - whether a group was removed
 *
 * Return: when, monotonic ns; 0: none since mr_notice_clear().
 */
u64 mr_notice_peek(void)
{
	return atomic64_read(&first_ns);
}

/**
 * mr_notice_clear() - forget removals; call before a scan begins
 */
void mr_notice_clear(void)
{
	atomic64_set(&first_ns, 0);
}
