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
#include "fence.h"
#include "find.h"
#include "frames.h"
#include "groups.h"
#include "hugetlb.h"
#include "inode_switch.h"
#include "lru.h"
#include "pass.h"
#include "pcp.h"
#include "policy.h"
#include "recharge.h"
#include "reparent.h"
#include "trace.h"

/*
 * Groups whose per-CPU leftovers are drained in a pass, and how often each,
 * before it is only one in a pass that is tried again.
 */
#define DRAINS_PER_PASS		16
#define DRAINS_PER_GROUP	3
/*
 * How long a wave is gathered: groups are small, and the more of them share a
 * grace period the better.
 */
#define WAVE_NS			(2 * NSEC_PER_MSEC)
/* Page frames looked at between two reschedule points. */
#define FRAMES_BATCH		4096
/*
 * Attempts at what is in use but can't be recharged just now: it is dirty, or someone
 * has a reference. With the default interval the last is after half a minute, when
 * dirty pages are written.
 */
#define PATIENT_ATTEMPTS	4
/* Between attempts at dirty groups. */
#define KICK_MS			200ULL
/* While the kernel works off the inode switches that it has accepted. */
#define SWITCH_PAUSE_MS		20
#define SWITCH_REFUSALS		50
/* While emptied groups are freed, before `reap` counts what is left. */
#define SETTLE_PAUSE_MS		100
#define SETTLE_PAUSES		20

/*
 * Ends repetitions of reclaim in a small group, of which the first attempt can take
 * all. Before the last of them all CPUs are drained (lru_add_drain_all() in
 * memory_reclaim(), mm/memcontrol.c, 6.1 and 6.12): not for each group that is in use.
 */
#define CUT_SMALL_US		25U

/* See pass.h. */
DEFINE_MUTEX(mr_work_lock);

/*
 * The last scan, look for dirty inodes, and pass that were begun; under
 * mr_work_lock.
 */
static u32 last_round;
static u32 last_dirty_round;
static u64 last_pass;
/* When a dirty group was tried last, monotonic; under mr_work_lock. */
static u64 last_kick_ns;
/*
 * When the pass began that was ended early, and that no later one has
 * completed; monotonic, 0: none; under mr_work_lock.
 */
static u64 unfinished_ns;
/*
 * The last walk over page frames, under mr_work_lock: when it ended, and how
 * often in a row it took none.
 */
static struct {
	u64 tried_ns;
	unsigned int level;
} last_frames;
/* The same of the last walk over inodes, on kernels that need one. */
static struct {
	u64 tried_ns;
	unsigned int level;
} last_inodes;

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
	p->late = true;
	p->cf = mr_cgfile_alloc();
	p->path = kmalloc(PATH_MAX, GFP_KERNEL);
	p->fence = mr_fence_alloc();
	p->wave = mr_wave_alloc();
	if (!p->cf || !p->path || !p->fence || !p->wave) {
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
	mr_wave_free(p->wave);
	mr_fence_free(p->fence);
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

/* Whether folios are moved to other groups, not freed. */
static bool moves(const struct mr_pass *p)
{
	return p->method == MR_REPARENT || p->method == MR_RECHARGE;
}

static void count_taken(struct mr_pass *p, u64 bytes)
{
	u64 recharged;

	p->taken_bytes += bytes;
	if (!moves(p)) {
		mr_count(&mr_counters.evicted_bytes, bytes);
		return;
	}
	recharged = (u64)mr_wave_recharged(p->wave) * PAGE_SIZE;
	mr_count(&mr_counters.recharged_bytes, recharged);
	mr_count(&mr_counters.reparented_bytes, bytes - recharged);
}

/* What the method may be able to take, pages. */
static unsigned long takeable(const struct mr_pass *p,
			      const struct mr_lru_size *size)
{
	if (moves(p))
		return mr_lru_total(size);
	return mr_evictable(size, READ_ONCE(mr_config.swap));
}

/*
 * Put back what is on its way, which takes a grace period of sleep. One batch
 * is all the work on a wave, before that sleep and after.
 */
static void end_wave(struct mr_pass *p)
{
	u64 start;

	if (mr_wave_empty(p->wave))
		return;
	mr_wave_wait(p->wave);
	start = ktime_get_ns();
	mr_wave_put_back(p->wave);
	mr_hist_add(&mr_counters.batch_ns,
		    p->wave_work_ns + ktime_get_ns() - start);
}

static void begin_wave(struct mr_pass *p, u64 now_ns)
{
	p->wave_ns = now_ns;
	p->wave_work_ns = 0;
}

/*
 * Between batches; the time is looked at anew. A wave is gathered without a rest, since
 * a rest may be long and what is in the wave is out of everyone's reach.
 */
static int breathe(struct mr_pass *p)
{
	bool clock_read = p->clock_read;
	int ret;

	p->clock_read = false;
	if (!mr_wave_empty(p->wave) && !mr_wave_full(p->wave)) {
		cond_resched();
		/* Who worked on a group has just done so. */
		if (!clock_read)
			p->now_ns = ktime_get_ns();
		if (p->now_ns - p->wave_ns < WAVE_NS)
			return 0;
	}
	end_wave(p);
	ret = p->ops->relax();
	p->now_ns = ktime_get_ns();
	return ret;
}

/*
 * One batch. Groups of two full batches and more get a fence. The next batch's
 * size follows the time that reclaim itself took: that of the fence is much the
 * same for any.
 */
static int evict_batch(struct mr_pass *p, struct cgroup_subsys_state *css,
		       struct mr_lru_size *size, unsigned long want, bool swap,
		       unsigned long *taken)
{
	unsigned int max = READ_ONCE(mr_config.batch_pages);
	unsigned int cut_us = p->ops->cut_us;
	unsigned long ask;
	u64 start;
	int ret;

	if (want <= MR_BATCH_MIN)
		cut_us = min(cut_us, CUT_SMALL_US);
	p->batch = min(p->batch, max);
	ask = mr_reclaim_ask(p->batch, want);
	if (want > 2 * min(max, MR_FENCE_MAX_BEFORE) &&
	    mr_fence_up(p->fence, css, p->batch, swap))
		ask = 1;
	start = ktime_get_ns();
	ret = mr_evict_batch(p->cf, css, ask, swap, cut_us, size, taken);
	p->batch = mr_next_batch(p->batch, max, ktime_get_ns() - start);
	mr_fence_down(p->fence);
	return ret;
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
	bool swap, drained = false;
	u64 start, took;
	int ret;

	for (;;) {
		swap = READ_ONCE(mr_config.swap);
		want = mr_evictable(size, swap);
		if (!want)
			return MR_RES_TAKEN;
		if (*bytes && want < MR_BATCH_MIN && !p->ops->everything)
			return MR_RES_PARTIAL;

		start = ktime_get_ns();
		ret = evict_batch(p, css, size, want, swap, &taken);
		took = ktime_get_ns() - start;
		mr_hist_add(&mr_counters.batch_ns, took);
		*work_ns += took;
		*bytes += (u64)taken * PAGE_SIZE;
		count_taken(p, (u64)taken * PAGE_SIZE);

		if (p->ops->relax())
			return MR_RES_STOPPED;
		/* Cut before reclaim had CPUs let go of pages. */
		if (!taken && ret == -EINTR && !drained &&
		    mr_pcp_may_drain_all()) {
			drained = true;
			continue;
		}
		if (!taken)
			return *bytes ? MR_RES_PARTIAL : MR_RES_BUSY;
		if (ret == -EAGAIN)
			return MR_RES_PARTIAL;
	}
}

/*
 * Reparent a group, batch by batch. May drop the work lock.
 */
static enum mr_result reparent_group(struct mr_pass *p,
				     struct cgroup_subsys_state *css,
				     struct mr_lru_size *size, u64 *bytes,
				     u64 *work_ns, u8 *skipped)
{
	struct mr_gather g;
	unsigned long before;
	u64 start, took;
	bool done;

	mr_gather_start(&g, css, size);
	do {
		before = g.taken;
		start = p->now_ns;
		if (mr_wave_empty(p->wave))
			begin_wave(p, start);
		done = mr_gather_lists(p->wave, &g,
				       READ_ONCE(mr_config.batch_pages));
		p->now_ns = ktime_get_ns();
		p->clock_read = true;
		took = p->now_ns - start;
		p->wave_work_ns += took;
		*work_ns += took;
		count_taken(p, (u64)(g.taken - before) * PAGE_SIZE);
		if (!done && breathe(p)) {
			*bytes = (u64)g.taken * PAGE_SIZE;
			return MR_RES_STOPPED;
		}
	} while (!done);

	*bytes = (u64)g.taken * PAGE_SIZE;
	*skipped = g.skipped;
	/* What has come meanwhile is for the next pass. */
	if (g.taken >= mr_lru_total(size))
		*size = (struct mr_lru_size){};
	else
		mr_lru_read(css, size);
	if (!mr_lru_total(size))
		return MR_RES_TAKEN;
	if (g.taken)
		return MR_RES_PARTIAL;
	if (g.skipped & ~MR_SKIP_TRANSIENT && !(g.skipped & MR_SKIP_TRANSIENT) &&
	    !size->unevictable)
		return MR_RES_STUCK;
	return MR_RES_BUSY;
}

/*
 * An empty group that stays may sit in per-CPU batches or stocks. Bounded per
 * pass and per group, as it costs the other CPUs something; but drain_all_stock()
 * in mm/memcontrol.c does nothing while someone else is in it, so that after
 * the first few times it is done now and then, backed off. Not where there
 * are children, as reclaim would go on to them. When reparenting, act() has
 * drained the batches of all CPUs in one go, so the first time only counts.
 */
static void drain_group(struct mr_pass *p, struct cgroup_subsys_state *css,
			struct mr_group *g)
{
	if (g->level >= DRAINS_PER_GROUP && !p->ops->everything) {
		if (p->drained_again)
			return;
		p->drained_again = true;
	}
	if (p->method == MR_EVICT || g->level) {
		if (!p->drains || !list_empty(&css->children))
			return;
		p->drains--;
		mr_cgfile_drain(p->cf, css);
	}
	g->level = mr_next_level(g->level, false);
	g->tried_ns = ktime_get_ns();
}

/* Whether a group was judged fit for work; called under rcu_read_lock(). */
static bool is_ripe(const struct cgroup_subsys_state *css)
{
	struct mr_group g;

	return mr_css_is_offline(css) &&
	       !mr_groups_read(css->id, css->serial_nr, &g) &&
	       g.result >= MR_RES_WORKING;
}

/* Whether what is in use may wait; with a reference, or under rcu_read_lock(). */
static bool is_early(const struct cgroup_subsys_state *css)
{
	struct mr_group g;

	return !mr_groups_read(css->id, css->serial_nr, &g) &&
	       g.level < PATIENT_ATTEMPTS;
}

/*
 * Whether this walk leaves a group to another one: it was tried in this pass,
 * or in the unfinished one, which is completed first.
 */
static bool had_its_turn(const struct mr_pass *p, const struct mr_group *g)
{
	return g->tried_ns >= p->turn_ns;
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
	if (p->dirty_round && g->dirty_round == p->dirty_round)
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
	if (g->dirty_round != p->dirty_round || p->ops->everything)
		return false;
	if (p->now_ns - last_kick_ns < KICK_MS * NSEC_PER_MSEC || !due(p, g))
		return true;
	last_kick_ns = p->now_ns;
	return false;
}

/*
 * A group that had nothing to take and has something now: what its back-off
 * counted was something else.
 */
static bool revived(const struct mr_group *g)
{
	return g->result == MR_RES_STUCK && !g->skipped;
}

static enum mr_result work_on(struct mr_pass *p,
			      struct cgroup_subsys_state *css,
			      struct mr_group *g, struct mr_lru_size *size)
{
	u64 id = cgroup_id(css->cgroup), bytes = 0, ns = 0;
	unsigned int level = revived(g) ? 0 : g->level;
	unsigned long forgotten = mr_groups_forgotten();
	enum mr_result result;
	u8 skipped = 0;
	bool replaced;

	trace_reap_group_begin(id, p->method);
	/* Reclaim may wait for I/O: readers of the table see for which group. */
	g->result = MR_RES_WORKING;
	if (moves(p))
		result = reparent_group(p, css, size, &bytes, &ns, &skipped);
	else
		result = evict_group(p, css, size, &bytes, &ns);
	mr_hist_add(&mr_counters.group_ns, ns);
	trace_reap_group_end(id, p->method, bytes, ns, mr_result_name(result));
	p->tried++;
	if (result == MR_RES_TAKEN)
		mr_lag_emptied(&p->lag);

	/* The work lock may have been dropped. */
	if (mr_groups_forgotten() != forgotten)
		g = mr_groups_get(css->id, css->serial_nr, p->now_ns, p->round,
				  &replaced);
	if (!g)
		return result;
	g->result = result;
	g->skipped = skipped;
	/* The clock was read at the end of the last batch; reclaim may have slept since. */
	g->tried_ns = moves(p) ? p->now_ns : ktime_get_ns();
	if (result != MR_RES_STOPPED)
		g->level = mr_next_level(level, bytes);
	return result;
}

/* Count pages that are on no list: they will be looked for by frame. */
static void note_unlisted(struct mr_pass *p, struct cgroup_subsys_state *css,
			  struct mr_group *g, unsigned long unevictable)
{
	unsigned long pages;

	if (!p->act || !moves(p))
		return;
	pages = unevictable + mr_hugetlb_pages(p->cf, css);
	p->unlisted += pages;
	if (pages && !g->framed) {
		p->new_unlisted = true;
		g->framed = true;
	}
}

/*
 * Whether a group has come since the pass began: it is for the next one, else this
 * would never end. Without a scan to tell, these are as many as there are more than
 * were counted: new groups come last.
 */
static bool came_later(const struct mr_pass *p, const struct mr_group *g)
{
	return p->counted ? p->seen > p->counted : g->first_ns > p->start_ns;
}

/* Look at one offline group, held by the cursor, and act if it is due. */
static void visit(struct mr_pass *p, struct cgroup_subsys_state *css)
{
	enum mr_result result = MR_RES_BUSY;
	struct mr_lru_size size;
	struct mr_group *g;
	bool replaced;

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
	/* The next pass has all CPUs drained before it looks. */
	if (p->ops->everything || g->level < DRAINS_PER_GROUP)
		p->late = true;
	if (!p->ops->everything &&
	    !mr_old_enough(p->now_ns, g->first_ns,
			   READ_ONCE(mr_config.min_age_ms))) {
		g->result = MR_RES_YOUNG;
		goto count;
	}
	if (p->act && came_later(p, g))
		goto count;
	/* Reclaim would go on to the children, whatever their age. */
	if (p->method == MR_EVICT && !mr_all_children(css, is_ripe)) {
		g->result = MR_RES_PARENT;
		p->busy++;
		goto count;
	}
	note_unlisted(p, css, g, size.unevictable);
	if (!takeable(p, &size) && files_wait(p, g)) {
		g->result = MR_RES_DIRTY;
		p->busy++;
		goto count;
	}
	if (!takeable(p, &size)) {
		g->result = MR_RES_STUCK;
		g->skipped = 0;
		p->stuck++;
		if ((p->act || p->settle) && !mr_lru_total(&size) && due(p, g))
			drain_group(p, css, g);
		goto count;
	}
	if (p->act && p->method == MR_EVICT && dirty(p, g))
		g->result = MR_RES_DIRTY;
	else if (p->act && !had_its_turn(p, g) &&
		 (revived(g) || due(p, g)))
		result = work_on(p, css, g, &size);
	else if (g->result < MR_RES_WORKING)
		g->result = MR_RES_NONE;
	else if (moves(p))
		result = g->result;
	if (result == MR_RES_STUCK)
		p->stuck++;
	else if (takeable(p, &size))
		p->busy++;
count:
	p->held_bytes += (u64)mr_lru_total(&size) * PAGE_SIZE;
}

/*
 * Removed groups that the kernel has yet to free. A css is the first of a group to go,
 * and much is to be done after that.
 */
static int unfreed(const struct mr_pass *p)
{
	return READ_ONCE(p->root->cgroup->nr_dying_descendants);
}

/*
 * Sleep where the kernel is behind with freeing groups; not with a wave under way, whose
 * groups it can't free.
 */
static int keep_pace(struct mr_pass *p)
{
	unsigned int ms;
	int ret = 0;

	if (!mr_lag_due(&p->lag) || !mr_wave_empty(p->wave))
		return 0;
	while (!ret && (ms = mr_lag_wait(&p->lag, unfreed(p)))) {
		ret = p->ops->pause(ms);
		p->now_ns = ktime_get_ns();
	}
	return ret;
}

/* The controller can be moved to v1 as long as there are no groups. */
static unsigned int method(void)
{
	unsigned int method = READ_ONCE(mr_config.method);

	if ((method == MR_REPARENT && mr_reparent_refusal()) ||
	    (method == MR_RECHARGE && mr_recharge_refusal()))
		return MR_EVICT;
	return method;
}

/* Forget what this walk did not meet. Returns 0 if nothing was left out. */
static int sweep(struct mr_pass *p)
{
	unsigned long at = 0, gone;
	bool more;
	int ret;

	do {
		gone = 0;
		more = mr_groups_sweep(&at, p->round, &gone);
		mr_count(&mr_counters.freed_groups, gone);
		ret = more ? p->ops->relax() : 0;
	} while (more && !ret);
	return ret;
}

/* Walk over all groups. Returns 0 if none was left out. */
static int walk(struct mr_pass *p)
{
	struct cgroup_subsys_state *css;
	struct mr_cursor cur;
	int ret = 0;

	p->seen = 0;
	p->busy = 0;
	p->stuck = 0;
	p->held_bytes = 0;
	p->unlisted = 0;
	p->late = false;
	p->drains = DRAINS_PER_PASS;
	p->drained_again = false;
	p->method = method();
	mr_wave_recharge(p->wave, p->method == MR_RECHARGE ? is_early : NULL);
	p->round = ++last_round;
	mr_lag_init(&p->lag, unfreed(p));

	mr_cursor_start(&cur, p->root);
	p->now_ns = ktime_get_ns();
	while (!ret && (css = mr_cursor_next(&cur, is_offline))) {
		if (!IS_ERR(css))
			visit(p, css);
		ret = breathe(p);
		if (!ret)
			ret = keep_pace(p);
	}
	end_wave(p);
	mr_cursor_end(&cur);
	if (!ret)
		ret = sweep(p);
	if (ret)
		return ret;

	/* Not if a later scan has ended while this one slept. */
	p->published = p->round == last_round;
	if (!p->published)
		return 0;
	WRITE_ONCE(mr_counters.offline_groups, p->seen);
	WRITE_ONCE(mr_counters.offline_bytes, p->held_bytes);
	WRITE_ONCE(mr_counters.stuck_groups, p->stuck);
	return 0;
}

/* A group that was found or emptied since, and not in vain several times. */
static bool is_new_since(const struct cgroup_subsys_state *css, u64 then_ns)
{
	struct mr_group g;

	return !mr_groups_read(css->id, css->serial_nr, &g) && g.level <= 1 &&
	       max(g.first_ns, g.tried_ns) > then_ns;
}

/*
 * Dirty inodes stay where they are as long as `evict` waits for their pages: a
 * group's writeback tells whether they are written (see dirty()).
 */
static enum mr_switch_want
switch_wanted(const struct cgroup_subsys_state *css, void *arg)
{
	struct mr_pass *p = arg;
	struct mr_lru_size size;

	if (!is_ripe(css))
		return MR_SWITCH_NONE;
	if (MR_WB_CLEAN_UNLISTED && !p->new_inodes &&
	    is_new_since(css, last_inodes.tried_ns))
		p->new_inodes = true;
	mr_lru_read(css, &size);
	return takeable(p, &size) && p->method == MR_EVICT ? MR_SWITCH_CLEAN :
							     MR_SWITCH_ALL;
}

/*
 * Nothing but a writeback seems to hold the group, and that had the time to go with its
 * last inode: several passes.
 */
static bool is_lost(const struct cgroup_subsys_state *css, void *arg)
{
	struct mr_pass *p = arg;
	struct mr_group g;

	if (mr_groups_read(css->id, css->serial_nr, &g) ||
	    g.result != MR_RES_STUCK || g.level < DRAINS_PER_GROUP)
		return false;
	/* It has just got there: worth a walk at once. */
	if (g.level == DRAINS_PER_GROUP && g.tried_ns > last_inodes.tried_ns)
		p->new_inodes = true;
	return true;
}

static void note_dirty(const struct cgroup_subsys_state *css, void *arg)
{
	struct mr_pass *p = arg;

	mr_groups_mark_dirty(css->id, css->serial_nr, p->dirty_round);
}

static int switch_relax(void *arg)
{
	struct mr_pass *p = arg;

	return p->ops->relax();
}

static bool switch_stop(void *arg)
{
	struct mr_pass *p = arg;

	return p->ops->stop();
}

/* Not again soon if it is the same groups whose inodes were not found. */
static bool switch_walk(void *arg)
{
	struct mr_pass *p = arg;

	return p->ops->everything || p->new_inodes ||
	       mr_retry_due(ktime_get_ns(), last_inodes.tried_ns,
			    last_inodes.level,
			    READ_ONCE(mr_config.scan_interval_ms));
}

/*
 * Switch the inodes that can be. The kernel has about 1024 switches in flight at
 * most: when it refuses, wait for it, but not for ever. What comes meanwhile, or
 * was in use, is for the next pass, unless this is to be thorough.
 */
static int switch_inodes(struct mr_pass *p)
{
	unsigned int refused = 0;
	struct mr_inode_switch sw = {
		.want = switch_wanted,
		.lost = is_lost,
		.dirty = note_dirty,
		.relax = switch_relax,
		.stop = switch_stop,
		.walk = switch_walk,
		.arg = p,
	};
	int ret;

	do {
		p->dirty_round = ++last_dirty_round;
		p->new_inodes = false;
		ret = mr_inode_switch_round(&sw);
		mr_count(&mr_counters.switched_inodes, sw.switched);
		if (sw.walked) {
			last_inodes.tried_ns = ktime_get_ns();
			last_inodes.level = mr_next_level(last_inodes.level,
							  sw.switched);
		}
		refused = sw.switched ? 0 : refused + 1;
		if (!sw.full && (!sw.switched || !p->ops->everything))
			break;
		if (refused > SWITCH_REFUSALS)
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

static unsigned int frame(struct page *page, void *arg)
{
	struct mr_pass *p = arg;
	bool first = mr_wave_empty(p->wave);
	unsigned long pages = 0;

	/* Nearly always nothing: no clock is read for that. */
	mr_gather_frame(p->wave, page, is_ripe, &pages);
	mr_hugetlb_reparent(page, is_ripe, &pages);
	if (first && !mr_wave_empty(p->wave))
		begin_wave(p, ktime_get_ns());
	if (pages)
		count_taken(p, (u64)pages * PAGE_SIZE);
	p->frame_pages += pages;
	return mr_wave_full(p->wave);
}

/*
 * Unevictable folios and those of hugetlbfs are on no list. Where there are any,
 * look for them in all of memory; not again soon if it is the same groups that
 * have them.
 */
static int walk_frames(struct mr_pass *p)
{
	struct mr_frames f;
	bool more;
	u64 start;
	int ret = 0;

	if (!p->unlisted ||
	    (!p->ops->everything && !p->new_unlisted &&
	     !mr_retry_due(ktime_get_ns(), last_frames.tried_ns,
			   last_frames.level,
			   READ_ONCE(mr_config.scan_interval_ms))))
		return 0;

	p->frame_pages = 0;
	mr_frames_start(&f);
	do {
		start = ktime_get_ns();
		more = mr_frames_next(&f, FRAMES_BATCH, frame, p);
		p->wave_work_ns += ktime_get_ns() - start;
		ret = breathe(p);
	} while (!ret && more);
	end_wave(p);
	if (ret)
		return ret;
	last_frames.tried_ns = ktime_get_ns();
	last_frames.level = mr_next_level(last_frames.level, p->frame_pages);
	return 0;
}

/*
 * Work on the groups. A pass that a signal, a setting or unloading has ended
 * early is completed first: else groups that can't be emptied might take all
 * the time of many short ones, and those after them never get their turn.
 */
static int walk_and_work(struct mr_pass *p)
{
	int ret;

	p->act = true;
	if (unfinished_ns) {
		p->turn_ns = unfinished_ns;
		ret = walk(p);
		if (ret)
			return ret;
	}
	unfinished_ns = p->start_ns;
	p->turn_ns = p->start_ns;
	ret = walk(p);
	/* Not that of a `reap` that came and went meanwhile. */
	if (!ret && unfinished_ns == p->start_ns)
		unfinished_ns = 0;
	return ret;
}

/* Act on what the scan has seen, or the count. */
static int act(struct mr_pass *p)
{
	int ret = 0;

	p->start_ns = ktime_get_ns();
	/*
	 * Also finds out which groups wait for their files to be written, which
	 * folios that are moved do not.
	 */
	if (!p->counted)
		ret = switch_inodes(p);
	if (ret)
		return ret;
	if (moves(p) && p->late)
		mr_pcp_drain();
	ret = walk_and_work(p);
	if (!ret && moves(p))
		ret = walk_frames(p);
	if (!ret)
		ret = switch_inodes(p);
	return ret;
}

/*
 * Count what is left, once the kernel has freed the rest: that takes several
 * grace periods and workqueues, and is over when the number falls no more. A
 * group that was emptied just now may have to be drained as well; and only what has
 * stayed for some time is looked for where it takes long (is_lost()).
 */
static int finish(struct mr_pass *p)
{
	unsigned long before;
	bool again = true;
	int i, ret = 0;

	p->settle = true;
	for (i = 0; !ret && i < SETTLE_PAUSES; i++) {
		before = p->seen;
		ret = p->ops->pause(SETTLE_PAUSE_MS);
		if (!ret)
			ret = mr_pass_scan(p);
		if (!p->seen)
			break;
		if (i <= DRAINS_PER_GROUP || p->seen != before)
			continue;
		if (!again)
			break;
		again = false;
		if (!ret)
			ret = switch_inodes(p);
	}
	p->settle = false;
	return ret;
}

/* Count the groups, which is much cheaper than to look at each. */
static int count(struct mr_pass *p)
{
	unsigned long nr = 0;
	struct mr_cursor cur;
	bool more;
	int ret;

	mr_cursor_start(&cur, p->root);
	do {
		more = mr_cursor_count(&cur, is_offline, &nr);
		ret = p->ops->relax();
	} while (more && !ret);
	mr_cursor_end(&cur);
	if (ret)
		return ret;
	p->counted = nr;
	p->seen = nr;
	WRITE_ONCE(mr_counters.offline_groups, nr);
	return 0;
}

/*
 * What there is to act on. Reclaim wants to know of each group before it begins:
 * which are dirty, and which have children that may not be reclaimed. Where folios are
 * moved a group can be worked on when it is first met.
 */
static int survey(struct mr_pass *p)
{
	int ret;

	p->counted = 0;
	p->method = method();
	if (moves(p)) {
		ret = count(p);
		if (ret || p->seen)
			return ret;
	}
	return mr_pass_scan(p);
}

/**
 * mr_pass_run() - one full pass
 * @p: the pass
 *
 * A scan or a count, then work on as much as that: a pass ends, however fast groups
 * come and go meanwhile. With MR_NONE the scan is all.
 *
 * Context: under mr_work_lock, which @p's ops may drop; sleeps.
 *
 * Return: 0, what ops->relax() or ops->pause() returned, or -ENOMEM.
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
	p->new_unlisted = false;
	ret = survey(p);
	/* A group that was removed just now goes offline in a moment. */
	if (!ret && p->ops->everything && mr_nr_dying(p->root) > (long)p->seen) {
		ret = p->ops->pause(SETTLE_PAUSE_MS);
		if (!ret)
			ret = survey(p);
	}
	seen = p->seen;
	if (!ret && seen && p->method != MR_NONE) {
		ret = act(p);
		if (!ret && p->ops->everything)
			ret = finish(p);
	}
	mr_count(&mr_counters.passes, 1);
	trace_reap_pass_end(pass, seen, p->tried, p->taken_bytes, ret);
	return ret;
}
