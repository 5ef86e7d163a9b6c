// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd.ko: starts and stops.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/module.h>
#include <linux/rcupdate.h>

#include "clock.h"
#include "iommufd_bpf_version.h"
#include "main.h"
#include "mem/mem.h"
#include "policy/dirty.h"
#include "policy/policy.h"
#include "shadow.h"
#include "space/space.h"
#include "view/view.h"

/*
 * The policy interface is optional: a kernel or a module without BTF still
 * serves /dev/iommu. The BPF core undoes the registrations with the module.
 */
static void __init register_bpf(void)
{
	int rc = policy_register_struct_ops();

	rc = rc ?: policy_register_dirty_ops();
	rc = rc ?: policy_register_kfuncs();
	rc = rc ?: view_register_kfuncs();
	if (rc)
		pr_warn("no BPF policies and no iterators for tools: error %d; is there BTF for the kernel and for this module?\n",
			rc);
}

static int __init iommufd_init(void)
{
	int rc;

	clock_init();
	rc = mem_cache_create();
	if (rc)
		return rc;
	rc = area_cache_create();
	if (rc)
		goto err_mem;
	rc = policy_init();
	if (rc)
		goto err_area;
	pin_account_set_find(ioases_list_pins);
	register_bpf();
	rc = iommufd_register_device();
	if (rc)
		goto err_policy;
	return 0;

err_policy:
	policy_exit();
err_area:
	area_cache_destroy();
err_mem:
	mem_cache_destroy();
	return rc;
}

static void __exit iommufd_exit(void)
{
	iommufd_unregister_device();
	policy_exit();
	/* Objects that were freed by RCU still wait for it in this module. */
	shadow_exit();
	rcu_barrier();
	area_cache_destroy();
	mem_cache_destroy();
}

module_init(iommufd_init);
module_exit(iommufd_exit);

MODULE_DESCRIPTION("/dev/iommu: IO address spaces for user-space drivers, programmable with BPF");
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
MODULE_IMPORT_NS(DMA_BUF);
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_BPF_VERSION);
