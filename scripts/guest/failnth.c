// SPDX-License-Identifier: GPL-2.0
/*
 * failnth: do one thing, in which one allocation fails.
 *
 *	failnth N read FILE
 *	failnth N write FILE TEXT
 *	failnth N load FILE [PARAM=VALUE...]
 *	failnth N unload NAME
 *
 * The Nth chance to fail is taken, of this task alone; N = 0: none. Prints what came of
 * it, "ok" or the errno's name, and what is left of N: 0 where it was hit, so that with
 * a large N the difference is the number of chances. What was read is not printed.
 * Exit status 0, whatever came of it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail_nth;

static void arm(const char *n)
{
	if (pwrite(fail_nth, n, strlen(n), 0) < 0)
		err(2, "fail-nth");
}

/* Reading from an open file of proc takes no memory, see fault-injection.rst. */
static unsigned int disarm(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		err(2, "fail-nth");
	arm("0");
	return strtoul(text, NULL, 10);
}

static int do_read(const char *file)
{
	static char buf[1 << 16];
	int fd = open(file, O_RDONLY), error = 0;
	ssize_t got;

	if (fd < 0)
		return errno;
	do {
		got = read(fd, buf, sizeof(buf));
	} while (got > 0);
	if (got < 0)
		error = errno;
	close(fd);
	return error;
}

static int do_write(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY), error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

static int do_load(int fd, const char *params)
{
	return syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
}

static int do_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[2] : "";
	char params[1024] = "";
	unsigned int left;
	int i, fd, error;

	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0)
		err(2, "fail-nth");
	if (!strcmp(what, "read")) {
		arm(argv[1]);
		error = do_read(argv[3]);
	} else if (!strcmp(what, "write") && argc == 5) {
		arm(argv[1]);
		error = do_write(argv[3], argv[4]);
	} else if (!strcmp(what, "load")) {
		fd = open(argv[3], O_RDONLY);
		if (fd < 0)
			err(2, "%s", argv[3]);
		for (i = 4; i < argc; i++) {
			strncat(params, argv[i], sizeof(params) - strlen(params) - 1);
			strncat(params, " ", sizeof(params) - strlen(params) - 1);
		}
		arm(argv[1]);
		error = do_load(fd, params);
	} else if (!strcmp(what, "unload")) {
		arm(argv[1]);
		error = do_unload(argv[3]);
	} else {
		errx(2, "usage: failnth N read|write|load|unload ...");
	}
	left = disarm();
	printf("%s %u\n", error ? strerrorname_np(error) : "ok", left);
	return 0;
}
