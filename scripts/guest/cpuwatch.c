// SPDX-License-Identifier: GPL-2.0
/*
 * cpuwatch: CPU time of a task, sampled every 100 ms.
 *
 *	cpuwatch PID SECONDS
 *
 * Ends early on SIGTERM, with what it has.
 *
 * Prints "worst=W average=A": percent of one CPU, the worst sliding window of one
 * second and the whole time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PER_SECOND	10

struct sample {
	double time, cpu;
};

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int take(int fd, struct sample *s)
{
	struct timespec ts;
	char line[128];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

	if (n <= 0)
		return -1;
	line[n] = '\0';
	clock_gettime(CLOCK_MONOTONIC, &ts);
	s->time = ts.tv_sec * 1e9 + ts.tv_nsec;
	s->cpu = strtoull(line, NULL, 10);
	return 0;
}

int main(int argc, char **argv)
{
	struct timespec next;
	struct sample *s;
	double worst = 0;
	char path[64];
	int fd, i, n;

	if (argc != 3) {
		fprintf(stderr, "usage: cpuwatch PID SECONDS\n");
		return 2;
	}
	n = strtod(argv[2], NULL) * PER_SECOND + 1;
	s = calloc(n > 1 ? n : 1, sizeof(*s));
	snprintf(path, sizeof(path), "/proc/%s/schedstat", argv[1]);
	fd = open(path, O_RDONLY);
	if (fd < 0 || !s) {
		perror(path);
		return 1;
	}
	signal(SIGTERM, on_term);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (i = 0; i < n && !stop; i++) {
		if (take(fd, &s[i]))
			break;
		if (i >= PER_SECOND) {
			struct sample *from = &s[i - PER_SECOND];
			double share = 100 * (s[i].cpu - from->cpu) / (s[i].time - from->time);

			if (share > worst)
				worst = share;
		}
		next.tv_nsec += 1000000000 / PER_SECOND;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	if (i <= PER_SECOND) {
		fprintf(stderr, "cpuwatch: needs more than a second\n");
		return 1;
	}
	i--;
	printf("worst=%.1f average=%.1f\n", worst,
	       100 * (s[i].cpu - s[0].cpu) / (s[i].time - s[0].time));
	return 0;
}
