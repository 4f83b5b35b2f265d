// SPDX-License-Identifier: GPL-2.0
/*
 * Where a file is.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "path.h"

/**
 * mr_path_of() - one of the names of a file
 * @inode: the file, kept by the caller
 * @buf: PATH_MAX bytes
 *
 * Its aliases are under i_lock. A dentry is freed a grace period after it is taken off
 * that list, and its parents after it; but for those that are in no directory
 * (DCACHE_NORCU), of which the name is all there is.
 *
 * Context: any, does not sleep.
 *
 * Return: the path from the root of its file system, somewhere in @buf, "//deleted"
 * behind it where it is; "" where none is in memory.
 */
const char *mr_path_of(struct inode *inode, char *buf)
{
	struct dentry *dentry;
	const char *path = "";
	bool deleted = false;

	rcu_read_lock();
	spin_lock(&inode->i_lock);
	for_each_alias(dentry, inode)
		break;
	if (dentry && dentry->d_flags & DCACHE_NORCU) {
		strscpy(buf, dentry->d_name.name, PATH_MAX);
		path = buf;
		dentry = NULL;
	}
	if (dentry)
		deleted = d_unlinked(dentry);
	spin_unlock(&inode->i_lock);
	if (dentry) {
		/* As the kernel says it, see dentry_path(). */
		static const char mark[] = "//deleted";
		int room = PATH_MAX - sizeof(mark) + 1;

		path = dentry_path_raw(dentry, buf, room);
		if (IS_ERR(path))
			path = "";
		else if (deleted)
			strscpy(buf + room - 1, mark, sizeof(mark));
	}
	rcu_read_unlock();
	return path;
}
