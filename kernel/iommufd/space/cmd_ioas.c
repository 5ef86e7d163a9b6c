// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of an IOAS as a whole: made, its ranges, its options.
 */
#include <linux/capability.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "space/space.h"
#include "ucmd.h"

/**
 * cmd_ioas_alloc() - IOMMU_IOAS_ALLOC
 * @ucmd: the ioctl
 *
 * Return: 0, -EOPNOTSUPP for unknown flags, -ENOMEM, -EFAULT.
 */
int cmd_ioas_alloc(struct ucmd *ucmd)
{
	struct iommu_ioas_alloc *cmd = ucmd->cmd;
	struct ioas *ioas;
	int rc;

	if (cmd->flags)
		return -EOPNOTSUPP;
	ioas = ioas_create(ucmd->ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	cmd->out_ioas_id = ioas->obj.id;
	rc = ucmd_respond(ucmd);
	if (rc) {
		ioas->obj.destroy(ucmd->ctx, &ioas->obj);
		object_abort(ucmd->ctx, &ioas->obj);
		return rc;
	}
	object_publish(ucmd->ctx, &ioas->obj);
	return 0;
}

#define RANGES_PER_BATCH 16

/*
 * Collect ranges from *start on. True when there are more; *start is where
 * they begin.
 */
static bool collect_ranges(struct ioas *ioas, unsigned long *start,
			   struct iommu_iova_range *ranges, u32 *n)
{
	unsigned long last;
	bool more = true;

	mutex_lock(&ioas->iova_lock);
	for (*n = 0; more && *n < RANGES_PER_BATCH; (*n)++) {
		more = ioas_next_usable(ioas, start, &last);
		if (!more)
			break;
		ranges[*n].start = *start;
		ranges[*n].last = last;
		more = last != ULONG_MAX;
		*start = last + 1;
	}
	mutex_unlock(&ioas->iova_lock);
	return more;
}

/*
 * Write up to *num ranges to the caller; *num becomes how many there are. The
 * caller's memory may take as long as it likes to be faulted in, so no lock is
 * held meanwhile, and a device that comes or goes then shows in part.
 */
static int copy_ranges(struct ioas *ioas, struct iommu_iova_range __user *to,
		       u32 *num)
{
	struct iommu_iova_range ranges[RANGES_PER_BATCH];
	u32 room = *num, total = 0, n;
	unsigned long start = 0;
	bool more;

	do {
		more = collect_ranges(ioas, &start, ranges, &n);
		if (total < room &&
		    copy_to_user(to + total, ranges,
				 min(n, room - total) * sizeof(*ranges)))
			return -EFAULT;
		total += n;
		cond_resched();
	} while (more);
	*num = total;
	return total > room ? -EMSGSIZE : 0;
}

/**
 * cmd_ioas_iova_ranges() - IOMMU_IOAS_IOVA_RANGES
 * @ucmd: the ioctl
 *
 * Return: 0; -EMSGSIZE when the caller's array is too small, with the number
 * that it should have; -EOPNOTSUPP, -ENOENT, -EFAULT.
 */
int cmd_ioas_iova_ranges(struct ucmd *ucmd)
{
	struct iommu_ioas_iova_ranges *cmd = ucmd->cmd;
	struct ioas *ioas;
	int rc, rc_respond;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = ioas_get(ucmd->ctx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = copy_ranges(ioas, u64_to_user_ptr(cmd->allowed_iovas),
			 &cmd->num_iovas);
	mutex_lock(&ioas->iova_lock);
	cmd->out_iova_alignment = ioas->alignment;
	mutex_unlock(&ioas->iova_lock);
	object_put(ucmd->ctx, &ioas->obj);
	if (rc && rc != -EMSGSIZE)
		return rc;
	rc_respond = ucmd_respond(ucmd);
	return rc_respond ?: rc;
}

static int read_allowed(struct rb_root_cached *allowed,
			const struct iommu_iova_range __user *from, u32 num)
{
	struct iommu_iova_range range;
	u32 i;
	int rc;

	for (i = 0; i < num; i++) {
		if (copy_from_user(&range, from + i, sizeof(range)))
			return -EFAULT;
		if (range.start >= range.last)
			return -EINVAL;
		if (interval_tree_iter_first(allowed, range.start, range.last))
			return -EINVAL;
		rc = reservation_add(allowed, range.start, range.last, NULL);
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * cmd_ioas_allow_iovas() - IOMMU_IOAS_ALLOW_IOVAS
 * @ucmd: the ioctl
 *
 * Return: 0; -EINVAL ranges that are empty or overlap; -EADDRINUSE one is
 * reserved; -EOPNOTSUPP, -ENOENT, -EFAULT, -ENOMEM, -EINTR. The ranges allowed
 * before stay on failure.
 */
int cmd_ioas_allow_iovas(struct ucmd *ucmd)
{
	struct iommu_ioas_allow_iovas *cmd = ucmd->cmd;
	struct rb_root_cached allowed = RB_ROOT_CACHED;
	struct ioas *ioas;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = ioas_get(ucmd->ctx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = read_allowed(&allowed, u64_to_user_ptr(cmd->allowed_iovas),
			  cmd->num_iovas);
	if (!rc)
		rc = ioas_set_allowed(ioas, &allowed);
	reservations_free(&allowed);
	object_put(ucmd->ctx, &ioas->obj);
	return rc;
}

static int option_rlimit_mode(struct iommufd_ctx *ctx,
			      struct iommu_option *cmd)
{
	if (cmd->object_id)
		return -EOPNOTSUPP;
	if (cmd->op == IOMMU_OPTION_OP_GET) {
		cmd->val64 = READ_ONCE(ctx->account_mode);
		return 0;
	}
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (cmd->val64 != ACCOUNT_USER && cmd->val64 != ACCOUNT_MM)
		return -EINVAL;
	return ctx_set_account_mode(ctx, cmd->val64);
}

static int option_huge_pages(struct iommufd_ctx *ctx, struct iommu_option *cmd)
{
	struct ioas *ioas = ioas_get(ctx, cmd->object_id);
	int rc = 0;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (cmd->op == IOMMU_OPTION_OP_GET)
		cmd->val64 = READ_ONCE(ioas->huge_pages);
	else if (cmd->val64 > 1)
		rc = -EINVAL;
	else
		rc = ioas_set_huge_pages(ioas, cmd->val64);
	object_put(ctx, &ioas->obj);
	return rc;
}

/**
 * cmd_option() - IOMMU_OPTION
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP an unknown option or operation; -EINVAL an unknown
 * value, or see ioas_set_huge_pages(); -EPERM, -EBUSY, -ENOENT, -EFAULT.
 */
int cmd_option(struct ucmd *ucmd)
{
	struct iommu_option *cmd = ucmd->cmd;
	int rc;

	if (cmd->__reserved || cmd->op > IOMMU_OPTION_OP_GET)
		return -EOPNOTSUPP;
	switch (cmd->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		rc = option_rlimit_mode(ucmd->ctx, cmd);
		break;
	case IOMMU_OPTION_HUGE_PAGES:
		rc = option_huge_pages(ucmd->ctx, cmd);
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (rc || cmd->op == IOMMU_OPTION_OP_SET)
		return rc;
	return ucmd_respond(ucmd);
}
