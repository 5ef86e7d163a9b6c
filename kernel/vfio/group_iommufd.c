// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group whose container is an iommufd: VFIO_GROUP_SET_CONTAINER was given a
 * file of /dev/iommu.
 *
 * Owns vfio_group::iommufd, and how a device that is opened through such a
 * group gets its address space: bound to the context, attached to its compat
 * IOAS, before the driver opens it; the other way round when its last file is
 * closed. vfio_group::container_users counts as for a container: one for the
 * membership, one for each open device.
 *
 * An attach pins all that is mapped, so it holds the group's lock, which is the
 * tenant's own, and never the device set's.
 */
#include <linux/capability.h>
#include <linux/iommufd.h>

#include "vfio.h"

/**
 * vfio_group_set_iommufd() - let an iommufd be the group's container
 * @group: a group in no container; its group_lock is held
 * @file: any file
 *
 * The context gets a compat IOAS, unless it has one. The group's DMA is claimed
 * when a device is opened. May sleep.
 *
 * For a group without an IOMMU it becomes a no-iommu container instead.
 *
 * Return: 0; -EBADFD if the file is not an iommufd; -EINVAL if it is a
 * no-iommu container and the group has an IOMMU, or has a compat IOAS and the
 * group has none; -EPERM for such a group, without CAP_SYS_RAWIO; -ENOMEM;
 * -EBUSY if the context can have no more objects.
 */
int vfio_group_set_iommufd(struct vfio_group *group, struct file *file)
{
	struct iommufd_ctx *ictx;
	int ret;

	lockdep_assert_held(&group->group_lock);

	ictx = iommufd_ctx_from_file(file);
	if (IS_ERR(ictx))
		return PTR_ERR(ictx);

	if (group->type != VFIO_NO_IOMMU)
		ret = iommufd_vfio_compat_ioas_create(ictx);
	else if (capable(CAP_SYS_RAWIO))
		ret = iommufd_vfio_compat_set_no_iommu(ictx);
	else
		ret = -EPERM;
	if (ret) {
		iommufd_ctx_put(ictx);
		return ret;
	}
	group->iommufd = ictx;
	group->container_users = 1;
	return 0;
}

/**
 * vfio_group_unset_iommufd() - undo vfio_group_set_iommufd()
 * @group: a group with an iommufd, without an open device; its group_lock is
 *	held
 *
 * The compat IOAS and what is mapped in it stay. May sleep, and may destroy the
 * context.
 */
void vfio_group_unset_iommufd(struct vfio_group *group)
{
	lockdep_assert_held(&group->group_lock);
	WARN_ON(group->container_users != 1);

	iommufd_ctx_put(group->iommufd);
	group->iommufd = NULL;
	group->container_users = 0;
}

/* Bind under the set's lock, as whoever compares owners expects. */
static int vfio_group_bind(struct vfio_device *device)
{
	struct iommufd_ctx *ictx = device->group->iommufd;
	/* A driver's own bind might leave it. */
	u32 devid = 0;
	int ret;

	ret = mutex_lock_killable(&device->dev_set->lock);
	if (ret)
		return ret;
	ret = vfio_iommufd_bind(device, ictx, &devid);
	mutex_unlock(&device->dev_set->lock);
	return ret;
}

/* What is mapped now is pinned; this may take long, and can be killed. */
static int vfio_group_attach(struct vfio_device *device)
{
	struct mutex *attach_lock = &vfio_prefix(device)->attach_lock;
	u32 pt_id;
	int ret;

	ret = iommufd_vfio_compat_ioas_get_id(device->group->iommufd, &pt_id);
	if (ret)
		return ret;
	mutex_lock(attach_lock);
	ret = vfio_iommufd_attach(device, &pt_id);
	mutex_unlock(attach_lock);
	return ret;
}

static int vfio_group_bind_attach(struct vfio_device *device)
{
	int ret;

	ret = vfio_group_bind(device);
	if (ret)
		return ret;
	ret = vfio_group_attach(device);
	if (!ret)
		return 0;

	mutex_lock(&device->dev_set->lock);
	vfio_iommufd_disown(device);
	mutex_unlock(&device->dev_set->lock);
	vfio_iommufd_unbind(device);
	return ret;
}

/**
 * vfio_device_use_iommufd() - give a device that opens its address space
 * @device: a closed device whose group has an iommufd; the group_lock is held,
 *	the device set's lock is not. Nobody else can open or bind it meanwhile:
 *	the group is open, and its lock held
 *
 * The group's file and its iommufd stay until vfio_device_unuse_iommufd(). May
 * sleep, and long: the whole address space may have to be pinned.
 *
 * Return: 0; -EPERM without an IOMMU and without CAP_SYS_RAWIO; -ENODEV if
 * there is no compat IOAS any more; -EINTR when killed;
 * what vfio_iommufd_bind() and vfio_iommufd_attach() returned.
 */
int vfio_device_use_iommufd(struct vfio_device *device)
{
	struct vfio_group *group = device->group;
	int ret;

	lockdep_assert_held(&group->group_lock);
	lockdep_assert_not_held(&device->dev_set->lock);

	/* Whoever passed the group on could not give the right to all memory. */
	if (group->type == VFIO_NO_IOMMU && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	/* Without an IOMMU there is nothing to be bound to. */
	if (group->type != VFIO_NO_IOMMU) {
		ret = vfio_group_bind_attach(device);
		if (ret)
			return ret;
	}
	get_file(group->opened_file);
	group->container_users++;
	return 0;
}

/**
 * vfio_device_unuse_iommufd() - undo vfio_device_use_iommufd()
 * @device: the device, after vfio_iommufd_disown(); same locks
 *
 * May sleep, and long: the whole address space may have to be unpinned.
 */
void vfio_device_unuse_iommufd(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	lockdep_assert_held(&group->group_lock);
	if (WARN_ON(!group->iommufd || group->container_users <= 1))
		return;

	if (group->type != VFIO_NO_IOMMU)
		vfio_iommufd_unbind(device);
	group->container_users--;
	fput(group->opened_file);
}
