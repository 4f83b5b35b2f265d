// SPDX-License-Identifier: GPL-2.0
/*
 * Evict: have the kernel reclaim what an offline group's LRU lists hold.
 */
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>

#include "cgfile.h"
#include "evict.h"
#include "lru.h"

/**
 * mr_evictable() - how much of a group eviction may be able to take
 * @size: what its LRU lists hold
 * @swap: whether anonymous and shmem pages may be swapped out
 *
 * Return: pages.
 */
unsigned long mr_evictable(const struct mr_lru_size *size, bool swap)
{
	unsigned long n = size->file;

	if (swap && get_nr_swap_pages() > 0)
		n += size->anon;
	return n;
}

/*
 * Reclaim repeats a fruitless scan of the whole group 16 times, but looks for
 * a pending signal in between. mr_cut() makes it see one where there is none.
 */
struct cut {
	struct hrtimer timer;
	struct task_struct *task;
	ktime_t after;
};

/*
 * It looks for a signal before the first attempt as well, and on a busy machine
 * may get there late. So not before it is at work: reclaim_state is set all
 * through an attempt (try_to_free_mem_cgroup_pages() in mm/vmscan.c). The time to
 * the next look grows, up to a tick or so: a task that waits for its CPU is not to
 * have it interrupted all the while.
 */
static enum hrtimer_restart cut_now(struct hrtimer *t)
{
	struct cut *c = container_of(t, struct cut, timer);

	if (!READ_ONCE(c->task->reclaim_state)) {
		c->after = min_t(ktime_t, 4 * c->after, NSEC_PER_MSEC);
		hrtimer_forward_now(t, c->after);
		return HRTIMER_RESTART;
	}
	mr_cut(c->task);
	return HRTIMER_NORESTART;
}

static int reclaim_cut(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		       unsigned long pages, bool swap, unsigned int cut_us)
{
	struct cut c = {
		.task = current,
		.after = ns_to_ktime((u64)cut_us * NSEC_PER_USEC),
	};
	int ret;

	hrtimer_init_on_stack(&c.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	c.timer.function = cut_now;
	hrtimer_start(&c.timer, c.after, HRTIMER_MODE_REL_HARD);
	ret = mr_cgfile_reclaim(cf, css, pages, swap);
	hrtimer_cancel(&c.timer);
	destroy_hrtimer_on_stack(&c.timer);
	/*
	 * After, not before: a cut from someone else that comes now stays
	 * pending and ends the next batch.
	 */
	clear_notify_signal();
	return ret;
}

/**
 * mr_cut() - end what a task repeats in vain inside reclaim
 * @task: the task, referenced by the caller or current
 *
 * Sets TIF_NOTIFY_SIGNAL, which signal_pending() takes for a signal, and which
 * is no signal: the task's own signals are untouched, and the flag goes by
 * itself when the task returns to user space (exit_to_user_mode_loop() in
 * kernel/entry/common.c, 6.1 and 6.12).
 *
 * Context: any. Does not wake the task.
 */
void mr_cut(struct task_struct *task)
{
	set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL);
}

/**
 * mr_evict_batch() - evict one batch from an offline group
 * @cf: stand-in of the caller
 * @css: an offline group, referenced by the caller
 * @pages: how many to ask for, see mr_reclaim_ask()
 * @swap: whether anonymous and shmem pages may be swapped out
 * @cut_us: end repetitions after this long, us; 0: never. The first attempt is
 *	always made.
 * @size: what the lists hold before; updated to what they hold after
 * @taken: result, pages that left the lists; others may free some meanwhile
 *
 * Covers all NUMA nodes: reclaim goes through the whole zonelist.
 *
 * Context: as mr_cgfile_reclaim().
 *
 * Return: as mr_cgfile_reclaim(). -EINTR: cut, or a signal.
 */
int mr_evict_batch(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		   unsigned long pages, bool swap, unsigned int cut_us,
		   struct mr_lru_size *size, unsigned long *taken)
{
	unsigned long before = mr_lru_total(size), after;
	int ret, tries = 2;

	/*
	 * Success with nothing taken: what fell was not the lists, but what
	 * CPUs had charged in advance, and they have nothing the second time.
	 */
	do {
		if (cut_us)
			ret = reclaim_cut(cf, css, pages, swap, cut_us);
		else
			ret = mr_cgfile_reclaim(cf, css, pages, swap);
		mr_lru_read(css, size);
		after = mr_lru_total(size);
	} while (!ret && after >= before && mr_cgfile_counts_stock() && --tries);
	*taken = before > after ? before - after : 0;
	return ret;
}
