// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device cdev: /dev/vfio/devices/vfioN and its three commands.
 *
 * Owns the character device numbers, the nodes' names, and the way of a file
 * from open (inert) over BIND (open behind an iommufd) to close. The device
 * stays one's own from BIND to close: BIND blocks the group, and a second
 * file cannot bind. What iommufd is asked to do is in iommufd.c.
 */
#include <linux/bits.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uuid.h>
#include <linux/xarray.h>

#include "trace.h"
#include "vfio.h"

/* Newer than the target's <linux/vfio.h>: a VF's token, given at BIND. */
#ifndef VFIO_DEVICE_BIND_FLAG_TOKEN
#define VFIO_DEVICE_BIND_FLAG_TOKEN	BIT(0)
#endif
#define VFIO_BIND_TOKEN_OFFSET		16	/* __aligned_u64 token_uuid_ptr */
/* ATTACH and DETACH of one PASID, whose number follows the old structure. */
#ifndef VFIO_DEVICE_ATTACH_PASID
#define VFIO_DEVICE_ATTACH_PASID	BIT(0)
#define VFIO_DEVICE_DETACH_PASID	BIT(0)
#endif
static_assert(VFIO_DEVICE_ATTACH_PASID == VFIO_DEVICE_DETACH_PASID);

static dev_t vfio_cdev_devt;

/* The nodes' devices by minor, from before a node appears to its removal. */
static DEFINE_XARRAY(vfio_cdev_devices);

/*
 * The cdev is no part of the device and holds no reference to it: a file that
 * is being closed drops the cdev last, when the driver may have freed the
 * device and its module may be gone. Open finds the device by the minor.
 */
static int vfio_cdev_add(struct vfio_device *device)
{
	struct cdev *cdev;
	int ret;

	cdev = cdev_alloc();
	if (!cdev)
		return -ENOMEM;
	cdev->ops = &vfio_cdev_fops;
	cdev->owner = THIS_MODULE;

	ret = xa_insert(&vfio_cdev_devices, device->index, device, GFP_KERNEL);
	if (ret)
		goto err_cdev;

	device->device.devt = MKDEV(MAJOR(vfio_cdev_devt), device->index);
	ret = cdev_add(cdev, device->device.devt, 1);
	if (ret)
		goto err_erase;

	vfio_prefix(device)->cdev = cdev;
	return 0;

err_erase:
	xa_erase(&vfio_cdev_devices, device->index);
err_cdev:
	kobject_put(&cdev->kobj);
	return ret;
}

static void vfio_cdev_del(struct vfio_device *device)
{
	/* After this no open gets the device any more. */
	xa_erase(&vfio_cdev_devices, device->index);
	cdev_del(vfio_prefix(device)->cdev);
}

/**
 * vfio_device_add() - make a device visible in sysfs, with its node
 * @device: a device that is being registered
 *
 * Return: 0 or a negative errno. May sleep.
 */
int vfio_device_add(struct vfio_device *device)
{
	int ret;

	/* Until the device is registered, opening the node is ENODEV. */
	ret = vfio_cdev_add(device);
	if (ret)
		return ret;

	ret = device_add(&device->device);
	if (ret)
		vfio_cdev_del(device);
	return ret;
}

/**
 * vfio_device_del() - undo vfio_device_add(); files that are open stay so
 * @device: a device that is being unregistered, still with the registration's
 *	own reference
 */
void vfio_device_del(struct vfio_device *device)
{
	device_del(&device->device);
	vfio_cdev_del(device);
}

/* The device behind a node, kept registered, or NULL. */
static struct vfio_device *vfio_cdev_find_device(unsigned int minor)
{
	struct vfio_device *device;

	xa_lock(&vfio_cdev_devices);
	device = xa_load(&vfio_cdev_devices, minor);
	if (device && !vfio_device_try_get_registration(device))
		device = NULL;
	xa_unlock(&vfio_cdev_devices);
	return device;
}

/*
 * Open of the node: an inert file. -ENODEV when the device is not (or no
 * longer) registered.
 */
static int vfio_cdev_open(struct inode *inode, struct file *file)
{
	struct vfio_device *device = vfio_cdev_find_device(iminor(inode));
	struct vfio_device_file *df;

	if (!device)
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
static int vfio_df_match(struct vfio_device *device, const uuid_t *token)
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

/*
 * The first half of BIND, with the device set locked: everything beneath the
 * driver's open. match comes after all that can refuse the file: of a PF
 * without VFs in use it does not compare the token, it sets it, and a BIND
 * that could not have come off must not.
 */
static struct iommufd_ctx *vfio_df_claim(struct vfio_device_file *df, int fd,
					 const uuid_t *token)
{
	struct vfio_device *device = df->device;
	struct iommufd_ctx *ictx;
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	if (vfio_df_may_access(df) || device->open_count ||
	    vfio_iommufd_bound(device))
		return ERR_PTR(-EINVAL);
	if (vfio_prefix(device)->unregistering)
		return ERR_PTR(-ENODEV);

	ictx = iommufd_ctx_from_fd(fd);
	if (IS_ERR(ictx))
		return ictx;

	if (!vfio_device_try_get_driver(device)) {
		ret = -ENODEV;
		goto err_ctx;
	}

	ret = vfio_df_match(device, token);
	if (ret)
		goto err_driver;

	ret = vfio_iommufd_bind(device, ictx, &df->devid);
	if (ret)
		goto err_driver;
	return ictx;

err_driver:
	vfio_device_put_driver(device);
err_ctx:
	iommufd_ctx_put(ictx);
	return ERR_PTR(ret);
}

/* Undo vfio_df_claim(), without the device set's lock: it may take long. */
static void vfio_df_unclaim(struct vfio_device *device,
			    struct iommufd_ctx *ictx)
{
	vfio_iommufd_unbind(device);
	vfio_device_put_driver(device);
	iommufd_ctx_put(ictx);
}

/* Claim and open the device; the context, with a reference, or an ERR_PTR. */
static struct iommufd_ctx *vfio_df_bind(struct vfio_device_file *df, int fd,
					const uuid_t *token)
{
	struct vfio_device *device = df->device;
	struct iommufd_ctx *ictx;
	int ret;

	ret = mutex_lock_killable(&device->dev_set->lock);
	if (ret)
		return ERR_PTR(ret);

	ictx = vfio_df_claim(df, fd, token);
	if (IS_ERR(ictx)) {
		mutex_unlock(&device->dev_set->lock);
		return ictx;
	}

	vfio_device_get_kvm(device, &df->kvm_ref_lock, &df->kvm);
	ret = vfio_df_open(df);
	if (ret) {
		vfio_device_put_kvm(device);
		vfio_iommufd_disown(device);
	}
	mutex_unlock(&device->dev_set->lock);

	if (ret) {
		vfio_df_unclaim(device, ictx);
		return ERR_PTR(ret);
	}
	return ictx;
}

/*
 * Undo vfio_df_bind(). The driver closes the device, so its DMA stops, before
 * the mappings go; the device set is locked for the former only. In between
 * no file can open the device: the group is blocked still, and BIND sees that
 * it is bound.
 */
static void vfio_df_unbind(struct vfio_device_file *df,
			   struct iommufd_ctx *ictx)
{
	struct vfio_device *device = df->device;

	mutex_lock(&device->dev_set->lock);
	vfio_df_close(df);
	vfio_device_put_kvm(device);
	vfio_iommufd_disown(device);
	mutex_unlock(&device->dev_set->lock);

	vfio_df_unclaim(device, ictx);
}

/*
 * VFIO_DEVICE_BIND_IOMMUFD. A failed BIND leaves the file as it was.
 *
 * Returns 0; -EINVAL for a short size, an unknown flag, a negative fd, a file
 * that is bound already, or a device that another file has bound or has not
 * let go completely; -ENODEV when the driver is leaving the device; -EBUSY
 * while the group is open; -EBADF for a closed fd and -EBADFD for one that is
 * not an iommufd; -EACCES for a VF with the wrong token or none; -EPERM when
 * others own the group's DMA or interrupts are not isolated; -EINTR when
 * killed; or what else iommufd or the driver returned.
 */
static int vfio_df_do_bind(struct vfio_device_file *df, void __user *arg)
{
	struct vfio_device_bind_iommufd __user *ubind = arg;
	struct vfio_device_bind_iommufd bind;
	const size_t minsz = offsetofend(typeof(bind), out_devid);
	struct iommufd_ctx *ictx;
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

	/* The group_lock is outside the device set's: block, then lock. */
	ret = vfio_device_block_group(df->device);
	if (ret)
		return ret;

	ictx = vfio_df_bind(df, bind.iommufd, has_token ? &token : NULL);
	if (IS_ERR(ictx)) {
		ret = PTR_ERR(ictx);
		goto err_unblock;
	}

	/* The device is ours: until the gate opens, every BIND is EINVAL. */
	if (put_user(df->devid, &ubind->out_devid)) {
		ret = -EFAULT;
		goto err_unbind;
	}

	df->iommufd = ictx;
	vfio_df_grant_access(df);
	return 0;

err_unbind:
	vfio_df_unbind(df, ictx);
err_unblock:
	vfio_device_unblock_group(df->device);
	return ret;
}

static long vfio_df_ioctl_bind(struct vfio_device_file *df, void __user *arg)
{
	u64 begin = trace_vfio_bind_enabled() ? ktime_get_ns() : 0;
	int ret = vfio_df_do_bind(df, arg);

	if (trace_vfio_bind_enabled())
		vfio_df_report_bind(df, ret, begin);
	return ret;
}

/*
 * The PASID behind struct vfio_device_{attach,detach}_iommufd_pt, which is
 * there with the one flag that both have.
 */
static int vfio_read_pasid(const void __user *arg, u32 argsz, u32 flags,
			   size_t minsz, u32 *pasid)
{
	*pasid = IOMMU_NO_PASID;
	if (argsz < minsz || flags & ~VFIO_DEVICE_ATTACH_PASID)
		return -EINVAL;
	if (!(flags & VFIO_DEVICE_ATTACH_PASID))
		return 0;
	if (argsz < minsz + sizeof(*pasid))
		return -EINVAL;
	if (copy_from_user(pasid, arg + minsz, sizeof(*pasid)))
		return -EFAULT;
	return 0;
}

/* Attach the device or, with the flag, one PASID; and say to what. */
static int vfio_df_attach(struct vfio_device *device,
			  struct vfio_device_attach_iommufd_pt *attach,
			  u32 pasid, u32 __user *upt_id)
{
	bool for_pasid = attach->flags & VFIO_DEVICE_ATTACH_PASID;
	bool was_attached;
	int ret;

	lockdep_assert_held(&vfio_prefix(device)->attach_lock);

	if (for_pasid) {
		was_attached = vfio_iommufd_pasid_attached(device, pasid);
		ret = vfio_iommufd_pasid_attach(device, pasid, &attach->pt_id);
	} else {
		was_attached = vfio_iommufd_attached(device);
		ret = vfio_iommufd_attach(device, &attach->pt_id);
	}
	if (ret || !put_user(attach->pt_id, upt_id))
		return ret;

	/*
	 * It could be written a moment ago: somebody is taking the page away.
	 * An id that nobody learns of must not stay attached; but to go back
	 * to what it was before could fail.
	 */
	if (was_attached)
		return -EFAULT;
	if (for_pasid)
		vfio_iommufd_pasid_detach(device, pasid);
	else
		vfio_iommufd_detach(device);
	return -EFAULT;
}

/*
 * VFIO_DEVICE_ATTACH_IOMMUFD_PT: gives the id of the HWPT that the device is
 * attached to back in pt_id.
 *
 * Returns 0; -EFAULT; -EINVAL for a short size, an unknown flag or PASID 0;
 * -EOPNOTSUPP for a PASID of an emulated device; -EINTR when killed; or what
 * iommufd returned (-ENOENT for an unknown id). On failure the device is
 * attached to what it was before; unless another thread makes pt_id unwritable
 * meanwhile, and the device has moved from one to the other.
 */
static long vfio_df_ioctl_attach(struct vfio_device_file *df, void __user *arg)
{
	struct vfio_device_attach_iommufd_pt __user *uattach = arg;
	struct mutex *attach_lock = &vfio_prefix(df->device)->attach_lock;
	struct vfio_device_attach_iommufd_pt attach;
	const size_t minsz = offsetofend(typeof(attach), pt_id);
	u32 pasid;
	int ret;

	if (copy_from_user(&attach, uattach, minsz))
		return -EFAULT;
	ret = vfio_read_pasid(arg, attach.argsz, attach.flags, minsz, &pasid);
	if (ret)
		return ret;
	/* Before anything is moved: what is there already, to the same place. */
	if (put_user(attach.pt_id, &uattach->pt_id))
		return -EFAULT;

	ret = mutex_lock_killable(attach_lock);
	if (ret)
		return ret;
	ret = vfio_df_attach(df->device, &attach, pasid, &uattach->pt_id);
	mutex_unlock(attach_lock);
	return ret;
}

/*
 * VFIO_DEVICE_DETACH_IOMMUFD_PT: the DMA of the device, or of its PASID, is
 * blocked afterwards. Nothing happens if it was not attached.
 *
 * Returns 0; -EFAULT; -EINVAL for a short size or an unknown flag; -EOPNOTSUPP
 * for a PASID of an emulated device; -EBUSY for the device itself while a PASID
 * of it is attached (iommufd_device_detach()); -EINTR when killed.
 */
static long vfio_df_ioctl_detach(struct vfio_device_file *df, void __user *arg)
{
	struct vfio_device *device = df->device;
	struct mutex *attach_lock = &vfio_prefix(device)->attach_lock;
	struct vfio_device_detach_iommufd_pt detach;
	const size_t minsz = offsetofend(typeof(detach), flags);
	u32 pasid;
	int ret;

	if (copy_from_user(&detach, arg, minsz))
		return -EFAULT;
	ret = vfio_read_pasid(arg, detach.argsz, detach.flags, minsz, &pasid);
	if (ret)
		return ret;

	ret = mutex_lock_killable(attach_lock);
	if (ret)
		return ret;
	if (detach.flags & VFIO_DEVICE_ATTACH_PASID)
		ret = vfio_iommufd_pasid_detach(device, pasid);
	else if (vfio_iommufd_uses_pasids(device))
		ret = -EBUSY;
	else
		vfio_iommufd_detach(device);
	mutex_unlock(attach_lock);
	return ret;
}

/* Commands of a bound file, with the device awake. */
static long vfio_cdev_command(struct vfio_device_file *df, unsigned int cmd,
			      unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	long ret;

	switch (cmd) {
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return vfio_df_ioctl_attach(df, uarg);
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return vfio_df_ioctl_detach(df, uarg);
	}
	if (vfio_pci_reset_ioctl(df, cmd, uarg, &ret))
		return ret;
	return vfio_df_driver_ioctl(df, cmd, arg);
}

static long vfio_cdev_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct vfio_device_file *df = file->private_data;
	long ret;

	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return vfio_df_ioctl_bind(df, (void __user *)arg);

	ret = vfio_df_begin(df);
	if (ret)
		return ret;
	ret = vfio_cdev_command(df, cmd, arg);
	vfio_df_end(df);
	return ret;
}

/* Nobody uses the file any more, bound or not. */
static int vfio_cdev_release(struct inode *inode, struct file *file)
{
	struct vfio_device_file *df = file->private_data;

	if (vfio_df_may_access(df)) {
		vfio_df_unbind(df, df->iommufd);
		vfio_device_unblock_group(df->device);
	}
	vfio_df_free(df);
	return 0;
}

const struct file_operations vfio_cdev_fops = {
	.owner		= THIS_MODULE,
	.open		= vfio_cdev_open,
	.release	= vfio_cdev_release,
	.read		= vfio_df_read,
	.write		= vfio_df_write,
	.unlocked_ioctl	= vfio_cdev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= vfio_df_mmap,
};

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
 * vfio_cdev_exit() - give the numbers back; no device is left
 */
void vfio_cdev_exit(void)
{
	WARN_ON(!xa_empty(&vfio_cdev_devices));
	xa_destroy(&vfio_cdev_devices);
	unregister_chrdev_region(vfio_cdev_devt, MINORMASK + 1);
}
