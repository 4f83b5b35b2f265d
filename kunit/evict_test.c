// SPDX-License-Identifier: GPL-2.0
/*
 * Eviction of real groups: what goes, what stays, and that the groups go.
 */
#include <kunit/test.h>

#include "../kmod/cgfile.h"
#include "../kmod/evict.h"
#include "real.h"

#define PAGES	100

/* Groups of one file each that were removed: the pages go, and the groups. */
static void removed_groups_go(struct kunit *test)
{
	static const char * const path[] = { "kunit-a", "kunit-b", "kunit-c" };
	struct mr_real *r = test->priv;
	struct mr_real_group *g[ARRAY_SIZE(path)];
	struct mr_real_file *f[ARRAY_SIZE(path)];
	int i;

	for (i = 0; i < ARRAY_SIZE(path); i++) {
		g[i] = mr_real_mkdir(test, path[i]);
		f[i] = mr_real_file(test, false);
		mr_real_fill(test, f[i], g[i], PAGES);
		KUNIT_EXPECT_EQ(test, mr_real_intact(f[i]), PAGES);
		KUNIT_EXPECT_EQ(test, mr_real_owned(f[i], g[i]->css), PAGES);
	}
	for (i = 0; i < ARRAY_SIZE(path); i++) {
		mr_real_rmdir(test, g[i]);
		mr_real_forget(g[i]);
	}
	KUNIT_EXPECT_GE(test, mr_nr_dying(r->root), (int)ARRAY_SIZE(path));
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_EVICT), 0);
	for (i = 0; i < ARRAY_SIZE(path); i++)
		KUNIT_EXPECT_EQ(test, mr_real_intact(f[i]), 0);
	mr_real_all_gone(test);
}

/* A group that is there keeps all it has, also below a removed one's parent. */
static void live_groups_keep_theirs(struct kunit *test)
{
	struct mr_real_group *top = mr_real_mkdir(test, "kunit-top");
	struct mr_real_group *live = mr_real_mkdir(test, "kunit-top/live");
	struct mr_real_group *gone = mr_real_mkdir(test, "kunit-top/gone");
	struct mr_real_file *f = mr_real_file(test, false);
	struct mr_real_file *f_live = mr_real_file(test, false);
	struct mr_real_file *f_gone = mr_real_file(test, false);

	mr_real_fill(test, f, top, PAGES);
	mr_real_fill(test, f_live, live, PAGES);
	mr_real_fill(test, f_gone, gone, PAGES);
	mr_real_rmdir(test, gone);
	mr_real_forget(gone);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_EVICT), 0);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f_live), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f_live, live->css), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f_gone), 0);
	mr_real_all_gone(test);
}

/* A tree of removed groups goes from its leaves. */
static void removed_tree_goes(struct kunit *test)
{
	struct mr_real_group *a = mr_real_mkdir(test, "kunit-a");
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-a/b");
	struct mr_real_group *c = mr_real_mkdir(test, "kunit-a/b/c");
	struct mr_real_file *fa = mr_real_file(test, false);
	struct mr_real_file *fc = mr_real_file(test, false);

	mr_real_fill(test, fa, a, PAGES);
	mr_real_fill(test, fc, c, PAGES);
	mr_real_rmdir(test, c);
	mr_real_forget(c);
	mr_real_rmdir(test, b);
	mr_real_forget(b);
	mr_real_rmdir(test, a);
	mr_real_forget(a);
	mr_real_pass(test, MR_EVICT);
	KUNIT_EXPECT_EQ(test, mr_real_intact(fa), 0);
	KUNIT_EXPECT_EQ(test, mr_real_intact(fc), 0);
	mr_real_all_gone(test);
}

/* Without swap nobody can evict shmem, and it holds its group. */
static void shmem_stays(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_real_group *g = mr_real_mkdir(test, "kunit-a");
	struct mr_real_file *f = mr_real_file(test, true);

	mr_real_fill(test, f, g, PAGES);
	mr_real_rmdir(test, g);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_EVICT), 0);
	KUNIT_EXPECT_EQ(test, r->busy, 0);
	KUNIT_EXPECT_EQ(test, mr_real_size(g->css).anon, PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_owned(f, g->css), PAGES);
	KUNIT_EXPECT_GT(test, mr_nr_dying(r->root), r->dying);
}

/* One page that is in use holds the group until it is not in use any more. */
static void busy_page(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_real_group *g = mr_real_mkdir(test, "kunit-a");
	struct mr_real_file *f = mr_real_file(test, false);
	struct page *page;

	mr_real_fill(test, f, g, PAGES);
	mr_real_rmdir(test, g);
	mr_real_forget(g);
	page = mr_real_page(f, PAGES / 2);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_EXPECT_EQ(test, mr_real_pass(test, MR_EVICT), 0);
	KUNIT_EXPECT_EQ(test, r->busy, 1);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), 1);
	put_page(page);
	mr_real_pass(test, MR_EVICT);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), 0);
	mr_real_all_gone(test);
}

/* What a batch took is what left the lists: all but a page that is in use. */
static void batch(struct kunit *test)
{
	struct mr_real_group *g = mr_real_mkdir(test, "kunit-a");
	struct mr_real_file *f = mr_real_file(test, false);
	struct mr_cgfile *cf = mr_cgfile_alloc();
	unsigned long taken = 0, sum = 0;
	struct mr_lru_size size;
	struct page *page;
	int i, ret = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cf);
	mr_real_fill(test, f, g, PAGES);
	mr_real_rmdir(test, g);
	page = mr_real_page(f, PAGES / 2);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	size = mr_real_size(g->css);
	KUNIT_EXPECT_EQ(test, mr_evictable(&size, false), PAGES);
	for (i = 0; i < PAGES && mr_lru_total(&size) > 1; i++) {
		ret = mr_evict_batch(cf, g->css, 1, false, 0, &size, &taken);
		KUNIT_EXPECT_GE(test, taken, 1);
		sum += taken;
		KUNIT_EXPECT_EQ(test, sum + mr_lru_total(&size), PAGES);
		KUNIT_EXPECT_EQ(test, mr_real_intact(f), mr_lru_total(&size));
	}
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, sum, PAGES - 1);
	/* In vain, to the end or until it is cut. */
	ret = mr_evict_batch(cf, g->css, 1, false, 0, &size, &taken);
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	KUNIT_EXPECT_EQ(test, taken, 0);
	ret = mr_evict_batch(cf, g->css, 1, false, 1, &size, &taken);
	KUNIT_EXPECT_TRUE(test, ret == -EAGAIN || ret == -EINTR);
	KUNIT_EXPECT_EQ(test, mr_lru_total(&size), 1);
	put_page(page);
	mr_cgfile_free(cf);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(removed_groups_go),
	KUNIT_CASE(live_groups_keep_theirs),
	KUNIT_CASE(removed_tree_goes),
	KUNIT_CASE(shmem_stays),
	KUNIT_CASE(busy_page),
	KUNIT_CASE(batch),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_evict",
	.init = mr_real_init,
	.exit = mr_real_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
