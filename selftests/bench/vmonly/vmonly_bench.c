// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the benchmark needs of iommufd and cannot ask /dev/iommu for: devices
 * that are bound and attached, and in-kernel users. It takes the place of VFIO,
 * which would have to be the same for both sides, and of which the peer's kernel
 * has none that fits.
 *
 * Built twice from this one source: against our iommufd.ko's exports, and,
 * with BENCH_PEER, against upstream's. Loaded in VMs only.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sched/user.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include "vmonly_bench_abi.h"

/* 6.12's kAPI attaches devices as a whole. */
#ifdef BENCH_PEER
#define bench_attach(idev, pt_id) iommufd_device_attach(idev, pt_id)
#define bench_detach(idev) iommufd_device_detach(idev)
#else
#define bench_attach(idev, pt_id) \
	iommufd_device_attach(idev, IOMMU_NO_PASID, pt_id)
#define bench_detach(idev) iommufd_device_detach(idev, IOMMU_NO_PASID)
#endif

/* One user at a time: everything is under this. */
static DEFINE_MUTEX(bench_lock);
/* How many have the file open. */
static unsigned int users;

static struct bench_dev {
	struct device *dev;
	struct iommufd_device *idev;
	bool attached;
} devices[BENCH_DEVICES];

static struct iommufd_access *access;
static struct page *pages[BENCH_PIN_MAX];
static u8 bytes[BENCH_RW_MAX];

static struct bench_dev *find_device(u32 index)
{
	if (index >= BENCH_DEVICES || !devices[index].dev)
		return NULL;
	return &devices[index];
}

static void detach(struct bench_dev *bd)
{
	if (bd->attached)
		bench_detach(bd->idev);
	bd->attached = false;
}

static void unbind(struct bench_dev *bd)
{
	detach(bd);
	if (bd->idev)
		iommufd_device_unbind(bd->idev);
	bd->idev = NULL;
}

static int bind(struct bench_dev *bd, struct bench_device *arg)
{
	struct iommufd_device *idev;
	struct iommufd_ctx *ctx;

	if (bd->idev)
		return -EBUSY;
	ctx = iommufd_ctx_from_fd(arg->fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	/* The device keeps the context. */
	idev = iommufd_device_bind(ctx, bd->dev, &arg->id);
	iommufd_ctx_put(ctx);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	bd->idev = idev;
	return 0;
}

static int attach(struct bench_dev *bd, struct bench_device *arg)
{
	int rc;

	if (!bd->idev || bd->attached)
		return -EINVAL;
	rc = bench_attach(bd->idev, &arg->id);
	bd->attached = !rc;
	return rc;
}

static long do_device(unsigned int nr, void __user *uarg)
{
	struct bench_device arg;
	struct bench_dev *bd;
	int rc = 0;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	bd = find_device(arg.index);
	if (!bd)
		return -ENODEV;
	switch (nr) {
	case BENCH_BIND:
		rc = bind(bd, &arg);
		break;
	case BENCH_UNBIND:
		unbind(bd);
		break;
	case BENCH_ATTACH:
		rc = attach(bd, &arg);
		break;
	case BENCH_DETACH:
		detach(bd);
		break;
	}
	if (!rc && copy_to_user(uarg, &arg, sizeof(arg)))
		rc = -EFAULT;
	return rc;
}

static long do_phys(void __user *uarg)
{
	struct iommu_domain *domain;
	struct bench_phys arg;
	struct bench_dev *bd;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	bd = find_device(arg.index);
	if (!bd || !bd->attached)
		return -ENODEV;
	domain = iommu_get_domain_for_dev(bd->dev);
	arg.phys = iommu_iova_to_phys(domain, arg.iova);
	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static void give_back(void *data, unsigned long iova, unsigned long length)
{
	/* The benchmark unpins before it unmaps; it is asked at the end, too. */
	WARN_ON(length != ULONG_MAX);
}

static const struct iommufd_access_ops access_ops = {
	.needs_pin_pages = 1,
	.unmap = give_back,
};

static int open_access(const struct bench_access *arg)
{
	struct iommufd_access *new;
	struct iommufd_ctx *ctx;
	u32 id;
	int rc;

	if (access)
		return -EBUSY;
	ctx = iommufd_ctx_from_fd(arg->fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	new = iommufd_access_create(ctx, &access_ops, NULL, &id);
	iommufd_ctx_put(ctx);
	if (IS_ERR(new))
		return PTR_ERR(new);
	rc = iommufd_access_attach(new, arg->ioas_id);
	if (rc)
		iommufd_access_destroy(new);
	else
		access = new;
	return rc;
}

static void close_access(void)
{
	if (access)
		iommufd_access_destroy(access);
	access = NULL;
}

/* The clock of an --icount VM counts instructions. */
static int use_access(unsigned int nr, struct bench_access *arg)
{
	u64 begin = get_cycles();
	int rc = 0;

	switch (nr) {
	case BENCH_PIN:
		rc = iommufd_access_pin_pages(access, arg->iova, arg->length,
					      pages, IOMMUFD_ACCESS_RW_WRITE);
		break;
	case BENCH_UNPIN:
		iommufd_access_unpin_pages(access, arg->iova, arg->length);
		break;
	case BENCH_READ:
		rc = iommufd_access_rw(access, arg->iova, bytes, arg->length,
				       IOMMUFD_ACCESS_RW_READ);
		break;
	case BENCH_WRITE:
		rc = iommufd_access_rw(access, arg->iova, bytes, arg->length,
				       IOMMUFD_ACCESS_RW_WRITE);
		break;
	}
	arg->ticks = get_cycles() - begin;
	return rc;
}

static long do_access(unsigned int nr, void __user *uarg)
{
	struct bench_access arg;
	int rc;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (nr == BENCH_ACCESS_OPEN)
		return open_access(&arg);
	if (!access || !arg.length ||
	    arg.length > (nr == BENCH_PIN || nr == BENCH_UNPIN ?
				  BENCH_PIN_MAX * PAGE_SIZE -
					  offset_in_page(arg.iova) :
				  BENCH_RW_MAX))
		return -EINVAL;
	rc = use_access(nr, &arg);
	if (!rc && copy_to_user(uarg, &arg, sizeof(arg)))
		rc = -EFAULT;
	return rc;
}

static long do_charges(void __user *uarg)
{
	struct bench_charges arg = {
		.locked_vm = atomic_long_read(&current_user()->locked_vm),
		.mm_locked_vm = READ_ONCE(current->mm->locked_vm),
		.mm_pinned_vm = atomic64_read(&current->mm->pinned_vm),
	};

	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static long bench_ioctl(struct file *file, unsigned int nr, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	long rc;

	mutex_lock(&bench_lock);
	switch (nr) {
	case BENCH_BIND:
	case BENCH_UNBIND:
	case BENCH_ATTACH:
	case BENCH_DETACH:
		rc = do_device(nr, uarg);
		break;
	case BENCH_PHYS:
		rc = do_phys(uarg);
		break;
	case BENCH_ACCESS_OPEN:
	case BENCH_PIN:
	case BENCH_UNPIN:
	case BENCH_READ:
	case BENCH_WRITE:
		rc = do_access(nr, uarg);
		break;
	case BENCH_ACCESS_CLOSE:
		close_access();
		rc = 0;
		break;
	case BENCH_CHARGES:
		rc = do_charges(uarg);
		break;
	default:
		rc = -ENOTTY;
	}
	mutex_unlock(&bench_lock);
	return rc;
}

static int bench_open(struct inode *inode, struct file *file)
{
	mutex_lock(&bench_lock);
	users++;
	mutex_unlock(&bench_lock);
	return 0;
}

/* One that only asked for the charges leaves the others' devices alone. */
static int bench_release(struct inode *inode, struct file *file)
{
	unsigned int i;

	mutex_lock(&bench_lock);
	if (!--users) {
		close_access();
		for (i = 0; i < BENCH_DEVICES; i++)
			unbind(&devices[i]);
	}
	mutex_unlock(&bench_lock);
	return 0;
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.unlocked_ioctl = bench_ioctl,
	.release = bench_release,
};

static struct miscdevice bench_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vmonly_bench",
	.fops = &bench_fops,
	.mode = 0600,
};

static int bench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	unsigned int i;

	for (i = 0; i < BENCH_DEVICES; i++) {
		if (!devices[i].dev) {
			devices[i].dev = &pdev->dev;
			return 0;
		}
	}
	return -ENOSPC;
}

static void bench_remove(struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < BENCH_DEVICES; i++)
		if (devices[i].dev == &pdev->dev)
			devices[i].dev = NULL;
}

/* QEMU's edu, which has no driver. */
static const struct pci_device_id bench_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{}
};
MODULE_DEVICE_TABLE(pci, bench_ids);

static struct pci_driver bench_driver = {
	.name = "vmonly_bench",
	.id_table = bench_ids,
	.probe = bench_probe,
	.remove = bench_remove,
	.driver_managed_dma = true,
};

static int __init bench_init(void)
{
	int rc = pci_register_driver(&bench_driver);

	if (rc)
		return rc;
	rc = misc_register(&bench_misc);
	if (rc)
		pci_unregister_driver(&bench_driver);
	return rc;
}

static void __exit bench_exit(void)
{
	misc_deregister(&bench_misc);
	pci_unregister_driver(&bench_driver);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Devices and in-kernel users for iommufd's benchmark, in VMs only");
MODULE_IMPORT_NS(IOMMUFD);
MODULE_LICENSE("GPL");
