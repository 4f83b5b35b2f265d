/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/mm/memcg_reaper */
#ifndef MR_SYSFS_H
#define MR_SYSFS_H

int mr_sysfs_create(void);
void mr_sysfs_remove(void);

#endif /* MR_SYSFS_H */
