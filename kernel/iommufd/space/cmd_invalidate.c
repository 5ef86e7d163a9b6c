// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_INVALIDATE: user space changed the page table of a nested HWPT,
 * and the IOMMU has to forget what it cached of it.
 */
#include <linux/iommu.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "domain/domain.h"
#include "space/hwpt.h"
#include "space/space.h"
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

static int invalidate(struct iommufd_ctx *ctx,
		      const struct iommu_hwpt_invalidate *cmd, u32 *done)
{
	struct iommu_user_data_array array = {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.entry_len = cmd->entry_len,
		.entry_num = cmd->entry_num,
	};
	struct object *obj = object_get(ctx, cmd->hwpt_id, OBJECT_ANY);
	struct hwpt *hwpt;
	int rc = -EINVAL;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	hwpt = container_of(obj, struct hwpt, obj);
	/* Of what a paging HWPT holds, the kernel sees to it itself. */
	if (obj->type == OBJECT_HWPT && hwpt->parent)
		rc = domain_invalidate(hwpt->domain, &array, done);
	object_put(ctx, obj);
	return rc;
}

/**
 * cmd_hwpt_invalidate() - IOMMU_HWPT_INVALIDATE
 * @ucmd: the ioctl; how many entries were done is told on failure, too
 *
 * Return: 0; -EOPNOTSUPP or -EINVAL for what does not fit, or is no nested
 * HWPT; -ENOENT no such object; see domain_invalidate(); -EFAULT.
 */
int cmd_hwpt_invalidate(struct ucmd *ucmd)
{
	struct iommu_hwpt_invalidate *cmd = ucmd->cmd;
	u32 done = 0;
	int rc;

	rc = check_invalidate(cmd);
	if (!rc)
		rc = invalidate(ucmd->ctx, cmd, &done);
	cmd->entry_num = done;
	return ucmd_respond(ucmd) ?: rc;
}
