// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd_mock_mdev.ko: emulated devices for tests, whose driver pins, reads
 * and writes its user's memory when it is told to.
 *
 * Owns a parent device in /sys/bus/mdev with two types. "plain" has no
 * operations for iommufd, like all stock drivers on the target; "own" has
 * those that vfio.ko exports, like a driver written for the mainline kernel.
 * Each device owns a list of the pages that it has pinned.
 */
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include "iommufd_bpf_version.h"
#include "mdev_abi.h"

/**
 * struct mock_mdev - one device
 * @vdev: first, for vfio_alloc_device()
 * @lock: protects what follows, and is held over pinning: dma_unmap() must
 *	find what is pinned
 * @pins: struct mock_pin
 * @unmaps: calls of dma_unmap()
 * @unmap_iova: of the last one
 * @unmap_length: of the last one
 * @forget: do not unpin at close
 */
struct mock_mdev {
	struct vfio_device vdev;
	struct mutex lock;
	struct list_head pins;
	u64 unmaps;
	u64 unmap_iova;
	u64 unmap_length;
	bool forget;
};

/*
 * A page that the device has pinned. type1 wants it back by the very IOVA, the
 * offset within the page included.
 */
struct mock_pin {
	struct list_head node;
	u64 iova;
};

static struct platform_device *mock_parent_device;
static struct mdev_parent mock_parent;

static struct mock_mdev *to_mock(struct vfio_device *vdev)
{
	return container_of(vdev, struct mock_mdev, vdev);
}

/* Unpin what is pinned in [first, last]. */
static void mock_unpin(struct mock_mdev *mock, u64 first, u64 last)
{
	struct mock_pin *pin, *next;

	lockdep_assert_held(&mock->lock);
	list_for_each_entry_safe(pin, next, &mock->pins, node) {
		if (pin->iova < first || pin->iova > last)
			continue;
		vfio_unpin_pages(&mock->vdev, pin->iova, 1);
		list_del(&pin->node);
		kfree(pin);
	}
}

/* Before pinning, so that it cannot fail afterwards. */
static int mock_make_pins(struct list_head *pins, u64 iova, u64 npages)
{
	struct mock_pin *pin;

	for (; npages; npages--, iova += PAGE_SIZE) {
		pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
		if (!pin)
			return -ENOMEM;
		pin->iova = iova;
		list_add_tail(&pin->node, pins);
	}
	return 0;
}

static void mock_free_pins(struct list_head *pins)
{
	struct mock_pin *pin, *next;

	list_for_each_entry_safe(pin, next, pins, node)
		kfree(pin);
}

/* The 8 bytes at @iova, which must not cross into the next page. */
static void mock_touch(struct page *page, struct mock_mdev_cmd *cmd)
{
	u64 *at = kmap_local_page(page) + offset_in_page(cmd->iova);

	cmd->result = *at;
	if (cmd->flags & MOCK_MDEV_WRITE)
		*at = cmd->data;
	kunmap_local(at);
}

static long mock_pin(struct mock_mdev *mock, struct mock_mdev_cmd *cmd)
{
	int prot = cmd->flags & MOCK_MDEV_WRITE ? IOMMU_READ | IOMMU_WRITE :
						  IOMMU_READ;
	struct page **pages;
	LIST_HEAD(pins);
	int ret;

	if (cmd->length > MOCK_MDEV_MAX_PAGES ||
	    offset_in_page(cmd->iova) > PAGE_SIZE - sizeof(u64))
		return -EINVAL;
	pages = kcalloc(MOCK_MDEV_MAX_PAGES, sizeof(*pages),
			GFP_KERNEL_ACCOUNT);
	if (!pages)
		return -ENOMEM;
	ret = mock_make_pins(&pins, cmd->iova, cmd->length);
	if (ret)
		goto out;

	mutex_lock(&mock->lock);
	ret = vfio_pin_pages(&mock->vdev, cmd->iova, cmd->length, prot, pages);
	if (ret > 0) {
		mock_touch(pages[0], cmd);
		list_splice_init(&pins, &mock->pins);
	}
	mutex_unlock(&mock->lock);
out:
	mock_free_pins(&pins);
	kfree(pages);
	return ret;
}

struct mock_rw {
	struct work_struct work;
	struct mock_mdev *mock;
	struct mock_mdev_cmd *cmd;
	void *buffer;
	int ret;
};

static void mock_do_rw(struct work_struct *work)
{
	struct mock_rw *rw = container_of(work, struct mock_rw, work);

	rw->ret = vfio_dma_rw(&rw->mock->vdev, rw->cmd->iova, rw->buffer,
			      rw->cmd->length, rw->cmd->flags & MOCK_MDEV_WRITE);
}

static long mock_rw(struct mock_mdev *mock, struct mock_mdev_cmd *cmd)
{
	void __user *user = u64_to_user_ptr(cmd->data);
	struct mock_rw rw = { .mock = mock, .cmd = cmd, .ret = -EFAULT };

	if (cmd->length > MOCK_MDEV_MAX_BYTES)
		return -EINVAL;
	rw.buffer = kvzalloc(MOCK_MDEV_MAX_BYTES, GFP_KERNEL_ACCOUNT);
	if (!rw.buffer)
		return -ENOMEM;
	if (cmd->flags & MOCK_MDEV_WRITE &&
	    copy_from_user(rw.buffer, user, cmd->length))
		goto out;

	INIT_WORK_ONSTACK(&rw.work, mock_do_rw);
	if (cmd->flags & MOCK_MDEV_KTHREAD) {
		schedule_work(&rw.work);
		flush_work(&rw.work);
	} else {
		mock_do_rw(&rw.work);
	}
	destroy_work_on_stack(&rw.work);

	if (!rw.ret && !(cmd->flags & MOCK_MDEV_WRITE) &&
	    copy_to_user(user, rw.buffer, cmd->length))
		rw.ret = -EFAULT;
out:
	kvfree(rw.buffer);
	return rw.ret;
}

static long mock_do_cmd(struct mock_mdev *mock, struct mock_mdev_cmd *cmd)
{
	switch (cmd->op) {
	case MOCK_MDEV_PIN:
		return mock_pin(mock, cmd);
	case MOCK_MDEV_RW:
		return mock_rw(mock, cmd);
	case MOCK_MDEV_UNPIN:
		if (!cmd->length || cmd->length > MOCK_MDEV_MAX_PAGES)
			return -EINVAL;
		mutex_lock(&mock->lock);
		mock_unpin(mock, cmd->iova,
			   cmd->iova + cmd->length * PAGE_SIZE - 1);
		mutex_unlock(&mock->lock);
		return 0;
	case MOCK_MDEV_UNMAPS:
		mutex_lock(&mock->lock);
		cmd->result = mock->unmaps;
		cmd->iova = mock->unmap_iova;
		cmd->length = mock->unmap_length;
		mutex_unlock(&mock->lock);
		return 0;
	case MOCK_MDEV_FORGET:
		mutex_lock(&mock->lock);
		mock->forget = true;
		mutex_unlock(&mock->lock);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static long mock_get_info(struct vfio_device_info __user *arg)
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

static long mock_ioctl(struct vfio_device *vdev, unsigned int number,
		       unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	struct mock_mdev_cmd cmd;
	long ret;

	if (number == VFIO_DEVICE_GET_INFO)
		return mock_get_info(uarg);
	if (number != MOCK_MDEV_CMD)
		return -ENOTTY;
	if (copy_from_user(&cmd, uarg, sizeof(cmd)))
		return -EFAULT;
	ret = mock_do_cmd(to_mock(vdev), &cmd);
	if (ret >= 0 && copy_to_user(uarg, &cmd, sizeof(cmd)))
		return -EFAULT;
	return ret;
}

/*
 * type1 calls dma_unmap() with its device_list_lock held, which it takes inside its
 * iommu->lock when a device comes; and a pin takes that inside our lock. So who
 * waits here for ever may wait for himself. Of type1, who gives up is asked again.
 * What is left is type1's own circle, and every driver's that unpins when it is
 * told: vfio_unpin_pages() takes iommu->lock. lockdep complains of it rightly.
 */
static bool mock_lock_to_unmap(struct mock_mdev *mock)
{
	unsigned int tries;

	for (tries = 0; tries < 10000; tries++) {
		if (mutex_trylock(&mock->lock))
			return true;
		usleep_range(100, 200);
	}
	return false;
}

static void mock_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct mock_mdev *mock = to_mock(vdev);

	if (!mock_lock_to_unmap(mock))
		return;
	mock->unmaps++;
	mock->unmap_iova = iova;
	mock->unmap_length = length;
	mock_unpin(mock, iova, iova + length - 1);
	mutex_unlock(&mock->lock);
}

static int mock_open(struct vfio_device *vdev)
{
	struct mock_mdev *mock = to_mock(vdev);

	mutex_lock(&mock->lock);
	WARN_ON(!list_empty(&mock->pins));
	mock->forget = false;
	mock->unmaps = 0;
	mutex_unlock(&mock->lock);
	return 0;
}

static void mock_close(struct vfio_device *vdev)
{
	struct mock_mdev *mock = to_mock(vdev);

	mutex_lock(&mock->lock);
	if (!mock->forget)
		mock_unpin(mock, 0, U64_MAX);
	mutex_unlock(&mock->lock);
}

static int mock_init_device(struct vfio_device *vdev)
{
	struct mock_mdev *mock = to_mock(vdev);

	mutex_init(&mock->lock);
	INIT_LIST_HEAD(&mock->pins);
	return 0;
}

static void mock_release_device(struct vfio_device *vdev)
{
	struct mock_mdev *mock = to_mock(vdev);

	WARN_ON(!list_empty(&mock->pins));
	mutex_destroy(&mock->lock);
}

static const struct vfio_device_ops mock_plain_ops = {
	.name = "iommufd_mock_mdev",
	.init = mock_init_device,
	.release = mock_release_device,
	.open_device = mock_open,
	.close_device = mock_close,
	.ioctl = mock_ioctl,
	.dma_unmap = mock_dma_unmap,
};

static const struct vfio_device_ops mock_own_ops = {
	.name = "iommufd_mock_mdev",
	.init = mock_init_device,
	.release = mock_release_device,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
	.open_device = mock_open,
	.close_device = mock_close,
	.ioctl = mock_ioctl,
	.dma_unmap = mock_dma_unmap,
};

static struct mdev_type mock_plain = {
	.sysfs_name = "plain", .pretty_name = "Operations as stock drivers have",
};

static struct mdev_type mock_own = {
	.sysfs_name = "own", .pretty_name = "Operations of our own",
};

static struct mdev_type *mock_types[] = { &mock_plain, &mock_own };

static int mock_probe(struct mdev_device *mdev)
{
	const struct vfio_device_ops *ops =
		mdev->type == &mock_own ? &mock_own_ops : &mock_plain_ops;
	struct mock_mdev *mock;
	int ret;

	mock = vfio_alloc_device(mock_mdev, vdev, &mdev->dev, ops);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	dev_set_drvdata(&mdev->dev, mock);
	ret = vfio_register_emulated_iommu_dev(&mock->vdev);
	if (ret)
		vfio_put_device(&mock->vdev);
	return ret;
}

static void mock_remove(struct mdev_device *mdev)
{
	struct mock_mdev *mock = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&mock->vdev);
	vfio_put_device(&mock->vdev);
}

static struct mdev_driver mock_driver = {
	.device_api = "mock",
	.max_instances = 16,
	.driver = {
		.name = "iommufd_mock_mdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
	.probe = mock_probe,
	.remove = mock_remove,
};

static int __init mock_mdev_init(void)
{
	int ret;

	ret = mdev_register_driver(&mock_driver);
	if (ret)
		return ret;

	mock_parent_device =
		platform_device_register_simple("iommufd_mock_mdev",
						PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(mock_parent_device)) {
		ret = PTR_ERR(mock_parent_device);
		goto err_driver;
	}

	ret = mdev_register_parent(&mock_parent, &mock_parent_device->dev,
				   &mock_driver, mock_types,
				   ARRAY_SIZE(mock_types));
	if (ret)
		goto err_device;
	return 0;

err_device:
	platform_device_unregister(mock_parent_device);
err_driver:
	mdev_unregister_driver(&mock_driver);
	return ret;
}

static void __exit mock_mdev_exit(void)
{
	mdev_unregister_parent(&mock_parent);
	platform_device_unregister(mock_parent_device);
	mdev_unregister_driver(&mock_driver);
}

module_init(mock_mdev_init);
module_exit(mock_mdev_exit);

MODULE_DESCRIPTION("Emulated devices for tests of vfio and iommufd");
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_BPF_VERSION);
