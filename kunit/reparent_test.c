// SPDX-License-Identifier: GPL-2.0
/*
 * Reparenting of real groups: the pages stay as they are, the groups go.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/page_counter.h>
#include <linux/pagemap.h>

#include "../kmod/counters.h"
#include "../kmod/pcp.h"
#include "../kmod/recharge.h"
#include "../kmod/reparent.h"
#include "real.h"

#define PAGES	100

static unsigned long usage(struct mr_real_group *g)
{
	return page_counter_read(&mem_cgroup_from_css(g->css)->memory);
}

static void removed(struct kunit *test, struct mr_real_group *g)
{
	mr_real_rmdir(test, g);
	mr_real_forget(g);
}

/*
 * File pages and shmem: the same pages, with what they hold, are the parent's
 * now, on its lists and in its counter, which had them before as well.
 */
static void to_parent(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_file *f = mr_real_file(test, false);
	struct mr_real_file *s = mr_real_file(test, true);
	struct page *before, *after;
	unsigned long had;

	mr_real_fill(test, f, b, PAGES);
	mr_real_fill(test, s, b, PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, b->css), PAGES);
	before = mr_real_page(s, 7);
	had = usage(a);
	KUNIT_EXPECT_GE(test, had, 2 * PAGES);
	removed(test, b);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	KUNIT_EXPECT_EQ(test, r->busy, 0);

	KUNIT_EXPECT_EQ(test, mr_real_intact(f), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(s), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, a->css), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(s, a->css), PAGES);
	after = mr_real_page(s, 7);
	KUNIT_EXPECT_PTR_EQ(test, after, before);
	put_page(before);
	put_page(after);
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).file, PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).anon, PAGES);
	mr_real_all_gone(test);
	/* What the kernel had for the group itself is given back, no page is. */
	KUNIT_EXPECT_GE(test, usage(a), 2 * PAGES);
	KUNIT_EXPECT_LE(test, usage(a), had);
}

/* Freed after that, they are in no counter any more. */
static void freed_afterwards(struct kunit *test)
{
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_file *f = mr_real_file(test, false);

	mr_real_fill(test, f, b, PAGES);
	removed(test, b);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	mr_real_all_gone(test);
	KUNIT_EXPECT_GE(test, usage(a), PAGES);
	truncate_inode_pages(f->inode->i_mapping, 0);
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).file, 0);
	/* Stocks of the CPUs and kernel memory. */
	KUNIT_EXPECT_LT(test, usage(a), PAGES);
	removed(test, a);
	mr_real_pass(test, MR_REPARENT);
	mr_real_all_gone(test);
}

/* Past parents that were removed as well, and from there to the root. */
static void to_online_ancestor(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_group *c = mr_real_mkdir(test, "kunit-a/b/c");
	struct mr_real_file *fb = mr_real_file(test, true);
	struct mr_real_file *fc = mr_real_file(test, true);

	mr_real_fill(test, fb, b, PAGES);
	mr_real_fill(test, fc, c, PAGES);
	removed(test, c);
	mr_real_rmdir(test, b);
	KUNIT_EXPECT_GE(test, usage(b), 2 * PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	KUNIT_EXPECT_EQ(test, mr_real_owned(fb, a->css), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(fc, a->css), PAGES);
	KUNIT_EXPECT_GE(test, usage(a), 2 * PAGES);
	/* None of its own, and none of the child's, which went past it. */
	KUNIT_EXPECT_LT(test, usage(b), PAGES);
	mr_real_forget(b);
	mr_real_all_gone(test);

	removed(test, a);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	KUNIT_EXPECT_EQ(test, mr_real_owned(fb, r->root), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(fc, r->root), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(fb), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(fc), PAGES);
	mr_real_all_gone(test);
}

/* Groups that are there keep theirs. */
static void live_groups_keep_theirs(struct kunit *test)
{
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *live = mr_real_mkdir(test, "kunit-a/live");
	struct mr_real_group *gone = mr_real_mkdir(test, "kunit-a/gone");
	struct mr_real_file *f = mr_real_file(test, true);

	mr_real_fill(test, f, live, PAGES);
	removed(test, gone);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, live->css), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, a->css), 0);
}

/* Unevictable pages are on no list, and are found by frame. */
static void unevictable(struct kunit *test)
{
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_file *f = mr_real_file(test, true);

	mapping_set_unevictable(f->inode->i_mapping);
	mr_real_fill(test, f, b, PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_size(b->css).unevictable, PAGES);
	removed(test, b);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, a->css), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).unevictable, PAGES);
	mr_real_all_gone(test);
	mapping_clear_unevictable(f->inode->i_mapping);
}

/* A page that is locked stays where it is, and is moved when it is not. */
static void locked_page(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_file *f = mr_real_file(test, true);
	struct page *page;

	mr_real_fill(test, f, b, PAGES);
	mr_real_rmdir(test, b);
	page = mr_real_page(f, PAGES / 2);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	lock_page(page);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	KUNIT_EXPECT_EQ(test, r->busy, 1);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, a->css), PAGES - 1);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, b->css), 1);
	KUNIT_EXPECT_EQ(test, mr_real_size(b->css).anon, 1);
	unlock_page(page);
	put_page(page);
	mr_real_forget(b);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_REPARENT), 0);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, a->css), PAGES);
	mr_real_all_gone(test);
}

/*
 * A wave step by step: what was gathered is on no list and has its new group;
 * it holds both groups, until it is put back.
 */
static void wave(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_file *f = mr_real_file(test, true);
	struct mr_wave *w = mr_wave_alloc();
	struct mr_lru_size size;
	struct page *page;
	struct mr_gather g;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w);
	KUNIT_EXPECT_TRUE(test, mr_wave_empty(w));
	mr_real_fill(test, f, b, PAGES);
	mr_real_rmdir(test, b);

	size = mr_real_size(b->css);
	mr_gather_start(&g, b->css, &size);
	while (!mr_gather_lists(w, &g, 10))
		KUNIT_EXPECT_FALSE(test, mr_wave_full(w));
	KUNIT_EXPECT_EQ(test, g.taken, PAGES);
	KUNIT_EXPECT_EQ(test, g.skipped, 0);
	KUNIT_EXPECT_FALSE(test, mr_wave_empty(w));
	KUNIT_EXPECT_EQ(test, mr_real_size(b->css).anon, 0);
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).anon, 0);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, a->css), PAGES);
	page = mr_real_page(f, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_EXPECT_FALSE(test, PageLRU(page));
	KUNIT_EXPECT_FALSE(test, PageLocked(page));
	mr_real_forget(b);
	KUNIT_EXPECT_GT(test, mr_nr_dying(r->root), r->dying);

	KUNIT_EXPECT_TRUE(test, mr_wave_wait(w));
	KUNIT_EXPECT_FALSE(test, PageLRU(page));
	KUNIT_EXPECT_GT(test, mr_nr_dying(r->root), r->dying);
	mr_wave_put_back(w);
	KUNIT_EXPECT_TRUE(test, mr_wave_empty(w));
	KUNIT_EXPECT_FALSE(test, mr_wave_wait(w));
	KUNIT_EXPECT_TRUE(test, PageLRU(page));
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).anon, PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), PAGES);
	put_page(page);
	mr_wave_free(w);
	mr_real_all_gone(test);
}

/* A page in a CPU's batch is on no list, until the batches are drained. */
static void batches_of_cpus(struct kunit *test)
{
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_file *f = mr_real_file(test, true);
	struct page *page;

	mr_pcp_drain();
	mr_real_read(test, f, a, 1);
	page = mr_real_page(f, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	mr_pcp_drain();
	KUNIT_EXPECT_TRUE(test, PageLRU(page));
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).anon, 1);
	put_page(page);
}

/* What nobody has mapped is not recharged, but goes to the parent all the same. */
static void recharge_nobody(struct kunit *test)
{
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_file *f = mr_real_file(test, false);
	struct mr_real_file *s = mr_real_file(test, true);
	u64 recharged = mr_counters.recharged_bytes;
	u64 reparented = mr_counters.reparented_bytes;
	struct page *page;

	mr_real_fill(test, f, b, PAGES);
	mr_real_fill(test, s, b, PAGES);
	page = mr_real_page(s, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_EXPECT_FALSE(test, mr_recharge_candidate(page_folio(page)));
	put_page(page);
	removed(test, b);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_RECHARGE), 0);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, a->css), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(s, a->css), PAGES);
	KUNIT_EXPECT_EQ(test, mr_counters.recharged_bytes - recharged, 0);
	KUNIT_EXPECT_GE(test, mr_counters.reparented_bytes - reparented,
			2 * PAGES * PAGE_SIZE);
	mr_real_all_gone(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(to_parent),
	KUNIT_CASE(freed_afterwards),
	KUNIT_CASE(to_online_ancestor),
	KUNIT_CASE(live_groups_keep_theirs),
	KUNIT_CASE(unevictable),
	KUNIT_CASE(locked_page),
	KUNIT_CASE(wave),
	KUNIT_CASE(batches_of_cpus),
	KUNIT_CASE(recharge_nobody),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_reparent",
	.init = mr_real_init,
	.exit = mr_real_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
