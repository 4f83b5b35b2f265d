/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/memcg_reaper */
#ifndef MR_DEBUGFS_H
#define MR_DEBUGFS_H

#include <linux/fs.h>

struct cgroup_subsys_state;
struct seq_file;

extern const struct file_operations mr_files_fops;
extern const struct file_operations mr_swapped_fops;

void mr_put_name(struct seq_file *m, const char *name);
void mr_debugfs_create(struct cgroup_subsys_state *root);
void mr_debugfs_remove(void);

#endif /* MR_DEBUGFS_H */
