/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The private interface between the files of vfio.ko.
 *
 * Lock order, outermost first; what is in brackets belongs to others:
 *
 *   group list lock (group.c)
 *     vfio_group::group_lock
 *       vfio_container::group_lock
 *         backend list lock (container.c) [type1's lock]
 *           vfio_container::backend_lock (held alone, it is over type1's lock)
 *       vfio_device_set::lock
 *         [a driver's match op: the VF token's lock]
 *         [iommufd's locks, the IOMMU core's group mutex, type1's lock]
 *         [vfio-pci-core's memory_lock, the PCI core's locks]
 *         kvm_ref_lock of a group or of a device file (spinlock)
 *   vfio_group::device_lock [a driver's match op: the VF token's lock]
 *   vfio_prefix::attach_lock (alone, or under a group_lock) [iommufd's locks,
 *	the IOMMU core's group mutex, a driver's dma_unmap op]
 *     vfio_prefix::pin_lock (spinlock)
 *   the table of nodes' xa_lock (cdev.c; spinlock)
 *
 * No function here waits for a group_lock or an attach_lock with a device set's
 * lock held (a hot reset tries the attach_lock of each member). Tenants who know
 * nothing of each other may share a set (a slot, a bus): nothing that a user can
 * prolong runs under its lock, no pinning, no unpinning, no access to the user's
 * memory.
 *
 * Calls between the files go down only:
 *
 *   main.c		device, cdev, group, devset, virqfd
 *   device.c		cdev, group, devset
 *   kvm_file.c		group, group_file, cdev
 *   cdev.c		group, file, iommufd, kvm, pci_reset
 *   pci_reset.c	iommufd
 *   iommufd.c		access
 *   group.c		group_file, container, group_iommufd, noiommu
 *   group_file.c	file, container, group_iommufd, iommufd, kvm, noiommu
 *   container.c	noiommu
 *   group_iommufd.c	iommufd
 *   file.c		feature
 *   feature.c		dma_log
 *   pin.c		container, access
 */
#ifndef KERNEL_VFIO_VFIO_H
#define KERNEL_VFIO_VFIO_H

#include <linux/build_bug.h>
#include <linux/container_of.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "abi.h"

struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;

/**
 * struct vfio_prefix - our private state of a device
 * @size: bytes that the driver asked for, from struct vfio_device on
 * @cdev: /dev/vfio/devices/vfioN. It has a life of its own and no reference
 *	to the device: an open file may keep it for a moment longer than the
 *	device lives
 * @unregistering: no file may be bound any more; protected by the device
 *	set's lock
 * @attach_lock: held over ATTACH, DETACH and the end of a binding, which may
 *	pin and unpin a whole address space; and, when nobody has it just then,
 *	over a hot reset
 * @bound: set by BIND, with the device set locked; cleared, under
 *	@attach_lock, by the end of the binding. BIND sees by it that a close is
 *	not through yet
 * @ictx: the context in which the device is open, without a reference, else
 *	NULL; written with the device set locked
 * @devid: the device's id there, valid while @ictx is set
 * @idev: a physical device as iommufd knows it while it is bound, else NULL.
 *	Set by BIND, before the gate of the file opens; cleared, under
 *	@attach_lock, by the end of the binding, which no command of that file
 *	can overlap
 * @access: the same for an emulated device
 * @attached: the device is attached to an address space of iommufd; protected
 *	by @attach_lock
 * @pasids: its PASIDs that are; only changed under @attach_lock
 * @pin_lock: protects @pin_first and @pin_last
 * @pin_first: of an emulated device: first IOVA of the smallest range that
 *	holds all that the driver pinned since BIND
 * @pin_last: its last IOVA; before @pin_first if nothing was pinned
 *
 * It lies directly in front of struct vfio_device, whose layout is ABI and
 * has no room for us, in one allocation that only _vfio_alloc_device() makes
 * and only the device's release frees:
 *
 *	allocation            what vfio_alloc_device() returned to the driver
 *	|                     |
 *	[ struct vfio_prefix ][ struct vfio_device | the driver's fields … ]
 *
 * A multiple of 64 bytes, so that the driver's fields keep the alignment that
 * the allocator gave them.
 */
struct vfio_prefix {
	size_t			size;
	struct cdev		*cdev;
	bool			unregistering;
	bool			bound;
	struct iommufd_ctx	*ictx;
	u32			devid;
	struct mutex		attach_lock;
	struct iommufd_device	*idev;
	struct iommufd_access	*access;
	bool			attached;
	struct xarray		pasids;
	spinlock_t		pin_lock;
	unsigned long		pin_first;
	unsigned long		pin_last;
} __aligned(64);

static_assert(sizeof(struct vfio_prefix) % 64 == 0);

/**
 * vfio_prefix() - the private state of a device
 * @device: any device that _vfio_alloc_device() made
 *
 * Return: what lies in front of it.
 */
static inline struct vfio_prefix *vfio_prefix(struct vfio_device *device)
{
	return (struct vfio_prefix *)device - 1;
}

/**
 * vfio_from_prefix() - the device behind its private state
 * @prefix: the private state
 *
 * Return: the device, valid as long as the prefix.
 */
static inline struct vfio_device *vfio_from_prefix(struct vfio_prefix *prefix)
{
	return (struct vfio_device *)(prefix + 1);
}

/**
 * struct vfio_device_file - an open file of a device
 * @device: the device; the file holds one registration reference
 * @group: the group that gave the file out, NULL for a file of the cdev
 * @iommufd: the context that the file is bound to, with a reference, or NULL;
 *	written once, before @access_granted
 * @devid: the device's object id in @iommufd, valid while that is set
 * @access_granted: the device is open behind this file. Written once, with
 *	release semantics, by who opened the device; readers use
 *	vfio_df_may_access() and take no lock
 * @kvm_ref_lock: protects @kvm
 * @kvm: the VM that the file was given to, without a reference: KVM clears it
 *	before it dies
 */
struct vfio_device_file {
	struct vfio_device	*device;
	struct vfio_group	*group;
	struct iommufd_ctx	*iommufd;
	u32			devid;
	bool			access_granted;
	spinlock_t		kvm_ref_lock;
	struct kvm		*kvm;
};

/**
 * vfio_df_grant_access() - let the file reach the device's operations
 * @df: the file; the caller has opened the device for it
 */
static inline void vfio_df_grant_access(struct vfio_device_file *df)
{
	/* What BIND and open_device() wrote is visible to who sees it. */
	smp_store_release(&df->access_granted, true);
}

/**
 * vfio_df_may_access() - whether the device is open behind this file
 * @df: the file
 *
 * Return: true from a successful BIND or GET_DEVICE_FD until the file's end.
 */
static inline bool vfio_df_may_access(struct vfio_device_file *df)
{
	/* Pairs with vfio_df_grant_access(). */
	return smp_load_acquire(&df->access_granted);
}

/**
 * vfio_device_try_get_registration() - keep a device registered
 * @device: an allocated device
 *
 * Return: false if the device is not registered or about to go; else the
 * caller gives the reference back by vfio_device_put_registration().
 */
static inline bool vfio_device_try_get_registration(struct vfio_device *device)
{
	return refcount_inc_not_zero(&device->refcount);
}

/**
 * vfio_device_put_registration() - stop keeping a device registered
 * @device: the device; may be unregistered and freed on return
 */
static inline void vfio_device_put_registration(struct vfio_device *device)
{
	if (refcount_dec_and_test(&device->refcount))
		complete(&device->comp);
}

/**
 * vfio_device_try_get_driver() - keep the driver's module while a device is
 *	used
 * @device: a registered device
 *
 * Registration keeps the driver too, but makes the unloading of its module
 * wait; with this it is refused.
 *
 * Return: false if the module is being unloaded; else the caller ends with
 * vfio_device_put_driver().
 */
static inline bool vfio_device_try_get_driver(struct vfio_device *device)
{
	return try_module_get(device->dev->driver->owner);
}

/**
 * vfio_device_put_driver() - undo vfio_device_try_get_driver()
 * @device: the device, still registered
 */
static inline void vfio_device_put_driver(struct vfio_device *device)
{
	module_put(device->dev->driver->owner);
}

/* device.c */
extern struct class *vfio_device_class;
int vfio_device_class_init(void);
void vfio_device_class_exit(void);

/* devset.c */
void vfio_release_device_set(struct vfio_device *device);
void vfio_devset_exit(void);

/* file.c */
struct vfio_device_file *vfio_df_alloc(struct vfio_device *device);
void vfio_df_free(struct vfio_device_file *df);
int vfio_df_open(struct vfio_device_file *df);
void vfio_df_close(struct vfio_device_file *df);
void vfio_df_report_bind(struct vfio_device_file *df, int ret, u64 begin);
int vfio_df_begin(struct vfio_device_file *df);
void vfio_df_end(struct vfio_device_file *df);
long vfio_df_driver_ioctl(struct vfio_device_file *df, unsigned int cmd,
			  unsigned long arg);
ssize_t vfio_df_read(struct file *file, char __user *buf, size_t count,
		     loff_t *ppos);
ssize_t vfio_df_write(struct file *file, const char __user *buf, size_t count,
		      loff_t *ppos);
int vfio_df_mmap(struct file *file, struct vm_area_struct *vma);

/* cdev.c */
extern const struct file_operations vfio_cdev_fops;
int vfio_device_add(struct vfio_device *device);
void vfio_device_del(struct vfio_device *device);
int vfio_cdev_init(struct class *device_class);
void vfio_cdev_exit(void);

/* iommufd.c */
int vfio_iommufd_bind(struct vfio_device *device, struct iommufd_ctx *ictx,
		      u32 *devid);
void vfio_iommufd_disown(struct vfio_device *device);
void vfio_iommufd_unbind(struct vfio_device *device);
bool vfio_iommufd_bound(struct vfio_device *device);
int vfio_iommufd_attach(struct vfio_device *device, u32 *pt_id);
void vfio_iommufd_detach(struct vfio_device *device);
bool vfio_iommufd_attached(struct vfio_device *device);
int vfio_iommufd_pasid_attach(struct vfio_device *device, u32 pasid,
			      u32 *pt_id);
int vfio_iommufd_pasid_detach(struct vfio_device *device, u32 pasid);
bool vfio_iommufd_uses_pasids(struct vfio_device *device);
bool vfio_iommufd_pasid_attached(struct vfio_device *device, u32 pasid);

/* access.c */
int vfio_device_access_pin_pages(struct vfio_device *device, dma_addr_t iova,
				 int npage, int prot, struct page **pages);
void vfio_device_access_unpin_pages(struct vfio_device *device, dma_addr_t iova,
				    int npage);
int vfio_device_access_dma_rw(struct vfio_device *device, dma_addr_t iova,
			      void *data, size_t len, bool write);

/* pci_reset.c */
bool vfio_pci_reset_ioctl(struct vfio_device_file *df, unsigned int cmd,
			  void __user *arg, long *ret);

/* feature.c, dma_log.c */
long vfio_ioctl_device_feature(struct vfio_device *device, void __user *arg);
int vfio_feature_log_start(struct vfio_device *device, u32 flags,
			   void __user *arg, size_t argsz);
int vfio_feature_log_stop(struct vfio_device *device, u32 flags,
			  void __user *arg, size_t argsz);
int vfio_feature_log_report(struct vfio_device *device, u32 flags,
			    void __user *arg, size_t argsz);

/* group.c */
int vfio_device_set_group(struct vfio_device *device,
			  enum vfio_group_type type);
void vfio_device_remove_group(struct vfio_device *device);
void vfio_device_group_register(struct vfio_device *device);
void vfio_device_group_unregister(struct vfio_device *device);
int vfio_device_block_group(struct vfio_device *device);
void vfio_device_unblock_group(struct vfio_device *device);
bool vfio_group_enforced_coherent(struct vfio_group *group);
void vfio_group_set_kvm(struct vfio_group *group, struct kvm *kvm);
int vfio_group_init(void);
void vfio_group_exit(void);

/* group_file.c */
extern const struct file_operations vfio_group_fops;
extern const struct file_operations vfio_group_device_fops;
struct vfio_group *vfio_group_from_file(struct file *file);

/* group_iommufd.c */
int vfio_group_set_iommufd(struct vfio_group *group, struct file *file);
void vfio_group_unset_iommufd(struct vfio_group *group);
int vfio_device_use_iommufd(struct vfio_device *device);
void vfio_device_unuse_iommufd(struct vfio_device *device);

/* noiommu.c */
bool vfio_noiommu_enabled(void);
int vfio_noiommu_locked_down(void);

/* container.c */
struct vfio_container *vfio_container_from_file(struct file *file);
int vfio_container_attach_group(struct vfio_container *container,
				struct vfio_group *group);
void vfio_group_detach_container(struct vfio_group *group);
int vfio_device_use_container(struct vfio_device *device);
void vfio_device_unuse_container(struct vfio_device *device);
int vfio_device_container_pin_pages(struct vfio_device *device,
				    dma_addr_t iova, int npage,
				    int prot, struct page **pages);
void vfio_device_container_unpin_pages(struct vfio_device *device,
				       dma_addr_t iova, int npage);
int vfio_device_container_dma_rw(struct vfio_device *device, dma_addr_t iova,
				 void *data, size_t len, bool write);
int vfio_container_init(void);
void vfio_container_exit(void);

/* virqfd.c */
int vfio_virqfd_init(void);
void vfio_virqfd_exit(void);

/* kvm.c */
void vfio_device_get_kvm(struct vfio_device *device, spinlock_t *lock,
			 struct kvm **kvmp);
void vfio_device_put_kvm(struct vfio_device *device);

#endif
