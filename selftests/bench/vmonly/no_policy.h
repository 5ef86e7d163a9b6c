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
#define policy_task_cgroup() NULL
#define cgroup_get(cgroup) ((void)(cgroup))
#define cgroup_put(cgroup) ((void)(cgroup))
#define pin_account_init(acc, owner, what) ((void)(owner), (void)(what))
#define pin_account_destroy(acc) ((void)(acc))
#define pin_account_add(acc, npages) ((void)(acc), (void)(npages))
#define pin_account_sub(acc, npages) ((void)(acc), (void)(npages))
#ifndef NO_POLICY_ACCOUNT /* which has it */
#define mem_init_pins(mem) ((void)(mem))
#endif

#endif
