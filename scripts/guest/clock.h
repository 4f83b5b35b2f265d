/* SPDX-License-Identifier: GPL-2.0 */
/* What helpers that measure until they are told to stop have in common. */
#ifndef MR_CLOCK_H
#define MR_CLOCK_H

#include <signal.h>
#include <time.h>

#define SECOND	1000000000LL

static volatile sig_atomic_t stop;

static inline void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

/* Monotonic, in ns. */
static inline long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

/* For qsort(). */
static inline int compare_floats(const void *a, const void *b)
{
	const float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

#endif /* MR_CLOCK_H */
