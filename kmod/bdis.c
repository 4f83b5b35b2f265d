// SPDX-License-Identifier: GPL-2.0
/*
 * Walk over the writebacks of groups, bdi by bdi: those of disks, and those that
 * a file system like btrfs makes for each mount.
 *
 * A registered bdi is a device of the class "bdi", and an interface of a class is
 * shown all devices there are when it is registered, new ones until it is
 * unregistered; here one follows the other.
 *
 * (By file system type it does not work: super blocks of btrfs in 6.1 belong to
 * btrfs_root_fs_type, which nobody outside of fs/btrfs/super.c can look up.)
 */
#include <linux/backing-dev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "bdis.h"

/* Writebacks looked at in one RCU section. */
#define WB_BATCH	128

/*
 * Lifetime: devices are shown under a lock of the class, which device_del()
 * takes to get one off the class (drivers/base/), so what is shown is not freed
 * yet. Its last reference may be gone all the same where that is what unregisters
 * it (release_bdi() in mm/backing-dev.c, 5.10). A reference keeps the struct and
 * nothing else: no disk, super block or module waits for it. Once unregistered,
 * wb_list is empty and stays so (cgwb_create()).
 */
static DEFINE_MUTEX(shown_lock);
static LIST_HEAD(shown);
/* Whether one was left out for lack of memory; the class ignores errors. */
static bool left_out;

static int show_bdi(MR_ADD_DEV_ARGS)
{
	struct backing_dev_info *bdi = dev_get_drvdata(dev);
	/* Who removes a disk may wait for this lock: do no I/O under it. */
	struct mr_bdi *ref = kmalloc(sizeof(*ref), GFP_NOIO);

	if (!ref) {
		left_out = true;
		return -ENOMEM;
	}
	if (!kref_get_unless_zero(&bdi->refcnt)) {
		kfree(ref);
		return -ENODEV;
	}
	ref->bdi = bdi;
	list_add_tail(&ref->list, &shown);
	return 0;
}

static struct class_interface bdi_interface = {
	.add_dev = show_bdi,
};

/*
 * bdi_class is static in mm/backing-dev.c, but a bdi's device leads to it. One
 * of our own, for a moment: anybody else's may lose its device at any time. The
 * class itself is there for good.
 */
static void find_bdi_class(void)
{
	struct backing_dev_info *bdi = bdi_alloc(NUMA_NO_NODE);

	if (!bdi)
		return;
	if (!bdi_register(bdi, KBUILD_MODNAME)) {
		bdi_interface.class = bdi->dev->class;
		mr_bdi_unregister(bdi);
	}
	bdi_put(bdi);
}

/**
 * mr_bdis_get() - all bdis that are registered
 * @list: empty; struct mr_bdi are added, for mr_bdi_put()
 *
 * Context: process context, sleeps.
 *
 * Return: 0; -ENOMEM: some or all are not there for lack of memory.
 */
int mr_bdis_get(struct list_head *list)
{
	int ret = -ENOMEM;

	mutex_lock(&shown_lock);
	if (!bdi_interface.class)
		find_bdi_class();
	left_out = false;
	if (bdi_interface.class && !class_interface_register(&bdi_interface)) {
		class_interface_unregister(&bdi_interface);
		list_splice_init(&shown, list);
		ret = left_out ? -ENOMEM : 0;
	}
	mutex_unlock(&shown_lock);
	return ret;
}

/**
 * mr_bdi_put() - let go of one of them
 * @ref: from mr_bdis_get(), freed
 */
void mr_bdi_put(struct mr_bdi *ref)
{
	bdi_put(ref->bdi);
	kfree(ref);
}

/**
 * mr_wb_next() - go to the next writeback that the caller wants to stop at
 * @c: the place; wb is NULL at the beginning
 *
 * Dying writebacks stay on bdi->wb_list until their last reference is gone
 * (wb_shutdown()), so a reference keeps the place when the RCU section is left.
 * Neither they nor their group are freed before a grace period has passed since
 * (cgwb_free_rcu(), css_free_rwork_fn()).
 *
 * Unless the bdi is unregistered meanwhile: cgwb_bdi_unregister() takes them
 * all off, referenced or not, and the place then leads to what may be freed.
 * WB_registered is cleared before that, so where it is still set inside an RCU
 * section, the next one is there until the section ends.
 *
 * Looks at no more than WB_BATCH of them, then gives the caller a chance to
 * reschedule.
 *
 * Context: process context, does not sleep.
 *
 * Return: false when there are no more; the cursor then holds nothing.
 */
bool mr_wb_next(struct mr_wb_cursor *c)
{
	struct bdi_writeback *old = c->wb, *wb;
	int left = WB_BATCH;

	c->wb = NULL;
	c->hit = false;
	rcu_read_lock();
	if (old && !test_bit(WB_registered, &old->state))
		goto out;
	wb = old ?: list_entry(&c->bdi->wb_list, struct bdi_writeback, bdi_node);
	list_for_each_entry_continue_rcu(wb, &c->bdi->wb_list, bdi_node) {
		left--;
		if (wb == &c->bdi->wb)
			continue;
		c->hit = c->stop(wb, c->arg);
		if ((!c->hit && left > 0) || !wb_tryget(wb))
			continue;
		c->wb = wb;
		break;
	}
out:
	rcu_read_unlock();
	if (old)
		wb_put(old);
	return c->wb;
}

/**
 * mr_wb_end() - let go of the place before the walk is over
 * @c: the place
 */
void mr_wb_end(struct mr_wb_cursor *c)
{
	if (c->wb)
		wb_put(c->wb);
	c->wb = NULL;
}
