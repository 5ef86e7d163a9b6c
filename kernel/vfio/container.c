// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers: /dev/vfio/vfio, the legacy interface to an address space.
 *
 * Owns the container objects, which groups are in them, and the list of
 * backends (stock vfio_iommu_type1). A container does nothing itself: once it
 * has a group, SET_IOMMU gives it a backend, which gets all further commands
 * until the last group leaves.
 *
 * A container lives while its file is open or a group is in it.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/fs.h>
#include <linux/capability.h>
#include <linux/iommu.h>
#include <linux/miscdevice.h>
#include <linux/vfio.h>
#include <uapi/linux/vfio.h>

#include "vfio.h"
/* Types that the exports' versions must not see: abi.h. */
#ifndef __GENKSYMS__
#include "trace.h"
#endif

/*
 * ABI, as abi.h says: backends reach this type through a device's group.
 * group_lock protects all but kref. noiommu: its groups are of the type
 * VFIO_NO_IOMMU, all of them; it says nothing without a group. A device
 * that opens or is open reads the backend without it (see
 * vfio_device_use_container()): iommu_data is stored before iommu_driver.
 *
 * backend_lock is ours. It is held for reading while a command runs in the
 * backend, which may take long, and for writing while iommu_driver and
 * iommu_data change: a user who takes the last group out of the container
 * in one thread must not free the backend's data under a map in another.
 * cookie, ours too, names the container in events.
 */
struct vfio_container {
	struct kref			kref;
	struct list_head		group_list;
	struct rw_semaphore		group_lock;
	struct vfio_iommu_driver	*iommu_driver;
	void				*iommu_data;
	bool				noiommu;
#ifndef __GENKSYMS__
	struct rw_semaphore		backend_lock;
	u64				cookie;
#endif
};

static DEFINE_MUTEX(vfio_backends_lock);
static LIST_HEAD(vfio_backends);

/**
 * vfio_register_iommu_driver() - offer an IOMMU backend for containers
 * @ops: its operations; register_device and unregister_device come in pairs
 *
 * May sleep.
 *
 * Return: 0; -EINVAL if @ops are incomplete or registered already; -ENOMEM.
 */
int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *backend, *other;

	if (WARN_ON(!ops->register_device != !ops->unregister_device))
		return -EINVAL;

	backend = kzalloc(sizeof(*backend), GFP_KERNEL);
	if (!backend)
		return -ENOMEM;
	backend->ops = ops;

	mutex_lock(&vfio_backends_lock);
	list_for_each_entry(other, &vfio_backends, vfio_next) {
		if (other->ops == ops)
			goto err_twice;
	}
	list_add(&backend->vfio_next, &vfio_backends);
	mutex_unlock(&vfio_backends_lock);
	return 0;

err_twice:
	mutex_unlock(&vfio_backends_lock);
	kfree(backend);
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(vfio_register_iommu_driver);

/**
 * vfio_unregister_iommu_driver() - withdraw a backend
 * @ops: its operations; no container uses them (each holds the module)
 *
 * May sleep.
 */
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *backend, *next;

	mutex_lock(&vfio_backends_lock);
	list_for_each_entry_safe(backend, next, &vfio_backends, vfio_next) {
		if (backend->ops == ops) {
			list_del(&backend->vfio_next);
			kfree(backend);
			break;
		}
	}
	mutex_unlock(&vfio_backends_lock);
}
EXPORT_SYMBOL_GPL(vfio_unregister_iommu_driver);

/*
 * The backend of containers whose groups have no IOMMU: there is nothing to
 * map. The groups' files were opened with the right to it; so is it.
 */
static void *vfio_noiommu_open(unsigned long arg)
{
	if (arg != VFIO_NOIOMMU_IOMMU)
		return ERR_PTR(-EINVAL);
	return capable(CAP_SYS_RAWIO) ? NULL : ERR_PTR(-EPERM);
}

static void vfio_noiommu_release(void *iommu_data)
{
}

static long vfio_noiommu_ioctl(void *iommu_data, unsigned int cmd,
			       unsigned long arg)
{
	if (cmd == VFIO_CHECK_EXTENSION)
		return vfio_noiommu_enabled() && arg == VFIO_NOIOMMU_IOMMU;
	return -ENOTTY;
}

static int vfio_noiommu_attach_group(void *iommu_data,
				     struct iommu_group *iommu_group,
				     enum vfio_group_type type)
{
	return type == VFIO_NO_IOMMU ? 0 : -EINVAL;
}

static void vfio_noiommu_detach_group(void *iommu_data,
				      struct iommu_group *iommu_group)
{
}

static const struct vfio_iommu_driver_ops vfio_noiommu_ops = {
	.name		= "vfio-noiommu",
	.owner		= THIS_MODULE,
	.open		= vfio_noiommu_open,
	.release	= vfio_noiommu_release,
	.ioctl		= vfio_noiommu_ioctl,
	.attach_group	= vfio_noiommu_attach_group,
	.detach_group	= vfio_noiommu_detach_group,
};

/* Once there is a group: one kind of containers for one kind of groups. */
static bool vfio_backend_suits(struct vfio_container *container,
			       struct vfio_iommu_driver *backend)
{
	if (list_empty(&container->group_list))
		return true;
	return container->noiommu == (backend->ops == &vfio_noiommu_ops);
}

static void vfio_container_free(struct kref *kref)
{
	kfree(container_of(kref, struct vfio_container, kref));
}

static void vfio_container_put(struct vfio_container *container)
{
	kref_put(&container->kref, vfio_container_free);
}

/* Ask backends for an extension; the first that has it answers. */
static long vfio_backends_check_extension(struct vfio_container *container,
					  unsigned long arg)
{
	struct vfio_iommu_driver *backend;
	long ret = 0;

	mutex_lock(&vfio_backends_lock);
	list_for_each_entry(backend, &vfio_backends, vfio_next) {
		if (!vfio_backend_suits(container, backend) ||
		    !try_module_get(backend->ops->owner))
			continue;
		ret = backend->ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg);
		module_put(backend->ops->owner);
		if (ret > 0)
			break;
	}
	mutex_unlock(&vfio_backends_lock);
	return ret;
}

/* VFIO_CHECK_EXTENSION: of the container's backend, or of any. */
static long vfio_container_check_extension(struct vfio_container *container,
					   unsigned long arg)
{
	struct vfio_iommu_driver *backend;
	long ret;

	down_read(&container->group_lock);
	backend = container->iommu_driver;
	if (backend)
		ret = backend->ops->ioctl(container->iommu_data,
					  VFIO_CHECK_EXTENSION, arg);
	else
		ret = vfio_backends_check_extension(container, arg);
	up_read(&container->group_lock);
	return ret;
}

/* Attach all groups of the container, or none. */
static int vfio_backend_attach_groups(struct vfio_container *container,
				      const struct vfio_iommu_driver_ops *ops,
				      void *data)
{
	struct vfio_group *group;
	int ret;

	lockdep_assert_held_write(&container->group_lock);

	list_for_each_entry(group, &container->group_list, container_next) {
		ret = ops->attach_group(data, group->iommu_group, group->type);
		if (ret)
			goto err_detach;
	}
	return 0;

err_detach:
	list_for_each_entry_continue_reverse(group, &container->group_list,
					     container_next)
		ops->detach_group(data, group->iommu_group);
	return ret;
}

/* Try one backend; on success the container holds its module. */
static int vfio_container_try_backend(struct vfio_container *container,
				      struct vfio_iommu_driver *backend,
				      unsigned long type)
{
	const struct vfio_iommu_driver_ops *ops = backend->ops;
	void *data;
	int ret;

	if (!try_module_get(ops->owner))
		return -ENODEV;

	if (ops->ioctl(NULL, VFIO_CHECK_EXTENSION, type) <= 0) {
		ret = -ENODEV;
		goto err_module;
	}

	data = ops->open(type);
	if (IS_ERR(data)) {
		ret = PTR_ERR(data);
		goto err_module;
	}

	ret = vfio_backend_attach_groups(container, ops, data);
	if (ret)
		goto err_release;

	down_write(&container->backend_lock);
	container->iommu_data = data;
	/* Who sees the backend sees its data: vfio_device_use_container(). */
	smp_store_release(&container->iommu_driver, backend);
	up_write(&container->backend_lock);
	return 0;

err_release:
	ops->release(data);
err_module:
	module_put(ops->owner);
	return ret;
}

/*
 * VFIO_SET_IOMMU: -EINVAL without a group (a group is what gives the right to
 * use resources) or with a backend set; -ENODEV if no backend knows the type;
 * else the error of the last backend that was tried.
 */
static long vfio_container_set_iommu(struct vfio_container *container,
				     unsigned long type)
{
	struct vfio_iommu_driver *backend;
	int ret = -ENODEV, err;

	down_write(&container->group_lock);
	if (list_empty(&container->group_list) || container->iommu_driver) {
		ret = -EINVAL;
		goto out_unlock;
	}

	mutex_lock(&vfio_backends_lock);
	list_for_each_entry(backend, &vfio_backends, vfio_next) {
		if (!vfio_backend_suits(container, backend))
			continue;
		err = vfio_container_try_backend(container, backend, type);
		/* A backend that knows nothing of the type hides no error. */
		if (err != -ENODEV)
			ret = err;
		if (!err)
			break;
	}
	mutex_unlock(&vfio_backends_lock);
out_unlock:
	up_write(&container->group_lock);
	return ret;
}

/* All other commands are the backend's; -EINVAL without one. */
static long vfio_container_pass_on(struct vfio_container *container,
				   unsigned int cmd, unsigned long arg)
{
	struct vfio_iommu_driver *backend;
	long ret = -EINVAL;

	down_read(&container->backend_lock);
	backend = container->iommu_driver;
	if (backend)
		ret = backend->ops->ioctl(container->iommu_data, cmd, arg);
	up_read(&container->backend_lock);
	return ret;
}

/*
 * What was asked, and what came of it, is in the user's memory: it is read
 * again, so it may not be what the backend saw, if another thread changes it.
 */
static noinline void vfio_container_report_map(struct vfio_container *container,
					       unsigned long arg, long ret,
					       u64 begin)
{
	struct vfio_iommu_type1_dma_map map;
	struct iommufd_vfio_dma_event ev = {
		.container = container->cookie,
		.ret = ret,
		.duration_ns = ktime_get_ns() - begin,
	};

	if (!copy_from_user(&map, (void __user *)arg,
			    offsetofend(typeof(map), size))) {
		ev.iova = map.iova;
		ev.va = map.vaddr;
		ev.length = map.size;
		ev.flags = map.flags;
		if (map.flags & VFIO_DMA_MAP_FLAG_READ)
			ev.prot |= IOMMUFD_PROT_READ;
		if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
			ev.prot |= IOMMUFD_PROT_WRITE;
	}
	trace_vfio_dma_map(&ev);
}

static noinline long
vfio_container_map_traced(struct vfio_container *container, unsigned long arg)
{
	u64 begin = ktime_get_ns();
	long ret = vfio_container_pass_on(container, VFIO_IOMMU_MAP_DMA, arg);

	vfio_container_report_map(container, arg, ret, begin);
	return ret;
}

/* The size that was asked for is overwritten with the size that was done. */
static noinline long
vfio_container_unmap_traced(struct vfio_container *container,
			    unsigned long arg)
{
	struct vfio_iommu_type1_dma_unmap unmap, done;
	const size_t minsz = offsetofend(typeof(unmap), size);
	void __user *uarg = (void __user *)arg;
	struct iommufd_vfio_dma_event ev = { .container = container->cookie };
	u64 begin = ktime_get_ns();

	if (!copy_from_user(&unmap, uarg, minsz)) {
		ev.iova = unmap.iova;
		ev.length = unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL ? U64_MAX :
								    unmap.size;
		ev.flags = unmap.flags;
	}
	ev.ret = vfio_container_pass_on(container, VFIO_IOMMU_UNMAP_DMA, arg);
	ev.duration_ns = ktime_get_ns() - begin;
	if (!ev.ret && !copy_from_user(&done, uarg, minsz))
		ev.unmapped_bytes = done.size;
	trace_vfio_dma_unmap(&ev);
	return ev.ret;
}

static long vfio_container_ioctl(struct file *file, unsigned int cmd,
				 unsigned long arg)
{
	struct vfio_container *container = file->private_data;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return vfio_container_check_extension(container, arg);
	case VFIO_SET_IOMMU:
		return vfio_container_set_iommu(container, arg);
	case VFIO_IOMMU_MAP_DMA:
		if (trace_vfio_dma_map_enabled())
			return vfio_container_map_traced(container, arg);
		break;
	case VFIO_IOMMU_UNMAP_DMA:
		if (trace_vfio_dma_unmap_enabled())
			return vfio_container_unmap_traced(container, arg);
		break;
	}
	return vfio_container_pass_on(container, cmd, arg);
}

/* Never 0, never used twice. */
static atomic64_t vfio_last_container = ATOMIC64_INIT(0);

static int vfio_container_open(struct inode *inode, struct file *file)
{
	struct vfio_container *container;

	container = kzalloc(sizeof(*container), GFP_KERNEL_ACCOUNT);
	if (!container)
		return -ENOMEM;

	container->cookie = atomic64_inc_return(&vfio_last_container);
	kref_init(&container->kref);
	init_rwsem(&container->group_lock);
	init_rwsem(&container->backend_lock);
	INIT_LIST_HEAD(&container->group_list);

	file->private_data = container;
	return 0;
}

static int vfio_container_file_release(struct inode *inode, struct file *file)
{
	vfio_container_put(file->private_data);
	return 0;
}

static const struct file_operations vfio_container_fops = {
	.owner		= THIS_MODULE,
	.open		= vfio_container_open,
	.release	= vfio_container_file_release,
	.unlocked_ioctl	= vfio_container_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/* Anyone may open a container; without a group it gives no power. */
static struct miscdevice vfio_container_node = {
	.minor = VFIO_MINOR,
	.name = "vfio",
	.fops = &vfio_container_fops,
	.nodename = "vfio/vfio",
	.mode = 0666,
};

/**
 * vfio_container_from_file() - the container behind a file
 * @file: any file
 *
 * Return: the container, valid as long as the file, or NULL if it is not a
 * container's.
 */
struct vfio_container *vfio_container_from_file(struct file *file)
{
	return file->f_op == &vfio_container_fops ? file->private_data : NULL;
}

/**
 * vfio_container_attach_group() - put a group into a container
 * @container: the container
 * @group: a group in no container; its group_lock is held
 *
 * The group's DMA belongs to the user from here on. May sleep.
 *
 * Return: 0; -EPERM if others own the group's DMA (a kernel driver on a
 * sibling, an iommufd), if groups with and without an IOMMU would meet, or for
 * one without, without CAP_SYS_RAWIO; -EBUSY if a domain other than the default one is
 * attached to it; or what the backend returned.
 */
int vfio_container_attach_group(struct vfio_container *container,
				struct vfio_group *group)
{
	struct vfio_iommu_driver *backend;
	bool noiommu = group->type == VFIO_NO_IOMMU;
	int ret = 0;

	lockdep_assert_held(&group->group_lock);

	if (noiommu && !capable(CAP_SYS_RAWIO))
		return -EPERM;

	down_write(&container->group_lock);
	if (!list_empty(&container->group_list) &&
	    container->noiommu != noiommu) {
		ret = -EPERM;
		goto out_unlock;
	}
	if (group->type == VFIO_IOMMU) {
		ret = iommu_group_claim_dma_owner(group->iommu_group, group);
		if (ret)
			goto out_unlock;
	}

	backend = container->iommu_driver;
	if (backend) {
		ret = backend->ops->attach_group(container->iommu_data,
						 group->iommu_group,
						 group->type);
		if (ret)
			goto err_owner;
	}

	container->noiommu = noiommu;
	kref_get(&container->kref);
	list_add(&group->container_next, &container->group_list);
	group->container = container;
	/* The membership itself; every open device adds one. */
	group->container_users = 1;
	goto out_unlock;

err_owner:
	if (group->type == VFIO_IOMMU)
		iommu_group_release_dma_owner(group->iommu_group);
out_unlock:
	up_write(&container->group_lock);
	return ret;
}

/* The last group has left: the user has no right to the backend any more. */
static void vfio_container_drop_backend(struct vfio_container *container)
{
	struct vfio_iommu_driver *backend = container->iommu_driver;
	void *data = container->iommu_data;

	lockdep_assert_held_write(&container->group_lock);

	down_write(&container->backend_lock);
	container->iommu_driver = NULL;
	container->iommu_data = NULL;
	up_write(&container->backend_lock);

	backend->ops->release(data);
	module_put(backend->ops->owner);
}

/**
 * vfio_group_detach_container() - take a group out of its container
 * @group: a group in a container, without an open device; its group_lock is
 *	held
 *
 * May sleep, and may free the container.
 */
void vfio_group_detach_container(struct vfio_group *group)
{
	struct vfio_container *container = group->container;
	struct vfio_iommu_driver *backend;

	lockdep_assert_held(&group->group_lock);
	WARN_ON(group->container_users != 1);

	down_write(&container->group_lock);
	backend = container->iommu_driver;
	if (backend)
		backend->ops->detach_group(container->iommu_data,
					   group->iommu_group);
	if (group->type == VFIO_IOMMU)
		iommu_group_release_dma_owner(group->iommu_group);

	list_del(&group->container_next);
	group->container = NULL;
	group->container_users = 0;

	if (backend && list_empty(&container->group_list))
		vfio_container_drop_backend(container);
	up_write(&container->group_lock);

	vfio_container_put(container);
}

/**
 * vfio_device_use_container() - give a device that opens its address space
 * @device: a device whose group is in a container; the group_lock and the
 *	device set's lock are held
 *
 * The group's file, the membership and the backend stay until
 * vfio_device_unuse_container(). May sleep.
 *
 * Return: 0; -EINVAL if the container has no backend yet; -EPERM without an
 * IOMMU and without CAP_SYS_RAWIO.
 */
int vfio_device_use_container(struct vfio_device *device)
{
	struct vfio_group *group = device->group;
	struct vfio_container *container = group->container;
	struct vfio_iommu_driver *backend;

	lockdep_assert_held(&group->group_lock);

	if (WARN_ON(!container))
		return -EINVAL;
	/* Whoever passed the group on could not give the right to all memory. */
	if (container->noiommu && !capable(CAP_SYS_RAWIO))
		return -EPERM;

	/*
	 * Without the container's lock, which is outside the device set's.
	 * SET_IOMMU may be running: what is NULL now may be a backend later,
	 * but as the group is in the container, a backend stays. Pairs with
	 * vfio_container_try_backend(), for the data.
	 */
	backend = smp_load_acquire(&container->iommu_driver);
	if (!backend)
		return -EINVAL;

	get_file(group->opened_file);
	group->container_users++;
	if (backend->ops->register_device)
		backend->ops->register_device(container->iommu_data, device);
	return 0;
}

/**
 * vfio_device_unuse_container() - undo vfio_device_use_container()
 * @device: the device, closed by its driver; same locks
 */
void vfio_device_unuse_container(struct vfio_device *device)
{
	struct vfio_group *group = device->group;
	struct vfio_container *container = group->container;
	const struct vfio_iommu_driver_ops *ops;

	lockdep_assert_held(&group->group_lock);

	if (WARN_ON(!container || group->container_users <= 1))
		return;

	ops = container->iommu_driver->ops;
	if (ops->unregister_device)
		ops->unregister_device(container->iommu_data, device);
	group->container_users--;
	fput(group->opened_file);
}

/*
 * The three calls below are for open devices: their group is in a container
 * with a backend, and neither can change until the device is closed.
 */

/**
 * vfio_device_container_pin_pages() - vfio_pin_pages() through a container
 * @device: an open device
 * @iova: where to start
 * @npage: how many pages, at least 1
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @pages: filled in
 *
 * Return: the number of pages; -E2BIG for more than
 * VFIO_PIN_PAGES_MAX_ENTRIES; -ENOTTY if the backend cannot; or its errno.
 */
int vfio_device_container_pin_pages(struct vfio_device *device,
				    dma_addr_t iova, int npage,
				    int prot, struct page **pages)
{
	struct vfio_group *group = device->group;
	struct vfio_container *container = group->container;
	const struct vfio_iommu_driver_ops *ops = container->iommu_driver->ops;

	if (npage > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -E2BIG;
	if (!ops->pin_pages)
		return -ENOTTY;
	return ops->pin_pages(container->iommu_data, group->iommu_group, iova,
			      npage, prot, pages);
}

/**
 * vfio_device_container_unpin_pages() - the same for vfio_unpin_pages()
 * @device: an open device
 * @iova: where to start
 * @npage: how many pages, 1 to VFIO_PIN_PAGES_MAX_ENTRIES
 */
void vfio_device_container_unpin_pages(struct vfio_device *device,
				       dma_addr_t iova, int npage)
{
	struct vfio_container *container = device->group->container;
	const struct vfio_iommu_driver_ops *ops = container->iommu_driver->ops;

	if (WARN_ON(npage <= 0 || npage > VFIO_PIN_PAGES_MAX_ENTRIES) ||
	    WARN_ON(!ops->unpin_pages))
		return;
	ops->unpin_pages(container->iommu_data, iova, npage);
}

/**
 * vfio_device_container_dma_rw() - the same for vfio_dma_rw()
 * @device: an open device
 * @iova: where
 * @data: the kernel's buffer
 * @len: bytes
 * @write: true to write to the user's memory
 *
 * Return: 0, -ENOTTY if the backend cannot, or its errno.
 */
int vfio_device_container_dma_rw(struct vfio_device *device, dma_addr_t iova,
				 void *data, size_t len, bool write)
{
	struct vfio_container *container = device->group->container;
	const struct vfio_iommu_driver_ops *ops = container->iommu_driver->ops;

	if (!ops->dma_rw)
		return -ENOTTY;
	return ops->dma_rw(container->iommu_data, iova, data, len, write);
}

/* Ours is registered; written at start only. */
static bool vfio_container_has_node;

static bool containers = true;
module_param(containers, bool, 0444);
MODULE_PARM_DESC(containers, "Serve /dev/vfio/vfio, the legacy container (Y); without, groups take an iommufd only");

/**
 * vfio_container_init() - create /dev/vfio/vfio
 *
 * iommufd, which was loaded before us, may serve it instead: then there are no
 * legacy containers.
 *
 * Return: 0 or a negative errno.
 */
int vfio_container_init(void)
{
	int ret;

	if (!containers)
		return 0;
	ret = vfio_register_iommu_driver(&vfio_noiommu_ops);
	if (ret)
		return ret;
	ret = misc_register(&vfio_container_node);
	/* The number is VFIO's alone. */
	if (ret == -EBUSY) {
		pr_info("vfio: iommufd serves /dev/vfio/vfio: no legacy containers\n");
		return 0;
	}
	if (ret) {
		pr_err("vfio: cannot register the container's node: %d\n", ret);
		vfio_unregister_iommu_driver(&vfio_noiommu_ops);
		return ret;
	}
	vfio_container_has_node = true;
	return 0;
}

/**
 * vfio_container_exit() - remove the node; no container is left
 */
void vfio_container_exit(void)
{
	if (vfio_container_has_node)
		misc_deregister(&vfio_container_node);
	vfio_unregister_iommu_driver(&vfio_noiommu_ops);
}
