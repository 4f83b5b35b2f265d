/* SPDX-License-Identifier: GPL-2.0 */
/* What the page counters say about pages that change their group. */
#ifndef MR_CHARGE_H
#define MR_CHARGE_H

#include <linux/types.h>

struct page_counter;

void mr_charge_lift(struct page_counter *from, struct page_counter *to,
		    bool root, unsigned long pages);

struct page_counter *mr_charge_common(struct page_counter *a,
				      struct page_counter *b);
bool mr_charge_try(struct page_counter *to, struct page_counter *common,
		   unsigned long pages);
void mr_charge_drop(struct page_counter *from, struct page_counter *common,
		    unsigned long pages);

#endif /* MR_CHARGE_H */
