// SPDX-License-Identifier: GPL-2.0
/*
 * serve: read whole files in turn, as a file server does.
 *
 *	serve [--rounds N] FILE...
 *
 * All files N times over, or until SIGTERM. Each is opened anew: what a file of the
 * kernel shows is made when it is read. Prints
 *
 *	reads=N bytes=B ms=T p50_us=A p99_us=B max_us=C
 *
 * with the time that one file takes, of the first million.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define MAX	1000000

static char buf[1 << 18];

static long long read_file(const char *path)
{
	long long bytes = 0;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		bytes += n;
	close(fd);
	return bytes;
}

int main(int argc, char **argv)
{
	float *took = malloc(MAX * sizeof(*took));
	long long begun, start, bytes = 0;
	unsigned long reads = 0, rounds = 0;
	int first = 1, i;
	size_t kept;

	if (argc > 2 && !strcmp(argv[1], "--rounds")) {
		rounds = strtoul(argv[2], NULL, 0);
		first = 3;
	}
	if (first >= argc || !took) {
		fprintf(stderr, "usage: serve [--rounds N] FILE...\n");
		return 2;
	}
	/* Its own memory is not what is measured. */
	memset(took, 0, MAX * sizeof(*took));
	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);

	begun = now();
	do {
		for (i = first; i < argc && !stop; i++) {
			start = now();
			bytes += read_file(argv[i]);
			if (reads < MAX)
				took[reads] = (now() - start) / 1000.0;
			reads++;
		}
	} while (!stop && (!rounds || --rounds));
	begun = now() - begun;
	kept = reads < MAX ? reads : MAX;
	if (!kept)
		return 1;
	qsort(took, kept, sizeof(*took), compare_floats);
	printf("reads=%lu bytes=%lld ms=%lld p50_us=%.1f p99_us=%.1f max_us=%.1f\n", reads,
	       bytes, begun / 1000000, took[kept / 2], took[kept * 99 / 100],
	       took[kept - 1]);
	return 0;
}
