/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

struct policy_object;

/**
 * table_write() - give the kernel a loaded table, without attaching it
 * @po: loaded
 *
 * libbpf does this when it attaches a table, or when it has itself made the
 * link that is to get another; ours was made long ago, and pinned.
 * Return: 0 or -errno.
 */
int table_write(struct policy_object *po);

#endif
