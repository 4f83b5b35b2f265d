/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between kernels that only the suites meet; as kmod/compat.h. */
#ifndef MR_KUNIT_COMPAT_H
#define MR_KUNIT_COMPAT_H

#include <linux/mount.h>
#include <linux/version.h>

/*
 * First argument of vfs_mkdir() and vfs_rmdir(), since 6.3 (abf08576afe3 "fs:
 * port vfs_*() helpers to struct mnt_idmap").
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define mr_mnt_idmap(mnt)	mnt_idmap(mnt)
#else
#define mr_mnt_idmap(mnt)	mnt_user_ns(mnt)
#endif

#endif /* MR_KUNIT_COMPAT_H */
