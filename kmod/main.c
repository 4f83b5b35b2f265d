// SPDX-License-Identifier: GPL-2.0
/*
 * memcg_reaper: frees offline memory cgroups.
 *
 * This file: loading, unloading, and the order of both.
 */
#include <linux/module.h>
#include <linux/printk.h>

#include "cgfile.h"
#include "daemon.h"
#include "debugfs.h"
#include "evict.h"
#include "groups.h"
#include "notice.h"
#include "pcp.h"
#include "sysfs.h"

/*
 * The root group of the memory controller, on v1 and v2 alike. The object is
 * made at boot and never goes, also where the controller is moved between
 * hierarchies (rebind_subsystems() in kernel/cgroup/cgroup.c moves the css,
 * and refuses where it has children). The hierarchy that it is found through
 * could go at that very moment, hence RCU (cgroup_free_root() is called after
 * the last reference on a root that was RCU-visible).
 */
static struct cgroup_subsys_state *root_css(void)
{
	struct cgroup_subsys_state *css;

	rcu_read_lock();
	css = rcu_dereference(memory_cgrp_subsys.root->cgrp.subsys[memory_cgrp_id]);
	rcu_read_unlock();
	return css;
}

static int __init mr_init(void)
{
	struct cgroup_subsys_state *root;
	int ret;

	if (mem_cgroup_disabled()) {
		pr_err("not loaded: the memory controller is disabled (cgroup_disable=memory), there are no memory groups\n");
		return -ENODEV;
	}
	root = root_css();
	if (!root || root->parent || !mr_css_is_online(root)) {
		pr_err("not loaded: the root memory group was not found\n");
		return -EOPNOTSUPP;
	}
	ret = mr_cgfile_setup(root);
	if (ret)
		return ret;
	ret = mr_pcp_init();
	if (ret)
		return ret;
	ret = mr_daemon_create(root);
	if (ret)
		goto err_pcp;
	ret = mr_notice_start(mr_daemon_wake);
	if (ret == -ENOENT)
		pr_notice("the kernel has no tracepoint cgroup_rmdir: groups are noticed once a minute\n");
	else if (ret)
		goto err_daemon;
	mr_debugfs_create(root);
	ret = mr_sysfs_create();
	if (ret)
		goto err_debugfs;
	if (mr_evict_refusal())
		pr_notice("this kernel hands the memory of removed groups to their parents: they are reported, and left alone\n");
	mr_daemon_start();
	return 0;

err_debugfs:
	mr_debugfs_remove();
	mr_notice_stop();
err_daemon:
	mr_daemon_shutdown();
	mr_daemon_stop();
err_pcp:
	mr_pcp_exit();
	mr_groups_exit();
	return ret;
}

static void __exit mr_exit(void)
{
	/* First end what is running, as the files wait for their writers. */
	mr_daemon_shutdown();
	mr_sysfs_remove();
	mr_debugfs_remove();
	mr_notice_stop();
	mr_daemon_stop();
	mr_pcp_exit();
	mr_groups_exit();
}

module_init(mr_init);
module_exit(mr_exit);

MODULE_DESCRIPTION("Frees offline memory cgroups");
MODULE_AUTHOR("memcg_reaper developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(MR_VERSION);
