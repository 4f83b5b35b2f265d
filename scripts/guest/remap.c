// SPDX-License-Identifier: GPL-2.0
/*
 * remap: map a file, touch all of it, unmap it, as processes do that are started
 * over and over.
 *
 *	remap FILE [N]	so many times (1); 0: until it is killed
 *
 * Each time, the statistics of all groups that the file's pages are charged to change.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	int forever = !n, fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		perror("remap");
		return 1;
	}
	while (forever || n--) {
		const volatile char *p = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		off_t off;

		if (p == MAP_FAILED) {
			perror("remap");
			return 1;
		}
		for (off = 0; off < st.st_size; off += 4096)
			(void)p[off];
		munmap((void *)p, st.st_size);
	}
	return 0;
}
