// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/memcg_reaper/files: files whose pages are charged to offline
 * groups. Computed when it is read from the beginning, and kept until the file is
 * closed or read from there again.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "files.h"

/* Rows after those of files: of what could not be attributed. */
enum rest {
	REST_BUSY,
	REST_MORE,
	REST_NR,
};

/* Row 0 is the header. */
static void *files_at(struct mr_files *f, loff_t pos)
{
	return pos > (loff_t)f->nr + REST_NR ? NULL : f;
}

static void *files_start(struct seq_file *m, loff_t *pos)
{
	struct mr_files *f = *(struct mr_files **)m->private;
	int ret = *pos ? 0 : mr_files_collect(f);

	return ret ? ERR_PTR(ret) : files_at(f, *pos);
}

static void *files_next(struct seq_file *m, void *v, loff_t *pos)
{
	return files_at(v, ++*pos);
}

static void files_stop(struct seq_file *m, void *v)
{
}

static void put_file(struct seq_file *m, const struct mr_file *file)
{
	seq_printf(m, "%u:%u %lu %llu %llu ", MAJOR(file->dev), MINOR(file->dev),
		   file->ino, file->group, (u64)file->pages * PAGE_SIZE);
	if (file->blockdev)
		seq_puts(m, "[blockdev]");
	else
		mr_put_name(m, file->path);
	seq_putc(m, '\n');
}

static void put_rest(struct seq_file *m, unsigned long pages, const char *why)
{
	if (pages)
		seq_printf(m, "- - - %llu [%s]\n", (u64)pages * PAGE_SIZE, why);
}

static int files_show(struct seq_file *m, void *v)
{
	loff_t row = m->index - 1;
	struct mr_files *f = v;

	if (row < 0)
		seq_puts(m, "v: 1\ndevice inode group bytes path\n");
	else if (row < f->nr)
		put_file(m, f->file[row]);
	else if (row == f->nr + REST_BUSY)
		put_rest(m, f->busy, "locked");
	else
		put_rest(m, f->more, "more files");
	return 0;
}

static const struct seq_operations files_ops = {
	.start = files_start,
	.next = files_next,
	.stop = files_stop,
	.show = files_show,
};

static int files_open(struct inode *inode, struct file *file)
{
	struct mr_files *f = mr_files_alloc(), **private;

	if (!f)
		return -ENOMEM;
	private = __seq_open_private(file, &files_ops, sizeof(*private));
	if (!private) {
		mr_files_free(f);
		return -ENOMEM;
	}
	*private = f;
	return 0;
}

static int files_release(struct inode *inode, struct file *file)
{
	mr_files_free(*(struct mr_files **)
		      ((struct seq_file *)file->private_data)->private);
	return seq_release_private(inode, file);
}

const struct file_operations mr_files_fops = {
	.owner = THIS_MODULE,
	.open = files_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = files_release,
};
