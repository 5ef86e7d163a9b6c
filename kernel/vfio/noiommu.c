// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices without an IOMMU: whether they are given away at all.
 *
 * Owns the parameter. What such a device's user must be capable of is asked
 * where he asks for it (group_file.c, container.c, group_iommufd.c).
 *
 * <linux/security.h> shows genksyms the inside of types that the stock files
 * with exports never saw: do not include it there.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/security.h>

#include "vfio.h"

/* The stock module's parameter, which the target has switched off. */
static bool enable_unsafe_noiommu_mode;
module_param(enable_unsafe_noiommu_mode, bool, 0644);
MODULE_PARM_DESC(enable_unsafe_noiommu_mode,
		 "Let userspace with CAP_SYS_RAWIO have devices that are behind no IOMMU: their DMA reaches all memory, and taints the kernel (default N)");

/**
 * vfio_noiommu_enabled() - whether devices without an IOMMU are given away
 *
 * Return: the parameter, which may change at any time.
 */
bool vfio_noiommu_enabled(void)
{
	return READ_ONCE(enable_unsafe_noiommu_mode);
}

/**
 * vfio_noiommu_locked_down() - whether the kernel forbids it whoever asks
 *
 * Such a device writes to all memory, the kernel's too: it is refused where
 * other raw access to PCI devices is. The kernel logs who was refused. The
 * lockdown can be raised at any time, so ask at each step.
 *
 * Return: 0, or -EPERM if the kernel is locked down.
 */
int vfio_noiommu_locked_down(void)
{
	return security_locked_down(LOCKDOWN_PCI_ACCESS);
}
