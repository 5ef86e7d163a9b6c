/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommutop reads of an iommufd that is not iommufd-bpf's: the members that
 * it uses, found by name in the BTF of the module that is loaded. What some
 * kernels lack is asked for before it is read.
 */
#ifndef IOMMUTOP_FOREIGN_BPF_H
#define IOMMUTOP_FOREIGN_BPF_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

enum iommufd_object_type {
	IOMMUFD_OBJ_DEVICE = 1,
	IOMMUFD_OBJ_HWPT_PAGING,
	IOMMUFD_OBJ_HWPT_NESTED,
	IOMMUFD_OBJ_IOAS,
};

struct iommufd_ctx {
	struct xarray objects;
	u8 account_mode;
};

struct iommufd_object {
	enum iommufd_object_type type;
	unsigned int id;
};

struct io_pagetable {
	struct rb_root_cached area_itree;
};

struct iommufd_ioas {
	struct iommufd_object obj;
	struct io_pagetable iopt;
	struct list_head hwpt_list;
};

struct iommufd_hw_pagetable {
	struct iommufd_object obj;
};

struct iommufd_hwpt_paging {
	struct iommufd_hw_pagetable common;
	struct iommufd_ioas *ioas;
};

struct iommufd_hwpt_nested {
	struct iommufd_hw_pagetable common;
	struct iommufd_hwpt_paging *parent;
};

struct iommufd_group {
	struct iommu_group *group;
	struct iommufd_hw_pagetable *hwpt; /* not in all kernels */
};

struct iommufd_device {
	struct iommufd_object obj;
	struct iommufd_group *igroup;
	struct device *dev;
};

struct iopt_pages {
	size_t npages;
	size_t npinned;
	struct task_struct *source_task;
	struct user_struct *source_user;
	void *uptr;
	unsigned int type; /* enum iopt_address_type; not in all kernels */
};

struct iopt_area {
	struct interval_tree_node node;
	struct interval_tree_node pages_node;
	struct iopt_pages *pages;
	unsigned int page_offset;
	int iommu_prot;
};

/* Of a command: what it was given. */
struct iommufd_ucmd {
	struct iommufd_ctx *ictx;
	void *cmd;
};

#pragma clang attribute pop

#endif
