/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the private types that is ABI.
 *
 * Stock modules check a CRC of every function that they take from vfio.ko,
 * and genksyms computes it over all types that are reachable from the
 * function and complete in the translation unit that exports it. struct
 * vfio_device points to struct vfio_group, so the group's layout enters the
 * CRC of almost every export; type1's operation table enters that of its
 * registration call.
 *
 * Therefore: names, types and order of the fields below are those of the
 * target kernel and do not change. What we need beyond them goes behind
 * #ifndef __GENKSYMS__ at the end of a structure that no stock module
 * allocates or reads, or (better) into struct vfio_prefix. check-symvers
 * fails the build when this file and the target drift apart.
 */
#ifndef KERNEL_VFIO_ABI_H
#define KERNEL_VFIO_ABI_H

#include <linux/file.h>
#include <linux/device.h>
#include <linux/cdev.h>
#include <linux/module.h>
#include <linux/vfio.h>

struct iommufd_ctx;
struct iommu_group;
struct vfio_container;

/**
 * enum vfio_group_type - what stands behind a group
 * @VFIO_IOMMU: real devices behind an IOMMU
 * @VFIO_EMULATED_IOMMU: a software device (mdev); its IOMMU group exists only
 *	because the group's number is part of the interface to userspace
 * @VFIO_NO_IOMMU: a real device without an IOMMU, given away all the same
 *	(enable_unsafe_noiommu_mode); its IOMMU group is made up, too
 */
enum vfio_group_type {
	VFIO_IOMMU,
	VFIO_EMULATED_IOMMU,
	VFIO_NO_IOMMU,
};

/*
 * One IOMMU group, as userspace sees it: /dev/vfio/N.
 *
 * @drivers counts registered devices; while it is not zero, @iommu_group is
 * valid. It goes to zero under the list lock of group.c.
 *
 * @group_lock protects @container_users, @iommu_group, @container,
 * @opened_file and @cdev_device_open_cnt; @device_lock protects @device_list;
 * @kvm_ref_lock protects @kvm. @container_next is protected by the
 * container's group_lock, @vfio_next by the list lock of group.c.
 *
 * @iommufd is protected by @group_lock too, and set when the group's container
 * is an iommufd. @notifier is part of the shape only.
 */
struct vfio_group {
	struct device			dev;
	struct cdev			cdev;
	refcount_t			drivers;
	unsigned int			container_users;
	struct iommu_group		*iommu_group;
	struct vfio_container		*container;
	struct list_head		device_list;
	struct mutex			device_lock;
	struct list_head		vfio_next;
	struct list_head		container_next;
	enum vfio_group_type		type;
	struct mutex			group_lock;
	struct kvm			*kvm;
	struct file			*opened_file;
	struct blocking_notifier_head	notifier;
	struct iommufd_ctx		*iommufd;
	spinlock_t			kvm_ref_lock;
	unsigned int			cdev_device_open_cnt;
};

/*
 * What an IOMMU backend of the legacy container (stock vfio_iommu_type1)
 * implements. @open returns the backend's data or an ERR_PTR; all calls may
 * sleep; @attach_group and @detach_group are called with the container's
 * group_lock held for writing.
 */
struct vfio_iommu_driver_ops {
	char		*name;
	struct module	*owner;
	void		*(*open)(unsigned long arg);
	void		(*release)(void *iommu_data);
	long		(*ioctl)(void *iommu_data, unsigned int cmd,
				 unsigned long arg);
	int		(*attach_group)(void *iommu_data,
					struct iommu_group *group,
					enum vfio_group_type type);
	void		(*detach_group)(void *iommu_data,
					struct iommu_group *group);
	int		(*pin_pages)(void *iommu_data,
				     struct iommu_group *group,
				     dma_addr_t user_iova,
				     int npage, int prot,
				     struct page **pages);
	void		(*unpin_pages)(void *iommu_data,
				       dma_addr_t user_iova, int npage);
	void		(*register_device)(void *iommu_data,
					   struct vfio_device *vdev);
	void		(*unregister_device)(void *iommu_data,
					     struct vfio_device *vdev);
	int		(*dma_rw)(void *iommu_data, dma_addr_t user_iova,
				  void *data, size_t count, bool write);
	struct iommu_domain *(*group_iommu_domain)(void *iommu_data,
						   struct iommu_group *group);
};

/* A registered backend; @vfio_next is on the list of container.c. */
struct vfio_iommu_driver {
	const struct vfio_iommu_driver_ops	*ops;
	struct list_head			vfio_next;
};

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops);
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops);

#endif
