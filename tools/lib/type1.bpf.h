/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools read of stock VFIO's private structures: the members that it
 * uses, found by name in the BTF of whatever modules are loaded.
 */
#ifndef TOOL_TYPE1_BPF_H
#define TOOL_TYPE1_BPF_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct vfio_iommu_driver_ops {
	char *name;
};

struct vfio_iommu_driver {
	const struct vfio_iommu_driver_ops *ops;
};

struct vfio_container {
	struct list_head group_list;
	struct vfio_iommu_driver *iommu_driver;
	void *iommu_data;
};

struct vfio_group {
	struct iommu_group *iommu_group;
	struct list_head device_list;
	struct list_head container_next;
};

struct vfio_device {
	struct device *dev;
	struct list_head group_next;
	unsigned int open_count;
};

/* Of vfio_iommu_type1 */

struct vfio_iommu {
	struct list_head domain_list;
	struct rb_root dma_list;
	unsigned int dma_avail;
	bool dirty_page_tracking;
};

struct vfio_domain {
	struct list_head next;
};

struct vfio_dma {
	struct rb_node node;
	dma_addr_t iova;
	unsigned long vaddr;
	size_t size;
	int prot;
	struct task_struct *task;
	struct mm_struct *mm;
	size_t locked_vm;
	bool lock_cap;
};

#pragma clang attribute pop

#endif
