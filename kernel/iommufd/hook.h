/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one door that this module has for tests: another module, iommufd_mock,
 * may serve ioctls that iommufd does not know, and gets at the few internals
 * that it needs for that.
 *
 * Without it the door costs nothing: an unknown ioctl is -ENOTTY as ever.
 */
#ifndef IOMMUFD_HOOK_H
#define IOMMUFD_HOOK_H

#include "object.h"

struct device;
struct iommu_ops;
struct iommufd_device;
struct ioas;
struct module;

/**
 * struct ioctl_hook - what the other module does
 * @owner: the module; a context that has asked it something keeps it loaded
 *	until everything in the context is gone, the hook's objects too
 * @ioctl: serve an ioctl that iommufd does not know. Return: 0 or more,
 *	-ENOTTY, or another negative errno.
 */
struct ioctl_hook {
	struct module *owner;
	long (*ioctl)(struct iommufd_ctx *ctx, unsigned int nr,
		      void __user *arg);
};

/**
 * struct hook_core - what iommufd lets it do
 * @object_reserve: see there; the type is OBJECT_HOOK
 * @object_publish: see there
 * @object_abort: see there
 * @object_get: see there; any type
 * @object_put: see there
 * @ioas_reserve: see there; an owner that is the IOAS itself reserves for as
 *	long as the IOAS lives
 * @device_bind: iommufd_device_bind() for a device that lives in the context
 *	and dies with it, and so must not keep it alive
 * @device_unbind: the reverse
 * @device_set_pasid_replacer: see there
 * @domain_trust_dirty: see there; for its own IOMMU
 *
 * A table, because these names are too plain to be exported.
 */
struct hook_core {
	struct object *(*object_reserve)(struct iommufd_ctx *ctx, size_t size,
					 enum object_type type,
					 void (*destroy)(struct iommufd_ctx *,
							 struct object *));
	void (*object_publish)(struct iommufd_ctx *ctx, struct object *obj);
	void (*object_abort)(struct iommufd_ctx *ctx, struct object *obj);
	struct object *(*object_get)(struct iommufd_ctx *ctx, u32 id,
				     enum object_type type);
	void (*object_put)(struct iommufd_ctx *ctx, struct object *obj);
	int (*ioas_reserve)(struct ioas *ioas, unsigned long start,
			    unsigned long last, const void *owner);
	struct iommufd_device *(*device_bind)(struct iommufd_ctx *ctx,
					      struct device *dev, u32 *id);
	void (*device_unbind)(struct iommufd_device *idev);
	void (*device_set_pasid_replacer)(const struct iommu_ops *ops);
	void (*domain_trust_dirty)(const struct iommu_ops *ops);
};

/* Namespace IOMMUFD_HOOK. */
int iommufd_register_hook(const struct ioctl_hook *hook,
			  const struct hook_core **core);
void iommufd_unregister_hook(const struct ioctl_hook *hook);

/* For ioctl.c. */
long hook_ioctl(struct iommufd_ctx *ctx, unsigned int nr, void __user *arg);
void hook_put(const struct ioctl_hook *hook);

#endif
