// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_INVALIDATE: user space changed the page table of a nested HWPT,
 * and the IOMMU has to forget what it cached of it. Who has other objects that
 * can be invalidated uses the same frame.
 */
#include <linux/iommu.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "domain/domain.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "stats.h"
#include "trace_object.h"
#include "ucmd.h"

/* What one call may ask for. */
#define ENTRY_LEN_MAX PAGE_SIZE
#define ENTRY_NUM_MAX BIT(19)

static int check_invalidate(const struct iommu_hwpt_invalidate *cmd)
{
	if (cmd->__reserved)
		return -EOPNOTSUPP;
	/* No entries: only the type is asked after. */
	if (!cmd->entry_num)
		return 0;
	if (!cmd->data_uptr || !cmd->entry_len ||
	    cmd->entry_len > ENTRY_LEN_MAX || cmd->entry_num > ENTRY_NUM_MAX)
		return -EINVAL;
	return 0;
}

/**
 * invalidate_hwpt() - invalidate by a HWPT
 * @obj: any object, held
 * @array: see domain_invalidate()
 * @done: likewise
 *
 * May sleep.
 * Return: see domain_invalidate(); -EINVAL it is no nested HWPT.
 */
int invalidate_hwpt(struct object *obj,
		    const struct iommu_user_data_array *array, u32 *done)
{
	struct hwpt *hwpt = container_of(obj, struct hwpt, obj);

	/* Of what a paging HWPT holds, the kernel sees to it itself. */
	if (obj->type != OBJECT_HWPT || !hwpt->parent)
		return -EINVAL;
	return domain_invalidate(hwpt->domain, array, done);
}

static int invalidate(struct iommufd_ctx *ctx,
		      const struct iommu_hwpt_invalidate *cmd,
		      invalidate_fn fn, u32 *done)
{
	struct iommu_user_data_array array = {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.entry_len = cmd->entry_len,
		.entry_num = cmd->entry_num,
	};
	struct object *obj = object_get(ctx, cmd->hwpt_id, OBJECT_ANY);
	int rc;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	rc = fn(obj, &array, done);
	object_put(ctx, obj);
	return rc;
}

/**
 * invalidate_by() - IOMMU_HWPT_INVALIDATE, whatever its id stands for
 * @ucmd: the ioctl; how many entries were done is told on failure, too
 * @fn: invalidates
 *
 * Return: 0; -EOPNOTSUPP or -EINVAL for what does not fit; -ENOENT no such
 * object; what @fn says; -EFAULT.
 */
int invalidate_by(struct ucmd *ucmd, invalidate_fn fn)
{
	u64 begin = event_begin(trace_iommufd_invalidate_enabled());
	struct iommu_hwpt_invalidate *cmd = ucmd->cmd;
	u32 asked = cmd->entry_num;
	u32 done = 0;
	int rc;

	rc = check_invalidate(cmd);
	if (!rc)
		rc = invalidate(ucmd->ctx, cmd, fn, &done);
	cmd->entry_num = done;
	rc = ucmd_respond(ucmd) ?: rc;
	if (trace_iommufd_invalidate_enabled()) {
		struct iommufd_invalidate_event ev = {
			.ctx_cookie = ucmd->ctx->view.cookie,
			.id = cmd->hwpt_id,
			.data_type = cmd->data_type,
			.nr_asked = asked,
			.nr_done = done,
			.ret = rc,
			.duration_ns = event_duration(begin),
		};

		trace_iommufd_invalidate(&ev);
	}
	return rc;
}

/**
 * cmd_hwpt_invalidate() - IOMMU_HWPT_INVALIDATE of a nested HWPT
 * @ucmd: the ioctl
 *
 * Return: see invalidate_by() and invalidate_hwpt().
 */
int cmd_hwpt_invalidate(struct ucmd *ucmd)
{
	return invalidate_by(ucmd, invalidate_hwpt);
}
