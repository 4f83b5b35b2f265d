// SPDX-License-Identifier: GPL-2.0
/*
 * The files of groups that have none any more.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/iopoll.h>
#include <linux/page_counter.h>
#include <linux/string.h>

#include "../kmod/cgfile.h"
#include "real.h"

#define PAGES	40

static struct mr_cgfile *stand_in(struct kunit *test)
{
	struct mr_cgfile *cf = mr_cgfile_alloc();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cf);
	return cf;
}

static void unbound(struct kunit *test, struct mr_cgfile *cf)
{
	int i;

	KUNIT_EXPECT_TRUE(test, !cf->kn.priv);
	for (i = 0; i < CGROUP_SUBSYS_COUNT; i++)
		KUNIT_EXPECT_TRUE(test,
				  !rcu_access_pointer(cf->cgrp->subsys[i]));
}

/* "NAME VALUE" of memory.stat. */
static u64 stat(const char *text, const char *name)
{
	size_t len = strlen(name);
	u64 n = ~0ULL;

	if (IS_ERR(text))
		return n;
	while (text && (strncmp(text, name, len) || text[len] != ' ')) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	if (text)
		sscanf(text + len, "%llu", &n);
	return n;
}

/* Statistics are brought up to date every two seconds, and when many changed. */
static bool has_file_pages(struct mr_cgfile *cf, struct mr_real_group *g,
			   u64 pages)
{
	u64 n;

	return !read_poll_timeout(stat, n, n == pages * PAGE_SIZE, 100000,
				  60 * USEC_PER_SEC, false,
				  mr_cgfile_stat(cf, g->css), "file");
}

/* A removed group, with @PAGES pages of a file on its lists. */
static struct mr_real_group *removed(struct kunit *test, const char *path,
				     struct mr_real_file **file)
{
	struct mr_real_group *g = mr_real_mkdir(test, path);
	struct mr_real_file *f = mr_real_file(test, false);

	mr_real_fill(test, f, g, PAGES);
	mr_real_rmdir(test, g);
	if (file)
		*file = f;
	return g;
}

/*
 * What a handler is called with leads it to the group and its file, and to
 * nothing that a real one would not have.
 */
static void of_css_binding(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_cgfile *cf = stand_in(test);
	struct mr_real_group *g = removed(test, "kunit-a", NULL);
	struct cftype *c = memory_cgrp_subsys.dfl_cftypes;

	unbound(test, cf);
	cf->kn.priv = c;
	rcu_assign_pointer(cf->cgrp->subsys[memory_cgrp_id], r->root);
	KUNIT_EXPECT_PTR_EQ(test, of_css(&cf->of), r->root);
	rcu_assign_pointer(cf->cgrp->subsys[memory_cgrp_id], g->css);
	KUNIT_EXPECT_PTR_EQ(test, of_css(&cf->of), g->css);
	KUNIT_EXPECT_PTR_EQ(test, seq_css(&cf->seq), g->css);
	KUNIT_EXPECT_PTR_EQ(test, of_cft(&cf->of), c);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, cf->of.file);
	mr_cgfile_free(cf);
}

/* The root group's statistics, which are all of the system's. */
static void stat_of_root(struct kunit *test)
{
	struct mr_real *r = test->priv;
	struct mr_cgfile *cf = stand_in(test);
	const char *text = mr_cgfile_stat(cf, r->root);

	KUNIT_EXPECT_FALSE(test, IS_ERR(text));
	KUNIT_EXPECT_NE(test, stat(text, "inactive_file"), ~0ULL);
	KUNIT_EXPECT_EQ(test, stat(text, "no_such"), ~0ULL);
	unbound(test, cf);
	mr_cgfile_free(cf);
}

/* Of two removed groups each has its own, and an empty one has none. */
static void stat_of_removed(struct kunit *test)
{
	struct mr_cgfile *cf = stand_in(test);
	struct mr_real_group *a = removed(test, "kunit-a", NULL);
	struct mr_real_group *b = mr_real_mkdir(test, "kunit-b");

	mr_real_rmdir(test, b);
	KUNIT_EXPECT_TRUE(test, has_file_pages(cf, a, PAGES));
	KUNIT_EXPECT_TRUE(test, has_file_pages(cf, b, 0));
	KUNIT_EXPECT_TRUE(test, has_file_pages(cf, a, PAGES));
	unbound(test, cf);
	mr_cgfile_free(cf);
}

/* Only the group that was meant loses pages, and what was asked for at least. */
static void reclaim(struct kunit *test)
{
	struct mr_cgfile *cf = stand_in(test);
	struct mr_real_file *fa, *fb;
	struct mr_real_group *a = removed(test, "kunit-a", &fa);
	struct mr_real_group *b = removed(test, "kunit-b", &fb);

	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).file, PAGES);
	KUNIT_EXPECT_EQ(test, mr_cgfile_reclaim(cf, a->css, 4, true), 0);
	unbound(test, cf);
	KUNIT_EXPECT_LE(test, mr_real_size(a->css).file, PAGES - 4);
	KUNIT_EXPECT_EQ(test, mr_real_size(a->css).file, mr_real_intact(fa));
	KUNIT_EXPECT_EQ(test, mr_real_size(b->css).file, PAGES);
	KUNIT_EXPECT_EQ(test, mr_real_intact(fb), PAGES);

	/* More than there is: all of it. */
	KUNIT_EXPECT_EQ(test, mr_cgfile_reclaim(cf, a->css, 2 * PAGES, true),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, mr_real_intact(fa), 0);
	KUNIT_EXPECT_EQ(test, mr_real_intact(fb), PAGES);
	unbound(test, cf);
	mr_cgfile_free(cf);
}

/* What the administrator allowed a group to swap is as it was afterwards. */
static void limits_are_put_back(struct kunit *test)
{
	static const char * const allowed[] = { "max", "20480" };
	static const unsigned long pages[] = { PAGE_COUNTER_MAX,
					       20480 / PAGE_SIZE };
	static const char * const path[] = { "kunit-a", "kunit-b" };
	struct mr_cgfile *cf = stand_in(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		struct mr_real_group *g = mr_real_mkdir(test, path[i]);
		struct mr_real_file *f = mr_real_file(test, false);
		struct mem_cgroup *memcg = mem_cgroup_from_css(g->css);

		mr_real_write(test, g, "memory.swap.max", allowed[i]);
		mr_real_fill(test, f, g, PAGES);
			mr_real_rmdir(test, g);
		mr_cgfile_reclaim(cf, g->css, 1, false);
		KUNIT_EXPECT_EQ(test, READ_ONCE(memcg->swap.max), pages[i]);
		KUNIT_EXPECT_LT(test, mr_real_intact(f), PAGES);
		mr_cgfile_reclaim(cf, g->css, 2 * PAGES, true);
		KUNIT_EXPECT_EQ(test, READ_ONCE(memcg->swap.max), pages[i]);
		mr_cgfile_drain(cf, g->css);
		KUNIT_EXPECT_EQ(test, READ_ONCE(memcg->swap.max), pages[i]);
		KUNIT_EXPECT_EQ(test, READ_ONCE(memcg->memory.high),
				PAGE_COUNTER_MAX);
		KUNIT_EXPECT_EQ(test, mr_cgfile_swap_bytes(g->css), 0);
	}
	unbound(test, cf);
	mr_cgfile_free(cf);
}

/* A page that is in a CPU's batch, and on no list, is found by a drain. */
static void drain(struct kunit *test)
{
	struct mr_cgfile *cf = stand_in(test);
	struct mr_real_group *g = mr_real_mkdir(test, "kunit-a");
	struct mr_real_file *f = mr_real_file(test, false);

	mr_real_read(test, f, g, 1);
	mr_real_rmdir(test, g);
	mr_cgfile_drain(cf, g->css);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), mr_real_size(g->css).file);
	mr_real_forget(g);
	mr_real_pass(test, MR_EVICT);
	KUNIT_EXPECT_EQ(test, mr_real_intact(f), 0);
	mr_real_all_gone(test);
	mr_cgfile_free(cf);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(of_css_binding),
	KUNIT_CASE(stat_of_root),
	KUNIT_CASE(stat_of_removed),
	KUNIT_CASE(reclaim),
	KUNIT_CASE(limits_are_put_back),
	KUNIT_CASE(drain),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_cgfile",
	.init = mr_real_init,
	.exit = mr_real_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
