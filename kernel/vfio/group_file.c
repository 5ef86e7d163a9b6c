// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group files: /dev/vfio/N, and the device files that they give out.
 *
 * Owns the rule that a group is open once, the group's membership in a
 * container as userspace sees it (a legacy one, container.c, or an iommufd,
 * group_iommufd.c), and the open and close of devices on that way. A device's
 * file holds the group's file (through the container's use count), so the group
 * is released after its last device.
 */
#include <linux/vfio.h>
#include <linux/iommufd.h>
#include <linux/anon_inodes.h>
#include "vfio.h"

/*
 * Find a device of the group by what userspace calls it, and keep it
 * registered. A driver may have its own idea of a match (vfio-pci takes a
 * token behind the name) and may refuse.
 */
static struct vfio_device *vfio_group_find_device(struct vfio_group *group,
						  char *name)
{
	struct vfio_device *device, *found = ERR_PTR(-ENODEV);
	int match;

	mutex_lock(&group->device_lock);
	list_for_each_entry(device, &group->device_list, group_next) {
		if (device->ops->match)
			match = device->ops->match(device, name);
		else
			match = !strcmp(dev_name(device->dev), name);

		if (match < 0) {
			found = ERR_PTR(match);
			break;
		}
		if (match && vfio_device_try_get_registration(device)) {
			found = device;
			break;
		}
	}
	mutex_unlock(&group->device_lock);
	return found;
}

/* What the first file of a device brings with it, beneath the driver. */
static int vfio_group_device_prepare(struct vfio_device *device)
{
	struct vfio_group *group = device->group;
	int ret;

	if (!vfio_device_try_get_driver(device))
		return -ENODEV;

	ret = vfio_device_use_container(device);
	if (ret) {
		vfio_device_put_driver(device);
		return ret;
	}

	/* Before the driver opens it: it may want to know its VM. */
	vfio_device_get_kvm(device, &group->kvm_ref_lock, &group->kvm);
	return 0;
}

static void vfio_group_device_unprepare(struct vfio_device *device)
{
	vfio_device_put_kvm(device);
	vfio_device_unuse_container(device);
	vfio_device_put_driver(device);
}

/* Open the device behind a new file; group and device set are locked. */
static int vfio_group_device_open_locked(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	int ret;

	lockdep_assert_held(&df->group->group_lock);
	lockdep_assert_held(&device->dev_set->lock);

	if (!df->group->container && !df->group->iommufd)
		return -EINVAL;

	/* With an iommufd, the first file goes another way. */
	if (!device->open_count) {
		ret = vfio_group_device_prepare(device);
		if (ret)
			return ret;
	}

	ret = vfio_df_open(df);
	if (!ret)
		vfio_df_grant_access(df);
	else if (!device->open_count)
		vfio_group_device_unprepare(device);
	return ret;
}

/*
 * The first file of a device whose group has an iommufd. The device set is not
 * locked while the address space is pinned; the group is, so that no other
 * file of the device can be opened or closed meanwhile.
 */
static int vfio_group_device_open_iommufd(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	struct vfio_group *group = df->group;
	int ret;

	lockdep_assert_held(&group->group_lock);

	if (!vfio_device_try_get_driver(device))
		return -ENODEV;
	ret = vfio_device_use_iommufd(device);
	if (ret)
		goto err_driver;

	mutex_lock(&device->dev_set->lock);
	vfio_device_get_kvm(device, &group->kvm_ref_lock, &group->kvm);
	ret = vfio_df_open(df);
	if (ret) {
		vfio_device_put_kvm(device);
		vfio_iommufd_disown(device);
	} else {
		vfio_df_grant_access(df);
	}
	mutex_unlock(&device->dev_set->lock);
	if (!ret)
		return 0;

	vfio_device_unuse_iommufd(device);
err_driver:
	vfio_device_put_driver(device);
	return ret;
}

static int vfio_group_device_open(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	int ret;

	/* Its holder may be pinning all memory of the group's iommufd. */
	ret = mutex_lock_killable(&df->group->group_lock);
	if (ret)
		return ret;
	if (df->group->iommufd && !READ_ONCE(device->open_count)) {
		ret = vfio_group_device_open_iommufd(df);
	} else {
		mutex_lock(&device->dev_set->lock);
		ret = vfio_group_device_open_locked(df);
		mutex_unlock(&device->dev_set->lock);
	}
	mutex_unlock(&df->group->group_lock);
	return ret;
}

/*
 * In a legacy container the device's address space stays: it is the
 * container's. From an iommufd's the device is detached, without the device
 * set's lock.
 */
static void vfio_group_device_close(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	struct vfio_group *group = df->group;
	bool leave_iommufd;

	mutex_lock(&group->group_lock);
	mutex_lock(&device->dev_set->lock);
	vfio_df_close(df);
	leave_iommufd = group->iommufd && !device->open_count;
	if (leave_iommufd) {
		vfio_device_put_kvm(device);
		vfio_iommufd_disown(device);
	} else if (!device->open_count) {
		vfio_group_device_unprepare(device);
	}
	mutex_unlock(&device->dev_set->lock);
	if (leave_iommufd) {
		vfio_device_unuse_iommufd(device);
		vfio_device_put_driver(device);
	}
	mutex_unlock(&group->group_lock);
}

static long vfio_group_device_ioctl(struct file *file, unsigned int cmd,
				    unsigned long arg)
{
	struct vfio_device_file *df = file->private_data;
	long ret;

	/* The device has an address space already. */
	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return -EINVAL;

	ret = vfio_df_begin(df);
	if (ret)
		return ret;
	ret = vfio_df_driver_ioctl(df, cmd, arg);
	vfio_df_end(df);
	return ret;
}

/* May release the group's file: the device held it. */
static int vfio_group_device_release(struct inode *inode, struct file *file)
{
	struct vfio_device_file *df = file->private_data;

	vfio_group_device_close(df);
	vfio_df_free(df);
	return 0;
}

const struct file_operations vfio_group_device_fops = {
	.owner		= THIS_MODULE,
	.release	= vfio_group_device_release,
	.read		= vfio_df_read,
	.write		= vfio_df_write,
	.unlocked_ioctl	= vfio_group_device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= vfio_df_mmap,
};

/* Make a file of an open device; takes over the registration reference. */
static struct file *vfio_group_device_file(struct vfio_group *group,
					   struct vfio_device *device)
{
	struct vfio_device_file *df;
	struct file *file;
	int ret;

	df = vfio_df_alloc(device);
	if (!df) {
		vfio_device_put_registration(device);
		return ERR_PTR(-ENOMEM);
	}
	df->group = group;

	ret = vfio_group_device_open(df);
	if (ret)
		goto err_free;

	file = anon_inode_getfile("[vfio-device]", &vfio_group_device_fops, df,
				  O_RDWR);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto err_close;
	}

	/* Regions are accessed by pread() and pwrite(). */
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	/* One mapping for all files of the device, see device.c. */
	file->f_mapping = device->inode->i_mapping;
	return file;

err_close:
	vfio_group_device_close(df);
err_free:
	vfio_df_free(df);
	return ERR_PTR(ret);
}

/*
 * VFIO_GROUP_GET_DEVICE_FD: the new fd; -ENODEV if no device is called so,
 * -EINVAL while the group is in no container or that has no IOMMU yet.
 */
static long vfio_group_get_device_fd(struct vfio_group *group,
				     const char __user *uname)
{
	struct vfio_device *device;
	struct file *file;
	char *name;
	int fd;

	name = strndup_user(uname, PAGE_SIZE);
	if (IS_ERR(name))
		return PTR_ERR(name);
	device = vfio_group_find_device(group, name);
	kfree(name);
	if (IS_ERR(device))
		return PTR_ERR(device);

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		vfio_device_put_registration(device);
		return fd;
	}

	file = vfio_group_device_file(group, device);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	if (group->type == VFIO_NO_IOMMU)
		dev_warn(device->dev, "vfio: opened without an IOMMU by %s (%d)\n",
			 current->comm, task_pid_nr(current));
	fd_install(fd, file);
	return fd;
}

/* VFIO_GROUP_GET_STATUS: whether the group is free, and in a container. */
static long vfio_group_get_status(struct vfio_group *group, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_group_status, flags);
	struct vfio_group_status status;
	int ret;

	if (copy_from_user(&status, arg, minsz))
		return -EFAULT;
	if (status.argsz < minsz)
		return -EINVAL;

	status.flags = 0;
	ret = mutex_lock_killable(&group->group_lock);
	if (ret)
		return ret;
	if (!group->iommu_group)
		ret = -ENODEV;
	else if (group->container || group->iommufd)
		status.flags = VFIO_GROUP_FLAGS_CONTAINER_SET |
			       VFIO_GROUP_FLAGS_VIABLE;
	else if (!iommu_group_dma_owner_claimed(group->iommu_group))
		status.flags = VFIO_GROUP_FLAGS_VIABLE;
	mutex_unlock(&group->group_lock);
	if (ret)
		return ret;

	return copy_to_user(arg, &status, minsz) ? -EFAULT : 0;
}

static int vfio_group_set_container_file(struct vfio_group *group,
					 struct file *file)
{
	struct vfio_container *container;

	lockdep_assert_held(&group->group_lock);

	if (group->container || group->iommufd)
		return -EINVAL;
	if (!group->iommu_group)
		return -ENODEV;

	container = vfio_container_from_file(file);
	if (container)
		return vfio_container_attach_group(container, group);
	return vfio_group_set_iommufd(group, file);
}

/*
 * VFIO_GROUP_SET_CONTAINER: -EBADF for a closed fd, -EBADFD for one that is
 * neither a container's nor an iommufd, -EINVAL if the group has one, -EPERM if
 * others own the group's DMA (of an iommufd, GET_DEVICE_FD says so), -ENODEV if
 * its devices are gone, -EINTR when killed.
 */
static long vfio_group_set_container(struct vfio_group *group,
				     const s32 __user *ufd)
{
	struct file *file;
	int fd, ret;

	if (get_user(fd, ufd))
		return -EFAULT;

	file = fget(fd);
	if (!file)
		return -EBADF;

	ret = mutex_lock_killable(&group->group_lock);
	if (!ret) {
		ret = vfio_group_set_container_file(group, file);
		mutex_unlock(&group->group_lock);
	}
	fput(file);
	return ret;
}

/* No device is open any more. */
static void vfio_group_leave(struct vfio_group *group)
{
	lockdep_assert_held(&group->group_lock);

	if (group->container)
		vfio_group_detach_container(group);
	else if (group->iommufd)
		vfio_group_unset_iommufd(group);
}

/*
 * VFIO_GROUP_UNSET_CONTAINER: -EINVAL without a container, -EBUSY while a
 * device is open, -EINTR when killed.
 */
static long vfio_group_unset_container(struct vfio_group *group)
{
	int ret;

	ret = mutex_lock_killable(&group->group_lock);
	if (ret)
		return ret;
	if (!group->container && !group->iommufd)
		ret = -EINVAL;
	else if (group->container_users != 1)
		ret = -EBUSY;
	else
		vfio_group_leave(group);
	mutex_unlock(&group->group_lock);
	return ret;
}

static long vfio_group_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct vfio_group *group = file->private_data;
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_GROUP_GET_STATUS:
		return vfio_group_get_status(group, uarg);
	case VFIO_GROUP_SET_CONTAINER:
		return vfio_group_set_container(group, uarg);
	case VFIO_GROUP_UNSET_CONTAINER:
		return vfio_group_unset_container(group);
	case VFIO_GROUP_GET_DEVICE_FD:
		return vfio_group_get_device_fd(group, uarg);
	default:
		return -ENOTTY;
	}
}

/*
 * -EPERM for a group without an IOMMU, without CAP_SYS_RAWIO or with the kernel
 * locked down; -EBUSY if the group is open already, or a device of it is bound
 * through the cdev; -ENODEV if its last device has just left; -EINTR when
 * killed.
 */
static int vfio_group_open(struct inode *inode, struct file *file)
{
	struct vfio_group *group =
		container_of(inode->i_cdev, struct vfio_group, cdev);
	int ret;

	if (group->type == VFIO_NO_IOMMU) {
		if (!capable(CAP_SYS_RAWIO))
			return -EPERM;
		/* It may have been locked down since the driver was bound. */
		ret = vfio_noiommu_locked_down();
		if (ret)
			return ret;
	}

	/* Its holder may be pinning all memory of the group's iommufd. */
	ret = mutex_lock_killable(&group->group_lock);
	if (ret)
		return ret;
	if (!refcount_read(&group->drivers)) {
		ret = -ENODEV;
	} else if (group->cdev_device_open_cnt || group->opened_file) {
		ret = -EBUSY;
	} else {
		group->opened_file = file;
		file->private_data = group;
	}
	mutex_unlock(&group->group_lock);
	return ret;
}

/* Device files hold the group's file: no device is open any more. */
static int vfio_group_file_release(struct inode *inode, struct file *file)
{
	struct vfio_group *group = file->private_data;

	mutex_lock(&group->group_lock);
	vfio_group_leave(group);
	group->opened_file = NULL;
	mutex_unlock(&group->group_lock);
	return 0;
}

const struct file_operations vfio_group_fops = {
	.owner		= THIS_MODULE,
	.open		= vfio_group_open,
	.release	= vfio_group_file_release,
	.unlocked_ioctl	= vfio_group_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/**
 * vfio_group_from_file() - the group behind a file
 * @file: any file
 *
 * Return: the group, valid as long as the file, or NULL if it is not a group's.
 */
struct vfio_group *vfio_group_from_file(struct file *file)
{
	return file->f_op == &vfio_group_fops ? file->private_data : NULL;
}

/**
 * vfio_file_iommu_group() - only for KVM on POWER
 * @file: any file
 *
 * Return: NULL; the function is there because it is part of the ABI.
 */
struct iommu_group *vfio_file_iommu_group(struct file *file)
{
	return NULL;
}
EXPORT_SYMBOL_GPL(vfio_file_iommu_group);

/**
 * vfio_file_is_group() - whether a file is a group's
 * @file: any file
 *
 * Return: false for the file of a device, too.
 */
bool vfio_file_is_group(struct file *file)
{
	return vfio_group_from_file(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_group);

/**
 * vfio_file_has_dev() - whether a file gives its owner power over a device
 * @file: any file
 * @device: a registered device
 *
 * Return: true for the file of the device's group.
 */
bool vfio_file_has_dev(struct file *file, struct vfio_device *device)
{
	struct vfio_group *group = vfio_group_from_file(file);

	return group && group == device->group;
}
EXPORT_SYMBOL_GPL(vfio_file_has_dev);
