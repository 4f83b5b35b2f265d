// SPDX-License-Identifier: GPL-2.0
/*
 * What is remembered of each offline group.
 *
 * The css is not held: an entry is found by the css's id, which the kernel
 * gives to another group once the css is freed, and is valid only for the
 * serial number it was made for.
 *
 * Memory: 41 bytes for each offline group where they are next to each other, at most
 * 41 for each group that there is: ids are given from the lowest free one on
 * (cgroup_idr_alloc() in kernel/cgroup/cgroup.c). That is two thousandths of what groups
 * hold themselves. scripts/tests/53-scale.sh measures it. A slab cache of our own would
 * be no smaller, but kmem_cache_destroy() waits for all that anyone has given to
 * kvfree_rcu() (mm/slab_common.c, 6.12), and so would unloading.
 */
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "groups.h"

/*
 * Entries of groups whose ids are next to each other: one by one they would take twice the
 * memory, and a new group would take ten times the time.
 */
#define PER_BLOCK 25
struct block {
	unsigned int used;
	struct mr_group groups[PER_BLOCK];	/* @serial 0: free */
};

static_assert(sizeof(struct block) <= SZ_1K);

/* Blocks looked at between two rests. */
#define SWEEP_BATCH 5

/*
 * Blocks by css id.
 *
 * Locking: entries are added, changed and removed under the work lock (one
 * pass at a time), and removed under xa_lock as well. A reader without the
 * work lock (debugfs) copies an entry under xa_lock; single members may be
 * older or newer than others, which a table for people can bear.
 */
static DEFINE_XARRAY(blocks);
/* The one that was asked for last; under the work lock. */
static struct block *last_block;
static unsigned long last_index;
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
 * Forget those of a block that no scan has met since @round, or all where that is NULL,
 * and return how many. Under xa_lock.
 */
static unsigned int forget_of(struct block *b, const u32 *round)
{
	unsigned int i, gone = 0;

	for (i = 0; i < PER_BLOCK; i++) {
		struct mr_group *g = &b->groups[i];

		/* A later round: `reap` ran while this one slept. */
		if (!g->serial || (round && (s32)(g->round - *round) >= 0))
			continue;
		g->serial = 0;
		gone++;
	}
	b->used -= gone;
	return gone;
}

/*
 * Look at up to SWEEP_BATCH blocks from *@at on, and add to *@gone what was forgotten, as
 * forget_of(). Whether there are more.
 */
static bool forget_some(unsigned long *at, const u32 *round, unsigned long *gone)
{
	XA_STATE(xas, &blocks, *at);
	unsigned int left = SWEEP_BATCH, nr;
	struct block *b;

	last_block = NULL;
	xa_lock(&blocks);
	xas_for_each(&xas, b, ULONG_MAX) {
		if (!left--)
			break;
		nr = forget_of(b, round);
		nr_groups -= nr;
		nr_forgotten += nr;
		*gone += nr;
		if (!b->used) {
			xas_store(&xas, NULL);
			kfree(b);
		}
	}
	xa_unlock(&blocks);
	*at = xas.xa_index;
	return b;
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
	xa_destroy(&blocks);
	nr_met = 0;
}

/* The block that @css_id's entry is in; NULL: there is none. Under xa_lock or the work lock. */
static struct block *block_of(int css_id)
{
	return xa_load(&blocks, css_id / PER_BLOCK);
}

/*
 * The same, made if there is none, for an entry to be made. Under the work lock; NULL where
 * memory or the table is full.
 */
static struct block *block_get(int css_id)
{
	unsigned long index = css_id / PER_BLOCK;
	struct block *b = last_block;

	if (b && index == last_index)
		return b;
	b = block_of(css_id);
	if (!b) {
		if (nr_groups >= MR_GROUPS_MAX)
			return NULL;
		b = kzalloc(sizeof(*b), GFP_KERNEL | __GFP_NOWARN);
		if (!b)
			return NULL;
		if (xa_is_err(xa_store(&blocks, index, b,
				       GFP_KERNEL | __GFP_NOWARN))) {
			kfree(b);
			return NULL;
		}
	}
	last_block = b;
	last_index = index;
	return b;
}

/* The entry of a group, NULL: there is none. Under xa_lock or the work lock. */
static struct mr_group *find(int css_id, u64 serial)
{
	struct block *b = block_of(css_id);
	struct mr_group *g;

	if (!b)
		return NULL;
	g = &b->groups[css_id % PER_BLOCK];
	return g->serial == serial ? g : NULL;
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
	struct block *b = block_get(css_id);
	struct mr_group *g;

	*replaced = false;
	if (!b)
		return NULL;
	g = &b->groups[css_id % PER_BLOCK];
	if (g->serial != serial) {
		*replaced = g->serial;
		if (!*replaced && nr_groups >= MR_GROUPS_MAX)
			return NULL;
		xa_lock(&blocks);
		*g = (struct mr_group){
			.serial = serial, .first_ns = now_ns,
			.round = *replaced ? g->round : round - 1,
		};
		xa_unlock(&blocks);
		if (!*replaced) {
			b->used++;
			nr_groups++;
		}
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

	xa_lock(&blocks);
	g = find(css_id, serial);
	if (g)
		g->dirty_round = round;
	xa_unlock(&blocks);
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

	xa_lock(&blocks);
	g = find(css_id, serial);
	if (g) {
		/* The thread may change it: see above. */
		*copy = data_race(*g);
		ret = 0;
	}
	xa_unlock(&blocks);
	return ret;
}

/**
 * mr_groups_sweep() - forget groups that a scan did not meet, some of them
 * @at: where to go on; 0 at first
 * @round: the scan, which met every offline group there is
 * @gone: how many groups are gone is added
 *
 * Looks at no more than %SWEEP_BATCH blocks of entries. The work lock may be dropped between
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
