// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device files: what a group or the cdev hands to userspace.
 *
 * Owns the gate in front of the driver's operations, the open count, and the
 * runtime PM references around ioctls. Whether a file came through the group
 * (open from the start) or the cdev (open after BIND) is decided elsewhere:
 * group_file.c and cdev.c call vfio_df_open() and then grant access.
 *
 * Also exports what KVM asks about any VFIO file; KVM finds these functions
 * by symbol_get().
 */
#include "main_abi.h"
#include "vfio.h"

/**
 * vfio_df_alloc() - make the state behind a new file
 * @device: the device; the caller holds a registration reference for the file
 *
 * Return: the state, freed by the file's release, or NULL. May sleep.
 */
struct vfio_device_file *vfio_df_alloc(struct vfio_device *device)
{
	struct vfio_device_file *df;

	df = kzalloc(sizeof(*df), GFP_KERNEL_ACCOUNT);
	if (!df)
		return NULL;

	df->device = device;
	spin_lock_init(&df->kvm_ref_lock);
	return df;
}

/* DMA translation first, the driver second: it may start DMA when it opens. */
static int vfio_df_first_open(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	struct module *owner = device->dev->driver->owner;
	int ret;

	if (!try_module_get(owner))
		return -ENODEV;

	if (df->iommufd)
		ret = vfio_iommufd_bind(df);
	else
		ret = vfio_device_use_container(device);
	if (ret)
		goto err_module;

	if (device->ops->open_device) {
		ret = device->ops->open_device(device);
		if (ret)
			goto err_iommu;
	}
	return 0;

err_iommu:
	if (df->iommufd)
		vfio_iommufd_unbind(device);
	else
		vfio_device_unuse_container(device);
err_module:
	module_put(owner);
	return ret;
}

/* The reverse: the driver stops DMA before the translation goes away. */
static void vfio_df_last_close(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	if (device->ops->close_device)
		device->ops->close_device(device);

	if (df->iommufd)
		vfio_iommufd_unbind(device);
	else
		vfio_device_unuse_container(device);
	module_put(device->dev->driver->owner);
}

/**
 * vfio_df_open() - open the device behind a file
 * @df: a file that is not open; @df->iommufd decides between iommufd and the
 *	group's container. The device set's lock is held, for a group's file
 *	the group_lock too
 *
 * Many files of one group may have the device open at the same time; a file
 * of the cdev must be the only one. May sleep.
 *
 * Return: 0; -EINVAL if another file has the device open and this one is the
 * cdev's, or if the container has no IOMMU backend; -ENODEV when the driver
 * is going away; or what iommufd or the driver returned.
 */
int vfio_df_open(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	int ret = 0;

	lockdep_assert_held(&device->dev_set->lock);

	if (device->open_count && !df->group)
		return -EINVAL;

	/* The driver sees itself counted while it opens. */
	if (++device->open_count == 1) {
		ret = vfio_df_first_open(df);
		if (ret)
			device->open_count--;
	}
	return ret;
}

/**
 * vfio_df_close() - undo vfio_df_open()
 * @df: an open file; same locks
 */
void vfio_df_close(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	lockdep_assert_held(&device->dev_set->lock);

	if (WARN_ON_ONCE(!device->open_count))
		return;

	if (device->open_count == 1)
		vfio_df_last_close(df);
	device->open_count--;
}

/* A driver without PM operations has no runtime PM that could be resumed. */
static bool vfio_device_has_pm(struct vfio_device *device)
{
	return device->dev->driver && device->dev->driver->pm;
}

static int vfio_device_resume(struct vfio_device *device)
{
	int ret;

	if (!vfio_device_has_pm(device))
		return 0;

	ret = pm_runtime_resume_and_get(device->dev);
	if (ret) {
		dev_info_ratelimited(device->dev,
				     "vfio: runtime resume failed %d\n", ret);
		return -EIO;
	}
	return 0;
}

static void vfio_device_may_suspend(struct vfio_device *device)
{
	if (vfio_device_has_pm(device))
		pm_runtime_put(device->dev);
}

/* Commands of an open file, with the device awake. */
static long vfio_df_command(struct vfio_device_file *df, unsigned int cmd,
			    unsigned long arg)
{
	struct vfio_device *device = df->device;
	void __user *uarg = (void __user *)arg;
	long ret;

	/* A group's file passes these two on, as it does unknown ones. */
	if (!df->group) {
		switch (cmd) {
		case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
			return vfio_df_ioctl_attach(df, uarg);
		case VFIO_DEVICE_DETACH_IOMMUFD_PT:
			return vfio_df_ioctl_detach(df, uarg);
		}
		if (vfio_pci_reset_ioctl(df, cmd, uarg, &ret))
			return ret;
	}

	if (cmd == VFIO_DEVICE_FEATURE)
		return vfio_ioctl_device_feature(device, uarg);
	if (!device->ops->ioctl)
		return -EINVAL;
	return device->ops->ioctl(device, cmd, arg);
}

static long vfio_df_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct vfio_device_file *df = file->private_data;
	long ret;

	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return vfio_df_ioctl_bind(df, (void __user *)arg);

	if (!vfio_df_may_access(df))
		return -EINVAL;

	ret = vfio_device_resume(df->device);
	if (ret)
		return ret;
	ret = vfio_df_command(df, cmd, arg);
	vfio_device_may_suspend(df->device);
	return ret;
}

static ssize_t vfio_df_read(struct file *file, char __user *buf, size_t count,
			    loff_t *ppos)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_df_may_access(df) || !device->ops->read)
		return -EINVAL;
	return device->ops->read(device, buf, count, ppos);
}

static ssize_t vfio_df_write(struct file *file, const char __user *buf,
			     size_t count, loff_t *ppos)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_df_may_access(df) || !device->ops->write)
		return -EINVAL;
	return device->ops->write(device, buf, count, ppos);
}

static int vfio_df_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_df_may_access(df) || !device->ops->mmap)
		return -EINVAL;
	return device->ops->mmap(device, vma);
}

static int vfio_df_release(struct inode *inode, struct file *file)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (df->group)
		vfio_df_group_close(df);
	else
		vfio_cdev_close(df);

	kfree(df);
	vfio_device_put_registration(device);
	return 0;
}

const struct file_operations vfio_device_fops = {
	.owner		= THIS_MODULE,
	.open		= vfio_cdev_open,
	.release	= vfio_df_release,
	.read		= vfio_df_read,
	.write		= vfio_df_write,
	.unlocked_ioctl	= vfio_df_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= vfio_df_mmap,
};

static struct vfio_device_file *vfio_df_from_file(struct file *file)
{
	return file->f_op == &vfio_device_fops ? file->private_data : NULL;
}

/**
 * vfio_file_is_valid() - whether a file is one of ours
 * @file: any file
 *
 * Return: true for the file of a group or of a device.
 */
bool vfio_file_is_valid(struct file *file)
{
	return vfio_group_from_file(file) || vfio_df_from_file(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_valid);

/**
 * vfio_file_enforced_coherent() - whether DMA through a file always snoops
 * @file: any file; true for one that is not ours
 *
 * If not, the guest may need wbinvd to have a meaning. May sleep.
 *
 * Return: true if the IOMMU ignores no-snoop for every device of the file.
 */
bool vfio_file_enforced_coherent(struct file *file)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct vfio_device_file *df = vfio_df_from_file(file);

	if (group)
		return vfio_group_enforced_coherent(group);
	if (df)
		return device_iommu_capable(df->device->dev,
					    IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	return true;
}
EXPORT_SYMBOL_GPL(vfio_file_enforced_coherent);

/**
 * vfio_file_set_kvm() - tell a file which VM it belongs to
 * @file: any file; nothing happens for one that is not ours
 * @kvm: the VM, or NULL when it lets the file go; no reference is taken
 *
 * The device gets a reference of its own when it is opened: by GET_DEVICE_FD
 * for a group's file, by BIND for the cdev's. Later calls change what the
 * next open sees.
 */
void vfio_file_set_kvm(struct file *file, struct kvm *kvm)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct vfio_device_file *df = vfio_df_from_file(file);

	if (group)
		vfio_group_set_kvm(group, kvm);

	if (df) {
		spin_lock(&df->kvm_ref_lock);
		df->kvm = kvm;
		spin_unlock(&df->kvm_ref_lock);
	}
}
EXPORT_SYMBOL_GPL(vfio_file_set_kvm);
