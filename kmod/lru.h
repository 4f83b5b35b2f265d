/* SPDX-License-Identifier: GPL-2.0 */
/* What the LRU lists of a group hold. */
#ifndef MR_LRU_H
#define MR_LRU_H

#include <linux/cgroup.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>

/**
 * mr_next_node() - the next node that has memory
 * @nid: the one before, -1 for the first
 *
 * As next_node(nid, node_states[N_MEMORY]), which looks through MAX_NUMNODES bits:
 * with the 1024 of Debian, a good part of what a small group costs. @nr_node_ids is
 * one more than the highest node there can be (setup_nr_node_ids()), and nodeinfo[] of
 * a group has as many entries (mem_cgroup_alloc() in mm/memcontrol.c).
 *
 * Return: a node, or @nr_node_ids if there is none.
 */
static inline int mr_next_node(int nid)
{
	do {
		nid++;
	} while (nid < nr_node_ids && !node_state(nid, N_MEMORY));
	return nid;
}

/**
 * struct mr_lru_size - pages on a group's own LRU lists, all nodes and zones
 * @file: evictable, file system pages
 * @anon: evictable, anonymous and shmem pages
 * @unevictable: mlocked, ramfs, SHM_LOCKed
 * @generations: whether some may be on the lists of MGLRU's generations
 */
struct mr_lru_size {
	unsigned long file;
	unsigned long anon;
	unsigned long unevictable;
	bool generations;
};

/**
 * mr_nr_zones() - how many zones of a node may have pages
 * @nid: a node that has memory
 *
 * The highest one that ever had any, and those below it (init_currently_empty_zone()
 * in mm/page_alloc.c, 6.1; mm/mm_init.c, 6.12): with a node's first pages of a zone it
 * grows, and as long as the node has memory it does not shrink.
 *
 * Return: zones from this one on are empty, and so are their lists.
 */
static inline int mr_nr_zones(int nid)
{
	return NODE_DATA(nid)->nr_zones;
}

void mr_lru_read(const struct cgroup_subsys_state *css, struct mr_lru_size *size);

static inline unsigned long mr_lru_total(const struct mr_lru_size *size)
{
	return size->file + size->anon + size->unevictable;
}

#endif /* MR_LRU_H */
