// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of an IOAS: what the caller says is checked here, once, and
 * becomes arguments that the rest of space/ can trust.
 */
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "policy/policy.h"
#include "space/space.h"
#include "trace.h"
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

static int check_map(const struct iommu_ioas_map *cmd)
{
	const u32 access = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE;
	u64 end;

	if (cmd->flags & ~(access | IOMMU_IOAS_MAP_FIXED_IOVA) ||
	    cmd->__reserved)
		return -EOPNOTSUPP;
	if (!(cmd->flags & access))
		return -EINVAL;
	if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX ||
	    check_add_overflow(cmd->user_va, cmd->length, &end))
		return -EOVERFLOW;
	return cmd->length ? 0 : -EINVAL;
}

static void map_args_from(struct map_args *args,
			  const struct iommu_ioas_map *cmd)
{
	memset(args, 0, sizeof(*args));
	args->fixed = cmd->flags & IOMMU_IOAS_MAP_FIXED_IOVA;
	/* Without that flag the IOVA is an output. */
	args->iova = args->fixed ? cmd->iova : 0;
	args->va = cmd->user_va;
	args->length = cmd->length;
	if (cmd->flags & IOMMU_IOAS_MAP_READABLE)
		args->prot |= IOMMUFD_PROT_READ;
	if (cmd->flags & IOMMU_IOAS_MAP_WRITEABLE)
		args->prot |= IOMMUFD_PROT_WRITE;
}

static int admit_map(struct ioas *ioas, const struct map_args *args,
		     struct op_stats *st)
{
	struct pin_request req;
	u64 begin;
	int rc;

	if (!policy_active())
		return 0;
	begin = op_begin(st);
	policy_init_request(&req, ioas->ctx, IOMMUFD_OP_MAP);
	req.pub.ioas_cookie = ioas->view.cookie;
	req.pub.ioas_id = ioas->obj.id;
	req.pub.ioas_bytes = READ_ONCE(ioas->view.mapped_bytes);
	req.pub.flags = args->fixed ? IOMMUFD_REQ_FIXED_IOVA : 0;
	req.pub.iova = args->iova;
	req.pub.va = args->va;
	req.pub.length = args->length;
	req.pub.prot = args->prot;
	req.pub.source = IOMMUFD_SOURCE_USER;
	req.pub.npages = ((offset_in_page(args->va) + args->length - 1) >>
			  PAGE_SHIFT) + 1;
	rc = policy_admit(&req);
	op_end(st, &st->policy_ns, begin);
	return rc;
}

/*
 * The caller could not be told where it is. If another of its threads guessed,
 * and unmapped it already, it loses what it mapped there since.
 */
static void undo_map(struct ioas *ioas, const struct map_args *args,
		     struct op_stats *st)
{
	u64 unmapped, nr_areas;

	ioas_unmap(ioas, args->iova, args->iova + args->length - 1, &unmapped,
		   &nr_areas, st);
}

static int map_checked(struct ucmd *ucmd, struct map_args *args, u64 *cookie,
		       struct op_stats *st)
{
	struct iommu_ioas_map *cmd = ucmd->cmd;
	struct ioas *ioas;
	int rc;

	rc = check_map(cmd);
	if (rc)
		return rc;
	ioas = ioas_get(ucmd->ctx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	*cookie = ioas->view.cookie;
	rc = admit_map(ioas, args, st);
	if (!rc)
		rc = ioas_map_user(ioas, args, st);
	if (!rc) {
		cmd->iova = args->iova;
		rc = ucmd_respond(ucmd);
		if (rc)
			undo_map(ioas, args, st);
	}
	object_put(ucmd->ctx, &ioas->obj);
	return rc;
}

/**
 * cmd_ioas_map() - IOMMU_IOAS_MAP
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -EOVERFLOW a range that wraps;
 * -EINVAL no access, no length; -ENOENT no such IOAS; what policies say;
 * see ioas_map_user(); -EFAULT.
 */
int cmd_ioas_map(struct ucmd *ucmd)
{
	struct op_stats st = { .timed = trace_iommufd_map_enabled() };
	struct iommu_ioas_map *cmd = ucmd->cmd;
	u64 begin = op_begin(&st);
	struct map_args args;
	u64 cookie = 0;
	int rc;

	map_args_from(&args, cmd);
	rc = map_checked(ucmd, &args, &cookie, &st);

	if (trace_iommufd_map_enabled()) {
		struct iommufd_map_event ev = {
			.ctx_cookie = ucmd->ctx->view.cookie,
			.ioas_cookie = cookie,
			.ioas_id = cmd->ioas_id,
			.ret = rc,
			.va = args.va,
			.iova = args.iova,
			.length = args.length,
			.prot = args.prot,
			.flags = args.fixed ? IOMMUFD_REQ_FIXED_IOVA : 0,
			.nr_domains = args.nr_domains,
			.nr_runs = args.nr_runs,
			.pinned_pages = st.pinned,
			.policy_ns = st.policy_ns,
			.pin_ns = st.pin_ns,
			.account_ns = st.account_ns,
			.fill_ns = st.fill_ns,
		};

		op_end(&st, &ev.duration_ns, begin);
		trace_iommufd_map(&ev);
	}
	return rc;
}

static int unmap_checked(struct ucmd *ucmd, struct iommufd_unmap_event *ev,
			 struct op_stats *st)
{
	struct iommu_ioas_unmap *cmd = ucmd->cmd;
	bool all = !cmd->iova && cmd->length == U64_MAX;
	unsigned long last;
	struct ioas *ioas;
	int rc;

	if (all) {
		last = ULONG_MAX;
	} else {
		if (!cmd->length)
			return -EINVAL;
		if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX ||
		    check_add_overflow(cmd->iova, cmd->length - 1, &last))
			return -EOVERFLOW;
	}
	ioas = ioas_get(ucmd->ctx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ev->ioas_cookie = ioas->view.cookie;
	rc = ioas_unmap(ioas, cmd->iova, last, &ev->unmapped_bytes,
			&ev->nr_areas, st);
	object_put(ucmd->ctx, &ioas->obj);
	/* Nothing there: fine if everything was meant, else a mistake. */
	if (!rc && !ev->nr_areas && !all)
		rc = -ENOENT;
	if (!rc) {
		cmd->length = ev->unmapped_bytes;
		rc = ucmd_respond(ucmd);
	}
	return rc;
}

/**
 * cmd_ioas_unmap() - IOMMU_IOAS_UNMAP
 * @ucmd: the ioctl
 *
 * Return: 0; -EINVAL no length; -EOVERFLOW a range that wraps; -ENOENT no such
 * IOAS, nothing there, or an area only partly in the range; -EBUSY a race with
 * another map or unmap; -EFAULT.
 */
int cmd_ioas_unmap(struct ucmd *ucmd)
{
	struct op_stats st = { .timed = trace_iommufd_unmap_enabled() };
	struct iommu_ioas_unmap *cmd = ucmd->cmd;
	struct iommufd_unmap_event ev = {
		.ctx_cookie = ucmd->ctx->view.cookie,
		.ioas_id = cmd->ioas_id,
		.iova = cmd->iova,
		.length = cmd->length,
	};
	u64 begin = op_begin(&st);

	ev.ret = unmap_checked(ucmd, &ev, &st);
	ev.unpinned_pages = st.unpinned;
	ev.clear_ns = st.clear_ns;
	ev.unpin_ns = st.unpin_ns;
	op_end(&st, &ev.duration_ns, begin);
	trace_iommufd_unmap(&ev);
	return ev.ret;
}
