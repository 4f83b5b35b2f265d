// SPDX-License-Identifier: GPL-2.0
/*
 * Walk over all page frames, node by node.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>

#include "frames.h"

static void enter_node(struct mr_frames *f, int nid)
{
	f->nid = nid;
	if (nid >= MAX_NUMNODES)
		return;
	f->pfn = NODE_DATA(nid)->node_start_pfn;
	f->end = f->pfn + NODE_DATA(nid)->node_spanned_pages;
}

/**
 * mr_frames_start() - begin with the first frame
 * @f: filled in
 */
void mr_frames_start(struct mr_frames *f)
{
	enter_node(f, first_node(node_states[N_MEMORY]));
}

/**
 * mr_frames_next() - go through a number of frames
 * @f: the place
 * @nr: how many frames
 * @fn: called for the page of each frame that is online
 * @arg: for @fn
 *
 * Where there is no memory, a page block is passed over at once. Memory may go
 * away under our feet, as under other walkers (/proc/kpageflags, page_idle):
 * get_online_mems() is not exported.
 *
 * Context: as @fn.
 *
 * Return: false when all of memory has been seen.
 */
bool mr_frames_next(struct mr_frames *f, unsigned int nr, mr_frame_fn *fn,
		    void *arg)
{
	for (; nr && f->nid < MAX_NUMNODES; nr--) {
		struct page *page;

		if (f->pfn >= f->end) {
			enter_node(f, next_node(f->nid, node_states[N_MEMORY]));
			continue;
		}
		page = pfn_to_online_page(f->pfn);
		if (!page) {
			f->pfn = ALIGN(f->pfn + 1, pageblock_nr_pages);
			continue;
		}
		f->pfn++;
		/* Nodes' ranges may overlap. Other flags may change, not this. */
		if (data_race(page_to_nid(page)) == f->nid && fn(page, arg))
			break;
	}
	return f->nid < MAX_NUMNODES;
}
