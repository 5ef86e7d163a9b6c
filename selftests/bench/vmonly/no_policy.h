/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Put in front of the files of kernel/iommufd that ask policies, this takes the
 * policies out of them: what is left is what an ioctl would take without. Only
 * `build` does so, for a module that is measured and thrown away. What policies
 * add to the size of structures stays.
 */
#ifndef VMONLY_NO_POLICY_H
#define VMONLY_NO_POLICY_H

#include <linux/cgroup.h>
#include <linux/cred.h>
#include "mem/mem.h"
#include "policy/policy.h"

#define policy_active() false
#define policy_counts_pages() false
#define policy_task_cgroup() NULL
#define cgroup_put(cgroup) ((void)(cgroup))
/* payer_is_current() compares it with this. */
#define task_dfl_cgroup(task) (payer->cgroup)
#define pin_account_init(acc) ((void)(acc))
#define pin_account_place(acc, ioas) ((void)(acc), (void)(ioas))
#define pin_account_destroy(acc) ((void)(acc))
#define pin_account_add(acc, npages) ((void)(acc), (void)(npages))
#define pin_account_sub(acc, npages) ((void)(acc), (void)(npages))

#endif
