// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: the IOMMU groups that have devices of ours.
 *
 * Owns the list of groups, their numbers, their life, and which devices are in
 * them. A group lives from the registration of its first device to the
 * unregistration of its last; the nodes' files are in group_file.c. Without the
 * parameter "groups" they have no nodes.
 *
 * Some groups are made up, for devices that have no IOMMU: emulated ones, which
 * need none, and (where the administrator takes that upon him) real ones.
 */
#include <linux/iommu.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/slab.h>

#include "vfio.h"

static bool groups = true;
module_param(groups, bool, 0444);
MODULE_PARM_DESC(groups, "Give groups their nodes /dev/vfio/N, and containers theirs (Y); without, devices are had by their cdev only");

static struct class *vfio_group_class;
static dev_t vfio_group_devt;
static DEFINE_IDA(vfio_group_ida);

/* Protects the list, and with it the way of a group from and to zero. */
static DEFINE_MUTEX(vfio_group_list_lock);
static LIST_HEAD(vfio_group_list);

static void vfio_group_release(struct device *dev)
{
	struct vfio_group *group = container_of(dev, struct vfio_group, dev);

	WARN_ON(group->iommu_group);
	WARN_ON(group->cdev_device_open_cnt);

	mutex_destroy(&group->device_lock);
	mutex_destroy(&group->group_lock);
	ida_free(&vfio_group_ida, MINOR(group->dev.devt));
	kfree(group);
}

static struct vfio_group *vfio_group_alloc(struct iommu_group *iommu_group,
					   enum vfio_group_type type)
{
	struct vfio_group *group;
	int minor;

	group = kzalloc(sizeof(*group), GFP_KERNEL);
	if (!group)
		return ERR_PTR(-ENOMEM);

	minor = ida_alloc_max(&vfio_group_ida, MINORMASK, GFP_KERNEL);
	if (minor < 0) {
		kfree(group);
		return ERR_PTR(minor);
	}

	refcount_set(&group->drivers, 1);
	mutex_init(&group->group_lock);
	mutex_init(&group->device_lock);
	spin_lock_init(&group->kvm_ref_lock);
	INIT_LIST_HEAD(&group->device_list);
	BLOCKING_INIT_NOTIFIER_HEAD(&group->notifier);
	group->type = type;

	device_initialize(&group->dev);
	group->dev.devt = MKDEV(MAJOR(vfio_group_devt), minor);
	group->dev.class = vfio_group_class;
	group->dev.release = vfio_group_release;
	cdev_init(&group->cdev, &vfio_group_fops);
	group->cdev.owner = THIS_MODULE;

	/* Given back when the last device leaves. */
	iommu_group_ref_get(iommu_group);
	group->iommu_group = iommu_group;
	return group;
}

/* Make a group with one device and show it; the list is locked. */
static struct vfio_group *vfio_group_create(struct iommu_group *iommu_group,
					    enum vfio_group_type type)
{
	struct vfio_group *group;
	int ret;

	lockdep_assert_held(&vfio_group_list_lock);

	group = vfio_group_alloc(iommu_group, type);
	if (IS_ERR(group))
		return group;

	ret = dev_set_name(&group->dev, "%s%d",
			   type == VFIO_NO_IOMMU ? "noiommu-" : "",
			   iommu_group_id(iommu_group));
	if (ret)
		goto err_put;
	if (groups) {
		ret = cdev_device_add(&group->cdev, &group->dev);
		if (ret)
			goto err_put;
	}

	list_add(&group->vfio_next, &vfio_group_list);
	return group;

err_put:
	group->iommu_group = NULL;
	iommu_group_put(iommu_group);
	put_device(&group->dev);
	return ERR_PTR(ret);
}

static struct vfio_group *vfio_group_find(struct iommu_group *iommu_group)
{
	struct vfio_group *group;

	lockdep_assert_held(&vfio_group_list_lock);

	list_for_each_entry(group, &vfio_group_list, vfio_next) {
		if (group->iommu_group == iommu_group)
			return group;
	}
	return NULL;
}

/* A group made up for a device without an IOMMU. */
static struct vfio_group *vfio_group_make_up(struct device *dev,
					     enum vfio_group_type type)
{
	struct iommu_group *iommu_group;
	struct vfio_group *group;
	int ret;

	iommu_group = iommu_group_alloc();
	if (IS_ERR(iommu_group))
		return ERR_CAST(iommu_group);

	/* The name that userspace has always found in sysfs. */
	ret = iommu_group_set_name(iommu_group, "vfio-noiommu");
	if (ret)
		goto err_put;
	ret = iommu_group_add_device(iommu_group, dev);
	if (ret)
		goto err_put;

	mutex_lock(&vfio_group_list_lock);
	group = vfio_group_create(iommu_group, type);
	mutex_unlock(&vfio_group_list_lock);
	if (IS_ERR(group)) {
		ret = PTR_ERR(group);
		goto err_remove;
	}

	iommu_group_put(iommu_group);
	return group;

err_remove:
	iommu_group_remove_device(dev);
err_put:
	iommu_group_put(iommu_group);
	return ERR_PTR(ret);
}

/* One device, which then can write to any memory. */
static struct vfio_group *vfio_group_get_noiommu(struct device *dev)
{
	struct vfio_group *group;
	int ret;

	if (!vfio_noiommu_enabled())
		return ERR_PTR(-EINVAL);
	/* What a locked down kernel refuses to give away by other means. */
	ret = vfio_noiommu_locked_down();
	if (ret)
		return ERR_PTR(ret);
	group = vfio_group_make_up(dev, VFIO_NO_IOMMU);
	if (!IS_ERR(group)) {
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
		dev_warn(dev, "vfio: given to userspace without an IOMMU; the kernel is tainted\n");
	}
	return group;
}

/* The group of a device behind an IOMMU, with one more device counted. */
static struct vfio_group *vfio_group_get_real(struct device *dev)
{
	struct iommu_group *iommu_group;
	struct vfio_group *group;

	iommu_group = iommu_group_get(dev);
	if (!iommu_group)
		return vfio_group_get_noiommu(dev);

	mutex_lock(&vfio_group_list_lock);
	group = vfio_group_find(iommu_group);
	if (group)
		refcount_inc(&group->drivers);
	else
		group = vfio_group_create(iommu_group, VFIO_IOMMU);
	mutex_unlock(&vfio_group_list_lock);

	/* The group has a reference of its own. */
	iommu_group_put(iommu_group);
	return group;
}

/**
 * vfio_device_set_group() - put a device that is being registered in its group
 * @device: the device
 * @type: what the group shall be, if it is made for this device
 *
 * May sleep.
 *
 * Return: 0, -EINVAL if a real device has no IOMMU group and must have one,
 * -EPERM if it need not but the kernel is locked down, -ENOMEM, or what sysfs
 * returned.
 */
int vfio_device_set_group(struct vfio_device *device,
			  enum vfio_group_type type)
{
	struct vfio_group *group;

	group = type == VFIO_IOMMU ? vfio_group_get_real(device->dev) :
				     vfio_group_make_up(device->dev, type);
	if (IS_ERR(group))
		return PTR_ERR(group);

	device->group = group;
	return 0;
}

/*
 * The last device has left, and the list is locked so that the same IOMMU
 * group cannot come again before its name is free in sysfs. A file of the
 * group may still be open; it finds no iommu_group from now on.
 */
static void vfio_group_end(struct vfio_group *group)
{
	struct iommu_group *iommu_group;

	lockdep_assert_held(&vfio_group_list_lock);

	list_del(&group->vfio_next);
	if (groups)
		cdev_device_del(&group->cdev, &group->dev);

	mutex_lock(&group->group_lock);
	WARN_ON(!list_empty(&group->device_list));
	if (group->container)
		vfio_group_detach_container(group);
	else if (group->iommufd)
		vfio_group_unset_iommufd(group);
	iommu_group = group->iommu_group;
	group->iommu_group = NULL;
	mutex_unlock(&group->group_lock);

	iommu_group_put(iommu_group);
}

/**
 * vfio_device_remove_group() - undo vfio_device_set_group()
 * @device: the device, which no file holds any more
 *
 * May sleep.
 */
void vfio_device_remove_group(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	if (group->type != VFIO_IOMMU)
		iommu_group_remove_device(device->dev);

	if (!refcount_dec_and_mutex_lock(&group->drivers,
					 &vfio_group_list_lock))
		return;
	vfio_group_end(group);
	mutex_unlock(&vfio_group_list_lock);
	put_device(&group->dev);
}

/**
 * vfio_device_group_register() - let the device be found through its group
 * @device: the device, registered
 */
void vfio_device_group_register(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	mutex_lock(&group->device_lock);
	list_add(&device->group_next, &group->device_list);
	mutex_unlock(&group->device_lock);
}

/**
 * vfio_device_group_unregister() - undo vfio_device_group_register()
 * @device: the device; files of it may stay open
 */
void vfio_device_group_unregister(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	mutex_lock(&group->device_lock);
	list_del(&device->group_next);
	mutex_unlock(&group->device_lock);
}

/**
 * vfio_device_block_group() - keep the group closed while the cdev is in use
 * @device: the device; no device set's lock is held. May sleep
 *
 * Return: 0; -EBUSY if the group is open; -EINTR when killed.
 */
int vfio_device_block_group(struct vfio_device *device)
{
	struct vfio_group *group = device->group;
	int ret;

	/* Its holder may be pinning all memory of the group's iommufd. */
	ret = mutex_lock_killable(&group->group_lock);
	if (ret)
		return ret;
	if (group->opened_file)
		ret = -EBUSY;
	else
		group->cdev_device_open_cnt++;
	mutex_unlock(&group->group_lock);
	return ret;
}

/**
 * vfio_device_unblock_group() - undo vfio_device_block_group()
 * @device: the device; no device set's lock is held. May sleep
 */
void vfio_device_unblock_group(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	mutex_lock(&group->group_lock);
	WARN_ON(!group->cdev_device_open_cnt);
	group->cdev_device_open_cnt--;
	mutex_unlock(&group->group_lock);
}

/**
 * vfio_group_enforced_coherent() - whether DMA of all devices always snoops
 * @group: the group. May sleep
 *
 * Return: true if the IOMMU can enforce it for every device. It is what a
 * domain for them will do, so it can be answered before there is one.
 */
bool vfio_group_enforced_coherent(struct vfio_group *group)
{
	struct vfio_device *device;
	const enum iommu_cap cap = IOMMU_CAP_ENFORCE_CACHE_COHERENCY;
	bool enforced = true;

	mutex_lock(&group->device_lock);
	list_for_each_entry(device, &group->device_list, group_next)
		enforced &= device_iommu_capable(device->dev, cap);
	mutex_unlock(&group->device_lock);
	return enforced;
}

/**
 * vfio_group_set_kvm() - note the VM that devices of the group belong to
 * @group: the group
 * @kvm: the VM, without a reference, or NULL
 */
void vfio_group_set_kvm(struct vfio_group *group, struct kvm *kvm)
{
	spin_lock(&group->kvm_ref_lock);
	group->kvm = kvm;
	spin_unlock(&group->kvm_ref_lock);
}

static char *vfio_group_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/%s", dev_name(dev));
}

/**
 * vfio_group_init() - the class, the numbers, and the containers' node
 *
 * Return: 0 or a negative errno.
 */
int vfio_group_init(void)
{
	int ret;

	vfio_group_class = class_create("vfio");
	if (IS_ERR(vfio_group_class))
		return PTR_ERR(vfio_group_class);
	vfio_group_class->devnode = vfio_group_devnode;

	ret = alloc_chrdev_region(&vfio_group_devt, 0, MINORMASK + 1, "vfio");
	if (ret)
		goto err_class;

	if (groups) {
		ret = vfio_container_init();
		if (ret)
			goto err_region;
	}
	return 0;

err_region:
	unregister_chrdev_region(vfio_group_devt, MINORMASK + 1);
err_class:
	class_destroy(vfio_group_class);
	return ret;
}

/**
 * vfio_group_exit() - undo vfio_group_init(); no group is left
 */
void vfio_group_exit(void)
{
	WARN_ON(!list_empty(&vfio_group_list));

	vfio_container_exit();
	unregister_chrdev_region(vfio_group_devt, MINORMASK + 1);
	class_destroy(vfio_group_class);
	ida_destroy(&vfio_group_ida);
}
