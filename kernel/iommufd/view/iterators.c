// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open-coded BPF iterators over contexts, IOASes, areas, HWPTs and devices.
 *
 * They only read, under RCU, what the rest of the module publishes, and take
 * no lock, so any tracing program may use them wherever it runs. An object
 * that goes away meanwhile stays readable until the program's RCU read section
 * ends; BPF never keeps one from being destroyed.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/rcupdate.h>

#include "device/device.h"
#include "object.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "view/view.h"

/* What programs keep on their stacks for us: must match iommufd_bpf.h. */
struct bpf_iter_iommufd_ctx {
	__u64 __opaque[2];
} __aligned(8);

struct bpf_iter_iommufd_ioas {
	__u64 __opaque[2];
} __aligned(8);

struct bpf_iter_iommufd_area {
	__u64 __opaque[2];
} __aligned(8);

struct bpf_iter_iommufd_hwpt {
	__u64 __opaque[2];
} __aligned(8);

struct bpf_iter_iommufd_device {
	__u64 __opaque[2];
} __aligned(8);

/* What is in them. */
struct ctx_walk {
	struct iommufd_ctx *ctx;
	bool done;
};

struct object_walk {
	struct iommufd_ctx *ctx;
	unsigned long id;
};

struct area_walk {
	struct ioas *ioas;
	struct area *next; /* NULL: at the end */
};

__bpf_kfunc_start_defs();

__bpf_kfunc int bpf_iter_iommufd_ctx_new(struct bpf_iter_iommufd_ctx *it)
{
	struct ctx_walk *walk = (void *)it;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(*it));
	memset(it, 0, sizeof(*it));
	return 0;
}

__bpf_kfunc const struct iommufd_ctx_view *
bpf_iter_iommufd_ctx_next(struct bpf_iter_iommufd_ctx *it)
{
	struct ctx_walk *walk = (void *)it;

	if (walk->done)
		return NULL;
	walk->ctx = ctx_next_rcu(walk->ctx);
	walk->done = !walk->ctx;
	return walk->ctx ? &walk->ctx->view : NULL;
}

__bpf_kfunc void
bpf_iter_iommufd_ctx_destroy(struct bpf_iter_iommufd_ctx *it)
{
}

__bpf_kfunc int bpf_iter_iommufd_ioas_new(struct bpf_iter_iommufd_ioas *it,
					  const struct iommufd_ctx_view *ctx)
{
	struct object_walk *walk = (void *)it;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(*it));
	walk->ctx = container_of(ctx, struct iommufd_ctx, view);
	walk->id = 0;
	return 0;
}

__bpf_kfunc const struct iommufd_ioas_view *
bpf_iter_iommufd_ioas_next(struct bpf_iter_iommufd_ioas *it)
{
	struct object_walk *walk = (void *)it;
	struct object *obj =
		object_next_rcu(walk->ctx, &walk->id, OBJECT_IOAS);

	return obj ? &container_of(obj, struct ioas, obj)->view : NULL;
}

__bpf_kfunc void
bpf_iter_iommufd_ioas_destroy(struct bpf_iter_iommufd_ioas *it)
{
}

__bpf_kfunc int bpf_iter_iommufd_hwpt_new(struct bpf_iter_iommufd_hwpt *it,
					  const struct iommufd_ctx_view *ctx)
{
	struct object_walk *walk = (void *)it;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(*it));
	walk->ctx = container_of(ctx, struct iommufd_ctx, view);
	walk->id = 0;
	return 0;
}

__bpf_kfunc const struct iommufd_hwpt_view *
bpf_iter_iommufd_hwpt_next(struct bpf_iter_iommufd_hwpt *it)
{
	struct object_walk *walk = (void *)it;
	struct object *obj =
		object_next_rcu(walk->ctx, &walk->id, OBJECT_HWPT);

	return obj ? &container_of(obj, struct hwpt, obj)->view : NULL;
}

__bpf_kfunc void
bpf_iter_iommufd_hwpt_destroy(struct bpf_iter_iommufd_hwpt *it)
{
}

__bpf_kfunc int
bpf_iter_iommufd_device_new(struct bpf_iter_iommufd_device *it,
			    const struct iommufd_ctx_view *ctx)
{
	struct object_walk *walk = (void *)it;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(*it));
	walk->ctx = container_of(ctx, struct iommufd_ctx, view);
	walk->id = 0;
	return 0;
}

__bpf_kfunc const struct iommufd_device_view *
bpf_iter_iommufd_device_next(struct bpf_iter_iommufd_device *it)
{
	struct object_walk *walk = (void *)it;
	struct object *obj =
		object_next_rcu(walk->ctx, &walk->id, OBJECT_DEVICE);

	return obj ? &container_of(obj, struct iommufd_device, obj)->view :
		     NULL;
}

__bpf_kfunc void
bpf_iter_iommufd_device_destroy(struct bpf_iter_iommufd_device *it)
{
}

__bpf_kfunc int bpf_iter_iommufd_area_new(struct bpf_iter_iommufd_area *it,
					  const struct iommufd_ioas_view *ioas,
					  u64 from)
{
	struct area_walk *walk = (void *)it;

	BUILD_BUG_ON(sizeof(*walk) > sizeof(*it));
	walk->ioas = container_of(ioas, struct ioas, view);
	walk->next = area_set_from_rcu(&walk->ioas->areas, from);
	return 0;
}

__bpf_kfunc const struct iommufd_area_view *
bpf_iter_iommufd_area_next(struct bpf_iter_iommufd_area *it)
{
	struct area_walk *walk = (void *)it;
	struct area *area = walk->next;

	/* Now: the upper part of one that is cut meanwhile was seen already. */
	if (area)
		walk->next = area_set_next_rcu(&walk->ioas->areas, area);
	return area ? &area->view : NULL;
}

__bpf_kfunc void
bpf_iter_iommufd_area_destroy(struct bpf_iter_iommufd_area *it)
{
}

__bpf_kfunc_end_defs();
