// SPDX-License-Identifier: GPL-2.0
/*
 * cgns: run a command in a cgroup namespace whose root is the group that it is in.
 *
 *	cgns COMMAND...
 */
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: cgns COMMAND...");
	if (unshare(CLONE_NEWCGROUP))
		err(1, "unshare");
	execvp(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}
