// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/memcg_reaper: offline, ancestors, latency; files and
 * swapped are in debugfs_files.c and debugfs_swapped.c.
 *
 * Tables for people. A reader walks the groups with a cursor of its own, one
 * group for each row; it takes no lock of the module's and allocates nothing
 * that grows with the number of groups, but for those that processes or disks
 * hold (holders.c).
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cgfile.h"
#include "counters.h"
#include "debugfs.h"
#include "find.h"
#include "groups.h"
#include "holders.h"
#include "hugetlb.h"
#include "lru.h"
#include "reparent.h"

static struct dentry *dir;
static struct cgroup_subsys_state *root_css;

/**
 * struct walk - a reader's place
 * @cur: cursor; holds the group of the row that comes next
 * @css: that group, NULL: none
 * @pos: number of that row, 0 is the header
 * @cf: to read files of groups
 * @path: PATH_MAX bytes
 * @match: which groups get a row
 * @holders: who holds them, as of when the table was begun; for `offline` only
 *
 * Lifetime: as long as the file is open. The cursor keeps one group while the
 * reader is between two reads.
 *
 * Locking: seq_file's own lock.
 */
struct walk {
	struct mr_cursor cur;
	struct cgroup_subsys_state *css;
	loff_t pos;
	struct mr_cgfile *cf;
	char *path;
	mr_match_fn *match;
	struct mr_holders *holders;
};

static int walk_step(struct walk *w)
{
	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		w->css = mr_cursor_next(&w->cur, w->match);
	} while (IS_ERR(w->css));
	w->pos++;
	return 0;
}

static void *walk_here(struct walk *w)
{
	return w->pos && !w->css ? NULL : w;
}

static void *walk_start(struct seq_file *m, loff_t *pos)
{
	struct walk *w = m->private;
	int ret;

	if (*pos < w->pos || !*pos) {
		mr_cursor_end(&w->cur);
		mr_cursor_start(&w->cur, root_css);
		w->css = NULL;
		w->pos = 0;
	}
	while (w->pos < *pos && walk_here(w)) {
		ret = walk_step(w);
		if (ret)
			return ERR_PTR(ret);
	}
	return walk_here(w);
}

static void *walk_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct walk *w = m->private;
	int ret = walk_step(w);

	++*pos;
	return ret ? ERR_PTR(ret) : walk_here(w);
}

static void walk_stop(struct seq_file *m, void *v)
{
}

static int walk_open(struct inode *inode, struct file *file,
		     const struct seq_operations *ops, mr_match_fn *match)
{
	struct walk *w = __seq_open_private(file, ops, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->match = match;
	w->cf = mr_cgfile_alloc();
	w->path = kmalloc(PATH_MAX, GFP_KERNEL);
	mr_cursor_start(&w->cur, root_css);
	if (!w->cf || !w->path) {
		kfree(w->path);
		mr_cgfile_free(w->cf);
		seq_release_private(inode, file);
		return -ENOMEM;
	}
	return 0;
}

static int walk_release(struct inode *inode, struct file *file)
{
	struct walk *w = ((struct seq_file *)file->private_data)->private;

	mr_cursor_end(&w->cur);
	mr_holders_free(w->holders);
	kfree(w->path);
	mr_cgfile_free(w->cf);
	return seq_release_private(inode, file);
}

/**
 * mr_put_name() - a path in one column
 * @m: where it goes
 * @name: the path; blanks and the like are escaped, "" is "-"
 */
void mr_put_name(struct seq_file *m, const char *name)
{
	if (*name)
		seq_escape(m, name, " \t\n\\");
	else
		seq_putc(m, '-');
}

/* A removed group keeps its kernfs node, and with it its path. */
static const char *css_path(struct walk *w, struct cgroup_subsys_state *css)
{
	if (cgroup_path(css->cgroup, w->path, PATH_MAX) < 0)
		return "";
	return w->path;
}

/* The columns of `offline` that come from memory.stat, by both versions. */
enum stat_column {
	ST_FILE, ST_ANON, ST_SHMEM, ST_MAPPED, ST_UNEVICTABLE, ST_DIRTY,
	ST_WRITEBACK, ST_SLAB, ST_KERNEL, ST_SWAP, ST_NR,
};

static const struct {
	const char *key;
	enum stat_column column;
} stat_keys[] = {
	{ "file", ST_FILE }, { "cache", ST_FILE },
	{ "anon", ST_ANON }, { "rss", ST_ANON },
	{ "shmem", ST_SHMEM },
	{ "file_mapped", ST_MAPPED }, { "mapped_file", ST_MAPPED },
	{ "unevictable", ST_UNEVICTABLE },
	{ "file_dirty", ST_DIRTY }, { "dirty", ST_DIRTY },
	{ "file_writeback", ST_WRITEBACK }, { "writeback", ST_WRITEBACK },
	{ "slab", ST_SLAB },
	{ "kernel", ST_KERNEL },
	{ "swap", ST_SWAP },
};

static void read_stat(struct walk *w, struct cgroup_subsys_state *css, u64 *st)
{
	const char *line = mr_cgfile_stat(w->cf, css);
	char key[32];
	u64 value;
	int i;

	memset(st, 0, ST_NR * sizeof(*st));
	if (IS_ERR(line))
		return;
	for (; *line; line = strchrnul(line, '\n'), line += !!*line) {
		if (sscanf(line, "%31s %llu", key, &value) != 2)
			continue;
		for (i = 0; i < ARRAY_SIZE(stat_keys); i++)
			if (!strcmp(key, stat_keys[i].key))
				st[stat_keys[i].column] = value;
	}
	if (!st[ST_SWAP])
		st[ST_SWAP] = mr_cgfile_swap_bytes(css);
}

/**
 * struct words - a list in one column
 * @m: where it goes
 * @nr: how many there are
 */
struct words {
	struct seq_file *m;
	unsigned int nr;
};

static void put_word(struct words *l, bool is, const char *word)
{
	if (is)
		seq_printf(l->m, "%c%s", l->nr++ ? ',' : ' ', word);
}

static void put_number(struct words *l, const char *word, unsigned long nr)
{
	if (nr)
		seq_printf(l->m, "%c%s=%lu", l->nr++ ? ',' : ' ', word, nr);
}

/* Those that the survey has found; returns how many references they have. */
static unsigned long put_surveyed(struct words *l, struct walk *w, bool csets)
{
	struct mr_held held;
	const unsigned int *nr = held.nr;
	int i;

	mr_holders_read(w->holders, w->css, &held);
	put_number(l, "tasks", nr[MR_HOLD_TASK]);
	put_number(l, "namespace", nr[MR_HOLD_NAMESPACE]);
	put_word(l, csets && !nr[MR_HOLD_CSET], "css_set");
	put_number(l, "socket", nr[MR_HOLD_SOCKET]);
	put_number(l, "fsnotify", nr[MR_HOLD_FSNOTIFY]);
	for (i = 0; i < MR_HELD_WB_NAMES && i < nr[MR_HOLD_WB]; i++) {
		put_word(l, true, "wb=");
		mr_put_name(l->m, held.wb[i]);
	}
	put_number(l, "kernel", nr[MR_HOLD_KERNEL]);
	return nr[MR_HOLD_CSET] + nr[MR_HOLD_SOCKET] + nr[MR_HOLD_FSNOTIFY] +
	       nr[MR_HOLD_WB] + nr[MR_HOLD_KERNEL];
}

/*
 * What is known to hold a group, comma-separated, "-" for nothing. Each page on a
 * list counts as a reference, although a large folio has one only: what is unknown
 * may be more than is said, never less.
 */
static void put_holders(struct seq_file *m, struct walk *w, unsigned int skipped)
{
	struct cgroup_subsys_state *css = w->css;
	int children = mr_nr_children(css);
	struct words l = { .m = m };
	struct mr_css_refs refs;
	struct mr_lru_size lru;
	unsigned long hugetlb;
	long unknown;

	mr_lru_read(css, &lru);
	hugetlb = mr_hugetlb_pages(w->cf, css);
	mr_css_refs_read(css, &refs);
	put_word(&l, children, "children");
	put_word(&l, lru.file, "file");
	put_word(&l, lru.anon, "anon");
	put_word(&l, lru.unevictable, "unevictable");
	put_word(&l, hugetlb, "hugetlb");
	put_number(&l, "swap", refs.swap);
	put_word(&l, skipped & MR_SKIP_LOCKED, "locked");
	put_word(&l, skipped & MR_SKIP_WRITEBACK, "writeback");
	put_word(&l, skipped & MR_SKIP_THP, "thp");
	put_word(&l, skipped & MR_SKIP_HWPOISON, "hwpoison");
	put_word(&l, skipped & MR_SKIP_IN_USE, "in-use");
	unknown = refs.total - mr_lru_total(&lru) - hugetlb - !!refs.swap -
		  refs.mms - put_surveyed(&l, w, refs.csets);
	put_number(&l, "mm", refs.mms);
	if (children >= 0)
		put_number(&l, "unknown", max(unknown - children, 0L));
	if (!l.nr)
		seq_puts(m, " -");
}

static bool is_offline(const struct cgroup_subsys_state *css)
{
	return mr_css_is_offline(css);
}

static int offline_show(struct seq_file *m, void *v)
{
	struct walk *w = v;
	struct cgroup_subsys_state *css = w->css;
	struct mr_group g = { .result = MR_RES_NONE };
	u64 st[ST_NR], age_ms = 0;
	int i;

	if (!w->pos) {
		seq_puts(m, "v: 1\nid serial age_ms ancestor name file anon shmem mapped unevictable dirty writeback slab kernel swap holders result\n");
		return 0;
	}
	if (!mr_groups_read(css->id, css->serial_nr, &g))
		age_ms = div_u64(ktime_get_ns() - g.first_ns, NSEC_PER_MSEC);
	seq_printf(m, "%llu %llu %llu ", cgroup_id(css->cgroup),
		   css->serial_nr, age_ms);
	mr_put_name(m, css_path(w, mr_online_ancestor(css)));
	seq_putc(m, ' ');
	mr_put_name(m, kbasename(css_path(w, css)));
	read_stat(w, css, st);
	for (i = 0; i < ST_NR; i++)
		seq_printf(m, " %llu", st[i]);
	put_holders(m, w, g.skipped);
	seq_printf(m, " %s\n", mr_result_name(g.result));
	return 0;
}

static void *offline_start(struct seq_file *m, loff_t *pos)
{
	struct walk *w = m->private;
	int ret = *pos ? 0 : mr_holders_survey(w->holders);

	return ret ? ERR_PTR(ret) : walk_start(m, pos);
}

static const struct seq_operations offline_ops = {
	.start = offline_start,
	.next = walk_next,
	.stop = walk_stop,
	.show = offline_show,
};

static int offline_open(struct inode *inode, struct file *file)
{
	int ret = walk_open(inode, file, &offline_ops, is_offline);
	struct walk *w;

	if (ret)
		return ret;
	w = ((struct seq_file *)file->private_data)->private;
	w->holders = mr_holders_alloc();
	if (w->holders)
		return 0;
	walk_release(inode, file);
	return -ENOMEM;
}

static const struct file_operations offline_fops = {
	.owner = THIS_MODULE,
	.open = offline_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = walk_release,
};

static bool is_live(const struct cgroup_subsys_state *css)
{
	return mr_css_is_online(css);
}

static bool is_any(const struct cgroup_subsys_state *css)
{
	return true;
}

/* A row for @top, if groups below it are offline. */
static int ancestor_row(struct seq_file *m, struct cgroup_subsys_state *top)
{
	u64 live = 0, offline = 0, nr = 0, bytes;
	struct cgroup_subsys_state *css;
	struct mr_lru_size size;
	struct mr_cursor cur;

	mr_cursor_start(&cur, top);
	while ((css = mr_cursor_next(&cur, is_any))) {
		cond_resched();
		if (IS_ERR(css))
			continue;
		if (fatal_signal_pending(current))
			break;
		mr_lru_read(css, &size);
		bytes = (u64)mr_lru_total(&size) * PAGE_SIZE;
		if (mr_css_is_offline(css)) {
			offline += bytes;
			nr++;
		} else {
			live += bytes;
		}
	}
	mr_cursor_end(&cur);
	if (!nr)
		return 0;
	mr_put_name(m, css_path(m->private, top));
	seq_printf(m, " %llu %llu %llu\n", live, offline, nr);
	return 0;
}

static int ancestors_show(struct seq_file *m, void *v)
{
	struct walk *w = v;

	if (!w->pos) {
		seq_puts(m, "v: 1\npath live_bytes offline_bytes offline_groups\n");
		return ancestor_row(m, root_css);
	}
	return ancestor_row(m, w->css);
}

static const struct seq_operations ancestors_ops = {
	.start = walk_start,
	.next = walk_next,
	.stop = walk_stop,
	.show = ancestors_show,
};

static int ancestors_open(struct inode *inode, struct file *file)
{
	return walk_open(inode, file, &ancestors_ops, is_live);
}

static const struct file_operations ancestors_fops = {
	.owner = THIS_MODULE,
	.open = ancestors_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = walk_release,
};

static int latency_show(struct seq_file *m, void *v)
{
	const struct mr_hist *b = &mr_counters.batch_ns;
	const struct mr_hist *l = &mr_counters.lru_lock_ns;
	const struct mr_hist *g = &mr_counters.group_ns;
	int i;

	seq_puts(m, "v: 1\nfrom_ns batch lru_lock group\n");
	for (i = 0; i < MR_HIST_BUCKETS; i++) {
		u64 nb = READ_ONCE(b->count[i]);
		u64 nl = READ_ONCE(l->count[i]);
		u64 ng = READ_ONCE(g->count[i]);

		if (nb || nl || ng)
			seq_printf(m, "%llu %llu %llu %llu\n",
				   i ? 1ULL << i : 0, nb, nl, ng);
	}
	seq_printf(m, "max %llu %llu %llu\n", READ_ONCE(b->max_ns),
		   READ_ONCE(l->max_ns), READ_ONCE(g->max_ns));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

/**
 * mr_debugfs_create() - make the files
 * @root: the root group of the memory controller
 *
 * Nothing depends on them, so errors don't matter (as debugfs asks for).
 */
void mr_debugfs_create(struct cgroup_subsys_state *root)
{
	root_css = root;
	dir = debugfs_create_dir("memcg_reaper", NULL);
	debugfs_create_file("offline", 0400, dir, NULL, &offline_fops);
	debugfs_create_file("ancestors", 0400, dir, NULL, &ancestors_fops);
	debugfs_create_file("files", 0400, dir, NULL, &mr_files_fops);
	debugfs_create_file("swapped", 0400, dir, NULL, &mr_swapped_fops);
	debugfs_create_file("latency", 0400, dir, NULL, &latency_fops);
}

/**
 * mr_debugfs_remove() - remove the files
 *
 * Context: process context; waits for reads under way.
 */
void mr_debugfs_remove(void)
{
	debugfs_remove(dir);
}
