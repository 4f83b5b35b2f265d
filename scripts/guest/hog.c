// SPDX-License-Identifier: GPL-2.0
/*
 * hog: take most of all CPUs away from everyone else.
 *
 *	hog BUSY PERIOD
 *
 * A real-time task on each CPU, busy for BUSY of every PERIOD ms, until SIGTERM.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

static void hog(int cpu, long long busy, long long period)
{
	struct sched_param param = { .sched_priority = 10 };
	long long start = now();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    sched_setscheduler(0, SCHED_FIFO, &param)) {
		perror("hog");
		_exit(1);
	}
	for (;;) {
		struct timespec next;

		while (now() - start < busy)
			;
		/* What it missed is gone: it never takes more than its share. */
		start = now() + period - busy;
		next.tv_sec = start / SECOND;
		next.tv_nsec = start % SECOND;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long long busy, period;

	if (argc != 3) {
		fprintf(stderr, "usage: hog BUSY PERIOD\n");
		return 2;
	}
	busy = atoll(argv[1]) * 1000000;
	period = atoll(argv[2]) * 1000000;
	for (long cpu = 0; cpu < cpus; cpu++) {
		switch (fork()) {
		case -1:
			perror("fork");
			return 1;
		case 0:
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			hog(cpu, busy, period);
		}
	}
	while (wait(NULL) > 0)
		;
	/* They end by themselves only if they could not begin. */
	return 1;
}
