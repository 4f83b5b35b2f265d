/* SPDX-License-Identifier: GPL-2.0 */
/* Notice that a group was removed. */
#ifndef MR_NOTICE_H
#define MR_NOTICE_H

#include <linux/types.h>

int mr_notice_start(void (*wake)(void));
void mr_notice_stop(void);
u64 mr_notice_peek(void);
void mr_notice_clear(void);

#endif /* MR_NOTICE_H */
