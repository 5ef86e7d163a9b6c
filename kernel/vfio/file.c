// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device files: what the two kinds of them share.
 *
 * Owns the gate in front of the driver's operations, the open count, and the
 * runtime PM references around ioctls. Each kind has its file operations
 * elsewhere: a group's file (open from the start) in group_file.c, the cdev's
 * (open after BIND) in cdev.c. Both give the device an address space, call
 * vfio_df_open(), and then grant access.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "trace.h"
#include "vfio.h"

/**
 * vfio_df_alloc() - make the state behind a new file
 * @device: the device
 *
 * May sleep.
 *
 * Return: the state, which takes the caller's registration reference over; or
 * NULL, and the caller keeps it.
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

/**
 * vfio_df_free() - undo vfio_df_alloc()
 * @df: a file that is not open; the device may be freed on return
 */
void vfio_df_free(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	kfree(df);
	vfio_device_put_registration(device);
}

/* What the events of a device file have in common. */
static void vfio_df_event(struct vfio_device_file *df,
			  struct iommufd_vfio_event *ev)
{
	struct vfio_device *device = df->device;

	ev->index = device->index;
	ev->open_count = device->open_count;
	if (!df->group)
		ev->via = IOMMUFD_VIA_CDEV;
	else if (df->group->iommufd)
		ev->via = IOMMUFD_VIA_GROUP;
	else
		ev->via = IOMMUFD_VIA_CONTAINER;
	strscpy_pad(ev->device, dev_name(device->dev), sizeof(ev->device));
}

/**
 * vfio_df_report_bind() - tell who listens how a BIND went
 * @df: the file
 * @ret: 0 or a negative errno
 * @begin: ktime_get_ns() when it began, 0 if nobody listened then
 */
void vfio_df_report_bind(struct vfio_device_file *df, int ret, u64 begin)
{
	struct iommufd_vfio_event ev = {
		.ret = ret,
		.duration_ns = begin ? ktime_get_ns() - begin : 0,
	};

	vfio_df_event(df, &ev);
	ev.devid = ret ? 0 : df->devid;
	trace_vfio_bind(&ev);
}

static int vfio_df_open_driver(struct vfio_device *device)
{
	int ret;

	/* The driver sees itself counted while it opens. */
	if (++device->open_count > 1 || !device->ops->open_device)
		return 0;

	ret = device->ops->open_device(device);
	if (ret)
		device->open_count--;
	return ret;
}

static noinline int vfio_df_open_traced(struct vfio_device_file *df)
{
	struct iommufd_vfio_event ev = {};
	u64 begin = ktime_get_ns();

	ev.ret = vfio_df_open_driver(df->device);
	ev.duration_ns = ktime_get_ns() - begin;
	vfio_df_event(df, &ev);
	trace_vfio_device_open(&ev);
	return ev.ret;
}

/**
 * vfio_df_open() - open the device behind a file
 * @df: a file that is not open. The device has an address space: the driver
 *	may start DMA when it opens. The device set's lock is held
 *
 * Many files may have the device open; the driver opens it with the first.
 * May sleep.
 *
 * Return: 0 or what the driver returned.
 */
int vfio_df_open(struct vfio_device_file *df)
{
	lockdep_assert_held(&df->device->dev_set->lock);

	if (trace_vfio_device_open_enabled())
		return vfio_df_open_traced(df);
	return vfio_df_open_driver(df->device);
}

static void vfio_df_close_driver(struct vfio_device *device)
{
	/*
	 * Counted until here, and no longer: the driver compares the set's
	 * count with 1 when it decides on a reset of the whole set, in this
	 * close and in that of the next member.
	 */
	if (device->open_count == 1 && device->ops->close_device)
		device->ops->close_device(device);
	device->open_count--;
}

static noinline void vfio_df_close_traced(struct vfio_device_file *df)
{
	struct iommufd_vfio_event ev = {};
	u64 begin = ktime_get_ns();

	vfio_df_close_driver(df->device);
	ev.duration_ns = ktime_get_ns() - begin;
	vfio_df_event(df, &ev);
	trace_vfio_device_close(&ev);
}

/**
 * vfio_df_close() - undo vfio_df_open()
 * @df: an open file; the device set's lock is held
 *
 * If it was the last one, the device does no DMA any more on return, and its
 * address space may go. May sleep.
 */
void vfio_df_close(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	lockdep_assert_held(&device->dev_set->lock);

	if (WARN_ON_ONCE(!device->open_count))
		return;

	if (trace_vfio_device_close_enabled())
		vfio_df_close_traced(df);
	else
		vfio_df_close_driver(device);
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

/**
 * vfio_df_begin() - before a command: the gate, and the device awake
 * @df: any device file
 *
 * May sleep.
 *
 * Return: 0, and the caller ends with vfio_df_end(); -EINVAL before access is
 * granted; -EIO if the device does not wake up.
 */
int vfio_df_begin(struct vfio_device_file *df)
{
	if (!vfio_df_may_access(df))
		return -EINVAL;
	return vfio_device_resume(df->device);
}

/**
 * vfio_df_end() - after a command: the device may sleep again
 * @df: the file
 */
void vfio_df_end(struct vfio_device_file *df)
{
	vfio_device_may_suspend(df->device);
}

/**
 * vfio_df_driver_ioctl() - a command that both kinds of files have
 * @df: the file, between vfio_df_begin() and vfio_df_end()
 * @cmd: any command
 * @arg: its argument
 *
 * May sleep.
 *
 * Return: what VFIO_DEVICE_FEATURE or the driver returned; -EINVAL if the
 * driver has no commands.
 */
long vfio_df_driver_ioctl(struct vfio_device_file *df, unsigned int cmd,
			  unsigned long arg)
{
	struct vfio_device *device = df->device;

	if (cmd == VFIO_DEVICE_FEATURE)
		return vfio_ioctl_device_feature(device, (void __user *)arg);
	if (!device->ops->ioctl)
		return -EINVAL;
	return device->ops->ioctl(device, cmd, arg);
}

/**
 * vfio_df_read() - read() of a device's regions
 * @file: any device file
 * @buf: the user's buffer
 * @count: bytes
 * @ppos: which region, and where in it, in the driver's encoding
 *
 * Return: the number of bytes; -EINVAL before access is granted or if the
 * driver cannot; or what the driver returned. May sleep.
 */
ssize_t vfio_df_read(struct file *file, char __user *buf, size_t count,
		     loff_t *ppos)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_df_may_access(df) || !device->ops->read)
		return -EINVAL;
	return device->ops->read(device, buf, count, ppos);
}

/**
 * vfio_df_write() - write() of a device's regions
 * @file: any device file
 * @buf: the user's buffer
 * @count: bytes
 * @ppos: which region, and where in it, in the driver's encoding
 *
 * Return: as vfio_df_read(). May sleep.
 */
ssize_t vfio_df_write(struct file *file, const char __user *buf, size_t count,
		      loff_t *ppos)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_df_may_access(df) || !device->ops->write)
		return -EINVAL;
	return device->ops->write(device, buf, count, ppos);
}

/**
 * vfio_df_mmap() - mmap() of a device's regions
 * @file: any device file
 * @vma: the mapping; its offset is in the driver's encoding
 *
 * Return: 0; -EINVAL before access is granted or if the driver cannot; or what
 * the driver returned. May sleep.
 */
int vfio_df_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_df_may_access(df) || !device->ops->mmap)
		return -EINVAL;
	return device->ops->mmap(device, vma);
}
