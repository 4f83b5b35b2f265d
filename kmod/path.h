/* SPDX-License-Identifier: GPL-2.0 */
/* Where a file is. */
#ifndef MR_PATH_H
#define MR_PATH_H

struct inode;

const char *mr_path_of(struct inode *inode, char *buf);

#endif /* MR_PATH_H */
