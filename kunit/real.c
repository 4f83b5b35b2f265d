// SPDX-License-Identifier: GPL-2.0
/*
 * Real groups for suites: made, filled, removed, and looked after.
 *
 * All through what any file system offers to the kernel: cgroup2 is mounted
 * here, so that suites run before there is a user space. Memory is charged to
 * a group by whoever reads it in, as for a loop device (set_active_memcg()).
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/iopoll.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "../kmod/cgfile.h"
#include "../kmod/groups.h"
#include "../kmod/pass.h"
#include "../kmod/pcp.h"
#include "compat.h"
#include "real.h"

/* Until a kernel under emulation has done something; then it is not done. */
#define PATIENCE_US	(60 * USEC_PER_SEC)
#define POLL_US		10000

/*
 * Files whose pages are always clean and can be had again: what can be evicted
 * without any disk.
 */
static u8 pattern(unsigned long index)
{
	return index * 7 + 1;
}

static int read_folio(struct file *unused, struct folio *folio)
{
	void *addr = kmap_local_folio(folio, 0);

	memset(addr, pattern(folio->index), PAGE_SIZE);
	kunmap_local(addr);
	folio_mark_uptodate(folio);
	folio_unlock(folio);
	return 0;
}

static const struct address_space_operations file_aops = {
	.read_folio = read_folio,
	.dirty_folio = noop_dirty_folio,
};

static int init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, 0x6d726b75) ? 0 : -ENOMEM;
}

static struct file_system_type files_type = {
	.name = "memcg_reaper_kunit",
	.owner = THIS_MODULE,
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
};

/* The directory that @path is in, referenced; @path becomes its last part. */
static struct dentry *parent_of(struct mr_real *r, const char **path)
{
	struct dentry *dir = dget(r->cgroups->mnt_root);
	const char *slash;

	while (!IS_ERR(dir) && (slash = strchr(*path, '/'))) {
		struct dentry *next = lookup_positive_unlocked(*path, dir,
							       slash - *path);

		dput(dir);
		dir = next;
		*path = slash + 1;
	}
	return dir;
}

static int write_file(struct mr_real *r, const char *path, const char *text)
{
	struct file *file = file_open_root_mnt(r->cgroups, path, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = kernel_write(file, text, strlen(text), &pos);
	fput(file);
	return ret < 0 ? ret : 0;
}

/* Its own css of the memory controller, referenced; NULL where it has none. */
static struct cgroup_subsys_state *css_of(struct dentry *dentry)
{
	struct kernfs_node *kn = d_inode(dentry)->i_private;
	struct cgroup *cgrp = kn->priv;
	struct cgroup_subsys_state *css;

	rcu_read_lock();
	css = rcu_dereference(cgrp->subsys[memory_cgrp_id]);
	if (css && !css_tryget(css))
		css = NULL;
	rcu_read_unlock();
	return css;
}

static struct cgroup_subsys_state *make_group(struct mr_real *r,
					      const char *name)
{
	struct dentry *dentry, *dir = parent_of(r, &name);
	struct cgroup_subsys_state *css = NULL;
	int ret;

	if (IS_ERR(dir))
		return ERR_CAST(dir);
	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	dentry = lookup_one_len(name, dir, strlen(name));
	ret = PTR_ERR_OR_ZERO(dentry);
	if (!ret) {
		ret = vfs_mkdir(mr_mnt_idmap(r->cgroups), d_inode(dir), dentry,
				0755);
		dput(dentry);
	}
	inode_unlock(d_inode(dir));
	if (!ret) {
		/* kernfs has left that one negative. */
		dentry = lookup_positive_unlocked(name, dir, strlen(name));
		ret = PTR_ERR_OR_ZERO(dentry);
	}
	if (!ret) {
		css = css_of(dentry);
		dput(dentry);
	}
	dput(dir);
	return ret ? ERR_PTR(ret) : css;
}

static int remove_group(struct mr_real *r, const char *name)
{
	struct dentry *dentry, *dir = parent_of(r, &name);
	int ret;

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	dentry = lookup_one_len(name, dir, strlen(name));
	ret = PTR_ERR_OR_ZERO(dentry);
	if (!ret) {
		ret = d_is_negative(dentry) ? -ENOENT :
		      vfs_rmdir(mr_mnt_idmap(r->cgroups), d_inode(dir), dentry);
		dput(dentry);
	}
	inode_unlock(d_inode(dir));
	dput(dir);
	return ret;
}

/**
 * mr_real_init() - make ready for real groups; init of a suite
 * @test: the test
 *
 * Return: 0, or an errno.
 */
int mr_real_init(struct kunit *test)
{
	struct mr_real *r;
	int ret;

	if (mem_cgroup_disabled() || !cgroup_subsys_on_dfl(memory_cgrp_subsys))
		kunit_skip(test, "the memory controller is not on cgroup v2");
	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	test->priv = r;
	rcu_read_lock();
	r->root = rcu_dereference(memory_cgrp_subsys.root->cgrp.subsys[memory_cgrp_id]);
	rcu_read_unlock();
	r->dying = mr_nr_dying(r->root);

	r->cgroups = kern_mount(get_fs_type("cgroup2"));
	if (IS_ERR(r->cgroups))
		return PTR_ERR(r->cgroups);
	r->files = kern_mount(&files_type);
	if (IS_ERR(r->files))
		return PTR_ERR(r->files);
	ret = write_file(r, "cgroup.subtree_control", "+memory");
	if (!ret)
		ret = mr_cgfile_setup(r->root);
	if (!ret)
		ret = mr_pcp_init();
	r->pcp = !ret;
	return ret;
}

static bool none_dying(struct mr_real *r)
{
	int n;

	return !read_poll_timeout(mr_nr_dying, n, n <= r->dying, POLL_US,
				  PATIENCE_US, false, r->root);
}

/**
 * mr_real_exit() - drop and remove what a test has made; exit of a suite
 * @test: the test
 */
void mr_real_exit(struct kunit *test)
{
	struct mr_real *r = test->priv;
	int i;

	if (!r)
		return;
	for (i = 0; i < r->nr_files; i++) {
		if (r->file[i].shmem)
			fput(r->file[i].shmem);
		else
			iput(r->file[i].inode);
	}
	/* The last made is never the parent of another. */
	for (i = r->nr_groups - 1; i >= 0; i--) {
		mr_real_forget(&r->group[i]);
		if (r->group[i].there)
			KUNIT_EXPECT_EQ(test, remove_group(r, r->group[i].path), 0);
	}
	if (r->pcp) {
		/* Closed files go late; CPUs' stocks and batches hold groups. */
		flush_delayed_fput();
		for (i = 0; i < 3 && mr_nr_dying(r->root) > r->dying; i++)
			mr_real_pass(test, MR_EVICT);
		KUNIT_EXPECT_TRUE(test, none_dying(r));
		mr_pcp_exit();
	}
	mr_groups_exit();
	if (!IS_ERR_OR_NULL(r->files))
		kern_unmount(r->files);
	if (!IS_ERR_OR_NULL(r->cgroups))
		kern_unmount(r->cgroups);
}

/**
 * mr_real_mkdir() - make a group
 * @test: the test
 * @path: a constant, relative to the root group, below a group made before
 *
 * Return: the group, online.
 */
struct mr_real_group *mr_real_mkdir(struct kunit *test, const char *path)
{
	struct mr_real *r = test->priv;
	const char *slash = strrchr(path, '/');
	struct mr_real_group *g;
	char control[64];

	KUNIT_ASSERT_LT(test, r->nr_groups, MR_REAL_MAX);
	if (slash) {
		snprintf(control, sizeof(control), "%.*s/cgroup.subtree_control",
			 (int)(slash - path), path);
		KUNIT_ASSERT_EQ(test, write_file(r, control, "+memory"), 0);
	}
	g = &r->group[r->nr_groups];
	g->path = path;
	g->css = make_group(r, path);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, g->css);
	g->there = true;
	r->nr_groups++;
	KUNIT_ASSERT_TRUE(test, mr_css_is_online(g->css));
	return g;
}

/**
 * mr_real_rmdir() - remove a group, and wait until it is offline
 * @test: the test
 * @g: the group, without children that are there
 */
void mr_real_rmdir(struct kunit *test, struct mr_real_group *g)
{
	struct mr_real *r = test->priv;
	bool offline;

	KUNIT_ASSERT_EQ(test, remove_group(r, g->path), 0);
	g->there = false;
	KUNIT_ASSERT_EQ(test, 0,
			read_poll_timeout(mr_css_is_offline, offline, offline,
					  POLL_US, PATIENCE_US, false, g->css));
}

/**
 * mr_real_forget() - drop the test's own reference on a group
 * @g: the group
 */
void mr_real_forget(struct mr_real_group *g)
{
	if (g->css)
		css_put(g->css);
	g->css = NULL;
}

/**
 * mr_real_write() - write a file of a group
 * @test: the test
 * @g: the group, which is there
 * @file: name of the file
 * @text: what is written
 */
void mr_real_write(struct kunit *test, struct mr_real_group *g,
		   const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	KUNIT_ASSERT_EQ(test, write_file(test->priv, path, text), 0);
}

/**
 * mr_real_file() - make an empty file
 * @test: the test
 * @shmem: as of tmpfs; else its pages can be dropped and had again
 *
 * Return: the file.
 */
struct mr_real_file *mr_real_file(struct kunit *test, bool shmem)
{
	struct mr_real *r = test->priv;
	struct mr_real_file *f = &r->file[r->nr_files];

	KUNIT_ASSERT_LT(test, r->nr_files, MR_REAL_MAX);
	if (shmem) {
		struct file *file = shmem_file_setup("kunit", SZ_1M, 0);

		KUNIT_ASSERT_FALSE(test, IS_ERR(file));
		f->shmem = file;
		f->inode = file_inode(file);
	} else {
		struct inode *inode = alloc_anon_inode(r->files->mnt_sb);

		KUNIT_ASSERT_FALSE(test, IS_ERR(inode));
		inode->i_mapping->a_ops = &file_aops;
		f->inode = inode;
	}
	r->nr_files++;
	return f;
}

static struct page *read_page(struct mr_real_file *f, unsigned int i)
{
	struct address_space *mapping = f->inode->i_mapping;
	struct page *page;
	void *addr;

	if (!f->shmem)
		return read_mapping_page(mapping, i, NULL);
	page = shmem_read_mapping_page(mapping, i);
	if (IS_ERR(page))
		return page;
	addr = kmap_local_page(page);
	memset(addr, pattern(i), PAGE_SIZE);
	kunmap_local(addr);
	set_page_dirty(page);
	return page;
}

/**
 * mr_real_read() - read pages of a file, charged to a group
 * @test: the test
 * @f: the file, to which the pages are added
 * @g: the group
 * @pages: how many
 *
 * The last of them are in a CPU's batch, and on no list yet.
 */
void mr_real_read(struct kunit *test, struct mr_real_file *f,
		  struct mr_real_group *g, unsigned int pages)
{
	struct mem_cgroup *old;
	unsigned int i;
	int err = 0;

	old = set_active_memcg(mem_cgroup_from_css(g->css));
	for (i = 0; i < pages && !err; i++) {
		struct page *page = read_page(f, f->pages + i);

		err = PTR_ERR_OR_ZERO(page);
		if (!err)
			put_page(page);
	}
	set_active_memcg(old);
	f->pages += pages;
	KUNIT_ASSERT_EQ(test, err, 0);
}

/**
 * mr_real_fill() - the same, and all of them are on lists then
 * @test: the test
 * @f: the file, to which the pages are added
 * @g: the group
 * @pages: how many
 */
void mr_real_fill(struct kunit *test, struct mr_real_file *f,
		  struct mr_real_group *g, unsigned int pages)
{
	mr_real_read(test, f, g, pages);
	mr_pcp_drain();
}

/**
 * mr_real_page() - a page of a file, if it is cached
 * @f: the file
 * @i: its index
 *
 * Return: the page, referenced, or NULL.
 */
struct page *mr_real_page(struct mr_real_file *f, unsigned int i)
{
	return find_get_page(f->inode->i_mapping, i);
}

/**
 * mr_real_intact() - how many pages of a file are cached, and as they were
 * @f: the file
 *
 * Return: pages.
 */
unsigned int mr_real_intact(struct mr_real_file *f)
{
	unsigned int i, n = 0;

	for (i = 0; i < f->pages; i++) {
		struct page *page = mr_real_page(f, i);
		void *addr;

		if (!page)
			continue;
		addr = kmap_local_page(page);
		n += !memchr_inv(addr, pattern(i), PAGE_SIZE);
		kunmap_local(addr);
		put_page(page);
	}
	return n;
}

/**
 * mr_real_owned() - how many pages of a file are charged to a group
 * @f: the file
 * @css: the group; compared only
 *
 * Return: pages.
 */
unsigned int mr_real_owned(struct mr_real_file *f,
			   struct cgroup_subsys_state *css)
{
	unsigned int i, n = 0;

	for (i = 0; i < f->pages; i++) {
		struct page *page = mr_real_page(f, i);

		if (!page)
			continue;
		n += page_memcg_check(page) == mem_cgroup_from_css(css);
		put_page(page);
	}
	return n;
}

/**
 * mr_real_size() - what a group's LRU lists hold
 * @css: the group
 *
 * Return: the sizes.
 */
struct mr_lru_size mr_real_size(struct cgroup_subsys_state *css)
{
	struct mr_lru_size size;

	mr_lru_read(css, &size);
	return size;
}

static int relax(void)
{
	cond_resched();
	return 0;
}

static int pause(unsigned int ms)
{
	msleep(ms);
	return 0;
}

static bool stop(void)
{
	return false;
}

static const struct mr_pass_ops ops = {
	.relax = relax,
	.pause = pause,
	.stop = stop,
	.everything = true,
};

/**
 * mr_real_pass() - one pass over all offline groups, as by `reap`
 * @test: the test
 * @method: the method
 *
 * Leaves in test->priv how many groups it met, and how many could not be
 * emptied now.
 *
 * Return: as mr_pass_run().
 */
int mr_real_pass(struct kunit *test, enum mr_method method)
{
	struct mr_real *r = test->priv;
	unsigned int old = mr_config.method;
	struct mr_pass *p;
	int ret;

	p = mr_pass_alloc(r->root, &ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	mutex_lock(&mr_work_lock);
	mr_config.method = method;
	ret = mr_pass_run(p);
	mr_config.method = old;
	mutex_unlock(&mr_work_lock);
	r->seen = p->seen;
	r->busy = p->busy;
	mr_pass_free(p);
	return ret;
}

/**
 * mr_real_all_gone() - expect every group that was removed to be freed
 * @test: the test
 */
void mr_real_all_gone(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, none_dying(test->priv));
}

MODULE_DESCRIPTION("KUnit suites of memcg_reaper");
MODULE_AUTHOR("memcg_reaper developers");
MODULE_LICENSE("GPL");
