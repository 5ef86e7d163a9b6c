/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What the uAPI of /dev/iommu has gained since Linux 6.12: numbers, structures
 * and flags that the distribution's <linux/iommufd.h> does not declare.
 *
 * Names and layouts are those of the mainline kernel's newest header, so that
 * a program may be built with either: where <linux/iommufd.h> already declares
 * them (6.13 and later declare more and more), this header adds nothing.
 */
#ifndef _UAPI_LINUX_IOMMUFD_EXT_H
#define _UAPI_LINUX_IOMMUFD_EXT_H

#ifdef __KERNEL__
/* In the kernel <linux/iommufd.h> is the interface of drivers. */
#include <uapi/linux/iommufd.h>
#else
#include <linux/iommufd.h>
#endif
#include <linux/types.h>

#ifndef IOMMU_IOAS_MAP_FILE

/* Numbers, on top of enum iommufd's. */
enum {
	IOMMUFD_CMD_IOAS_MAP_FILE = 0x8f,
	IOMMUFD_CMD_VIOMMU_ALLOC = 0x90,
	IOMMUFD_CMD_VDEVICE_ALLOC = 0x91,
	IOMMUFD_CMD_IOAS_CHANGE_PROCESS = 0x92,
	IOMMUFD_CMD_VEVENTQ_ALLOC = 0x93,
	IOMMUFD_CMD_HW_QUEUE_ALLOC = 0x94,
};

/**
 * struct iommu_ioas_map_file - ioctl(IOMMU_IOAS_MAP_FILE)
 * @size: sizeof(struct iommu_ioas_map_file)
 * @flags: enum iommufd_ioas_map_flags
 * @ioas_id: the IOAS
 * @fd: a memfd, a file of hugetlbfs, or a dmabuf
 * @start: first byte of the file
 * @length: bytes
 * @iova: in with IOMMU_IOAS_MAP_FIXED_IOVA, out otherwise: first IOVA
 *
 * Map a part of a file. The mapping belongs to the file, not to a process: it
 * needs no address space, and survives an exec of the one who made it.
 */
struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define IOMMU_IOAS_MAP_FILE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP_FILE)

/**
 * struct iommu_ioas_change_process - ioctl(IOMMU_IOAS_CHANGE_PROCESS)
 * @size: sizeof(struct iommu_ioas_change_process)
 * @__reserved: 0
 *
 * Charge all that the context has pinned to the calling process from now on,
 * instead of to the one that mapped it. Only for contexts in which everything
 * is mapped from files (IOMMU_IOAS_MAP_FILE).
 */
struct iommu_ioas_change_process {
	__u32 size;
	__u32 __reserved;
};

#define IOMMU_IOAS_CHANGE_PROCESS \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_CHANGE_PROCESS)

/**
 * struct iommu_viommu_alloc - ioctl(IOMMU_VIOMMU_ALLOC)
 * @size: sizeof(struct iommu_viommu_alloc)
 * @flags: 0
 * @type: of the virtual IOMMU, as the IOMMU's driver numbers them
 * @dev_id: a device behind the physical IOMMU
 * @hwpt_id: a HWPT made with IOMMU_HWPT_ALLOC_NEST_PARENT
 * @out_viommu_id: the new object
 * @data_len: bytes at @data_uptr
 * @__reserved: 0
 * @data_uptr: what the driver wants to know
 *
 * A slice of a physical IOMMU that one virtual machine uses. No driver of
 * Linux 6.12 can make one.
 */
struct iommu_viommu_alloc {
	__u32 size;
	__u32 flags;
	__u32 type;
	__u32 dev_id;
	__u32 hwpt_id;
	__u32 out_viommu_id;
	__u32 data_len;
	__u32 __reserved;
	__aligned_u64 data_uptr;
};

#define IOMMU_VIOMMU_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VIOMMU_ALLOC)

/**
 * struct iommu_vdevice_alloc - ioctl(IOMMU_VDEVICE_ALLOC)
 * @size: sizeof(struct iommu_vdevice_alloc)
 * @viommu_id: the virtual IOMMU
 * @dev_id: the device
 * @out_vdevice_id: the new object
 * @virt_id: what the guest's IOMMU calls the device: a requester or stream id
 */
struct iommu_vdevice_alloc {
	__u32 size;
	__u32 viommu_id;
	__u32 dev_id;
	__u32 out_vdevice_id;
	__aligned_u64 virt_id;
};

#define IOMMU_VDEVICE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VDEVICE_ALLOC)

#endif /* IOMMU_IOAS_MAP_FILE */

#ifndef IOMMU_VEVENTQ_ALLOC

/**
 * struct iommu_veventq_alloc - ioctl(IOMMU_VEVENTQ_ALLOC)
 * @size: sizeof(struct iommu_veventq_alloc)
 * @flags: 0
 * @viommu_id: the virtual IOMMU whose events are wanted
 * @type: of the events, as the IOMMU's driver numbers them
 * @veventq_depth: events kept at most
 * @out_veventq_id: the new object
 * @out_veventq_fd: where the events are read
 * @__reserved: 0
 */
struct iommu_veventq_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 veventq_depth;
	__u32 out_veventq_id;
	__u32 out_veventq_fd;
	__u32 __reserved;
};

/**
 * struct iommufd_vevent_header - in front of every event that is read
 * @flags: enum iommu_veventq_flag
 * @sequence: the event's number, from 0 on, and from INT_MAX on to 0 again;
 *	what lies between two numbers was lost
 */
struct iommufd_vevent_header {
	__u32 flags;
	__u32 sequence;
};

/* No event follows: those up to this number were lost. */
enum iommu_veventq_flag {
	IOMMU_VEVENTQ_FLAG_LOST_EVENTS = 1U << 0,
};

#define IOMMU_VEVENTQ_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VEVENTQ_ALLOC)

/**
 * struct iommu_hw_queue_alloc - ioctl(IOMMU_HW_QUEUE_ALLOC)
 * @size: sizeof(struct iommu_hw_queue_alloc)
 * @flags: 0
 * @viommu_id: the virtual IOMMU
 * @type: of the queue, as the IOMMU's driver numbers them
 * @index: which of the virtual IOMMU's queues
 * @out_hw_queue_id: the new object
 * @nesting_parent_iova: where the queue's memory is mapped
 * @length: of the queue, bytes
 */
struct iommu_hw_queue_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 index;
	__u32 out_hw_queue_id;
	__aligned_u64 nesting_parent_iova;
	__aligned_u64 length;
};

#define IOMMU_HW_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HW_QUEUE_ALLOC)

#endif /* IOMMU_VEVENTQ_ALLOC */

/*
 * Members of enums cannot be asked for, so these are macros, under the names
 * that the newest header gives them. Declaring them again there is no error:
 * a macro of that name only stands in front of the enum's member.
 */
/* enum iommufd_hwpt_alloc_flags: the HWPT can be attached to PASIDs */
#define IOMMU_HWPT_ALLOC_PASID (1 << 3)
/* enum iommufd_hw_info_flags: out_data_type says which type is asked for */
#define IOMMU_HW_INFO_FLAG_INPUT_TYPE (1 << 0)
/* enum iommu_hw_info_type */
#define IOMMU_HW_INFO_TYPE_DEFAULT 0
/* Types that mean nothing yet: enum iommu_viommu_type and its like. */
#define IOMMU_VIOMMU_TYPE_DEFAULT 0
#define IOMMU_VEVENTQ_TYPE_DEFAULT 0
#define IOMMU_HW_QUEUE_TYPE_DEFAULT 0
/* enum iommufd_hw_capabilities: the device has no ATS */
#define IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED (1 << 3)

#endif
