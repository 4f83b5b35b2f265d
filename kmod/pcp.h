/* SPDX-License-Identifier: GPL-2.0 */
/* Have the CPUs put the folios of their LRU batches onto the lists. */
#ifndef MR_PCP_H
#define MR_PCP_H

int mr_pcp_init(void);
void mr_pcp_exit(void);
void mr_pcp_drain(void);

#endif /* MR_PCP_H */
