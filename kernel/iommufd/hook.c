// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one door for tests: who stands behind it, and which contexts have used
 * it. hook.h says what it is for.
 */
#include <linux/err.h>
#include <linux/module.h>

#include "device/device.h"
#include "domain/dirty.h"
#include "hook.h"
#include "space/space.h"

static DEFINE_MUTEX(hook_lock);
static const struct ioctl_hook *registered_hook;

static const struct hook_core hook_core = {
	.object_reserve = object_reserve,
	.object_publish = object_publish,
	.object_abort = object_abort,
	.object_get = object_get,
	.object_put = object_put,
	.ioas_reserve = ioas_reserve,
	.device_bind = device_bind,
	.device_unbind = device_unbind,
	.device_set_pasid_replacer = device_set_pasid_replacer,
	.domain_trust_dirty = domain_trust_dirty,
};

/**
 * iommufd_register_hook() - serve the ioctls that iommufd does not know
 * @hook: stays valid until iommufd_unregister_hook()
 * @core: set to what it may use, before the first ioctl comes
 *
 * May sleep.
 * Return: 0, or -EBUSY if there is one.
 */
int iommufd_register_hook(const struct ioctl_hook *hook,
			  const struct hook_core **core)
{
	int rc = -EBUSY;

	mutex_lock(&hook_lock);
	if (!registered_hook) {
		*core = &hook_core;
		registered_hook = hook;
		rc = 0;
	}
	mutex_unlock(&hook_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_register_hook, IOMMUFD_HOOK);

/**
 * iommufd_unregister_hook() - not to serve them any more
 * @hook: registered; its module is being unloaded, so no context uses it
 */
void iommufd_unregister_hook(const struct ioctl_hook *hook)
{
	mutex_lock(&hook_lock);
	if (!WARN_ON(registered_hook != hook))
		registered_hook = NULL;
	mutex_unlock(&hook_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_unregister_hook, IOMMUFD_HOOK);

/* The context's hook; its first use takes the hook's module. */
static const struct ioctl_hook *ctx_hook(struct iommufd_ctx *ctx)
{
	const struct ioctl_hook *hook;

	/* Pairs with the store below: its module is held. */
	hook = smp_load_acquire(&ctx->hook);
	if (hook)
		return hook;
	mutex_lock(&hook_lock);
	hook = ctx->hook;
	if (!hook && registered_hook && try_module_get(registered_hook->owner)) {
		hook = registered_hook;
		/* Pairs with the load above. */
		smp_store_release(&ctx->hook, hook);
	}
	mutex_unlock(&hook_lock);
	return hook;
}

/**
 * hook_ioctl() - an ioctl that is not iommufd's
 * @ctx: the context
 * @nr: its number
 * @arg: the caller's argument
 *
 * Return: what the hook says; -ENOTTY without one.
 */
long hook_ioctl(struct iommufd_ctx *ctx, unsigned int nr, void __user *arg)
{
	const struct ioctl_hook *hook = ctx_hook(ctx);

	return hook ? hook->ioctl(ctx, nr, arg) : -ENOTTY;
}

/**
 * hook_put() - a context is gone
 * @hook: what its hook was, or NULL
 */
void hook_put(const struct ioctl_hook *hook)
{
	if (hook)
		module_put(hook->owner);
}
