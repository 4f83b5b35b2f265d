/* SPDX-License-Identifier: GPL-2.0 */
/* The inodes of dying writebacks, on the lists of super blocks. */
#ifndef MR_SB_INODES_H
#define MR_SB_INODES_H

#include <linux/list.h>

#include "inode_switch.h"

int mr_supers_switch(struct mr_inode_switch *sw, struct list_head *bdis);

#endif /* MR_SB_INODES_H */
