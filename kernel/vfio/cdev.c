// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device cdev: /dev/vfio/devices/vfioN and its three commands.
 *
 * Owns the character device numbers, the nodes' names, and the way of a file
 * from open (inert) over BIND (open behind an iommufd) to close. The device
 * stays one's own from BIND to close: BIND blocks the group, and a second
 * file cannot bind. What iommufd is asked to do is in iommufd.c.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uuid.h>

#include "vfio.h"

/* Newer than the target's <linux/vfio.h>: a VF's token, given at BIND. */
#ifndef VFIO_DEVICE_BIND_FLAG_TOKEN
#define VFIO_DEVICE_BIND_FLAG_TOKEN	(1 << 0)
#endif
#define VFIO_BIND_TOKEN_OFFSET		16	/* __aligned_u64 token_uuid_ptr */

static dev_t vfio_cdev_devt;

/**
 * vfio_device_add() - make a device visible in sysfs, with its node
 * @device: a device that is being registered
 *
 * Return: 0 or a negative errno. May sleep.
 */
int vfio_device_add(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	if (!prefix->has_cdev)
		return device_add(&device->device);

	device->device.devt = MKDEV(MAJOR(vfio_cdev_devt), device->index);
	cdev_init(&prefix->cdev, &vfio_device_fops);
	prefix->cdev.owner = THIS_MODULE;
	return cdev_device_add(&prefix->cdev, &device->device);
}

/**
 * vfio_device_del() - undo vfio_device_add(); files that are open stay so
 * @device: a device that is being unregistered
 */
void vfio_device_del(struct vfio_device *device)
{
	struct vfio_prefix *prefix = vfio_prefix(device);

	if (prefix->has_cdev)
		cdev_device_del(&prefix->cdev, &device->device);
	else
		device_del(&device->device);
}

/**
 * vfio_cdev_open() - open of the node: an inert file
 * @inode: the node
 * @file: the new file
 *
 * Return: 0, -ENODEV when the device is not (or no longer) registered,
 * -ENOMEM.
 */
int vfio_cdev_open(struct inode *inode, struct file *file)
{
	struct vfio_prefix *prefix =
		container_of(inode->i_cdev, struct vfio_prefix, cdev);
	struct vfio_device *device = vfio_from_prefix(prefix);
	struct vfio_device_file *df;

	if (!vfio_device_try_get_registration(device))
		return -ENODEV;

	df = vfio_df_alloc(device);
	if (!df) {
		vfio_device_put_registration(device);
		return -ENOMEM;
	}

	file->private_data = df;
	/* One mapping for all files of the device, see device.c. */
	file->f_mapping = device->inode->i_mapping;
	return 0;
}

/*
 * Ask the driver whether this user may have the device, in the words in which
 * a group asks when a device is named to it: vfio-pci refuses a VF whose PF is
 * in userspace's hands too, unless the caller knows their common token.
 */
static int vfio_df_may_bind(struct vfio_device *device, const uuid_t *token)
{
	char name[96];
	int len, ret;

	if (!device->ops->match)
		return token ? -EINVAL : 0;

	if (token)
		len = snprintf(name, sizeof(name), "%s vf_token=%pUb",
			       dev_name(device->dev), token);
	else
		len = snprintf(name, sizeof(name), "%s",
			       dev_name(device->dev));
	if (len >= sizeof(name))
		return -EINVAL;

	ret = device->ops->match(device, name);
	if (ret < 0)
		return ret;
	return ret ? 0 : -ENODEV;
}

/* The token is 16 bytes of the user's, at an address behind the structure. */
static int vfio_bind_read_token(const void __user *arg, u32 argsz,
				uuid_t *token)
{
	u64 address;

	if (argsz < VFIO_BIND_TOKEN_OFFSET + sizeof(address))
		return -EINVAL;
	if (copy_from_user(&address, arg + VFIO_BIND_TOKEN_OFFSET,
			   sizeof(address)) ||
	    copy_from_user(token, u64_to_user_ptr(address), sizeof(*token)))
		return -EFAULT;
	return 0;
}

/* BIND with the group blocked and the device set locked. */
static int vfio_df_bind_locked(struct vfio_device_file *df, int fd,
			       const uuid_t *token, u32 __user *out_devid)
{
	struct vfio_device *device = df->device;
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	if (df->access_granted)
		return -EINVAL;

	ret = vfio_df_may_bind(device, token);
	if (ret)
		return ret;

	df->iommufd = iommufd_ctx_from_fd(fd);
	if (IS_ERR(df->iommufd)) {
		ret = PTR_ERR(df->iommufd);
		goto err_clear;
	}

	/* Checked before the VM is set: that of the file that has it stays. */
	if (device->open_count) {
		ret = -EINVAL;
		goto err_ctx;
	}

	vfio_device_get_kvm(device, &df->kvm_ref_lock, &df->kvm);
	ret = vfio_df_open(df);
	if (ret)
		goto err_kvm;

	if (put_user(df->devid, out_devid)) {
		ret = -EFAULT;
		goto err_close;
	}

	vfio_df_grant_access(df);
	return 0;

err_close:
	vfio_df_close(df);
err_kvm:
	vfio_device_put_kvm(device);
err_ctx:
	iommufd_ctx_put(df->iommufd);
err_clear:
	df->iommufd = NULL;
	return ret;
}

/**
 * vfio_df_ioctl_bind() - VFIO_DEVICE_BIND_IOMMUFD
 * @df: any device file
 * @arg: struct vfio_device_bind_iommufd of the user
 *
 * May sleep.
 *
 * Return: 0; -EINVAL for a short size, an unknown flag, a negative fd, a
 * group's file, a file that is bound already, or a device that another file
 * has bound; -EBUSY while the group is open; -EBADF for a closed fd and
 * -EBADFD for one that is not an iommufd; -EACCES for a VF with the wrong
 * token or none; or what iommufd or the driver returned. A failed BIND leaves
 * the file as it was.
 */
long vfio_df_ioctl_bind(struct vfio_device_file *df, void __user *arg)
{
	struct vfio_device_bind_iommufd __user *ubind = arg;
	struct vfio_device *device = df->device;
	struct vfio_device_bind_iommufd bind;
	const size_t minsz = offsetofend(typeof(bind), out_devid);
	uuid_t token;
	bool has_token;
	int ret;

	if (copy_from_user(&bind, ubind, minsz))
		return -EFAULT;
	if (bind.argsz < minsz || bind.flags & ~VFIO_DEVICE_BIND_FLAG_TOKEN ||
	    bind.iommufd < 0)
		return -EINVAL;

	has_token = bind.flags & VFIO_DEVICE_BIND_FLAG_TOKEN;
	if (has_token) {
		ret = vfio_bind_read_token(arg, bind.argsz, &token);
		if (ret)
			return ret;
	}
	if (df->group)
		return -EINVAL;

	/* The group_lock is outside the device set's: block, then lock. */
	ret = vfio_device_block_group(device);
	if (ret)
		return ret;

	mutex_lock(&device->dev_set->lock);
	ret = vfio_df_bind_locked(df, bind.iommufd, has_token ? &token : NULL,
				  &ubind->out_devid);
	mutex_unlock(&device->dev_set->lock);

	if (ret)
		vfio_device_unblock_group(device);
	return ret;
}

/**
 * vfio_cdev_close() - the last reference to a file of the cdev is gone
 * @df: the file, bound or not; nobody else uses it any more
 *
 * The driver closes the device (DMA stops), iommufd detaches and unbinds it,
 * and only then the group may be opened again. May sleep.
 */
void vfio_cdev_close(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	if (!df->access_granted)
		return;

	mutex_lock(&device->dev_set->lock);
	vfio_df_close(df);
	vfio_device_put_kvm(device);
	mutex_unlock(&device->dev_set->lock);

	/* Outside the lock: the last reference takes the whole context down. */
	iommufd_ctx_put(df->iommufd);
	vfio_device_unblock_group(device);
}

/**
 * vfio_df_ioctl_attach() - VFIO_DEVICE_ATTACH_IOMMUFD_PT
 * @df: a bound file of the cdev
 * @arg: struct vfio_device_attach_iommufd_pt of the user
 *
 * Gives the id of the HWPT that the device is attached to back in pt_id. May
 * sleep.
 *
 * Return: 0; -EFAULT; -EINVAL for a short size or a flag; or what iommufd
 * returned (-ENOENT for an unknown id). On failure the device is attached to
 * what it was before.
 */
long vfio_df_ioctl_attach(struct vfio_device_file *df, void __user *arg)
{
	struct vfio_device_attach_iommufd_pt __user *uattach = arg;
	struct vfio_device *device = df->device;
	struct vfio_device_attach_iommufd_pt attach;
	const size_t minsz = offsetofend(typeof(attach), pt_id);
	bool was_attached;
	int ret;

	if (copy_from_user(&attach, uattach, minsz))
		return -EFAULT;
	if (attach.argsz < minsz || attach.flags)
		return -EINVAL;

	mutex_lock(&device->dev_set->lock);
	was_attached = vfio_iommufd_attached(device);
	ret = vfio_iommufd_attach(device, &attach.pt_id);
	if (!ret && put_user(attach.pt_id, &uattach->pt_id)) {
		ret = -EFAULT;
		/* An id that nobody learns of must not stay attached. */
		if (!was_attached)
			vfio_iommufd_detach(device);
	}
	mutex_unlock(&device->dev_set->lock);
	return ret;
}

/**
 * vfio_df_ioctl_detach() - VFIO_DEVICE_DETACH_IOMMUFD_PT
 * @df: a bound file of the cdev
 * @arg: struct vfio_device_detach_iommufd_pt of the user
 *
 * The device's DMA is blocked afterwards. Nothing happens if it was not
 * attached. May sleep.
 *
 * Return: 0; -EFAULT; -EINVAL for a short size or a flag.
 */
long vfio_df_ioctl_detach(struct vfio_device_file *df, void __user *arg)
{
	struct vfio_device *device = df->device;
	struct vfio_device_detach_iommufd_pt detach;
	const size_t minsz = offsetofend(typeof(detach), flags);

	if (copy_from_user(&detach, arg, minsz))
		return -EFAULT;
	if (detach.argsz < minsz || detach.flags)
		return -EINVAL;

	mutex_lock(&device->dev_set->lock);
	vfio_iommufd_detach(device);
	mutex_unlock(&device->dev_set->lock);
	return 0;
}

static char *vfio_cdev_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/devices/%s", dev_name(dev));
}

/**
 * vfio_cdev_init() - reserve the numbers and name the nodes
 * @device_class: the class of all devices
 *
 * Return: 0 or a negative errno.
 */
int vfio_cdev_init(struct class *device_class)
{
	device_class->devnode = vfio_cdev_devnode;
	return alloc_chrdev_region(&vfio_cdev_devt, 0, MINORMASK + 1,
				   "vfio-dev");
}

/**
 * vfio_cdev_exit() - give the numbers back
 */
void vfio_cdev_exit(void)
{
	unregister_chrdev_region(vfio_cdev_devt, MINORMASK + 1);
}
