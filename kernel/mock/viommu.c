// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual IOMMUs of the mock IOMMU: a number that comes back, in a page that
 * user space can map; the caches of devices, which it empties; events that
 * tests trigger; and hardware queues that nobody reads.
 */
#include <linux/gfp.h>
#include <linux/iommufd_viommu.h>
#include <linux/lockdep.h>
#include <linux/platform_device.h>
#include <linux/set_memory.h>

#include "device/device.h"
#include "mock.h"

/* Of the registers that are mapped: more than one page, to be cut in two. */
#define REGS_ORDER 1
#define REGS_SIZE (PAGE_SIZE << REGS_ORDER)

struct mock_hw_queue;

/**
 * struct mock_viommu - a virtual IOMMU
 * @core: iommufd's part
 * @parent: the nesting parent
 * @lock: guards @queues
 * @queues: hardware queues by index
 * @regs: what user space may map, or NULL
 * @regs_offset: where
 */
struct mock_viommu {
	struct iommufd_viommu core;
	struct iommu_domain *parent;
	struct mutex lock;
	struct mock_hw_queue *queues[IOMMU_TEST_HW_QUEUE_MAX];
	u32 *regs;
	u64 regs_offset;
};

/**
 * struct mock_hw_queue - a hardware queue
 * @core: iommufd's part
 * @index: which
 * @prev: the one with the index before, which it depends on
 */
struct mock_hw_queue {
	struct iommufd_hw_queue core;
	u32 index;
	struct mock_hw_queue *prev;
};

static struct mock_viommu *to_mock_viommu(struct iommufd_viommu *viommu)
{
	return container_of(viommu, struct mock_viommu, core);
}

static struct mock_hw_queue *to_mock_queue(struct iommufd_hw_queue *queue)
{
	return container_of(queue, struct mock_hw_queue, core);
}

/* Registers are not cached: nor is memory that plays them, wherever mapped. */
static u32 *regs_alloc(void)
{
	unsigned long at = __get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO,
					    REGS_ORDER);

	if (!at)
		return NULL;
	if (set_memory_uc(at, 1 << REGS_ORDER)) {
		free_pages(at, REGS_ORDER);
		return NULL;
	}
	return (u32 *)at;
}

static void regs_free(u32 *regs)
{
	/* If they cannot be made ordinary memory again, nobody gets them. */
	if (!WARN_ON(set_memory_wb((unsigned long)regs, 1 << REGS_ORDER)))
		free_pages((unsigned long)regs, REGS_ORDER);
}

static void mock_viommu_destroy(struct iommufd_viommu *viommu)
{
	struct mock_viommu *mock = to_mock_viommu(viommu);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mock->queues); i++)
		WARN_ON(mock->queues[i]);
	mutex_destroy(&mock->lock);
	if (!mock->regs)
		return;
	iommufd_viommu_destroy_mmap(viommu, mock->regs_offset);
	regs_free(mock->regs);
}

static struct iommu_domain *
mock_alloc_nested(struct iommufd_viommu *viommu, u32 flags,
		  const struct iommu_user_data *data)
{
	return mock_nested_alloc(flags, to_mock_viommu(viommu)->parent, viommu,
				 data);
}

static int empty_caches(struct mock_dev *mdev,
			const struct iommu_viommu_invalidate_selftest *inv)
{
	unsigned int i;

	if (inv->flags & IOMMU_TEST_INVALIDATE_FLAG_ALL) {
		for (i = 0; i < ARRAY_SIZE(mdev->cache); i++)
			WRITE_ONCE(mdev->cache[i], 0);
		return 0;
	}
	if (inv->cache_id >= ARRAY_SIZE(mdev->cache))
		return -EINVAL;
	WRITE_ONCE(mdev->cache[inv->cache_id], 0);
	return 0;
}

static int invalidate_one(struct iommufd_viommu *viommu,
			  const struct iommu_viommu_invalidate_selftest *inv)
{
	struct device *dev;
	int rc = -EINVAL;

	if (inv->flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	iommufd_viommu_lock_vdevs(viommu);
	dev = iommufd_viommu_find_dev(viommu, inv->vdev_id);
	if (dev)
		rc = empty_caches(to_mock_dev(dev), inv);
	iommufd_viommu_unlock_vdevs(viommu);
	return rc;
}

static int mock_cache_invalidate(struct iommufd_viommu *viommu,
				 struct iommu_user_data_array *array)
{
	const u32 type = IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST;
	struct iommu_viommu_invalidate_selftest inv;
	u32 done = 0;
	int rc = 0;

	if (array->type != type)
		rc = -EINVAL;
	while (!rc && done < array->entry_num) {
		rc = iommu_copy_struct_from_user_array(&inv, array, type, done,
						       cache_id);
		if (!rc)
			rc = invalidate_one(viommu, &inv);
		if (!rc)
			done++;
	}
	array->entry_num = done;
	return rc;
}

/* What invalidations cannot name is of no use. */
static int mock_vdevice_init(struct iommufd_vdevice *vdev)
{
	return vdev->virt_id > U32_MAX ? -ERANGE : 0;
}

static bool mock_supports_veventq(struct iommufd_viommu *viommu,
				  unsigned int type)
{
	return type == IOMMU_VEVENTQ_TYPE_SELFTEST;
}

static size_t mock_hw_queue_size(struct iommufd_viommu *viommu,
				 unsigned int type)
{
	if (type != IOMMU_HW_QUEUE_TYPE_SELFTEST)
		return 0;
	return IOMMUFD_DRIVER_SIZE(struct mock_hw_queue, core);
}

static void mock_hw_queue_destroy(struct iommufd_hw_queue *core)
{
	struct mock_hw_queue *queue = to_mock_queue(core);
	struct mock_viommu *mock = to_mock_viommu(core->viommu);

	mutex_lock(&mock->lock);
	WARN_ON(mock->queues[queue->index] != queue);
	mock->queues[queue->index] = NULL;
	if (queue->prev)
		iommufd_hw_queue_undepend(core, &queue->prev->core);
	mutex_unlock(&mock->lock);
}

static int add_hw_queue(struct mock_viommu *mock, struct mock_hw_queue *queue,
			u32 index)
{
	int rc;

	lockdep_assert_held(&mock->lock);
	if (mock->queues[index])
		return -EEXIST;
	if (index) {
		queue->prev = mock->queues[index - 1];
		if (!queue->prev)
			return -EIO;
		rc = iommufd_hw_queue_depend(&queue->core, &queue->prev->core);
		if (rc)
			return rc;
	}
	queue->index = index;
	queue->core.destroy = mock_hw_queue_destroy;
	mock->queues[index] = queue;
	return 0;
}

static int mock_hw_queue_init(struct iommufd_hw_queue *core, u32 index,
			      phys_addr_t base_pa)
{
	struct mock_viommu *mock = to_mock_viommu(core->viommu);
	int rc;

	if (index >= IOMMU_TEST_HW_QUEUE_MAX)
		return -EINVAL;
	/* The parent translates to the same, and goes on doing so. */
	if (WARN_ON(iommu_iova_to_phys(mock->parent, core->base_addr) !=
		    base_pa))
		return -EFAULT;
	mutex_lock(&mock->lock);
	rc = add_hw_queue(mock, to_mock_queue(core), index);
	mutex_unlock(&mock->lock);
	return rc;
}

static const struct iommufd_viommu_ops mock_viommu_ops = {
	.destroy = mock_viommu_destroy,
	.alloc_domain_nested = mock_alloc_nested,
	.cache_invalidate = mock_cache_invalidate,
	.vdevice_init = mock_vdevice_init,
	.supports_veventq = mock_supports_veventq,
	.get_hw_queue_size = mock_hw_queue_size,
	.hw_queue_init_phys = mock_hw_queue_init,
};

static size_t mock_viommu_size(struct device *dev, unsigned int type)
{
	if (type != IOMMU_VIOMMU_TYPE_SELFTEST)
		return 0;
	return IOMMUFD_DRIVER_SIZE(struct mock_viommu, core);
}

/* Take user space's number, and show it. */
static int loop_back(struct mock_viommu *mock,
		     const struct iommu_user_data *data)
{
	struct iommu_viommu_selftest user;
	int rc;

	rc = iommu_copy_struct_from_user(&user, data,
					 IOMMU_VIOMMU_TYPE_SELFTEST,
					 out_mmap_length);
	if (rc)
		return rc;
	mock->regs = regs_alloc();
	if (!mock->regs)
		return -ENOMEM;
	rc = iommufd_viommu_alloc_mmap(&mock->core, virt_to_phys(mock->regs),
				       REGS_SIZE, &mock->regs_offset);
	if (rc)
		goto err_free;
	mock->regs[0] = user.in_data;
	user.out_data = user.in_data;
	user.out_mmap_offset = mock->regs_offset;
	user.out_mmap_length = REGS_SIZE;
	rc = iommufd_copy_to_user_data(data, &user, sizeof(user));
	if (rc)
		goto err_mmap;
	return 0;

err_mmap:
	iommufd_viommu_destroy_mmap(&mock->core, mock->regs_offset);
err_free:
	regs_free(mock->regs);
	return rc;
}

static int mock_viommu_make(struct iommufd_viommu *viommu,
			    struct iommu_domain *parent,
			    const struct iommu_user_data *data)
{
	struct mock_viommu *mock = to_mock_viommu(viommu);
	int rc = 0;

	mock->parent = parent;
	if (data)
		rc = loop_back(mock, data);
	if (rc)
		return rc;
	mutex_init(&mock->lock);
	viommu->ops = &mock_viommu_ops;
	return 0;
}

static struct iommufd_viommu_driver mock_viommu_driver = {
	.owner = THIS_MODULE,
	.get_viommu_size = mock_viommu_size,
	.viommu_init = mock_viommu_make,
};

/**
 * mock_viommu_init() - offer virtual IOMMUs
 *
 * Return: 0 or a negative errno.
 */
int mock_viommu_init(void)
{
	mock_viommu_driver.ops = mock_iommu_driver();
	return iommufd_viommu_register_driver(&mock_viommu_driver);
}

/** mock_viommu_exit() - there is none any more */
void mock_viommu_exit(void)
{
	iommufd_viommu_unregister_driver(&mock_viommu_driver);
}

/**
 * mock_viommu_admit() - may a device be attached to a nested domain?
 * @viommu: the virtual IOMMU that it is on top of
 * @dev: a mock device
 *
 * Return: 0, or -ENOENT: the virtual IOMMU does not know the device.
 */
int mock_viommu_admit(struct iommufd_viommu *viommu, struct device *dev)
{
	u64 virt_id;

	return iommufd_viommu_get_vdev_id(viommu, dev, &virt_id);
}

/**
 * struct trigger - an event to report
 * @dev: by which device
 * @rc: what iommufd said
 */
struct trigger {
	struct device *dev;
	int rc;
};

/* Under the group's lock, so that it stays attached to what it is. */
static int trigger_vevent(struct device *dev, void *data)
{
	struct iommu_viommu_event_selftest event = {};
	const u32 type = IOMMU_VEVENTQ_TYPE_SELFTEST;
	struct trigger *trigger = data;
	struct mock_dev *mdev = to_mock_dev(dev);
	u64 virt_id;

	if (dev != trigger->dev)
		return 0;
	trigger->rc = -ENOENT;
	if (mdev->viommu)
		trigger->rc = iommufd_viommu_get_vdev_id(mdev->viommu, dev,
							 &virt_id);
	if (!trigger->rc) {
		event.virt_id = virt_id;
		trigger->rc = iommufd_viommu_report_event(mdev->viommu, type,
							  &event,
							  sizeof(event));
	}
	return 0;
}

/**
 * tcmd_trigger_vevent() - TRIGGER_VEVENT
 * @tcmd: the ioctl
 *
 * Return: 0; -ENOENT no such device, or no virtual IOMMU knows it; -EINVAL it
 * is no mock device; see iommufd_viommu_report_event().
 */
int tcmd_trigger_vevent(struct tcmd *tcmd)
{
	struct object *obj = core->object_get(tcmd->ctx,
					      tcmd->cmd.trigger_vevent.dev_id,
					      OBJECT_DEVICE);
	struct trigger trigger = { .rc = -EINVAL };
	struct iommu_group *group;
	struct device *dev;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	dev = container_of(obj, struct iommufd_device, obj)->dev;
	if (to_mock_dev(dev)) {
		trigger.dev = dev;
		group = iommu_group_get(dev);
		iommu_group_for_each_dev(group, &trigger, trigger_vevent);
		iommu_group_put(group);
	}
	core->object_put(tcmd->ctx, obj);
	return trigger.rc;
}
