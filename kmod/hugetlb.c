// SPDX-License-Identifier: GPL-2.0
/*
 * Huge pages of hugetlbfs that offline groups are charged for: where cgroup2 is
 * mounted with memory_hugetlb_accounting. They are on no LRU list and in no
 * number of memory.stat, and are reparented without a wave.
 */
#include <linux/err.h>
#include <linux/hugetlb.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/string.h>

#include "cgfile.h"
#include "charge.h"
#include "find.h"
#include "hugetlb.h"
#include "lru.h"

/* The smallest huge page there is on x86. */
#define HUGE_PAGES	(PMD_SIZE / PAGE_SIZE)

/* What the kernel itself has, by memory.stat; bytes. */
static u64 kernels_own(const char *text)
{
	u64 value, sum = 0;

	for (; *text; text = strchrnul(text, '\n'), text += !!*text)
		if (sscanf(text, "kernel %llu", &value) == 1 ||
		    sscanf(text, "sock %llu", &value) == 1)
			sum += value;
	return sum;
}

/**
 * mr_hugetlb_pages() - how much of a group's charge must be hugetlbfs's
 * @cf: stand-in of the caller
 * @css: an offline group, referenced by the caller
 *
 * What it is charged for, less what is on its LRU lists and what the kernel has
 * (%MEMCG_KMEM and %MEMCG_SOCK follow the counter, also where reparented
 * objects were freed: both then go down in the parent alone,
 * obj_cgroup_uncharge_pages() in mm/memcontrol.c, 6.12). What CPUs have in stock
 * is in it too, so that it is an estimate until that is drained.
 *
 * memory.stat is read, which is expensive, only where there could be any.
 *
 * Context: process context, sleeps.
 *
 * Return: base pages; 0 also where groups are not charged for them, and where
 * there are children, whose share isn't known.
 */
unsigned long mr_hugetlb_pages(struct mr_cgfile *cf,
			       struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(css);
	struct mr_lru_size lru;
	const char *text;
	long pages;

	if (!mr_hugetlb_accounted(css) || !list_empty(&css->children))
		return 0;
	mr_lru_read(css, &lru);
	pages = page_counter_read(&memcg->memory) - mr_lru_total(&lru);
	if (pages < (long)HUGE_PAGES)
		return 0;
	text = mr_cgfile_stat(cf, css);
	if (IS_ERR(text))
		return 0;
	pages -= kernels_own(text) / PAGE_SIZE;
	return pages < (long)HUGE_PAGES ? 0 : pages;
}

/*
 * Switch a huge page from @from to its nearest online ancestor.
 *
 * Under the folio lock and with a reference of the caller's own, so nobody
 * else changes the group: mem_cgroup_migrate() runs under the lock, with the
 * references frozen; free_huge_folio() when there are none. Nobody but these
 * and readers under RCU (/proc/kpagecgroup) looks at it, and none of them
 * changes a statistic by it (mm/hugetlb.c and mm/migrate.c, 6.12).
 */
static void switch_group(struct folio *folio, struct mem_cgroup *from)
{
	struct cgroup_subsys_state *css = mr_online_ancestor_get(&from->css);
	struct mem_cgroup *to = mem_cgroup_from_css(css);

	/* The reference that was got becomes the folio's. */
	WRITE_ONCE(folio->memcg_data, (unsigned long)to);
	mr_charge_lift(&from->memory, &to->memory, !css->parent,
		       folio_nr_pages(folio));
}

/**
 * mr_hugetlb_reparent() - reparent the huge page that a page frame may begin
 * @page: a page of an online frame; whatever it is
 * @want: whether the group is meant; called under RCU
 * @taken: pages taken are added
 *
 * A reference to a huge page delays its way back to the pool, as one of
 * get_user_pages() does; here for as long as this function takes.
 *
 * One that is locked, or poisoned (memory_failure() takes our reference for a
 * user's), is left where it is.
 *
 * Context: process context.
 */
void mr_hugetlb_reparent(struct page *page,
			 bool (*want)(const struct cgroup_subsys_state *css),
			 unsigned long *taken)
{
	struct mem_cgroup *memcg, *from = NULL;
	struct folio *folio;

	if (!PageHead(page) || !PageHuge(page) || PageHWPoison(page))
		return;
	folio = page_folio(page);
	if (!folio_try_get(folio))
		return;
	if (page_folio(page) != folio || !folio_test_hugetlb(folio))
		goto put;

	rcu_read_lock();
	memcg = page_memcg_check(page);
	if (memcg && want(&memcg->css) && css_tryget(&memcg->css))
		from = memcg;
	rcu_read_unlock();
	if (!from)
		goto put;

	if (folio_trylock(folio)) {
		if (READ_ONCE(folio->memcg_data) == (unsigned long)from) {
			switch_group(folio, from);
			*taken += folio_nr_pages(folio);
			/* That of the folio. */
			css_put(&from->css);
		}
		folio_unlock(folio);
	}
	css_put(&from->css);
put:
	folio_put(folio);
}
