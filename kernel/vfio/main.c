// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio.ko: start, end and identity of the module.
 *
 * Owns nothing but the order in which the parts come up and go down. The
 * names below (alias, soft dependency) are those of the stock module: they
 * make /dev/vfio/vfio load us on first open and type1 come along.
 */
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "iommufd_bpf_version.h"
#include "vfio.h"

static int __init vfio_init(void)
{
	int ret;

	ret = vfio_virqfd_init();
	if (ret)
		return ret;

	ret = vfio_device_class_init();
	if (ret)
		goto err_virqfd;

	ret = vfio_cdev_init(vfio_device_class);
	if (ret)
		goto err_class;

	/* Last: with the container's node in place, userspace may come in. */
	ret = vfio_group_init();
	if (ret)
		goto err_cdev;

	pr_info("vfio: device cdevs on iommufd, groups and containers as stock\n");
	return 0;

err_cdev:
	vfio_cdev_exit();
err_class:
	vfio_device_class_exit();
err_virqfd:
	vfio_virqfd_exit();
	return ret;
}

static void __exit vfio_exit(void)
{
	vfio_group_exit();
	vfio_cdev_exit();
	vfio_device_class_exit();
	vfio_devset_exit();
	vfio_virqfd_exit();
}

module_init(vfio_init);
module_exit(vfio_exit);

MODULE_IMPORT_NS(IOMMUFD);
MODULE_IMPORT_NS(IOMMUFD_VFIO);
/* DKMS compares it with the stock module's (0.3): ours must be higher. */
MODULE_VERSION("1." IOMMUFD_BPF_VERSION);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("The iommufd-bpf authors");
MODULE_DESCRIPTION("VFIO core with device cdevs on iommufd");
MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");
MODULE_SOFTDEP("post: vfio_iommu_type1 vfio_iommu_spapr_tce");
