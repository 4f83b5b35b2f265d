// SPDX-License-Identifier: GPL-2.0
/*
 * Reparent: hand an offline group's folios to an online ancestor, in place.
 *
 * This is what the kernel does at offline time since 7.1, and what moving
 * charges on v1 did for a decade before (mem_cgroup_move_account() in
 * mm/memcontrol.c, 6.1): a folio's group may be switched while the folio is
 * referenced, locked and isolated. Who may look at it meanwhile, and why that
 * is safe, is in Documentation/races.rst, reader by reader.
 *
 * Folios of many groups make up a wave, so that they share one grace period:
 *
 *   gather	take folios off their lists, and switch their group
 *   wait	one RCU grace period
 *   put back	onto the lists of the new group
 *
 * Statistics are not transferred, but for the sizes of the lists: on v2 all of
 * a group's numbers include those of the groups below it, dead ones too, and
 * for good (cgroup_rstat_flush()). One less below and one more here is zero.
 *
 * A wave can be told to have folios that are in use recharged instead: these go to
 * the group of a user (recharge.c), which is no ancestor, and travel with the rest.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "charge.h"
#include "counters.h"
#include "find.h"
#include "lru.h"
#include "lru_list.h"
#include "recharge.h"
#include "reparent.h"

/*
 * Folios handled under one hold of an lru_lock: twice of what reclaim isolates in one
 * (SWAP_CLUSTER_MAX), as each takes less than half of the time.
 */
#define LOCK_BATCH	64
/*
 * What a wave may take: what is in it is on no list, and can be neither
 * reclaimed nor migrated, for one grace period.
 */
#define WAVE_FOLIOS	1024
#define WAVE_PAGES	(SZ_16M >> PAGE_SHIFT)
#define WAVE_GROUPS	256

/*
 * A folio between two groups. The reference is ours, PG_lru is clear, and the
 * folio is on no list, or LINKED: on that of the wave.
 *
 * @how: its age, see mr_lru_leave(), and LINKED
 */
struct moved {
	struct folio *folio;
	u16 how;
};

#define LINKED	0x100

static u8 age_of(const struct moved *m)
{
	return m->how;
}

static bool is_linked(const struct moved *m)
{
	return m->how & LINKED;
}

/*
 * @from had @folios folios that are in the wave, or back from it. Both css are
 * referenced from the first folio until after the grace period: a reader that
 * found @from through a folio under RCU may go on to change its statistics,
 * and what comes after css_release_work_fn() has flushed them is lost.
 *
 * @shared: @to is referenced by a group before this one in the wave.
 */
struct wave_group {
	struct mem_cgroup *from;
	struct mem_cgroup *to;
	unsigned long folios;
	bool shared;
};

/*
 * Folios of one group and node that take_hold() holds, that are off their lists, and
 * that may be recharged. That takes other locks than can be had under lru_lock.
 */
struct in_use {
	unsigned int nr;
	unsigned long pages;
	struct moved held[LOCK_BATCH];
};

/* What take_hold() holds where it fails. */
enum got {
	GOT_NOTHING,
	GOT_REF,
	GOT_LOCK,
};

/* A folio that can't be taken, and what is to be given back. */
struct left {
	struct folio *folio;
	enum got got;
};

/**
 * struct mr_wave - folios on their way
 * @nr_moved: folios in @moved
 * @nr_pages: pages in them
 * @nr_groups: groups in @groups
 * @list: those of @moved that are LINKED, in the same order, as reclaim has what it has
 *	isolated: who owns PG_lru owns folio->lru
 * @moved: the folios, in the order in which they were taken
 * @groups: where they come from
 * @unwanted: the last group that a frame's folio had and that was not wanted;
 *	compared, never followed
 * @patient: see mr_wave_recharge()
 * @recharged: pages, see mr_wave_recharged()
 * @in_use: of the hold of an lru_lock that is going on
 * @left: the same. Not on the stack, which is cleared in each call where the kernel
 *	is built so (INIT_STACK_ALL_ZERO): for a group of one page, or a frame that
 *	holds nothing, that would be a good part of the work
 *
 * Locking: one user at a time.
 */
struct mr_wave {
	unsigned int nr_moved;
	unsigned int nr_groups;
	unsigned long nr_pages;
	unsigned long unwanted;
	mr_group_fn *patient;
	unsigned long recharged;
	struct list_head list;
	struct in_use in_use;
	struct left left[LOCK_BATCH];
	struct moved moved[WAVE_FOLIOS];
	struct wave_group groups[WAVE_GROUPS];
};

/**
 * mr_reparent_refusal() - why folios can't be reparented here
 *
 * On v1 a group shows its own numbers, without those below it, so they would
 * have to be transferred with every folio, exactly.
 *
 * Return: NULL if they can, else the reason.
 */
const char *mr_reparent_refusal(void)
{
	if (!cgroup_subsys_on_dfl(memory_cgrp_subsys))
		return "the memory controller is not on cgroup v2";
	return NULL;
}

/**
 * mr_wave_alloc() - make an empty wave
 *
 * Return: the wave or NULL.
 */
struct mr_wave *mr_wave_alloc(void)
{
	struct mr_wave *w = kvzalloc(sizeof(*w), GFP_KERNEL);

	if (w)
		INIT_LIST_HEAD(&w->list);
	return w;
}

/**
 * mr_wave_free() - the opposite of mr_wave_alloc()
 * @w: the wave, empty, or NULL
 */
void mr_wave_free(struct mr_wave *w)
{
	WARN_ON_ONCE(w && (!mr_wave_empty(w) || !list_empty(&w->list)));
	kvfree(w);
}

/**
 * mr_wave_recharge() - whether folios that are in use are recharged
 * @w: the wave
 * @patient: whether those of a group that can't be recharged just now stay with it
 *	until they can; else they are reparented. NULL: all are reparented
 */
void mr_wave_recharge(struct mr_wave *w, mr_group_fn *patient)
{
	w->patient = patient;
}

/**
 * mr_wave_recharged() - how many pages went to users
 * @w: the wave
 *
 * Return: pages that were recharged since this was asked last; they are among those
 * that mr_gather_lists() and mr_gather_frame() say were taken.
 */
unsigned long mr_wave_recharged(struct mr_wave *w)
{
	unsigned long pages = w->recharged;

	w->recharged = 0;
	return pages;
}

/**
 * mr_wave_empty() - whether nothing waits to be put back
 * @w: the wave
 *
 * Return: true if so.
 */
bool mr_wave_empty(const struct mr_wave *w)
{
	return !w->nr_groups;
}

/**
 * mr_wave_full() - whether no more can be gathered before it is put back
 * @w: the wave
 *
 * Return: true if so.
 */
bool mr_wave_full(const struct mr_wave *w)
{
	return w->nr_moved > WAVE_FOLIOS - LOCK_BATCH ||
	       w->nr_pages >= WAVE_PAGES || w->nr_groups == WAVE_GROUPS;
}

/*
 * The place of @css, referenced by the caller, in the wave; new groups come
 * last. The wave is not full.
 */
static struct wave_group *wave_group(struct mr_wave *w,
				     struct cgroup_subsys_state *css)
{
	struct mem_cgroup *from = mem_cgroup_from_css(css);
	struct wave_group *g = &w->groups[w->nr_groups];
	int i;

	/* By frame, folios of a few groups may alternate. */
	for (i = 1; i <= 4 && i <= w->nr_groups; i++)
		if (g[-i].from == from)
			return g - i;
	css_get(css);
	g->from = from;
	g->folios = 0;
	/* Siblings, which most are. */
	g->shared = w->nr_groups && g[-1].from->css.parent == css->parent &&
		    mr_css_is_online(&g[-1].to->css);
	g->to = g->shared ? g[-1].to :
			    mem_cgroup_from_css(mr_online_ancestor_get(css));
	w->nr_groups++;
	return g;
}

/*
 * Whether a folio can't be moved, and why. Stable under the folio lock; a hint
 * for a folio that is merely on a list.
 *
 * - Under writeback: its group may be looked at by who started the I/O
 *   (wbc_account_cgroup_owner()) without the folio lock.
 * - Large and anonymous: it may be on, or be about to be put on, its group's
 *   list of folios to split, under that group's lock
 *   (deferred_split_folio() in mm/huge_memory.c).
 * - Poisoned: memory_failure() takes our reference for a user's.
 */
#define UNFIT_FLAGS	(BIT(PG_writeback) | __PG_HWPOISON)

static unsigned int unfit(const struct folio *folio)
{
	if (likely(!(READ_ONCE(folio->flags) & (UNFIT_FLAGS | BIT(PG_head)))))
		return 0;
	if (folio_test_writeback((struct folio *)folio))
		return MR_SKIP_WRITEBACK;
	if (folio_test_large((struct folio *)folio) &&
	    folio_test_anon((struct folio *)folio))
		return MR_SKIP_THP;
	if (folio_test_hwpoison((struct folio *)folio))
		return MR_SKIP_HWPOISON;
	return 0;
}

static int node_of(const struct folio *folio)
{
	/* These bits never change; others of the same word do at any time. */
	return data_race(folio_nid(folio));
}

/*
 * Take hold of one folio: a reference, the folio lock, PG_lru. All are only
 * tried: locks are taken here in an order opposite to everyone else's.
 *
 * *@got says what is held already, nothing or a reference, and what is to be given
 * back where a reason is returned: not under lru_lock, since the reference may be the
 * last, and freeing takes that lock (__page_cache_release()); and unlocking may
 * have many to wake.
 *
 * Under the lru_lock of @from's list that the folio is on, or with a
 * reference of the caller's own; interrupts off.
 */
static unsigned int take_hold(struct folio *folio, struct mem_cgroup *from,
			      enum got *got)
{
	unsigned int why;

	if (folio_test_locked(folio))
		return MR_SKIP_LOCKED;
	why = unfit(folio);
	if (why)
		return why;
	if (*got < GOT_REF && !folio_try_get(folio))
		return MR_SKIP_RACE;
	*got = GOT_REF;
	if (!folio_trylock(folio))
		return MR_SKIP_LOCKED;
	*got = GOT_LOCK;
	why = unfit(folio);
	if (!why && !folio_test_clear_lru(folio))
		why = MR_SKIP_RACE;
	/* Who owns PG_lru, owns the group; no flag may be set besides. */
	if (!why && READ_ONCE(folio->memcg_data) != (unsigned long)from) {
		folio_set_lru(folio);
		why = MR_SKIP_RACE;
	}
	return why;
}

static void give_back(struct folio *folio, enum got got)
{
	if (got >= GOT_LOCK)
		folio_unlock(folio);
	if (got >= GOT_REF)
		folio_put(folio);
}

/* A folio goes along, to the group that it has now. */
static void move(struct mr_wave *w, const struct moved *m)
{
	w->nr_pages += folio_nr_pages(m->folio);
	w->moved[w->nr_moved++] = *m;
}

/*
 * Switch a folio that take_hold() holds, that is off its list now, and counted.
 *
 * WRITE_ONCE(): readers under RCU look at it without any lock.
 */
static void switch_group(struct folio *folio, struct mem_cgroup *to)
{
	WRITE_ONCE(folio->memcg_data, (unsigned long)to);
}

/*
 * The references and charges of @folios folios that are switched. Each holds
 * its group (commit_charge(), uncharge_folio() in mm/memcontrol.c). Nobody can
 * uncharge them meanwhile, as they are isolated and we hold a reference.
 */
static void switch_charges(struct wave_group *g, unsigned long folios,
			   unsigned long pages)
{
	g->folios += folios;
	css_get_many(&g->to->css, folios);
	mr_charge_lift(&g->from->memory, &g->to->memory, !g->to->css.parent,
		       pages);
}

/* The array is long: not cleared. */
static struct in_use *none_in_use(struct mr_wave *w)
{
	w->in_use.nr = 0;
	w->in_use.pages = 0;
	return &w->in_use;
}

/* Whether a folio is to be added to those that may be recharged. */
static bool may_recharge(const struct mr_wave *w, const struct folio *folio)
{
	return w->patient && mr_recharge_candidate(folio);
}

static void hold_in_use(struct in_use *u, const struct moved *m)
{
	u->pages += folio_nr_pages(m->folio);
	u->held[u->nr++] = *m;
}

/*
 * Back to the old end of the list where it was taken, with the group that it had.
 * Nobody has seen it with another one, so it need not wait.
 */
static void give_up(struct mem_cgroup_per_node *pn, const struct moved *back,
		    unsigned int nr)
{
	struct mr_lru_run run = {};
	unsigned int i;
	u64 start;

	spin_lock_irq(&pn->lruvec.lru_lock);
	start = ktime_get_ns();
	for (i = 0; i < nr; i++)
		mr_lru_add_tail(pn, back[i].folio, age_of(&back[i]), false,
				&run);
	mr_lru_run_end(&run);
	mr_hist_add(&mr_counters.lru_lock_ns, ktime_get_ns() - start);
	spin_unlock_irq(&pn->lruvec.lru_lock);
	for (i = 0; i < nr; i++)
		give_back(back[i].folio, GOT_LOCK);
}

/*
 * Recharge what can be, reparent what nobody else is to have, and leave the rest: the
 * first of these is returned, which may be another group's or freed by now.
 */
static const struct folio *settle(struct mr_wave *w, struct wave_group *wg,
				  struct mem_cgroup_per_node *pn,
				  struct in_use *u, unsigned long *taken)
{
	unsigned int first = w->nr_moved, nr_left = 0, recharged = 0, i;
	const struct folio *first_left = NULL;
	unsigned long pages = 0;
	bool patient;

	patient = w->patient(&wg->from->css);
	for (i = 0; i < u->nr; i++) {
		struct moved *m = &u->held[i];

		switch (mr_recharge(m->folio, wg->from)) {
		case MR_RECHARGE_DONE:
			move(w, m);
			recharged++;
			w->recharged += folio_nr_pages(m->folio);
			*taken += folio_nr_pages(m->folio);
			continue;
		case MR_RECHARGE_LATER:
			if (patient) {
				u->held[nr_left++] = *m;
				continue;
			}
			break;
		case MR_RECHARGE_NOBODY:
			break;
		}
		switch_group(m->folio, wg->to);
		move(w, m);
		pages += folio_nr_pages(m->folio);
	}
	wg->folios += recharged;
	switch_charges(wg, w->nr_moved - first - recharged, pages);
	*taken += pages;
	for (i = first; i < w->nr_moved; i++)
		folio_unlock(w->moved[i].folio);
	if (nr_left) {
		first_left = u->held[0].folio;
		give_up(pn, u->held, nr_left);
	}
	return first_left;
}

/*
 * Take folios off the head of @list, behind *@taken, which is the last that was, as long as
 * each is like the one before: take_hold() and mr_lru_leave() in one. Nearly all are. Ends
 * before @stop, and before the first that can't be taken so, with a reference on that
 * one where *@got says so. Under lru_lock; returns how many.
 */
static unsigned int take_alike(struct mr_wave *w, const struct mem_cgroup *from,
			       const struct list_head *list,
			       struct list_head **taken,
			       const struct folio *stop, struct mr_lru_run *run,
			       unsigned int max, enum got *got)
{
	struct moved *m = &w->moved[w->nr_moved];
	const u16 how = run->age | LINKED;
	struct list_head *at = *taken;
	const bool asks = w->patient;
	unsigned int n;

	if (!run->size)
		return 0;
	for (n = 0; n < max; n++) {
		struct folio *folio = list_entry(at->next, struct folio, lru);
		unsigned long flags;

		if (&folio->lru == list || folio == stop)
			break;
		flags = READ_ONCE(folio->flags);
		if (!mr_lru_alike(run, flags, UNFIT_FLAGS))
			break;
		/* Who changes its group takes it off the list before, under lru_lock. */
		if (READ_ONCE(folio->memcg_data) != (unsigned long)from)
			break;
		if ((asks && may_recharge(w, folio)) || !folio_try_get(folio))
			break;
		if (!mr_lru_take(run, folio, flags, UNFIT_FLAGS)) {
			*got = GOT_REF;
			break;
		}
		at = &folio->lru;
		m[n] = (struct moved){ .folio = folio, .how = how };
	}
	if (!n)
		return 0;
	mr_lru_more(run, m[n - 1].folio, -(long)n);
	*taken = at;
	w->nr_moved += n;
	w->nr_pages += n;
	return n;
}

/*
 * Gather from the head (the young end) of one list, up to @max entries under
 * one hold. What can't be taken goes to the end of the list, so that the next
 * hold sees others; nobody but us needs the order of a dead group's list. The
 * first of them is remembered, to be known when it comes round again; it is
 * compared and never followed. What is taken goes to the wave's list in one piece.
 *
 * Young folios first, because each is put at the old end of the other list:
 * so all stay in order, however many waves it takes.
 *
 * Returns true if this list is done with.
 */
static bool gather_hold(struct mr_wave *w, struct mr_gather *g,
			struct wave_group *wg, struct mem_cgroup_per_node *pn,
			struct list_head *list, unsigned int max)
{
	unsigned int first = w->nr_moved, nr_left = 0, last, n, i;
	struct list_head *taken = list;	/* the last, at the head of the list */
	const struct folio *first_left;
	struct mr_lru_run run = {};
	struct in_use *u = none_in_use(w);
	unsigned long pages = w->nr_pages;
	bool done = false;
	u64 start;

	spin_lock_irq(&pn->lruvec.lru_lock);
	start = ktime_get_ns();
	while (max && w->nr_pages + u->pages < WAVE_PAGES) {
		struct folio *folio;
		enum got got = GOT_NOTHING;
		unsigned int why;

		n = min3(g->left, WAVE_PAGES - w->nr_pages - u->pages,
			 (unsigned long)max);
		n = take_alike(w, wg->from, list, &taken, g->first_left, &run, n,
			       &got);
		max -= n;
		g->left -= n;
		folio = list_entry(taken->next, struct folio, lru);
		done = taken->next == list || folio == g->first_left || !g->left;
		if (done || !max || w->nr_pages + u->pages >= WAVE_PAGES)
			break;
		max--;
		g->left--;
		why = take_hold(folio, wg->from, &got);
		if (!why) {
			struct moved m = {
				.folio = folio,
				.how = mr_lru_leave(pn, folio, &run),
			};

			if (may_recharge(w, folio)) {
				list_del(&folio->lru);
				hold_in_use(u, &m);
			} else {
				taken = &folio->lru;
				m.how |= LINKED;
				move(w, &m);
			}
			continue;
		}
		g->skipped |= why;
		list_move_tail(&folio->lru, list);
		if (!g->first_left)
			g->first_left = folio;
		w->left[nr_left].folio = folio;
		w->left[nr_left++].got = got;
	}
	if (taken != list)
		list_bulk_move_tail(&w->list, list->next, taken);
	/* What has left is counted as the old group's. */
	mr_lru_run_end(&run);
	last = w->nr_moved;
	pages = w->nr_pages - pages;
	mr_hist_add(&mr_counters.lru_lock_ns, ktime_get_ns() - start);
	spin_unlock_irq(&pn->lruvec.lru_lock);

	switch_charges(wg, last - first, pages);
	for (i = first; i < last; i++) {
		switch_group(w->moved[i].folio, wg->to);
		folio_unlock(w->moved[i].folio);
	}
	for (i = 0; i < nr_left; i++)
		give_back(w->left[i].folio, w->left[i].got);
	g->taken += pages;

	first_left = u->nr ? settle(w, wg, pn, u, &g->taken) : NULL;
	if (first_left) {
		g->skipped |= MR_SKIP_IN_USE;
		if (!g->first_left)
			g->first_left = first_left;
	}
	return done;
}

/*
 * Lists have numbers. Those of a generation's zones are next to each other, with some left
 * out at the end.
 */
#define ZONE_BITS 3
static_assert(BIT(ZONE_BITS) >= MAX_NR_ZONES);

#ifdef CONFIG_LRU_GEN
#define NR_GEN_LISTS (MAX_NR_GENS * ANON_AND_FILE << ZONE_BITS)

/* Whether those of number @n are of files; else anonymous. */
static bool gen_is_file(unsigned int n)
{
	return (n >> ZONE_BITS) % ANON_AND_FILE == LRU_GEN_FILE;
}

/*
 * The lists of all zones, of the generations from young to old. max_seq may grow
 * meanwhile: what is missed then is found in the next pass.
 */
static struct list_head *gen_lists(struct lruvec *lruvec, unsigned int n)
{
	unsigned int age = (n >> ZONE_BITS) / ANON_AND_FILE;
	unsigned long seq = READ_ONCE(lruvec->lrugen.max_seq);
	int gen = lru_gen_from_seq(seq + MAX_NR_GENS - age);

	return lruvec->lrugen.mr_lrugen_lists[gen][gen_is_file(n)];
}
#else
#define NR_GEN_LISTS 0

static bool gen_is_file(unsigned int n)
{
	return false;
}

static struct list_head *gen_lists(struct lruvec *lruvec, unsigned int n)
{
	return NULL;
}
#endif

/* The head of the unevictable list is poisoned (lruvec_init()). */
#define NR_CLASSIC_LISTS 4
#define NR_LISTS (NR_GEN_LISTS + NR_CLASSIC_LISTS)

/* The classic lists: the active one of each kind before the inactive one. */
static const u8 classic_order[NR_CLASSIC_LISTS] = {
	LRU_ACTIVE_ANON, LRU_INACTIVE_ANON,
	LRU_ACTIVE_FILE, LRU_INACTIVE_FILE,
};

/*
 * The first list of a node, from number @g->list on, that has anything, and *@n is its number;
 * NULL: there is none. Most have nothing, so this is a good part of what a small group
 * costs. Unlocked: what comes later is for the next pass.
 */
static struct list_head *next_list(const struct mr_gather *g,
				   struct lruvec *lruvec, unsigned int zones,
				   unsigned int *n)
{
	const unsigned int mask = BIT(ZONE_BITS) - 1;
	unsigned int at;

	for (at = g->list; at < NR_GEN_LISTS; at = (at | mask) + 1) {
		struct list_head *list, *end;

		if (!(gen_is_file(at) ? g->file : g->anon))
			continue;
		list = gen_lists(lruvec, at);
		end = list + zones;
		for (list += at & mask; list < end; list++) {
			if (list_empty(list))
				continue;
			*n = (at & ~mask) + zones - (end - list);
			return list;
		}
	}
	for (; at < NR_LISTS; at++) {
		enum lru_list lru = classic_order[at - NR_GEN_LISTS];

		if ((is_file_lru(lru) ? g->file : g->anon) &&
		    !list_empty(&lruvec->lists[lru])) {
			*n = at;
			return &lruvec->lists[lru];
		}
	}
	return NULL;
}

/**
 * mr_gather_start() - begin with an offline group
 * @g: filled in
 * @css: the group, referenced by the caller until it is done with @g
 * @size: what its lists hold
 *
 * Every entry of the lists is looked at once, also where none can be taken;
 * what is added meanwhile is left for the next time. Where MGLRU is off its lists,
 * which are most of all, are passed over, and so are those of a kind of which there
 * are no pages.
 */
void mr_gather_start(struct mr_gather *g, struct cgroup_subsys_state *css,
		     const struct mr_lru_size *size)
{
	unsigned int first = size->generations ? 0 : NR_GEN_LISTS;

	*g = (struct mr_gather){
		.css = css,
		.left = size->file + size->anon,
		.file = size->file,
		.anon = size->anon,
		.nid = mr_next_node(-1),
		.first_list = first,
		.list = first,
	};
}

/**
 * mr_gather_lists() - take folios off the LRU lists of an offline group
 * @w: the wave that they go into, not full
 * @g: the group, after mr_gather_start()
 * @max: look at about this many entries
 *
 * To be called again until it returns true; where the wave is full, after that
 * was put back. Unevictable folios are on no list, see mr_gather_frame().
 *
 * Context: process context; holds an lru_lock for at most LOCK_BATCH entries
 * at a time. The memory controller is on v2, see mr_reparent_refusal().
 *
 * Return: true if all was looked at.
 */
bool mr_gather_lists(struct mr_wave *w, struct mr_gather *g, unsigned int max)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(g->css);
	struct wave_group *wg = NULL;

	/* Small groups are done with before all of their lists were looked at. */
	while (g->left && g->nid < nr_node_ids) {
		struct mem_cgroup_per_node *pn = memcg->nodeinfo[g->nid];
		unsigned int n = min_t(unsigned int, max, LOCK_BATCH);
		struct list_head *list;
		unsigned int at;

		list = next_list(g, &pn->lruvec, mr_nr_zones(g->nid), &at);
		if (!list) {
			g->list = g->first_list;
			g->nid = mr_next_node(g->nid);
			g->first_left = NULL;
			continue;
		}
		if (at != g->list) {
			g->list = at;
			g->first_left = NULL;
		}
		if (!n || mr_wave_full(w))
			return false;
		max -= n;
		if (!wg)
			wg = wave_group(w, g->css);
		if (gather_hold(w, g, wg, pn, list, n)) {
			g->list++;
			g->first_left = NULL;
		}
		cond_resched();
	}
	return true;
}

/**
 * mr_gather_frame() - take the unevictable folio that a page frame may hold
 * @w: the wave that it goes into, not full
 * @page: a page of an online frame; whatever it is
 * @want: whether the group is meant; called under RCU
 * @taken: pages taken are added
 *
 * Nothing is known of the page at first. With a reference, and PG_lru found
 * set then, it is a folio's head and stays one; under RCU its group is not
 * freed; with a reference on the group, all is as on a list.
 *
 * Context: process context.
 *
 * Return: 0, or enum mr_skip if it was wanted but not taken.
 */
unsigned int mr_gather_frame(struct mr_wave *w, struct page *page,
			     mr_group_fn *want, unsigned long *taken)
{
	struct cgroup_subsys_state *css = NULL;
	unsigned long flags = READ_ONCE(page->flags);
	struct mem_cgroup_per_node *pn;
	struct mem_cgroup *memcg;
	struct mr_lru_run run = {};
	struct wave_group *wg;
	struct in_use *u;
	struct folio *folio;
	unsigned int why = 0;
	enum got got = GOT_NOTHING;
	u64 start;

	/* Most pages end here. PG_lru is never set in a tail page. */
	if (!(flags & BIT(PG_lru)) || !(flags & BIT(PG_unevictable)) ||
	    PageTail(page))
		return 0;
	folio = page_folio(page);
	/* A live group's memory may be locked by the gigabyte: leave it alone. */
	if (w->unwanted && READ_ONCE(folio->memcg_data) == w->unwanted)
		return 0;
	if (!folio_try_get(folio))
		return 0;
	if (page_folio(page) != folio || !folio_test_lru(folio))
		goto put;

	rcu_read_lock();
	memcg = page_memcg_check(page);
	if (memcg && want(&memcg->css) && css_tryget(&memcg->css))
		css = &memcg->css;
	else
		w->unwanted = (unsigned long)memcg;
	rcu_read_unlock();
	if (!css)
		goto put;

	wg = wave_group(w, css);
	pn = wg->from->nodeinfo[node_of(folio)];
	u = none_in_use(w);
	spin_lock_irq(&pn->lruvec.lru_lock);
	start = ktime_get_ns();
	why = take_hold(folio, wg->from, &got);
	if (!why) {
		struct moved m = {
			.folio = folio,
			.how = mr_lru_leave(pn, folio, &run),
		};

		mr_lru_unlink(folio);
		mr_lru_run_end(&run);
		if (may_recharge(w, folio)) {
			hold_in_use(u, &m);
		} else {
			switch_group(folio, wg->to);
			move(w, &m);
		}
	}
	mr_hist_add(&mr_counters.lru_lock_ns, ktime_get_ns() - start);
	spin_unlock_irq(&pn->lruvec.lru_lock);
	if (u->nr) {
		/* All references have to be accounted for; it has another one. */
		folio_put(folio);
		if (settle(w, wg, pn, u, taken))
			why = MR_SKIP_IN_USE;
		css_put(css);
		return why;
	}
	if (!why) {
		switch_charges(wg, 1, folio_nr_pages(folio));
		*taken += folio_nr_pages(folio);
		folio_unlock(folio);
	} else {
		give_back(folio, got);
	}
	css_put(css);
put:
	folio_put(folio);
	return why;
}

/*
 * Wait until every reader that may have seen a folio with its old group is
 * gone.
 *
 * With MGLRU, walkers of page tables check a folio's group, and then set the
 * generation bits to those of that group, under RCU alone
 * (lru_gen_look_around(), walk_pte_range() in mm/vmscan.c). As long as a folio
 * is isolated the bits are clear and they leave it alone (folio_update_gen());
 * put back, it would get the other group's generation.
 *
 * As synchronize_rcu(), which sleeps uninterruptibly and so would count as load
 * (__wait_rcu_gp() in kernel/rcu/update.c, 6.1 and 6.12). The callback is the
 * kernel's own, so that nothing of the module can be called once it is gone.
 */
static void wait_for_readers(void)
{
	struct rcu_synchronize rs;

	init_rcu_head_on_stack(&rs.head);
	init_completion(&rs.completion);
	mr_call_rcu(&rs.head, wakeme_after_rcu);
	wait_for_completion_state(&rs.completion, TASK_IDLE);
	destroy_rcu_head_on_stack(&rs.head);
}

static struct mem_cgroup_per_node *folio_pn(struct folio *folio)
{
	struct mem_cgroup *memcg = (struct mem_cgroup *)folio->memcg_data;

	return memcg->nodeinfo[node_of(folio)];
}

/*
 * Put back those that follow @m, which mr_lru_add_tail() has just put on a list, as long as
 * each is like that one, of the same group and node. Under lru_lock; returns how many
 * are on their lists, with @m, of @max.
 */
static unsigned int put_back_alike(const struct moved *m, unsigned int max,
				   struct mr_lru_run *run)
{
	const unsigned long memcg_data = m->folio->memcg_data;
	const int nid = node_of(m->folio);
	unsigned int n;

	for (n = 1; n < max; n++) {
		struct folio *folio = m[n].folio;

		if (folio->memcg_data != memcg_data || m[n].how != m->how)
			break;
		/* Most often the node is among the flags that have to be alike. */
		if ((!NODES_WIDTH && node_of(folio) != nid) ||
		    !mr_lru_add_alike(run, folio))
			break;
	}
	if (n > 1)
		mr_lru_more(run, m[n - 1].folio, n - 1);
	return n;
}

/* Put back folios that go to the same lists, at most LOCK_BATCH of them. */
static unsigned int put_back(const struct moved *moved, unsigned int nr)
{
	struct mem_cgroup_per_node *pn = folio_pn(moved[0].folio);
	struct mr_lru_run run = {};
	unsigned int i, n = 0;
	u64 start;

	spin_lock_irq(&pn->lruvec.lru_lock);
	start = ktime_get_ns();
	while (n < nr && folio_pn(moved[n].folio) == pn) {
		const struct moved *m = &moved[n];

		mr_lru_add_tail(pn, m->folio, age_of(m), is_linked(m), &run);
		n += put_back_alike(m, nr - n, &run);
	}
	mr_lru_run_end(&run);
	mr_hist_add(&mr_counters.lru_lock_ns, ktime_get_ns() - start);
	spin_unlock_irq(&pn->lruvec.lru_lock);

	/* The last reference, maybe; freeing takes lru_lock. */
	for (i = 0; i < n; i++)
		folio_put(moved[i].folio);
	return n;
}

/**
 * mr_wave_wait() - wait until a wave may be put back
 * @w: the wave
 *
 * Context: process context; sleeps for a grace period.
 *
 * Return: whether it has slept.
 */
bool mr_wave_wait(struct mr_wave *w)
{
	if (w->nr_moved)
		wait_for_readers();
	return w->nr_moved;
}

/**
 * mr_wave_put_back() - put all folios of a wave on the lists of their groups
 * @w: the wave, after mr_wave_wait(); empty afterwards
 *
 * Context: process context.
 */
void mr_wave_put_back(struct mr_wave *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_moved; cond_resched())
		i += put_back(&w->moved[i], min_t(unsigned int, LOCK_BATCH,
						  w->nr_moved - i));
	for (i = 0; i < w->nr_groups; i++) {
		if (!w->groups[i].shared)
			css_put(&w->groups[i].to->css);
		css_put_many(&w->groups[i].from->css, w->groups[i].folios + 1);
	}
	w->nr_moved = 0;
	w->nr_pages = 0;
	w->unwanted = 0;
	w->nr_groups = 0;
}
