// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOAS as an object: made, destroyed. space.h says what it is.
 */
#include <linux/ktime.h>

#include "space/space.h"

static void ioas_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct ioas *ioas = container_of(obj, struct ioas, obj);
	struct op_stats st = {};
	u64 unmapped, nr_areas;

	/* Every HWPT is a user of the IOAS, so there is none any more. */
	WARN_ON(!list_empty(&ioas->hwpts));
	WARN_ON(ioas_unmap(ioas, 0, ULONG_MAX, &unmapped, &nr_areas, &st));
	WARN_ON(!RB_EMPTY_ROOT(&ioas->reserved.rb_root));
	mtree_destroy(&ioas->areas);
	mutex_destroy(&ioas->iova_lock);
	mutex_destroy(&ioas->attach_lock);
}

/**
 * ioas_create() - an empty IOAS
 * @ctx: the context
 *
 * May sleep.
 * Return: the IOAS, not published yet, or an ERR_PTR.
 */
struct ioas *ioas_create(struct iommufd_ctx *ctx)
{
	struct ioas *ioas = object_new(ctx, ioas, OBJECT_IOAS, ioas_destroy);

	if (IS_ERR(ioas))
		return ioas;
	ioas->ctx = ctx;
	mutex_init(&ioas->attach_lock);
	INIT_LIST_HEAD(&ioas->hwpts);
	init_waitqueue_head(&ioas->wait);
	ioas->alignment = 1;
	ioas_iova_init(ioas);
	ioas->view.cookie = new_cookie();
	ioas->view.ctx_cookie = ctx->view.cookie;
	ioas->view.created_ns = ktime_get_boottime_ns();
	ioas->view.id = ioas->obj.id;
	return ioas;
}
