// SPDX-License-Identifier: GPL-2.0-only
/*
 * What BPF may hold: views by cookie, for longer than an RCU read section.
 * shadow.h says what a reference keeps, and that it keeps nothing else.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/cfi.h>

#include "device/device.h"
#include "object.h"
#include "space/hwpt.h"
#include "space/space.h"

__bpf_kfunc_start_defs();

/**
 * bpf_iommufd_ctx_acquire() - hold on to a context's view
 * @cookie: which
 *
 * The view stays readable until bpf_iommufd_ctx_release(), or, put into a map
 * with bpf_kptr_xchg(), until the map lets go of it. It keeps nothing from
 * being destroyed: its *gone* tells. Does not sleep.
 * Return: the view, or NULL if there is no such context any more.
 */
__bpf_kfunc struct iommufd_ctx_view *bpf_iommufd_ctx_acquire(u64 cookie)
{
	struct shadow *shadow = shadow_get(cookie, OBJECT_ANY);

	return shadow ? &container_of(shadow, struct iommufd_ctx, shadow)->view : NULL;
}

/**
 * bpf_iommufd_ctx_release() - let go of a context's view
 * @view: from bpf_iommufd_ctx_acquire()
 *
 * Does not sleep.
 */
__bpf_kfunc void bpf_iommufd_ctx_release(struct iommufd_ctx_view *view)
{
	shadow_put(&container_of(view, struct iommufd_ctx, view)->shadow);
}

/* A map lets go of it. */
__bpf_kfunc void bpf_iommufd_ctx_dtor(void *view)
{
	bpf_iommufd_ctx_release(view);
}

CFI_NOSEAL(bpf_iommufd_ctx_dtor);

/**
 * bpf_iommufd_ioas_acquire() - hold on to an IOAS's view
 * @cookie: which
 *
 * The view stays readable until bpf_iommufd_ioas_release(), or, put into a map
 * with bpf_kptr_xchg(), until the map lets go of it. It keeps nothing from
 * being destroyed: its *gone* tells. Does not sleep.
 * Return: the view, or NULL if there is no such IOAS any more.
 */
__bpf_kfunc struct iommufd_ioas_view *bpf_iommufd_ioas_acquire(u64 cookie)
{
	struct shadow *shadow = shadow_get(cookie, OBJECT_IOAS);

	return shadow ? &container_of(shadow, struct ioas, obj.shadow)->view : NULL;
}

/**
 * bpf_iommufd_ioas_release() - let go of an IOAS's view
 * @view: from bpf_iommufd_ioas_acquire()
 *
 * Does not sleep.
 */
__bpf_kfunc void bpf_iommufd_ioas_release(struct iommufd_ioas_view *view)
{
	shadow_put(&container_of(view, struct ioas, view)->obj.shadow);
}

/* A map lets go of it. */
__bpf_kfunc void bpf_iommufd_ioas_dtor(void *view)
{
	bpf_iommufd_ioas_release(view);
}

CFI_NOSEAL(bpf_iommufd_ioas_dtor);

/**
 * bpf_iommufd_hwpt_acquire() - hold on to a HWPT's view
 * @cookie: which
 *
 * The view stays readable until bpf_iommufd_hwpt_release(), or, put into a map
 * with bpf_kptr_xchg(), until the map lets go of it. It keeps nothing from
 * being destroyed: its *gone* tells. Does not sleep.
 * Return: the view, or NULL if there is no such HWPT any more.
 */
__bpf_kfunc struct iommufd_hwpt_view *bpf_iommufd_hwpt_acquire(u64 cookie)
{
	struct shadow *shadow = shadow_get(cookie, OBJECT_HWPT);

	return shadow ? &container_of(shadow, struct hwpt, obj.shadow)->view : NULL;
}

/**
 * bpf_iommufd_hwpt_release() - let go of a HWPT's view
 * @view: from bpf_iommufd_hwpt_acquire()
 *
 * Does not sleep.
 */
__bpf_kfunc void bpf_iommufd_hwpt_release(struct iommufd_hwpt_view *view)
{
	shadow_put(&container_of(view, struct hwpt, view)->obj.shadow);
}

/* A map lets go of it. */
__bpf_kfunc void bpf_iommufd_hwpt_dtor(void *view)
{
	bpf_iommufd_hwpt_release(view);
}

CFI_NOSEAL(bpf_iommufd_hwpt_dtor);

/**
 * bpf_iommufd_device_acquire() - hold on to a bound device's view
 * @cookie: which
 *
 * The view stays readable until bpf_iommufd_device_release(), or, put into a map
 * with bpf_kptr_xchg(), until the map lets go of it. It keeps nothing from
 * being destroyed: its *gone* tells. Does not sleep.
 * Return: the view, or NULL if there is no such device any more.
 */
__bpf_kfunc struct iommufd_device_view *bpf_iommufd_device_acquire(u64 cookie)
{
	struct shadow *shadow = shadow_get(cookie, OBJECT_DEVICE);

	return shadow ? &container_of(shadow, struct iommufd_device, obj.shadow)->view : NULL;
}

/**
 * bpf_iommufd_device_release() - let go of a bound device's view
 * @view: from bpf_iommufd_device_acquire()
 *
 * Does not sleep.
 */
__bpf_kfunc void bpf_iommufd_device_release(struct iommufd_device_view *view)
{
	shadow_put(&container_of(view, struct iommufd_device, view)->obj.shadow);
}

/* A map lets go of it. */
__bpf_kfunc void bpf_iommufd_device_dtor(void *view)
{
	bpf_iommufd_device_release(view);
}

CFI_NOSEAL(bpf_iommufd_device_dtor);

__bpf_kfunc_end_defs();
