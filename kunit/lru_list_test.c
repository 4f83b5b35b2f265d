// SPDX-License-Identifier: GPL-2.0
/*
 * Moves between LRU lists: real folios, which belong to no group, on the lists
 * of a made-up one. After each step sizes and lists have to agree.
 */
#include <kunit/test.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>

#include "../kmod/lru_list.h"

#define MAX_FOLIOS 16

struct world {
	struct mem_cgroup_per_node pn;
	struct address_space mapping;
	struct folio *folios[MAX_FOLIOS];
	unsigned int nr;
};

/* As lruvec_init(); MGLRU is off at first. */
static int set_up(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct lruvec *lruvec;
	enum lru_list lru;

	if (!w)
		return -ENOMEM;
	test->priv = w;
	lruvec = &w->pn.lruvec;
	spin_lock_init(&lruvec->lru_lock);
	for_each_lru(lru)
		INIT_LIST_HEAD(&lruvec->lists[lru]);
#ifdef CONFIG_LRU_GEN
	{
		struct list_head *list = &lruvec->lrugen.mr_lrugen_lists[0][0][0];
		int i;

		for (i = 0; i < MAX_NR_GENS * ANON_AND_FILE * MAX_NR_ZONES; i++)
			INIT_LIST_HEAD(&list[i]);
	}
#endif
	return 0;
}

/* Whatever a test has left; the page allocator wants none of these flags. */
static void tear_down(struct kunit *test)
{
	struct world *w = test->priv;
	unsigned int i;

	for (i = 0; w && i < w->nr; i++) {
		struct folio *folio = w->folios[i];

		folio_clear_lru(folio);
		folio_clear_active(folio);
		folio_clear_unevictable(folio);
		folio_clear_mlocked(folio);
#ifdef CONFIG_LRU_GEN
		set_mask_bits(&folio->flags, LRU_GEN_MASK, 0);
#endif
		folio->mapping = NULL;
		folio_put(folio);
	}
}

static struct folio *new_folio(struct kunit *test, bool anon, bool active,
			       unsigned int order)
{
	struct world *w = test->priv;
	struct folio *folio;

	KUNIT_ASSERT_LT(test, w->nr, MAX_FOLIOS);
	folio = folio_alloc(GFP_KERNEL | __GFP_ZERO, order);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, folio);
	w->folios[w->nr++] = folio;
	/* Not on a list yet: nobody else looks at its flags. */
	if (anon)
		__folio_set_swapbacked(folio);
	if (active)
		folio_set_active(folio);
	return folio;
}

static u8 del(struct kunit *test, struct folio *folio)
{
	struct world *w = test->priv;
	struct mr_lru_run run = {};
	u8 age;

	KUNIT_EXPECT_TRUE(test, folio_test_clear_lru(folio));
	spin_lock_irq(&w->pn.lruvec.lru_lock);
	age = mr_lru_leave(&w->pn, folio, &run);
	mr_lru_unlink(folio);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_FALSE(test, folio_test_lru(folio));
	return age;
}

static void add(struct kunit *test, struct folio *folio, u8 age)
{
	struct world *w = test->priv;
	struct mr_lru_run run = {};

	spin_lock_irq(&w->pn.lruvec.lru_lock);
	mr_lru_add_tail(&w->pn, folio, age, false, &run);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_TRUE(test, folio_test_lru(folio));
}

static long pages_on(struct list_head *list, int zone)
{
	struct folio *folio;
	long n = 0;

	list_for_each_entry(folio, list, lru)
		if (zone < 0 || folio_zonenum(folio) == zone)
			n += folio_nr_pages(folio);
	return n;
}

/* Each size is that of its list; returns the pages on all of them. */
static long agree(struct kunit *test)
{
	struct world *w = test->priv;
	struct lruvec *lruvec = &w->pn.lruvec;
	long total = 0;
	int zone;

	for (zone = 0; zone < MAX_NR_ZONES; zone++) {
		enum lru_list lru;

		for_each_evictable_lru(lru) {
			KUNIT_EXPECT_EQ(test, w->pn.lru_zone_size[zone][lru],
					pages_on(&lruvec->lists[lru], zone));
			total += w->pn.lru_zone_size[zone][lru];
		}
		total += w->pn.lru_zone_size[zone][LRU_UNEVICTABLE];
#ifdef CONFIG_LRU_GEN
		{
			struct list_head *list;
			int gen, type;
			long n;

			for (gen = 0; gen < MAX_NR_GENS; gen++) {
				for (type = 0; type < ANON_AND_FILE; type++) {
					n = lruvec->lrugen.nr_pages[gen][type][zone];
					list = &lruvec->lrugen.mr_lrugen_lists[gen][type][zone];
					KUNIT_EXPECT_EQ(test, n, pages_on(list, -1));
					total += n;
				}
			}
		}
#endif
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&lruvec->lists[LRU_UNEVICTABLE]));
	return total;
}

/* Each kind of folio goes on the list of its kind, and off it again. */
static void classic(struct kunit *test)
{
	struct world *w = test->priv;
	int kind;

	for (kind = 0; kind < 8; kind++) {
		struct folio *folio = new_folio(test, kind & 1, kind & 2,
						kind & 4 ? 2 : 0);
		enum lru_list lru = (kind & 1 ? LRU_INACTIVE_ANON :
						LRU_INACTIVE_FILE) +
				    (kind & 2 ? LRU_ACTIVE : 0);

		add(test, folio, MR_AGE_NONE);
		KUNIT_EXPECT_EQ(test, agree(test), kind & 4 ? 4 : 1);
		KUNIT_EXPECT_EQ(test, pages_on(&w->pn.lruvec.lists[lru], -1),
				kind & 4 ? 4 : 1);
		KUNIT_EXPECT_EQ(test, del(test, folio), MR_AGE_NONE);
		KUNIT_EXPECT_EQ(test, agree(test), 0);
		KUNIT_EXPECT_EQ(test, folio_test_active(folio), !!(kind & 2));
	}
}

/* What is added comes to be the oldest; the others stay when one is taken. */
static void classic_order(struct kunit *test)
{
	struct world *w = test->priv;
	struct list_head *list = &w->pn.lruvec.lists[LRU_INACTIVE_FILE];
	struct folio *f[3];
	int i;

	for (i = 0; i < 3; i++) {
		f[i] = new_folio(test, false, false, 0);
		add(test, f[i], MR_AGE_NONE);
		KUNIT_EXPECT_PTR_EQ(test, list->prev, &f[i]->lru);
	}
	KUNIT_EXPECT_PTR_EQ(test, list->next, &f[0]->lru);
	KUNIT_EXPECT_EQ(test, agree(test), 3);
	del(test, f[1]);
	KUNIT_EXPECT_EQ(test, agree(test), 2);
	KUNIT_EXPECT_PTR_EQ(test, f[0]->lru.next, &f[2]->lru);
	del(test, f[0]);
	del(test, f[2]);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* A folio that was mlocked meanwhile is on no list, and not active. */
static void mlocked_meanwhile(struct kunit *test)
{
	struct world *w = test->priv;
	struct folio *folio = new_folio(test, false, true, 2);
	int zone = folio_zonenum(folio);

	folio->mlock_count = 17;
	folio_set_mlocked(folio);
	add(test, folio, MR_AGE_NONE);
	KUNIT_EXPECT_TRUE(test, folio_test_unevictable(folio));
	KUNIT_EXPECT_FALSE(test, folio_test_active(folio));
	KUNIT_EXPECT_EQ(test, folio->mlock_count, 0);
	KUNIT_EXPECT_EQ(test, w->pn.lru_zone_size[zone][LRU_UNEVICTABLE], 4);
	KUNIT_EXPECT_EQ(test, agree(test), 4);
	KUNIT_EXPECT_EQ(test, del(test, folio), MR_AGE_NONE);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* One that was unevictable and still is keeps the number of its mlocks. */
static void stays_unevictable(struct kunit *test)
{
	struct folio *folio = new_folio(test, true, false, 0);

	folio_set_mlocked(folio);
	folio_set_unevictable(folio);
	folio->mlock_count = 2;
	add(test, folio, MR_AGE_NONE);
	KUNIT_EXPECT_EQ(test, agree(test), 1);
	KUNIT_EXPECT_EQ(test, del(test, folio), MR_AGE_NONE);
	add(test, folio, MR_AGE_NONE);
	KUNIT_EXPECT_EQ(test, folio->mlock_count, 2);
	del(test, folio);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* One that was unevictable and is no more goes back to the lists. */
static void evictable_again(struct kunit *test)
{
	struct world *w = test->priv;
	struct folio *folio = new_folio(test, false, false, 0);

	folio_set_unevictable(folio);
	folio->mlock_count = 0;
	add(test, folio, MR_AGE_NONE);
	KUNIT_EXPECT_FALSE(test, folio_test_unevictable(folio));
	KUNIT_EXPECT_EQ(test, agree(test), 1);
	KUNIT_EXPECT_EQ(test, pages_on(&w->pn.lruvec.lists[LRU_INACTIVE_FILE], -1),
			1);
	del(test, folio);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* A mapping may be locked into memory as a whole, and let go. */
static void unevictable_mapping(struct kunit *test)
{
	struct world *w = test->priv;
	struct folio *folio = new_folio(test, false, false, 0);

	folio->mapping = &w->mapping;
	mapping_set_unevictable(&w->mapping);
	add(test, folio, MR_AGE_NONE);
	KUNIT_EXPECT_TRUE(test, folio_test_unevictable(folio));
	KUNIT_EXPECT_EQ(test, agree(test), 1);
	del(test, folio);
	mapping_clear_unevictable(&w->mapping);
	add(test, folio, MR_AGE_NONE);
	KUNIT_EXPECT_FALSE(test, folio_test_unevictable(folio));
	KUNIT_EXPECT_EQ(test, agree(test), 1);
	del(test, folio);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/*
 * Neighbours leave and come back as one piece, but for what was mlocked meanwhile, and in
 * order with those that are on no list.
 */
static void together(struct kunit *test)
{
	struct world *w = test->priv;
	struct list_head *list = &w->pn.lruvec.lists[LRU_INACTIVE_FILE];
	static const int order[] = { 0, 1, 3, 6, 4, 5 };
	struct mr_lru_run run = {};
	struct folio *f[7];
	LIST_HEAD(apart);
	struct list_head *at;
	int i;

	for (i = 0; i < 7; i++) {
		f[i] = new_folio(test, false, false, 0);
		add(test, f[i], MR_AGE_NONE);
		folio_clear_lru(f[i]);
	}
	spin_lock_irq(&w->pn.lruvec.lru_lock);
	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_EQ(test, mr_lru_leave(&w->pn, f[i], &run),
				MR_AGE_NONE);
	mr_lru_unlink(f[6]);
	list_bulk_move_tail(&apart, &f[0]->lru, &f[5]->lru);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_TRUE(test, list_empty(list));
	KUNIT_EXPECT_EQ(test, agree(test), 0);

	folio_set_mlocked(f[2]);
	spin_lock_irq(&w->pn.lruvec.lru_lock);
	for (i = 0; i < 4; i++)
		mr_lru_add_tail(&w->pn, f[i], MR_AGE_NONE, true, &run);
	mr_lru_add_tail(&w->pn, f[6], MR_AGE_NONE, false, &run);
	for (i = 4; i < 6; i++)
		mr_lru_add_tail(&w->pn, f[i], MR_AGE_NONE, true, &run);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_TRUE(test, list_empty(&apart));
	KUNIT_EXPECT_EQ(test, agree(test), 7);
	KUNIT_EXPECT_TRUE(test, folio_test_unevictable(f[2]));
	KUNIT_EXPECT_EQ(test, f[2]->mlock_count, 0);
	at = list->next;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_EXPECT_PTR_EQ(test, at, &f[order[i]]->lru);
		at = at->next;
	}
	KUNIT_EXPECT_PTR_EQ(test, at, list);
	for (i = 0; i < 7; i++)
		del(test, f[i]);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* Neighbours of one mapping are asked about once; who lets it go comes too late for none. */
static void mapping_of_neighbours(struct kunit *test)
{
	struct world *w = test->priv;
	struct mr_lru_run run = {};
	struct folio *f[3];
	int i;

	mapping_set_unevictable(&w->mapping);
	for (i = 0; i < 3; i++) {
		f[i] = new_folio(test, false, false, 0);
		f[i]->mapping = &w->mapping;
	}
	spin_lock_irq(&w->pn.lruvec.lru_lock);
	mr_lru_add_tail(&w->pn, f[0], MR_AGE_NONE, false, &run);
	mapping_clear_unevictable(&w->mapping);
	mr_lru_add_tail(&w->pn, f[1], MR_AGE_NONE, false, &run);
	mr_lru_add_tail(&w->pn, f[2], MR_AGE_NONE, false, &run);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_TRUE(test, folio_test_unevictable(f[0]));
	KUNIT_EXPECT_FALSE(test, folio_test_unevictable(f[1]));
	KUNIT_EXPECT_FALSE(test, folio_test_unevictable(f[2]));
	KUNIT_EXPECT_EQ(test, agree(test), 3);
	for (i = 0; i < 3; i++)
		del(test, f[i]);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* Add @nr folios that are on no list under one hold, with an age each. */
static void add_all(struct kunit *test, struct folio **f, const u8 *age, int nr)
{
	struct world *w = test->priv;
	struct mr_lru_run run = {};
	int i;

	spin_lock_irq(&w->pn.lruvec.lru_lock);
	for (i = 0; i < nr; i++)
		mr_lru_add_tail(&w->pn, f[i], age[i], false, &run);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_EQ(test, agree(test), nr);
}

/* The opposite, and expect those ages. */
static void leave_all(struct kunit *test, struct folio **f, const u8 *age, int nr)
{
	struct world *w = test->priv;
	struct mr_lru_run run = {};
	int i;

	for (i = 0; i < nr; i++)
		folio_clear_lru(f[i]);
	spin_lock_irq(&w->pn.lruvec.lru_lock);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, mr_lru_leave(&w->pn, f[i], &run), age[i]);
		mr_lru_unlink(f[i]);
	}
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* Neighbours need not be alike. */
static void mixed(struct kunit *test)
{
	static const u8 age[] = { [0 ... 7] = MR_AGE_NONE };
	/* Bit 0: anon, 1: active, 2: unevictable. */
	static const u8 kind[] = { 0, 0, 2, 4, 1, 0, 3, 3 };
	struct world *w = test->priv;
	struct list_head *lists = w->pn.lruvec.lists;
	struct folio *f[8];
	int i;

	for (i = 0; i < 8; i++) {
		f[i] = new_folio(test, kind[i] & 1, kind[i] & 2, 0);
		if (kind[i] & 4)
			folio_set_mlocked(f[i]);
	}
	add_all(test, f, age, 8);
	KUNIT_EXPECT_EQ(test, pages_on(&lists[LRU_INACTIVE_FILE], -1), 3);
	KUNIT_EXPECT_EQ(test, pages_on(&lists[LRU_ACTIVE_FILE], -1), 1);
	KUNIT_EXPECT_EQ(test, pages_on(&lists[LRU_INACTIVE_ANON], -1), 1);
	KUNIT_EXPECT_EQ(test, pages_on(&lists[LRU_ACTIVE_ANON], -1), 2);
	leave_all(test, f, age, 8);
}

/*
 * One by one, and as mr_lru_take() and mr_lru_add_alike() do it: the same comes of it. What
 * is not as the one before, or not free, is left as it is.
 */
static void alike_ones(struct kunit *test, u8 age)
{
	const unsigned long never = BIT(PG_writeback);
	struct world *w = test->priv;
	struct mr_lru_run run = {};
	unsigned long flags;
	struct folio *f[5];
	LIST_HEAD(apart);
	int i;

	for (i = 0; i < 5; i++) {
		f[i] = new_folio(test, false, false, 0);
		f[i]->mapping = &w->mapping;
		add(test, f[i], age);
	}
	spin_lock_irq(&w->pn.lruvec.lru_lock);
	flags = READ_ONCE(f[1]->flags);
	KUNIT_EXPECT_FALSE(test, mr_lru_alike(&run, flags, never));
	KUNIT_EXPECT_TRUE(test, folio_trylock(f[0]));
	folio_clear_lru(f[0]);
	KUNIT_EXPECT_EQ(test, mr_lru_leave(&w->pn, f[0], &run), age);
	KUNIT_EXPECT_TRUE(test, mr_lru_alike(&run, flags, never));
	for (i = 0; i < 4; i++) {
		static const int flag[] = { PG_locked, PG_lru, PG_writeback,
					    PG_swapbacked };

		KUNIT_EXPECT_FALSE(test, mr_lru_alike(&run, flags ^ BIT(flag[i]),
						      never));
		/* It has changed since it was looked at. */
		change_bit(flag[i], &f[1]->flags);
		KUNIT_EXPECT_FALSE(test, mr_lru_take(&run, f[1], flags, never));
		change_bit(flag[i], &f[1]->flags);
		KUNIT_EXPECT_EQ(test, f[1]->flags, flags);
	}
	/* In what does not matter. */
	folio_set_referenced(f[1]);
	for (i = 1; i < 5; i++) {
		KUNIT_EXPECT_TRUE(test, mr_lru_take(&run, f[i], flags, never));
		KUNIT_EXPECT_TRUE(test, folio_test_locked(f[i]));
		KUNIT_EXPECT_FALSE(test, folio_test_lru(f[i]));
		KUNIT_EXPECT_FALSE(test, f[i]->flags & LRU_GEN_MASK);
		KUNIT_EXPECT_EQ(test, folio_test_active(f[i]),
				folio_test_active(f[0]));
	}
	mr_lru_more(&run, f[4], -4);
	KUNIT_EXPECT_EQ(test, run.age, age);
	KUNIT_EXPECT_TRUE(test, folio_test_referenced(f[1]));
	list_bulk_move_tail(&apart, &f[0]->lru, &f[4]->lru);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_EQ(test, agree(test), 0);

	folio_set_mlocked(f[2]);
	f[3]->mapping = NULL;
	spin_lock_irq(&w->pn.lruvec.lru_lock);
	mr_lru_add_tail(&w->pn, f[0], age, true, &run);
	KUNIT_EXPECT_TRUE(test, mr_lru_add_alike(&run, f[1]));
	mr_lru_more(&run, f[1], 1);
	KUNIT_EXPECT_FALSE(test, mr_lru_add_alike(&run, f[2]));
	mr_lru_add_tail(&w->pn, f[2], age, true, &run);
	KUNIT_EXPECT_FALSE(test, mr_lru_add_alike(&run, f[3]));
	mr_lru_add_tail(&w->pn, f[3], age, true, &run);
	/* Of no file: nobody is like that. */
	f[4]->mapping = NULL;
	KUNIT_EXPECT_FALSE(test, mr_lru_add_alike(&run, f[4]));
	mr_lru_add_tail(&w->pn, f[4], age, true, &run);
	mr_lru_run_end(&run);
	spin_unlock_irq(&w->pn.lruvec.lru_lock);
	KUNIT_EXPECT_TRUE(test, list_empty(&apart));
	KUNIT_EXPECT_EQ(test, agree(test), 5);
	KUNIT_EXPECT_TRUE(test, folio_test_unevictable(f[2]));
	KUNIT_EXPECT_EQ(test, f[1]->flags & MR_LIST_FLAGS,
			f[0]->flags & MR_LIST_FLAGS);
	KUNIT_EXPECT_PTR_EQ(test, f[0]->lru.next, &f[1]->lru);
	for (i = 0; i < 5; i++) {
		folio_unlock(f[i]);
		KUNIT_EXPECT_EQ(test, del(test, f[i]), i == 2 ? MR_AGE_NONE : age);
	}
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

static void alike(struct kunit *test)
{
	alike_ones(test, MR_AGE_NONE);
}

/* A run of which no folio was counted, as its flags changed, changes nothing. */
static void begun_in_vain(struct kunit *test)
{
	long size = 3;
	struct mr_lru_run run = { .size = &size };

	mr_lru_run_end(&run);
	KUNIT_EXPECT_EQ(test, size, 3);
	KUNIT_EXPECT_NULL(test, run.size);
}

#ifdef CONFIG_LRU_GEN
/* Generations @max back to @min_anon and @min_file. */
static void set_gens(struct kunit *test, unsigned long max,
		     unsigned long min_anon, unsigned long min_file)
{
	struct world *w = test->priv;

	w->pn.lruvec.lrugen.enabled = true;
	w->pn.lruvec.lrugen.max_seq = max;
	w->pn.lruvec.lrugen.min_seq[LRU_GEN_ANON] = min_anon;
	w->pn.lruvec.lrugen.min_seq[LRU_GEN_FILE] = min_file;
}

/* Expect all of @folio's pages in the generation @seq. */
static void in_gen(struct kunit *test, struct folio *folio, unsigned long seq)
{
	struct world *w = test->priv;
	int gen = lru_gen_from_seq(seq), type = folio_is_file_lru(folio);
	int zone = folio_zonenum(folio);

	KUNIT_EXPECT_EQ(test, folio_lru_gen(folio), gen);
	KUNIT_EXPECT_EQ(test, w->pn.lruvec.lrugen.nr_pages[gen][type][zone],
			folio_nr_pages(folio));
	KUNIT_EXPECT_FALSE(test, folio_test_active(folio));
	KUNIT_EXPECT_EQ(test, agree(test), folio_nr_pages(folio));
}

/* A folio keeps its age, and is known as active in the two youngest. */
static void gen_age(struct kunit *test)
{
	int kind, age;

	set_gens(test, 9, 6, 6);
	for (kind = 0; kind < 4; kind++) {
		struct folio *folio = new_folio(test, kind & 1, false,
						kind & 2 ? 2 : 0);

		for (age = 0; age < MAX_NR_GENS; age++) {
			folio_clear_active(folio);
			add(test, folio, age);
			in_gen(test, folio, 9 - age);
			KUNIT_EXPECT_EQ(test, del(test, folio), age);
			KUNIT_EXPECT_EQ(test, folio_test_active(folio),
					age < MIN_NR_GENS);
			KUNIT_EXPECT_EQ(test, folio_lru_gen(folio), -1);
			KUNIT_EXPECT_EQ(test, agree(test), 0);
		}
	}
}

/* Groups count their generations each for itself. */
static void gen_age_of_another_group(struct kunit *test)
{
	struct folio *folio = new_folio(test, false, false, 0);
	u8 age;

	set_gens(test, 9, 6, 6);
	add(test, folio, 1);
	age = del(test, folio);
	set_gens(test, 102, 99, 99);
	add(test, folio, age);
	in_gen(test, folio, 101);
	del(test, folio);
}

/* Where there is none that old, in the oldest that there is of its kind. */
static void gen_too_old(struct kunit *test)
{
	struct folio *anon = new_folio(test, true, false, 0);
	struct folio *file = new_folio(test, false, false, 0);

	set_gens(test, 9, 8, 7);
	add(test, anon, 3);
	in_gen(test, anon, 8);
	del(test, anon);
	add(test, file, 3);
	in_gen(test, file, 7);
	del(test, file);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* From classic lists: as the kernel does, when MGLRU is switched on. */
static void gen_from_classic(struct kunit *test)
{
	struct folio *active = new_folio(test, false, true, 0);
	struct folio *anon = new_folio(test, true, false, 0);
	struct folio *file = new_folio(test, false, false, 0);

	set_gens(test, 9, 6, 6);
	add(test, active, MR_AGE_NONE);
	in_gen(test, active, 9);
	del(test, active);
	add(test, anon, MR_AGE_NONE);
	in_gen(test, anon, 8);
	del(test, anon);
	add(test, file, MR_AGE_NONE);
	in_gen(test, file, 7);
	del(test, file);
	/* Only the youngest two and one more: the oldest. */
	set_gens(test, 9, 7, 7);
	folio_clear_active(file);
	add(test, file, MR_AGE_NONE);
	in_gen(test, file, 7);
	del(test, file);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* To classic lists, when MGLRU was switched off: active if it was young. */
static void gen_to_classic(struct kunit *test)
{
	struct world *w = test->priv;
	struct list_head *lists = w->pn.lruvec.lists;
	struct folio *folio = new_folio(test, false, false, 0);
	int age;

	for (age = 0; age < MAX_NR_GENS; age++) {
		set_gens(test, 9, 6, 6);
		folio_clear_active(folio);
		add(test, folio, age);
		w->pn.lruvec.lrugen.enabled = false;
		add(test, folio, del(test, folio));
		KUNIT_EXPECT_EQ(test, agree(test), 1);
		KUNIT_EXPECT_EQ(test, pages_on(&lists[LRU_ACTIVE_FILE], -1),
				age < MIN_NR_GENS);
		KUNIT_EXPECT_EQ(test, del(test, folio), MR_AGE_NONE);
		KUNIT_EXPECT_EQ(test, agree(test), 0);
	}
}

/* No generation has unevictable folios. */
static void gen_unevictable(struct kunit *test)
{
	struct world *w = test->priv;
	struct folio *folio = new_folio(test, true, false, 0);
	int zone = folio_zonenum(folio);

	set_gens(test, 9, 6, 6);
	add(test, folio, 0);
	folio_set_mlocked(folio);
	add(test, folio, del(test, folio));
	KUNIT_EXPECT_EQ(test, folio_lru_gen(folio), -1);
	KUNIT_EXPECT_EQ(test, w->pn.lru_zone_size[zone][LRU_UNEVICTABLE], 1);
	KUNIT_EXPECT_EQ(test, agree(test), 1);
	KUNIT_EXPECT_EQ(test, del(test, folio), MR_AGE_NONE);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* In a generation too, what is added comes to be the oldest. */
static void gen_order(struct kunit *test)
{
	struct folio *first = new_folio(test, false, false, 0);
	struct folio *second = new_folio(test, false, false, 0);

	set_gens(test, 9, 6, 6);
	add(test, first, 2);
	add(test, second, 2);
	KUNIT_EXPECT_PTR_EQ(test, first->lru.next, &second->lru);
	del(test, first);
	del(test, second);
	KUNIT_EXPECT_EQ(test, agree(test), 0);
}

/* Neighbours need not be of one age, nor have come from a generation. */
static void gen_mixed(struct kunit *test)
{
	static const u8 age[] = { 0, 0, 1, 3, MR_AGE_NONE, 1, MR_AGE_NONE, 0 };
	static const u8 seq[] = { 9, 9, 8, 6, 7, 8, 8, 9 };
	static const u8 after[] = { 0, 0, 1, 3, 2, 1, 1, 0 };
	struct folio *f[8];
	int i;

	set_gens(test, 9, 6, 6);
	for (i = 0; i < 8; i++)
		f[i] = new_folio(test, i == 6, false, 0);
	add_all(test, f, age, 8);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, folio_lru_gen(f[i]),
				lru_gen_from_seq(seq[i]));
	leave_all(test, f, after, 8);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, folio_test_active(f[i]),
				after[i] < MIN_NR_GENS);
}

static void gen_alike(struct kunit *test)
{
	set_gens(test, 9, 6, 6);
	alike_ones(test, 1);
	alike_ones(test, 3);
}
#endif

static struct kunit_case cases[] = {
	KUNIT_CASE(classic),
	KUNIT_CASE(classic_order),
	KUNIT_CASE(mlocked_meanwhile),
	KUNIT_CASE(stays_unevictable),
	KUNIT_CASE(evictable_again),
	KUNIT_CASE(unevictable_mapping),
	KUNIT_CASE(together),
	KUNIT_CASE(mapping_of_neighbours),
	KUNIT_CASE(mixed),
	KUNIT_CASE(alike),
	KUNIT_CASE(begun_in_vain),
#ifdef CONFIG_LRU_GEN
	KUNIT_CASE(gen_age),
	KUNIT_CASE(gen_age_of_another_group),
	KUNIT_CASE(gen_too_old),
	KUNIT_CASE(gen_from_classic),
	KUNIT_CASE(gen_to_classic),
	KUNIT_CASE(gen_unevictable),
	KUNIT_CASE(gen_order),
	KUNIT_CASE(gen_mixed),
	KUNIT_CASE(gen_alike),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "memcg_reaper_lru_list",
	.init = set_up,
	.exit = tear_down,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
