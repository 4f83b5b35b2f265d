// SPDX-License-Identifier: GPL-2.0
/*
 * The inodes of dying writebacks, on the lists of super blocks.
 *
 * For inodes that are on no list of their writeback: on 5.10 all that are clean,
 * later a few. All inodes of the file systems in question are looked at.
 *
 * Finding super blocks: their list is private to fs/super.c, and to go by the
 * types of file systems means to wait for each that is being mounted or
 * unmounted (iterate_supers_type()). But each block device leads to the one that
 * is mounted from it (bd_super, until 6.5), and block devices are inodes of a super
 * block that is exported. What has a bdi of its own instead (btrfs, which never sets
 * bd_super) has its metadata in the page cache, whose pages lead there; and so do
 * those of any other, if it has something in it.
 *
 * Lifetime: bd_super is cleared by kill_block_super() before the super block is
 * shut down, and its struct is freed a grace period after that (__put_super()), so
 * that what is read under RCU may be tried to lock. A page that has a mapping, and
 * is locked, keeps the inode of that (truncate_inode_pages_final() in evict()), and
 * that its super block. Once locked by mr_sb_trylock(), it stays until up_read().
 *
 * No reference on an inode outlives that lock, so that there is no way to come back
 * to a place on the list: it is gone through in one go, up to where the kernel has
 * enough of switches, or somebody waits for the lock.
 */
#include <linux/backing-dev.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bdis.h"
#include "find.h"
#include "frames.h"
#include "sb_inodes.h"

/* Page frames looked at between two reschedule points. */
#define FRAMES_BATCH	4096
/*
 * Inodes that may be on their way into or out of the list where a look has to
 * end, and none of which can be stood on.
 */
#define SLACK		(16 * MR_SWITCH_LOOK)

/* File systems of disks that are looked for by page frame; more are not found. */
#define SUPERS_MAX	64

/* What the group at hand wants, as asked last; within one RCU section. */
struct memo {
	const struct cgroup_subsys_state *css;
	enum mr_switch_want want;
};

/*
 * Whether an inode is to be switched; under s_inode_list_lock, and RCU.
 *
 * On that list it has not got to destroy_inode() yet, which detaches it from its
 * writeback (evict() takes it off first), and so holds that, unless it is switched
 * this moment; then RCU keeps the writeback and its group (cgwb_free_rcu()).
 */
static bool is_wanted(struct mr_inode_switch *sw, const struct inode *inode,
		      struct memo *memo)
{
	const struct bdi_writeback *wb = READ_ONCE(inode->i_wb);
	const struct cgroup_subsys_state *css = wb ? wb->memcg_css : NULL;

	if (!css || !mr_css_is_offline(css))
		return false;
	if (css != memo->css) {
		memo->css = css;
		memo->want = sw->want(css, sw->arg);
	}
	/* I_DIRTY_TIME is not dirty in this sense: there are no pages. */
	if (memo->want == MR_SWITCH_NONE ||
	    ((memo->want == MR_SWITCH_CLEAN || !MR_SWITCHES_DIRTY_INODES) &&
	     READ_ONCE(inode->i_state) & I_DIRTY))
		return false;
	return !mr_inode_unfit(inode);
}

/*
 * Take some inodes off a list, with a reference each; they stay on it. The place
 * is an inode with a reference, too, so that it is still on the list when the look
 * goes on: evict() has to wait. New inodes are put before all others
 * (inode_sb_list_add()), so there is an end. igrab() takes i_lock, which nests inside
 * s_inode_list_lock (drop_pagecache_sb() in fs/drop_caches.c).
 *
 * Returns the number; *@at is NULL at the beginning, and in the end.
 */
static int take_inodes(struct mr_inode_switch *sw, struct super_block *sb,
		       struct inode **at, struct inode **inodes)
{
	struct inode *old = *at, *inode = old;
	int nr = 0, look = MR_SWITCH_LOOK;
	struct memo memo = {};

	*at = NULL;
	rcu_read_lock();
	spin_lock(&sb->s_inode_list_lock);
	if (!inode)
		inode = list_entry(&sb->s_inodes, struct inode, i_sb_list);
	list_for_each_entry_continue(inode, &sb->s_inodes, i_sb_list) {
		if (nr < MR_SWITCH_BATCH && is_wanted(sw, inode, &memo) &&
		    igrab(inode))
			inodes[nr++] = inode;
		if (--look > 0 && nr < MR_SWITCH_BATCH)
			continue;
		*at = igrab(inode);
		if (*at || look < -SLACK)
			break;
	}
	spin_unlock(&sb->s_inode_list_lock);
	rcu_read_unlock();
	if (old)
		iput(old);
	return nr;
}

/* The writeback of an inode, referenced, if its group is offline. */
static struct bdi_writeback *dying_wb_get(const struct inode *inode)
{
	struct bdi_writeback *wb;

	rcu_read_lock();
	wb = READ_ONCE(inode->i_wb);
	if (!wb || !mr_css_is_offline(wb->memcg_css) || !wb_tryget(wb))
		wb = NULL;
	rcu_read_unlock();
	return wb;
}

static void switch_one(struct mr_inode_switch *sw, struct inode *inode)
{
	struct bdi_writeback *wb = dying_wb_get(inode);
	struct cgroup_subsys_state *to;

	if (!wb)
		return;
	/* The writeback holds its group. */
	to = mr_online_ancestor_get(wb->memcg_css);
	mr_inode_switch(sw, inode, wb, to);
	css_put(to);
	wb_put(wb);
}

/*
 * Switch the inodes of a super block that mr_sb_trylock() has locked. No rest is
 * taken while it is: an unmount would wait for that.
 */
static void switch_sb(struct mr_inode_switch *sw, struct super_block *sb)
{
	struct inode *inodes[MR_SWITCH_BATCH], *at = NULL;
	int i, nr;

	do {
		nr = take_inodes(sw, sb, &at, inodes);
		for (i = 0; i < nr; i++) {
			switch_one(sw, inodes[i]);
			iput(inodes[i]);
		}
		cond_resched();
	} while (at && !sw->full && !sw->stop(sw->arg) &&
		 !rwsem_is_contended(&sb->s_umount));
	if (at)
		iput(at);
	up_read(&sb->s_umount);
}

static struct mr_bdi *bdi_of(struct list_head *bdis, const struct super_block *sb)
{
	struct mr_bdi *ref;

	list_for_each_entry(ref, bdis, list)
		if (ref->bdi == sb->s_bdi)
			return ref;
	return NULL;
}

#ifdef MR_HAS_BD_SUPER
/* Whether page frames are to lead to the file systems that use a bdi. */
static bool by_frame(const struct mr_bdi *ref)
{
	return !READ_ONCE(ref->bdi->owner);
}

/*
 * Go on to the next block device from which a file system is mounted that uses one
 * of these bdis. Its inode is the place, and has a reference; that keeps no disk. The
 * super block is returned locked; NULL: there are no more.
 */
static struct super_block *next_mounted(struct inode **at, struct list_head *bdis)
{
	struct super_block *all = blockdev_superblock, *sb, *found = NULL;
	struct inode *old = *at, *inode = old;

	*at = NULL;
	rcu_read_lock();
	spin_lock(&all->s_inode_list_lock);
	if (!inode)
		inode = list_entry(&all->s_inodes, struct inode, i_sb_list);
	list_for_each_entry_continue(inode, &all->s_inodes, i_sb_list) {
		sb = READ_ONCE(I_BDEV(inode)->bd_super);
		if (!sb || !mr_sb_trylock(sb))
			continue;
		if (bdi_of(bdis, sb))
			*at = igrab(inode);
		if (*at) {
			found = sb;
			break;
		}
		up_read(&sb->s_umount);
	}
	spin_unlock(&all->s_inode_list_lock);
	rcu_read_unlock();
	if (old)
		iput(old);
	return found;
}

static int switch_mounted(struct mr_inode_switch *sw, struct list_head *bdis)
{
	struct super_block *sb;
	struct inode *at = NULL;
	int ret = 0;

	while (!ret && !sw->full && (sb = next_mounted(&at, bdis))) {
		switch_sb(sw, sb);
		ret = sw->relax(sw->arg);
	}
	if (at)
		iput(at);
	return ret;
}
#else
static bool by_frame(const struct mr_bdi *ref)
{
	return true;
}

static int switch_mounted(struct mr_inode_switch *sw, struct list_head *bdis)
{
	return 0;
}
#endif

/*
 * A search for the super blocks of bdis. Those of a disk may have several, one for
 * each partition; @done and @unwanted, the last mapping that leads to none of these,
 * are compared with only, they may be gone.
 */
struct search {
	struct list_head *bdis;
	const struct super_block *done[SUPERS_MAX];
	unsigned int nr_done;
	unsigned long unwanted;
	struct mr_bdi *hit;
	struct super_block *sb;
};

static bool is_done(const struct search *s, const struct super_block *sb)
{
	unsigned int i;

	for (i = 0; i < s->nr_done; i++)
		if (s->done[i] == sb)
			return true;
	return false;
}

/* Looks at a page with a reference, on an LRU list: no slab, no page table. */
static void look_at_page(struct search *s, struct page *page)
{
	struct address_space *mapping;
	struct super_block *sb;

	if (!trylock_page(page))
		return;
	mapping = READ_ONCE(page->mapping);
	if (mapping && !((unsigned long)mapping & PAGE_MAPPING_FLAGS) &&
	    mapping->host) {
		sb = mapping->host->i_sb;
		if (!bdi_of(s->bdis, sb) || is_done(s, sb)) {
			s->unwanted = (unsigned long)mapping;
		} else if (mr_sb_trylock(sb)) {
			s->hit = bdi_of(s->bdis, sb);
			if (s->hit)
				s->sb = sb;
			else
				up_read(&sb->s_umount);
		}
	}
	unlock_page(page);
}

static unsigned int frame(struct page *page, void *arg)
{
	struct search *s = arg;
	unsigned long mapping = (unsigned long)READ_ONCE(page->mapping);

	/* Those of one file are often side by side. */
	if (!mapping || mapping == s->unwanted ||
	    mapping & PAGE_MAPPING_FLAGS || PageTail(page) ||
	    !PageLRU(page) || !get_page_unless_zero(page))
		return 0;
	if (PageLRU(page) && !PageTail(page))
		look_at_page(s, page);
	put_page(page);
	return !!s->sb;
}

/* Bdis that a file system has made for itself have one super block each. */
static int switch_by_frame(struct mr_inode_switch *sw, struct list_head *bdis)
{
	struct mr_bdi *ref, *next;
	struct search *s;
	struct mr_frames f;
	LIST_HEAD(look);
	LIST_HEAD(done);
	bool more = true;
	int ret = 0;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	list_for_each_entry_safe(ref, next, bdis, list)
		if (by_frame(ref))
			list_move_tail(&ref->list, &look);
	s->bdis = &look;
	mr_frames_start(&f);
	while (!ret && more && !list_empty(&look) && !sw->full &&
	       s->nr_done < SUPERS_MAX) {
		more = mr_frames_next(&f, FRAMES_BATCH, frame, s);
		if (s->sb) {
			switch_sb(sw, s->sb);
			if (READ_ONCE(s->hit->bdi->owner))
				s->done[s->nr_done++] = s->sb;
			else
				list_move_tail(&s->hit->list, &done);
			s->sb = NULL;
		}
		ret = sw->relax(sw->arg);
	}
	list_splice(&look, bdis);
	list_splice(&done, bdis);
	kfree(s);
	return ret;
}

/**
 * mr_supers_switch() - switch inodes of dying writebacks, wherever they are
 * @sw: the round
 * @bdis: struct mr_bdi, those that have some; in another order afterwards
 *
 * It takes as long as these file systems have inodes, some 100 ns each.
 *
 * Context: process context, sleeps.
 *
 * Return: 0, or what @sw->relax returned.
 */
int mr_supers_switch(struct mr_inode_switch *sw, struct list_head *bdis)
{
	int ret;

	if (!sw->walk(sw->arg))
		return 0;
	sw->walked = true;
	/* The block devices themselves, that is, metadata of file systems. */
	if (mr_sb_trylock(blockdev_superblock))
		switch_sb(sw, blockdev_superblock);
	ret = switch_mounted(sw, bdis);
	return ret ?: switch_by_frame(sw, bdis);
}
