/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual IOMMUs, as an IOMMU driver offers them to iommufd.
 *
 * The kernel's struct iommu_ops has no members for that, so a driver registers
 * them beside it: iommufd_viommu_register_driver(). Names and semantics are
 * otherwise those of the mainline kernel. Only an iommufd.ko built with
 * VIOMMU=1 has these functions; all are in namespace IOMMUFD.
 *
 * Each object has two halves: iommufd's own, and one that the driver shares.
 * The driver says how large its half is; it embeds the structure from here as
 * its first member, and is zeroed when it comes to the driver.
 */
#ifndef __LINUX_IOMMUFD_VIOMMU_H
#define __LINUX_IOMMUFD_VIOMMU_H

#include <linux/build_bug.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/types.h>

struct device;
struct hw_queue;
struct iommufd_viommu_ops;
struct module;
struct vdevice;
struct viommu;

/* The size of a driver's structure @_type that embeds ours as @_member. */
#define IOMMUFD_DRIVER_SIZE(_type, _member) \
	(sizeof(_type) + BUILD_BUG_ON_ZERO(offsetof(_type, _member)))

/**
 * struct iommufd_viommu - a slice of an IOMMU that one virtual machine uses
 * @priv: iommufd's half
 * @ops: set by the driver's viommu_init()
 * @iommu_dev: the IOMMU
 * @type: enum iommu_viommu_type
 */
struct iommufd_viommu {
	struct viommu *priv;
	const struct iommufd_viommu_ops *ops;
	struct iommu_device *iommu_dev;
	unsigned int type;
};

/**
 * struct iommufd_vdevice - a device as a virtual machine knows it
 * @priv: iommufd's half
 * @viommu: the virtual IOMMU that it is behind
 * @dev: the physical device
 * @virt_id: the virtual machine's name for it: a requester or stream id
 * @destroy: undo vdevice_init(), which may set it. Nobody finds it any more;
 *	@dev is still there. May sleep.
 */
struct iommufd_vdevice {
	struct vdevice *priv;
	struct iommufd_viommu *viommu;
	struct device *dev;
	u64 virt_id;
	void (*destroy)(struct iommufd_vdevice *vdev);
};

/**
 * struct iommufd_hw_queue - a queue in a virtual machine's memory that the
 *	IOMMU reads by itself
 * @priv: iommufd's half
 * @viommu: the virtual IOMMU whose it is
 * @base_addr: IOVA in the nesting parent
 * @length: bytes
 * @type: enum iommu_hw_queue_type
 * @destroy: undo hw_queue_init_phys(), which may set it, and is undone if it
 *	fails afterwards, too; the IOMMU must not touch the memory any more on
 *	return. May sleep.
 */
struct iommufd_hw_queue {
	struct hw_queue *priv;
	struct iommufd_viommu *viommu;
	u64 base_addr;
	size_t length;
	unsigned int type;
	void (*destroy)(struct iommufd_hw_queue *queue);
};

/**
 * struct iommufd_viommu_ops - what a driver's virtual IOMMU can do
 * @destroy: undo viommu_init(). Nothing that belongs to it is left. Optional.
 * @alloc_domain_nested: a nested domain on top of it, as
 *	iommu_ops.domain_alloc_user() makes them; whether PASIDs suit is not its
 *	business, and not in @flags. Optional.
 * @cache_invalidate: as iommu_domain_ops.cache_invalidate_user(). Devices are
 *	found by their virtual ids with iommufd_viommu_find_dev(). Optional.
 * @vdevice_size: bytes of the driver's structure that begins with a struct
 *	iommufd_vdevice; 0: it has none of its own
 * @vdevice_init: a virtual device comes; it can be found only afterwards.
 *	Optional.
 * @supports_veventq: does it report events of this type? Optional: none.
 * @get_hw_queue_size: bytes of the driver's structure that begins with a
 *	struct iommufd_hw_queue; 0: it has no queues of this type. Optional.
 * @hw_queue_init_phys: let the IOMMU use a queue. The memory is contiguous,
 *	pinned, and mapped until @destroy of the queue has returned. One at a
 *	time. Needed with @get_hw_queue_size.
 *
 * All may sleep, and return a negative errno or an ERR_PTR on failure.
 */
struct iommufd_viommu_ops {
	void (*destroy)(struct iommufd_viommu *viommu);
	struct iommu_domain *
	(*alloc_domain_nested)(struct iommufd_viommu *viommu, u32 flags,
			       const struct iommu_user_data *user_data);
	int (*cache_invalidate)(struct iommufd_viommu *viommu,
				struct iommu_user_data_array *array);
	size_t vdevice_size;
	int (*vdevice_init)(struct iommufd_vdevice *vdev);
	bool (*supports_veventq)(struct iommufd_viommu *viommu,
				 unsigned int type);
	size_t (*get_hw_queue_size)(struct iommufd_viommu *viommu,
				    unsigned int type);
	int (*hw_queue_init_phys)(struct iommufd_hw_queue *queue, u32 index,
				  phys_addr_t base_pa);
};

/**
 * struct iommufd_viommu_driver - an IOMMU driver that offers virtual IOMMUs
 * @ops: the driver, by what it registered with the IOMMU core
 * @owner: its module; a virtual IOMMU keeps it loaded
 * @get_viommu_size: bytes of the driver's structure that begins with a struct
 *	iommufd_viommu; 0: none of this type for this device
 * @viommu_init: a virtual IOMMU comes, on top of @parent, which stays until
 *	it goes; sets viommu->ops. @user_data is NULL if user space gave none;
 *	iommufd_copy_to_user_data() answers in it. Return: 0 or an errno.
 * @node: iommufd's
 */
struct iommufd_viommu_driver {
	const struct iommu_ops *ops;
	struct module *owner;
	size_t (*get_viommu_size)(struct device *dev, unsigned int type);
	int (*viommu_init)(struct iommufd_viommu *viommu,
			   struct iommu_domain *parent,
			   const struct iommu_user_data *user_data);
	struct list_head node;
};

int iommufd_viommu_register_driver(struct iommufd_viommu_driver *driver);
void iommufd_viommu_unregister_driver(struct iommufd_viommu_driver *driver);

int iommufd_copy_to_user_data(const struct iommu_user_data *user_data,
			      const void *from, size_t size);

void iommufd_viommu_lock_vdevs(struct iommufd_viommu *viommu);
void iommufd_viommu_unlock_vdevs(struct iommufd_viommu *viommu);
struct device *iommufd_viommu_find_dev(struct iommufd_viommu *viommu,
				       u64 virt_id);
int iommufd_viommu_get_vdev_id(struct iommufd_viommu *viommu,
			       struct device *dev, u64 *virt_id);

int iommufd_viommu_report_event(struct iommufd_viommu *viommu,
				unsigned int type, const void *data,
				size_t length);

int iommufd_hw_queue_depend(struct iommufd_hw_queue *queue,
			    struct iommufd_hw_queue *on);
void iommufd_hw_queue_undepend(struct iommufd_hw_queue *queue,
			       struct iommufd_hw_queue *on);

int iommufd_viommu_alloc_mmap(struct iommufd_viommu *viommu, phys_addr_t phys,
			      size_t length, u64 *offset);
void iommufd_viommu_destroy_mmap(struct iommufd_viommu *viommu, u64 offset);

#endif
