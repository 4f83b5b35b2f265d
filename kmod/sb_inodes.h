/* SPDX-License-Identifier: GPL-2.0 */
/* The inodes of dying writebacks, on the lists of super blocks. */
#ifndef MR_SB_INODES_H
#define MR_SB_INODES_H

#include <linux/list.h>

#include "inode_switch.h"

#if defined(MR_CAN_SWITCH_INODES) && !defined(MR_HAS_WB_ATTACHED)
int mr_supers_switch(struct mr_inode_switch *sw, struct list_head *bdis);
#else
/* See wb_inodes.h. */
static inline int mr_supers_switch(struct mr_inode_switch *sw,
				   struct list_head *bdis)
{
	return 0;
}
#endif

#endif /* MR_SB_INODES_H */
