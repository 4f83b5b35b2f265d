// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters: one for each tunable, set and read as the tunable is.
 *
 * They are static, and read here as the kernel reads them at load.
 */
#include <kunit/test.h>

#include "../kmod/params.c"

static const struct kernel_param * const params[MR_T_NR] = {
	[MR_T_REAP_BACKGROUND]	= &__param_reap_background,
	[MR_T_METHOD]		= &__param_method,
	[MR_T_SCAN_INTERVAL_MS]	= &__param_scan_interval_ms,
	[MR_T_MIN_AGE_MS]	= &__param_min_age_ms,
	[MR_T_CPU_PERCENT]	= &__param_cpu_percent,
	[MR_T_BATCH_PAGES]	= &__param_batch_pages,
	[MR_T_SWAP]		= &__param_swap,
	[MR_T_SUBTREE]		= &__param_subtree,
};

/* The name is the tunable's; nothing can be written after load. */
static void names_and_modes(struct kunit *test)
{
	int i;

	for (i = 0; i < MR_T_NR; i++) {
		/* Built in, the module's name comes first. */
		const char *dot = strrchr(params[i]->name, '.');

		KUNIT_EXPECT_STREQ(test, dot ? dot + 1 : params[i]->name,
				   mr_tunables[i].name);
		KUNIT_EXPECT_EQ(test, params[i]->perm, 0444);
		KUNIT_EXPECT_PTR_EQ(test, (const void *)params[i]->arg,
				    (const void *)&mr_tunables[i]);
	}
}

/* What a parameter says is what the tunable says, and can be set again. */
static void round_trip(struct kunit *test)
{
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	char *shown = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shown);
	for (i = 0; i < MR_T_NR; i++) {
		const struct kernel_param *kp = params[i];
		int len = kp->ops->get(page, kp);

		KUNIT_EXPECT_EQ(test, len, mr_tunable_show(kp->arg, shown));
		KUNIT_EXPECT_STREQ(test, (const char *)page,
				   (const char *)shown);
		if (mr_tunables[i].kind != MR_METHOD)
			KUNIT_EXPECT_EQ(test, kp->ops->set(page, kp), 0);
	}
}

/* "modprobe memcg_reaper swap" sets nothing, and neither does nonsense. */
static void refused(struct kunit *test)
{
	int i;

	for (i = 0; i < MR_T_NR; i++) {
		const struct kernel_param *kp = params[i];

		KUNIT_EXPECT_EQ(test, kp->ops->set(NULL, kp), -EINVAL);
		KUNIT_EXPECT_EQ(test, kp->ops->set("no such", kp), -EINVAL);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(names_and_modes),
	KUNIT_CASE(round_trip),
	KUNIT_CASE(refused),
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_params",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
