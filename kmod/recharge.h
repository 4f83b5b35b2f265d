/* SPDX-License-Identifier: GPL-2.0 */
/* Recharge: hand a folio to a group whose processes have it mapped. */
#ifndef MR_RECHARGE_H
#define MR_RECHARGE_H

#include <linux/types.h>

struct folio;
struct mem_cgroup;

enum mr_recharge {
	MR_RECHARGE_DONE,	/* it is the user's now */
	MR_RECHARGE_NOBODY,	/* no group to go to, or it doesn't fit */
	MR_RECHARGE_LATER,	/* there may be one, but it can't be done now */
};

#ifdef MR_CAN_REPARENT
const char *mr_recharge_refusal(void);
bool mr_recharge_candidate(const struct folio *folio);
enum mr_recharge mr_recharge(struct folio *folio, struct mem_cgroup *from);
#else
static inline const char *mr_recharge_refusal(void)
{
	return MR_NOT_HERE;
}
#endif

#endif /* MR_RECHARGE_H */
