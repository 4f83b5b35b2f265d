// SPDX-License-Identifier: GPL-2.0
/*
 * What a group's LRU lists hold, read from a made-up group.
 */
#include <kunit/test.h>
#include <linux/memcontrol.h>
#include <linux/nodemask.h>

#include "../kmod/lru.h"

static int set_up(struct kunit *test)
{
	struct mem_cgroup *memcg;
	int nid;

	memcg = kunit_kzalloc(test, sizeof(*memcg) + nr_node_ids *
			      sizeof(memcg->nodeinfo[0]), GFP_KERNEL);
	if (!memcg)
		return -ENOMEM;
	for_each_node_state(nid, N_MEMORY) {
		memcg->nodeinfo[nid] =
			kunit_kzalloc(test, sizeof(*memcg->nodeinfo[nid]),
				      GFP_KERNEL);
		if (!memcg->nodeinfo[nid])
			return -ENOMEM;
	}
	test->priv = memcg;
	return 0;
}

static void expect(struct kunit *test, unsigned long file, unsigned long anon,
		   unsigned long unevictable)
{
	struct mem_cgroup *memcg = test->priv;
	struct mr_lru_size size;

	mr_lru_read(&memcg->css, &size);
	KUNIT_EXPECT_EQ(test, size.file, file);
	KUNIT_EXPECT_EQ(test, size.anon, anon);
	KUNIT_EXPECT_EQ(test, size.unevictable, unevictable);
	KUNIT_EXPECT_EQ(test, mr_lru_total(&size), file + anon + unevictable);
}

static void nothing(struct kunit *test)
{
	expect(test, 0, 0, 0);
}

/* Both lists of a kind, in all zones, on all nodes. */
static void classic(struct kunit *test)
{
	struct mem_cgroup *memcg = test->priv;
	unsigned long n = 0;
	int nid, zone;

	for_each_node_state(nid, N_MEMORY) {
		for (zone = 0; zone < mr_nr_zones(nid); zone++) {
			unsigned long *size =
				memcg->nodeinfo[nid]->lru_zone_size[zone];

			size[LRU_INACTIVE_ANON] = 1;
			size[LRU_ACTIVE_ANON] = 10;
			size[LRU_INACTIVE_FILE] = 100;
			size[LRU_ACTIVE_FILE] = 1000;
			size[LRU_UNEVICTABLE] = 10000;
			n++;
		}
	}
	expect(test, n * 1100, n * 11, n * 10000);
}

/* All generations, besides what the classic lists hold. */
static void generations(struct kunit *test)
{
#ifdef CONFIG_LRU_GEN
	struct mem_cgroup *memcg = test->priv;
	struct mem_cgroup_per_node *first_pn;
	unsigned long n = 0;
	int nid, zone, gen;

	for_each_node_state(nid, N_MEMORY) {
		struct mem_cgroup_per_node *pn = memcg->nodeinfo[nid];

		for (gen = 0; gen < MAX_NR_GENS; gen++) {
			for (zone = 0; zone < mr_nr_zones(nid); zone++) {
				long (*size)[MAX_NR_ZONES] =
					pn->lruvec.lrugen.nr_pages[gen];

				size[LRU_GEN_ANON][zone] = 1;
				size[LRU_GEN_FILE][zone] = 100;
				n++;
			}
		}
	}
	expect(test, n * 100, n, 0);
	first_pn = memcg->nodeinfo[first_node(node_states[N_MEMORY])];
	first_pn->lru_zone_size[0][LRU_ACTIVE_FILE] = 7;
	expect(test, n * 100 + 7, n, 0);
#else
	kunit_skip(test, "no MGLRU in this kernel");
#endif
}

/* Sizes are brought up to date late: a sum below zero is nothing. */
static void negative(struct kunit *test)
{
	struct mem_cgroup *memcg = test->priv;
	int nid = first_node(node_states[N_MEMORY]);
	unsigned long *size = memcg->nodeinfo[nid]->lru_zone_size[0];

	size[LRU_INACTIVE_FILE] = -3UL;
	size[LRU_UNEVICTABLE] = 5;
	expect(test, 0, 0, 5);
	size[LRU_ACTIVE_FILE] = 4;
	expect(test, 1, 0, 5);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nothing),
	KUNIT_CASE(classic),
	KUNIT_CASE(generations),
	KUNIT_CASE(negative),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_lru",
	.init = set_up,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
