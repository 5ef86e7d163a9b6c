// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: the frame, and the migration features.
 *
 * Owns no state. DMA logging is in dma_log.c; features that the core does not
 * know (runtime PM, VF token, …) are the driver's.
 */
#include <linux/file.h>
#include <linux/uaccess.h>

#include "vfio.h"

static int vfio_feature_migration(struct vfio_device *device, u32 flags,
				  void __user *arg, size_t argsz)
{
	struct vfio_device_feature_migration mig = {
		.flags = device->migration_flags,
	};
	int ret;

	if (!device->mig_ops)
		return -ENOTTY;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(mig));
	if (ret != 1)
		return ret;

	return copy_to_user(arg, &mig, sizeof(mig)) ? -EFAULT : 0;
}

static int vfio_mig_get_state(struct vfio_device *device,
			      struct vfio_device_feature_mig_state __user *arg)
{
	struct vfio_device_feature_mig_state mig = { .data_fd = -1 };
	enum vfio_device_mig_state state;
	int ret;

	ret = device->mig_ops->migration_get_state(device, &state);
	if (ret)
		return ret;

	mig.device_state = state;
	return copy_to_user(arg, &mig, sizeof(mig)) ? -EFAULT : 0;
}

/*
 * Drive the device into a state. Some transitions come with a file that the
 * migration data flows through; its number is told to the user before the
 * file can be found under it.
 */
static int vfio_mig_set_state(struct vfio_device *device,
			      struct vfio_device_feature_mig_state __user *arg)
{
	struct vfio_device_feature_mig_state mig;
	struct file *data;
	int ret;

	if (copy_from_user(&mig, arg, sizeof(mig)))
		return -EFAULT;

	data = device->mig_ops->migration_set_state(device, mig.device_state);
	if (IS_ERR_OR_NULL(data)) {
		mig.data_fd = -1;
		if (copy_to_user(arg, &mig, sizeof(mig)))
			return -EFAULT;
		return PTR_ERR_OR_ZERO(data);
	}

	mig.data_fd = get_unused_fd_flags(O_CLOEXEC);
	if (mig.data_fd < 0) {
		ret = mig.data_fd;
		goto err_file;
	}
	if (copy_to_user(arg, &mig, sizeof(mig))) {
		ret = -EFAULT;
		goto err_fd;
	}
	fd_install(mig.data_fd, data);
	return 0;

err_fd:
	put_unused_fd(mig.data_fd);
err_file:
	fput(data);
	return ret;
}

static int vfio_feature_mig_state(struct vfio_device *device, u32 flags,
				  void __user *arg, size_t argsz)
{
	int ret;

	if (!device->mig_ops)
		return -ENOTTY;

	ret = vfio_check_feature(flags, argsz,
				 VFIO_DEVICE_FEATURE_SET |
				 VFIO_DEVICE_FEATURE_GET,
				 sizeof(struct vfio_device_feature_mig_state));
	if (ret != 1)
		return ret;

	return flags & VFIO_DEVICE_FEATURE_GET ?
	       vfio_mig_get_state(device, arg) :
	       vfio_mig_set_state(device, arg);
}

static int vfio_feature_mig_data_size(struct vfio_device *device, u32 flags,
				      void __user *arg, size_t argsz)
{
	struct vfio_device_feature_mig_data_size size = {};
	unsigned long bytes;
	int ret;

	if (!device->mig_ops)
		return -ENOTTY;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(size));
	if (ret != 1)
		return ret;

	ret = device->mig_ops->migration_get_data_size(device, &bytes);
	if (ret)
		return ret;

	size.stop_copy_length = bytes;
	return copy_to_user(arg, &size, sizeof(size)) ? -EFAULT : 0;
}

static int vfio_feature_call(struct vfio_device *device, u32 flags,
			     void __user *data, size_t size)
{
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_MIGRATION:
		return vfio_feature_migration(device, flags, data, size);
	case VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
		return vfio_feature_mig_state(device, flags, data, size);
	case VFIO_DEVICE_FEATURE_MIG_DATA_SIZE:
		return vfio_feature_mig_data_size(device, flags, data, size);
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
		return vfio_feature_log_start(device, flags, data, size);
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
		return vfio_feature_log_stop(device, flags, data, size);
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
		return vfio_feature_log_report(device, flags, data, size);
	}

	if (!device->ops->device_feature)
		return -ENOTTY;
	return device->ops->device_feature(device, flags, data, size);
}

/**
 * vfio_ioctl_device_feature() - VFIO_DEVICE_FEATURE
 * @device: an open device, awake
 * @arg: struct vfio_device_feature of the user
 *
 * May sleep.
 *
 * Return: 0; -EFAULT; -EINVAL for a short size, an unknown flag, or GET and
 * SET together without PROBE; -ENOTTY for a feature that the device does not
 * have; or what the feature returned.
 */
long vfio_ioctl_device_feature(struct vfio_device *device, void __user *arg)
{
	const u32 ops = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	const u32 known = VFIO_DEVICE_FEATURE_MASK | ops |
			  VFIO_DEVICE_FEATURE_PROBE;
	struct vfio_device_feature __user *ufeature = arg;
	const size_t minsz = offsetofend(struct vfio_device_feature, flags);
	struct vfio_device_feature feature;

	if (copy_from_user(&feature, ufeature, minsz))
		return -EFAULT;
	if (feature.argsz < minsz || feature.flags & ~known)
		return -EINVAL;
	if (!(feature.flags & VFIO_DEVICE_FEATURE_PROBE) &&
	    (feature.flags & ops) == ops)
		return -EINVAL;

	return vfio_feature_call(device, feature.flags, ufeature->data,
				 feature.argsz - minsz);
}
