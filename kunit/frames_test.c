// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over page frames.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "../kmod/frames.h"

#define NR_PAGES	32

struct seen {
	struct page *mine[NR_PAGES];
	unsigned int met[NR_PAGES];
	unsigned long pages;
	bool stop;
};

static int set_up(struct kunit *test)
{
	struct seen *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i;

	if (!s)
		return -ENOMEM;
	test->priv = s;
	for (i = 0; i < NR_PAGES; i++) {
		s->mine[i] = alloc_page(GFP_KERNEL);
		if (!s->mine[i])
			return -ENOMEM;
		/* For look() to know where to look. */
		s->mine[i]->index = i;
	}
	return 0;
}

static void tear_down(struct kunit *test)
{
	struct seen *s = test->priv;
	unsigned int i;

	for (i = 0; s && i < NR_PAGES && s->mine[i]; i++)
		__free_page(s->mine[i]);
}

static unsigned int look(struct page *page, void *arg)
{
	struct seen *s = arg;
	unsigned long i = READ_ONCE(page->index);

	s->pages++;
	if (i >= NR_PAGES || s->mine[i] != page)
		return 0;
	s->met[i]++;
	return s->stop;
}

static void all_met(struct kunit *test, struct seen *s)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_EQ(test, s->met[i], 1);
}

/* Each frame is met, and once only. */
static void each_once(struct kunit *test)
{
	struct seen *s = test->priv;
	struct mr_frames f;
	unsigned long steps = 1;

	mr_frames_start(&f);
	while (mr_frames_next(&f, 4096, look, s)) {
		steps++;
		cond_resched();
	}
	all_met(test, s);
	KUNIT_EXPECT_GE(test, s->pages, totalram_pages());
	/* None but the last is a short one, where nobody says stop. */
	KUNIT_EXPECT_LE(test, s->pages, steps * 4096);
}

/* A page that is enough for now ends a step, and the next goes on behind it. */
static void enough_for_now(struct kunit *test)
{
	struct seen *s = test->priv;
	unsigned int i, before, after;
	struct mr_frames f;
	bool more;

	s->stop = true;
	mr_frames_start(&f);
	do {
		for (before = 0, i = 0; i < NR_PAGES; i++)
			before += s->met[i];
		more = mr_frames_next(&f, 100000, look, s);
		for (after = 0, i = 0; i < NR_PAGES; i++)
			after += s->met[i];
		KUNIT_EXPECT_LE(test, after, before + 1);
		cond_resched();
	} while (more);
	all_met(test, s);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(each_once),
	KUNIT_CASE(enough_for_now),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_frames",
	.init = set_up,
	.exit = tear_down,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
