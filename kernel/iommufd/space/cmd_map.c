// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that map and unmap: what the caller says is checked here, once,
 * and becomes arguments that the rest of space/ can trust.
 */
#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd_ext.h>

#include "policy/policy.h"
#include "space/space.h"
#include "trace.h"
#include "ucmd.h"

/* The flags of MAP and COPY. */
static int check_flags(u32 flags)
{
	const u32 access = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE;

	if (flags & ~(access | IOMMU_IOAS_MAP_FIXED_IOVA))
		return -EOPNOTSUPP;
	return flags & access ? 0 : -EINVAL;
}

static int check_map(const struct iommu_ioas_map *cmd)
{
	u64 end;
	int rc = check_flags(cmd->flags);

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	if (rc)
		return rc;
	if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX ||
	    check_add_overflow(cmd->user_va, cmd->length, &end))
		return -EOVERFLOW;
	return cmd->length ? 0 : -EINVAL;
}

static void map_args_init(struct map_args *args, u32 flags, u64 iova,
			  u64 length)
{
	memset(args, 0, sizeof(*args));
	args->fixed = flags & IOMMU_IOAS_MAP_FIXED_IOVA;
	/* Without that flag the IOVA is an output. */
	args->iova = args->fixed ? iova : 0;
	args->length = length;
	if (flags & IOMMU_IOAS_MAP_READABLE)
		args->prot |= IOMMUFD_PROT_READ;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE)
		args->prot |= IOMMUFD_PROT_WRITE;
}

static enum iommufd_source map_source(const struct map_args *args)
{
	if (args->dmabuf)
		return IOMMUFD_SOURCE_DMABUF;
	return args->file ? IOMMUFD_SOURCE_FILE : IOMMUFD_SOURCE_USER;
}

static int admit_map(struct ioas *ioas, const struct map_args *args,
		     enum iommufd_op op, u64 npages, struct op_stats *st)
{
	/* The compiler clears it otherwise, whether anybody is asked or not. */
	struct pin_request req __uninitialized;

	if (!policy_active())
		return 0;
	ioas_init_request(ioas, &req, op);
	req.pub.flags = args->fixed ? IOMMUFD_REQ_FIXED_IOVA : 0;
	req.pub.iova = args->iova;
	req.pub.va = args->va;
	req.pub.length = args->length;
	req.pub.prot = args->prot;
	req.pub.source = map_source(args);
	req.pub.npages = npages;
	return policy_admit(&req, st);
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

static void fill_event(struct iommufd_map_event *ev,
		       const struct map_args *args, const struct op_stats *st)
{
	ev->va = args->va;
	ev->iova = args->iova;
	ev->length = args->length;
	ev->prot = args->prot;
	ev->flags = args->fixed ? IOMMUFD_REQ_FIXED_IOVA : 0;
	ev->nr_domains = args->nr_domains;
	ev->nr_runs = args->nr_runs;
	ev->pinned_pages = st->pinned;
	ev->policy_ns = st->policy_ns;
	ev->pin_ns = st->pin_ns;
	ev->account_ns = st->account_ns;
	ev->fill_ns = st->fill_ns;
}

static enum iommufd_op map_op(const struct map_args *args)
{
	return map_source(args) == IOMMUFD_SOURCE_USER ? IOMMUFD_OP_MAP :
							 IOMMUFD_OP_MAP_FILE;
}

static void trace_map(struct iommufd_map_event *ev, struct map_args *args,
		      struct op_stats *st, u64 begin)
{
	ev->op = map_op(args);
	fill_event(ev, args, st);
	op_end(st, &ev->duration_ns, begin);
	trace_iommufd_map(ev);
}

static int admit_and_map(struct ioas *ioas, struct map_args *args,
			 struct op_stats *st)
{
	u64 npages = ((offset_in_page(args->va) + args->length - 1) >>
		      PAGE_SHIFT) + 1;
	int rc = admit_map(ioas, args, map_op(args), npages, st);

	return rc ?: ioas_map(ioas, args, st);
}

/* What the structure says has been checked; @iova in it is the answer. */
static int map_and_respond(struct ucmd *ucmd, u32 ioas_id, u64 *iova,
			   struct map_args *args, u64 *cookie,
			   struct op_stats *st)
{
	struct ioas *ioas;
	int rc;

	ioas = ioas_get(ucmd->ctx, ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	*cookie = ioas->view.cookie;
	rc = admit_and_map(ioas, args, st);
	if (!rc) {
		*iova = args->iova;
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
 * see ioas_map(); -EFAULT.
 */
int cmd_ioas_map(struct ucmd *ucmd)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_MAP,
		.timed = trace_iommufd_map_enabled(),
		.ctx = &ucmd->ctx->view,
	};
	struct iommu_ioas_map *cmd = ucmd->cmd;
	u64 begin = op_begin(&st);
	struct map_args args;
	u64 cookie = 0;
	int rc;

	map_args_init(&args, cmd->flags, cmd->iova, cmd->length);
	args.va = cmd->user_va;
	rc = check_map(cmd);
	if (!rc)
		rc = map_and_respond(ucmd, cmd->ioas_id, &cmd->iova, &args,
				     &cookie, &st);
	if (trace_iommufd_map_enabled()) {
		struct iommufd_map_event ev = {
			.ctx_cookie = ucmd->ctx->view.cookie,
			.ioas_cookie = cookie,
			.ioas_id = cmd->ioas_id,
			.ret = rc,
		};

		trace_map(&ev, &args, &st, begin);
	}
	return rc;
}

/**
 * ioas_map_for_container() - what VFIO_IOMMU_MAP_DMA asks for
 * @ioas: the IOAS; the caller holds a busy reference
 * @args: what and where
 *
 * Policies are asked; it is traced as a map like any other.
 * Return: what policies say; see ioas_map().
 */
int ioas_map_for_container(struct ioas *ioas, struct map_args *args)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_MAP,
		.timed = trace_iommufd_map_enabled(),
		.ctx = &ioas->ctx->view,
	};
	u64 begin = op_begin(&st);
	int rc = admit_and_map(ioas, args, &st);

	if (trace_iommufd_map_enabled()) {
		struct iommufd_map_event ev = {
			.ctx_cookie = ioas->ctx->view.cookie,
			.ioas_cookie = ioas->view.cookie,
			.ioas_id = ioas->obj.id,
			.ret = rc,
		};

		trace_map(&ev, args, &st, begin);
	}
	return rc;
}

static int check_map_file(const struct iommu_ioas_map_file *cmd)
{
	u64 end;
	int rc = check_flags(cmd->flags);

	if (rc)
		return rc;
	/* An offset in a file is signed. */
	if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX ||
	    check_add_overflow(cmd->start, cmd->length, &end) ||
	    end > LLONG_MAX)
		return -EOVERFLOW;
	return cmd->length ? 0 : -EINVAL;
}

static int get_file_or_dmabuf(int fd, struct map_args *args)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);

	if (!IS_ERR(dmabuf)) {
		args->dmabuf = dmabuf;
		return 0;
	}
	args->file = fget(fd);
	return args->file ? 0 : -EBADF;
}

/**
 * cmd_ioas_map_file() - IOMMU_IOAS_MAP_FILE
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -EOVERFLOW a range that wraps;
 * -EINVAL no access, no length; -EBADF nothing is open there; -ENOENT no such
 * IOAS; what policies say; see ioas_map(); -EFAULT.
 */
int cmd_ioas_map_file(struct ucmd *ucmd)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_MAP_FILE,
		.timed = trace_iommufd_map_enabled(),
		.ctx = &ucmd->ctx->view,
	};
	struct iommu_ioas_map_file *cmd = ucmd->cmd;
	u64 begin = op_begin(&st);
	struct map_args args;
	u64 cookie = 0;
	int rc;

	map_args_init(&args, cmd->flags, cmd->iova, cmd->length);
	args.va = cmd->start;
	rc = check_map_file(cmd);
	if (!rc) {
		rc = get_file_or_dmabuf(cmd->fd, &args);
		args.importer = ucmd->dev;
	}
	if (!rc)
		rc = map_and_respond(ucmd, cmd->ioas_id, &cmd->iova, &args,
				     &cookie, &st);
	if (trace_iommufd_map_enabled()) {
		struct iommufd_map_event ev = {
			.ctx_cookie = ucmd->ctx->view.cookie,
			.ioas_cookie = cookie,
			.ioas_id = cmd->ioas_id,
			.ret = rc,
		};

		trace_map(&ev, &args, &st, begin);
	}
	if (args.file)
		fput(args.file);
	if (args.dmabuf)
		dma_buf_put(args.dmabuf);
	return rc;
}

static int check_copy(const struct iommu_ioas_copy *cmd)
{
	u64 last;
	int rc = check_flags(cmd->flags);

	if (rc)
		return rc;
	if (cmd->length >= ULONG_MAX || cmd->src_iova >= ULONG_MAX ||
	    cmd->dst_iova >= ULONG_MAX)
		return -EOVERFLOW;
	if (!cmd->length)
		return -EINVAL;
	if (check_add_overflow(cmd->src_iova, cmd->length - 1, &last))
		return -EOVERFLOW;
	return 0;
}

static int admit_copy(struct ioas *dst, const struct map_args *args,
		      u64 npages, struct op_stats *st)
{
	return admit_map(dst, args, IOMMUFD_OP_COPY, npages, st);
}

static int copy_checked(struct ucmd *ucmd, struct map_args *args, u64 *cookie,
			struct op_stats *st)
{
	struct iommu_ioas_copy *cmd = ucmd->cmd;
	struct ioas *src, *dst;
	int rc;

	rc = check_copy(cmd);
	if (rc)
		return rc;
	src = ioas_get(ucmd->ctx, cmd->src_ioas_id);
	if (IS_ERR(src))
		return PTR_ERR(src);
	dst = ioas_get(ucmd->ctx, cmd->dst_ioas_id);
	if (IS_ERR(dst)) {
		rc = PTR_ERR(dst);
		goto out_src;
	}
	*cookie = dst->view.cookie;
	rc = ioas_copy(dst, src, cmd->src_iova, args, admit_copy, st);
	if (!rc) {
		cmd->dst_iova = args->iova;
		rc = ucmd_respond(ucmd);
		if (rc)
			undo_map(dst, args, st);
	}
	object_put(ucmd->ctx, &dst->obj);
out_src:
	object_put(ucmd->ctx, &src->obj);
	return rc;
}

/**
 * cmd_ioas_copy() - IOMMU_IOAS_COPY
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -EOVERFLOW a range that wraps; -EINVAL
 * no access, no length; -ENOENT no such IOAS; what policies say; see
 * ioas_copy(); -EFAULT.
 */
int cmd_ioas_copy(struct ucmd *ucmd)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_COPY,
		.timed = trace_iommufd_copy_enabled(),
		.ctx = &ucmd->ctx->view,
	};
	struct iommu_ioas_copy *cmd = ucmd->cmd;
	u64 begin = op_begin(&st);
	struct map_args args;
	u64 cookie = 0;
	int rc;

	map_args_init(&args, cmd->flags, cmd->dst_iova, cmd->length);
	rc = copy_checked(ucmd, &args, &cookie, &st);

	if (trace_iommufd_copy_enabled()) {
		struct iommufd_map_event ev = {
			.op = IOMMUFD_OP_COPY,
			.ctx_cookie = ucmd->ctx->view.cookie,
			.ioas_cookie = cookie,
			.ioas_id = cmd->dst_ioas_id,
			.src_ioas_id = cmd->src_ioas_id,
			.src_iova = cmd->src_iova,
			.ret = rc,
		};

		fill_event(&ev, &args, &st);
		op_end(&st, &ev.duration_ns, begin);
		trace_iommufd_copy(&ev);
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

static void trace_unmap(struct iommufd_unmap_event *ev, struct op_stats *st,
			u64 begin)
{
	if (!trace_iommufd_unmap_enabled())
		return;
	ev->unpinned_pages = st->unpinned;
	ev->clear_ns = st->clear_ns;
	ev->unpin_ns = st->unpin_ns;
	op_end(st, &ev->duration_ns, begin);
	trace_iommufd_unmap(ev);
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
	struct op_stats st = {
		.op = IOMMUFD_OP_UNMAP,
		.timed = trace_iommufd_unmap_enabled(),
		.ctx = &ucmd->ctx->view,
	};
	struct iommu_ioas_unmap *cmd = ucmd->cmd;
	struct iommufd_unmap_event ev = {
		.ctx_cookie = ucmd->ctx->view.cookie,
		.ioas_id = cmd->ioas_id,
		.iova = cmd->iova,
		.length = cmd->length,
	};
	u64 begin = op_begin(&st);

	ev.ret = unmap_checked(ucmd, &ev, &st);
	trace_unmap(&ev, &st, begin);
	return ev.ret;
}

/**
 * ioas_unmap_for_container() - what VFIO_IOMMU_UNMAP_DMA asks for
 * @ioas: the IOAS; the caller holds a busy reference
 * @first: first IOVA
 * @last: last IOVA
 * @unmapped: set to the bytes that were unmapped
 *
 * It is traced as an unmap like any other.
 * Return: see ioas_unmap(): 0 also if there was nothing.
 */
int ioas_unmap_for_container(struct ioas *ioas, unsigned long first,
			     unsigned long last, u64 *unmapped)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_UNMAP,
		.timed = trace_iommufd_unmap_enabled(),
		.ctx = &ioas->ctx->view,
	};
	struct iommufd_unmap_event ev = {
		.ctx_cookie = ioas->ctx->view.cookie,
		.ioas_cookie = ioas->view.cookie,
		.ioas_id = ioas->obj.id,
		.iova = first,
		/* All there is, as an unmap of everything says it. */
		.length = first || last != ULONG_MAX ? last - first + 1 :
						       U64_MAX,
	};
	u64 begin = op_begin(&st);

	ev.ret = ioas_unmap(ioas, first, last, &ev.unmapped_bytes,
			    &ev.nr_areas, &st);
	trace_unmap(&ev, &st, begin);
	*unmapped = ev.unmapped_bytes;
	return ev.ret;
}
