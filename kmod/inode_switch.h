/* SPDX-License-Identifier: GPL-2.0 */
/* Move inodes off the writeback of offline groups. */
#ifndef MR_INODE_SWITCH_H
#define MR_INODE_SWITCH_H

#include <linux/cgroup.h>
#include <linux/types.h>

struct bdi_writeback;
struct inode;
struct super_block;

enum mr_switch_want {
	MR_SWITCH_NONE,
	MR_SWITCH_CLEAN,	/* clean inodes only */
	MR_SWITCH_ALL,		/* dirty ones too, unless they are large */
};

/* Whether clean inodes are on no list of their writeback at all, or a few are. */
#ifdef MR_HAS_WB_ATTACHED
#define MR_WB_CLEAN_UNLISTED 0
#else
#define MR_WB_CLEAN_UNLISTED 1
#endif

/**
 * struct mr_inode_switch - one round over all bdis
 * @want: which inodes of an offline group are to be switched; called under
 *	rcu_read_lock()
 * @lost: whether an offline group with a writeback that has no inodes on its lists
 *	has been there for long enough to look for them elsewhere; called under
 *	rcu_read_lock()
 * @dirty: told of each offline group with inodes that wait to be written;
 *	called under rcu_read_lock()
 * @relax: called between batches, may sleep; not 0: end the round
 * @stop: whether the round is to end; asked where it can't rest
 * @walk: whether all inodes of the file systems in question are worth a look, where
 *	that is how they are found; asked once, if some are wanted
 * @arg: for all of them
 * @switched: result, inodes for which the kernel has accepted a switch; it
 *	completes a grace period later
 * @full: result, the kernel had too many switches in flight; come back. The
 *	rest of the round only looks for dirty ones.
 * @walked: result, all inodes were looked at, or those until it was full
 */
struct mr_inode_switch {
	enum mr_switch_want (*want)(const struct cgroup_subsys_state *css,
				    void *arg);
	bool (*lost)(const struct cgroup_subsys_state *css, void *arg);
	void (*dirty)(const struct cgroup_subsys_state *css, void *arg);
	int (*relax)(void *arg);
	bool (*stop)(void *arg);
	bool (*walk)(void *arg);
	void *arg;
	unsigned long switched;
	bool full;
	bool walked;
};

/* Inodes taken under one hold of a list's lock, all of one super block. */
#define MR_SWITCH_BATCH	32
/* Entries of a list looked at under one hold: some 20 us. */
#define MR_SWITCH_LOOK	1024

/* For those who find the inodes. */
bool mr_sb_trylock(struct super_block *sb);
bool mr_inode_unfit(const struct inode *inode);
bool mr_inode_switch(struct mr_inode_switch *sw, struct inode *inode,
		     struct bdi_writeback *wb, struct cgroup_subsys_state *to);

#ifdef MR_CAN_SWITCH_INODES
int mr_inode_switch_round(struct mr_inode_switch *sw);
#else
static inline int mr_inode_switch_round(struct mr_inode_switch *sw)
{
	return 0;
}
#endif

#endif /* MR_INODE_SWITCH_H */
