// SPDX-License-Identifier: GPL-2.0
/*
 * Files whose pages are charged to offline groups, by a walk over page frames.
 *
 * Lifetime: a page's file is known by page->mapping->host. With a reference on the
 * page, and its lock, a mapping that is there stays there, and so does its inode:
 * evict() takes every page off the mapping before it lets go of the inode
 * (truncate_inode_pages_final()), and takes the lock of each for that. The lock is
 * tried, never waited for, and held for one page at a time, while a path is copied at
 * most. No reference is taken on an inode or a dentry: a file system can be unmounted
 * while the walk goes on, and what becomes of a file is nobody's business here.
 */
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kdev_t.h>
#include <linux/limits.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "files.h"
#include "frames.h"
#include "path.h"

/* Page frames looked at between two reschedule points. */
#define FRAMES_BATCH	4096
/* Places in the table, for an entry in every other one at most. */
#define PLACES		(2 * MR_FILES_MAX)

/**
 * mr_files_alloc() - make an empty one
 *
 * Context: process context, sleeps.
 *
 * Return: it, or NULL.
 */
struct mr_files *mr_files_alloc(void)
{
	struct mr_files *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->file = kvcalloc(PLACES, sizeof(*f->file), GFP_KERNEL);
	f->path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!f->file || !f->path) {
		mr_files_free(f);
		return NULL;
	}
	return f;
}

static void forget(struct mr_files *f)
{
	int i;

	for (i = 0; i < PLACES; i++) {
		kfree(f->file[i]);
		f->file[i] = NULL;
		if (!(i % FRAMES_BATCH))
			cond_resched();
	}
	f->nr = 0;
	f->busy = 0;
	f->more = 0;
	f->paths = 0;
}

/**
 * mr_files_free() - the opposite of mr_files_alloc()
 * @f: it, or NULL
 */
void mr_files_free(struct mr_files *f)
{
	if (!f)
		return;
	if (f->file)
		forget(f);
	kvfree(f->file);
	kfree(f->path);
	kfree(f);
}

#ifdef MR_CAN_EVICT
/*
 * The offline group that a page is charged to: its cgroup id, 0 for none. Under RCU
 * a group is not freed, whatever becomes of the page.
 */
static u64 offline_group(struct page *page)
{
	struct mem_cgroup *memcg;
	u64 id = 0;

	rcu_read_lock();
	memcg = mr_page_memcg(page);
	if (memcg && mr_css_is_offline(&memcg->css))
		id = cgroup_id(memcg->css.cgroup);
	rcu_read_unlock();
	return id;
}

/* The place of an entry like @key, or where it would be. */
static struct mr_file **place_of(struct mr_files *f, const struct mr_file *key)
{
	unsigned long at = hash_ptr(key->inode, 32) ^ hash_64(key->group, 32);
	struct mr_file *e;

	for (;; at++) {
		e = f->file[at % PLACES];
		if (!e || (e->inode == key->inode && e->group == key->group &&
			   e->ino == key->ino && e->dev == key->dev))
			return &f->file[at % PLACES];
	}
}

/* A new entry; nothing is held. */
static void add(struct mr_files *f, struct mr_file **place,
		const struct mr_file *key, const char *path)
{
	struct mr_file *e = NULL;
	size_t len = strlen(path) + 1;

	if (f->paths + len > MR_FILES_PATHS) {
		path = "";
		len = 1;
	}
	if (f->nr < MR_FILES_MAX)
		e = kmalloc(struct_size(e, path, len),
			    GFP_KERNEL | __GFP_NOWARN);
	if (!e) {
		f->more += key->pages;
		return;
	}
	*e = *key;
	memcpy(e->path, path, len);
	f->paths += len;
	*place = e;
	f->nr++;
}

/* A page of a file of an offline group, with a reference. */
static void look(struct mr_files *f, struct page *page)
{
	struct mr_file key = { .pages = compound_nr(page) };
	struct address_space *mapping;
	struct mr_file **place = NULL;
	const char *path = NULL;
	struct inode *inode;

	if (!trylock_page(page)) {
		f->busy += key.pages;
		return;
	}
	key.group = offline_group(page);
	mapping = READ_ONCE(page->mapping);
	/* Anonymous, a driver's, or taken off its file: by truncation, or to swap. */
	if (!key.group || !mapping ||
	    (unsigned long)mapping & PAGE_MAPPING_FLAGS)
		goto unlock;
	inode = mapping->host;
	if (!inode)
		goto unlock;
	key.inode = inode;
	key.ino = inode->i_ino;
	key.blockdev = S_ISBLK(inode->i_mode);
	key.dev = key.blockdev ? inode->i_rdev : inode->i_sb->s_dev;
	place = place_of(f, &key);
	if (!*place)
		path = key.blockdev ? "" : mr_path_of(inode, f->path);
unlock:
	unlock_page(page);
	if (!place)
		return;
	if (*place)
		(*place)->pages += key.pages;
	else
		add(f, place, &key, path);
}

/*
 * Any page; a hint tells most that are of no interest. Those that are not heads
 * have no references of their own.
 */
static unsigned int frame(struct page *page, void *arg)
{
	unsigned long mapping = (unsigned long)READ_ONCE(page->mapping);

	if (!mapping || mapping & PAGE_MAPPING_FLAGS || PageTail(page) ||
	    !offline_group(page) || !get_page_unless_zero(page))
		return 0;
	if (!PageTail(page))
		look(arg, page);
	put_page(page);
	return 0;
}

static int by_size(const void *one, const void *other)
{
	const struct mr_file *a = *(const struct mr_file **)one;
	const struct mr_file *b = *(const struct mr_file **)other;

	/* Many take a while to sort. */
	cond_resched();
	if (a->pages != b->pages)
		return a->pages < b->pages ? 1 : -1;
	return 0;
}

/**
 * mr_files_collect() - look at all of memory
 * @f: filled in; what was in there is forgotten
 *
 * Beyond MR_FILES_MAX files, the smaller of which are not known in advance, pages
 * are only counted.
 *
 * Context: process context, sleeps; reschedules every 4096 page frames.
 *
 * Return: 0, or -EINTR after a signal.
 */
int mr_files_collect(struct mr_files *f)
{
	struct mr_frames frames;
	unsigned int i, nr = 0;

	forget(f);
	mr_frames_start(&frames);
	while (mr_frames_next(&frames, FRAMES_BATCH, frame, f)) {
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	for (i = 0; i < PLACES; i++) {
		struct mr_file *e = f->file[i];

		f->file[i] = NULL;
		if (e)
			f->file[nr++] = e;
	}
	sort(f->file, nr, sizeof(*f->file), by_size, NULL);
	return 0;
}
#endif
