// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device sets: the devices that a driver wants behind one lock, because they
 * are reset together.
 *
 * Owns the map from a driver's set id to the set, and the membership. The
 * count of members is protected by the map's lock, the list of members by
 * the set's own; a set dies with its last member.
 */
#include "main_abi.h"
#include "vfio.h"

static DEFINE_XARRAY(vfio_device_sets);

/* Find the set of this id and take part in it; NULL if there is none yet. */
static struct vfio_device_set *devset_join(unsigned long id)
{
	struct vfio_device_set *set;

	xa_lock(&vfio_device_sets);
	set = xa_load(&vfio_device_sets, id);
	if (set)
		set->device_count++;
	xa_unlock(&vfio_device_sets);
	return set;
}

/* Like devset_join(), but never returns NULL: makes the set if need be. */
static struct vfio_device_set *devset_join_or_create(void *set_id)
{
	unsigned long id = (unsigned long)set_id;
	struct vfio_device_set *set, *fresh;

	set = devset_join(id);
	if (set)
		return set;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	mutex_init(&fresh->lock);
	INIT_LIST_HEAD(&fresh->device_list);
	fresh->set_id = set_id;

	xa_lock(&vfio_device_sets);
	set = __xa_cmpxchg(&vfio_device_sets, id, NULL, fresh, GFP_KERNEL);
	if (!set)
		swap(set, fresh);
	if (!xa_is_err(set))
		set->device_count++;
	xa_unlock(&vfio_device_sets);

	kfree(fresh);
	return xa_is_err(set) ? ERR_PTR(xa_err(set)) : set;
}

/**
 * vfio_assign_device_set() - make a device a member of a set
 * @device: a device that is not registered yet and in no set
 * @set_id: what identifies the set, not NULL; for example the PCI bus
 *
 * May sleep. The membership ends when @device is released.
 *
 * Return: 0, -EINVAL for a NULL id, -ENOMEM.
 */
int vfio_assign_device_set(struct vfio_device *device, void *set_id)
{
	struct vfio_device_set *set;

	if (WARN_ON(!set_id))
		return -EINVAL;

	set = devset_join_or_create(set_id);
	if (IS_ERR(set))
		return PTR_ERR(set);

	mutex_lock(&set->lock);
	device->dev_set = set;
	list_add_tail(&device->dev_set_list, &set->device_list);
	mutex_unlock(&set->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_assign_device_set);

/**
 * vfio_release_device_set() - take a device out of its set
 * @device: the device, closed; nothing happens if it is in no set
 *
 * May sleep.
 */
void vfio_release_device_set(struct vfio_device *device)
{
	struct vfio_device_set *set = device->dev_set;
	bool last;

	if (!set)
		return;

	mutex_lock(&set->lock);
	list_del(&device->dev_set_list);
	mutex_unlock(&set->lock);

	xa_lock(&vfio_device_sets);
	last = --set->device_count == 0;
	if (last)
		__xa_erase(&vfio_device_sets, (unsigned long)set->set_id);
	xa_unlock(&vfio_device_sets);

	if (last) {
		mutex_destroy(&set->lock);
		kfree(set);
	}
}

/**
 * vfio_device_set_open_count() - how many files have devices of a set open
 * @dev_set: the set; its lock is held
 *
 * Return: the sum of the members' open counts.
 */
unsigned int vfio_device_set_open_count(struct vfio_device_set *dev_set)
{
	struct vfio_device *member;
	unsigned int sum = 0;

	lockdep_assert_held(&dev_set->lock);

	list_for_each_entry(member, &dev_set->device_list, dev_set_list)
		sum += member->open_count;
	return sum;
}
EXPORT_SYMBOL_GPL(vfio_device_set_open_count);

/**
 * vfio_find_device_in_devset() - look a member of a set up by its device
 * @dev_set: the set; its lock is held
 * @dev: the physical device
 *
 * Return: the member, valid while the lock is held, or NULL.
 */
struct vfio_device *
vfio_find_device_in_devset(struct vfio_device_set *dev_set, struct device *dev)
{
	struct vfio_device *member;

	lockdep_assert_held(&dev_set->lock);

	list_for_each_entry(member, &dev_set->device_list, dev_set_list) {
		if (member->dev == dev)
			return member;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(vfio_find_device_in_devset);

/**
 * vfio_devset_exit() - give the map's memory back; every set is gone
 */
void vfio_devset_exit(void)
{
	WARN_ON(!xa_empty(&vfio_device_sets));
	xa_destroy(&vfio_device_sets);
}
