/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/memcg_reaper */
#ifndef MR_DEBUGFS_H
#define MR_DEBUGFS_H

struct cgroup_subsys_state;

void mr_debugfs_create(struct cgroup_subsys_state *root);
void mr_debugfs_remove(void);

#endif /* MR_DEBUGFS_H */
