// SPDX-License-Identifier: GPL-2.0
/*
 * The files of a removed group: handlers called on an offline css.
 *
 * The functions that empty or describe a memory group are exported by no
 * kernel, but each is behind a control file whose handler is published in
 * memory_cgrp_subsys. A removed group has no files; a private object stands in
 * for one. See Documentation/design.rst.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cgfile.h"
#include "pcp.h"

/*
 * The handlers, found once at load and constant from then on: the cftypes are
 * static arrays of the kernel, registered at boot and never removed.
 *
 * v1 and v2 groups are the same objects, so the handlers of the v2 files serve
 * both. The exceptions: "stat" counts swap only in its v1 form, and what keeps
 * a group from swapping is swap.max on v2, swappiness on v1.
 */
static struct {
	struct cftype *reclaim;
	struct cftype *high;
	struct cftype *stat;
	struct cftype *stat_v1;
	struct cftype *swap_current;
	struct cftype *swap_max;
	struct cftype *swappiness_v1;
	bool reclaim_swappiness;
} cft;

static bool on_v2(void)
{
	return cgroup_subsys_on_dfl(memory_cgrp_subsys);
}

static struct cftype *find_in(struct cftype *c, const char *name)
{
	for (; c && c->name[0]; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/*
 * Files added after boot's first set (swap.*) are in no array that is
 * published, but each set is linked into cgroup_subsys.cfts by the first
 * entry. Sets of the memory controller are added by initcalls only
 * (mem_cgroup_swap_init() and hugetlb's are the last), so the list does not
 * change under us.
 */
static struct cftype *find_added(const char *name)
{
	struct cftype *set, *c;

	list_for_each_entry(set, &memory_cgrp_subsys.cfts, node) {
		c = find_in(set, name);
		if (c)
			return c;
	}
	return NULL;
}

/**
 * mr_cgfile_alloc() - make a stand-in
 *
 * Context: process context, may sleep.
 *
 * Return: the object or NULL.
 */
struct mr_cgfile *mr_cgfile_alloc(void)
{
	struct mr_cgfile *cf = kzalloc(sizeof(*cf), GFP_KERNEL);

	if (!cf)
		return NULL;
	cf->buf = kmalloc(MR_CGFILE_BUF, GFP_KERNEL);
	cf->cgrp = kzalloc(sizeof(*cf->cgrp), GFP_KERNEL);
	if (!cf->buf || !cf->cgrp) {
		mr_cgfile_free(cf);
		return NULL;
	}
	mr_kn_set_parent(&cf->kn, &cf->dir);
	cf->dir.priv = cf->cgrp;
	cf->of.kn = &cf->kn;
	cf->of.file = &cf->file;
	cf->of.seq_file = &cf->seq;
	mutex_init(&cf->of.mutex);
	mutex_init(&cf->seq.lock);
	cf->seq.private = &cf->of;
	cf->seq.buf = cf->buf;
	cf->seq.size = MR_CGFILE_BUF;
	cf->seq.file = &cf->file;
	return cf;
}

/**
 * mr_cgfile_free() - free a stand-in
 * @cf: the object or NULL
 */
void mr_cgfile_free(struct mr_cgfile *cf)
{
	if (!cf)
		return;
	kfree(cf->cgrp);
	kfree(cf->buf);
	kfree(cf);
}

static void bind(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		 struct cftype *c)
{
	cf->kn.priv = c;
	/* Looked at by 7.2's of_css(), to tell lockdep what it may do. */
	cf->dir.dir.root = css->cgroup->root->kf_root;
	RCU_INIT_POINTER(cf->cgrp->subsys[memory_cgrp_id], css);
}

static void unbind(struct mr_cgfile *cf)
{
	RCU_INIT_POINTER(cf->cgrp->subsys[memory_cgrp_id], NULL);
	cf->dir.dir.root = NULL;
	cf->kn.priv = NULL;
}

static int write_file(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		      struct cftype *c, char *text)
{
	size_t len = strlen(text);
	ssize_t ret;

	bind(cf, css, c);
	ret = c->write(&cf->of, text, len, 0);
	unbind(cf);
	return ret < 0 ? ret : 0;
}

/*
 * Keep a group from swapping for the length of one reclaim that takes no
 * swappiness. The old value is put back: it is the administrator's, and counts
 * again when the tunable "swap" is switched on. A kernel without these files
 * can't swap, or it has no such means, see mr_cgfile_noswap_refusal().
 */

static u64 noswap_begin(struct mr_cgfile *cf, struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(css);
	struct cftype *c = cft.swappiness_v1;
	char zero[] = "0";
	u64 old = 0;

	if (on_v2() && cft.swap_max) {
		old = READ_ONCE(memcg->swap.max);
		write_file(cf, css, cft.swap_max, zero);
	} else if (!on_v2() && c) {
		old = c->read_u64(css, c);
		c->write_u64(css, c, 0);
	}
	return old;
}

static void noswap_end(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		       u64 old)
{
	struct cftype *c = cft.swappiness_v1;
	char text[24] = "max";

	if (on_v2() && cft.swap_max) {
		if (old != PAGE_COUNTER_MAX)
			snprintf(text, sizeof(text), "%llu", old * PAGE_SIZE);
		write_file(cf, css, cft.swap_max, text);
	} else if (!on_v2() && c) {
		c->write_u64(css, c, old);
	}
}

/* No file has it any more, and nobody is charged to an offline group. */
static void lift_high(struct mr_cgfile *cf, struct cgroup_subsys_state *css)
{
	char max[] = "max";

	write_file(cf, css, cft.high, max);
}

/*
 * Reclaim on kernels without memory.reclaim (94968384dde1 "memcg: introduce
 * per-memcg reclaim interface", 5.19). Setting memory.high below the usage makes
 * memory_high_write() drain stocks and then reclaim the difference, in as many
 * attempts as it takes, looking for a signal before each.
 *
 * Where that is not enough, CPUs are drained before it is tried once more, as
 * memory_reclaim() does before its last attempt, even where this attempt has been
 * cut, since the thread's always are.
 *
 * The usage is that of the group with all below it, and includes kernel memory
 * that reclaim can't take: only the difference matters.
 */
static int reclaim_by_high(struct mr_cgfile *cf,
			   struct cgroup_subsys_state *css, unsigned long pages)
{
	struct page_counter *memory = &mem_cgroup_from_css(css)->memory;
	unsigned long usage = page_counter_read(memory), high, left;
	char text[24];
	int ret;

	high = usage > pages ? usage - pages : 0;
	snprintf(text, sizeof(text), "%llu", (u64)high * PAGE_SIZE);
	ret = write_file(cf, css, cft.high, text);
	left = page_counter_read(memory);
	if (!ret && left > high && mr_pcp_may_drain_all()) {
		ret = write_file(cf, css, cft.high, text);
		left = page_counter_read(memory);
	}
	lift_high(cf, css);
	if (ret || left <= high)
		return ret;
	return signal_pending(current) ? -EINTR : -EAGAIN;
}

/**
 * mr_cgfile_reclaim() - have the kernel reclaim from an offline group
 * @cf: stand-in of the caller
 * @css: an offline group, referenced by the caller. Never an online one: it
 *	could be removed meanwhile, and its rmdir would not wait.
 * @pages: how many are asked for; reclaim takes 32 at least
 * @swap: whether anonymous and shmem pages may be swapped out
 *
 * Context: process context, not within reclaim; under mr_work_lock, as
 * mr_pcp_drain(). Sleeps; takes lru_lock and others for short times. A pending
 * signal ends it after the current attempt.
 *
 * Return: 0: at least @pages were taken; -EAGAIN: fewer, perhaps none;
 * -EINTR: ended by a signal.
 */
int mr_cgfile_reclaim(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		      unsigned long pages, bool swap)
{
	bool noswap = !swap && !cft.reclaim_swappiness;
	char text[48];
	u64 old = 0;
	int ret;

	snprintf(text, sizeof(text), "%llu%s", (u64)pages * PAGE_SIZE,
		 !swap && cft.reclaim_swappiness ? " swappiness=0" : "");
	if (noswap)
		old = noswap_begin(cf, css);
	if (cft.reclaim)
		ret = write_file(cf, css, cft.reclaim, text);
	else
		ret = reclaim_by_high(cf, css, pages);
	if (noswap)
		noswap_end(cf, css, old);
	return ret;
}

/**
 * mr_cgfile_counts_stock() - whether mr_cgfile_reclaim() counts by the charge
 *
 * What CPUs had charged in advance then passes for taken, once.
 *
 * Context: any, after mr_cgfile_setup().
 *
 * Return: true where there is no memory.reclaim (before 5.19).
 */
bool mr_cgfile_counts_stock(void)
{
	return !cft.reclaim;
}

/**
 * mr_cgfile_drain() - take a group out of per-CPU batches and stocks
 * @cf: stand-in of the caller
 * @css: an offline group with empty LRU lists and no children, referenced by
 *	the caller
 *
 * Asking for a page that is not there makes memory_reclaim() call
 * lru_add_drain_all() before its last attempt, where there is such a file; else
 * batches are drained without it. Setting a limit below the usage makes
 * memory_high_write() call drain_all_stock(). The limit matters to nobody in an
 * offline group, and is lifted again all the same.
 *
 * memory_high_write() goes on to reclaim what the batches had, and would swap
 * it out whatever the tunable "swap" says.
 *
 * Context: as mr_cgfile_reclaim().
 *
 * Return: 0, or -EINTR.
 */
int mr_cgfile_drain(struct mr_cgfile *cf, struct cgroup_subsys_state *css)
{
	char zero[] = "0";
	u64 old;
	int ret = 0;

	if (cft.reclaim)
		ret = mr_cgfile_reclaim(cf, css, 1, false);
	else
		mr_pcp_drain_all();
	if (ret == -EINTR)
		return ret;
	old = noswap_begin(cf, css);
	ret = write_file(cf, css, cft.high, zero);
	lift_high(cf, css);
	noswap_end(cf, css, old);
	return ret;
}

/**
 * mr_cgfile_stat() - read memory.stat
 * @cf: stand-in of the caller
 * @css: a group, referenced by the caller
 *
 * Context: process context, sleeps.
 *
 * Return: the text, valid until the next use of @cf, or an ERR_PTR.
 */
const char *mr_cgfile_stat(struct mr_cgfile *cf,
			   struct cgroup_subsys_state *css)
{
	struct cftype *c = cft.stat;
	int ret;

	if (!on_v2() && cft.stat_v1)
		c = cft.stat_v1;
	cf->seq.count = 0;
	bind(cf, css, c);
	ret = c->seq_show(&cf->seq, NULL);
	unbind(cf);
	if (ret)
		return ERR_PTR(ret);
	if (seq_has_overflowed(&cf->seq))
		return ERR_PTR(-EOVERFLOW);
	cf->buf[cf->seq.count] = '\0';
	return cf->buf;
}

/**
 * mr_cgfile_swap_bytes() - swap charged to a group and its descendants
 * @css: a group, referenced by the caller
 *
 * Return: bytes; 0 on v1, where "stat" has the number.
 */
u64 mr_cgfile_swap_bytes(struct cgroup_subsys_state *css)
{
	struct cftype *c = cft.swap_current;

	if (!on_v2() || !c)
		return 0;
	return c->read_u64(css, c);
}

/**
 * mr_cgfile_noswap_refusal() - why groups can't be kept from swapping
 *
 * May be called before mr_cgfile_setup(), as parameters are set earlier.
 *
 * Context: any; the files are there since boot.
 *
 * Return: NULL: they can; or a text.
 */
const char *mr_cgfile_noswap_refusal(void)
{
	if (!IS_ENABLED(CONFIG_SWAP) || mem_cgroup_disabled())
		return NULL;
	if (on_v2() ? find_added("swap.max") :
		      find_in(memory_cgrp_subsys.legacy_cftypes, "swappiness"))
		return NULL;
	return "this kernel was started without swap accounting (swapaccount=0)";
}

/*
 * Each mechanism does what it is used for, on the one group that is sure to be
 * there and in a way that changes nothing.
 */
static int self_check(struct mr_cgfile *cf, struct cgroup_subsys_state *root)
{
	char zero[] = "0", max[] = "max";
	char with_swappiness[] = "0 swappiness=0";
	const char *text;

	bind(cf, root, cft.stat);
	if (of_css(&cf->of) != root) {
		unbind(cf);
		pr_err("not loaded: of_css() does not lead to the group on this kernel\n");
		return -EOPNOTSUPP;
	}
	unbind(cf);

	text = mr_cgfile_stat(cf, root);
	/* Says nothing about this kernel: memory_stat_show() needs a buffer. */
	if (text == ERR_PTR(-ENOMEM))
		return -ENOMEM;
	if (IS_ERR(text) || (!strstr(text, "inactive_file ") &&
			     !strstr(text, "total_inactive_file "))) {
		pr_err("not loaded: memory.stat can't be read through its handler\n");
		return -EOPNOTSUPP;
	}
	/* What is never written to need not work. */
	if (!__is_defined(MR_CAN_EVICT))
		return 0;
	/* The root group has no limit, and can't be given one. */
	if (write_file(cf, root, cft.high, max)) {
		pr_err("not loaded: memory.high can't be written through its handler\n");
		return -EOPNOTSUPP;
	}
	if (!cft.reclaim)
		return 0;
	if (write_file(cf, root, cft.reclaim, zero)) {
		pr_err("not loaded: memory.reclaim can't be written through its handler\n");
		return -EOPNOTSUPP;
	}
	/* 68cd9050d871 "mm: add swappiness= arg to memory.reclaim", 6.10 */
	cft.reclaim_swappiness = !write_file(cf, root, cft.reclaim,
					     with_swappiness);
	return 0;
}

/**
 * mr_cgfile_setup() - find the handlers and prove that they work
 * @root: the root group of the memory controller
 *
 * Asks the kernel for nothing it would not do for a reader of the root
 * group's files: reclaim of 0 bytes, one memory.stat.
 *
 * Context: once, at load, before any other function here.
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP after one line that says why.
 */
int mr_cgfile_setup(struct cgroup_subsys_state *root)
{
	struct cftype *dfl = memory_cgrp_subsys.dfl_cftypes;
	struct mr_cgfile *cf;
	int ret;

	cft.reclaim = find_in(dfl, "reclaim");
	cft.high = find_in(dfl, "high");
	cft.stat = find_in(dfl, "stat");
	cft.stat_v1 = find_in(memory_cgrp_subsys.legacy_cftypes, "stat");
	cft.swappiness_v1 = find_in(memory_cgrp_subsys.legacy_cftypes,
				    "swappiness");
	cft.swap_current = find_added("swap.current");
	cft.swap_max = find_added("swap.max");

	if ((cft.reclaim && !cft.reclaim->write) || !cft.high ||
	    !cft.high->write || !cft.stat || !cft.stat->seq_show ||
	    (cft.stat_v1 && !cft.stat_v1->seq_show) ||
	    (cft.swappiness_v1 && (!cft.swappiness_v1->read_u64 ||
				   !cft.swappiness_v1->write_u64)) ||
	    (cft.swap_current && !cft.swap_current->read_u64) ||
	    (cft.swap_max && !cft.swap_max->write)) {
		pr_err("not loaded: the memory controller's files are not as expected\n");
		return -EOPNOTSUPP;
	}

	cf = mr_cgfile_alloc();
	if (!cf)
		return -ENOMEM;
	ret = self_check(cf, root);
	mr_cgfile_free(cf);
	return ret;
}
