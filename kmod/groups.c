// SPDX-License-Identifier: GPL-2.0
/*
 * What is remembered of each offline group.
 *
 * The css is not held: an entry is found by the css's id, which the kernel
 * gives to another group once the css is freed, and is valid only for the
 * serial number it was made for.
 *
 * Memory: an entry of 64 bytes and 9 of the xarray's for each offline group, at
 * most MR_GROUPS_MAX of them, three thousandths of what the groups hold
 * themselves. scripts/tests/53-scale.sh measures it. A slab cache of our own
 * would save a third, but kmem_cache_destroy() waits for all that anyone has
 * given to kvfree_rcu() (mm/slab_common.c, 6.12), and so would unloading.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "groups.h"

/* Entries looked at between two rests. */
#define SWEEP_BATCH 128

/*
 * Entries by css id.
 *
 * Locking: entries are added, changed and removed under the work lock (one
 * pass at a time), and removed under xa_lock as well. A reader without the
 * work lock (debugfs) copies an entry under xa_lock; single members may be
 * older or newer than others, which a table for people can bear.
 */
static DEFINE_XARRAY(groups);
static unsigned int nr_groups;
/* How many were removed ever. */
static unsigned long nr_forgotten;
/* The last scan there was, and how many of the entries it has met. */
static u32 met_round;
static unsigned int nr_met;

static const char * const names[] = {
	[MR_RES_NONE]		= "none",
	[MR_RES_YOUNG]		= "young",
	[MR_RES_OUTSIDE]	= "outside",
	[MR_RES_PARENT]		= "parent",
	[MR_RES_WORKING]	= "working",
	[MR_RES_TAKEN]		= "taken",
	[MR_RES_PARTIAL]	= "partial",
	[MR_RES_BUSY]		= "busy",
	[MR_RES_DIRTY]		= "dirty",
	[MR_RES_STUCK]		= "stuck",
	[MR_RES_STOPPED]	= "stopped",
};

/**
 * mr_result_name() - the name of a result
 * @result: enum mr_result
 *
 * Return: a word, "unknown" for anything else.
 */
const char *mr_result_name(unsigned int result)
{
	BUILD_BUG_ON(ARRAY_SIZE(names) != MR_RES_NR);
	return result < MR_RES_NR ? names[result] : "unknown";
}

/* A scan has met it. Never back: see mr_groups_sweep(). */
static void meet(struct mr_group *g, u32 round)
{
	if ((s32)(round - g->round) <= 0)
		return;
	g->round = round;
	if ((s32)(round - met_round) > 0) {
		met_round = round;
		nr_met = 0;
	}
	if (round == met_round)
		nr_met++;
}

/*
 * Look at up to SWEEP_BATCH entries from *@at on, forget those that no scan has met
 * since @round, or all where that is NULL, and add to *@gone. Whether there are more.
 */
static bool forget_some(unsigned long *at, const u32 *round, unsigned long *gone)
{
	XA_STATE(xas, &groups, *at);
	unsigned int left = SWEEP_BATCH;
	struct mr_group *g;

	xa_lock(&groups);
	xas_for_each(&xas, g, ULONG_MAX) {
		if (!left--)
			break;
		/* A later round: `reap` ran while this one slept. */
		if (round && (s32)(g->round - *round) >= 0)
			continue;
		xas_store(&xas, NULL);
		kfree(g);
		nr_groups--;
		nr_forgotten++;
		++*gone;
	}
	xa_unlock(&groups);
	*at = xas.xa_index;
	return g;
}

/**
 * mr_groups_exit() - free the table
 *
 * Context: nobody else uses it any more; may reschedule.
 */
void mr_groups_exit(void)
{
	unsigned long at = 0, gone = 0;

	while (forget_some(&at, NULL, &gone))
		cond_resched();
	xa_destroy(&groups);
	nr_met = 0;
}

/**
 * mr_groups_get() - the entry of an offline group, made if there is none
 * @css_id: id of its css
 * @serial: serial number of its css
 * @now_ns: monotonic time, for a new entry
 * @round: the scan that met it
 * @replaced: result, the id belonged to another group, which is gone
 *
 * Context: under the work lock; sleeps.
 *
 * Return: the entry, valid until the work lock is dropped, and after that as long as
 * mr_groups_forgotten() says the same and @css_id is not another's; NULL where memory
 * or the table is full. Such a group is left alone: without an entry neither
 * its age nor its back-off is known.
 */
struct mr_group *mr_groups_get(int css_id, u64 serial, u64 now_ns, u32 round,
			       bool *replaced)
{
	struct mr_group *g = xa_load(&groups, css_id);

	*replaced = false;
	if (g && g->serial != serial)
		*replaced = true;
	if (!g) {
		if (nr_groups >= MR_GROUPS_MAX)
			return NULL;
		g = kmalloc(sizeof(*g), GFP_KERNEL | __GFP_NOWARN);
		if (!g)
			return NULL;
		if (xa_is_err(xa_store(&groups, css_id, g,
				       GFP_KERNEL | __GFP_NOWARN))) {
			kfree(g);
			return NULL;
		}
		nr_groups++;
		g->serial = ~serial;
		g->round = round - 1;
	}
	if (g->serial != serial) {
		xa_lock(&groups);
		*g = (struct mr_group){ .serial = serial, .first_ns = now_ns,
					  .round = g->round };
		xa_unlock(&groups);
	}
	meet(g, round);
	return g;
}

/**
 * mr_groups_forgotten() - how many entries were freed since the module was loaded
 *
 * Context: under the work lock.
 *
 * Return: the number; it may wrap.
 */
unsigned long mr_groups_forgotten(void)
{
	return nr_forgotten;
}

/**
 * mr_groups_mark_dirty() - note that a group has files to be written
 * @css_id: id of the group's css
 * @serial: serial number of the group's css
 * @round: the look that found it
 *
 * Context: any that may take a spinlock.
 */
void mr_groups_mark_dirty(int css_id, u64 serial, u32 round)
{
	struct mr_group *g;

	xa_lock(&groups);
	g = xa_load(&groups, css_id);
	if (g && g->serial == serial)
		g->dirty_round = round;
	xa_unlock(&groups);
}

/**
 * mr_groups_read() - copy an entry
 * @css_id: id of the group's css
 * @serial: serial number of the group's css
 * @copy: result
 *
 * Context: any that may take a spinlock.
 *
 * Return: 0, or -ENOENT.
 */
int mr_groups_read(int css_id, u64 serial, struct mr_group *copy)
{
	struct mr_group *g;
	int ret = -ENOENT;

	xa_lock(&groups);
	g = xa_load(&groups, css_id);
	if (g && g->serial == serial) {
		/* The thread may change it: see above. */
		*copy = data_race(*g);
		ret = 0;
	}
	xa_unlock(&groups);
	return ret;
}

/**
 * mr_groups_sweep() - forget groups that a scan did not meet, some of them
 * @at: where to go on; 0 at first
 * @round: the scan, which met every offline group there is
 * @gone: how many groups are gone is added
 *
 * Looks at no more than %SWEEP_BATCH entries. The work lock may be dropped between
 * two calls: what a later scan has met by then stays.
 *
 * Context: under the work lock; does not sleep.
 *
 * Return: whether there is more to look at.
 */
bool mr_groups_sweep(unsigned long *at, u32 round, unsigned long *gone)
{
	/* Nearly always: it has met all that are here. */
	if (round == met_round && nr_met == nr_groups)
		return false;
	return forget_some(at, &round, gone);
}
