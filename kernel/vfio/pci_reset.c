// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot reset of PCI devices that were opened through the cdev.
 *
 * A hot reset (of a slot or bus) hits every function behind it, so the user
 * must own them all, the unopened ones too. The stock vfio-pci-core proves that
 * for groups; for devices on iommufd its proof is compiled out, and with the
 * device marked as cdev_opened it would take a path that dereferences NULL. So
 * that bit stays clear, the two commands of a cdev's file never reach the stock
 * code, and the reset is done here, on the stock driver's structure (whose
 * layout check-layout compares) and with the stock driver's locks.
 *
 * The other way round stays safe without our help: a legacy user's reset
 * needs the group of every member of the device set, and a group whose device
 * is bound through the cdev cannot be opened.
 *
 * Owns no state. Locks, outermost first: the device set's; the attach_lock and
 * the memory_lock of every member (each only tried: there is no order among
 * them); the PCI core's.
 */
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio_pci_core.h>

#include "vfio.h"

static struct vfio_pci_core_device *to_core(struct vfio_device *device)
{
	return container_of(device, struct vfio_pci_core_device, vdev);
}

/*
 * Whether vfio-pci-core made the device: it insists on being the driver's
 * data, it notes the PCI device, and its sets are called by the device, the
 * slot or the bus.
 */
static bool vfio_device_is_pci_core(struct vfio_device *device)
{
	const void *id = device->dev_set->set_id;
	struct pci_dev *pdev;

	if (!dev_is_pci(device->dev) ||
	    vfio_prefix(device)->size < sizeof(struct vfio_pci_core_device) ||
	    dev_get_drvdata(device->dev) != to_core(device))
		return false;
	pdev = to_pci_dev(device->dev);
	return to_core(device)->pdev == pdev &&
	       (id == device || id == pdev->slot || id == pdev->bus);
}

/* One reset: what it hits, and who asks. */
struct vfio_pci_reach {
	struct pci_bus				*bus;
	struct pci_slot				*slot;	/* NULL: all of @bus */
	struct vfio_device_set			*set;
	struct iommufd_ctx			*ictx;
	struct vfio_pci_dependent_device	*found;	/* NULL: only count */
	u32					room;
	u32					count;
	bool					owned;
};

/*
 * What a reset of this device would hit. The PCI core prefers the slot.
 * Returns 0, or -ENODEV if neither slot nor bus can be reset.
 */
static int vfio_pci_reach_init(struct vfio_pci_reach *reach,
			       struct vfio_device *device)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);

	*reach = (struct vfio_pci_reach){
		.bus = pdev->bus,
		.set = device->dev_set,
		.owned = true,
	};
	if (!pci_probe_reset_slot(pdev->slot))
		reach->slot = pdev->slot;
	else if (pci_probe_reset_bus(pdev->bus))
		return -ENODEV;
	return 0;
}

static bool vfio_pci_reached(struct vfio_pci_reach *reach, struct pci_dev *pdev)
{
	if (!reach->slot)
		return true;
	/* The ancestor, or the device itself, that sits on the slot's bus. */
	while (pdev && pdev->bus != reach->slot->bus)
		pdev = pdev->bus->self;
	return pdev && pdev->slot == reach->slot;
}

/* What the user is told of one device; the set is locked. */
static u32 vfio_pci_reach_devid(struct vfio_pci_reach *reach,
				struct pci_dev *pdev)
{
	struct vfio_device *member;
	int id;

	member = vfio_find_device_in_devset(reach->set, &pdev->dev);
	if (!member)
		return VFIO_PCI_DEVID_NOT_OWNED;

	id = vfio_iommufd_get_dev_id(member, reach->ictx);
	if (id > 0)
		return id;
	return id == -ENOENT ? VFIO_PCI_DEVID_OWNED : VFIO_PCI_DEVID_NOT_OWNED;
}

static int vfio_pci_reach_one(struct pci_dev *pdev, void *data)
{
	struct vfio_pci_reach *reach = data;
	u32 devid;

	if (!vfio_pci_reached(reach, pdev))
		return 0;

	reach->count++;
	if (!reach->ictx)
		return 0;

	devid = vfio_pci_reach_devid(reach, pdev);
	if (devid == VFIO_PCI_DEVID_NOT_OWNED)
		reach->owned = false;

	if (reach->count <= reach->room)
		reach->found[reach->count - 1] =
			(struct vfio_pci_dependent_device){
				.devid = devid,
				.segment = pci_domain_nr(pdev->bus),
				.bus = pdev->bus->number,
				.devfn = pdev->devfn,
			};
	return 0;
}

/* Count what is reached; fill in reach->found as far as there is room. */
static void vfio_pci_reach_walk(struct vfio_pci_reach *reach)
{
	reach->count = 0;
	pci_walk_bus(reach->bus, vfio_pci_reach_one, reach);
}

/* The same with who owns it, by the user's context. */
static int vfio_pci_reach_look(struct vfio_pci_reach *reach,
			       struct vfio_device_file *df)
{
	int ret;

	ret = mutex_lock_killable(&reach->set->lock);
	if (ret)
		return ret;
	reach->ictx = df->iommufd;
	vfio_pci_reach_walk(reach);
	mutex_unlock(&reach->set->lock);
	/* A device was plugged in between the counts. */
	return reach->count > reach->room ? -EAGAIN : 0;
}

/*
 * VFIO_DEVICE_GET_PCI_HOT_RESET_INFO. Each device that would be reset, with its
 * id in the user's context: 0 if it is the user's by its IOMMU group only, -1
 * if it is not the user's.
 *
 * Returns 0; -EFAULT; -EINVAL for a short size; -ENODEV if nothing can be
 * reset; -ENOSPC, with the count, if the list does not fit; -EAGAIN if the bus
 * changed meanwhile; -ENOMEM; -EINTR when killed.
 */
static long vfio_pci_hot_reset_info(struct vfio_device_file *df,
				    struct vfio_pci_hot_reset_info __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_pci_hot_reset_info, count);
	struct vfio_pci_hot_reset_info hdr;
	struct vfio_pci_reach reach;
	int ret;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	if (hdr.argsz < minsz)
		return -EINVAL;

	ret = vfio_pci_reach_init(&reach, df->device);
	if (ret)
		return ret;
	vfio_pci_reach_walk(&reach);

	hdr.flags = 0;
	hdr.count = reach.count;
	if (reach.count > (hdr.argsz - minsz) / sizeof(*reach.found))
		return copy_to_user(arg, &hdr, minsz) ? -EFAULT : -ENOSPC;

	reach.room = reach.count;
	reach.found = kcalloc(reach.room, sizeof(*reach.found),
			      GFP_KERNEL_ACCOUNT);
	if (!reach.found)
		return -ENOMEM;

	ret = vfio_pci_reach_look(&reach, df);
	if (ret)
		goto out;

	hdr.count = reach.count;
	hdr.flags = VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	if (reach.owned)
		hdr.flags |= VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
	if (copy_to_user(arg->devices, reach.found,
			 array_size(reach.count, sizeof(*reach.found))) ||
	    copy_to_user(arg, &hdr, minsz))
		ret = -EFAULT;
out:
	kfree(reach.found);
	return ret;
}

/*
 * Whether the user may reset all that is reached, and all members of the set:
 * each is driven by vfio-pci-core, and bound to the user's context or in an
 * IOMMU group that is.
 *
 * vfio-pci-core calls a set by a device only if neither slot nor bus can be
 * reset with it. Every other driver's set is called so that names none: what
 * follows writes to vfio-pci-core's structure, so do not rely on its looks.
 */
static bool vfio_pci_set_owned(struct vfio_pci_reach *reach,
			       struct pci_dev *pdev)
{
	const void *id_of_set = reach->set->set_id;
	struct vfio_device *member;
	int id;

	if (id_of_set != pdev->slot && id_of_set != pdev->bus)
		return false;

	vfio_pci_reach_walk(reach);
	if (!reach->owned)
		return false;

	list_for_each_entry(member, &reach->set->device_list, dev_set_list) {
		id = vfio_iommufd_get_dev_id(member, reach->ictx);
		if (id <= 0 && id != -ENOENT)
			return false;
		if (!vfio_device_is_pci_core(member))
			return false;
	}
	return true;
}

/* Wake all members up, or none. */
static int vfio_pci_set_resume(struct vfio_device_set *set)
{
	struct vfio_device *member;
	int ret;

	list_for_each_entry(member, &set->device_list, dev_set_list) {
		ret = pm_runtime_resume_and_get(member->dev);
		if (ret)
			goto err_put;
	}
	return 0;

err_put:
	list_for_each_entry_continue_reverse(member, &set->device_list,
					     dev_set_list)
		pm_runtime_put(member->dev);
	return ret;
}

static void vfio_pci_set_may_suspend(struct vfio_device_set *set)
{
	struct vfio_device *member;

	list_for_each_entry(member, &set->device_list, dev_set_list)
		pm_runtime_put(member->dev);
}

/* No mmap of a BAR reaches the device until memory_lock is let go. */
static void vfio_pci_revoke_bars(struct vfio_device *member)
{
	const loff_t bars = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_BAR0_REGION_INDEX);
	const loff_t end = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_ROM_REGION_INDEX);

	unmap_mapping_range(member->inode->i_mapping, bars, end - bars, true);
}

/*
 * An attach or a detach of a member switches its address translation services,
 * in a configuration space that does not answer while it is reset.
 */
static bool vfio_pci_seize(struct vfio_device *member)
{
	if (!mutex_trylock(&vfio_prefix(member)->attach_lock))
		return false;
	if (!down_write_trylock(&to_core(member)->memory_lock)) {
		mutex_unlock(&vfio_prefix(member)->attach_lock);
		return false;
	}
	vfio_pci_revoke_bars(member);
	return true;
}

static void vfio_pci_release(struct vfio_device *member)
{
	up_write(&to_core(member)->memory_lock);
	mutex_unlock(&vfio_prefix(member)->attach_lock);
}

/*
 * Keep every user's hands off every member, or none: -EBUSY if one is just
 * being touched, attached or detached. The user tries again.
 */
static int vfio_pci_set_seize(struct vfio_device_set *set)
{
	struct vfio_device *member;

	list_for_each_entry(member, &set->device_list, dev_set_list) {
		if (!vfio_pci_seize(member))
			goto err_release;
	}
	return 0;

err_release:
	list_for_each_entry_continue_reverse(member, &set->device_list,
					     dev_set_list)
		vfio_pci_release(member);
	return -EBUSY;
}

static void vfio_pci_set_release(struct vfio_device_set *set)
{
	struct vfio_device *member;

	list_for_each_entry(member, &set->device_list, dev_set_list)
		vfio_pci_release(member);
}

/*
 * A user may have put the device into D3hot, from where a device with a soft
 * reset comes back empty: then the driver has kept its configuration.
 */
static void vfio_pci_wake_up(struct vfio_device *member)
{
	struct vfio_pci_core_device *core = to_core(member);
	struct pci_dev *pdev = core->pdev;
	bool restore = core->needs_pm_restore &&
		       (__force int)pdev->current_state >=
			       (__force int)PCI_D3hot;

	if (pci_set_power_state(pdev, PCI_D0) || !restore)
		return;
	pci_load_and_free_saved_state(pdev, &core->pm_save);
	pci_restore_state(pdev);
}

/* The reset itself, with the set locked. */
static int vfio_pci_set_reset(struct vfio_pci_reach *reach,
			      struct pci_dev *pdev)
{
	struct vfio_device_set *set = reach->set;
	struct vfio_device *member;
	int ret;

	lockdep_assert_held(&set->lock);

	if (!vfio_pci_set_owned(reach, pdev))
		return -EINVAL;

	ret = vfio_pci_set_resume(set);
	if (ret)
		return ret;

	ret = vfio_pci_set_seize(set);
	if (ret)
		goto out_suspend;

	list_for_each_entry(member, &set->device_list, dev_set_list)
		vfio_pci_wake_up(member);
	ret = pci_reset_bus(pdev);

	vfio_pci_set_release(set);
out_suspend:
	vfio_pci_set_may_suspend(set);
	return ret;
}

/*
 * VFIO_DEVICE_PCI_HOT_RESET. The context proves who owns what: as the uAPI
 * says, no fds are passed.
 *
 * Returns 0; -EFAULT; -EINVAL for a short size, a flag, fds, or if any device
 * that would be reset is not the user's; -ENODEV if nothing can be reset;
 * -EBUSY if another thread is just touching a BAR, attaching or detaching, or if
 * the close of a function is not through; -EINTR when killed; or what the PCI
 * core returned.
 */
static long vfio_pci_hot_reset(struct vfio_device_file *df, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_pci_hot_reset, count);
	struct vfio_pci_hot_reset hdr;
	struct vfio_pci_reach reach;
	int ret;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	if (hdr.argsz < minsz || hdr.flags || hdr.count)
		return -EINVAL;

	ret = vfio_pci_reach_init(&reach, df->device);
	if (ret)
		return ret;
	reach.ictx = df->iommufd;

	ret = mutex_lock_killable(&reach.set->lock);
	if (ret)
		return ret;
	ret = vfio_pci_set_reset(&reach, to_pci_dev(df->device->dev));
	mutex_unlock(&reach.set->lock);
	return ret;
}

/**
 * vfio_pci_reset_ioctl() - the hot reset commands of a cdev's file
 * @df: a bound file of the cdev
 * @cmd: any command
 * @arg: its argument
 * @ret: the result, if true is returned
 *
 * Takes the device set's lock. May sleep, for seconds if devices are slow to
 * come back.
 *
 * Return: true if @cmd was one of the two and the device is vfio-pci's.
 */
bool vfio_pci_reset_ioctl(struct vfio_device_file *df, unsigned int cmd,
			  void __user *arg, long *ret)
{
	if (!vfio_device_is_pci_core(df->device))
		return false;

	switch (cmd) {
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
		*ret = vfio_pci_hot_reset_info(df, arg);
		return true;
	case VFIO_DEVICE_PCI_HOT_RESET:
		*ret = vfio_pci_hot_reset(df, arg);
		return true;
	default:
		return false;
	}
}
