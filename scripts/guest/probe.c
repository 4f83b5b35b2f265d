// SPDX-License-Identifier: GPL-2.0
/*
 * probe: what a neighbour feels.
 *
 *	probe [SECONDS]
 *
 * Wakes up every millisecond and looks how late that is, and how long it then takes to
 * touch a fresh page. Until SIGTERM, or for so many seconds; then prints
 *
 *	wakeups=N late_p50_us=A late_p99_us=B late_p999_us=C late_max_us=D
 *	fault_p50_us=... and so on
 *
 * on one line.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define PERIOD	1000000LL
/* Half an hour of samples; a longer run keeps the first. */
#define MAX	(1800 * 1000)
/* Pages that are touched in turn, and given back all at once. */
#define PAGES	256

static void print(const char *name, float *us, size_t nr)
{
	qsort(us, nr, sizeof(*us), compare_floats);
	printf(" %s_p50_us=%.1f %s_p99_us=%.1f %s_p999_us=%.1f %s_max_us=%.1f", name,
	       us[nr / 2], name, us[nr * 99 / 100], name, us[nr * 999 / 1000], name,
	       us[nr - 1]);
}

int main(int argc, char **argv)
{
	float *late = malloc(MAX * sizeof(*late)), *fault = malloc(MAX * sizeof(*fault));
	long long next, begun, end = 0;
	long size = sysconf(_SC_PAGESIZE);
	size_t nr = 0;
	char *area;

	area = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!late || !fault || area == MAP_FAILED) {
		perror("probe");
		return 1;
	}
	/* Its own memory is not what is measured. */
	memset(late, 0, MAX * sizeof(*late));
	memset(fault, 0, MAX * sizeof(*fault));
	madvise(area, PAGES * size, MADV_NOHUGEPAGE);
	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);

	next = now();
	if (argc > 1)
		end = next + atoll(argv[1]) * SECOND;
	while (!stop && nr < MAX && (!end || next < end)) {
		struct timespec ts;

		next += PERIOD;
		ts.tv_sec = next / SECOND;
		ts.tv_nsec = next % SECOND;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR &&
		       !stop)
			;
		begun = now();
		late[nr] = (begun - next) / 1000.0;
		*(volatile char *)(area + nr % PAGES * size) = 1;
		fault[nr++] = (now() - begun) / 1000.0;
		if (nr % PAGES == 0)
			madvise(area, PAGES * size, MADV_DONTNEED);
		/* Where it was very late, don't try to catch up. */
		if (begun - next > PERIOD)
			next = begun;
	}
	if (!nr)
		return 1;
	printf("wakeups=%zu", nr);
	print("late", late, nr);
	print("fault", fault, nr);
	putchar('\n');
	return 0;
}
