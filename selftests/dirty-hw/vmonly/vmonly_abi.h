/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * vmonly_abi.h - what /dev/vmonly_dirty understands
 *
 * For the tests in the folder above and vmonly_dirty.ko, which are built
 * together: it promises nothing to anybody else.
 */
#ifndef VMONLY_ABI_H
#define VMONLY_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct vmonly_access - a device's write to memory, or a look at its leaf
 * @rid: of the device: bus number << 8 | device << 3 | function
 * @write: 1: the device writes a byte; 0: only look
 * @iova: where
 * @leaf: out: bytes of the IO page that holds it
 * @tracking: out: the IOMMU sets dirty bits for this device
 * @dirty: out: the IO page is dirty, now
 */
struct vmonly_access {
	__u32 rid;
	__u32 write;
	__u64 iova;
	__u64 leaf;
	__u32 tracking;
	__u32 dirty;
};

/*
 * 0, or -1 with errno ENODEV: no such device behind the IOMMU; ENXIO: the
 * IOMMU blocks it; EFAULT: nothing is mapped there; EACCES: not for writing;
 * EOPNOTSUPP: a table of a kind that tracks nothing.
 */
#define VMONLY_DIRTY_ACCESS _IOWR('V', 0, struct vmonly_access)

#endif
