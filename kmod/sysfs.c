// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/mm/memcg_reaper: tunables, `reap` and stats/.
 *
 * Files only; what they mean is in config.c, daemon.c and counters.h. See
 * Documentation/ABI/testing/sysfs-kernel-mm-memcg-reaper.
 */
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "config.h"
#include "counters.h"
#include "daemon.h"
#include "sysfs.h"

static struct kobject *dir;

struct tunable_attr {
	struct kobj_attribute attr;
	const struct mr_tunable *tunable;
};

static ssize_t tunable_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	struct tunable_attr *a = container_of(attr, struct tunable_attr, attr);

	return mr_tunable_show(a->tunable, buf);
}

static ssize_t tunable_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	struct tunable_attr *a = container_of(attr, struct tunable_attr, attr);
	int ret = mr_tunable_set(a->tunable, buf);

	if (ret)
		return ret;
	mr_daemon_wake();
	return count;
}

#define TUNABLE(_name, _index)						\
	static struct tunable_attr _name##_attr = {			\
		.attr = __ATTR(_name, 0644, tunable_show, tunable_store), \
		.tunable = &mr_tunables[_index],			\
	}

TUNABLE(reap_background, MR_T_REAP_BACKGROUND);
TUNABLE(method, MR_T_METHOD);
TUNABLE(scan_interval_ms, MR_T_SCAN_INTERVAL_MS);
TUNABLE(min_age_ms, MR_T_MIN_AGE_MS);
TUNABLE(cpu_percent, MR_T_CPU_PERCENT);
TUNABLE(batch_pages, MR_T_BATCH_PAGES);
TUNABLE(swap, MR_T_SWAP);
TUNABLE(subtree, MR_T_SUBTREE);

static ssize_t reap_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *buf, size_t count)
{
	int ret;

	if (!sysfs_streq(buf, "1")) {
		pr_warn("reap: refused: not 1\n");
		return -EINVAL;
	}
	ret = mr_reap_now();
	return ret ?: count;
}

static struct kobj_attribute reap_attr = __ATTR(reap, 0200, NULL, reap_store);

static struct attribute *tunable_attrs[] = {
	&reap_background_attr.attr.attr,
	&method_attr.attr.attr,
	&scan_interval_ms_attr.attr.attr,
	&min_age_ms_attr.attr.attr,
	&cpu_percent_attr.attr.attr,
	&batch_pages_attr.attr.attr,
	&swap_attr.attr.attr,
	&subtree_attr.attr.attr,
	&reap_attr.attr,
	NULL,
};

static const struct attribute_group tunable_group = {
	.attrs = tunable_attrs,
};

struct counter_attr {
	struct kobj_attribute attr;
	const u64 *counter;
};

static ssize_t counter_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	struct counter_attr *a = container_of(attr, struct counter_attr, attr);

	return sysfs_emit(buf, "%llu\n", READ_ONCE(*a->counter));
}

#define COUNTER(_name, _member)						\
	static struct counter_attr _name##_attr = {			\
		.attr = __ATTR(_name, 0444, counter_show, NULL),	\
		.counter = &mr_counters._member,			\
	}

COUNTER(offline_groups, offline_groups);
COUNTER(offline_bytes, offline_bytes);
COUNTER(stuck_groups, stuck_groups);
COUNTER(passes_total, passes);
COUNTER(freed_groups_total, freed_groups);
COUNTER(evicted_bytes_total, evicted_bytes);
COUNTER(reparented_bytes_total, reparented_bytes);
COUNTER(recharged_bytes_total, recharged_bytes);
COUNTER(cpu_ns_total, cpu_ns);
COUNTER(switched_inodes_total, switched_inodes);

static struct attribute *counter_attrs[] = {
	&offline_groups_attr.attr.attr,
	&offline_bytes_attr.attr.attr,
	&stuck_groups_attr.attr.attr,
	&passes_total_attr.attr.attr,
	&freed_groups_total_attr.attr.attr,
	&evicted_bytes_total_attr.attr.attr,
	&reparented_bytes_total_attr.attr.attr,
	&recharged_bytes_total_attr.attr.attr,
	&cpu_ns_total_attr.attr.attr,
	&switched_inodes_total_attr.attr.attr,
	NULL,
};

static const struct attribute_group counter_group = {
	.name = "stats",
	.attrs = counter_attrs,
};

static const struct attribute_group *groups[] = {
	&tunable_group,
	&counter_group,
	NULL,
};

/*
 * /sys/kernel/mm: mm_kobj is exported in 6.1 but not in 6.12. A directory of
 * sysfs is a kernfs node whose priv is its kobject (sysfs_create_dir_ns() in
 * fs/sysfs/dir.c), and that kobject lives as long as the directory: for ever,
 * as mm_sysfs_init() in mm/mm_init.c never drops it.
 *
 * Returns the kobject, referenced, or NULL.
 */
static struct kobject *find_mm_kobj(void)
{
	struct kobject *kobj = NULL;
	struct kernfs_node *kn;

	kn = kernfs_find_and_get(kernel_kobj->sd, "mm");
	if (!kn)
		return NULL;
	if (kernfs_type(kn) == KERNFS_DIR)
		kobj = kn->priv;
	if (kobj && kobj->sd == kn && kobj->parent == kernel_kobj)
		kobj = kobject_get(kobj);
	else
		kobj = NULL;
	kernfs_put(kn);
	return kobj;
}

/**
 * mr_sysfs_create() - make the files; they work from then on
 *
 * Return: 0 or an errno.
 */
int mr_sysfs_create(void)
{
	struct kobject *mm = find_mm_kobj();
	struct kernfs_node *kn;
	int ret;

	if (!mm) {
		pr_err("not loaded: /sys/kernel/mm is not there\n");
		return -ENOENT;
	}
	kn = kernfs_find_and_get(mm->sd, "memcg_reaper");
	if (kn) {
		pr_err("not loaded: this kernel has a memcg_reaper of its own in /sys/kernel/mm\n");
		kernfs_put(kn);
		kobject_put(mm);
		return -EEXIST;
	}
	dir = kobject_create_and_add("memcg_reaper", mm);
	kobject_put(mm);
	if (!dir)
		return -ENOMEM;
	ret = sysfs_create_groups(dir, groups);
	if (ret)
		kobject_put(dir);
	return ret;
}

/**
 * mr_sysfs_remove() - remove the files
 *
 * Context: process context; waits for readers and writers under way.
 */
void mr_sysfs_remove(void)
{
	sysfs_remove_groups(dir, groups);
	kobject_put(dir);
}
