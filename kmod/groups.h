/* SPDX-License-Identifier: GPL-2.0 */
/* What is remembered of each offline group. */
#ifndef MR_GROUPS_H
#define MR_GROUPS_H

#include <linux/bits.h>
#include <linux/types.h>

/* At about 23 KB a group, this many hold 24 GB of kernel memory. */
#define MR_GROUPS_MAX BIT(20)

/*
 * How the last attempt at a group ended; names in mr_result_name(). From
 * MR_RES_WORKING on the group is ripe.
 */
enum mr_result {
	MR_RES_NONE,		/* not tried yet */
	MR_RES_YOUNG,		/* younger than min_age_ms */
	MR_RES_OUTSIDE,		/* not below the tunable subtree */
	MR_RES_PARENT,		/* has children that are not ripe */
	MR_RES_WORKING,		/* under way */
	MR_RES_TAKEN,		/* everything that the method can take */
	MR_RES_PARTIAL,		/* some; the rest was busy */
	MR_RES_BUSY,		/* nothing; under I/O, in use, pinned by a journal */
	MR_RES_DIRTY,		/* not tried: files wait to be written */
	MR_RES_STUCK,		/* nothing that the method can take */
	MR_RES_STOPPED,		/* stopped in the middle */
	MR_RES_NR,
};

/**
 * struct mr_group - what is remembered of an offline group
 * @serial: serial number of its css, never used twice
 * @first_ns: when it was first seen offline, monotonic
 * @tried_ns: when the last attempt ended, monotonic; 0: not tried
 * @round: the last scan that met it
 * @dirty_round: the last look that found it to have files to be written
 * @level: back-off level
 * @result: enum mr_result of the last attempt
 * @skipped: enum mr_skip, what the last attempt left
 * @framed: its unevictable pages were looked for by frame
 */
struct mr_group {
	u64 serial;
	u64 first_ns;
	u64 tried_ns;
	u32 round;
	u32 dirty_round;
	u8 level;
	u8 result;
	u8 skipped;
	bool framed;
};

void mr_groups_exit(void);

struct mr_group *mr_groups_get(int css_id, u64 serial, u64 now_ns, u32 round,
			       bool *replaced);
unsigned long mr_groups_forgotten(void);
void mr_groups_mark_dirty(int css_id, u64 serial, u32 round);
int mr_groups_read(int css_id, u64 serial, struct mr_group *copy);
bool mr_groups_sweep(unsigned long *at, u32 round, unsigned long *gone);
const char *mr_result_name(unsigned int result);

#endif /* MR_GROUPS_H */
