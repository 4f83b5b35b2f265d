/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between the supported kernels, and nothing else.
 *
 * Everything that depends on the kernel's version or configuration is decided
 * here, by the shape of a header where that is possible. What cannot be
 * checked is refused at build time.
 */
#ifndef MR_COMPAT_H
#define MR_COMPAT_H

#include <linux/version.h>

/*
 * This file comes before every other header in each source file (Kbuild), so
 * that on a kernel that does not fit one of these lines is the only error.
 *
 * What is between two ranges was not read, and so is refused like what is
 * outside. TIF_NOTIFY_SIGNAL (mr_cut() in evict.c) came to 5.10 with 5.10.162.
 */
#if !(LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 162) && \
	  LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)) && \
	!(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0) && \
	  LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)) && \
	!(LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0) && \
	  LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0))
#error "memcg_reaper supports Linux 5.10 (.162 on), 6.1 to 6.12, 7.2; this one was not reviewed"
#endif

#ifndef CONFIG_MEMCG
#error "memcg_reaper needs a kernel with CONFIG_MEMCG"
#endif
#ifndef CONFIG_SYSFS
#error "memcg_reaper needs a kernel with CONFIG_SYSFS"
#endif
#ifndef CONFIG_TRACEPOINTS
#error "memcg_reaper needs a kernel with CONFIG_TRACEPOINTS"
#endif
/*
 * Posted for RHEL 9 (20220421145845.1044652-1-longman@redhat.com): an offline
 * group's per-CPU statistics are freed. Never tried with this module.
 */
#ifdef CONFIG_RHEL_DIFFERENCES
#error "memcg_reaper was not reviewed for RHEL's memory controller"
#endif

/* What the messages of every file begin with. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* Why a method is refused that a kernel or this version has no means for. */
#define MR_NOT_HERE "this module can't do that on this kernel"

#include <linux/backing-dev.h>
#include <linux/buffer_head.h>
#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/kernfs.h>
#include <linux/memcontrol.h>
#include <linux/net.h>
#include <linux/page_counter.h>
#ifdef MR_CAN_EVICT
#include <linux/pagevec.h>
#endif
#include <linux/sched/isolation.h>

/*
 * The names of an inode, under its i_lock. 408d8af01f3a "for_each_alias(): helper
 * macro for iterating through dentries of given inode", after which the union that
 * d_alias is in lost its name.
 */
#ifndef for_each_alias
#define for_each_alias(dentry, inode) \
	hlist_for_each_entry(dentry, &(inode)->i_dentry, d_u.d_alias)
#endif

/*
 * Offline: removed, no task left, css_offline() done. !CSS_ONLINE alone also
 * matches a css that is still being created, CSS_DYING alone one whose
 * css_offline() has not run (kill_css() and offline_css() in
 * kernel/cgroup/cgroup.c, 5.10, 6.1 and 6.12).
 */
static inline bool mr_css_is_offline(const struct cgroup_subsys_state *css)
{
	unsigned int flags = READ_ONCE(css->flags);

	return (flags & (CSS_DYING | CSS_ONLINE)) == CSS_DYING;
}

static inline bool mr_css_is_online(const struct cgroup_subsys_state *css)
{
	unsigned int flags = READ_ONCE(css->flags);

	return (flags & (CSS_DYING | CSS_ONLINE)) == CSS_ONLINE;
}

/*
 * How many groups below @root are dying. Before 6.12 the kernel counts whole
 * cgroups only, so a css killed by subtree_control is not in it; since 6.12
 * it counts csses (ab0312526867 "cgroup: Show # of subsystem CSSes in
 * cgroup.stat"). One read of one word; exact enough without the lock that its
 * writers hold.
 */
static inline int mr_nr_dying(const struct cgroup_subsys_state *root)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return READ_ONCE(root->cgroup->nr_dying_subsys[memory_cgrp_id]);
#else
	return READ_ONCE(root->cgroup->nr_dying_descendants);
#endif
}

/* Whether mr_nr_dying() counts csses, not only whole cgroups. */
#define MR_NR_DYING_COUNTS_CSS \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0))

/*
 * Whether groups are charged for huge pages of hugetlbfs, an option of mounting
 * cgroup2 since 6.6 (8cba9576df60 "hugetlb: memcg: account hugetlb-backed memory
 * in memory controller").
 */
static inline bool mr_hugetlb_accounted(const struct cgroup_subsys_state *css)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return IS_ENABLED(CONFIG_HUGETLB_PAGE) &&
	       READ_ONCE(css->cgroup->root->flags) &
	       CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING;
#else
	return false;
#endif
}

/*
 * The group that a page is charged to, whatever it is, or NULL; under
 * rcu_read_lock(). In 5.10 slab pages have a marked pointer to something else in that
 * place (page_has_obj_cgroups()), and those of the kernel's other memory are not
 * reparented.
 */
#ifdef MR_CAN_EVICT
static inline struct mem_cgroup *mr_page_memcg(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return page_memcg_check(page);
#else
	unsigned long memcg = (unsigned long)READ_ONCE(page->mem_cgroup);

	return memcg & 1 || PageKmemcg(page) ? NULL : (struct mem_cgroup *)memcg;
#endif
}
#endif

/*
 * The socket that an open file is, or NULL. It had an argument more until 5.11
 * (dba4a9256bb4 "net: Remove the err argument from sock_from_file").
 */
static inline struct socket *mr_sock_from_file(struct file *file)
{
#ifndef CONFIG_NET
	return NULL;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return sock_from_file(file);
#else
	int err;

	return sock_from_file(file, &err);
#endif
}

/*
 * Whether kernel memory that was allocated in pages (stacks, page tables, pipes)
 * holds its group; later it is charged to an object cgroup, which is reparented
 * (b4e0b68fbd9d "mm: memcontrol: use obj_cgroup APIs to charge kmem pages", 5.13).
 */
#define MR_KERNEL_PAGES_PIN (LINUX_VERSION_CODE < KERNEL_VERSION(5, 13, 0))

/* The group that such a page holds, or NULL; any page, under rcu_read_lock(). */
static inline struct mem_cgroup *mr_kernel_page_memcg(struct page *page)
{
#if MR_KERNEL_PAGES_PIN
	return PageKmemcg(page) ? READ_ONCE(page->mem_cgroup) : NULL;
#else
	return NULL;
#endif
}

/*
 * Before 5.16 it was not exported, and happened when the last reference was put
 * ("mm: export bdi_unregister"; release_bdi() in mm/backing-dev.c).
 */
#ifdef CONFIG_CGROUP_WRITEBACK
static inline void mr_bdi_unregister(struct backing_dev_info *bdi)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
	bdi_unregister(bdi);
#endif
}
#endif

/* Of class_interface.add_dev(); 6.4 dropped the second one. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define MR_ADD_DEV_ARGS struct device *dev
#else
#define MR_ADD_DEV_ARGS struct device *dev, struct class_interface *unused
#endif

/*
 * Became kernfs_node.__parent, under RCU, in 6.15 (633488947ef6 "kernfs: Use
 * RCU to access kernfs_node::parent."), found by Kbuild.
 */
static inline void mr_kn_set_parent(struct kernfs_node *kn,
				    struct kernfs_node *parent)
{
#ifdef MR_KN_PARENT_RCU
	RCU_INIT_POINTER(kn->__parent, parent);
#else
	kn->parent = parent;
#endif
}

/*
 * lru_add_drain() is not exported, but releasing a batch of folios drains this
 * CPU's LRU batches first, an empty one, too (mm/swap.c). Pagevecs went in 6.5
 * (1e0877d58b1e "mm: remove struct pagevec").
 */
#ifdef MR_CAN_EVICT
static inline void mr_lru_add_drain(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	struct folio_batch batch;

	folio_batch_init(&batch);
	__folio_batch_release(&batch);
#else
	struct pagevec batch;

	pagevec_init(&batch);
	__pagevec_release(&batch);
#endif
}
#endif

/*
 * Kinds of isolation of CPUs, whose names changed in 5.18 (04d4e665a609
 * "sched/isolation: Use single feature type while referring to housekeeping
 * cpumask").
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define MR_HK_DOMAIN HK_TYPE_DOMAIN
#define MR_HK_TICK HK_TYPE_TICK
#else
#define MR_HK_DOMAIN HK_FLAG_DOMAIN
#define MR_HK_TICK HK_FLAG_TICK
#endif

/*
 * Each CPU keeps the 16 buffers that it used last (BH_LRU_SIZE in fs/buffer.c), and
 * they hold their pages. It interrupts all CPUs that have any, so it is not done
 * where some are isolated. Before 6.6 ("fs: add CONFIG_BUFFER_HEAD") there was no
 * stub without CONFIG_BLOCK.
 */
static inline void mr_bh_lrus_drain(void)
{
#ifdef CONFIG_BLOCK
	if (!housekeeping_enabled(MR_HK_DOMAIN) &&
	    !housekeeping_enabled(MR_HK_TICK))
		invalidate_bh_lrus();
#endif
}

/*
 * The lists of MGLRU, found by Kbuild: lrugen.lists became lrugen.folios in 6.3
 * and in a 6.1.y (6df1b2212950 "mm: multi-gen LRU: rename lrugen->lists[] to
 * lrugen->folios[]").
 */
#ifdef MR_LRUGEN_LISTS
#define mr_lrugen_lists lists
#else
#define mr_lrugen_lists folios
#endif

/*
 * A new usage of a counter, which may be the largest so far (page_counter_charge()
 * in mm/page_counter.c). Racy there as well. There are two since 6.12, where readers
 * of memory.peak can reset one ("mm, memcg: cg2 memory{.swap,}.peak write handlers").
 */
static inline void mr_counter_peak(struct page_counter *c, unsigned long usage)
{
#ifdef MR_LOCAL_WATERMARK
	if (usage > READ_ONCE(c->local_watermark))
		WRITE_ONCE(c->local_watermark, usage);
#endif
	if (usage > READ_ONCE(c->watermark))
		WRITE_ONCE(c->watermark, usage);
}

/*
 * A callback that is waited for. Since 6.2 others may be put off for seconds, to save
 * power ("rcu: Make call_rcu() lazy to save power").
 */
#ifdef CONFIG_RCU_LAZY
#define mr_call_rcu call_rcu_hurry
#else
#define mr_call_rcu call_rcu
#endif

/*
 * Whether a writeback that has lost its last dirty inode by a switch is known
 * to be clean (wb_io_lists_depopulated() in inode_do_switch_wbs() or its
 * caller, fs/fs-writeback.c). If not, its share of bdi->tot_write_bandwidth is
 * lost when it is freed. 6.1.192 lacks it; 6.12.117 is the first that was read
 * and has it. 5.10.262 has it (inode_io_list_del_locked() in
 * inode_switch_wbs_work_fn()).
 */
#define MR_SWITCHES_DIRTY_INODES \
	(LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0) || \
	 LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 117))

#endif /* MR_COMPAT_H */
