/* SPDX-License-Identifier: GPL-2.0 */
/* Files of tmpfs that have pages in swap. */
#ifndef MR_SWAPPED_H
#define MR_SWAPPED_H

#include <linux/types.h>

/* Rows that a table may have. */
#define MR_SWAPPED_MAX		16384U

/**
 * struct mr_swapped_file - one of them
 * @dev: device of its file system
 * @ino: its number
 * @pages: base pages in swap
 * @path: from the root of the file system, "" where none is known
 */
struct mr_swapped_file {
	dev_t dev;
	unsigned long ino;
	unsigned long pages;
	char path[];
};

/**
 * struct mr_swapped - the result of a walk
 * @file: by size, largest first
 * @nr: how many
 * @more: pages of files that did not fit in
 *
 * Locking: one user at a time.
 */
struct mr_swapped {
	struct mr_swapped_file **file;
	unsigned int nr;
	unsigned long more;

	/* private: */
	char *path;
	int err;
};

struct mr_swapped *mr_swapped_alloc(void);
void mr_swapped_free(struct mr_swapped *s);
int mr_swapped_collect(struct mr_swapped *s);

#endif /* MR_SWAPPED_H */
