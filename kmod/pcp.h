/* SPDX-License-Identifier: GPL-2.0 */
/* Have the CPUs put the folios of their LRU batches onto the lists. */
#ifndef MR_PCP_H
#define MR_PCP_H

#include <linux/types.h>

#ifdef MR_CAN_EVICT
int mr_pcp_init(void);
void mr_pcp_exit(void);
void mr_pcp_drain(void);
void mr_pcp_drain_all(void);
bool mr_pcp_may_drain_all(void);
#else
static inline int mr_pcp_init(void)
{
	return 0;
}

static inline void mr_pcp_exit(void)
{
}

static inline void mr_pcp_drain(void)
{
}

static inline void mr_pcp_drain_all(void)
{
}

static inline bool mr_pcp_may_drain_all(void)
{
	return false;
}
#endif

#endif /* MR_PCP_H */
