// SPDX-License-Identifier: GPL-2.0
/*
 * The thread kmemcg_reaperd, and reaping on demand in the writer's context.
 *
 * Both run the same pass under the work lock. The thread holds it only while
 * it works, never while it sleeps off its CPU budget or is frozen, so that
 * whoever writes to `reap` gets in between two batches.
 */
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/ioprio.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/wait.h>

#include "config.h"
#include "counters.h"
#include "daemon.h"
#include "evict.h"
#include "notice.h"
#include "pass.h"
#include "policy.h"

/*
 * A removed group goes offline when RCU and a workqueue get to it. As long as
 * the kernel counts dying groups, this many looks may find none before the
 * thread believes that another controller holds them.
 */
#define DOUBT 10

/*
 * Ends repetitions inside reclaim: short for the budget of a second, long
 * beside one attempt at a small group.
 */
#define CUT_US 200

/* When a batch is worth a word that keeps unloading waiting. */
#define PATIENCE (5 * HZ)

/*
 * Everything the thread and the writers of `reap` share.
 *
 * @root: root group of the memory controller; lives as long as the kernel
 * @task: the thread, with a reference until mr_daemon_stop()
 * @pass: the thread's own
 * @scan: the thread's own, for scans, also in the middle of a pass
 * @worker: who holds the work lock
 * @worker_lock: for @worker, which is valid as long as it is held
 * @wq: where the thread waits: woken by settings, removals, the end of a
 *	`reap` and unload
 * @unloading: set once, never cleared; every pass ends at its next batch
 */
static struct {
	struct cgroup_subsys_state *root;
	struct task_struct *task;
	struct mr_pass *pass;
	struct mr_pass *scan;
	struct task_struct *worker;
	spinlock_t worker_lock; /* for @worker */
	wait_queue_head_t wq;
	bool unloading;
} daemon = {
	.worker_lock = __SPIN_LOCK_UNLOCKED(daemon.worker_lock),
	.wq = __WAIT_QUEUE_HEAD_INITIALIZER(daemon.wq),
};

/*
 * The thread's private state.
 *
 * CPU time is known when the thread has been off its CPU, and estimated by the
 * clock on the wall from when it notices.
 */
static struct {
	struct mr_pacer pacer;
	struct mr_schedule schedule;
	u64 slice_start_ns;
	u64 slice_base_ns;
	/* Times that it has been off its CPU, at the start of the slice. */
	unsigned long slice_switches;
	/* Looks that a removal is still good for, if they find nothing. */
	unsigned int doubt;
} own;

static bool unloading(void)
{
	return READ_ONCE(daemon.unloading);
}

static bool enabled(void)
{
	return READ_ONCE(mr_config.reap_background);
}

static void set_worker(struct task_struct *task)
{
	spin_lock(&daemon.worker_lock);
	daemon.worker = task;
	spin_unlock(&daemon.worker_lock);
}

static void work_unlock(void)
{
	set_worker(NULL);
	mutex_unlock(&mr_work_lock);
	/* The thread waits for the lock on this queue, see work_lock(). */
	wake_up(&daemon.wq);
}

/*
 * CPU time of this thread, as the scheduler brought it up to date when it took the
 * thread off its CPU (update_curr() in kernel/sched/fair.c), or at a tick since.
 */
static u64 cpu_time(void)
{
	return current->se.sum_exec_runtime;
}

static unsigned long switches(void)
{
	return current->nvcsw + current->nivcsw;
}

static void slice_begin(void)
{
	own.slice_start_ns = ktime_get_ns();
	own.slice_base_ns = cpu_time();
	own.slice_switches = switches();
	WRITE_ONCE(mr_counters.cpu_ns, own.slice_base_ns);
}

/*
 * CPU time used so far, with the current slice estimated. A slice in which the thread
 * was off its CPU ends here: it slept inside a batch, or others had the CPU, which on a
 * busy machine is most of the time. What it ran since it came back is known later.
 */
static u64 cpu_estimate(void)
{
	if (switches() != own.slice_switches)
		slice_begin();
	return own.slice_base_ns + (ktime_get_ns() - own.slice_start_ns);
}

static u64 charge(void)
{
	return mr_pacer_charge(&own.pacer, ktime_get_ns(), cpu_estimate(),
			       READ_ONCE(mr_config.cpu_percent));
}

/*
 * Sleep without the work lock until @until_ns, or until a setting changes or
 * the module goes. Settings that change what is waited for are seen by the
 * caller, which computes @until_ns anew.
 */
static void sleep_until(u64 until_ns, unsigned int generation, bool on_event)
{
	u64 now = ktime_get_ns();
	unsigned long timeout;

	if (until_ns <= now)
		return;
	timeout = until_ns == U64_MAX ? MAX_SCHEDULE_TIMEOUT :
		  nsecs_to_jiffies(until_ns - now) + 1;
	wait_event_freezable_timeout(daemon.wq, unloading() ||
				     mr_config_generation() != generation ||
				     (on_event && mr_notice_peek()), timeout);
	try_to_freeze();
	slice_begin();
}

/*
 * Take the work lock, without ever waiting for it uninterruptibly: a `reap`
 * may hold it for long, and the thread must stay freezable meanwhile.
 */
static void work_lock(void)
{
	while (!mutex_trylock(&mr_work_lock)) {
		wait_event_freezable_timeout(daemon.wq, unloading() ||
					     !mutex_is_locked(&mr_work_lock),
					     HZ);
		if (unloading()) {
			/* `reap` ends at its next batch. */
			mutex_lock(&mr_work_lock);
			break;
		}
	}
	set_worker(current);
	slice_begin();
}

/*
 * Keep to the budget, and wait until @until_ns. Drops the work lock while it
 * sleeps. Returns -EINTR if the thread is not to go on.
 */
static int relax_until(u64 until_ns)
{
	unsigned int generation;
	u64 nap;

	cond_resched();
	while (!unloading() && enabled()) {
		nap = charge();
		if (nap)
			until_ns = max(until_ns, ktime_get_ns() + nap);
		if (!freezing(current) && ktime_get_ns() >= until_ns)
			return 0;
		generation = mr_config_generation();
		work_unlock();
		try_to_freeze();
		sleep_until(until_ns, generation, false);
		until_ns = 0;
		work_lock();
	}
	return -EINTR;
}

static int scan_relax(void)
{
	return relax_until(0);
}

static const struct mr_pass_ops scan_ops = {
	.relax = scan_relax,
};

/* Note what is offline and what is gone, with the work lock held. */
static int scan(void)
{
	struct mr_schedule *s = &own.schedule;
	u64 start = cpu_estimate();
	int ret;

	ret = mr_pass_scan(daemon.scan);
	s->scan_end_ns = ktime_get_ns();
	s->scan_ns = max_t(s64, cpu_estimate() - start, 0);
	return ret;
}

static int daemon_relax(void)
{
	int ret = relax_until(0);

	/* A pass can be long: keep ages and gauges fresh. */
	if (!ret && mr_scan_due(&own.schedule, ktime_get_ns()))
		ret = scan();
	return ret;
}

static int daemon_pause(unsigned int ms)
{
	return relax_until(ktime_get_ns() + (u64)ms * NSEC_PER_MSEC);
}

static bool daemon_stop(void)
{
	return unloading() || !enabled();
}

static const struct mr_pass_ops daemon_ops = {
	.relax = daemon_relax,
	.pause = daemon_pause,
	.stop = daemon_stop,
	.cut_us = CUT_US,
};

/* Whether a scan could find anything that the last one did not. */
static bool worth_a_scan(void)
{
	int dying = mr_nr_dying(daemon.root);

	/*
	 * A css killed by subtree_control is in no count before 6.12; looking
	 * once in MR_IDLE_MS finds it.
	 */
	if (!dying && MR_NR_DYING_COUNTS_CSS)
		return mr_counters.offline_groups;
	return true;
}

static void look(enum mr_wake kind)
{
	struct mr_schedule *s = &own.schedule;
	int ret = 0;

	if (s->event_ns)
		own.doubt = DOUBT;
	s->event_ns = 0;
	mr_notice_clear();
	if (worth_a_scan()) {
		work_lock();
		/* A pass looks at all groups itself. */
		if (kind == MR_WAKE_PASS)
			s->scan_end_ns = ktime_get_ns();
		daemon.pass->seen = 0;
		daemon.scan->seen = 0;
		if (kind == MR_WAKE_PASS)
			ret = mr_pass_run(daemon.pass);
		if (kind == MR_WAKE_SCAN || (!ret && !daemon.pass->published))
			ret = scan();
		/* One that has ended early knows nothing of the rest. */
		s->known = ret || daemon.pass->seen || daemon.scan->seen;
		work_unlock();
		if (!s->known && own.doubt && mr_nr_dying(daemon.root)) {
			own.doubt--;
			s->known = true;
		}
	} else {
		s->known = false;
	}
	s->scan_end_ns = ktime_get_ns();
	if (kind == MR_WAKE_PASS)
		s->pass_end_ns = s->scan_end_ns;
}

static int daemon_fn(void *unused)
{
	struct mr_schedule *s = &own.schedule;
	unsigned int generation;
	enum mr_wake kind;
	u64 at;

	set_user_nice(current, MAX_NICE);
	set_task_ioprio(current, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	set_freezable();

	slice_begin();
	mr_pacer_init(&own.pacer, own.slice_start_ns, own.slice_base_ns);
	/* What is there at load is noticed at once. */
	s->event_ns = own.slice_start_ns;

	while (!unloading()) {
		generation = mr_config_generation();
		if (!enabled()) {
			sleep_until(U64_MAX, generation, false);
			continue;
		}
		if (!s->event_ns)
			s->event_ns = mr_notice_peek();
		at = mr_next_wake(s, READ_ONCE(mr_config.scan_interval_ms),
				  &kind);
		if (at > ktime_get_ns()) {
			sleep_until(at, generation, !s->event_ns);
			continue;
		}
		look(kind);
	}

	/* kthread_stop() waits for us; nothing to do but to be there. */
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
		clear_notify_signal();
	}
	return 0;
}

static bool reap_stop(void)
{
	return signal_pending(current) || unloading();
}

static int reap_relax(void)
{
	cond_resched();
	return reap_stop() ? -EINTR : 0;
}

static int reap_pause(unsigned int ms)
{
	schedule_timeout_interruptible(msecs_to_jiffies(ms));
	return reap_relax();
}

static const struct mr_pass_ops reap_ops = {
	.relax = reap_relax,
	.pause = reap_pause,
	.stop = reap_stop,
	.everything = true,
};

/**
 * mr_reap_now() - one full pass in the caller's context
 *
 * No budget, no age limit, no back-off. Passes wait for each other.
 *
 * Context: process context, interruptible, sleeps.
 *
 * Return: 0; -EAGAIN if groups remain that hold what the method could take
 * but could not now; -EINTR after a signal, or when the module is unloaded;
 * -ENOMEM.
 */
int mr_reap_now(void)
{
	struct mr_pass *p = mr_pass_alloc(daemon.root, &reap_ops);
	int ret;

	if (!p)
		return -ENOMEM;
	ret = mutex_lock_interruptible(&mr_work_lock);
	if (!ret) {
		set_worker(current);
		ret = unloading() ? -EINTR : mr_pass_run(p);
		if (!ret && p->busy)
			ret = -EAGAIN;
		work_unlock();
	}
	mr_pass_free(p);
	return ret;
}

/**
 * mr_daemon_wake() - have the thread look at its settings and events
 *
 * Context: any.
 */
void mr_daemon_wake(void)
{
	wake_up(&daemon.wq);
}

/**
 * mr_daemon_create() - make the thread, without starting it
 * @root: the root group of the memory controller
 *
 * Return: 0, -ENOMEM, or what kthread_create() returns.
 */
int mr_daemon_create(struct cgroup_subsys_state *root)
{
	struct task_struct *task;
	int ret;

	daemon.root = root;
	daemon.pass = mr_pass_alloc(root, &daemon_ops);
	daemon.scan = mr_pass_alloc(root, &scan_ops);
	if (!daemon.pass || !daemon.scan) {
		ret = -ENOMEM;
		goto err;
	}
	task = kthread_create(daemon_fn, NULL, "kmemcg_reaperd");
	if (IS_ERR(task)) {
		ret = PTR_ERR(task);
		goto err;
	}
	daemon.task = get_task_struct(task);
	return 0;

err:
	mr_pass_free(daemon.scan);
	mr_pass_free(daemon.pass);
	return ret;
}

/**
 * mr_daemon_start() - let the thread run
 */
void mr_daemon_start(void)
{
	wake_up_process(daemon.task);
}

/*
 * A batch that waits for a disk can't be ended, and all that unloading does next
 * waits for it. Say so, once.
 */
static void wait_for_worker(void)
{
	struct task_struct *task;

	if (wait_event_timeout(daemon.wq, !READ_ONCE(daemon.worker), PATIENCE))
		return;
	spin_lock(&daemon.worker_lock);
	task = daemon.worker;
	if (task)
		pr_notice("unloading waits for %s[%d], which waits for I/O most likely: see /proc/%d/stack, and the group that is \"working\" in debugfs\n",
			  task->comm, task_pid_nr(task), task_pid_nr(task));
	spin_unlock(&daemon.worker_lock);
}

/**
 * mr_daemon_shutdown() - end all passes at their next batch, for good
 *
 * To be called before the interface is removed, which waits for writers.
 *
 * The cut ends what reclaim would repeat. It comes after @unloading is set, and
 * the thread looks at that after it has cleared cuts of its own timer and
 * before it begins another batch.
 */
void mr_daemon_shutdown(void)
{
	WRITE_ONCE(daemon.unloading, true);
	/* Nobody waits for a nice task on a busy machine. */
	set_user_nice(daemon.task, 0);
	spin_lock(&daemon.worker_lock);
	if (daemon.worker)
		mr_cut(daemon.worker);
	spin_unlock(&daemon.worker_lock);
	wake_up(&daemon.wq);
	wait_for_worker();
}

/**
 * mr_daemon_stop() - stop the thread and free what it had
 *
 * Context: process context; mr_daemon_shutdown() was called, and nothing else
 * uses the daemon any more. Waits for the batch under way.
 */
void mr_daemon_stop(void)
{
	kthread_stop(daemon.task);
	put_task_struct(daemon.task);
	mr_pass_free(daemon.scan);
	mr_pass_free(daemon.pass);
}
