/* SPDX-License-Identifier: GPL-2.0 */
/* Move inodes off the writeback of offline groups. */
#ifndef MR_INODE_SWITCH_H
#define MR_INODE_SWITCH_H

#include <linux/cgroup.h>

enum mr_switch_want {
	MR_SWITCH_NONE,
	MR_SWITCH_CLEAN,	/* clean inodes only */
	MR_SWITCH_ALL,		/* dirty ones too, unless they are large */
};

/**
 * struct mr_inode_switch - one round over all bdis
 * @want: which inodes of an offline group are to be switched; called under
 *	rcu_read_lock()
 * @dirty: told of each offline group with inodes that wait to be written;
 *	called under rcu_read_lock()
 * @relax: called between batches, may sleep; not 0: end the round
 * @arg: for both
 * @switched: result, inodes for which the kernel has accepted a switch; it
 *	completes a grace period later
 * @full: result, the kernel had too many switches in flight; come back. The
 *	rest of the round only looks for dirty ones.
 */
struct mr_inode_switch {
	enum mr_switch_want (*want)(const struct cgroup_subsys_state *css,
				    void *arg);
	void (*dirty)(const struct cgroup_subsys_state *css, void *arg);
	int (*relax)(void *arg);
	void *arg;
	unsigned long switched;
	bool full;
};

#ifdef MR_CAN_SWITCH_INODES
int mr_inode_switch_round(struct mr_inode_switch *sw);
#else
static inline int mr_inode_switch_round(struct mr_inode_switch *sw)
{
	return 0;
}
#endif

#endif /* MR_INODE_SWITCH_H */
