// SPDX-License-Identifier: GPL-2.0
/*
 * filesum: files with reproducible pseudo-random contents.
 *
 *	filesum write DIR N SIZE SEED	make DIR/s000000 and on
 *	filesum verify DIR N SIZE SEED	read them back
 *
 * verify prints each file that differs and where, and exits with 1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS	(64 << 10)

static uint64_t want[WORDS], have[WORDS];

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int full_read(int fd, char *p, size_t n)
{
	while (n) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return -1;
		p += got;
		n -= got;
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long n, size, i, bad = 0;
	uint64_t seed;
	int writing;

	if (argc != 6 || (strcmp(argv[1], "write") && strcmp(argv[1], "verify"))) {
		fprintf(stderr, "usage: filesum write|verify DIR N SIZE SEED\n");
		return 2;
	}
	writing = !strcmp(argv[1], "write");
	n = strtoul(argv[3], NULL, 0);
	size = strtoul(argv[4], NULL, 0);
	seed = strtoull(argv[5], NULL, 0);
	if (writing)
		mkdir(argv[2], 0755);

	for (i = 0; i < n; i++) {
		uint64_t state = seed * 0x100000001b3 + i;
		char path[PATH_MAX];
		unsigned long off, len, w;
		int fd;

		snprintf(path, sizeof(path), "%s/s%06lu", argv[2], i);
		fd = writing ? open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644) :
			       open(path, O_RDONLY);
		if (fd < 0) {
			perror(path);
			return 1;
		}
		for (off = 0; off < size; off += len) {
			len = size - off < sizeof(want) ? size - off : sizeof(want);
			for (w = 0; w < (len + 7) / 8; w++)
				want[w] = next(&state);
			if (writing) {
				if (write(fd, want, len) != (ssize_t)len) {
					perror(path);
					return 1;
				}
			} else if (full_read(fd, (char *)have, len) || memcmp(want, have, len)) {
				printf("%s differs within %lu bytes from %lu\n", path, len, off);
				bad++;
				break;
			}
		}
		if (!writing && off >= size && read(fd, have, 1) > 0) {
			printf("%s is longer than %lu\n", path, size);
			bad++;
		}
		close(fd);
	}
	return bad ? 1 : 0;
}
