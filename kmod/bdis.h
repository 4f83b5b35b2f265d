/* SPDX-License-Identifier: GPL-2.0 */
/* Walk over the writebacks of groups, bdi by bdi. */
#ifndef MR_BDIS_H
#define MR_BDIS_H

#include <linux/list.h>
#include <linux/types.h>

struct backing_dev_info;
struct bdi_writeback;

/**
 * struct mr_bdi - a bdi that was registered
 * @list: others
 * @bdi: with a reference, which keeps the struct and nothing else
 */
struct mr_bdi {
	struct list_head list;
	struct backing_dev_info *bdi;
};

/**
 * struct mr_wb_cursor - a place among the writebacks of a bdi
 * @bdi: kept alive by the caller
 * @wb: the one that was reached, with a reference of the cursor's own, or NULL
 * @hit: whether @stop wanted to stop there
 * @stop: called under rcu_read_lock() for the writeback of each group
 * @arg: for @stop
 *
 * Locking: one user at a time.
 */
struct mr_wb_cursor {
	struct backing_dev_info *bdi;
	struct bdi_writeback *wb;
	bool hit;
	bool (*stop)(struct bdi_writeback *wb, void *arg);
	void *arg;
};

#ifdef CONFIG_CGROUP_WRITEBACK
int mr_bdis_get(struct list_head *list);
void mr_bdi_put(struct mr_bdi *ref);
bool mr_wb_next(struct mr_wb_cursor *c);
void mr_wb_end(struct mr_wb_cursor *c);
#else
static inline int mr_bdis_get(struct list_head *list)
{
	return 0;
}

static inline void mr_bdi_put(struct mr_bdi *ref)
{
}

static inline bool mr_wb_next(struct mr_wb_cursor *c)
{
	return false;
}

static inline void mr_wb_end(struct mr_wb_cursor *c)
{
}
#endif

#endif /* MR_BDIS_H */
