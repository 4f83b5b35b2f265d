// SPDX-License-Identifier: GPL-2.0
/*
 * mkgroups: leave offline memory groups behind, the way cron and logins do.
 *
 * For each group: make it, enter it, do its kind of thing, leave it, remove it.
 * What was charged meanwhile keeps the group's memory state alive.
 *
 *	mkgroups --root CGDIR [--count N | --seconds S] [--kind KIND] ...
 *
 *	--root CGDIR	parent of the groups, made where missing
 *	--count N	how many (1000)
 *	--seconds S	for so long instead
 *	--rate R	no more than so many a second
 *	--kind KIND	what a group does (file):
 *		file	writes a file
 *		dirty	the same, never synced
 *		read	reads a file that exists, makes it beforehand otherwise
 *		part	reads --size bytes of one file that all share, each its own;
 *			made beforehand, as a hole, where it is missing
 *		meta	makes a folder with some tiny files
 *		mapped	writes a file that this process then maps and touches
 *		mlocked	the same, locked in memory
 *		tmpfs	writes a file to a tmpfs
 *		anon	anonymous memory that this process takes along
 *		swap	the same, swapped out (there has to be swap)
 *		socket	a unix socket pair with data, kept open by this process
 *		tcp	the same over the loopback
 *		pipe	a full pipe, kept open by this process
 *		flight	a unix socket pair that is nowhere but in a message, which
 *			nobody receives as long as this process lives
 *		inotify	an inotify instance, kept open by this process
 *		zombie	a process that has exited, and that nobody waits for
 *		namespace a cgroup namespace that begins there: this process stays in
 *			the last one, and keeps the others open
 *		nested	file, three levels deep
 *		empty	nothing; this process does not even enter it
 *	--size BYTES	how much each (16K); K, M and G are understood
 *	--dir DIR	where files go (/mnt/ext4, for tmpfs /mnt/tmpfs)
 *	--files N	use so many file names in turn (count; 4096 with --seconds)
 *	--nest D	so many levels deep, memory in each (1)
 *	--fork		a new process for each group, as a login has (several
 *			times slower; anon, swap, zombie and namespace can't)
 *	--prefix P	of groups and files (g)
 *	--counter FILE	where to keep how many there were so far, in 20 characters
 *	--sync		write everything out at the end
 *	--hold		print "ready", then keep what is held until SIGTERM
 *
 * Prints "groups=N ms=T rate=R worst_us=W", W for the slowest mkdir or rmdir.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	(64UL << 10)	/* small: fork copies it */
#define DEPTH	64

static const char *root;
static const char *dir;
static const char *prefix = "g";
static unsigned long size = 16 << 10;
static unsigned long count, files;
static unsigned int nest;
static bool v1, forking;
static double worst;
static char home[PATH_MAX];
static char buf[CHUNK];
static int listener = -1;
static int carrier[2];
static volatile sig_atomic_t stop;

struct kind {
	const char *name;
	/* What to do inside, and outside before and after. */
	void (*inside)(unsigned long i);
	void (*before)(unsigned long i);
	void (*after)(unsigned long i);
	/* What is held is this process's own. */
	bool own;
};

static void die(const char *fmt, ...)
{
	va_list ap;
	int err = errno;

	fprintf(stderr, "mkgroups: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	_exit(1);
}

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* How many groups there were so far, for whoever looks on. */
static void keep(int fd, unsigned long n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%-20lu\n", n);

	if (pwrite(fd, text, len, 0) != len)
		die("counter");
}

static int write_str(const char *path, const char *name, const char *what)
{
	char full[PATH_MAX + 32];
	int fd, rc;

	snprintf(full, sizeof(full), "%s/%s", path, name);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = write(fd, what, strlen(what));
	close(fd);
	return rc < 0 ? -1 : 0;
}

/* A single thread that moves itself needs no lock on v1's tasks file. */
static void enter(const char *cg)
{
	if (write_str(cg, v1 ? "tasks" : "cgroup.procs", "0"))
		die("cannot move into %s", cg);
}

/* Groups below this one get the controllers; io is for cgroup writeback. */
static void delegate(const char *cg)
{
	if (v1)
		return;
	if (write_str(cg, "cgroup.subtree_control", "+memory"))
		die("%s: +memory", cg);
	write_str(cg, "cgroup.subtree_control", "+io");
}

static void name_of(char *path, unsigned long i)
{
	snprintf(path, PATH_MAX, "%s/%s%06lu", dir, prefix, i % files);
}

static void fill(int fd, unsigned long bytes)
{
	while (bytes) {
		ssize_t n = write(fd, buf, bytes < CHUNK ? bytes : CHUNK);

		if (n <= 0)
			die("write");
		bytes -= n;
	}
}

static void write_file(unsigned long i)
{
	char path[PATH_MAX];
	int fd;

	name_of(path, i);
	fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);
	if (fd < 0)
		die("%s", path);
	fill(fd, size);
	close(fd);
}

static void forget_file(unsigned long i)
{
	char path[PATH_MAX];
	int fd;

	name_of(path, i);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die("%s", path);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static void read_file(unsigned long i)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	name_of(path, i);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die("%s", path);
	while ((n = read(fd, buf, CHUNK)) > 0)
		;
	if (n)
		die("%s", path);
	close(fd);
}

static void shared_name(char *path)
{
	snprintf(path, PATH_MAX, "%s/%sshared", dir, prefix);
}

static void read_part(unsigned long i)
{
	unsigned long done = 0;
	char path[PATH_MAX];
	int fd;

	shared_name(path);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die("%s", path);
	/* Read ahead, it would be charged for the others' parts. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	while (done < size) {
		unsigned long left = size - done;
		ssize_t n = pread(fd, buf, left < CHUNK ? left : CHUNK, i * size + done);

		if (n <= 0)
			die("%s", path);
		done += n;
	}
	close(fd);
}

static void make_meta(unsigned long i)
{
	char path[PATH_MAX], sub[PATH_MAX + 16];
	int n, fd;

	name_of(path, i);
	if (mkdir(path, 0700) && errno != EEXIST)
		die("%s", path);
	for (n = 0; n < 4; n++) {
		snprintf(sub, sizeof(sub), "%s/%d", path, n);
		fd = open(sub, O_CREAT | O_TRUNC | O_WRONLY, 0600);
		if (fd < 0)
			die("%s", sub);
		fill(fd, 64);
		close(fd);
	}
	snprintf(sub, sizeof(sub), "%s/dir", path);
	if (mkdir(sub, 0700) && errno != EEXIST)
		die("%s", sub);
}

static void *map_file(unsigned long i)
{
	volatile char *p;
	char path[PATH_MAX];
	unsigned long off;
	int fd;

	name_of(path, i);
	fd = open(path, O_RDWR);
	if (fd < 0)
		die("%s", path);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die("mmap");
	close(fd);
	for (off = 0; off < size; off += 4096)
		(void)p[off];
	return (void *)p;
}

static void after_map(unsigned long i)
{
	map_file(i);
}

static void after_mlock(unsigned long i)
{
	if (mlock(map_file(i), size))
		die("mlock");
}

static char *anon_memory(void)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long off;

	if (p == MAP_FAILED)
		die("mmap");
	for (off = 0; off < size; off += 4096)
		memcpy(p + off, buf, 64);
	return p;
}

static void do_anon(unsigned long i)
{
	(void)i;
	anon_memory();
}

static void do_swap(unsigned long i)
{
	(void)i;
	if (madvise(anon_memory(), size, MADV_PAGEOUT))
		die("MADV_PAGEOUT");
}

/* As much as fits: the far end never reads. */
static void stuff(int fd)
{
	unsigned long left = size;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (left) {
		ssize_t n = write(fd, buf, left < 4096 ? left : 4096);

		if (n <= 0)
			break;
		left -= n;
	}
}

static void do_socket(unsigned long i)
{
	int fd[2];

	(void)i;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		die("socketpair");
	stuff(fd[0]);
}

static void do_tcp(unsigned long i)
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || getsockname(listener, (void *)&to, &len))
		die("socket");
	/* An address a few thousand, so that local ports suffice. */
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / 8192);
	if (connect(fd, (void *)&to, len))
		die("connect");
	if (accept(listener, NULL, NULL) < 0)
		die("accept");
	stuff(fd);
}

static void do_pipe(unsigned long i)
{
	int fd[2];

	(void)i;
	if (pipe(fd))
		die("pipe");
	stuff(fd[1]);
}

/* Both ends go into a message, and are closed. */
static void do_flight(unsigned long i)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { buf, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd[2];

	(void)i;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		die("socketpair");
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), fd, sizeof(fd));
	if (sendmsg(carrier[0], &msg, 0) != 1)
		die("sendmsg");
	close(fd[0]);
	close(fd[1]);
}

static void do_inotify(unsigned long i)
{
	(void)i;
	if (inotify_init() < 0)
		die("inotify_init");
}

static void do_zombie(unsigned long i)
{
	siginfo_t info;
	pid_t pid = fork();

	(void)i;
	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(0);
	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		if (errno != EINTR)
			die("waitid");
}

static void do_namespace(unsigned long i)
{
	(void)i;
	if (unshare(CLONE_NEWCGROUP) || open("/proc/self/ns/cgroup", O_RDONLY) < 0)
		die("a cgroup namespace");
}

static const struct kind kinds[] = {
	{ .name = "file", .inside = write_file },
	{ .name = "dirty", .inside = write_file },
	{ .name = "part", .inside = read_part },
	{ .name = "read", .inside = read_file, .before = forget_file },
	{ .name = "meta", .inside = make_meta },
	{ .name = "mapped", .inside = write_file, .after = after_map },
	{ .name = "mlocked", .inside = write_file, .after = after_mlock },
	{ .name = "tmpfs", .inside = write_file },
	{ .name = "anon", .inside = do_anon, .own = true },
	{ .name = "swap", .inside = do_swap, .own = true },
	{ .name = "socket", .inside = do_socket },
	{ .name = "tcp", .inside = do_tcp },
	{ .name = "pipe", .inside = do_pipe },
	{ .name = "flight", .inside = do_flight },
	{ .name = "inotify", .inside = do_inotify },
	{ .name = "zombie", .inside = do_zombie, .own = true },
	{ .name = "namespace", .inside = do_namespace, .own = true },
	{ .name = "nested", .inside = write_file },
	{ .name = "empty" },
	{ }
};

/* A process that is born in the group. What it opens stays open: it shares our files. */
static void run_inside(const char *cg, void (*fn)(unsigned long), unsigned long i)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	int status, fd = -1;
	pid_t pid;

	if (!v1) {
		fd = open(cg, O_RDONLY | O_DIRECTORY);
		if (fd < 0)
			die("%s", cg);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		die("clone3 into %s", cg);
	if (!pid) {
		if (v1)
			enter(cg);
		fn(i);
		_exit(0);
	}
	if (fd >= 0)
		close(fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	if (status)
		_exit(1);
}

static void note_worst(double start)
{
	double took = seconds() - start;

	if (took > worst)
		worst = took;
}

static void one_group(const struct kind *kind, const char *cg, unsigned long i)
{
	double start = seconds();

	if (mkdir(cg, 0755))
		die("mkdir %s", cg);
	note_worst(start);
	if (!kind->inside)
		return;
	if (kind->before)
		kind->before(i);
	if (forking && !kind->own) {
		run_inside(cg, kind->inside, i);
	} else {
		enter(cg);
		kind->inside(i);
		enter(home);
	}
	if (kind->after)
		kind->after(i);
}

static void remove_group(const char *cg)
{
	double start = seconds();
	int tries;

	/* A task that is on its way out still counts for a moment. */
	for (tries = 0; rmdir(cg); tries++) {
		if (errno != EBUSY || tries == 1000)
			die("rmdir %s", cg);
		usleep(1000);
		start = seconds();
	}
	note_worst(start);
}

/* A chain of groups, each with memory of its own; leaves go first. */
static void chain(const struct kind *kind, unsigned long i)
{
	char path[PATH_MAX];
	unsigned int d;
	int len;

	len = snprintf(path, sizeof(path) - 2 * DEPTH, "%s/%s%06lu", root, prefix, i);
	for (d = 0; d < nest; d++) {
		if (d) {
			delegate(path);
			strcpy(path + len + 2 * (d - 1), "/n");
		}
		one_group(kind, path, i * nest + d);
	}
	while (d--) {
		path[len + 2 * d] = '\0';
		remove_group(path);
	}
}

/* All the stack that we need is ours before we enter a group, which would get its pages. */
static void use_stack(void)
{
	volatile char deep[16 * PATH_MAX];
	unsigned long i;

	for (i = 0; i < sizeof(deep); i += 512)
		deep[i] = 0;
}

static void prepare(const struct kind *kind)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct rlimit many = { 1 << 20, 1 << 20 };
	struct stat st;
	char path[PATH_MAX];
	unsigned long i;
	int fd;

	setrlimit(RLIMIT_NOFILE, &many);
	/* Else khugepaged gathers the memory of many groups in one of them. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (i = 0; i < CHUNK; i++)
		buf[i] = i % 251 + 1;
	use_stack();

	/* Our own way out is the root of the hierarchy. */
	if (mkdir(root, 0755) && errno != EEXIST)
		die("%s", root);
	if (!realpath(root, home))
		die("%s", root);
	for (;;) {
		snprintf(path, sizeof(path), "%.4000s/../cgroup.procs", home);
		if (access(path, F_OK))
			break;
		*strrchr(home, '/') = '\0';
	}
	snprintf(path, sizeof(path), "%.4000s/cgroup.controllers", home);
	v1 = access(path, F_OK);
	delegate(root);

	if (!strcmp(kind->name, "tcp")) {
		listener = socket(AF_INET, SOCK_STREAM, 0);
		if (listener < 0 || bind(listener, (void *)&any, sizeof(any)) ||
		    listen(listener, 128))
			die("listen");
	}
	if (!strcmp(kind->name, "flight") &&
	    socketpair(AF_UNIX, SOCK_STREAM, 0, carrier))
		die("socketpair");
	if (!strcmp(kind->name, "part")) {
		shared_name(path);
		/* Holes cost nothing: as many parts as anyone may want. */
		if (stat(path, &st)) {
			fd = open(path, O_CREAT | O_WRONLY, 0600);
			if (fd < 0 || ftruncate(fd, 1L << 40))
				die("%s", path);
			close(fd);
			sync();
		}
	}
	if (!strcmp(kind->name, "read")) {
		for (i = 0; i < files; i++) {
			name_of(path, i);
			if (stat(path, &st) || (unsigned long)st.st_size != size)
				write_file(i);
		}
		sync();
	}
}

static unsigned long number(const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 0);

	switch (*end) {
	case 'G':
		n <<= 10;
		/* fall through */
	case 'M':
		n <<= 10;
		/* fall through */
	case 'K':
		n <<= 10;
		end++;
		break;
	}
	if (*end || end == s) {
		fprintf(stderr, "mkgroups: cannot parse %s\n", s);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "root", 1, NULL, 'r' }, { "count", 1, NULL, 'c' },
		{ "kind", 1, NULL, 'k' }, { "size", 1, NULL, 's' },
		{ "dir", 1, NULL, 'd' }, { "nest", 1, NULL, 'n' },
		{ "prefix", 1, NULL, 'p' }, { "rate", 1, NULL, 'R' },
		{ "seconds", 1, NULL, 'S' }, { "files", 1, NULL, 'f' },
		{ "sync", 0, NULL, 'y' }, { "hold", 0, NULL, 'h' },
		{ "fork", 0, NULL, 'F' }, { "counter", 1, NULL, 'C' },
		{ }
	};
	struct sigaction sa = { .sa_handler = on_signal };
	const struct kind *kind = kinds;
	unsigned long rate = 0, duration = 0, i;
	bool hold = false, sync_too = false;
	sigset_t term, old;
	double start, took;
	int counter = -1, opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'r':
			root = optarg;
			break;
		case 'c':
			count = number(optarg);
			break;
		case 'k':
			for (kind = kinds; kind->name && strcmp(kind->name, optarg); kind++)
				;
			break;
		case 's':
			size = number(optarg);
			break;
		case 'd':
			dir = optarg;
			break;
		case 'n':
			nest = number(optarg);
			break;
		case 'p':
			prefix = optarg;
			break;
		case 'R':
			rate = number(optarg);
			break;
		case 'S':
			duration = number(optarg);
			break;
		case 'f':
			files = number(optarg);
			break;
		case 'y':
			sync_too = true;
			break;
		case 'F':
			forking = true;
			break;
		case 'C':
			counter = open(optarg, O_CREAT | O_TRUNC | O_WRONLY, 0600);
			if (counter < 0)
				die("%s", optarg);
			/* Its page is nobody's below. */
			keep(counter, 0);
			break;
		case 'h':
			hold = true;
			break;
		default:
			return 2;
		}
	}
	if (!root || !kind->name || nest > DEPTH || optind < argc) {
		fprintf(stderr, "usage: mkgroups --root CGDIR [--count N] [--kind KIND] ...\n");
		return 2;
	}
	if (!nest)
		nest = strcmp(kind->name, "nested") ? 1 : 3;
	if (!dir)
		dir = strcmp(kind->name, "tmpfs") ? "/mnt/ext4" : "/mnt/tmpfs";
	if (!count)
		count = duration ? ULONG_MAX : 1000;
	if (!files)
		files = duration ? 4096 : count * nest;

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	prepare(kind);

	start = seconds();
	for (i = 0; i < count && !stop; i++) {
		double ahead;

		if (duration && seconds() - start >= duration)
			break;
		ahead = rate ? start + (double)i / rate - seconds() : 0;
		if (ahead > 0)
			usleep(ahead * 1e6);
		chain(kind, i);
		if (counter >= 0)
			keep(counter, (i + 1) * nest);
	}
	took = seconds() - start;
	if (sync_too && strcmp(kind->name, "dirty"))
		sync();
	printf("groups=%lu ms=%.0f rate=%.0f worst_us=%.0f\n", i * nest, took * 1e3,
	       i * nest / took, worst * 1e6);
	fflush(stdout);
	if (hold) {
		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigaddset(&term, SIGINT);
		sigprocmask(SIG_BLOCK, &term, &old);
		puts("ready");
		fflush(stdout);
		while (!stop)
			sigsuspend(&old);
	}
	return 0;
}
