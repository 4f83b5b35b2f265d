/* SPDX-License-Identifier: GPL-2.0 */
/* Real groups for suites: made, filled, removed, and looked after. */
#ifndef MR_KUNIT_REAL_H
#define MR_KUNIT_REAL_H

#include <kunit/test.h>
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>

#include "../kmod/config.h"
#include "../kmod/lru.h"

#define MR_REAL_MAX	8

/* A group: @css is referenced, and NULL once it was forgotten. */
struct mr_real_group {
	const char *path;
	struct cgroup_subsys_state *css;
	bool there;
};

/* Page cache: of a file that can be read again, or shmem if @shmem is set. */
struct mr_real_file {
	struct inode *inode;
	struct file *shmem;
	unsigned int pages;
};

/* What a suite has in test->priv. */
struct mr_real {
	struct cgroup_subsys_state *root;
	struct vfsmount *cgroups;
	struct vfsmount *files;
	struct mr_real_group group[MR_REAL_MAX];
	struct mr_real_file file[MR_REAL_MAX];
	unsigned int nr_groups;
	unsigned int nr_files;
	int dying;
	bool pcp;
	/* results of the last pass */
	unsigned long seen;
	unsigned long busy;
};

int mr_real_init(struct kunit *test);
void mr_real_exit(struct kunit *test);

struct mr_real_group *mr_real_mkdir(struct kunit *test, const char *path);
void mr_real_rmdir(struct kunit *test, struct mr_real_group *g);
void mr_real_forget(struct mr_real_group *g);
void mr_real_write(struct kunit *test, struct mr_real_group *g,
		   const char *file, const char *text);

struct mr_real_file *mr_real_file(struct kunit *test, bool shmem);
void mr_real_read(struct kunit *test, struct mr_real_file *f,
		  struct mr_real_group *g, unsigned int pages);
void mr_real_fill(struct kunit *test, struct mr_real_file *f,
		  struct mr_real_group *g, unsigned int pages);
struct page *mr_real_page(struct mr_real_file *f, unsigned int i);
unsigned int mr_real_intact(struct mr_real_file *f);
unsigned int mr_real_owned(struct mr_real_file *f,
			   struct cgroup_subsys_state *css);

struct mr_lru_size mr_real_size(struct cgroup_subsys_state *css);
int mr_real_pass(struct kunit *test, enum mr_method method);
void mr_real_all_gone(struct kunit *test);

#endif /* MR_KUNIT_REAL_H */
