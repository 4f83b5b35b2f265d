/* SPDX-License-Identifier: GPL-2.0 */
/* The thread, and reaping on demand. */
#ifndef MR_DAEMON_H
#define MR_DAEMON_H

struct cgroup_subsys_state;

int mr_daemon_create(struct cgroup_subsys_state *root);
void mr_daemon_start(void);
void mr_daemon_wake(void);
void mr_daemon_shutdown(void);
void mr_daemon_stop(void);
int mr_reap_now(void);

#endif /* MR_DAEMON_H */
