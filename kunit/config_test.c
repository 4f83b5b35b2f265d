// SPDX-License-Identifier: GPL-2.0
/*
 * Tunables: what is accepted, what is refused, and which groups a subtree has.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "../kmod/config.h"
#include "../kmod/reparent.h"

static struct mr_config saved;

static int set_up(struct kunit *test)
{
	saved = mr_config;
	test->priv = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void tear_down(struct kunit *test)
{
	mr_tunable_set(&mr_tunables[MR_T_SUBTREE], "/");
	mr_config = saved;
}

static const char *show(struct kunit *test, enum mr_tunable_index i)
{
	int len = mr_tunable_show(&mr_tunables[i], test->priv);

	KUNIT_EXPECT_EQ(test, len, strlen(test->priv));
	return test->priv;
}

static int set(enum mr_tunable_index i, const char *text)
{
	return mr_tunable_set(&mr_tunables[i], text);
}

/* A text that is refused changes nothing, and wakes nobody. */
static void refused(struct kunit *test, enum mr_tunable_index i,
		    const char *text, int err)
{
	unsigned int generation = mr_config_generation();
	char *before = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, before);
	mr_tunable_show(&mr_tunables[i], before);
	KUNIT_EXPECT_EQ(test, set(i, text), err);
	KUNIT_EXPECT_STREQ(test, show(test, i), (const char *)before);
	KUNIT_EXPECT_EQ(test, mr_config_generation(), generation);
}

static void accepted(struct kunit *test, enum mr_tunable_index i,
		     const char *text, const char *shown)
{
	unsigned int generation = mr_config_generation();

	KUNIT_EXPECT_EQ(test, set(i, text), 0);
	KUNIT_EXPECT_STREQ(test, show(test, i), shown);
	KUNIT_EXPECT_NE(test, mr_config_generation(), generation);
}

/* Both ends of a range are in it, what is next to them is not. */
static void number_ranges(struct kunit *test)
{
	char text[16], shown[16];
	int i;

	for (i = 0; i < MR_T_NR; i++) {
		const struct mr_tunable *t = &mr_tunables[i];

		if (t->kind != MR_NUMBER)
			continue;
		snprintf(shown, sizeof(shown), "%u\n", t->min);
		accepted(test, i, shown, shown);
		snprintf(shown, sizeof(shown), "%u\n", t->max);
		accepted(test, i, shown, shown);
		KUNIT_EXPECT_EQ(test, *t->value, t->max);
		snprintf(text, sizeof(text), "%u", t->max + 1);
		refused(test, i, text, -EINVAL);
		snprintf(text, sizeof(text), "%d", (int)t->min - 1);
		refused(test, i, text, -EINVAL);
	}
}

/* A number is decimal, fits an unsigned int, and nothing follows it. */
static void number_syntax(struct kunit *test)
{
	static const char * const bad[] = {
		"", "\n", " 50", "50 ", "50x", "x", "0x32", "5.0", "50\n\n",
		"50 60", "4294967346", "99999999999999999999", "-50",
	};
	int i;

	accepted(test, MR_T_CPU_PERCENT, "50", "50\n");
	accepted(test, MR_T_CPU_PERCENT, "51\n", "51\n");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		refused(test, MR_T_CPU_PERCENT, bad[i], -EINVAL);
}

/* Methods go by their whole names; one that can't be used is another error. */
static void method(struct kunit *test)
{
	accepted(test, MR_T_METHOD, "evict\n",
		 mr_reparent_refusal() ? "[evict]\n" :
					 "[evict] reparent recharge\n");
	refused(test, MR_T_METHOD, "", -EINVAL);
	refused(test, MR_T_METHOD, "evic", -EINVAL);
	refused(test, MR_T_METHOD, "evict reparent", -EINVAL);
	refused(test, MR_T_METHOD, "[evict]", -EINVAL);
	refused(test, MR_T_METHOD, "0", -EINVAL);
	if (mr_reparent_refusal()) {
		refused(test, MR_T_METHOD, "reparent", -EOPNOTSUPP);
		refused(test, MR_T_METHOD, "recharge", -EOPNOTSUPP);
	} else {
		accepted(test, MR_T_METHOD, "reparent", "evict [reparent] recharge\n");
		accepted(test, MR_T_METHOD, "recharge", "evict reparent [recharge]\n");
	}
}

static void method_names(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, mr_method_name(MR_EVICT), "evict");
	KUNIT_EXPECT_STREQ(test, mr_method_name(MR_REPARENT), "reparent");
	KUNIT_EXPECT_STREQ(test, mr_method_name(MR_RECHARGE), "recharge");
	KUNIT_EXPECT_STREQ(test, mr_method_name(MR_METHOD_NR), "unknown");
}

/* Slashes and a newline at the end are dropped; names may look odd. */
static void path_accepted(struct kunit *test)
{
	accepted(test, MR_T_SUBTREE, "/a", "/a\n");
	accepted(test, MR_T_SUBTREE, "/a/b.slice\n", "/a/b.slice\n");
	accepted(test, MR_T_SUBTREE, "/a///\n", "/a\n");
	accepted(test, MR_T_SUBTREE, "/...", "/...\n");
	accepted(test, MR_T_SUBTREE, "/.a/b c/..d", "/.a/b c/..d\n");
	KUNIT_EXPECT_FALSE(test, mr_subtree_all());
	accepted(test, MR_T_SUBTREE, "/\n", "/\n");
	KUNIT_EXPECT_TRUE(test, mr_subtree_all());
	accepted(test, MR_T_SUBTREE, "///", "/\n");
	KUNIT_EXPECT_TRUE(test, mr_subtree_all());
}

/* What can't be the path of a group. */
static void path_refused(struct kunit *test)
{
	static const char * const bad[] = {
		"", "\n", "a", "a/b", " /a", "//a", "/a//b", "/.", "/..",
		"/a/..", "/a/./b", "/../a", "/a\n/b", "/a\n\n",
	};
	int i;

	KUNIT_EXPECT_EQ(test, set(MR_T_SUBTREE, "/kept"), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		refused(test, MR_T_SUBTREE, bad[i], -EINVAL);
}

/* The longest path that there is room for, and one more. */
static void path_length(struct kunit *test)
{
	char *path = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	char *shown = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, path);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shown);
	path[0] = '/';
	memset(path + 1, 'a', MR_SUBTREE_MAX - 2);
	snprintf(shown, PAGE_SIZE, "%s\n", path);
	accepted(test, MR_T_SUBTREE, path, shown);
	path[MR_SUBTREE_MAX - 1] = 'a';
	refused(test, MR_T_SUBTREE, path, -EINVAL);
	memset(path + 1, '/', MR_SUBTREE_MAX + 100);
	accepted(test, MR_T_SUBTREE, path, "/\n");
}

/* A group is below a path if all parts of that begin its own, and more follow. */
static void path_below(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, mr_path_below("/a", "/"));
	KUNIT_EXPECT_TRUE(test, mr_path_below("/a/b", "/"));
	KUNIT_EXPECT_FALSE(test, mr_path_below("/", "/"));
	KUNIT_EXPECT_TRUE(test, mr_path_below("/a/b", "/a"));
	KUNIT_EXPECT_TRUE(test, mr_path_below("/a/b/c", "/a/b"));
	KUNIT_EXPECT_FALSE(test, mr_path_below("/a", "/a"));
	KUNIT_EXPECT_FALSE(test, mr_path_below("/ab", "/a"));
	KUNIT_EXPECT_FALSE(test, mr_path_below("/ab/c", "/a"));
	KUNIT_EXPECT_FALSE(test, mr_path_below("/a", "/a/b"));
	KUNIT_EXPECT_FALSE(test, mr_path_below("/", "/a"));
}

/* Groups match by the path that was set last. */
static void subtree_match(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, mr_subtree_match("/x/y"));
	KUNIT_EXPECT_EQ(test, set(MR_T_SUBTREE, "/x/\n"), 0);
	KUNIT_EXPECT_TRUE(test, mr_subtree_match("/x/y"));
	KUNIT_EXPECT_FALSE(test, mr_subtree_match("/x"));
	KUNIT_EXPECT_FALSE(test, mr_subtree_match("/y/x"));
	KUNIT_EXPECT_EQ(test, set(MR_T_SUBTREE, "/y"), 0);
	KUNIT_EXPECT_TRUE(test, mr_subtree_match("/y/x"));
	KUNIT_EXPECT_FALSE(test, mr_subtree_match("/x/y"));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(number_ranges),
	KUNIT_CASE(number_syntax),
	KUNIT_CASE(method),
	KUNIT_CASE(method_names),
	KUNIT_CASE(path_accepted),
	KUNIT_CASE(path_refused),
	KUNIT_CASE(path_length),
	KUNIT_CASE(path_below),
	KUNIT_CASE(subtree_match),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_config",
	.init = set_up,
	.exit = tear_down,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
