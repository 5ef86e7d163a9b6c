// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU drivers that offer virtual IOMMUs: the side table that they register
 * in, keyed by their struct iommu_ops.
 */
#include <linux/module.h>
#include <linux/uaccess.h>

#include "viommu/viommu.h"

static DEFINE_MUTEX(drivers_lock);
static LIST_HEAD(drivers);

static struct iommufd_viommu_driver *find_driver(const struct iommu_ops *ops)
{
	struct iommufd_viommu_driver *driver;

	lockdep_assert_held(&drivers_lock);
	list_for_each_entry(driver, &drivers, node)
		if (driver->ops == ops)
			return driver;
	return NULL;
}

/**
 * iommufd_viommu_register_driver() - offer virtual IOMMUs
 * @driver: stays valid until iommufd_viommu_unregister_driver()
 *
 * May sleep.
 * Return: 0, or -EEXIST if that driver is registered.
 */
int iommufd_viommu_register_driver(struct iommufd_viommu_driver *driver)
{
	int rc = -EEXIST;

	mutex_lock(&drivers_lock);
	if (!find_driver(driver->ops)) {
		list_add_tail(&driver->node, &drivers);
		rc = 0;
	}
	mutex_unlock(&drivers_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_register_driver, IOMMUFD);

/**
 * iommufd_viommu_unregister_driver() - not to offer them any more
 * @driver: registered; its module is being unloaded, so it has none
 *
 * May sleep.
 */
void iommufd_viommu_unregister_driver(struct iommufd_viommu_driver *driver)
{
	mutex_lock(&drivers_lock);
	list_del(&driver->node);
	mutex_unlock(&drivers_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_unregister_driver, IOMMUFD);

/**
 * viommu_driver_get() - who can make a virtual IOMMU for a device
 * @dev: behind an IOMMU
 *
 * Return: its driver, for viommu_driver_put(), or NULL.
 */
struct iommufd_viommu_driver *viommu_driver_get(struct device *dev)
{
	struct iommufd_viommu_driver *driver;

	mutex_lock(&drivers_lock);
	driver = find_driver(dev->iommu->iommu_dev->ops);
	if (driver && !try_module_get(driver->owner))
		driver = NULL;
	mutex_unlock(&drivers_lock);
	return driver;
}

/**
 * viommu_driver_put() - the reverse
 * @driver: may be unloaded afterwards
 */
void viommu_driver_put(struct iommufd_viommu_driver *driver)
{
	module_put(driver->owner);
}

/**
 * iommufd_copy_to_user_data() - answer in what user space gave a driver
 * @user_data: where that is
 * @from: the driver's structure
 * @size: of it, bytes; as much as there is room for is copied
 *
 * May sleep.
 * Return: 0 or -EFAULT.
 */
int iommufd_copy_to_user_data(const struct iommu_user_data *user_data,
			      const void *from, size_t size)
{
	size = min(size, user_data->len);
	return copy_to_user(user_data->uptr, from, size) ? -EFAULT : 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_copy_to_user_data, IOMMUFD);
