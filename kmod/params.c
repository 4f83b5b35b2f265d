// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters: the tunables by the same names, set at load, readable
 * afterwards with the values in force.
 */
#include <linux/moduleparam.h>

#include "config.h"

static int param_set(const char *val, const struct kernel_param *kp)
{
	return mr_tunable_set(kp->arg, val ?: "");
}

static int param_get(char *page, const struct kernel_param *kp)
{
	return mr_tunable_show(kp->arg, page);
}

static const struct kernel_param_ops param_ops = {
	.set = param_set,
	.get = param_get,
};

#define TUNABLE(_name, _index, _desc)					\
	module_param_cb(_name, &param_ops, (void *)&mr_tunables[_index], 0444); \
	MODULE_PARM_DESC(_name, _desc)

TUNABLE(reap_background, MR_T_REAP_BACKGROUND,
	"1: the thread works, 0: it sleeps (default 1)");
TUNABLE(method, MR_T_METHOD,
	"what is done with offline groups: evict (default), reparent or recharge");
TUNABLE(scan_interval_ms, MR_T_SCAN_INTERVAL_MS,
	"pause between passes, ms, 10 to 3600000 (default 5000)");
TUNABLE(min_age_ms, MR_T_MIN_AGE_MS,
	"leave a group alone until it has been offline this long, ms, 0 to 3600000 (default 10000)");
TUNABLE(cpu_percent, MR_T_CPU_PERCENT,
	"CPU budget of the thread, percent of one CPU, 1 to 100 (default 5)");
TUNABLE(batch_pages, MR_T_BATCH_PAGES,
	"most pages handled between two reschedule points, 32 to 65536 (default 512)");
TUNABLE(swap, MR_T_SWAP,
	"0: take page cache only, never swap out; 1: swap too (default 1)");
TUNABLE(subtree, MR_T_SUBTREE,
	"only groups that were removed below this cgroup path (default /)");
