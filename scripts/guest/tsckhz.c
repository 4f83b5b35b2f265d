// SPDX-License-Identifier: GPL-2.0
/*
 * tsckhz: the frequency of this machine's time stamp counter in kHz, measured
 * in 50 ms. Runs on the host.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int main(void)
{
	unsigned long long t0, t1, c0, c1;

	t0 = now_ns();
	c0 = __rdtsc();
	do {
		t1 = now_ns();
		c1 = __rdtsc();
	} while (t1 - t0 < 50000000);
	printf("%llu\n", (c1 - c0) * 1000000 / (t1 - t0));
	return 0;
}
