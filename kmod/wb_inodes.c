// SPDX-License-Identifier: GPL-2.0
/*
 * The inodes of a dying writeback, on its own lists.
 *
 * Clean inodes are on wb->b_attached. A dirty one gets there once it is written.
 */
#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/list.h>

#include "inode_switch.h"
#include "wb_inodes.h"

/*
 * Take up to MR_SWITCH_BATCH inodes of one super block off the tail of a list,
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
	int nr = 0, look = MR_SWITCH_LOOK;
	struct inode *inode;

	spin_lock(&wb->list_lock);
	list_for_each_entry_reverse(inode, list, i_io_list) {
		if (nr == MR_SWITCH_BATCH || !look--)
			break;
		last = &inode->i_io_list;
		if (mr_inode_unfit(inode))
			continue;
		if (!sb) {
			if (!mr_sb_trylock(inode->i_sb))
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
 * Switch the inodes of one list of a dying writeback, batch by batch.
 * @wb and @to are referenced by the caller.
 */
static int switch_list(struct mr_inode_switch *sw, struct bdi_writeback *wb,
		       struct list_head *list, struct cgroup_subsys_state *to)
{
	struct inode *inodes[MR_SWITCH_BATCH];
	struct super_block *sb;
	int i, nr, done, ret;

	do {
		nr = take_inodes(wb, list, inodes, &sb);
		if (!nr)
			return 0;
		for (i = 0, done = 0; i < nr; i++) {
			done += mr_inode_switch(sw, inodes[i], wb, to);
			iput(inodes[i]);
		}
		up_read(&sb->s_umount);
		ret = sw->relax(sw->arg);
	} while (!ret && done && !sw->full);
	return ret;
}

/**
 * mr_wb_switch() - switch the inodes of a dying writeback
 * @sw: the round
 * @wb: the writeback, referenced
 * @to: the group to get them, referenced
 * @want: which of them
 *
 * Context: process context, sleeps.
 *
 * Return: 0, or what @sw->relax returned.
 */
int mr_wb_switch(struct mr_inode_switch *sw, struct bdi_writeback *wb,
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
