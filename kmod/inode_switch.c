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
 * Only clean inodes are taken (wb->b_attached). A dirty one gets there once it
 * is written.
 */
#include <linux/backing-dev.h>
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/fs.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/writeback.h>

#include "find.h"
#include "inode_switch.h"
#include "trace.h"

/* Inodes taken under one hold of list_lock, all of one super block. */
#define SWITCH_BATCH	32
/* Entries of b_attached looked at under one hold. */
#define SWITCH_LOOK	128
/* Outweighs any bandwidth that the kernel may have measured. */
#define SWITCH_BYTES	((size_t)1 << (BITS_PER_LONG == 64 ? 40 : 31))
/* Writebacks looked at in one RCU section. */
#define WB_BATCH	128

/*
 * Super block of a batch, and what keeps it: s_umount held for reading, so
 * that an unmount waits the few microseconds until the batch's inode
 * references are gone; neither "Busy inodes after unmount" nor a device that
 * is in use after umount returned. trylock only: whoever holds it for writing
 * (mount, umount, freeze) comes first.
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

/*
 * Take up to SWITCH_BATCH inodes of one super block off the head of
 * b_attached, with a reference each; they stay on the list, at its tail.
 *
 * Under list_lock an inode that is on the list is neither freed nor is its
 * super block (evict() takes it off under the same lock), so s_umount may be
 * tried. igrab() takes i_lock, which nests inside list_lock (mm/filemap.c).
 *
 * Returns the number; *@sbp is locked if it is not 0.
 */
static int take_attached(struct bdi_writeback *wb, struct inode **inodes,
			 struct super_block **sbp)
{
	struct super_block *sb = NULL;
	struct list_head *last = NULL;
	int nr = 0, look = SWITCH_LOOK;
	struct inode *inode;

	spin_lock(&wb->list_lock);
	list_for_each_entry(inode, &wb->b_attached, i_io_list) {
		if (nr == SWITCH_BATCH || !look--)
			break;
		last = &inode->i_io_list;
		if (READ_ONCE(inode->i_state) &
		    (I_WB_SWITCH | I_FREEING | I_WILL_FREE | I_NEW))
			continue;
		if (IS_DAX(inode))
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
	/* The next look begins with others; the order means nothing. */
	if (last)
		list_bulk_move_tail(&wb->b_attached, wb->b_attached.next, last);
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
 * leaves the inode as it was.
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
 * Switch the clean inodes of one dying writeback, batch by batch.
 * @wb and @to are referenced by the caller.
 */
static int switch_wb(struct mr_inode_switch *sw, struct bdi_writeback *wb,
		     struct cgroup_subsys_state *to)
{
	struct inode *inodes[SWITCH_BATCH];
	struct super_block *sb;
	int i, nr, done, err, ret;

	do {
		nr = take_attached(wb, inodes, &sb);
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

/*
 * All dying writebacks of one bdi. They stay on bdi->wb_list until their last
 * reference is gone (wb_shutdown()), so a reference keeps the place when the
 * RCU section is left. Neither they nor their group are freed before a grace
 * period has passed since (cgwb_free_rcu(), css_free_rwork_fn()).
 *
 * Unless the bdi is unregistered meanwhile: cgwb_bdi_unregister() takes them
 * all off, referenced or not, and the place then leads to what may be freed.
 * WB_registered is cleared before that, so where it is still set inside an RCU
 * section, the next one is there until the section ends.
 *
 * The caller keeps @bdi alive.
 */
static int switch_bdi(struct mr_inode_switch *sw, struct backing_dev_info *bdi)
{
	struct bdi_writeback *wb, *pos = NULL, *old;
	struct cgroup_subsys_state *to;
	int left, ret = 0;

	do {
		to = NULL;
		left = WB_BATCH;
		old = pos;
		rcu_read_lock();
		if (pos && !test_bit(WB_registered, &pos->state)) {
			rcu_read_unlock();
			break;
		}
		wb = pos ?: list_entry(&bdi->wb_list, struct bdi_writeback,
				       bdi_node);
		pos = NULL;
		list_for_each_entry_continue_rcu(wb, &bdi->wb_list, bdi_node) {
			struct cgroup_subsys_state *css = wb->memcg_css;
			bool take;

			left--;
			if (wb == &bdi->wb)
				continue;
			take = false;
			if (mr_css_is_offline(css)) {
				if (wb_has_dirty_io(wb))
					sw->dirty(css, sw->arg);
				take = !sw->full &&
				       !list_empty(&wb->b_attached) &&
				       sw->want(css, sw->arg);
			}
			if ((!take && left > 0) || !wb_tryget(wb))
				continue;
			pos = wb;
			if (!take)
				break;
			to = mr_online_ancestor(css);
			if (!css_tryget(to))
				to = NULL;
			break;
		}
		rcu_read_unlock();
		if (old)
			wb_put(old);
		if (to) {
			ret = switch_wb(sw, pos, to);
			css_put(to);
		} else {
			ret = sw->relax(sw->arg);
		}
	} while (pos && !ret);

	if (pos)
		wb_put(pos);
	return ret;
}

/**
 * mr_inode_switch_round() - switch what can be switched now, report the rest
 * @sw: what is wanted, and the result
 *
 * Devices are found through the inodes of block devices: the inode of a whole
 * disk holds the disk and its bdi (bdev_free_inode() in block/bdev.c, 6.1 and
 * 6.12), and blockdev_superblock is exported. This covers every file system
 * that is mounted from a block device and writes through that device's bdi,
 * and the cached pages of the devices themselves.
 *
 * Context: process context, sleeps. s_inode_list_lock is dropped for each
 * device, with a reference on its inode that keeps the place in the list, as
 * sync_bdevs() does.
 *
 * Return: 0, or what @sw->relax returned.
 */
int mr_inode_switch_round(struct mr_inode_switch *sw)
{
	struct super_block *sb = blockdev_superblock;
	struct inode *inode, *old = NULL;
	int ret = 0;

	sw->switched = 0;
	sw->full = false;
	if (!cgroup_subsys_on_dfl(memory_cgrp_subsys) ||
	    !cgroup_subsys_on_dfl(io_cgrp_subsys))
		return 0;

	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		struct backing_dev_info *bdi;

		/* Hashed: bdev_add() was called, the disk is set up. */
		if (!S_ISBLK(inode->i_mode) || inode_unhashed(inode) ||
		    bdev_is_partition(I_BDEV(inode)) || !igrab(inode))
			continue;
		spin_unlock(&sb->s_inode_list_lock);
		if (old)
			iput(old);
		old = inode;

		bdi = inode_to_bdi(inode);
		ret = switch_bdi(sw, bdi);

		spin_lock(&sb->s_inode_list_lock);
		if (ret)
			break;
	}
	spin_unlock(&sb->s_inode_list_lock);
	if (old)
		iput(old);
	return ret;
}
