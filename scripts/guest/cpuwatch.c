// SPDX-License-Identifier: GPL-2.0
/*
 * cpuwatch: CPU time of a task, sampled every 100 ms.
 *
 *	cpuwatch PID SECONDS
 *
 * Ends early on SIGTERM, with what it has.
 *
 * Prints "worst=W average=A own=O": percent of one CPU, the worst sliding window of
 * one second, the whole time, and the worst second again without the time in which
 * its CPU stood still. An emulated CPU that its host doesn't run charges that to
 * the task it was running; it is seen by a real-time task on each CPU, which wakes
 * up late then. Boot with preempt=full: else what the kernel does at a stretch is
 * taken for such a stall.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define PER_SECOND	10
/* How often a CPU is seen to be alive, and what is no stall, in ns. */
#define BEAT		(5 * 1000000LL)
#define LATE		(1 * 1000000LL)

struct sample {
	double time, cpu, stalled;
};

/* Time that the task was charged for while its CPU stood still, in ns. */
static long long *stalled;

static void sleep_until(long long at)
{
	struct timespec ts = { at / SECOND, at % SECOND };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static long long cpu_time(int fd)
{
	char line[128];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

	if (n <= 0)
		return -1;
	line[n] = '\0';
	return strtoll(line, NULL, 10);
}

/* The CPU that a task runs on, or ran on last. */
static int cpu_of(int fd)
{
	char line[1024], *p;
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	int i;

	if (n <= 0)
		return -1;
	line[n] = '\0';
	/* The name may have spaces; "processor" is the 39th word. */
	p = strrchr(line, ')');
	for (i = 2; p && i < 39; i++)
		p = strchr(p + 1, ' ');
	return p ? atoi(p) : -1;
}

/* A child for a CPU, until its parent ends. */
static void watch_cpu(int cpu, int sched, int stat)
{
	struct sched_param fifo = { .sched_priority = 1 };
	long long next, last;
	cpu_set_t set;

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &fifo)) {
		perror("cpuwatch");
		_exit(1);
	}
	last = cpu_time(sched);
	for (next = now() + BEAT;; next += BEAT) {
		long long late, used;

		sleep_until(next);
		late = now() - next;
		used = cpu_time(sched);
		if (late > LATE) {
			if (cpu_of(stat) == cpu)
				__atomic_fetch_add(stalled,
						   late < used - last ? late : used - last,
						   __ATOMIC_RELAXED);
			next += late;
		}
		last = used;
	}
}

static int take(int fd, struct sample *s)
{
	s->cpu = cpu_time(fd);
	if (s->cpu < 0)
		return -1;
	s->time = now();
	s->stalled = __atomic_load_n(stalled, __ATOMIC_RELAXED);
	return 0;
}

int main(int argc, char **argv)
{
	double worst = 0, own = 0;
	struct sample *s;
	long long next;
	char path[64];
	int fd, stat, i, n;

	if (argc != 3) {
		fprintf(stderr, "usage: cpuwatch PID SECONDS\n");
		return 2;
	}
	n = strtod(argv[2], NULL) * PER_SECOND + 1;
	s = calloc(n > 1 ? n : 1, sizeof(*s));
	snprintf(path, sizeof(path), "/proc/%s/schedstat", argv[1]);
	fd = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/stat", argv[1]);
	stat = open(path, O_RDONLY);
	if (fd < 0 || stat < 0 || !s) {
		perror(path);
		return 1;
	}
	stalled = mmap(NULL, sizeof(*stalled), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (stalled == MAP_FAILED) {
		perror("cpuwatch");
		return 1;
	}
	for (i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
		watch_cpu(i, fd, stat);
	signal(SIGTERM, on_term);
	next = now();
	for (i = 0; i < n && !stop; i++) {
		if (take(fd, &s[i]))
			break;
		if (i >= PER_SECOND) {
			struct sample *from = &s[i - PER_SECOND];
			double time = s[i].time - from->time;
			double share = 100 * (s[i].cpu - from->cpu) / time;
			double stall = 100 * (s[i].stalled - from->stalled) / time;

			if (share > worst)
				worst = share;
			if (share - stall > own)
				own = share - stall;
		}
		next += SECOND / PER_SECOND;
		sleep_until(next);
	}
	if (i <= PER_SECOND) {
		fprintf(stderr, "cpuwatch: needs more than a second\n");
		return 1;
	}
	i--;
	printf("worst=%.1f average=%.1f own=%.1f\n", worst,
	       100 * (s[i].cpu - s[0].cpu) / (s[i].time - s[0].time), own);
	return 0;
}
