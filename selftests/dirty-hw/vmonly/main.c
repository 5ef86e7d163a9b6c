// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmonly_dirty: an emulated IOMMU with dirty bits, by deceit.
 *
 * No emulator's IOMMU has dirty bits, so the code for them in the kernel's
 * IOMMU drivers never runs in a VM. This module sets the bits in a driver's
 * copy of its IOMMU's features that say that it has them. The driver then makes
 * domains that track, switches tracking on and off in the IOMMU's tables, reads
 * and clears dirty bits in its page tables. What hardware would do is done
 * here, on request: /dev/vmonly_dirty takes a device's write, walks the IOMMU's
 * own tables from its registers on, and sets the leaf's dirty bit, if the
 * tables say that dirty bits are to be kept.
 *
 * On a machine this would tell iommufd that nothing is ever written: memory
 * would be corrupted in a migration. So it loads nowhere but in a VM of QEMU's.
 * It belongs to no package.
 *
 * The walk takes no lock of the driver's: while a request runs, the caller
 * neither unmaps nor detaches.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpufeature.h>
#include <linux/dmi.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

#include "vmonly.h"
#include "vmonly_abi.h"

/* The one IOMMU, all three set before the device node is there. */
static const struct vmonly_kind *kind;
static struct iommu_device *iommu;
static void *driver_data;

static void __iomem *registers(void)
{
	return *(void __iomem **)(driver_data + kind->at_reg);
}

static u64 *features(void)
{
	return driver_data + kind->at_features;
}

/* As an IOMMU does it: atomically, and only in a leaf that is there. */
static int set_dirty(const struct vmonly_leaf *leaf)
{
	u64 word = READ_ONCE(*leaf->entry);

	do {
		if (!(word & kind->writable))
			return -EACCES;
	} while (leaf->tracking &&
		 !try_cmpxchg64(leaf->entry, &word,
				word | kind->used | kind->dirty));
	return 0;
}

static bool is_dirty(const struct vmonly_leaf *leaf)
{
	unsigned int i;

	for (i = 0; i < leaf->entries; i++)
		if (READ_ONCE(leaf->first[i]) & kind->dirty)
			return true;
	return false;
}

static int do_access(struct vmonly_access *cmd)
{
	struct vmonly_leaf leaf;
	int rc;

	rc = kind->find_leaf(registers(), cmd->rid, cmd->iova, &leaf);
	if (!rc && cmd->write)
		rc = set_dirty(&leaf);
	if (rc)
		return rc;
	cmd->leaf = leaf.size;
	cmd->tracking = leaf.tracking;
	cmd->dirty = is_dirty(&leaf);
	return 0;
}

static bool is_ours(struct pci_dev *pdev)
{
	return pdev->dev.iommu && pdev->dev.iommu->iommu_dev == iommu;
}

static long vmonly_ioctl(struct file *file, unsigned int nr, unsigned long arg)
{
	struct vmonly_access cmd;
	struct pci_dev *pdev;
	int rc = -ENODEV;

	if (nr != VMONLY_DIRTY_ACCESS)
		return -ENOTTY;
	if (copy_from_user(&cmd, (void __user *)arg, sizeof(cmd)))
		return -EFAULT;
	if (cmd.rid > U16_MAX)
		return -ENODEV;
	pdev = pci_get_domain_bus_and_slot(0, cmd.rid >> 8, cmd.rid & 0xff);
	if (pdev && is_ours(pdev))
		rc = do_access(&cmd);
	pci_dev_put(pdev);
	if (!rc && copy_to_user((void __user *)arg, &cmd, sizeof(cmd)))
		rc = -EFAULT;
	return rc;
}

static const struct file_operations vmonly_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vmonly_ioctl,
};

static struct miscdevice vmonly_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vmonly_dirty",
	.fops = &vmonly_fops,
	.mode = 0600,
};

static bool is_qemu(void)
{
	return boot_cpu_has(X86_FEATURE_HYPERVISOR) &&
	       dmi_match(DMI_SYS_VENDOR, "QEMU");
}

/* The IOMMU that all PCI devices share that have one. */
static int find_iommu(void)
{
	struct iommu_device *other;
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		other = pdev->dev.iommu ? pdev->dev.iommu->iommu_dev : NULL;
		if (!other || other == iommu)
			continue;
		if (iommu) {
			pr_err("more than one IOMMU\n");
			pci_dev_put(pdev);
			return -EBUSY;
		}
		iommu = other;
	}
	if (!iommu || !iommu->dev) {
		pr_err("no PCI device behind an IOMMU\n");
		return -ENODEV;
	}
	return 0;
}

static int find_kind(void)
{
	static const struct vmonly_kind *const kinds[] = {
		&vmonly_vtd, &vmonly_amdvi,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_has_prefix(dev_name(iommu->dev), kinds[i]->prefix))
			kind = kinds[i];
	if (!kind) {
		pr_err("%s: an IOMMU of an unknown kind\n",
		       dev_name(iommu->dev));
		return -ENODEV;
	}
	return 0;
}

/* Is the driver's structure what we take it for? Its features tell. */
static int find_driver_data(void)
{
	u64 real;

	driver_data = (void *)iommu - kind->at_device;
	real = readq(registers() + kind->features_reg);
	if (*features() != real) {
		pr_err("%s has features %#llx, its driver says %#llx\n",
		       dev_name(iommu->dev), real, *features());
		return -EINVAL;
	}
	if ((real & kind->needed) != kind->needed || real & kind->fake) {
		pr_err("%s has features %#llx: no use for dirty bits, or dirty bits\n",
		       dev_name(iommu->dev), real);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int __init vmonly_init(void)
{
	int rc;

	if (!is_qemu()) {
		pr_err("this is not a VM of QEMU's, and faking dirty bits on a machine corrupts memory: not loaded\n");
		return -EPERM;
	}
	rc = find_iommu();
	if (!rc)
		rc = find_kind();
	if (!rc)
		rc = find_driver_data();
	if (!rc)
		rc = misc_register(&vmonly_dev);
	if (rc)
		return rc;
	WRITE_ONCE(*features(), *features() | kind->fake);
	pr_info("%s now has features %#llx, of which %#llx are fake\n",
		dev_name(iommu->dev), *features(), kind->fake);
	return 0;
}
module_init(vmonly_init);

static void __exit vmonly_exit(void)
{
	WRITE_ONCE(*features(), *features() & ~kind->fake);
	misc_deregister(&vmonly_dev);
}
module_exit(vmonly_exit);

MODULE_DESCRIPTION("Fakes an emulated IOMMU's dirty bits: for test VMs only");
MODULE_LICENSE("GPL");
