/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of the mock VFIO device's file.
 *
 * By MOCK_VFIO_READ a test has the device read its user's memory, as by DMA with a
 * PASID; by MOCK_VFIO_SEEN it learns what vfio.ko asked of the driver.
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

#define MOCK_VFIO_MAX_ARCS	16
#define MOCK_VFIO_MAX_RANGES	4
#define MOCK_VFIO_LOG_PAGE	0x2000		/* the driver's choice */
#define MOCK_VFIO_DATA_SIZE	0x123456789ULL

/*
 * @set_features: VFIO_MIGRATION_* that the device has from now on, if not 0;
 * gives back what it has. @path: the @arcs states that the last change of its
 * state led through. @log_asked, @log_page_size: the number of ranges and the
 * page size of the last start of its log; @log_ranges of them were left when
 * the core had joined them to MOCK_VFIO_MAX_RANGES, from @first to @last.
 */
struct mock_vfio_seen {
	__u32 set_features;
	__u32 arcs;
	__u8 path[MOCK_VFIO_MAX_ARCS];
	__u32 logging;
	__u32 log_asked;
	__u64 log_page_size;
	__u32 log_ranges;
	__u32 pad;
	__u64 first[MOCK_VFIO_MAX_RANGES];
	__u64 last[MOCK_VFIO_MAX_RANGES];
};

#define MOCK_VFIO_SEEN _IOWR(';', 222, struct mock_vfio_seen)

#endif
