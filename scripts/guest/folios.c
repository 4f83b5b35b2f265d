// SPDX-License-Identifier: GPL-2.0
/*
 * folios: whether the pages of a file are on an LRU list.
 *
 *	folios FILE
 *
 * Maps FILE, all of which has to be cached, and prints "ready", and then
 * "on=N off=N" whenever that has changed, until SIGTERM. "off" are pages without
 * PG_lru: on no list, or on their way from one to another.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_for_reading(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static uint64_t word(int fd, uint64_t nr)
{
	uint64_t w;

	if (pread(fd, &w, sizeof(w), nr * sizeof(w)) != sizeof(w))
		err(1, "pread");
	return w;
}

int main(int argc, char **argv)
{
	unsigned long pages, i, off, last = -1;
	int fd, pagemap, flags;
	struct stat st;
	uint64_t *pfn;
	char *p;

	if (argc != 2)
		errx(2, "usage: folios FILE");
	fd = open_for_reading(argv[1]);
	pagemap = open_for_reading("/proc/self/pagemap");
	flags = open_for_reading("/proc/kpageflags");
	if (fstat(fd, &st))
		err(1, "%s", argv[1]);
	pages = (st.st_size + 4095) / 4096;
	p = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	pfn = calloc(pages, sizeof(*pfn));
	if (p == MAP_FAILED || !pfn)
		err(1, "mmap");
	for (i = 0; i < pages; i++) {
		pfn[i] = word(pagemap, (uintptr_t)p / 4096 + i);
		if (!(pfn[i] >> 63))
			errx(1, "page %lu is not there", i);
		pfn[i] &= (1ULL << 55) - 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	for (;;) {
		for (i = 0, off = 0; i < pages; i++)
			off += !(word(flags, pfn[i]) & (1ULL << KPF_LRU));
		if (off != last)
			printf("on=%lu off=%lu\n", pages - off, off);
		last = off;
		usleep(10000);
	}
}
