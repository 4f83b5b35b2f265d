// SPDX-License-Identifier: GPL-2.0
/*
 * residency: how much of a file, or of all files below a folder, is in the page
 * cache. Prints a percentage with one decimal; reads nothing.
 *
 *	residency [--bytes] PATH...
 *
 *	--bytes		so many bytes instead
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long pages, resident;
static unsigned char vec[1 << 16];

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	long psize = sysconf(_SC_PAGESIZE);
	unsigned long n, i, left;
	char *p;
	int fd;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) || !st->st_size)
		return 0;
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	p = mmap(NULL, st->st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED) {
		perror(path);
		return 1;
	}
	left = (st->st_size + psize - 1) / psize;
	pages += left;
	for (char *q = p; left; left -= n, q += n * psize) {
		n = left < sizeof(vec) ? left : sizeof(vec);
		if (mincore(q, n * psize, vec)) {
			perror("mincore");
			return 1;
		}
		for (i = 0; i < n; i++)
			resident += vec[i] & 1;
	}
	munmap(p, st->st_size);
	return 0;
}

int main(int argc, char **argv)
{
	int i, bytes = argc > 1 && !strcmp(argv[1], "--bytes");

	for (i = 1 + bytes; i < argc; i++)
		if (nftw(argv[i], visit, 64, FTW_PHYS))
			return 1;
	if (!pages)
		return 1;
	if (bytes)
		printf("%lu\n", resident * sysconf(_SC_PAGESIZE));
	else
		printf("%.1f\n", 100.0 * resident / pages);
	return 0;
}
