// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds references on offline groups.
 *
 * A css counts its references, and that number is exact once it is offline, but
 * it does not say whose they are. Some holders are known to the group, others
 * know the group only: processes, their namespaces and open files, and disks are
 * asked in a survey, one after the other. What neither explains is somebody else's.
 *
 * Read in 5.10.262, 6.1.192, 6.12.117 and 7.2.12, each caller of css_get(),
 * css_tryget() and get_mem_cgroup_from_mm(); Documentation/design.rst has the table.
 */
#include <linux/cgroup.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/idr.h>
#include <linux/magic.h>
#include <linux/memcontrol.h>
#include <linux/mmzone.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include <net/sock.h>

#include "bdis.h"
#include "frames.h"
#include "holders.h"

/* Open files looked at under one hold of the locks that keep them. */
#define FILES_BATCH	128
/* Page frames looked at between two reschedule points. */
#define FRAMES_BATCH	4096
/* Under those locks, or under RCU. */
#define GFP_HERE	(GFP_NOWAIT | __GFP_NOWARN)
/* All that is counted is larger than this, and so has an address of its own. */
#define OBJECT_SHIFT	6

/* Of one group; the css is not held, see struct mr_group. */
struct entry {
	u64 serial;
	struct mr_held held;
};

/**
 * struct mr_holders - the result of a survey
 * @groups: struct entry by css id, of offline groups that somebody holds
 * @seen: objects that were counted, by address: a socket may be open twice, and
 *	many tasks share a css set. Never followed.
 *
 * Memory: some 200 bytes for each such group and each object. What there is no memory
 * for is not counted.
 *
 * Locking: one user at a time.
 */
struct mr_holders {
	struct xarray groups;
	struct xarray seen;
};

/**
 * mr_holders_alloc() - make an empty one
 *
 * Return: it, or NULL.
 */
struct mr_holders *mr_holders_alloc(void)
{
	struct mr_holders *h = kmalloc(sizeof(*h), GFP_KERNEL);

	if (!h)
		return NULL;
	xa_init(&h->groups);
	xa_init(&h->seen);
	return h;
}

static void forget(struct mr_holders *h)
{
	struct entry *e;
	unsigned long id;

	xa_for_each(&h->groups, id, e)
		kfree(e);
	xa_destroy(&h->groups);
	xa_destroy(&h->seen);
}

/**
 * mr_holders_free() - the opposite of mr_holders_alloc()
 * @h: it, or NULL
 */
void mr_holders_free(struct mr_holders *h)
{
	if (h)
		forget(h);
	kfree(h);
}

/* Whether this is the first time; also where there is no memory to tell. */
static bool first_time(struct mr_holders *h, const void *object)
{
	unsigned long at = (unsigned long)object >> OBJECT_SHIFT;

	if (xa_load(&h->seen, at))
		return false;
	xa_store(&h->seen, at, xa_mk_value(1), GFP_HERE);
	return true;
}

/*
 * The entry of a group, which is kept from being freed by RCU or by who holds it;
 * NULL where it isn't offline, or there is no memory.
 */
static struct mr_held *held_of(struct mr_holders *h,
			       const struct cgroup_subsys_state *css)
{
	struct entry *e;

	if (!css || !mr_css_is_offline(css))
		return NULL;
	e = xa_load(&h->groups, css->id);
	if (e && e->serial == css->serial_nr)
		return &e->held;
	if (!e) {
		e = kmalloc(sizeof(*e), GFP_HERE);
		if (!e)
			return NULL;
		if (xa_is_err(xa_store(&h->groups, css->id, e, GFP_HERE))) {
			kfree(e);
			return NULL;
		}
	}
	/* Or the id is another group's by now. */
	*e = (struct entry){ .serial = css->serial_nr };
	return &e->held;
}

static void note(struct mr_holders *h, const struct cgroup_subsys_state *css,
		 enum mr_holder kind, const void *object)
{
	struct mr_held *held = held_of(h, css);

	if (held && first_time(h, object))
		held->nr[kind]++;
}

static void note_cset(struct mr_holders *h, const struct css_set *cset)
{
	note(h, cset->subsys[memory_cgrp_id], MR_HOLD_CSET, cset);
}

/* Files in anon_inodefs have the name that the kernel gave them, for good. */
static const struct mem_cgroup *watched_by(const struct file *file)
{
#ifdef CONFIG_FSNOTIFY
	const unsigned char *name = file->f_path.dentry->d_name.name;

	if (file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	    (!strcmp(name, "inotify") || !strcmp(name, "[fanotify]")))
		return ((struct fsnotify_group *)file->private_data)->memcg;
#endif
	return NULL;
}

/* What is known of a file: which group it holds. */
static const struct mem_cgroup *group_of(struct file *file, enum mr_holder *kind)
{
	const struct socket *sock = mr_sock_from_file(file);
	const struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	*kind = sk ? MR_HOLD_SOCKET : MR_HOLD_FSNOTIFY;
	return sk ? READ_ONCE(sk->sk_memcg) : watched_by(file);
}

struct look {
	struct mr_holders *h;
	unsigned int left;
};

/*
 * Looks at one open file; under files->file_lock, which keeps it open. A socket is
 * with its file as long as that is open, and holds its group.
 */
static int look_at_file(const void *arg, struct file *file, unsigned int fd)
{
	struct look *look = (struct look *)arg;
	const struct mem_cgroup *memcg;
	enum mr_holder kind;

	memcg = group_of(file, &kind);
	if (memcg)
		note(look->h, &memcg->css, kind, file->private_data);
	return --look->left ? 0 : fd + 1;
}

/* Whether the open files of a task are not those of its leader; under RCU. */
static bool own_files(const struct task_struct *task)
{
	return task == task->group_leader ||
	       READ_ONCE(task->files) != READ_ONCE(task->group_leader->files);
}

/*
 * One task, from its open file @fd on; under RCU. task_lock() keeps its namespaces
 * and files. Returns the file to go on with, 0: all were seen.
 */
static unsigned int look_at_task(struct mr_holders *h, struct task_struct *task,
				 unsigned int fd)
{
	struct look look = { .h = h, .left = FILES_BATCH };
	struct css_set *cset = rcu_dereference(task->cgroups);
	struct cgroup_namespace *ns;

	if (!fd) {
		note_cset(h, cset);
		note(h, cset->subsys[memory_cgrp_id], MR_HOLD_TASK, task);
	}
	task_lock(task);
	if (!fd && task->nsproxy) {
		ns = task->nsproxy->cgroup_ns;
		note_cset(h, ns->root_cset);
		note(h, ns->root_cset->subsys[memory_cgrp_id],
		     MR_HOLD_NAMESPACE, ns);
	}
	fd = task->files && own_files(task) ?
	     iterate_fd(task->files, fd, look_at_file, &look) : 0;
	task_unlock(task);
	return fd;
}

/*
 * All tasks, by number, exited ones included until they are waited for. Nothing is
 * held between two of them.
 */
static int survey_tasks(struct mr_holders *h)
{
	struct task_struct *task;
	unsigned int fd = 0;
	struct pid *pid;
	int nr = 1;

	for (;;) {
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
		rcu_read_lock();
		pid = idr_get_next(&init_pid_ns.idr, &nr);
		task = pid ? pid_task(pid, PIDTYPE_PID) : NULL;
		fd = task ? look_at_task(h, task, fd) : 0;
		rcu_read_unlock();
		if (!pid)
			return 0;
		if (!fd)
			nr++;
	}
}

#ifdef CONFIG_CGROUP_WRITEBACK
/* Never a place to stop. */
static bool look_at_wb(struct bdi_writeback *wb, void *arg)
{
	struct mr_held *held = held_of(arg, wb->memcg_css);
	unsigned int nr;

	if (!held)
		return false;
	nr = held->nr[MR_HOLD_WB]++;
	if (nr < MR_HELD_WB_NAMES)
		strscpy(held->wb[nr], wb->bdi->dev_name, sizeof(held->wb[nr]));
	return false;
}

static int survey_writebacks(struct mr_holders *h)
{
	struct mr_wb_cursor c = { .stop = look_at_wb, .arg = h };
	struct mr_bdi *ref, *next;
	LIST_HEAD(bdis);
	int ret = mr_bdis_get(&bdis);

	list_for_each_entry_safe(ref, next, &bdis, list) {
		c.bdi = ref->bdi;
		while (!ret && mr_wb_next(&c)) {
			cond_resched();
			if (signal_pending(current))
				ret = -EINTR;
		}
		mr_wb_end(&c);
		mr_bdi_put(ref);
	}
	return ret;
}
#else
static int survey_writebacks(struct mr_holders *h)
{
	return 0;
}
#endif

/* Under RCU no group is freed, whatever becomes of the page. */
static unsigned int look_at_frame(struct page *page, void *arg)
{
	const struct mem_cgroup *memcg;
	struct mr_held *held;

	rcu_read_lock();
	memcg = mr_kernel_page_memcg(page);
	held = memcg ? held_of(arg, &memcg->css) : NULL;
	if (held)
		held->nr[MR_HOLD_KERNEL]++;
	rcu_read_unlock();
	return 0;
}

/* Kernel memory has no list: where it holds groups, all of memory is looked at. */
static int survey_frames(struct mr_holders *h)
{
	struct mr_frames f;

	if (!MR_KERNEL_PAGES_PIN)
		return 0;
	mr_frames_start(&f);
	while (mr_frames_next(&f, FRAMES_BATCH, look_at_frame, h)) {
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * mr_holders_survey() - look at all processes and disks
 * @h: filled in; what was in there is forgotten
 *
 * It takes as long as there are threads and open files, some 100 ns each, and on
 * 5.10 goes over all of memory. What changes meanwhile may be in it or not.
 *
 * Not found are sockets and watches that no process has open: in flight between
 * processes, of the kernel's own, orphaned.
 *
 * Context: process context, sleeps.
 *
 * Return: 0, -EINTR after a signal, or -ENOMEM.
 */
int mr_holders_survey(struct mr_holders *h)
{
	forget(h);
	return survey_tasks(h) ?: survey_writebacks(h) ?: survey_frames(h);
}

/**
 * mr_holders_read() - what a survey has found for a group
 * @h: the survey
 * @css: an offline group, referenced by the caller
 * @held: result
 */
void mr_holders_read(struct mr_holders *h, const struct cgroup_subsys_state *css,
		     struct mr_held *held)
{
	struct entry *e = xa_load(&h->groups, css->id);

	if (e && e->serial == css->serial_nr)
		*held = e->held;
	else
		memset(held, 0, sizeof(*held));
}

/*
 * Address spaces hold the group on whose list they are (lru_gen_add_mm() in
 * mm/vmscan.c), which is not that of their tasks where several were moved at once.
 */
static unsigned int nr_mms(struct mem_cgroup *memcg)
{
	unsigned int nr = 0;
#ifdef MR_HAS_MM_LIST
	struct list_head *at;

	spin_lock(&memcg->mm_list.lock);
	list_for_each(at, &memcg->mm_list.fifo)
		nr++;
	spin_unlock(&memcg->mm_list.lock);
#endif
	return nr;
}

/**
 * mr_css_refs_read() - what a group itself tells of who holds it
 * @css: an offline group, referenced by the caller, once
 * @refs: result
 *
 * The count is exact: a css is offline only after it has left per-CPU mode
 * (css_killed_ref_fn() in kernel/cgroup/cgroup.c is called when it has), and its own
 * initial reference is gone. References that a pass or a reader of a table takes for a
 * moment are in it.
 *
 * Swap entries of a group are counted by its id, which holds the css once, until the
 * last of them is gone (mem_cgroup_id_put_many() in mm/memcontrol.c); the group's own
 * reference on it was dropped when it went offline.
 *
 * Context: process context.
 */
void mr_css_refs_read(struct cgroup_subsys_state *css, struct mr_css_refs *refs)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(css);

	refs->total = atomic_long_read(&css->refcnt.data->count) - 1;
	refs->swap = refcount_read(&memcg->id.ref);
	refs->mms = nr_mms(memcg);
	refs->csets = !list_empty(&css->cgroup->e_csets[memory_cgrp_id]);
}
