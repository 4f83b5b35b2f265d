// SPDX-License-Identifier: GPL-2.0
/*
 * stress: everything that touches the memory of dead groups, at once.
 *
 * Processes in groups below one ancestor make groups and remove them, and use
 * what those leave behind: they read, write, map, lock, truncate, swap and move
 * it, while others press on the ancestor, drop caches and turn knobs.
 *
 *	stress --root CGDIR --seconds S --dir DIR ... [options]
 *
 *	--root CGDIR	the ancestor, made where missing; it is left without children
 *	--seconds S	how long (30)
 *	--dir DIR	files go here; repeatable
 *	--huge DIR	the same, with few and large files
 *	--swap DEV	swapped on and off
 *	--knob FILE=VALUE[,VALUE...]	write one of these now and then; repeatable
 *	--only W[,W...]	these workers alone; see the table below
 *	--without W[,W...]
 *	--groups N	pause making groups while so many dead ones are there (1500)
 *	--seed N	(the time)
 *
 * Each page of a file has a state in shared memory: a number that goes up with
 * each change, or that it is a hole. Its content follows from file, page and
 * number. Who changes pages holds the file's lock and marks them as busy
 * meanwhile; who reads looks at the state before and after. All files are read
 * again at the end, the second time from their disks, then removed.
 *
 * Prints "NAME OPERATIONS FAILURES CPU-MS" for each worker. Exit status 0: all content
 * was right, no worker died of anything but lack of memory.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_COLD
#define MADV_COLD	20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE	2
#endif

#define PAGE		4096UL
#define __aligned(n)	__attribute__((aligned(n)))
#define WORDS		(PAGE / sizeof(uint64_t))
#define HUGE_SIZE	(2UL << 20)

#define DIRS		8
#define FILES		16	/* of each folder */
#define PAGES		96	/* of a file, at most */
#define HUGE_FILES	2
#define HUGE_PAGES	1024
#define SHARED_PAGES	64	/* of what several lock */
#define KNOBS		64
#define HELD		6	/* survivors of each maker */

/* State of a page: a number, and these. */
#define BUSY		(1U << 31)
#define HOLE		(1U << 30)

struct file {
	char path[PATH_MAX];
	unsigned int nr, pages;
	bool disk;
	uint32_t *state;
};

struct knob {
	const char *file;
	char *value[16];
	unsigned int nr;
};

struct worker {
	const char *name;
	/* One operation; true where it was one. */
	bool (*step)(void);
	/* Where there is nothing to do it on. */
	bool (*wanted)(void);
	unsigned int copies;
	/* It stays in the group that we were started in. */
	bool outside;
};

struct shared {
	uint64_t ops[64], failures[64], cpu_ms[64];
	uint64_t mismatches, groups, held, kills;
};

static struct file files[DIRS * FILES];
static unsigned int nr_files, nr_dirs;
static struct knob knobs[KNOBS];
static unsigned int nr_knobs;
static struct shared *shared;
static const char *root, *swap_dev;
static unsigned long max_groups = 1500;
static uint64_t seed, rng;
static unsigned int self;	/* index of this worker */
static int memfd = -1, shm_id = -1, nr_nodes = 1;
static volatile sig_atomic_t stop, bus_expected;
static sigjmp_buf on_bus;

static void say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	line[n < (int)sizeof(line) - 1 ? n : (int)sizeof(line) - 2] = '\n';
	/* One write: lines of processes don't mix. */
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

static void die(const char *what)
{
	say("stress: %s: %s", what, strerror(errno));
	_exit(1);
}

static void failed(const char *what)
{
	__atomic_add_fetch(&shared->failures[self], 1, __ATOMIC_RELAXED);
	say("stress: failure: %s: %s", what, strerror(errno));
}

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void on_sigbus(int sig)
{
	if (!bus_expected) {
		signal(sig, SIG_DFL);
		return;
	}
	siglongjmp(on_bus, 1);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Less than n. */
static unsigned long dice(unsigned long n)
{
	rng += 0x9e3779b97f4a7c15;
	return mix(rng) % n;
}

/* A signal ends it early. */
static void nap(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	if (!stop)
		nanosleep(&ts, NULL);
}

static int write_str(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, what, strlen(what));
	err = errno;
	close(fd);
	errno = err;
	return n < 0 ? -1 : 0;
}

static ssize_t read_str(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, to + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	to[len] = '\0';
	return len;
}

/*
 * Reads a file, for those who look while others change. One with a word for each
 * page takes long: a part of that.
 */
static void look_at(const char *path, bool pages)
{
	static char sink[64 << 10];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (pages)
		lseek(fd, dice(sysconf(_SC_PHYS_PAGES)) * 8, SEEK_SET);
	while (!stop && read(fd, sink, sizeof(sink)) > 0 && !pages)
		;
	close(fd);
}

/* "name number" in a file of such lines. */
static long field_of(const char *path, const char *name)
{
	static char text[16 << 10];
	size_t len = strlen(name);
	char *line;

	if (read_str(path, text, sizeof(text)) < 0)
		return -1;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, name, len) && line[len] == ' ')
			return atol(line + len);
	return -1;
}

static const char *in_root(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/*
 * Content of files.
 */

static uint64_t word_of(unsigned int nr, unsigned int page, uint32_t number, unsigned int i)
{
	return mix(((uint64_t)nr << 56) ^ ((uint64_t)page << 40) ^
		   ((uint64_t)number << 10) ^ i);
}

static void fill_page(uint64_t *p, const struct file *f, unsigned int page, uint32_t number)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		p[i] = word_of(f->nr, page, number, i);
}

static uint32_t state_of(const struct file *f, unsigned int page)
{
	return __atomic_load_n(&f->state[page], __ATOMIC_SEQ_CST);
}

static void set_state(const struct file *f, unsigned int page, uint32_t state)
{
	__atomic_store_n(&f->state[page], state, __ATOMIC_SEQ_CST);
}

static void page_differs(const struct file *f, unsigned int page, uint32_t state,
			 unsigned int i, uint64_t got, const char *how)
{
	unsigned int n;

	__atomic_add_fetch(&shared->mismatches, 1, __ATOMIC_RELAXED);
	for (n = 1; n <= 64 && n < (state & ~HOLE); n++)
		if (got == word_of(f->nr, page, (state & ~HOLE) - n, i))
			break;
	say("stress: MISMATCH by %s: %s page %u word %u: number %u%s, has %016llx%s",
	    how, f->path, page, i, state & ~HOLE, state & HOLE ? " (hole)" : "",
	    (unsigned long long)got,
	    n <= 64 && n < (state & ~HOLE) ? ", of an earlier number" : "");
}

/*
 * p has been read since the state was taken. len: what the file gave; less than
 * a page is right for a hole only. False: somebody changes it now.
 */
static bool check_page(const struct file *f, unsigned int page, uint32_t state,
		       const uint64_t *p, ssize_t len, const char *how)
{
	unsigned int i;

	if (state & BUSY || state_of(f, page) != state)
		return false;
	if (!(state & HOLE) && len != PAGE) {
		page_differs(f, page, state, 0, len, "length");
		return true;
	}
	for (i = 0; i < len / sizeof(*p); i++) {
		if (p[i] != (state & HOLE ? 0 : word_of(f->nr, page, state, i))) {
			page_differs(f, page, state, i, p[i], how);
			break;
		}
	}
	return true;
}

static struct file *some_file(void)
{
	return &files[dice(nr_files)];
}

/* With the lock of those who change it; -1 where another has that. */
static int open_locked(const struct file *f)
{
	int fd = open(f->path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		if (errno != ENOMEM && errno != EINTR)
			failed(f->path);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What to try now: a few pages, sometimes all. */
static void some_pages(const struct file *f, unsigned int *from, unsigned int *n)
{
	*n = dice(8) ? 1 + dice(f->pages / 4) : f->pages;
	*from = dice(f->pages - *n + 1);
}

static uint32_t begin_change(const struct file *f, unsigned int page)
{
	uint32_t number = (state_of(f, page) & ~(BUSY | HOLE)) + 1;

	set_state(f, page, BUSY | number);
	return number;
}

static bool write_pages(void)
{
	struct file *f = some_file();
	unsigned int from, n, i;
	uint64_t buf[WORDS];
	int fd = open_locked(f);

	if (fd < 0)
		return false;
	some_pages(f, &from, &n);
	for (i = from; i < from + n && !stop; i++) {
		uint32_t number = begin_change(f, i);
		ssize_t done;

		fill_page(buf, f, i, number);
		done = pwrite(fd, buf, PAGE, i * PAGE);
		if (done == PAGE)
			set_state(f, i, number);
		else if (done < 0 && errno != EINTR && errno != ENOMEM && errno != ENOSPC)
			failed("pwrite");
	}
	switch (dice(8)) {
	case 0:
		fsync(fd);
		break;
	case 1:
		sync_file_range(fd, from * PAGE, n * PAGE, SYNC_FILE_RANGE_WRITE);
		break;
	}
	close(fd);
	return true;
}

static bool read_pages(void)
{
	static uint64_t buf[WORDS] __aligned(PAGE);
	struct file *f = some_file();
	int flags = O_RDONLY | O_CLOEXEC;
	unsigned int from, n, i;
	int fd;

	if (f->disk && !dice(8))
		flags |= O_DIRECT;
	fd = open(f->path, flags);
	if (fd < 0)
		return false;
	if (!dice(3))
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (!dice(4))
		posix_fadvise(fd, 0, 0, dice(2) ? POSIX_FADV_RANDOM : POSIX_FADV_SEQUENTIAL);
	some_pages(f, &from, &n);
	for (i = from; i < from + n && !stop; i++) {
		uint32_t state = state_of(f, i);
		ssize_t len = pread(fd, buf, PAGE, i * PAGE);

		if (len >= 0)
			check_page(f, i, state, buf, len, flags & O_DIRECT ? "direct" : "read");
		else if (errno != EINTR && errno != ENOMEM)
			failed("pread");
	}
	close(fd);
	return true;
}

static void advise(char *p, unsigned long len)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_DONTNEED, MADV_WILLNEED, MADV_NORMAL, MADV_RANDOM,
	};

	madvise(p, len, advice[dice(sizeof(advice) / sizeof(*advice))]);
}

static bool map_and_read(void)
{
	struct file *f = some_file();
	static uint64_t buf[WORDS];
	volatile unsigned int i;
	unsigned int from, n;
	char *p;
	int fd;

	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	p = mmap(NULL, f->pages * PAGE, PROT_READ, dice(4) ? MAP_SHARED : MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	some_pages(f, &from, &n);
	if (!dice(4))
		advise(p, f->pages * PAGE);
	if (!dice(8))
		mlock(p + from * PAGE, n * PAGE);
	for (i = from; i < from + n && !stop; i++) {
		uint32_t state = state_of(f, i);

		/* Others truncate. */
		if (!sigsetjmp(on_bus, 0)) {
			bus_expected = 1;
			memcpy(buf, p + i * PAGE, PAGE);
			check_page(f, i, state, buf, PAGE, "mapping");
		}
		bus_expected = 0;
	}
	if (!dice(2))
		advise(p, f->pages * PAGE);
	munmap(p, f->pages * PAGE);
	return true;
}

static bool map_and_write(void)
{
	struct file *f = some_file();
	unsigned int from, n, i;
	char *p;
	int fd = open_locked(f);

	if (fd < 0)
		return false;
	/* A hole at the end may be beyond the end of the file. */
	if (ftruncate(fd, f->pages * PAGE)) {
		close(fd);
		return false;
	}
	p = mmap(NULL, f->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		some_pages(f, &from, &n);
		for (i = from; i < from + n && !stop; i++) {
			uint32_t number = begin_change(f, i);

			fill_page((uint64_t *)(p + i * PAGE), f, i, number);
			set_state(f, i, number);
		}
		if (!dice(8))
			msync(p, f->pages * PAGE, dice(2) ? MS_SYNC : MS_ASYNC);
		if (!dice(4))
			madvise(p, f->pages * PAGE, dice(2) ? MADV_PAGEOUT : MADV_COLD);
		munmap(p, f->pages * PAGE);
	}
	close(fd);
	return p != MAP_FAILED;
}

/* Truncation, and holes in the middle. */
static bool cut(void)
{
	struct file *f = some_file();
	unsigned int from, n, i;
	bool truncate = !dice(3), done;
	int fd = open_locked(f);

	if (fd < 0)
		return false;
	some_pages(f, &from, &n);
	if (truncate)
		n = f->pages - from;
	for (i = from; i < from + n; i++)
		begin_change(f, i);
	if (truncate)
		done = !ftruncate(fd, from * PAGE) &&
		       (dice(2) || !ftruncate(fd, f->pages * PAGE));
	else
		done = !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  from * PAGE, n * PAGE);
	if (!done && errno != EINTR && errno != ENOMEM && errno != ENOSPC)
		failed("cut");
	/* What was not done stays marked as busy: anything may be there. */
	for (i = from; done && i < from + n; i++)
		set_state(f, i, (state_of(f, i) & ~BUSY) | HOLE);
	close(fd);
	return true;
}

/* Files that come and go. */
static bool short_lived(void)
{
	char path[PATH_MAX + 32], buf[PAGE];
	struct file *f = some_file();
	unsigned int n = 1 + dice(32);
	int fd;

	snprintf(path, sizeof(path), "%s.%d", f->path, getpid());
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	memset(buf, 'x', sizeof(buf));
	if (dice(2))
		unlink(path);
	while (n-- && !stop && write(fd, buf, sizeof(buf)) > 0)
		;
	if (!dice(8))
		fsync(fd);
	unlink(path);
	close(fd);
	return true;
}

/*
 * Memory of a process's own.
 */

static char *anon_memory(unsigned long size, bool huge)
{
	char *p = mmap(NULL, size + (huge ? HUGE_SIZE : 0), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = p;

	if (p == MAP_FAILED)
		return NULL;
	if (huge) {
		start = (char *)(((uintptr_t)p + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1));
		if (start > p)
			munmap(p, start - p);
		if (p + HUGE_SIZE > start)
			munmap(start + size, p + HUGE_SIZE - start);
		madvise(start, size, MADV_HUGEPAGE);
	}
	return start;
}

/* key 0: the same in each page, for KSM. Never zero. */
static uint64_t anon_word(uint64_t key, unsigned long off)
{
	return mix(key + (key ? off : 0)) | 1;
}

static void fill_anon(char *p, unsigned long size, uint64_t key)
{
	unsigned long off;

	for (off = 0; off < size; off += PAGE)
		*(uint64_t *)(p + off) = anon_word(key, off);
}

/* free: pages may have been dropped */
static void check_anon(const char *p, unsigned long size, uint64_t key, bool freed)
{
	unsigned long off;

	for (off = 0; off < size && !stop; off += PAGE) {
		uint64_t got = *(uint64_t *)(p + off);

		if (got == anon_word(key, off) || (freed && !got))
			continue;
		__atomic_add_fetch(&shared->mismatches, 1, __ATOMIC_RELAXED);
		say("stress: MISMATCH in anonymous memory at %lu of %lu: %016llx%s", off, size,
		    (unsigned long long)got, freed ? " (may be free)" : "");
		return;
	}
}

static bool use_anon(void)
{
	bool huge = !dice(4);
	unsigned long size = huge ? HUGE_SIZE : (1 + dice(64)) * PAGE;
	char *p = anon_memory(size, huge);
	uint64_t key = dice(UINT32_MAX) + 1;
	unsigned long part;
	pid_t pid;

	if (!p)
		return false;
	fill_anon(p, size, key);
	part = dice(size / PAGE) * PAGE;
	switch (dice(6)) {
	case 0:
		madvise(p + part, size - part, MADV_PAGEOUT);
		break;
	case 1:
		madvise(p, size, MADV_COLD);
		break;
	case 2:
		/* Part of it: splits what is large. */
		madvise(p + part, size - part, MADV_DONTNEED);
		check_anon(p, part, key, false);
		check_anon(p + part, size - part, 0, true);
		fill_anon(p, size, key);
		break;
	case 3:
		madvise(p, size, MADV_FREE);
		check_anon(p, size, key, true);
		fill_anon(p, size, key);
		break;
	case 4:
		pid = fork();
		if (!pid) {
			check_anon(p, size, key, false);
			fill_anon(p, size, key + 1);
			check_anon(p, size, key + 1, false);
			_exit(0);
		}
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		break;
	case 5:
		madvise(p, size, MADV_MERGEABLE);
		break;
	}
	check_anon(p, size, key, false);
	munmap(p, size);
	return true;
}

/*
 * Locking what others lock, too.
 */

static char *map_shared(void)
{
	char *p = mmap(NULL, SHARED_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void touch_shared(char *p)
{
	unsigned int i;

	for (i = 0; i < SHARED_PAGES; i++)
		((volatile char *)p)[i * PAGE] = i;
}

static bool lock_shared(void)
{
	static char *p;
	unsigned int from, n;

	if (!p) {
		p = map_shared();
		if (!p)
			return false;
	}
	n = 1 + dice(SHARED_PAGES);
	from = dice(SHARED_PAGES - n + 1);
	if (dice(3))
		touch_shared(p);
	switch (dice(4)) {
	case 0:
		munlock(p, SHARED_PAGES * PAGE);
		break;
	case 1:
		munlock(p + from * PAGE, n * PAGE);
		break;
	default:
		mlock2(p + from * PAGE, n * PAGE, dice(2) ? MLOCK_ONFAULT : 0);
		break;
	}
	if (!dice(16)) {
		munmap(p, SHARED_PAGES * PAGE);
		p = NULL;
	}
	return true;
}

static bool lock_shm(void)
{
	static bool locked;

	if (shmctl(shm_id, locked ? SHM_UNLOCK : SHM_LOCK, NULL))
		return false;
	locked = !locked;
	nap(dice(5));
	return true;
}

/* Has these pages charged to the group that this process is in. */
static void take_shared(bool shm)
{
	char *p = shm ? shmat(shm_id, NULL, 0) : map_shared();

	if (!p || p == (void *)-1)
		return;
	/* Nothing comes of it where they are locked. */
	if (shm)
		madvise(p, SHARED_PAGES * PAGE, MADV_REMOVE);
	else
		fallocate(memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  SHARED_PAGES * PAGE);
	touch_shared(p);
	if (shm)
		shmdt(p);
	else
		munmap(p, SHARED_PAGES * PAGE);
}

/*
 * Makers of dead groups.
 */

enum kind {
	KIND_WRITE,
	KIND_READ,
	KIND_MAP,
	KIND_SHORT,
	KIND_SHARED,
	KIND_SHM,
	/* From here on the process takes its memory along. */
	KIND_MLOCK,
	KIND_ANON,
	KIND_THP,
	KIND_SWAP,
	KIND_KSM,
	KIND_HELD_MAP,
	NR_KINDS
};

/* A process that was born in a group, and left it. */
static void survive(enum kind kind, int ready)
{
	uint64_t key = kind == KIND_KSM ? 0 : dice(UINT32_MAX) + 1;
	unsigned long size = kind == KIND_THP ? (1 + dice(2)) * HUGE_SIZE : (1 + dice(64)) * PAGE;
	bool anon = kind != KIND_MLOCK && kind != KIND_HELD_MAP;
	struct file *f = some_file();
	char *p, c = 0;
	int fd, i;

	if (anon) {
		p = anon_memory(size, kind == KIND_THP);
	} else {
		size = f->pages * PAGE;
		fd = open(f->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			_exit(0);
		p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			p = NULL;
		close(fd);
	}
	if (!p)
		_exit(0);
	if (kind == KIND_KSM)
		madvise(p, size, MADV_MERGEABLE);
	if (anon)
		fill_anon(p, size, key);
	else if (kind == KIND_MLOCK)
		mlock(p, size);
	else
		madvise(p, size, MADV_POPULATE_READ);
	if (kind == KIND_SWAP)
		madvise(p, size, MADV_PAGEOUT);
	if (write_str(in_root("live/cgroup.procs"), "0"))
		_exit(errno == ENOMEM ? 0 : 1);
	if (write(ready, &c, 1) < 0)
		_exit(1);
	close(ready);
	for (i = dice(12); i >= 0 && !stop; i--) {
		nap(dice(200));
		if (anon)
			check_anon(p, size, key, false);
		else if (!dice(4))
			advise(p, size);
		/* In parts, so that a large page is mapped by halves. */
		if (kind == KIND_THP && !dice(4)) {
			munmap(p + size - PAGE, PAGE);
			size -= PAGE;
		}
		if (kind == KIND_MLOCK && !dice(4))
			munlock(p, size / 2 & ~(PAGE - 1));
		if (anon && !dice(6))
			madvise(p, size, dice(2) ? MADV_PAGEOUT : MADV_COLD);
	}
	_exit(0);
}

static unsigned int nr_held;

static void reap_held(bool all)
{
	int status;

	while (nr_held) {
		pid_t pid = waitpid(-1, &status, all ? 0 : WNOHANG);

		if (!pid || (pid < 0 && errno != EINTR))
			break;
		if (pid < 0)
			continue;
		nr_held--;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			__atomic_add_fetch(&shared->kills, 1, __ATOMIC_RELAXED);
		else if (status)
			failed("a survivor");
	}
}

static void run_in(const char *cg, enum kind kind)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	int ready[2] = { -1, -1 }, status, fd;
	pid_t pid;
	char c;

	fd = open(cg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || pipe2(ready, O_CLOEXEC))
		goto out;
	args.cgroup = fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		goto out;
	if (!pid) {
		close(ready[0]);
		rng ^= mix(getpid());
		/* Somebody has to go when the limit can't be kept. */
		write_str("/proc/self/oom_score_adj", "0");
		if (kind >= KIND_MLOCK)
			survive(kind, ready[1]);
		switch (kind) {
		case KIND_WRITE:
			write_pages();
			break;
		case KIND_READ:
			read_pages();
			break;
		case KIND_MAP:
			map_and_write();
			break;
		case KIND_SHORT:
			short_lived();
			break;
		default:
			take_shared(kind == KIND_SHM);
		}
		_exit(0);
	}
	close(ready[1]);
	ready[1] = -1;
	if (kind >= KIND_MLOCK) {
		/* Until it has left, or ended. */
		while (read(ready[0], &c, 1) < 0 && errno == EINTR)
			;
		nr_held++;
		__atomic_add_fetch(&shared->held, 1, __ATOMIC_RELAXED);
		goto out;
	}
	while (waitpid(pid, &status, 0) != pid)
		;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		__atomic_add_fetch(&shared->kills, 1, __ATOMIC_RELAXED);
	else if (status)
		failed("a process in a group");
out:
	if (fd >= 0)
		close(fd);
	if (ready[0] >= 0)
		close(ready[0]);
	if (ready[1] >= 0)
		close(ready[1]);
}

static void remove_group(const char *cg)
{
	int tries;

	/* A task that is on its way out still counts for a moment. */
	for (tries = 0; rmdir(cg); tries++) {
		if (errno != EBUSY || tries == 20000) {
			failed("rmdir");
			return;
		}
		usleep(1000);
	}
	__atomic_add_fetch(&shared->groups, 1, __ATOMIC_RELAXED);
}

static bool make_groups(void)
{
	static unsigned int n;
	char path[PATH_MAX], sub[PATH_MAX + 32];
	unsigned int depth = dice(6) ? 1 : 3, d, made;
	size_t len[3];

	while (nr_held >= HELD && !stop) {
		reap_held(false);
		if (nr_held >= HELD)
			nap(10);
	}
	reap_held(false);
	if (field_of(in_root("cgroup.stat"), "nr_dying_descendants") > (long)max_groups) {
		nap(50);
		return false;
	}
	snprintf(path, sizeof(path), "%.3000s/g%d.%u", root, getpid(), n++);
	for (made = 0; made < depth && !stop; made++) {
		if (made) {
			snprintf(sub, sizeof(sub), "%s/cgroup.subtree_control", path);
			if (write_str(sub, "+memory"))
				break;
			write_str(sub, "+io");
			strcat(path, "/n");
		}
		if (mkdir(path, 0755)) {
			if (errno != ENOMEM)
				failed("mkdir");
			if (made)
				path[len[made - 1]] = '\0';
			break;
		}
		len[made] = strlen(path);
		run_in(path, dice(NR_KINDS));
	}
	for (d = made; d--;) {
		path[len[d]] = '\0';
		remove_group(path);
	}
	return made;
}

/*
 * Reclaim, and other users of pages, from outside.
 */

static bool press(void)
{
	long now = field_of(in_root("memory.stat"), "file") +
		   field_of(in_root("memory.stat"), "anon");
	const char *what = "memory.high";
	char text[32];

	if (now < (1 << 20)) {
		nap(50);
		return false;
	}
	switch (dice(4)) {
	case 0:
		/* A little: the rest may be what can't be reclaimed. */
		what = "memory.max";
		snprintf(text, sizeof(text), "%ld", now - now / 32);
		break;
	case 1:
		snprintf(text, sizeof(text), "%ld", now / 2);
		break;
	default:
		what = "memory.reclaim";
		snprintf(text, sizeof(text), "%ld", now / (2 + dice(30)));
		break;
	}
	write_str(in_root(what), text);
	nap(dice(100));
	if (strcmp(what, "memory.reclaim"))
		write_str(in_root(what), "max");
	nap(dice(100));
	return true;
}

/* The root's reclaim meets every group. */
static bool press_all(void)
{
	char path[PATH_MAX], text[32];

	/* No such file in the root group of 6.1; then the nearest there is. */
	snprintf(path, sizeof(path), "%.3000s/../memory.reclaim", root);
	snprintf(text, sizeof(text), "%lu", (1 + dice(16)) << 20);
	if (write_str(path, text) && errno == ENOENT)
		write_str(in_root("memory.reclaim"), text);
	nap(dice(300));
	return true;
}

static bool drop(void)
{
	static const char * const how[] = { "1", "2", "3" };

	switch (dice(12)) {
	case 0:
		write_str("/proc/sys/vm/compact_memory", "1");
		break;
	case 1:
		sync();
		break;
	default:
		write_str("/proc/sys/vm/drop_caches", how[dice(3)]);
	}
	nap(dice(400));
	return true;
}

static bool turn_knob(void)
{
	const struct knob *k = &knobs[dice(nr_knobs)];

	/* Not all values suit all states. */
	write_str(k->file, k->value[dice(k->nr)]);
	nap(dice(100));
	return true;
}

static bool have_knobs(void)
{
	return nr_knobs > 0;
}

/* Ages and evicts groups of the multi-generational LRU by name. */
static bool age_lru(void)
{
	static char text[64 << 10];
	unsigned long id = 0, node = 0, seq;
	unsigned int n = 0, pick;
	char *line, cmd[128];

	if (read_str("/sys/kernel/debug/lru_gen", text, sizeof(text)) <= 0)
		return false;
	pick = dice(64);
	for (line = strtok(text, "\n"); line && !stop; line = strtok(NULL, "\n")) {
		if (sscanf(line, "memcg %lu", &id) == 1 || sscanf(line, " node %lu", &node) == 1)
			continue;
		if (sscanf(line, " %lu", &seq) != 1 || n++ % 64 != pick)
			continue;
		snprintf(cmd, sizeof(cmd), "%c %lu %lu %lu %s", dice(3) ? '+' : '-', id, node,
			 seq, dice(2) ? "1" : "200");
		write_str("/sys/kernel/debug/lru_gen", cmd);
	}
	nap(dice(200));
	return true;
}

static bool have_lru_gen(void)
{
	return !access("/sys/kernel/debug/lru_gen", W_OK);
}

static bool swap_on_off(void)
{
	if (dice(3))
		swapon(swap_dev, 0);
	else
		swapoff(swap_dev);
	nap(dice(1500));
	return true;
}

static bool have_swap(void)
{
	return swap_dev;
}

static bool look_idle(void)
{
	static uint64_t buf[64];
	int fd = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC);
	off_t off = dice(sysconf(_SC_PHYS_PAGES) / 64) * 8;
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, buf, sizeof(buf), off);
	if (n > 0) {
		memset(buf, 0xff, n);
		n = pwrite(fd, buf, n, off);
	}
	close(fd);
	nap(dice(200));
	return true;
}

static bool have_idle(void)
{
	return !access("/sys/kernel/mm/page_idle/bitmap", W_OK);
}

static bool look_around(void)
{
	static const char * const paths[] = {
		"/proc/kpagecgroup", "/proc/kpageflags", "/proc/vmstat", "/proc/zoneinfo",
		"/proc/self/smaps", "/proc/meminfo", "/sys/kernel/debug/memcg_reaper/offline",
		"/sys/kernel/debug/memcg_reaper/ancestors", "/sys/kernel/debug/lru_gen",
	};
	static const char * const ours[] = {
		"memory.stat", "memory.numa_stat", "memory.current", "cgroup.stat",
		"memory.events", "memory.pressure", "io.stat",
	};
	unsigned int n = sizeof(paths) / sizeof(*paths), i = dice(2 * n);

	if (i < n)
		look_at(paths[i], i < 2);
	else
		look_at(in_root(ours[dice(sizeof(ours) / sizeof(*ours))]), false);
	nap(dice(20));
	return true;
}

/* Moves pages of this process and of others between nodes. */
static bool migrate(void)
{
	unsigned long from = 1UL << dice(2), to = 3 & ~from;
	void *pages[64];
	int nodes[64], status[64];
	pid_t pid = getppid() + 1 + dice(200);
	unsigned int i;
	char *p;
	int fd;

	if (dice(2)) {
		syscall(SYS_migrate_pages, pid, 8 * sizeof(from), &from, &to);
		nap(dice(20));
		return true;
	}
	fd = open(some_file()->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	p = mmap(NULL, sizeof(pages) / sizeof(*pages) * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	madvise(p, sizeof(pages) / sizeof(*pages) * PAGE, MADV_POPULATE_READ);
	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		pages[i] = p + i * PAGE;
		nodes[i] = dice(2);
	}
	syscall(SYS_move_pages, 0, i, pages, nodes, status, MPOL_MF_MOVE);
	munmap(p, sizeof(pages) / sizeof(*pages) * PAGE);
	nap(dice(20));
	return true;
}

static bool have_nodes(void)
{
	return nr_nodes > 1;
}

/* Bad memory that can still be read: its pages are moved, and lost for good. */
static bool soft_offline(void)
{
	static unsigned int done;
	struct file *f = some_file();
	bool anon = !dice(4);
	char *p;
	int fd;

	if (done == 32) {
		nap(1000);
		return true;
	}
	if (anon) {
		p = anon_memory(PAGE, false);
	} else {
		fd = open(f->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return false;
		p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, dice(f->pages) * PAGE);
		close(fd);
		if (p == MAP_FAILED)
			return false;
	}
	if (!p)
		return false;
	if (anon)
		fill_anon(p, PAGE, 0);
	if (!madvise(p, PAGE, MADV_SOFT_OFFLINE))
		done++;
	if (anon)
		check_anon(p, PAGE, 0, false);
	munmap(p, PAGE);
	nap(dice(1000));
	return true;
}

static bool have_offline(void)
{
	return field_of("/proc/meminfo", "HardwareCorrupted:") >= 0;
}

/*
 * Workers
 */

static const struct worker workers[] = {
	{ .name = "make", .step = make_groups, .copies = 4 },
	{ .name = "write", .step = write_pages, .copies = 1 },
	{ .name = "read", .step = read_pages, .copies = 1 },
	{ .name = "mapread", .step = map_and_read, .copies = 2 },
	{ .name = "mapwrite", .step = map_and_write, .copies = 1 },
	{ .name = "cut", .step = cut, .copies = 1 },
	{ .name = "short", .step = short_lived, .copies = 1 },
	{ .name = "anon", .step = use_anon, .copies = 1 },
	{ .name = "mlock", .step = lock_shared, .copies = 2 },
	{ .name = "shmlock", .step = lock_shm, .copies = 1 },
	{ .name = "press", .step = press, .copies = 1, .outside = true },
	{ .name = "reclaim", .step = press_all, .copies = 1, .outside = true },
	{ .name = "drop", .step = drop, .copies = 1, .outside = true },
	{ .name = "knob", .step = turn_knob, .copies = 2, .outside = true, .wanted = have_knobs },
	{ .name = "lrugen", .step = age_lru, .copies = 1, .outside = true, .wanted = have_lru_gen },
	{ .name = "swap", .step = swap_on_off, .copies = 1, .outside = true, .wanted = have_swap },
	{ .name = "idle", .step = look_idle, .copies = 1, .outside = true, .wanted = have_idle },
	{ .name = "look", .step = look_around, .copies = 1, .outside = true },
	{ .name = "migrate", .step = migrate, .copies = 1, .wanted = have_nodes },
	{ .name = "offline", .step = soft_offline, .copies = 1, .wanted = have_offline },
};

#define NR_WORKERS	(sizeof(workers) / sizeof(*workers))
#define NR_SLOTS	64

static void enter(const char *cg)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/cgroup.procs", cg);
	if (write_str(path, "0"))
		die(path);
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct sigaction bus = { .sa_handler = on_sigbus, .sa_flags = SA_NODEFER };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGBUS, &bus, NULL);
}

static pid_t start(unsigned int i, unsigned int incarnation)
{
	const struct worker *w = &workers[i];
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	self = i;
	rng = mix(seed ^ ((uint64_t)incarnation << 16) ^ i);
	/* The ancestor's limits are not for these, nor should others' be. */
	if (w->outside)
		write_str("/proc/self/oom_score_adj", "-1000");
	else
		enter(in_root("live"));
	/* Groups are what it is about. */
	if (w->step != make_groups)
		setpriority(PRIO_PROCESS, 0, 5);
	while (!stop) {
		if (w->step())
			__atomic_add_fetch(&shared->ops[i], 1, __ATOMIC_RELAXED);
		else
			nap(1);
	}
	if (w->step == make_groups)
		reap_held(true);
	_exit(0);
}

/* In a group of its own, so that it is the ancestor's memory. */
static bool in_live(void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		enter(in_root("live"));
		fn();
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && !status;
}

static void add_dir(const char *dir, bool huge)
{
	unsigned int i, n = huge ? HUGE_FILES : FILES;

	if (++nr_dirs > DIRS) {
		errno = E2BIG;
		die(dir);
	}
	for (i = 0; i < n; i++) {
		struct file *f = &files[nr_files];

		snprintf(f->path, sizeof(f->path), "%.4000s/s%06u", dir, i);
		f->nr = nr_files++;
		f->pages = huge ? HUGE_PAGES : 4 + mix(seed + f->nr) % (PAGES - 3);
	}
}

/* A tmpfs has no blocks to read directly. */
static bool on_disk(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	static char buf[PAGE] __aligned(PAGE);
	struct stat st;
	bool disk = fd >= 0 && pread(fd, buf, sizeof(buf), 0) == PAGE && !fstat(fd, &st) &&
		    major(st.st_dev);

	if (fd >= 0)
		close(fd);
	return disk;
}

static void write_all(void)
{
	uint64_t buf[WORDS];
	unsigned int i, n;

	for (i = 0; i < nr_files; i++) {
		struct file *f = &files[i];
		int fd = open(f->path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

		if (fd < 0)
			die(f->path);
		for (n = 0; n < f->pages; n++) {
			fill_page(buf, f, n, 1);
			if (write(fd, buf, PAGE) != PAGE)
				die(f->path);
			set_state(f, n, 1);
		}
		close(fd);
	}
}

static void verify_all(void)
{
	unsigned int i, n, holes = 0, lost = 0, all = 0;
	uint64_t buf[WORDS];

	for (i = 0; i < nr_files; i++) {
		struct file *f = &files[i];
		int fd = open(f->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			die(f->path);
		for (n = 0; n < f->pages; n++) {
			uint32_t state = state_of(f, n);
			ssize_t len = pread(fd, buf, PAGE, n * PAGE);

			all++;
			holes += !!(state & HOLE);
			/* Who changed it last was killed, or had no memory. */
			lost += !!(state & BUSY);
			if (len < 0)
				die(f->path);
			check_page(f, n, state, buf, len, "last read");
		}
		close(fd);
	}
	printf("verified %u pages, of these %u holes, %u unknown\n", all - lost, holes, lost);
	fflush(stdout);
}

/* Says what a process that does not end is at. */
static void tell(unsigned int i, pid_t pid)
{
	char path[64], text[2048] = "";

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	read_str(path, text, sizeof(text));
	say("stress: failure: %s does not end:\n%.400s", workers[i].name, text);
}

static void end_all(pid_t *pids, const unsigned int *what, unsigned int n)
{
	double until = seconds() + 300;
	unsigned int i, left;
	struct rusage used;
	int status;

	for (;;) {
		left = 0;
		/* Again and again: one may have been between its test and its sleep. */
		kill(0, SIGTERM);
		for (i = 0; i < n; i++) {
			if (!pids[i])
				continue;
			if (wait4(pids[i], &status, WNOHANG, &used) != pids[i]) {
				left++;
				continue;
			}
			pids[i] = 0;
			shared->cpu_ms[what[i]] += used.ru_utime.tv_sec * 1000 +
				used.ru_utime.tv_usec / 1000 + used.ru_stime.tv_sec * 1000 +
				used.ru_stime.tv_usec / 1000;
			if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) {
				self = what[i];
				errno = 0;
				failed("a worker at its end");
			}
		}
		if (!left)
			return;
		if (seconds() > until)
			break;
		usleep(20000);
	}
	for (i = 0; i < n; i++) {
		if (pids[i]) {
			self = what[i];
			__atomic_add_fetch(&shared->failures[self], 1, __ATOMIC_RELAXED);
			tell(what[i], pids[i]);
			kill(pids[i], SIGKILL);
		}
	}
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *p;

	for (p = list; p && (p = strstr(p, name)); p += len)
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
	return false;
}

static void add_knob(char *arg)
{
	struct knob *k = &knobs[nr_knobs];
	char *value = strchr(arg, '=');

	if (nr_knobs == KNOBS || !value) {
		errno = EINVAL;
		die(arg);
	}
	*value++ = '\0';
	k->file = arg;
	/* Not of this kernel. */
	if (access(arg, W_OK)) {
		say("stress: no %s", arg);
		return;
	}
	for (value = strtok(value, ","); value && k->nr < 16; value = strtok(NULL, ","))
		k->value[k->nr++] = value;
	nr_knobs++;
}

static void prepare(void)
{
	size_t bytes = sizeof(*shared), pages = 0;
	unsigned int i;
	char *p;

	for (i = 0; i < nr_files; i++)
		pages += files[i].pages;
	p = mmap(NULL, bytes + pages * sizeof(uint32_t), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	shared = (void *)p;
	p += bytes;
	for (i = 0; i < nr_files; i++) {
		files[i].state = (void *)p;
		p += files[i].pages * sizeof(uint32_t);
	}

	if (mkdir(root, 0755) && errno != EEXIST)
		die(root);
	if (write_str(in_root("cgroup.subtree_control"), "+memory"))
		die(in_root("cgroup.subtree_control"));
	write_str(in_root("cgroup.subtree_control"), "+io");
	if (mkdir(in_root("live"), 0755) && errno != EEXIST)
		die(in_root("live"));
	memfd = memfd_create("stress", MFD_CLOEXEC);
	if (memfd < 0 || ftruncate(memfd, SHARED_PAGES * PAGE))
		die("memfd");
	shm_id = shmget(IPC_PRIVATE, SHARED_PAGES * PAGE, IPC_CREAT | 0600);
	if (shm_id < 0)
		die("shmget");
	if (!access("/sys/devices/system/node/node1", F_OK))
		nr_nodes = 2;
	if (!in_live(write_all))
		exit(1);
	for (i = 0; i < nr_files; i++)
		files[i].disk = on_disk(files[i].path);
}

static void run(double duration, const char *only, const char *without)
{
	unsigned int what[NR_SLOTS], n = 0, births = 0, i, c;
	pid_t pids[NR_SLOTS], pid;
	double until;
	int status;

	for (i = 0; i < NR_WORKERS; i++) {
		if ((only && !listed(only, workers[i].name)) || listed(without, workers[i].name))
			continue;
		if (workers[i].wanted && !workers[i].wanted()) {
			say("stress: nothing for %s here", workers[i].name);
			continue;
		}
		for (c = 0; c < workers[i].copies && n < NR_SLOTS; c++, n++) {
			what[n] = i;
			pids[n] = start(i, births++);
		}
	}
	for (until = seconds() + duration; !stop && seconds() < until; nap(100)) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			for (i = 0; i < n && pids[i] != pid; i++)
				;
			if (i == n)
				continue;
			if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
				__atomic_add_fetch(&shared->kills, 1, __ATOMIC_RELAXED);
			} else {
				self = what[i];
				errno = 0;
				failed("a worker ended");
			}
			pids[i] = start(what[i], births++);
		}
	}
	stop = 1;
	write_str(in_root("memory.max"), "max");
	write_str(in_root("memory.high"), "max");
	end_all(pids, what, n);
	/* Survivors whose maker was killed. */
	for (i = 0; i < 3000 && field_of(in_root("cgroup.events"), "populated"); i++) {
		kill(0, i < 2000 ? SIGTERM : SIGCONT);
		if (i == 2000)
			write_str(in_root("cgroup.kill"), "1");
		usleep(10000);
	}
	stop = 0;

	for (i = 0; i < NR_WORKERS; i++) {
		for (c = 0; c < n && what[c] != i; c++)
			;
		if (c == n)
			continue;
		printf("%s %llu %llu %llu\n", workers[i].name,
		       (unsigned long long)shared->ops[i],
		       (unsigned long long)shared->failures[i],
		       (unsigned long long)shared->cpu_ms[i]);
		if (!shared->ops[i]) {
			self = i;
			errno = 0;
			say("stress: %s did nothing", workers[i].name);
			failed(workers[i].name);
		}
	}
}

/* What a killed maker left. */
static void remove_groups(void)
{
	DIR *d = opendir(root);
	struct dirent *e;
	char path[PATH_MAX];

	while (d && (e = readdir(d))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%.3000s/%.255s/n/n", root, e->d_name);
		for (; strlen(path) > strlen(root); *strrchr(path, '/') = '\0')
			if (rmdir(path) && errno != ENOENT)
				say("stress: failure: rmdir %s: %s", path, strerror(errno));
	}
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "root", 1, NULL, 'r' }, { "seconds", 1, NULL, 's' },
		{ "dir", 1, NULL, 'd' }, { "huge", 1, NULL, 'h' },
		{ "swap", 1, NULL, 'w' }, { "knob", 1, NULL, 'k' },
		{ "only", 1, NULL, 'o' }, { "without", 1, NULL, 'x' },
		{ "groups", 1, NULL, 'g' }, { "seed", 1, NULL, 'S' },
		{ }
	};
	const char *only = NULL, *without = NULL, *dirs[DIRS];
	bool huge[DIRS], ok;
	uint64_t failures = 0;
	double duration = 30;
	unsigned int n = 0, i;
	int opt;

	seed = time(NULL);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'r':
			root = optarg;
			break;
		case 's':
			duration = atof(optarg);
			break;
		case 'd':
		case 'h':
			if (n == DIRS)
				return 2;
			huge[n] = opt == 'h';
			dirs[n++] = optarg;
			break;
		case 'w':
			swap_dev = optarg;
			break;
		case 'k':
			add_knob(optarg);
			break;
		case 'o':
			only = optarg;
			break;
		case 'x':
			without = optarg;
			break;
		case 'g':
			max_groups = strtoul(optarg, NULL, 0);
			break;
		case 'S':
			seed = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (!root || !n || optind < argc) {
		fprintf(stderr, "usage: stress --root CGDIR --seconds S --dir DIR ... [options]\n");
		return 2;
	}
	printf("seed %llu\n", (unsigned long long)seed);
	for (i = 0; i < n; i++)
		add_dir(dirs[i], huge[i]);
	/* A process group of its own: it is told to end as a whole. */
	setpgid(0, 0);
	catch_signals();
	write_str("/proc/self/oom_score_adj", "-1000");
	prepare();
	run(duration, only, without);

	ok = in_live(verify_all);
	sync();
	write_str("/proc/sys/vm/drop_caches", "3");
	ok = in_live(verify_all) && ok;
	for (i = 0; i < nr_files; i++)
		if (unlink(files[i].path))
			ok = false;
	shmctl(shm_id, IPC_RMID, NULL);
	close(memfd);
	remove_groups();
	for (i = 0; i < NR_WORKERS; i++)
		failures += shared->failures[i];
	printf("groups %llu, survivors %llu, killed for lack of memory %llu\n",
	       (unsigned long long)shared->groups, (unsigned long long)shared->held,
	       (unsigned long long)shared->kills);
	printf("mismatches %llu, failures %llu\n", (unsigned long long)shared->mismatches,
	       (unsigned long long)failures);
	return !ok || shared->mismatches || failures;
}
