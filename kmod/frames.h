/* SPDX-License-Identifier: GPL-2.0 */
/* Walk over all page frames. */
#ifndef MR_FRAMES_H
#define MR_FRAMES_H

#include <linux/types.h>

struct page;

/* What to do with a page; not 0: this is enough for now. */
typedef unsigned int (mr_frame_fn)(struct page *page, void *arg);

/**
 * struct mr_frames - a place in memory
 * @nid: node
 * @pfn: next frame
 * @end: first frame after those of the node
 */
struct mr_frames {
	int nid;
	unsigned long pfn;
	unsigned long end;
};

void mr_frames_start(struct mr_frames *f);
bool mr_frames_next(struct mr_frames *f, unsigned int nr, mr_frame_fn *fn,
		    void *arg);

#endif /* MR_FRAMES_H */
