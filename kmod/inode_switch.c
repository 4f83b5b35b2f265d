// SPDX-License-Identifier: GPL-2.0
/*
 * Move inodes off the writeback of offline groups.
 *
 * With cgroup v2 an inode stays attached to the bdi_writeback of the group
 * that dirtied it last, and that writeback holds the group. The kernel moves
 * clean inodes away only when another group goes offline, and skips a
 * writeback that has dirty ones (cleanup_offline_cgwbs_workfn() in
 * mm/backing-dev.c, 6.1 and 6.12; 5.10 moves none). Here they are moved when
 * asked, through the interface by which a file system reports who wrote to an
 * inode: told that the nearest online ancestor wrote most of it, the kernel
 * switches by itself.
 *
 * Where they are found depends on the kernel: wb_inodes.c goes through the lists
 * of a writeback, sb_inodes.c through those of super blocks, where there is no
 * list of the clean ones. And where there is: a clean inode of the root's writeback is
 * on no list, and put on none when the kernel finds that a group wrote it, and moves it
 * there (inode_do_switch_wbs(), 6.1 and 6.12). It keeps that group until it is
 * written again, or out of the cache.
 *
 * A dirty inode can be switched as it is on some kernels, and is then written
 * by the new group's writeback (inode_do_switch_wbs() in fs/fs-writeback.c,
 * inode_switch_wbs_work_fn() in 5.10); the caller says for each group whether
 * that is wanted.
 */
#include <linux/backing-dev.h>
#include <linux/dax.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/writeback.h>

#include "bdis.h"
#include "find.h"
#include "inode_switch.h"
#include "sb_inodes.h"
#include "trace.h"
#include "wb_inodes.h"

/*
 * An inode's dirty pages are gone through with interrupts off when it is
 * switched (inode_do_switch_wbs()): a large one has to be written first.
 */
#define SWITCH_DIRTY_PAGES	2048
/* Outweighs any bandwidth that the kernel may have measured. */
#define SWITCH_BYTES	((size_t)1 << (BITS_PER_LONG == 64 ? 40 : 31))

/**
 * mr_sb_trylock() - keep a file system from being unmounted for a moment
 * @sb: the super block; its struct is kept by an inode of its own, or by RCU
 *
 * What keeps it: s_umount held for reading, so that an unmount waits until the
 * inode references of a batch are gone: a few microseconds, unless one of them is
 * the last of an unlinked inode. So there is neither "Busy inodes after unmount"
 * nor a device that is in use after umount returned. trylock only: whoever holds
 * it for writing (mount, umount, freeze) comes first.
 *
 * Not while frozen: the last iput() of an unlinked inode would wait for the
 * thaw, and the thaw for s_umount. A freeze can't begin under s_umount.
 *
 * Context: any that may not sleep; up_read() on s_umount ends it.
 *
 * Return: whether it is there, in use, and locked now.
 */
bool mr_sb_trylock(struct super_block *sb)
{
	if (!down_read_trylock(&sb->s_umount))
		return false;
	if (sb->s_root && (sb->s_flags & SB_ACTIVE) &&
	    sb->s_writers.frozen == SB_UNFROZEN)
		return true;
	up_read(&sb->s_umount);
	return false;
}

/**
 * mr_inode_unfit() - whether to leave an inode where it is
 * @inode: the inode, kept by a lock on a list that it is on
 *
 * A hint: the kernel checks what has to hold.
 *
 * Return: true for one that is large and dirty, or in a state of change.
 */
bool mr_inode_unfit(const struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;

	if (READ_ONCE(inode->i_state) &
	    (I_WB_SWITCH | I_FREEING | I_WILL_FREE | I_NEW | I_SYNC))
		return true;
	if (IS_DAX(inode))
		return true;
	return mapping->nrpages > SWITCH_DIRTY_PAGES &&
	       (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) ||
		mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK));
}

/*
 * Report @to as the writer of @inode. The kernel keeps a history of 16 slots
 * and switches when more than half are foreign; a report fills at most 5
 * (WB_FRN_HIST_* in fs/fs-writeback.c), so two or three do it.
 *
 * Returns 0 if a switch is under way, -ENOENT if the inode is not on @old any
 * more, -EBUSY if the switch was refused (too many in flight, no memory), which
 * leaves our reports in the inode's history.
 */
static int switch_inode(struct inode *inode, struct bdi_writeback *old,
			int to_id)
{
	int i;

	for (i = 0; i < 3; i++) {
		struct writeback_control wbc = {};
		bool ours;

		wbc_attach_fdatawrite_inode(&wbc, inode);
		ours = wbc.wb == old;
		if (ours) {
			wbc.wb_tcand_id = to_id;
			wbc.wb_tcand_bytes = SWITCH_BYTES;
		}
		wbc_detach_inode(&wbc);
		if (!ours)
			return -ENOENT;
		if (READ_ONCE(inode->i_state) & I_WB_SWITCH)
			return 0;
	}
	return -EBUSY;
}

/**
 * mr_inode_switch() - move one inode, unless the kernel has had enough
 * @sw: the round; told of the result
 * @inode: the inode, referenced, its super block locked by mr_sb_trylock()
 * @wb: the dying writeback that it is meant to be on, referenced
 * @to: the group to get it, referenced
 *
 * Context: process context.
 *
 * Return: whether a switch is under way.
 */
bool mr_inode_switch(struct mr_inode_switch *sw, struct inode *inode,
		     struct bdi_writeback *wb, struct cgroup_subsys_state *to)
{
	int err = sw->full ? -EBUSY : switch_inode(inode, wb, to->id);

	sw->full = err == -EBUSY;
	if (err)
		return false;
	trace_inode_switch(inode, cgroup_id(wb->memcg_css->cgroup),
			   cgroup_id(to->cgroup));
	sw->switched++;
	return true;
}

/*
 * What to do about the writeback that a walk has stopped at; and whether there was one
 * whose inodes are to be looked for.
 */
struct visit {
	struct mr_inode_switch *sw;
	enum mr_switch_want want;
	bool lost;
};

/* Looks at one writeback; under rcu_read_lock(). */
static bool worth_a_stop(struct bdi_writeback *wb, void *arg)
{
	struct cgroup_subsys_state *css = wb->memcg_css;
	struct visit *v = arg;
	bool clean, dirty;

	v->want = MR_SWITCH_NONE;
	if (!mr_css_is_offline(css))
		return false;
	clean = mr_wb_may_have_clean(wb);
	dirty = wb_has_dirty_io(wb);
	if (dirty)
		v->sw->dirty(css, v->sw->arg);
	if (!clean && !dirty && v->sw->lost(css, v->sw->arg))
		v->lost = true;
	if (!v->sw->full && (clean || dirty))
		v->want = v->sw->want(css, v->sw->arg);
	if (v->want == MR_SWITCH_CLEAN && !clean)
		v->want = MR_SWITCH_NONE;
	return v->want != MR_SWITCH_NONE;
}

/*
 * All dying writebacks of one bdi, which the caller keeps alive. *@wanted: there
 * are some whose inodes have to be looked for.
 */
static int switch_bdi(struct mr_inode_switch *sw, struct backing_dev_info *bdi,
		      bool *wanted)
{
	struct visit v = { .sw = sw };
	struct mr_wb_cursor c = {
		.bdi = bdi, .stop = worth_a_stop, .arg = &v,
	};
	struct cgroup_subsys_state *to;
	int ret = 0;

	*wanted = false;
	while (!ret && mr_wb_next(&c)) {
		if (c.hit) {
			*wanted = MR_WB_CLEAN_UNLISTED;
			/* The writeback holds its group. */
			to = mr_online_ancestor_get(c.wb->memcg_css);
			ret = mr_wb_switch(sw, c.wb, to, v.want);
			css_put(to);
		} else {
			ret = sw->relax(sw->arg);
		}
	}
	mr_wb_end(&c);
	*wanted |= v.lost;
	return ret ?: sw->relax(sw->arg);
}

/**
 * mr_inode_switch_round() - switch what can be switched now, report the rest
 * @sw: what is wanted, and the result
 *
 * Covers every file system with per-group writeback, whether it writes through
 * the bdi of a block device or has one of its own, and the cached pages of the
 * block devices themselves.
 *
 * Context: process context, sleeps.
 *
 * Return: 0, what @sw->relax returned, or -ENOMEM.
 */
int mr_inode_switch_round(struct mr_inode_switch *sw)
{
	struct mr_bdi *ref, *next;
	LIST_HEAD(wanted);
	LIST_HEAD(bdis);
	bool hit;
	int ret;

	sw->switched = 0;
	sw->full = false;
	sw->walked = false;
	if (!cgroup_subsys_on_dfl(memory_cgrp_subsys) ||
	    !cgroup_subsys_on_dfl(io_cgrp_subsys))
		return 0;

	/* Rather none than some: what is left out would pass for done. */
	ret = mr_bdis_get(&bdis);
	list_for_each_entry_safe(ref, next, &bdis, list) {
		hit = false;
		if (!ret)
			ret = switch_bdi(sw, ref->bdi, &hit);
		list_del(&ref->list);
		if (hit && !ret)
			list_add_tail(&ref->list, &wanted);
		else
			mr_bdi_put(ref);
	}
	if (!ret && !list_empty(&wanted))
		ret = mr_supers_switch(sw, &wanted);
	list_for_each_entry_safe(ref, next, &wanted, list)
		mr_bdi_put(ref);
	return ret;
}
