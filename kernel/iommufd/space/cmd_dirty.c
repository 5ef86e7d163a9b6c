// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of dirty tracking.
 */
#include <linux/kernel.h>
#include <uapi/linux/iommufd.h>

#include "space/hwpt.h"
#include "space/space.h"
#include "stats.h"
#include "trace_object.h"
#include "ucmd.h"

/* What is written through a nested HWPT is its parent's business. */
static struct hwpt *get_paging(struct iommufd_ctx *ctx, u32 id)
{
	struct object *obj = object_get(ctx, id, OBJECT_HWPT);
	struct hwpt *hwpt;

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	hwpt = container_of(obj, struct hwpt, obj);
	if (!hwpt->parent)
		return hwpt;
	object_put(ctx, obj);
	return ERR_PTR(-ENOENT);
}

static int set_tracking(struct ucmd *ucmd, struct iommufd_dirty_event *ev)
{
	struct iommu_hwpt_set_dirty_tracking *cmd = ucmd->cmd;
	struct hwpt *hwpt;
	int rc;

	if (cmd->flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE || cmd->__reserved)
		return -EOPNOTSUPP;
	hwpt = get_paging(ucmd->ctx, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	ev->ioas_cookie = hwpt->ioas->view.cookie;
	rc = hwpt_set_dirty_tracking(hwpt, cmd->flags &
					   IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
				     &ev->dirty_bytes);
	object_put(ucmd->ctx, &hwpt->obj);
	return rc;
}

/**
 * cmd_hwpt_set_dirty_tracking() - IOMMU_HWPT_SET_DIRTY_TRACKING
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -ENOENT no such paging HWPT; see
 * hwpt_set_dirty_tracking().
 */
int cmd_hwpt_set_dirty_tracking(struct ucmd *ucmd)
{
	struct iommu_hwpt_set_dirty_tracking *cmd = ucmd->cmd;
	bool start = cmd->flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
	struct iommufd_dirty_event ev = {
		.ctx_cookie = ucmd->ctx->view.cookie,
		.hwpt_id = cmd->hwpt_id,
	};
	u64 begin = event_begin(trace_iommufd_dirty_start_enabled() ||
				trace_iommufd_dirty_stop_enabled());

	ev.ret = set_tracking(ucmd, &ev);
	ev.duration_ns = event_duration(begin);
	if (start)
		trace_iommufd_dirty_start(&ev);
	else
		trace_iommufd_dirty_stop(&ev);
	return ev.ret;
}

static int read_dirty(struct ucmd *ucmd, struct iommufd_dirty_event *ev)
{
	struct iommu_hwpt_get_dirty_bitmap *cmd = ucmd->cmd;
	struct hwpt *hwpt;
	int rc;

	if (cmd->flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ||
	    cmd->__reserved)
		return -EOPNOTSUPP;
	hwpt = get_paging(ucmd->ctx, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	ev->ioas_cookie = hwpt->ioas->view.cookie;
	rc = hwpt_read_dirty(hwpt, cmd->iova, cmd->length, cmd->page_size,
			     u64_to_user_ptr(cmd->data),
			     !(cmd->flags &
			       IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR),
			     &ev->dirty_bytes);
	object_put(ucmd->ctx, &hwpt->obj);
	return rc;
}

/**
 * cmd_hwpt_get_dirty_bitmap() - IOMMU_HWPT_GET_DIRTY_BITMAP
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -ENOENT no such paging HWPT; see
 * hwpt_read_dirty().
 */
int cmd_hwpt_get_dirty_bitmap(struct ucmd *ucmd)
{
	struct iommu_hwpt_get_dirty_bitmap *cmd = ucmd->cmd;
	struct iommufd_dirty_event ev = {
		.ctx_cookie = ucmd->ctx->view.cookie,
		.hwpt_id = cmd->hwpt_id,
		.iova = cmd->iova,
		.length = cmd->length,
		.page_size = cmd->page_size,
		.flags = cmd->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ?
				 0 : IOMMUFD_DIRTY_CLEAR,
	};
	u64 begin = event_begin(trace_iommufd_dirty_read_enabled());

	ev.ret = read_dirty(ucmd, &ev);
	ev.duration_ns = event_duration(begin);
	trace_iommufd_dirty_read(&ev);
	return ev.ret;
}
