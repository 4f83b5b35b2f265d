/* SPDX-License-Identifier: GPL-2.0 */
/* Files whose pages are charged to offline groups. */
#ifndef MR_FILES_H
#define MR_FILES_H

#include <linux/types.h>

/* Rows that a table may have, and bytes of their paths. */
#define MR_FILES_MAX		65536U
#define MR_FILES_PATHS		(8U << 20)

/**
 * struct mr_file - pages of one file that one group is charged for
 * @inode: the inode's address, to tell files apart; not held, never followed
 * @dev: device of its file system; of itself for a block device
 * @ino: its number
 * @group: cgroup id
 * @pages: base pages
 * @blockdev: the file is a block device: metadata of the file system on it
 * @path: from the root of the file system, "" where none is known, or where there are
 *	more than %MR_FILES_PATHS bytes of them
 */
struct mr_file {
	const void *inode;
	dev_t dev;
	unsigned long ino;
	u64 group;
	unsigned long pages;
	bool blockdev;
	char path[];
};

/**
 * struct mr_files - the result of a walk
 * @file: by size, largest first, once mr_files_collect() is done
 * @nr: how many
 * @busy: pages that could not be looked at, as someone had them locked
 * @more: pages of files that did not fit in
 *
 * Locking: one user at a time.
 */
struct mr_files {
	struct mr_file **file;
	unsigned int nr;
	unsigned long busy;
	unsigned long more;

	/* private: */
	char *path;
	size_t paths;
};

#ifdef MR_CAN_EVICT
int mr_files_collect(struct mr_files *f);
#else
/* Pages are charged to no offline group. */
static inline int mr_files_collect(struct mr_files *f)
{
	return 0;
}
#endif
struct mr_files *mr_files_alloc(void);
void mr_files_free(struct mr_files *f);

#endif /* MR_FILES_H */
