// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC: HWPTs that user space asks for, and chooses itself when it
 * attaches: paging ones, and nested ones on top of those.
 */
#include <linux/iommu.h>
#include <uapi/linux/iommufd_ext.h>

#include "device/device.h"
#include "fault/fault.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "trace_object.h"
#include "ucmd.h"

static int check_hwpt_alloc(const struct iommu_hwpt_alloc *cmd)
{
	const u32 known = IOMMU_HWPT_ALLOC_NEST_PARENT |
			  IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
			  IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID;

	if (cmd->flags & ~known || cmd->__reserved || cmd->__reserved2)
		return -EOPNOTSUPP;
	/* A nest parent's faults are those of the HWPTs on top of it. */
	if (cmd->flags & IOMMU_HWPT_ALLOC_NEST_PARENT &&
	    cmd->flags & IOMMU_HWPT_FAULT_ID_VALID)
		return -EOPNOTSUPP;
	if (cmd->data_type == IOMMU_HWPT_DATA_NONE)
		return cmd->data_len || cmd->data_uptr ? -EINVAL : 0;
	return cmd->data_len ? 0 : -EINVAL;
}

static u32 driver_flags(const struct iommu_hwpt_alloc *cmd)
{
	return cmd->flags & ~IOMMU_HWPT_FAULT_ID_VALID;
}

/* Where the driver finds what user space tells it; NULL if that is nothing. */
static const struct iommu_user_data *
user_data(const struct iommu_hwpt_alloc *cmd, struct iommu_user_data *data)
{
	if (cmd->data_type == IOMMU_HWPT_DATA_NONE)
		return NULL;
	data->type = cmd->data_type;
	data->uptr = u64_to_user_ptr(cmd->data_uptr);
	data->len = cmd->data_len;
	return data;
}

static struct hwpt *make_paging(struct ucmd *ucmd, struct iommufd_device *idev,
				struct ioas *ioas, struct op_stats *st)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct iommu_user_data data;
	struct hwpt *hwpt;
	int rc;

	/* It pins all that the IOAS maps, as an attach does. */
	rc = device_admit(idev, ioas, st);
	if (rc)
		return ERR_PTR(rc);
	hwpt = hwpt_create(ioas, idev->dev, driver_flags(cmd),
			   user_data(cmd, &data));
	if (IS_ERR(hwpt))
		return hwpt;
	rc = hwpt_fill(hwpt, st);
	if (rc) {
		hwpt_abort(hwpt);
		return ERR_PTR(rc);
	}
	return hwpt;
}

/**
 * hwpt_nested_args() - what a driver is told of a nested HWPT
 * @cmd: the ioctl's, checked
 * @flags: set to the flags
 * @data: filled in
 *
 * Return: 0; -EOPNOTSUPP: a nested HWPT cannot be like that.
 */
int hwpt_nested_args(const struct iommu_hwpt_alloc *cmd, u32 *flags,
		     struct iommu_user_data *data)
{
	*flags = driver_flags(cmd);
	if (*flags & ~IOMMU_HWPT_ALLOC_PASID || !user_data(cmd, data))
		return -EOPNOTSUPP;
	return 0;
}

static struct hwpt *make_nested(struct ucmd *ucmd, struct iommufd_device *idev,
				struct hwpt *parent)
{
	struct iommu_user_data data;
	u32 flags;
	int rc = hwpt_nested_args(ucmd->cmd, &flags, &data);

	if (rc)
		return ERR_PTR(rc);
	return hwpt_create_nested(parent, idev->dev, flags, &data);
}

/**
 * make_hwpt() - a HWPT of an IOAS or on top of another HWPT
 * @ucmd: the ioctl, checked
 * @idev: the device, held
 * @pt: any object, held
 * @st: says what for; counts
 *
 * Return: the HWPT, for hwpt_publish() or hwpt_abort(); or an ERR_PTR: -EINVAL
 * it is neither; see cmd_hwpt_alloc().
 */
struct hwpt *make_hwpt(struct ucmd *ucmd, struct iommufd_device *idev,
		       struct object *pt, struct op_stats *st)
{
	switch (pt->type) {
	case OBJECT_IOAS:
		return make_paging(ucmd, idev,
				   container_of(pt, struct ioas, obj), st);
	case OBJECT_HWPT:
		return make_nested(ucmd, idev,
				   container_of(pt, struct hwpt, obj));
	default:
		return ERR_PTR(-EINVAL);
	}
}

static int set_faults(struct ucmd *ucmd, struct hwpt *hwpt)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct object *queue;

	if (!(cmd->flags & IOMMU_HWPT_FAULT_ID_VALID))
		return 0;
	queue = object_get(ucmd->ctx, cmd->fault_id, OBJECT_FAULT);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	hwpt_report_faults(hwpt, container_of(queue, struct fault_queue, obj),
			   device_deliver_fault);
	object_put(ucmd->ctx, queue);
	return 0;
}

static int alloc_hwpt(struct ucmd *ucmd, make_hwpt_fn make,
		      struct iommufd_device *idev, struct object *pt,
		      struct iommufd_hwpt_event *ev, struct op_stats *st)
{
	struct hwpt *hwpt = make(ucmd, idev, pt, st);
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	int rc;

	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	rc = set_faults(ucmd, hwpt);
	if (!rc) {
		cmd->out_hwpt_id = hwpt->obj.id;
		rc = ucmd_respond(ucmd);
	}
	if (rc) {
		hwpt_abort(hwpt);
		return rc;
	}
	ev->ioas_cookie = hwpt->ioas->view.cookie;
	ev->hwpt_cookie = hwpt->obj.shadow.cookie;
	ev->hwpt_id = hwpt->obj.id;
	ev->type = hwpt_type(hwpt);
	hwpt_publish(hwpt);
	return 0;
}

static int get_and_alloc(struct ucmd *ucmd, make_hwpt_fn make,
			 struct iommufd_hwpt_event *ev, struct op_stats *st)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct object *dev_obj;
	struct object *pt;
	int rc;

	rc = check_hwpt_alloc(cmd);
	if (rc)
		return rc;
	dev_obj = object_get(ucmd->ctx, cmd->dev_id, OBJECT_DEVICE);
	if (IS_ERR(dev_obj))
		return PTR_ERR(dev_obj);
	pt = object_get(ucmd->ctx, cmd->pt_id, OBJECT_ANY);
	if (IS_ERR(pt)) {
		rc = -EINVAL;
	} else {
		rc = alloc_hwpt(ucmd, make,
				container_of(dev_obj, struct iommufd_device,
					     obj), pt, ev, st);
		object_put(ucmd->ctx, pt);
	}
	object_put(ucmd->ctx, dev_obj);
	return rc;
}

static noinline void report_alloc(struct ucmd *ucmd,
				  struct iommufd_hwpt_event *ev,
				  const struct op_stats *st, u64 begin)
{
	const struct iommu_hwpt_alloc *cmd = ucmd->cmd;

	ev->ctx_cookie = ucmd->ctx->view.cookie;
	ev->device_id = cmd->dev_id;
	ev->pt_id = cmd->pt_id;
	ev->flags = cmd->flags;
	ev->data_type = cmd->data_type;
	if (cmd->flags & IOMMU_HWPT_FAULT_ID_VALID)
		ev->fault_id = cmd->fault_id;
	ev->pinned_pages = st->pinned;
	ev->policy_ns = st->policy_ns;
	ev->pin_ns = st->pin_ns;
	ev->account_ns = st->account_ns;
	ev->fill_ns = st->fill_ns;
	op_end(st, &ev->duration_ns, begin);
	trace_iommufd_hwpt_alloc(ev);
}

/**
 * hwpt_alloc_by() - IOMMU_HWPT_ALLOC, whatever it is made of
 * @ucmd: the ioctl
 * @make: makes it
 *
 * Return: 0; -EOPNOTSUPP unknown flags; -EINVAL arguments that do not fit each
 * other, or no such page table; -ENOENT no such device or fault queue; what
 * @make says; -EFAULT.
 */
int hwpt_alloc_by(struct ucmd *ucmd, make_hwpt_fn make)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_HWPT_ALLOC,
		.timed = trace_iommufd_hwpt_alloc_enabled(),
		.ctx = &ucmd->ctx->view,
	};
	struct iommufd_hwpt_event ev = {};
	u64 begin = op_begin(&st);

	ev.ret = get_and_alloc(ucmd, make, &ev, &st);
	if (trace_iommufd_hwpt_alloc_enabled())
		report_alloc(ucmd, &ev, &st, begin);
	return ev.ret;
}

/**
 * cmd_hwpt_alloc() - IOMMU_HWPT_ALLOC of an IOAS or on top of a HWPT
 * @ucmd: the ioctl
 *
 * Return: see hwpt_alloc_by(); -EOPNOTSUPP nothing that this IOMMU can do; see
 * hwpt_create(), hwpt_create_nested() and ioas_join_hwpt().
 */
int cmd_hwpt_alloc(struct ucmd *ucmd)
{
	return hwpt_alloc_by(ucmd, make_hwpt);
}
