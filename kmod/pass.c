// SPDX-License-Identifier: GPL-2.0
/*
 * One pass: find the offline groups, decide, act.
 *
 * Joins policy (what is due) and mechanism (find, evict, switch inodes), and
 * keeps the table of groups and the counters up to date. Who runs a pass, and
 * on what budget, is the business of struct mr_pass_ops.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "cgfile.h"
#include "config.h"
#include "counters.h"
#include "evict.h"
#include "find.h"
#include "groups.h"
#include "inode_switch.h"
#include "lru.h"
#include "pass.h"
#include "policy.h"
#include "trace.h"

/* Groups whose per-CPU leftovers are drained in a pass, and how often each. */
#define DRAINS_PER_PASS		16
#define DRAINS_PER_GROUP	3
/* Between attempts at dirty groups. */
#define KICK_MS			200ULL
/* While the kernel works off the inode switches that it has accepted. */
#define SWITCH_PAUSE_MS		20
#define SWITCH_REFUSALS		50
/* While emptied groups are freed, before `reap` counts what is left. */
#define SETTLE_PAUSE_MS		100
#define SETTLE_PAUSES		20

/* See pass.h. */
DEFINE_MUTEX(mr_work_lock);

/* The last scan and the last pass that were begun; under mr_work_lock. */
static u32 last_round;
static u64 last_pass;
/* When a dirty group was tried last, monotonic; under mr_work_lock. */
static u64 last_kick_ns;

/**
 * mr_pass_alloc() - prepare for passes
 * @root: the root group of the memory controller
 * @ops: how to get along
 *
 * Return: the pass or NULL.
 */
struct mr_pass *mr_pass_alloc(struct cgroup_subsys_state *root,
			      const struct mr_pass_ops *ops)
{
	struct mr_pass *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	p->root = root;
	p->ops = ops;
	p->batch = MR_BATCH_MIN;
	p->cf = mr_cgfile_alloc();
	p->path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!p->cf || !p->path) {
		mr_pass_free(p);
		return NULL;
	}
	return p;
}

/**
 * mr_pass_free() - the opposite of mr_pass_alloc()
 * @p: the pass or NULL
 */
void mr_pass_free(struct mr_pass *p)
{
	if (!p)
		return;
	mr_cgfile_free(p->cf);
	kfree(p->path);
	kfree(p);
}

static bool is_offline(const struct cgroup_subsys_state *css)
{
	return mr_css_is_offline(css);
}

/* The path stays known until css_free_rwork_fn() drops the kernfs node. */
static bool in_subtree(struct mr_pass *p, struct cgroup_subsys_state *css)
{
	if (mr_subtree_all())
		return true;
	if (cgroup_path(css->cgroup, p->path, PATH_MAX) < 0)
		return false;
	return mr_subtree_match(p->path);
}

static void count_taken(struct mr_pass *p, u64 bytes)
{
	p->taken_bytes += bytes;
	mr_count(&mr_counters.evicted_bytes, bytes);
}

/*
 * Evict a group, batch by batch. May drop the work lock.
 *
 * A remainder smaller than a reclaim batch is most often pinned, and asking
 * for it is expensive: left for the next pass, unless this is to be thorough.
 */
static enum mr_result evict_group(struct mr_pass *p,
				  struct cgroup_subsys_state *css,
				  struct mr_lru_size *size, u64 *bytes,
				  u64 *work_ns)
{
	unsigned long want, taken;
	u64 start, took;
	bool swap;
	int ret;

	for (;;) {
		swap = READ_ONCE(mr_config.swap);
		want = mr_evictable(size, swap);
		if (!want)
			return MR_RES_TAKEN;
		if (*bytes && want < MR_BATCH_MIN && !p->ops->everything)
			return MR_RES_PARTIAL;

		p->batch = min(p->batch, READ_ONCE(mr_config.batch_pages));
		start = ktime_get_ns();
		ret = mr_evict_batch(p->cf, css, mr_reclaim_ask(p->batch, want),
				     swap, p->ops->cut_us, size, &taken);
		took = ktime_get_ns() - start;
		mr_hist_add(&mr_counters.batch_ns, took);
		*work_ns += took;
		p->batch = mr_next_batch(p->batch,
					 READ_ONCE(mr_config.batch_pages),
					 took);
		*bytes += (u64)taken * PAGE_SIZE;
		count_taken(p, (u64)taken * PAGE_SIZE);

		if (p->ops->relax())
			return MR_RES_STOPPED;
		if (!taken)
			return *bytes ? MR_RES_PARTIAL : MR_RES_BUSY;
		if (ret == -EAGAIN)
			return MR_RES_PARTIAL;
	}
}

/*
 * An empty group that stays may sit in per-CPU batches or stocks. Bounded per
 * pass and per group, as it costs the other CPUs something. Not where there
 * are children, as reclaim would go on to them.
 */
static void drain_group(struct mr_pass *p, struct cgroup_subsys_state *css,
			struct mr_group *g)
{
	if (!p->drains || g->level >= DRAINS_PER_GROUP ||
	    !list_empty(&css->children))
		return;
	p->drains--;
	mr_cgfile_drain(p->cf, css);
	g->level++;
	g->tried_ns = ktime_get_ns();
}

/* Whether a group was judged fit for work; called under rcu_read_lock(). */
static bool is_ripe(const struct cgroup_subsys_state *css)
{
	struct mr_group g;

	return mr_css_is_offline(css) &&
	       !mr_groups_read(css->id, css->serial_nr, &g) &&
	       g.result >= MR_RES_TAKEN;
}

static bool due(struct mr_pass *p, const struct mr_group *g)
{
	if (p->ops->everything)
		return true;
	return mr_retry_due(p->now_ns, g->tried_ns, g->level,
			    READ_ONCE(mr_config.scan_interval_ms));
}

/* Whether files that the group wrote keep it until they are written out. */
static bool files_wait(struct mr_pass *p, const struct mr_group *g)
{
	if (p->scan_round && g->dirty_round == p->scan_round)
		return true;
	/* A scan knows no better than the last pass. */
	return !p->act && g->result == MR_RES_DIRTY;
}

/*
 * Whether to pass over a group because its files wait to be written. Trying
 * would be expensive and in vain, but for one thing: reclaim that meets nothing
 * but dirty pages starts the write-out (wakeup_flusher_threads() in
 * mm/vmscan.c). So one such group is tried now and then.
 */
static bool dirty(struct mr_pass *p, const struct mr_group *g)
{
	if (g->dirty_round != p->scan_round || p->ops->everything)
		return false;
	if (p->now_ns - last_kick_ns < KICK_MS * NSEC_PER_MSEC || !due(p, g))
		return true;
	last_kick_ns = p->now_ns;
	return false;
}

static void work_on(struct mr_pass *p, struct cgroup_subsys_state *css,
		    struct mr_group *g, struct mr_lru_size *size)
{
	u64 id = cgroup_id(css->cgroup), bytes = 0, ns = 0;
	unsigned int level = g->result == MR_RES_STUCK ? 0 : g->level;
	enum mr_result result;
	bool replaced;

	trace_reap_group_begin(id, p->method);
	result = evict_group(p, css, size, &bytes, &ns);
	mr_hist_add(&mr_counters.group_ns, ns);
	trace_reap_group_end(id, p->method, bytes, ns, mr_result_name(result));
	p->tried++;

	/* The work lock may have been dropped: look the entry up again. */
	g = mr_groups_get(css->id, css->serial_nr, p->now_ns, p->round,
			  &replaced);
	if (!g)
		return;
	g->result = result;
	g->tried_ns = ktime_get_ns();
	if (result != MR_RES_STOPPED)
		g->level = mr_next_level(level, bytes);
}

/* Look at one offline group, held by the cursor, and act if it is due. */
static void visit(struct mr_pass *p, struct cgroup_subsys_state *css)
{
	struct mr_lru_size size;
	struct mr_group *g;
	bool replaced, swap = READ_ONCE(mr_config.swap);

	p->seen++;
	mr_lru_read(css, &size);
	g = mr_groups_get(css->id, css->serial_nr, p->now_ns, p->round,
			  &replaced);
	if (replaced)
		mr_count(&mr_counters.freed_groups, 1);
	if (!g) {
		p->busy++;
		goto count;
	}

	if (!in_subtree(p, css)) {
		g->result = MR_RES_OUTSIDE;
		goto count;
	}
	if (!p->ops->everything &&
	    !mr_old_enough(p->now_ns, g->first_ns,
			   READ_ONCE(mr_config.min_age_ms))) {
		g->result = MR_RES_YOUNG;
		goto count;
	}
	/* Came after the scan: next time, else a pass would never end. */
	if (p->act && g->first_ns > p->start_ns)
		goto count;
	/* Reclaim would go on to the children, whatever their age. */
	if (!mr_all_children(css, is_ripe)) {
		g->result = MR_RES_PARENT;
		p->busy++;
		goto count;
	}
	if (!mr_evictable(&size, swap) && files_wait(p, g)) {
		g->result = MR_RES_DIRTY;
		p->busy++;
		goto count;
	}
	if (!mr_evictable(&size, swap)) {
		g->result = MR_RES_STUCK;
		p->stuck++;
		if (p->act && !mr_lru_total(&size) && due(p, g))
			drain_group(p, css, g);
		goto count;
	}
	if (p->act && dirty(p, g))
		g->result = MR_RES_DIRTY;
	else if (p->act && (g->result == MR_RES_STUCK || due(p, g)))
		work_on(p, css, g, &size);
	else if (g->result < MR_RES_TAKEN)
		g->result = MR_RES_NONE;
	if (mr_evictable(&size, swap))
		p->busy++;
count:
	p->held_bytes += (u64)mr_lru_total(&size) * PAGE_SIZE;
}

/* Walk over all groups. Returns 0 if none was left out. */
static int walk(struct mr_pass *p)
{
	struct cgroup_subsys_state *css;
	unsigned long gone;
	struct mr_cursor cur;
	int ret = 0;

	p->seen = 0;
	p->busy = 0;
	p->stuck = 0;
	p->held_bytes = 0;
	p->drains = DRAINS_PER_PASS;
	p->method = READ_ONCE(mr_config.method);
	p->round = ++last_round;

	mr_cursor_start(&cur, p->root);
	while (!ret && (css = mr_cursor_next(&cur, is_offline))) {
		p->now_ns = ktime_get_ns();
		if (!IS_ERR(css))
			visit(p, css);
		ret = p->ops->relax();
	}
	mr_cursor_end(&cur);
	if (ret)
		return ret;

	gone = mr_groups_sweep(p->round);
	mr_count(&mr_counters.freed_groups, gone);
	/* Not if a later scan has ended while this one slept. */
	p->published = p->round == last_round;
	if (!p->published)
		return 0;
	WRITE_ONCE(mr_counters.offline_groups, p->seen);
	WRITE_ONCE(mr_counters.offline_bytes, p->held_bytes);
	WRITE_ONCE(mr_counters.stuck_groups, p->stuck);
	return 0;
}

static bool switch_wanted(const struct cgroup_subsys_state *css, void *arg)
{
	return is_ripe(css);
}

static void note_dirty(const struct cgroup_subsys_state *css, void *arg)
{
	struct mr_pass *p = arg;

	mr_groups_mark_dirty(css->id, css->serial_nr, p->scan_round);
}

static int switch_relax(void *arg)
{
	struct mr_pass *p = arg;

	return p->ops->relax();
}

/*
 * Switch inodes until none is left that can be. The kernel has about 1024
 * switches in flight at most: when it refuses, wait for it, but not for ever.
 */
static int switch_inodes(struct mr_pass *p)
{
	unsigned int refused = 0;
	struct mr_inode_switch sw = {
		.want = switch_wanted,
		.dirty = note_dirty,
		.relax = switch_relax,
		.arg = p,
	};
	int ret;

	do {
		ret = mr_inode_switch_round(&sw);
		mr_count(&mr_counters.switched_inodes, sw.switched);
		refused = sw.switched ? 0 : refused + 1;
		if (!sw.switched && (!sw.full || refused > SWITCH_REFUSALS))
			break;
		if (!ret)
			ret = p->ops->pause(SWITCH_PAUSE_MS);
	} while (!ret);
	return ret;
}

/**
 * mr_pass_scan() - look at all groups, do nothing
 * @p: the pass
 *
 * Notes which groups are offline, and counts those that are gone.
 *
 * Context: under mr_work_lock, which @p's ops may drop; sleeps.
 *
 * Return: 0, or what ops->relax() returned.
 */
int mr_pass_scan(struct mr_pass *p)
{
	p->act = false;
	return walk(p);
}

/* Act on what the scan has seen. */
static int act(struct mr_pass *p)
{
	int ret;

	p->start_ns = ktime_get_ns();
	p->scan_round = p->round;
	/* Also finds out which groups wait for their files to be written. */
	ret = switch_inodes(p);
	if (ret)
		return ret;
	p->act = true;
	ret = walk(p);
	if (!ret)
		ret = switch_inodes(p);
	return ret;
}

/*
 * Count what is left, once the kernel has freed the rest: that takes several
 * grace periods and workqueues, and is over when the number falls no more.
 */
static int finish(struct mr_pass *p)
{
	unsigned long before;
	int i, ret = 0;

	for (i = 0; !ret && i < SETTLE_PAUSES; i++) {
		before = p->seen;
		ret = p->ops->pause(SETTLE_PAUSE_MS);
		if (!ret)
			ret = mr_pass_scan(p);
		if (!p->seen || (i > 1 && p->seen == before))
			break;
	}
	return ret;
}

/**
 * mr_pass_run() - one full pass
 * @p: the pass
 *
 * A scan, then work on what it has seen: a pass ends, however fast groups come
 * and go meanwhile.
 *
 * Context: under mr_work_lock, which @p's ops may drop; sleeps.
 *
 * Return: 0, or what ops->relax() or ops->pause() returned.
 */
int mr_pass_run(struct mr_pass *p)
{
	unsigned long seen;
	u64 pass = ++last_pass;
	int ret;

	trace_reap_pass_begin(pass, READ_ONCE(mr_config.method),
			      mr_nr_dying(p->root));
	p->tried = 0;
	p->taken_bytes = 0;
	ret = mr_pass_scan(p);
	/* A group that was removed just now goes offline in a moment. */
	if (!ret && p->ops->everything && mr_nr_dying(p->root) > (long)p->seen) {
		ret = p->ops->pause(SETTLE_PAUSE_MS);
		if (!ret)
			ret = mr_pass_scan(p);
	}
	seen = p->seen;
	if (!ret && seen)
		ret = act(p);
	if (!ret && seen && p->ops->everything)
		ret = finish(p);
	mr_count(&mr_counters.passes, 1);
	trace_reap_pass_end(pass, seen, p->tried, p->taken_bytes, ret);
	return ret;
}
