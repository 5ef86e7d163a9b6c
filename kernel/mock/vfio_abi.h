/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MOCK_VFIO_READ: the ioctl of the mock VFIO device's file, by which a test has
 * the device read its user's memory, as by DMA with a PASID.
 */
#ifndef MOCK_VFIO_ABI_H
#define MOCK_VFIO_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * The 8 bytes at @iova, as the mock IOMMU translates it for @pasid (0: the
 * device itself), in @value. -ENOENT: nothing is attached to that PASID, -EFAULT:
 * nothing is mapped there. Nobody may attach, detach or unmap meanwhile.
 */
struct mock_vfio_read {
	__u32 pasid;
	__u32 pad;
	__u64 iova;
	__u64 value;
};

#define MOCK_VFIO_READ _IOWR(';', 221, struct mock_vfio_read)

#endif
