// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: allocation, registration, and the wait for the last user.
 *
 * Owns the allocation with our prefix in front (vfio.h), the device's index,
 * its pseudo inode and the registration count. Files and groups take
 * registration references from here; they are what unregistration waits for.
 *
 * Three lifetimes, each inside the next:
 *
 *	open		open_count, under the device set's lock; see file.c
 *	registered	refcount: one for the registration, one per file
 *	allocated	the struct device's kobject; sysfs holds it too, until
 *			the device is deleted there
 *
 * The last of them ends in the driver's vfio_put_device(): the release calls
 * the driver, whose module may be gone soon after.
 */
#include "main_abi.h"
#include "vfio.h"

#define VFIO_FS_MAGIC	0x5646494f	/* "VFIO", the stock module's value */

/* How long to wait before the user is asked for the device once more. */
#define VFIO_REQUEST_PERIOD	(10 * HZ)

struct class *vfio_device_class;

static DEFINE_IDA(vfio_device_ida);
static struct vfsmount *vfio_fs_mount;
static int vfio_fs_users;

/*
 * The pseudo file system gives each device an inode of its own. All files of
 * a device share its mapping, so that a driver can revoke every mmap of the
 * device with one unmap_mapping_range().
 */
static int vfio_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, VFIO_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type vfio_fs_type = {
	.name = "vfio",
	.owner = THIS_MODULE,
	.init_fs_context = vfio_fs_init_context,
	.kill_sb = kill_anon_super,
};

static struct inode *vfio_inode_get(void)
{
	struct inode *inode;
	int ret;

	ret = simple_pin_fs(&vfio_fs_type, &vfio_fs_mount, &vfio_fs_users);
	if (ret)
		return ERR_PTR(ret);

	inode = alloc_anon_inode(vfio_fs_mount->mnt_sb);
	if (IS_ERR(inode))
		simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
	return inode;
}

static void vfio_inode_put(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
}

/* The last reference to the kobject is gone: undo _vfio_alloc_device(). */
static void vfio_device_release(struct device *dev)
{
	struct vfio_device *device =
		container_of(dev, struct vfio_device, device);

	vfio_release_device_set(device);
	ida_free(&vfio_device_ida, device->index);

	if (device->ops->release)
		device->ops->release(device);

	vfio_inode_put(device->inode);
	xa_destroy(&vfio_prefix(device)->pasids);
	mutex_destroy(&vfio_prefix(device)->attach_lock);
	kvfree(vfio_prefix(device));
}

static int vfio_device_init(struct vfio_device *device, struct device *dev,
			    const struct vfio_device_ops *ops)
{
	int ret;

	ret = ida_alloc_max(&vfio_device_ida, MINORMASK, GFP_KERNEL);
	if (ret < 0)
		return ret;

	device->index = ret;
	device->dev = dev;
	device->ops = ops;
	init_completion(&device->comp);

	device->inode = vfio_inode_get();
	if (IS_ERR(device->inode)) {
		ret = PTR_ERR(device->inode);
		goto err_index;
	}

	if (ops->init) {
		ret = ops->init(device);
		if (ret)
			goto err_inode;
	}

	device_initialize(&device->device);
	device->device.release = vfio_device_release;
	device->device.class = vfio_device_class;
	device->device.parent = dev;
	return 0;

err_inode:
	/* init may have joined a device set before it failed. */
	vfio_release_device_set(device);
	vfio_inode_put(device->inode);
err_index:
	ida_free(&vfio_device_ida, device->index);
	return ret;
}

/**
 * _vfio_alloc_device() - allocate a device for a driver
 * @size: bytes of the driver's structure, whose first member is the device
 * @dev: the physical device, or the mdev's
 * @ops: the driver's operations; @ops->init is called here
 *
 * Drivers use the wrapper vfio_alloc_device() and end with vfio_put_device().
 * May sleep.
 *
 * Return: the device, or an ERR_PTR: -EINVAL if @size is too small, -ENOMEM,
 * -ENOSPC when all indices are in use, or what @ops->init returned.
 */
struct vfio_device *_vfio_alloc_device(size_t size, struct device *dev,
				       const struct vfio_device_ops *ops)
{
	struct vfio_prefix *prefix;
	size_t total;
	int ret;

	if (WARN_ON(size < sizeof(struct vfio_device)) ||
	    check_add_overflow(size, sizeof(*prefix), &total))
		return ERR_PTR(-EINVAL);

	prefix = kvzalloc(total, GFP_KERNEL);
	if (!prefix)
		return ERR_PTR(-ENOMEM);

	prefix->size = size;
	mutex_init(&prefix->attach_lock);
	xa_init(&prefix->pasids);
	spin_lock_init(&prefix->pin_lock);
	ret = vfio_device_init(vfio_from_prefix(prefix), dev, ops);
	if (ret) {
		mutex_destroy(&prefix->attach_lock);
		kvfree(prefix);
		return ERR_PTR(ret);
	}
	return vfio_from_prefix(prefix);
}
EXPORT_SYMBOL_GPL(_vfio_alloc_device);

/* A driver brings all operations for iommufd, or (as stock ones) none. */
static bool vfio_iommufd_ops_complete(const struct vfio_device_ops *ops)
{
	return !ops->bind_iommufd == !ops->unbind_iommufd &&
	       !ops->bind_iommufd == !ops->attach_ioas &&
	       !ops->bind_iommufd == !ops->detach_ioas;
}

static int vfio_device_register(struct vfio_device *device,
				enum vfio_group_type type)
{
	int ret;

	if (WARN_ON(!vfio_iommufd_ops_complete(device->ops)))
		return -EINVAL;

	/* A driver that names no set gets one of its own. */
	if (!device->dev_set) {
		ret = vfio_assign_device_set(device, device);
		if (ret)
			return ret;
	}

	ret = dev_set_name(&device->device, "vfio%d", device->index);
	if (ret)
		return ret;

	ret = vfio_device_set_group(device, type);
	if (ret)
		return ret;

	/*
	 * Userspace has no means to flush caches for the device: DMA that
	 * does not snoop cannot be used safely through us.
	 */
	if (device->group->type == VFIO_IOMMU &&
	    !device_iommu_capable(device->dev, IOMMU_CAP_CACHE_COHERENCY)) {
		ret = -EINVAL;
		goto err_group;
	}

	ret = vfio_device_add(device);
	if (ret)
		goto err_group;

	/* From here on files can be opened; until now they got ENODEV. */
	refcount_set(&device->refcount, 1);
	vfio_device_group_register(device);
	return 0;

err_group:
	vfio_device_remove_group(device);
	return ret;
}

/**
 * vfio_register_group_dev() - make a physical device available to userspace
 * @device: a device from vfio_alloc_device() that lives behind an IOMMU
 *
 * The device appears in its group and as /dev/vfio/devices/vfioN. May sleep.
 *
 * Return: 0; -EINVAL without an IOMMU group or cache coherency, or if only
 * some of the driver's operations for iommufd are there; -ENOMEM; or what
 * sysfs returned.
 */
int vfio_register_group_dev(struct vfio_device *device)
{
	return vfio_device_register(device, VFIO_IOMMU);
}
EXPORT_SYMBOL_GPL(vfio_register_group_dev);

/**
 * vfio_register_emulated_iommu_dev() - the same for a device without DMA
 * @device: a device whose driver does all memory accesses by
 *	vfio_pin_pages() and vfio_dma_rw()
 *
 * The device gets an IOMMU group made up for it, and a node like any other.
 * May sleep.
 *
 * Return: 0; -EINVAL if only some of the driver's operations for iommufd are
 * there; -ENOMEM; or what sysfs returned.
 */
int vfio_register_emulated_iommu_dev(struct vfio_device *device)
{
	return vfio_device_register(device, VFIO_EMULATED_IOMMU);
}
EXPORT_SYMBOL_GPL(vfio_register_emulated_iommu_dev);

/*
 * Wait until no file holds the device, and ask its user for it every ten
 * seconds. A signal cannot end the wait (the driver is being unbound, it
 * has to come to an end); it only gets an explanation into the log.
 */
static void vfio_device_wait_unused(struct vfio_device *device)
{
	unsigned int requests = 0;
	bool signalled = false;
	long left;

	if (try_wait_for_completion(&device->comp))
		return;

	for (;;) {
		if (device->ops->request)
			device->ops->request(device, requests++);

		if (signalled)
			left = wait_for_completion_timeout(&device->comp,
							   VFIO_REQUEST_PERIOD);
		else
			left = wait_for_completion_interruptible_timeout(&device->comp,
									 VFIO_REQUEST_PERIOD);
		if (left > 0)
			return;

		if (left < 0) {
			signalled = true;
			dev_warn(device->dev,
				 "Device is currently in use, task \"%s\" (%d) blocked until device is released",
				 current->comm, task_pid_nr(current));
		}
	}
}

/**
 * vfio_unregister_group_dev() - take a device away from userspace
 * @device: a registered device
 *
 * New opens fail at once, and so does BIND of a file that is open already;
 * then waits, uninterruptibly, until the last file of the device (bound or
 * not) is closed, while it asks the user for it through the driver's request
 * operation. May sleep; takes the device set's lock.
 */
void vfio_unregister_group_dev(struct vfio_device *device)
{
	mutex_lock(&device->dev_set->lock);
	vfio_prefix(device)->unregistering = true;
	mutex_unlock(&device->dev_set->lock);

	vfio_device_group_unregister(device);
	vfio_device_del(device);

	vfio_device_put_registration(device);
	vfio_device_wait_unused(device);

	vfio_device_remove_group(device);
}
EXPORT_SYMBOL_GPL(vfio_unregister_group_dev);

/**
 * vfio_device_class_init() - create /sys/class/vfio-dev
 *
 * Return: 0 or a negative errno.
 */
int vfio_device_class_init(void)
{
	vfio_device_class = class_create("vfio-dev");
	return PTR_ERR_OR_ZERO(vfio_device_class);
}

/**
 * vfio_device_class_exit() - remove the class; no device is left
 */
void vfio_device_class_exit(void)
{
	class_destroy(vfio_device_class);
	ida_destroy(&vfio_device_ida);
}
