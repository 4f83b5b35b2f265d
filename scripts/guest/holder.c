// SPDX-License-Identifier: GPL-2.0
/*
 * holder: have memory charged to a group, leave the group, and keep the memory.
 *
 *	holder --cgroup DIR --home DIR [--kind KIND] [--size BYTES] [--file F] [--use]
 *		[--lock | --flip | --remap | --fork DIR | --refork]
 *
 *	--cgroup DIR	the group that is charged
 *	--home DIR	where to go afterwards
 *	--kind KIND	anon, thp (anonymous huge pages), ksm (pages that are all
 *			the same), file or shm (a shared mapping of F)
 *	--size BYTES	(4M); K, M and G are understood
 *	--use		F is there already, made by this program: read it
 *	--lock		mlock it, after the move
 *	--flip		mlock and munlock it over and over, after "ready"; no SIGUSR1
 *	--remap		the same, but unmap and map it
 *	--fork DIR	after the move, fork a child that goes to this group, then write
 *			the first half again: the child alone has what was there before,
 *			and both have the rest
 *	--refork	fork over and over, after "ready"; the child writes every other
 *			page and exits. No SIGUSR1
 *
 * Prints "ready". SIGUSR1: looks at every byte, then prints "same MAJFLT", with the
 * major faults since "ready", or "differs OFFSET". SIGTERM: exits.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE (2UL << 20)

static const char *kind = "anon";
static unsigned long size = 4 << 20;
static uint64_t *mem;
static long faults;

/* A process, 0 for this one, goes to a group. */
static void enter(const char *cg, pid_t pid)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cg);
	fd = open(path, O_WRONLY);
	if (fd < 0 || dprintf(fd, "%d", pid) < 0)
		err(1, "%s", path);
	close(fd);
}

static long majflt(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return ru.ru_majflt;
}

/* Every page has contents of its own, but for ksm. */
static uint64_t word(unsigned long i)
{
	return (strcmp(kind, "ksm") ? i : i % 512) * 0x9e3779b97f4a7c15 + 1;
}

static void fill(unsigned long words)
{
	unsigned long i;

	for (i = 0; i < words; i++)
		mem[i] = word(i);
}

/* Offset of the first word that is not what fill() wrote, or -1. */
static long differs(void)
{
	unsigned long i;

	for (i = 0; i < size / 8; i++)
		if (mem[i] != word(i))
			return i * 8;
	return -1;
}

static void verify(void)
{
	long at = differs();

	if (at >= 0)
		printf("differs %ld\n", at);
	else
		printf("same %ld\n", majflt() - faults);
}

/* Between all pages mapped and none. */
static void remap(void)
{
	for (;;)
		if (madvise(mem, size, MADV_DONTNEED) ||
		    madvise(mem, size, MADV_POPULATE_READ))
			err(1, "madvise");
}

/* A child that is there as long as we are. */
static void share(const char *cg)
{
	int gone[2];
	pid_t pid;
	char c;

	if (pipe(gone))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(gone[1]);
		_exit(read(gone[0], &c, 1));
	}
	close(gone[0]);
	enter(cg, pid);
}

static void refork(void)
{
	unsigned long i;
	pid_t pid;

	for (;;) {
		pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			for (i = 0; i < size / 8; i += 1024)
				mem[i] = 0;
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static void map(const char *file)
{
	char *p;
	int fd = -1;

	if (file) {
		fd = open(file, O_RDWR | O_CREAT, 0644);
		if (fd < 0 || ftruncate(fd, size))
			err(1, "%s", file);
	}
	p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
		 file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	if (!file)
		p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	mem = (uint64_t *)p;
	if (!strcmp(kind, "thp") && madvise(mem, size, MADV_HUGEPAGE))
		err(1, "MADV_HUGEPAGE");
	if (!strcmp(kind, "ksm") && madvise(mem, size, MADV_MERGEABLE))
		err(1, "MADV_MERGEABLE");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cgroup", 1, NULL, 'c' }, { "home", 1, NULL, 'h' },
		{ "kind", 1, NULL, 'k' }, { "size", 1, NULL, 's' },
		{ "file", 1, NULL, 'f' }, { "lock", 0, NULL, 'l' },
		{ "flip", 0, NULL, 'F' }, { "use", 0, NULL, 'u' },
		{ "remap", 0, NULL, 'r' }, { "fork", 1, NULL, 'd' },
		{ "refork", 0, NULL, 'R' }, { }
	};
	const char *cg = NULL, *home = NULL, *file = NULL, *child = NULL;
	bool lock = false, flip = false, use = false, again = false, forks = false;
	sigset_t set;
	char *end;
	int opt, sig;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			cg = optarg;
			break;
		case 'h':
			home = optarg;
			break;
		case 'k':
			kind = optarg;
			break;
		case 's':
			size = strtoul(optarg, &end, 0);
			size <<= *end == 'G' ? 30 : *end == 'M' ? 20 : *end == 'K' ? 10 : 0;
			break;
		case 'f':
			file = optarg;
			break;
		case 'l':
			lock = true;
			break;
		case 'F':
			flip = true;
			break;
		case 'u':
			use = true;
			break;
		case 'r':
			again = true;
			break;
		case 'd':
			child = optarg;
			break;
		case 'R':
			forks = true;
			break;
		default:
			return 2;
		}
	}
	if (!cg || !home)
		errx(2, "--cgroup and --home are needed");
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	map(file);
	enter(cg, 0);
	if (use && differs() >= 0)
		errx(1, "%s is not what it should be", file);
	if (!use)
		fill(size / 8);
	enter(home, 0);
	if (lock && mlock(mem, size))
		err(1, "mlock");
	if (child) {
		share(child);
		fill(size / 16);
	}
	faults = majflt();
	printf("ready\n");
	if (flip || again || forks)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (forks)
		refork();
	if (again)
		remap();
	if (flip) {
		for (;;)
			if (mlock(mem, size) || munlock(mem, size))
				err(1, "mlock");
	}
	while (!sigwait(&set, &sig) && sig == SIGUSR1)
		verify();
	return 0;
}
