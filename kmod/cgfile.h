/* SPDX-License-Identifier: GPL-2.0 */
/* The files of a removed group: handlers called on an offline css. */
#ifndef MR_CGFILE_H
#define MR_CGFILE_H

#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/seq_file.h>

#define MR_CGFILE_BUF 16384

/**
 * struct mr_cgfile - an open file of a group whose directory is gone
 * @of: what a handler is called with
 * @kn: the file; its priv is the cftype, its parent @dir
 * @dir: the directory; its priv is @cgrp
 * @file: zeroed stand-in, so that no pointer in @of is NULL
 * @seq: for seq_show() handlers, private is @of, as for a real file
 * @buf: %MR_CGFILE_BUF bytes that seq_show() prints into
 * @cgrp: stand-in whose only member in use is subsys[memory_cgrp_id]
 *
 * of_css() goes from @of to @kn, @dir, @cgrp and the css, and to nothing else
 * (kernel/cgroup/cgroup.c, 5.10, 6.1 and 6.12); the handlers in use read nothing
 * else of @of either (mm/memcontrol.c: memory_reclaim(), memory_high_write(),
 * memory_stat_show(), swap_max_write()).
 *
 * Lifetime: bound to a css only during one call, whose caller holds a
 * reference on that css.
 *
 * Locking: one user at a time; each thread of work has its own.
 */
struct mr_cgfile {
	struct kernfs_open_file of;
	struct kernfs_node kn;
	struct kernfs_node dir;
	struct file file;
	struct seq_file seq;
	char *buf;
	struct cgroup *cgrp;
};

int mr_cgfile_setup(struct cgroup_subsys_state *root);

struct mr_cgfile *mr_cgfile_alloc(void);
void mr_cgfile_free(struct mr_cgfile *cf);

int mr_cgfile_reclaim(struct mr_cgfile *cf, struct cgroup_subsys_state *css,
		      unsigned long pages, bool swap);
bool mr_cgfile_counts_stock(void);
int mr_cgfile_drain(struct mr_cgfile *cf, struct cgroup_subsys_state *css);
const char *mr_cgfile_stat(struct mr_cgfile *cf,
			   struct cgroup_subsys_state *css);
const char *mr_cgfile_noswap_refusal(void);
u64 mr_cgfile_swap_bytes(struct cgroup_subsys_state *css);

#endif /* MR_CGFILE_H */
