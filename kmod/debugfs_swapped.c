// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/memcg_reaper/swapped: files of tmpfs that have pages in swap.
 * Computed when it is read from the beginning, and kept until the file is closed or
 * read from there again.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "swapped.h"

/* Row 0 is the header, the last one is what did not fit in. */
static void *swapped_at(struct mr_swapped *s, loff_t pos)
{
	return pos > (loff_t)s->nr + 1 ? NULL : s;
}

static void *swapped_start(struct seq_file *m, loff_t *pos)
{
	struct mr_swapped *s = *(struct mr_swapped **)m->private;
	int ret = *pos ? 0 : mr_swapped_collect(s);

	return ret ? ERR_PTR(ret) : swapped_at(s, *pos);
}

static void *swapped_next(struct seq_file *m, void *v, loff_t *pos)
{
	return swapped_at(v, ++*pos);
}

static void swapped_stop(struct seq_file *m, void *v)
{
}

static void put_row(struct seq_file *m, const struct mr_swapped_file *file)
{
	seq_printf(m, "%u:%u %lu %llu ", MAJOR(file->dev), MINOR(file->dev),
		   file->ino, (u64)file->pages * PAGE_SIZE);
	mr_put_name(m, file->path);
	seq_putc(m, '\n');
}

static int swapped_show(struct seq_file *m, void *v)
{
	loff_t row = m->index - 1;
	struct mr_swapped *s = v;

	if (row < 0)
		seq_puts(m, "v: 1\ndevice inode bytes path\n");
	else if (row < s->nr)
		put_row(m, s->file[row]);
	else if (s->more)
		seq_printf(m, "- - %llu [more files]\n",
			   (u64)s->more * PAGE_SIZE);
	return 0;
}

static const struct seq_operations swapped_ops = {
	.start = swapped_start,
	.next = swapped_next,
	.stop = swapped_stop,
	.show = swapped_show,
};

static int swapped_open(struct inode *inode, struct file *file)
{
	struct mr_swapped *s = mr_swapped_alloc(), **private;

	if (!s)
		return -ENOMEM;
	private = __seq_open_private(file, &swapped_ops, sizeof(*private));
	if (!private) {
		mr_swapped_free(s);
		return -ENOMEM;
	}
	*private = s;
	return 0;
}

static int swapped_release(struct inode *inode, struct file *file)
{
	mr_swapped_free(*(struct mr_swapped **)
			((struct seq_file *)file->private_data)->private);
	return seq_release_private(inode, file);
}

const struct file_operations mr_swapped_fops = {
	.owner = THIS_MODULE,
	.open = swapped_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = swapped_release,
};
