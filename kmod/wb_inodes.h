/* SPDX-License-Identifier: GPL-2.0 */
/* The inodes of a dying writeback, on its own lists. */
#ifndef MR_WB_INODES_H
#define MR_WB_INODES_H

#include <linux/backing-dev.h>

#include "inode_switch.h"

#ifdef MR_HAS_WB_ATTACHED
/* Whether there are any that are not dirty. */
static inline bool mr_wb_may_have_clean(const struct bdi_writeback *wb)
{
	return !list_empty(&wb->b_attached) || !list_empty(&wb->b_dirty_time);
}

int mr_wb_switch(struct mr_inode_switch *sw, struct bdi_writeback *wb,
		 struct cgroup_subsys_state *to, enum mr_switch_want want);
#else
/* A dying one without inodes would soon be gone. */
static inline bool mr_wb_may_have_clean(const struct bdi_writeback *wb)
{
	return true;
}

/* See sb_inodes.h. */
static inline int mr_wb_switch(struct mr_inode_switch *sw,
			       struct bdi_writeback *wb,
			       struct cgroup_subsys_state *to,
			       enum mr_switch_want want)
{
	return sw->relax(sw->arg);
}
#endif

#endif /* MR_WB_INODES_H */
