// SPDX-License-Identifier: GPL-2.0
/*
 * What the LRU lists of a group hold.
 */
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>

#include "lru.h"

/* Deltas are applied late: a size can be negative for a moment. */
static unsigned long nonneg(long n)
{
	return max(n, 0L);
}

/**
 * mr_lru_read() - add up a group's LRU sizes
 * @css: the group, referenced by the caller
 * @size: result, pages
 *
 * Classic lists count in lru_zone_size[], MGLRU's generations in
 * lrugen.nr_pages[]; a folio is on one of the two (lru_gen_add_folio() and
 * lruvec_add_folio() in include/linux/mm_inline.h, 6.1 and 6.12), so the sum
 * is right in either mode and while the mode is changed.
 *
 * mem_cgroup_lruvec() is not used, because it inlines a reference to
 * root_mem_cgroup, which no supported kernel exports.
 *
 * Locking: none; the numbers are read one by one and are exact only when
 * nothing moves. nodeinfo[] is freed with the css.
 */
void mr_lru_read(const struct cgroup_subsys_state *css, struct mr_lru_size *size)
{
	const struct mem_cgroup *memcg =
		container_of(css, const struct mem_cgroup, css);
	long file = 0, anon = 0, unevictable = 0, gen_file = 0, gen_anon = 0;
	int nid, zone, zones;

	for (nid = mr_next_node(-1); nid < nr_node_ids; nid = mr_next_node(nid)) {
		const struct mem_cgroup_per_node *pn = memcg->nodeinfo[nid];
		const unsigned long (*zs)[NR_LRU_LISTS] = pn->lru_zone_size;

		zones = mr_nr_zones(nid);
		for (zone = 0; zone < zones; zone++) {
			file += READ_ONCE(zs[zone][LRU_INACTIVE_FILE]);
			file += READ_ONCE(zs[zone][LRU_ACTIVE_FILE]);
			anon += READ_ONCE(zs[zone][LRU_INACTIVE_ANON]);
			anon += READ_ONCE(zs[zone][LRU_ACTIVE_ANON]);
			unevictable += READ_ONCE(zs[zone][LRU_UNEVICTABLE]);
		}
#ifdef CONFIG_LRU_GEN
		for (zone = 0; zone < zones; zone++) {
			int gen;

			/* Read for each group there is, and most of what that takes. */
			#pragma GCC unroll 4
			for (gen = 0; gen < MAX_NR_GENS; gen++) {
				const long (*np)[MAX_NR_ZONES] =
					pn->lruvec.lrugen.nr_pages[gen];

				gen_file += READ_ONCE(np[WORKINGSET_FILE][zone]);
				gen_anon += READ_ONCE(np[WORKINGSET_ANON][zone]);
			}
		}
#endif
	}
	size->file = nonneg(file + gen_file);
	size->anon = nonneg(anon + gen_anon);
	size->unevictable = nonneg(unevictable);
	size->generations = gen_file || gen_anon;
}
