// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching: which HWPT translates a device's DMA.
 *
 * Attached to an IOAS, a device gets any HWPT of that IOAS that suits it, or
 * a new one. Attached to a HWPT, it gets that one or an error.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>

#include "device/device.h"
#include "policy/policy.h"
#include "space/hwpt.h"
#include "space/space.h"
#include "trace.h"

/* group_attach() or group_replace() */
typedef int (*attach_fn)(struct iommufd_device *idev, ioasid_t pasid,
			 struct hwpt *hwpt, struct hwpt **old);

/* The next HWPT of an IOAS that an attach may pick; @prev is given back. */
static struct hwpt *next_automatic(struct ioas *ioas, struct hwpt *prev)
{
	struct hwpt *hwpt;

	lockdep_assert_held(&ioas->attach_lock);
	mutex_lock(&ioas->iova_lock);
	/* The busy reference kept it in the list. */
	hwpt = prev ?: list_entry(&ioas->hwpts, struct hwpt, node);
	list_for_each_entry_continue(hwpt, &ioas->hwpts, node)
		if (hwpt->automatic && object_tryget(ioas->ctx, &hwpt->obj))
			goto out;
	hwpt = NULL;
out:
	mutex_unlock(&ioas->iova_lock);
	if (prev)
		object_put(ioas->ctx, &prev->obj);
	return hwpt;
}

/*
 * Attach before filling: reserved regions are known before areas go in, and
 * some drivers finish a domain only when it is attached.
 */
static int attach_then_fill(struct iommufd_device *idev, struct hwpt *hwpt,
			    struct op_stats *st)
{
	struct iommufd_attach_event ev;
	struct hwpt *old;
	int rc;

	rc = group_attach(idev, IOMMU_NO_PASID, hwpt, &old);
	if (rc)
		return rc;
	rc = hwpt_fill(hwpt, st);
	if (rc) {
		group_detach(idev, IOMMU_NO_PASID, &ev, &old);
		object_unuse(idev->ctx, &hwpt->obj);
	}
	return rc;
}

/* Fill before replacing: DMA that is under way must find its mappings. */
static int fill_then_replace(struct iommufd_device *idev, struct hwpt *hwpt,
			     struct hwpt **old, struct op_stats *st)
{
	int rc = hwpt_fill(hwpt, st);

	return rc ?: group_replace(idev, IOMMU_NO_PASID, hwpt, old);
}

static int attach_new_hwpt(struct iommufd_device *idev, struct ioas *ioas,
			   attach_fn attach, struct hwpt **old, u32 *hwpt_id,
			   struct op_stats *st)
{
	struct hwpt *hwpt = hwpt_create(ioas, idev->dev, 0, NULL);
	int rc;

	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	hwpt->automatic = true;
	if (attach == group_attach)
		rc = attach_then_fill(idev, hwpt, st);
	else
		rc = fill_then_replace(idev, hwpt, old, st);
	if (rc) {
		hwpt_abort(hwpt);
		return rc;
	}
	*hwpt_id = hwpt->obj.id;
	hwpt_publish(hwpt);
	return 0;
}

static int attach_to_ioas(struct iommufd_device *idev, struct ioas *ioas,
			  attach_fn attach, struct hwpt **old,
			  struct iommufd_attach_event *ev, struct op_stats *st)
{
	struct hwpt *hwpt = NULL;
	int rc;

	/* Its holder may be pinning all memory of the IOAS. */
	if (mutex_lock_killable(&ioas->attach_lock))
		return -EINTR;
	while ((hwpt = next_automatic(ioas, hwpt))) {
		rc = attach(idev, IOMMU_NO_PASID, hwpt, old);
		if (rc != -EINVAL) {
			ev->hwpt_id = hwpt->obj.id;
			object_put(ioas->ctx, &hwpt->obj);
			goto out;
		}
	}
	rc = attach_new_hwpt(idev, ioas, attach, old, &ev->hwpt_id, st);
	ev->created_hwpt = !rc;
out:
	mutex_unlock(&ioas->attach_lock);
	return rc;
}

/**
 * device_admit() - ask policies whether a device may use an IOAS
 * @idev: the device
 * @ioas: the IOAS; the caller holds a busy reference
 * @st: counts
 *
 * No lock is held. May sleep.
 * Return: see policy_admit().
 */
int device_admit(struct iommufd_device *idev, struct ioas *ioas,
		 struct op_stats *st)
{
	struct pin_request req __uninitialized;

	if (!policy_active())
		return 0;
	ioas_init_request(ioas, &req, IOMMUFD_OP_ATTACH);
	req.pub.device_id = idev->obj.id;
	/*
	 * Whether anything is pinned already can change until we attach, so
	 * say what it may come to.
	 */
	req.pub.npages = req.pub.ioas_bytes >> PAGE_SHIFT;
	return policy_admit(&req, st);
}

static int attach_to_object(struct iommufd_device *idev, ioasid_t pasid,
			    u32 pt_id, attach_fn attach, struct hwpt **old,
			    struct iommufd_attach_event *ev,
			    struct op_stats *st)
{
	struct object *obj = object_get(idev->ctx, pt_id, OBJECT_ANY);
	struct hwpt *hwpt = NULL;
	struct ioas *ioas;
	int rc;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	switch (obj->type) {
	case OBJECT_IOAS:
		/* HWPTs that an attach makes are not for PASIDs. */
		if (pasid != IOMMU_NO_PASID) {
			rc = -EINVAL;
			goto out;
		}
		ioas = container_of(obj, struct ioas, obj);
		break;
	case OBJECT_HWPT:
		hwpt = container_of(obj, struct hwpt, obj);
		ioas = hwpt->ioas;
		break;
	default:
		rc = -EINVAL;
		goto out;
	}
	ev->ioas_cookie = ioas->view.cookie;
	rc = device_admit(idev, ioas, st);
	if (rc)
		goto out;
	if (hwpt) {
		rc = attach(idev, pasid, hwpt, old);
		ev->hwpt_id = hwpt->obj.id;
	} else {
		rc = attach_to_ioas(idev, ioas, attach, old, ev, st);
	}
out:
	object_put(idev->ctx, obj);
	return rc;
}

static void start_event(struct iommufd_device *idev, ioasid_t pasid,
			struct iommufd_attach_event *ev)
{
	ev->ctx_cookie = idev->ctx->view.cookie;
	ev->device_id = idev->obj.id;
	ev->group_id = idev->view.group_id;
	ev->pasid = pasid;
	memcpy(ev->device, idev->view.name, sizeof(ev->device));
}

static int attach_or_replace(struct iommufd_device *idev, ioasid_t pasid,
			     u32 *pt_id, attach_fn attach,
			     struct iommufd_attach_event *ev,
			     struct op_stats *st)
{
	u64 begin = op_begin(st);
	struct hwpt *old = NULL;
	int rc;

	start_event(idev, pasid, ev);
	ev->pt_id = *pt_id;
	rc = attach_to_object(idev, pasid, *pt_id, attach, &old, ev, st);
	if (!rc)
		*pt_id = ev->hwpt_id;
	if (old)
		hwpt_put(old);
	ev->ret = rc;
	ev->pinned_pages = st->pinned;
	ev->policy_ns = st->policy_ns;
	ev->pin_ns = st->pin_ns;
	ev->account_ns = st->account_ns;
	ev->fill_ns = st->fill_ns;
	op_end(st, &ev->duration_ns, begin);
	return rc;
}

/**
 * iommufd_device_attach() - let a HWPT translate a device's DMA
 * @idev: the device, detached; the caller serialises attach and detach of it
 * @pasid: of which DMA; IOMMU_NO_PASID for that without one
 * @pt_id: in: the id of an IOAS or a HWPT, for a PASID a HWPT; out: the id of
 *	the HWPT
 *
 * For an IOAS any HWPT that suits is shared or a new one is made, filled with
 * all mappings. May sleep for long: memory may have to be pinned.
 *
 * Return: 0; -ENOENT: no such id; -EINVAL: not an IOAS or HWPT, or the device
 * cannot use it; -EBUSY: attached already; -EADDRINUSE: something is mapped
 * where the device or the IOMMU cannot reach; -EOPNOTSUPP the IOMMU's driver
 * cannot attach PASIDs; what that driver, a policy, pinning and mapping say.
 * Nothing has changed then.
 */
int iommufd_device_attach(struct iommufd_device *idev, ioasid_t pasid,
			  u32 *pt_id)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_ATTACH,
		.timed = trace_iommufd_attach_enabled(),
		.ctx = &idev->ctx->view,
	};
	struct iommufd_attach_event ev = {};
	int rc;

	rc = attach_or_replace(idev, pasid, pt_id, group_attach, &ev, &st);
	trace_iommufd_attach(&ev);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_attach, IOMMUFD);

/**
 * iommufd_device_replace() - let another HWPT translate a device's DMA
 * @idev: the device, attached; the caller serialises attach and detach of it
 * @pasid: of which DMA; IOMMU_NO_PASID for that without one
 * @pt_id: in: the id of an IOAS or a HWPT, for a PASID a HWPT; out: the id of
 *	the HWPT
 *
 * As iommufd_device_attach(), and moves the device's whole group. The new HWPT
 * is filled before the old one is left.
 *
 * Return: as iommufd_device_attach(); -EINVAL also if the device is not
 * attached; -EOPNOTSUPP also if the IOMMU's driver cannot replace what a PASID
 * is attached to. Everything is as before then.
 */
int iommufd_device_replace(struct iommufd_device *idev, ioasid_t pasid,
			   u32 *pt_id)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_REPLACE,
		.timed = trace_iommufd_replace_enabled(),
		.ctx = &idev->ctx->view,
	};
	struct iommufd_attach_event ev = {};
	int rc;

	rc = attach_or_replace(idev, pasid, pt_id, group_replace, &ev, &st);
	trace_iommufd_replace(&ev);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_replace, IOMMUFD);

/**
 * iommufd_device_detach() - stop translating a device's DMA: it reaches nothing
 * @idev: the device, attached; the caller serialises attach and detach of it
 * @pasid: as it was attached; IOMMU_NO_PASID only when no PASID is any more
 *
 * A HWPT that an attach made goes with its last device, and unpins what
 * nothing else needs. May sleep; cannot fail.
 */
void iommufd_device_detach(struct iommufd_device *idev, ioasid_t pasid)
{
	struct op_stats st = {
		.op = IOMMUFD_OP_DETACH,
		.timed = trace_iommufd_detach_enabled(),
	};
	struct iommufd_attach_event ev = {};
	u64 begin = op_begin(&st);
	struct hwpt *old;

	start_event(idev, pasid, &ev);
	group_detach(idev, pasid, &ev, &old);
	if (old)
		hwpt_put(old);
	op_end(&st, &ev.duration_ns, begin);
	trace_iommufd_detach(&ev);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_detach, IOMMUFD);
