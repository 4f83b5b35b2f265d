// SPDX-License-Identifier: GPL-2.0
/*
 * Files of tmpfs that have pages in swap: POSIX and System V shared memory, memfds and
 * shared anonymous mappings included, which are files of a tmpfs of the kernel's own.
 *
 * Which group an entry is charged to can't be told, see Documentation/design.rst.
 *
 * Lifetime: iterate_supers_type() keeps a super block, and locks s_umount for reading.
 * An inode that s_inode_list_lock is dropped for has a reference, which is what keeps
 * its place on the list as well (drop_pagecache_sb() in fs/drop_caches.c).
 */
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "path.h"
#include "swapped.h"

/* Inodes looked at under one hold of the list's lock. */
#define LOOK	1024

/**
 * mr_swapped_alloc() - make an empty one
 *
 * Context: process context, sleeps.
 *
 * Return: it, or NULL.
 */
struct mr_swapped *mr_swapped_alloc(void)
{
	struct mr_swapped *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->file = kvcalloc(MR_SWAPPED_MAX, sizeof(*s->file), GFP_KERNEL);
	s->path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!s->file || !s->path) {
		mr_swapped_free(s);
		return NULL;
	}
	return s;
}

static void forget(struct mr_swapped *s)
{
	while (s->nr) {
		kfree(s->file[--s->nr]);
		if (!(s->nr % LOOK))
			cond_resched();
	}
	s->more = 0;
	s->err = 0;
}

/**
 * mr_swapped_free() - the opposite of mr_swapped_alloc()
 * @s: it, or NULL
 */
void mr_swapped_free(struct mr_swapped *s)
{
	if (!s)
		return;
	if (s->file)
		forget(s);
	kvfree(s->file);
	kfree(s->path);
	kfree(s);
}

#ifdef CONFIG_SHMEM
static unsigned long pages_of(struct inode *inode)
{
	return READ_ONCE(SHMEM_I(inode)->swapped);
}

static void add(struct mr_swapped *s, struct inode *inode)
{
	const char *path = mr_path_of(inode, s->path);
	struct mr_swapped_file *e = NULL;
	size_t len = strlen(path) + 1;

	if (s->nr < MR_SWAPPED_MAX)
		e = kmalloc(struct_size(e, path, len),
			    GFP_KERNEL | __GFP_NOWARN);
	if (!e) {
		s->more += pages_of(inode);
		return;
	}
	e->dev = inode->i_sb->s_dev;
	e->ino = inode->i_ino;
	e->pages = pages_of(inode);
	memcpy(e->path, path, len);
	s->file[s->nr++] = e;
}

static void look_at_super(struct super_block *sb, void *arg)
{
	struct inode *inode, *old = NULL;
	struct mr_swapped *s = arg;
	int look = LOOK;

	if (s->err)
		return;
	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if ((!pages_of(inode) && --look > 0) || !igrab(inode))
			continue;
		spin_unlock(&sb->s_inode_list_lock);
		if (old)
			iput(old);
		old = inode;
		look = LOOK;
		if (pages_of(inode))
			add(s, inode);
		cond_resched();
		s->err = signal_pending(current) ? -EINTR : 0;
		spin_lock(&sb->s_inode_list_lock);
		if (s->err)
			break;
	}
	spin_unlock(&sb->s_inode_list_lock);
	if (old)
		iput(old);
}

static int by_size(const void *one, const void *other)
{
	const struct mr_swapped_file *a = *(const struct mr_swapped_file **)one;
	const struct mr_swapped_file *b = *(const struct mr_swapped_file **)other;

	/* Many take a while to sort. */
	cond_resched();
	if (a->pages != b->pages)
		return a->pages < b->pages ? 1 : -1;
	return 0;
}

/**
 * mr_swapped_collect() - look at all files of all tmpfs
 * @s: filled in; what was in there is forgotten
 *
 * It takes as long as there are files, some 100 ns each.
 *
 * Context: process context, sleeps; may wait for a tmpfs that is being unmounted.
 *
 * Return: 0, or -EINTR after a signal.
 */
int mr_swapped_collect(struct mr_swapped *s)
{
	/* Built in, always registered: no module is asked for. */
	struct file_system_type *type = get_fs_type("tmpfs");

	forget(s);
	if (!type)
		return 0;
	iterate_supers_type(type, look_at_super, s);
	module_put(type->owner);
	sort(s->file, s->nr, sizeof(*s->file), by_size, NULL);
	return s->err;
}
#else
int mr_swapped_collect(struct mr_swapped *s)
{
	return 0;
}
#endif
