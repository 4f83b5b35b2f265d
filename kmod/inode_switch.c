// SPDX-License-Identifier: GPL-2.0
/*
 * Move inodes off the writeback of offline groups.
 *
 * With cgroup v2 an inode stays attached to the bdi_writeback of the group
 * that dirtied it last, and that writeback holds the group. The kernel moves
 * clean inodes away only when another group goes offline, and skips a
 * writeback that has dirty ones (cleanup_offline_cgwbs_workfn() in
 * mm/backing-dev.c, 6.1 and 6.12). Here they are moved when asked, through the
 * interface by which a file system reports who wrote to an inode: told that
 * the nearest online ancestor wrote most of it, the kernel switches by itself.
 *
 * Clean inodes are on wb->b_attached. A dirty one gets there once it is
 * written, but it can be switched as it is on some kernels, and is then written
 * by the new group's writeback (inode_do_switch_wbs() in fs/fs-writeback.c);
 * the caller says for each group whether that is wanted.
 */
#include <linux/backing-dev.h>
#include <linux/dax.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/writeback.h>

#include "bdis.h"
#include "find.h"
#include "inode_switch.h"
#include "trace.h"

/* Inodes taken under one hold of list_lock, all of one super block. */
#define SWITCH_BATCH	32
/* Entries of a list looked at under one hold: some 20 us. */
#define SWITCH_LOOK	1024
/*
 * An inode's dirty pages are gone through with interrupts off when it is
 * switched (inode_do_switch_wbs()): a large one has to be written first.
 */
#define SWITCH_DIRTY_PAGES	2048
/* Outweighs any bandwidth that the kernel may have measured. */
#define SWITCH_BYTES	((size_t)1 << (BITS_PER_LONG == 64 ? 40 : 31))

/*
 * Super block of a batch, and what keeps it: s_umount held for reading, so
 * that an unmount waits until the batch's inode references are gone: a few
 * microseconds, unless one of them is the last of an unlinked inode. So there
 * is neither "Busy inodes after unmount" nor a device that is in use after
 * umount returned. trylock only: whoever holds it for writing (mount, umount,
 * freeze) comes first.
 *
 * Not while frozen: the last iput() of an unlinked inode would wait for the
 * thaw, and the thaw for s_umount. A freeze can't begin under s_umount.
 */
static bool sb_trylock(struct super_block *sb)
{
	if (!down_read_trylock(&sb->s_umount))
		return false;
	if (sb->s_root && (sb->s_flags & SB_ACTIVE) &&
	    sb->s_writers.frozen == SB_UNFROZEN)
		return true;
	up_read(&sb->s_umount);
	return false;
}

/* Whether to leave an inode where it is; under list_lock. */
static bool unfit(const struct inode *inode)
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
 * Take up to SWITCH_BATCH inodes of one super block off the tail of a list,
 * with a reference each. They stay on the list: on b_attached at its head, so
 * that the next look begins with others; there the order means nothing. The
 * other lists are ordered by age, with the oldest inodes at the tail.
 *
 * Under list_lock an inode that is on the list is neither freed nor is its
 * super block (evict() takes it off under the same lock), so s_umount may be
 * tried. igrab() takes i_lock, which nests inside list_lock (mm/filemap.c).
 *
 * Returns the number; *@sbp is locked if it is not 0.
 */
static int take_inodes(struct bdi_writeback *wb, struct list_head *list,
		       struct inode **inodes, struct super_block **sbp)
{
	bool clean = list == &wb->b_attached;
	struct super_block *sb = NULL;
	struct list_head *last = NULL;
	int nr = 0, look = SWITCH_LOOK;
	struct inode *inode;

	spin_lock(&wb->list_lock);
	list_for_each_entry_reverse(inode, list, i_io_list) {
		if (nr == SWITCH_BATCH || !look--)
			break;
		last = &inode->i_io_list;
		if (unfit(inode))
			continue;
		if (!sb) {
			if (!sb_trylock(inode->i_sb))
				continue;
			sb = inode->i_sb;
		} else if (sb != inode->i_sb) {
			continue;
		}
		if (!igrab(inode))
			continue;
		inodes[nr++] = inode;
	}
	if (last && clean)
		list_rotate_to_front(last, list);
	spin_unlock(&wb->list_lock);

	if (sb && !nr)
		up_read(&sb->s_umount);
	*sbp = sb;
	return nr;
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

/*
 * Switch the inodes of one list of a dying writeback, batch by batch.
 * @wb and @to are referenced by the caller.
 */
static int switch_list(struct mr_inode_switch *sw, struct bdi_writeback *wb,
		       struct list_head *list, struct cgroup_subsys_state *to)
{
	struct inode *inodes[SWITCH_BATCH];
	struct super_block *sb;
	int i, nr, done, err, ret;

	do {
		nr = take_inodes(wb, list, inodes, &sb);
		if (!nr)
			return 0;
		for (i = 0, done = 0; i < nr; i++) {
			err = sw->full ? -EBUSY :
			      switch_inode(inodes[i], wb, to->id);
			if (!err) {
				trace_inode_switch(inodes[i],
						   cgroup_id(wb->memcg_css->cgroup),
						   cgroup_id(to->cgroup));
				done++;
			}
			sw->full = err == -EBUSY;
			iput(inodes[i]);
		}
		up_read(&sb->s_umount);
		sw->switched += done;
		ret = sw->relax(sw->arg);
	} while (!ret && done && !sw->full);
	return ret;
}

static int switch_wb(struct mr_inode_switch *sw, struct bdi_writeback *wb,
		     struct cgroup_subsys_state *to, enum mr_switch_want want)
{
	struct list_head *lists[] = {
		&wb->b_attached, &wb->b_dirty_time,
		&wb->b_dirty, &wb->b_more_io, &wb->b_io,
	};
	/* b_dirty_time is not dirty in this sense: there are no pages. */
	int nr = want == MR_SWITCH_ALL && MR_SWITCHES_DIRTY_INODES ? 5 : 2;
	int i, ret = 0;

	for (i = 0; !ret && !sw->full && i < nr; i++)
		ret = switch_list(sw, wb, lists[i], to);
	return ret;
}

/* What to do about the writeback that a walk has stopped at. */
struct visit {
	struct mr_inode_switch *sw;
	enum mr_switch_want want;
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
	clean = !list_empty(&wb->b_attached) || !list_empty(&wb->b_dirty_time);
	dirty = wb_has_dirty_io(wb);
	if (dirty)
		v->sw->dirty(css, v->sw->arg);
	if (!v->sw->full && (clean || dirty))
		v->want = v->sw->want(css, v->sw->arg);
	if (v->want == MR_SWITCH_CLEAN && !clean)
		v->want = MR_SWITCH_NONE;
	return v->want != MR_SWITCH_NONE;
}

/* All dying writebacks of one bdi, which the caller keeps alive. */
static int switch_bdi(struct mr_inode_switch *sw, struct backing_dev_info *bdi)
{
	struct visit v = { .sw = sw };
	struct mr_wb_cursor c = {
		.bdi = bdi, .stop = worth_a_stop, .arg = &v,
	};
	struct cgroup_subsys_state *to;
	int ret = 0;

	while (!ret && mr_wb_next(&c)) {
		if (c.hit) {
			/* The writeback holds its group. */
			to = mr_online_ancestor_get(c.wb->memcg_css);
			ret = switch_wb(sw, c.wb, to, v.want);
			css_put(to);
		} else {
			ret = sw->relax(sw->arg);
		}
	}
	mr_wb_end(&c);
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
 * Return: 0, or what @sw->relax returned.
 */
int mr_inode_switch_round(struct mr_inode_switch *sw)
{
	struct mr_bdi *ref, *next;
	LIST_HEAD(bdis);
	int ret = 0;

	sw->switched = 0;
	sw->full = false;
	if (!cgroup_subsys_on_dfl(memory_cgrp_subsys) ||
	    !cgroup_subsys_on_dfl(io_cgrp_subsys))
		return 0;

	mr_bdis_get(&bdis);
	list_for_each_entry_safe(ref, next, &bdis, list) {
		if (!ret)
			ret = switch_bdi(sw, ref->bdi);
		mr_bdi_put(ref);
	}
	return ret;
}
