/* SPDX-License-Identifier: GPL-2.0 */
/* Who holds references on offline groups. */
#ifndef MR_HOLDERS_H
#define MR_HOLDERS_H

#include <linux/cgroup.h>
#include <linux/types.h>

/* What a survey of all processes, disks and, on 5.10, memory finds. */
enum mr_holder {
	MR_HOLD_CSET,		/* css sets; the next two have one each, at most */
	MR_HOLD_TASK,		/* tasks, exited ones that nobody has waited for */
	MR_HOLD_NAMESPACE,	/* cgroup namespaces whose root the group is */
	MR_HOLD_SOCKET,		/* sockets that a process has open */
	MR_HOLD_FSNOTIFY,	/* inotify and fanotify instances, likewise */
	MR_HOLD_WB,		/* writebacks, one a disk */
	MR_HOLD_KERNEL,		/* pages of kernel memory, those of 5.10 */
	MR_HOLD_NR,
};

#define MR_HELD_WB_NAMES 2

/**
 * struct mr_held - what holds one group
 * @nr: how many of each kind
 * @wb: names of the first disks
 */
struct mr_held {
	unsigned int nr[MR_HOLD_NR];
	char wb[MR_HELD_WB_NAMES][24];
};

/**
 * struct mr_css_refs - what a group itself tells
 * @total: references on its css, without the caller's
 * @swap: swap entries that were charged to it, itself only
 * @mms: address spaces that MGLRU has on its list
 * @csets: there are css sets that are in none of the numbers
 */
struct mr_css_refs {
	unsigned long total;
	unsigned int swap;
	unsigned int mms;
	bool csets;
};

struct mr_holders;

struct mr_holders *mr_holders_alloc(void);
void mr_holders_free(struct mr_holders *h);
int mr_holders_survey(struct mr_holders *h);
void mr_holders_read(struct mr_holders *h, const struct cgroup_subsys_state *css,
		     struct mr_held *held);
void mr_css_refs_read(struct cgroup_subsys_state *css, struct mr_css_refs *refs);

#endif /* MR_HOLDERS_H */
