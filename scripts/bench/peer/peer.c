// SPDX-License-Identifier: GPL-2.0
/*
 * mr_peer: what vendor kernels do about offline groups, to compare with.
 *
 * Written from the description of the algorithm alone: walk over all groups, skip
 * those that are online, and have one page at a time reclaimed from each of the others
 * until its counter is 0. The first attempt in vain is followed by a drain of the
 * CPUs' stocks, the second is the last.
 *
 * In place of try_to_free_mem_cgroup_pages(), which no kernel exports, the handlers of
 * memory.reclaim and memory.high are called, as the module does (cgfile.c). They repeat
 * an attempt in vain 16 times, which the algorithm does not: mr_cut()'s flag ends them
 * after one, set as the attempt begins.
 *
 *	echo 1 >/sys/module/mr_peer/parameters/reap	one pass, by the writer
 */
#include <linux/err.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "../../../kmod/cgfile.h"
#include "../../../kmod/find.h"

static struct cftype *reclaim, *high;
static struct tracepoint *begin;
/* The one task that is at work; kernfs has one write to a file at a time. */
static struct task_struct *worker;

/* As a call of try_to_free_mem_cgroup_pages() begins. */
static void on_begin(void *data, int order, gfp_t gfp)
{
	if (READ_ONCE(worker) == current)
		set_tsk_thread_flag(current, TIF_NOTIFY_SIGNAL);
}

static void find_begin(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "mm_vmscan_memcg_reclaim_begin"))
		begin = tp;
}

static struct cftype *find_file(const char *name)
{
	struct cftype *c;

	for (c = memory_cgrp_subsys.dfl_cftypes; c && c->name[0]; c++)
		if (!strcmp(c->name, name) && c->write)
			return c;
	return NULL;
}

static void write_pages(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
			struct cftype *file, unsigned long pages)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (u64)pages * PAGE_SIZE);
	cf->kn.priv = file;
	cf->dir.dir.root = css->cgroup->root->kf_root;
	RCU_INIT_POINTER(cf->cgrp->subsys[memory_cgrp_id], css);
	file->write(&cf->of, text, strlen(text), 0);
	RCU_INIT_POINTER(cf->cgrp->subsys[memory_cgrp_id], NULL);
	clear_notify_signal();
}

/* A group, held by the cursor. */
static void empty_group(struct mr_cgfile *cf, struct cgroup_subsys_state *css)
{
	struct page_counter *memory = &mem_cgroup_from_css(css)->memory;
	unsigned long before;
	bool drained = false;

	while ((before = page_counter_read(memory)) && !signal_pending(current)) {
		write_pages(cf, css, reclaim, 1);
		if (page_counter_read(memory) < before)
			continue;
		if (drained)
			break;
		/* Drains the stocks before its one attempt: the second. */
		write_pages(cf, css, high, before - 1);
		if (page_counter_read(memory) >= before)
			break;
		drained = true;
	}
}

static bool is_offline(const struct cgroup_subsys_state *css)
{
	return mr_css_is_offline(css);
}

static struct cgroup_subsys_state *root_css(void)
{
	return rcu_dereference_protected(memory_cgrp_subsys.root->cgrp.subsys[memory_cgrp_id],
					 true);
}

static int reap_set(const char *val, const struct kernel_param *kp)
{
	struct cgroup_subsys_state *css;
	struct mr_cgfile *cf;
	struct mr_cursor cur;

	cf = mr_cgfile_alloc();
	if (!cf)
		return -ENOMEM;
	WRITE_ONCE(worker, current);
	mr_cursor_start(&cur, root_css());
	while ((css = mr_cursor_next(&cur, is_offline)) && !signal_pending(current)) {
		if (!IS_ERR(css))
			empty_group(cf, css);
		cond_resched();
	}
	mr_cursor_end(&cur);
	WRITE_ONCE(worker, NULL);
	mr_cgfile_free(cf);
	return 0;
}

static const struct kernel_param_ops reap_ops = {
	.set = reap_set,
};

module_param_cb(reap, &reap_ops, NULL, 0200);
MODULE_PARM_DESC(reap, "write: one pass");

static int __init peer_init(void)
{
	reclaim = find_file("reclaim");
	high = find_file("high");
	for_each_kernel_tracepoint(find_begin, NULL);
	if (!reclaim || !high || !begin)
		return -EOPNOTSUPP;
	return tracepoint_probe_register(begin, on_begin, NULL);
}

static void __exit peer_exit(void)
{
	tracepoint_probe_unregister(begin, on_begin, NULL);
	tracepoint_synchronize_unregister();
}

module_init(peer_init);
module_exit(peer_exit);
MODULE_DESCRIPTION("The peers' way with offline memory groups, for benchmarks");
MODULE_AUTHOR("memcg_reaper");
MODULE_LICENSE("GPL");
