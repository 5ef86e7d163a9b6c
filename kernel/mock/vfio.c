// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd_mock_vfio.ko: a device behind the mock IOMMU that is VFIO's, for what
 * no device that can be emulated has: PASIDs, and the features of
 * vfio_features.c. Its driver has no operations for iommufd, like all stock
 * drivers on the target.
 *
 * Owns the one device, from the module's start to its end; mock_dev_remove()
 * warns if a PASID was left attached.
 */
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "iommu_internal.h"
#include "iommufd_bpf_version.h"
#include "mock.h"
#include "mock_abi.h"
#include "vfio_abi.h"
#include "vfio_mock.h"

static struct mock_dev mock_vfio_dev;

static int mock_vfio_open(struct vfio_device *vdev)
{
	mock_vfio_features_reset(to_mock(vdev));
	return 0;
}

static void mock_vfio_close(struct vfio_device *vdev)
{
}

static long mock_vfio_get_info(struct vfio_device_info __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = 0;
	info.num_regions = 0;
	info.num_irqs = 0;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

/* What translates for a PASID; valid until that is detached. */
static struct iommu_domain *mock_vfio_domain(struct device *dev, u32 pasid)
{
	struct iommu_attach_handle *handle;
	struct iommu_group *group;

	if (pasid == IOMMU_NO_PASID)
		return iommu_get_domain_for_dev(dev);
	group = iommu_group_get(dev);
	handle = iommu_attach_handle_get(group, pasid, 0);
	iommu_group_put(group);
	return IS_ERR(handle) ? NULL : handle->domain;
}

static long mock_vfio_read(struct device *dev,
			   struct mock_vfio_read __user *arg)
{
	struct iommu_domain *domain;
	struct mock_vfio_read read;
	phys_addr_t phys;
	void *page;

	if (copy_from_user(&read, arg, sizeof(read)))
		return -EFAULT;
	if (!IS_ALIGNED(read.iova, sizeof(u64)))
		return -EINVAL;
	domain = mock_vfio_domain(dev, read.pasid);
	if (!domain || domain->type == IOMMU_DOMAIN_BLOCKED)
		return -ENOENT;
	if (read.iova < MOCK_APERTURE_START || read.iova > MOCK_APERTURE_LAST)
		return -EFAULT;
	phys = iommu_iova_to_phys(domain, read.iova);
	if (!phys)
		return -EFAULT;
	page = kmap_local_page(pfn_to_page(PHYS_PFN(phys)));
	read.value = *(u64 *)(page + offset_in_page(phys));
	kunmap_local(page);
	return copy_to_user(arg, &read, sizeof(read)) ? -EFAULT : 0;
}

static long mock_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd,
			    unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return mock_vfio_get_info(uarg);
	case MOCK_VFIO_READ:
		return mock_vfio_read(vdev->dev, uarg);
	case MOCK_VFIO_SEEN:
		return mock_vfio_get_seen(to_mock(vdev), uarg);
	default:
		return -ENOTTY;
	}
}

static const struct vfio_device_ops mock_vfio_ops = {
	.name = "iommufd_mock_vfio",
	.init = mock_vfio_features_init,
	.release = mock_vfio_features_release,
	.open_device = mock_vfio_open,
	.close_device = mock_vfio_close,
	.ioctl = mock_vfio_ioctl,
};

/* The others belong to contexts, see device.c. */
static bool is_our_device(struct platform_device *pdev)
{
	struct mock_dev **mdev = dev_get_platdata(&pdev->dev);

	return mdev && *mdev == &mock_vfio_dev;
}

static int mock_vfio_probe(struct platform_device *pdev)
{
	struct mock_vfio *mock;
	int rc;

	if (!is_our_device(pdev))
		return -ENODEV;
	mock = vfio_alloc_device(mock_vfio, vdev, &pdev->dev, &mock_vfio_ops);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	platform_set_drvdata(pdev, mock);
	rc = vfio_register_group_dev(&mock->vdev);
	if (rc)
		vfio_put_device(&mock->vdev);
	return rc;
}

static void mock_vfio_remove(struct platform_device *pdev)
{
	struct mock_vfio *mock = platform_get_drvdata(pdev);

	vfio_unregister_group_dev(&mock->vdev);
	vfio_put_device(&mock->vdev);
}

static const struct platform_device_id mock_vfio_ids[] = {
	{ .name = "iommufd_mock" },
	{},
};

static struct platform_driver mock_vfio_driver = {
	.probe = mock_vfio_probe,
	.remove = mock_vfio_remove,
	.id_table = mock_vfio_ids,
	.driver = {
		.name = "iommufd_mock_vfio",
	},
	/* VFIO claims the DMA for its user. */
	.driver_managed_dma = true,
};

static int __init mock_vfio_init(void)
{
	int rc;

	rc = platform_driver_register(&mock_vfio_driver);
	if (rc)
		return rc;
	rc = mock_dev_add(&mock_vfio_dev, MOCK_FLAGS_DEVICE_PASID);
	if (rc)
		goto err_driver;
	if (!device_is_bound(&mock_vfio_dev.pdev->dev)) {
		rc = -ENODEV;
		goto err_device;
	}
	return 0;

err_device:
	mock_dev_remove(&mock_vfio_dev);
err_driver:
	platform_driver_unregister(&mock_vfio_driver);
	return rc;
}

static void __exit mock_vfio_exit(void)
{
	mock_dev_remove(&mock_vfio_dev);
	platform_driver_unregister(&mock_vfio_driver);
}

module_init(mock_vfio_init);
module_exit(mock_vfio_exit);

MODULE_DESCRIPTION("A VFIO device with PASIDs behind the mock IOMMU, for tests of vfio and iommufd");
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
MODULE_IMPORT_NS(IOMMUFD_MOCK);
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_BPF_VERSION);
