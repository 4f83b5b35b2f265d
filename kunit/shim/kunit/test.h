/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of KUnit, and of the kernel's headers, as suites of pure arithmetic
 * take to run as a program: one suite, its results as KTAP.
 */
#ifndef MR_SHIM_H
#define MR_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L
#define BIT(n)		(1UL << (n))

#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min_t(t, a, b)	min((t)(a), (t)(b))
#define max_t(t, a, b)	max((t)(a), (t)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define ilog2(n)	(63 - __builtin_clzll(n))
#define READ_ONCE(x)	(x)
#define WRITE_ONCE(x, v)	((x) = (v))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define div_u64(a, b)	((u64)(a) / (b))
#define div_s64(a, b)	((s64)(a) / (b))

typedef struct { long v; } atomic_long_t;
#define atomic_long_set(a, n)	((a)->v = (n))
#define atomic_long_read(a)	((a)->v)
#define atomic_long_add(n, a)	((a)->v += (long)(n))
#define atomic_long_sub(n, a)	((a)->v -= (long)(n))

#define atomic_long_sub_return(n, a)	((a)->v -= (long)(n))

static inline long atomic_long_xchg(atomic_long_t *a, long new)
{
	long old = a->v;

	a->v = new;
	return old;
}

static inline bool atomic_long_try_cmpxchg(atomic_long_t *a, long *old, long new)
{
	if (a->v != *old) {
		*old = a->v;
		return false;
	}
	a->v = new;
	return true;
}

#define PAGE_COUNTER_MAX	(INT64_MAX / 4096)

struct page_counter {
	atomic_long_t usage;
	atomic_long_t min_usage;
	atomic_long_t children_min_usage;
	atomic_long_t low_usage;
	atomic_long_t children_low_usage;
	unsigned long watermark;
	unsigned long failcnt;
	unsigned long min;
	unsigned long low;
	unsigned long high;
	unsigned long max;
	struct page_counter *parent;
};

/* That of compat.h. */
static inline void mr_counter_peak(struct page_counter *c, unsigned long usage)
{
	if (usage > c->watermark)
		c->watermark = usage;
}

struct kunit {
	bool failed;
};

struct kunit_case {
	void (*run)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)	{ .run = fn, .name = #fn }
#define MODULE_LICENSE(l) \
	extern int mr_shim_unused

#define MR_EXPECT(test, a, op, b) do {						\
	long long mr_a = (a), mr_b = (b);					\
	if (!(mr_a op mr_b)) {							\
		printf("# %s:%d: %s %s %s: %lld, %lld\n", __FILE__, __LINE__,	\
		       #a, #op, #b, mr_a, mr_b);				\
		(test)->failed = true;						\
	}									\
} while (0)

#define KUNIT_EXPECT_EQ(t, a, b)	MR_EXPECT(t, a, ==, b)
#define KUNIT_EXPECT_LE(t, a, b)	MR_EXPECT(t, a, <=, b)
#define KUNIT_EXPECT_GE(t, a, b)	MR_EXPECT(t, a, >=, b)
#define KUNIT_EXPECT_PTR_EQ(t, a, b)	MR_EXPECT(t, (intptr_t)(a), ==, (intptr_t)(b))
#define KUNIT_EXPECT_TRUE(t, a)		MR_EXPECT(t, !!(a), ==, 1)
#define KUNIT_EXPECT_FALSE(t, a)	MR_EXPECT(t, !!(a), ==, 0)

#define kunit_test_suite(s)							\
int main(void)									\
{										\
	int nr = 0, failed = 0;							\
	struct kunit_case *c;							\
										\
	for (c = (s).test_cases; c->run; c++) {					\
		struct kunit test = { false };					\
										\
		c->run(&test);							\
		printf("%sok %d - %s: %s\n", test.failed ? "not " : "", ++nr,	\
		       (s).name, c->name);					\
		failed |= test.failed;						\
	}									\
	printf("1..%d\n", nr);							\
	return failed;								\
}										\
extern int mr_shim_unused

#endif /* MR_SHIM_H */
