// SPDX-License-Identifier: GPL-2.0
/*
 * dm: a disk that lies over another one, to have it fail or hang.
 *
 *	dm create NAME DISK		prints /dev/dm-N, which is the same as DISK
 *	dm suspend NAME			whatever is read or written waits
 *	dm fail NAME			it fails, from the next resume on
 *	dm resume NAME
 *	dm remove NAME
 *
 * dmsetup, as far as tests want it; the kernel needs dm_mod.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static union {
	struct dm_ioctl io;
	char room[4096];
} arg;

static void call(unsigned long cmd, const char *name, unsigned int flags)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/mapper/control", O_RDWR);
	if (fd < 0)
		err(1, "/dev/mapper/control");
	arg.io.version[0] = DM_VERSION_MAJOR;
	arg.io.data_size = sizeof(arg);
	arg.io.data_start = sizeof(arg.io);
	arg.io.flags = flags;
	/* By name alone. */
	arg.io.dev = 0;
	arg.io.uuid[0] = '\0';
	snprintf(arg.io.name, sizeof(arg.io.name), "%s", name);
	if (ioctl(fd, cmd, &arg))
		err(1, "%s", name);
}

/* Load a table of one line, for the next resume. */
static void load(const char *name, const char *target, uint64_t sectors,
		 const char *params)
{
	struct dm_target_spec *spec = (void *)(&arg.io + 1);

	memset(&arg, 0, sizeof(arg));
	arg.io.target_count = 1;
	spec->length = sectors;
	snprintf(spec->target_type, sizeof(spec->target_type), "%s", target);
	snprintf((char *)(spec + 1), sizeof(arg) - sizeof(arg.io) - sizeof(*spec),
		 "%s", params);
	call(DM_TABLE_LOAD, name, 0);
}

static uint64_t sectors_of(const char *disk)
{
	int fd = open(disk, O_RDONLY);
	uint64_t bytes;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		err(1, "%s", disk);
	close(fd);
	return bytes / 512;
}

static void create(const char *name, const char *disk)
{
	char params[256];

	call(DM_DEV_CREATE, name, 0);
	printf("/dev/dm-%u\n", minor(arg.io.dev));
	snprintf(params, sizeof(params), "%s 0", disk);
	load(name, "linear", sectors_of(disk), params);
	call(DM_DEV_SUSPEND, name, 0);
}

static void fail(const char *name)
{
	char path[32];

	call(DM_DEV_STATUS, name, 0);
	snprintf(path, sizeof(path), "/dev/dm-%u", minor(arg.io.dev));
	load(name, "error", sectors_of(path), "");
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *name = argv[2];

	if (!strcmp(what, "create") && argc == 4)
		create(name, argv[3]);
	else if (!strcmp(what, "fail"))
		fail(name);
	else if (!strcmp(what, "suspend"))	/* file systems are not told */
		call(DM_DEV_SUSPEND, name, DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG |
		     DM_NOFLUSH_FLAG);
	else if (!strcmp(what, "resume"))
		call(DM_DEV_SUSPEND, name, 0);
	else if (!strcmp(what, "remove"))
		call(DM_DEV_REMOVE, name, 0);
	else
		errx(2, "usage: dm create|suspend|fail|resume|remove NAME [DISK]");
	return 0;
}
