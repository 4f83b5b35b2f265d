/* SPDX-License-Identifier: GPL-2.0 */
/* What the LRU lists of a group hold. */
#ifndef MR_LRU_H
#define MR_LRU_H

#include <linux/cgroup.h>

/**
 * struct mr_lru_size - pages on a group's own LRU lists, all nodes and zones
 * @file: evictable, file system pages
 * @anon: evictable, anonymous and shmem pages
 * @unevictable: mlocked, ramfs, SHM_LOCKed
 */
struct mr_lru_size {
	unsigned long file;
	unsigned long anon;
	unsigned long unevictable;
};

void mr_lru_read(const struct cgroup_subsys_state *css, struct mr_lru_size *size);

static inline unsigned long mr_lru_total(const struct mr_lru_size *size)
{
	return size->file + size->anon + size->unevictable;
}

#endif /* MR_LRU_H */
