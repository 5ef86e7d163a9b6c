// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU, as the kernel's IOMMU core sees it, and devices behind it.
 *
 * A firmware node of its own keeps real devices out: the core gives a device
 * to the IOMMU whose node the device names, and only mock devices name ours.
 */
#include <linux/kernfs.h>
#include <linux/lockdep.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "mock.h"

static struct iommu_device mock_iommu;

static const struct iommu_domain_ops mock_blocked_ops = {
	.attach_dev = mock_attach,
};

/* Static, and so it can neither be lacking nor fail. */
static struct iommu_domain mock_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &mock_blocked_ops,
};

static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return true;
	case IOMMU_CAP_DIRTY_TRACKING:
		return !(to_mock_dev(dev)->flags & MOCK_FLAGS_DEVICE_NO_DIRTY);
	default:
		return false;
	}
}

static void *mock_hw_info(struct device *dev, u32 *length, u32 *type)
{
	struct iommu_test_hw_info *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return ERR_PTR(-ENOMEM);
	info->test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_SELFTEST;
	return info;
}

static struct iommu_device *mock_probe_device(struct device *dev)
{
	return &mock_iommu;
}

/* Those that share a group, and the lock of their list. */
static LIST_HEAD(shared_devs);
static DEFINE_MUTEX(shared_lock);

static struct iommu_group *mock_device_group(struct device *dev)
{
	struct mock_dev *mdev = to_mock_dev(dev);
	struct iommu_group *group = NULL;
	struct mock_dev *other;

	if (!(mdev->flags & MOCK_FLAGS_DEVICE_SHARED_GROUP))
		return generic_device_group(dev);
	mutex_lock(&shared_lock);
	list_for_each_entry(other, &shared_devs, shared) {
		group = iommu_group_get(&other->pdev->dev);
		if (group)
			break;
	}
	mutex_unlock(&shared_lock);
	return group ?: generic_device_group(dev);
}

static const struct iommu_ops mock_iommu_ops = {
	.owner = THIS_MODULE,
	.capable = mock_capable,
	.hw_info = mock_hw_info,
	.domain_alloc_user = mock_domain_alloc,
	.probe_device = mock_probe_device,
	.device_group = mock_device_group,
	.remove_dev_pasid = mock_remove_pasid,
	.dev_enable_feat = mock_enable_feat,
	.dev_disable_feat = mock_disable_feat,
	.page_response = mock_page_response,
	/* A PASID that nothing is attached to faults as its device does. */
	.user_pasid_table = true,
	.default_domain = &mock_blocked_domain,
	.blocked_domain = &mock_blocked_domain,
	.release_domain = &mock_blocked_domain,
	.pgsize_bitmap = MOCK_PAGE_SIZE,
};

/**
 * mock_iommu_init() - make the mock IOMMU appear
 *
 * Return: 0 or a negative errno.
 */
int mock_iommu_init(void)
{
	struct fwnode_handle *fwnode;
	int rc;

	rc = mock_fault_init();
	if (rc)
		return rc;
	fwnode = fwnode_create_software_node(NULL, NULL);
	if (IS_ERR(fwnode)) {
		rc = PTR_ERR(fwnode);
		goto err_fault;
	}
	mock_iommu.fwnode = fwnode;
	mock_iommu.max_pasids = 1U << MOCK_PASID_WIDTH;
	rc = iommu_device_sysfs_add(&mock_iommu, NULL, NULL, "iommufd_mock");
	if (rc)
		goto err_fwnode;
	rc = iommu_device_register(&mock_iommu, &mock_iommu_ops, NULL);
	if (rc)
		goto err_sysfs;
	return 0;

err_sysfs:
	iommu_device_sysfs_remove(&mock_iommu);
err_fwnode:
	fwnode_remove_software_node(fwnode);
err_fault:
	mock_fault_exit();
	return rc;
}

/** mock_iommu_exit() - there is no device behind it any more: remove it */
void mock_iommu_exit(void)
{
	iommu_device_unregister(&mock_iommu);
	iommu_device_sysfs_remove(&mock_iommu);
	fwnode_remove_software_node(mock_iommu.fwnode);
	mock_fault_exit();
}

/**
 * mock_iommu_driver() - which driver serves the mock IOMMU
 *
 * Return: its operations.
 */
const struct iommu_ops *mock_iommu_driver(void)
{
	return &mock_iommu_ops;
}

/**
 * mock_iommu_blocked() - what lets nothing through
 *
 * Return: the domain, of devices that are attached to nothing.
 */
struct iommu_domain *mock_iommu_blocked(void)
{
	return &mock_blocked_domain;
}

/**
 * to_mock_dev() - the mock device that is behind a device
 * @dev: any device
 *
 * Return: it, or NULL if it is not ours.
 */
struct mock_dev *to_mock_dev(struct device *dev)
{
	if (!dev->iommu || dev->iommu->iommu_dev != &mock_iommu)
		return NULL;
	return *(struct mock_dev **)dev_get_platdata(dev);
}

/* Before it is added: the IOMMU core looks then. */
static int describe(struct mock_dev *mdev)
{
	static const struct property_entry pasid[] = {
		PROPERTY_ENTRY_U32("pasid-num-bits", MOCK_PASID_WIDTH),
		{},
	};
	struct platform_device *pdev = mdev->pdev;
	int rc;

	rc = platform_device_add_data(pdev, &mdev, sizeof(mdev));
	if (rc)
		return rc;
	if (mdev->flags & MOCK_FLAGS_DEVICE_PASID) {
		rc = device_create_managed_software_node(&pdev->dev, pasid,
							 NULL);
		if (rc)
			return rc;
	}
	/*
	 * The core asserts a lock that it does not export. It guards against
	 * others who probe the device, and nobody knows this one yet.
	 */
	lockdep_off();
	rc = iommu_fwspec_init(&pdev->dev, mock_iommu.fwnode);
	lockdep_on();
	return rc;
}

/*
 * The driver core takes a reference on a device's properties with the links to
 * them, and none if it cannot make those (no memory); it puts one in any case.
 */
static void hold_properties(struct mock_dev *mdev)
{
	struct device *dev = &mdev->pdev->dev;
	struct kernfs_node *link;

	if (!(mdev->flags & MOCK_FLAGS_DEVICE_PASID))
		return;
	link = kernfs_find_and_get(dev->kobj.sd, "software_node");
	if (link)
		kernfs_put(link);
	else
		fwnode_handle_get(dev->fwnode);
}

/* What the IOMMU core does when a device is removed, which was never added. */
static void forget_fwspec(struct device *dev)
{
	struct dev_iommu *param = dev->iommu;

	if (!param)
		return;
	iommu_fwspec_free(dev);
	dev->iommu = NULL;
	kfree(param);
}

/**
 * mock_dev_add() - make a device behind the mock IOMMU
 * @mdev: set up here; stays until mock_dev_remove()
 * @flags: MOCK_FLAGS_DEVICE_*
 *
 * May sleep.
 * Return: 0, -ENODEV if the IOMMU core did not take it, or another negative
 * errno.
 */
int mock_dev_add(struct mock_dev *mdev, u32 flags)
{
	unsigned int i;
	int rc;

	mdev->flags = flags;
	xa_init_flags(&mdev->pasids, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&mdev->shared);
	for (i = 0; i < ARRAY_SIZE(mdev->cache); i++)
		mdev->cache[i] = IOMMU_TEST_DEV_CACHE_DEFAULT;
	mdev->pdev = platform_device_alloc("iommufd_mock",
					   PLATFORM_DEVID_AUTO);
	if (!mdev->pdev)
		return -ENOMEM;
	rc = describe(mdev);
	if (!rc) {
		rc = platform_device_add(mdev->pdev);
		/* It does not say so when there was no memory for the name. */
		if (rc == -EINVAL && !dev_name(&mdev->pdev->dev))
			rc = -ENOMEM;
	}
	if (rc) {
		forget_fwspec(&mdev->pdev->dev);
		platform_device_put(mdev->pdev);
		return rc;
	}
	hold_properties(mdev);
	if (!device_iommu_mapped(&mdev->pdev->dev)) {
		platform_device_unregister(mdev->pdev);
		return -ENODEV;
	}
	if (flags & MOCK_FLAGS_DEVICE_SHARED_GROUP) {
		mutex_lock(&shared_lock);
		list_add(&mdev->shared, &shared_devs);
		mutex_unlock(&shared_lock);
	}
	return 0;
}
EXPORT_SYMBOL_NS_GPL(mock_dev_add, IOMMUFD_MOCK);

/**
 * mock_dev_remove() - the reverse
 * @mdev: nobody uses it any more
 */
void mock_dev_remove(struct mock_dev *mdev)
{
	mutex_lock(&shared_lock);
	list_del(&mdev->shared);
	mutex_unlock(&shared_lock);
	platform_device_unregister(mdev->pdev);
	/* One of several may go before what the group is attached to. */
	WARN_ON(!(mdev->flags & MOCK_FLAGS_DEVICE_SHARED_GROUP) &&
		!xa_empty(&mdev->pasids));
	WARN_ON(atomic_read(&mdev->answers[MOCK_WAITING]));
	xa_destroy(&mdev->pasids);
}
EXPORT_SYMBOL_NS_GPL(mock_dev_remove, IOMMUFD_MOCK);
