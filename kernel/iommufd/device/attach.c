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

/* The window for software MSI: once a HWPT, whichever group comes first. */
static int setup_sw_msi(struct device_group *group, struct hwpt *hwpt)
{
	int rc = 0;

	lockdep_assert_held(&group->lock);
	if (group->sw_msi_start == PHYS_ADDR_MAX)
		return 0;
	mutex_lock(&hwpt->ioas->iova_lock);
	if (!hwpt->msi_cookie)
		rc = iommu_get_msi_cookie(hwpt->domain, group->sw_msi_start);
	if (!rc)
		hwpt->msi_cookie = true;
	mutex_unlock(&hwpt->ioas->iova_lock);
	return rc;
}

static int attach_group(struct device_group *group, struct hwpt *hwpt)
{
	int rc;

	lockdep_assert_held(&group->lock);
	if (group->hwpt)
		return group->hwpt == hwpt ? 0 : -EINVAL;
	rc = setup_sw_msi(group, hwpt);
	if (rc)
		return rc;
	rc = iommu_attach_group(hwpt->domain, group->group);
	if (rc)
		return rc;
	group->hwpt = hwpt;
	return 0;
}

/*
 * Attach a device to a HWPT. -EINVAL means that they do not suit each other.
 * The caller holds a busy reference to the HWPT, or made it.
 */
static int attach_to_hwpt(struct iommufd_device *idev, struct hwpt *hwpt)
{
	struct device_group *group = idev->group;
	int rc;

	if (device_iommu_capable(idev->dev,
				 IOMMU_CAP_ENFORCE_CACHE_COHERENCY) &&
	    !hwpt->enforce_coherency)
		return -EINVAL;

	mutex_lock(&group->lock);
	if (idev->attached) {
		rc = -EBUSY;
		goto out;
	}
	rc = device_reserve_regions(idev, hwpt->ioas);
	if (rc)
		goto out;
	rc = attach_group(group, hwpt);
	if (rc) {
		device_unreserve_regions(idev, hwpt->ioas);
		goto out;
	}
	group->nr_attached++;
	idev->attached = true;
	WRITE_ONCE(idev->view.hwpt_id, hwpt->obj.id);
	WRITE_ONCE(idev->view.ioas_cookie, hwpt->ioas->view.cookie);
	object_use(idev->ctx, &hwpt->obj);
out:
	mutex_unlock(&group->lock);
	return rc;
}

/* The reverse. The device's reference to the HWPT goes to the caller. */
static struct hwpt *detach_from_hwpt(struct iommufd_device *idev)
{
	struct device_group *group = idev->group;
	struct hwpt *hwpt = NULL;

	mutex_lock(&group->lock);
	if (WARN_ON(!idev->attached))
		goto out;
	hwpt = group->hwpt;
	WRITE_ONCE(idev->view.hwpt_id, 0);
	WRITE_ONCE(idev->view.ioas_cookie, 0);
	idev->attached = false;
	if (!--group->nr_attached) {
		iommu_detach_group(hwpt->domain, group->group);
		group->hwpt = NULL;
	}
	device_unreserve_regions(idev, hwpt->ioas);
out:
	mutex_unlock(&group->lock);
	return hwpt;
}

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

static int attach_new_hwpt(struct iommufd_device *idev, struct ioas *ioas,
			   u32 *hwpt_id, struct op_stats *st)
{
	struct hwpt *hwpt = hwpt_create(ioas, idev->dev);
	int rc;

	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	hwpt->automatic = true;
	/*
	 * Attach first: reserved regions must be known before areas go in,
	 * and some drivers finish a domain only when it is attached.
	 */
	rc = attach_to_hwpt(idev, hwpt);
	if (rc)
		goto err_abort;
	rc = hwpt_fill(hwpt, st);
	if (rc)
		goto err_detach;
	*hwpt_id = hwpt->obj.id;
	hwpt_publish(hwpt);
	return 0;

err_detach:
	detach_from_hwpt(idev);
	object_unuse(idev->ctx, &hwpt->obj);
err_abort:
	hwpt_abort(hwpt);
	return rc;
}

static int attach_to_ioas(struct iommufd_device *idev, struct ioas *ioas,
			  struct iommufd_attach_event *ev, struct op_stats *st)
{
	struct hwpt *hwpt = NULL;
	int rc;

	/* Its holder may be pinning all memory of the IOAS. */
	if (mutex_lock_killable(&ioas->attach_lock))
		return -EINTR;
	while ((hwpt = next_automatic(ioas, hwpt))) {
		rc = attach_to_hwpt(idev, hwpt);
		if (rc != -EINVAL) {
			ev->hwpt_id = hwpt->obj.id;
			object_put(ioas->ctx, &hwpt->obj);
			goto out;
		}
	}
	rc = attach_new_hwpt(idev, ioas, &ev->hwpt_id, st);
	ev->created_hwpt = !rc;
out:
	mutex_unlock(&ioas->attach_lock);
	return rc;
}

static int admit(struct iommufd_device *idev, struct ioas *ioas,
		 struct op_stats *st)
{
	struct pin_request req;
	u64 begin;
	int rc;

	if (!policy_active())
		return 0;
	begin = op_begin(st);
	policy_init_request(&req, idev->ctx, IOMMUFD_OP_ATTACH);
	req.pub.ioas_cookie = ioas->view.cookie;
	req.pub.ioas_id = ioas->obj.id;
	req.pub.ioas_bytes = READ_ONCE(ioas->view.mapped_bytes);
	req.pub.device_id = idev->obj.id;
	/*
	 * Whether anything is pinned already can change until we attach, so
	 * say what it may come to.
	 */
	req.pub.npages = req.pub.ioas_bytes >> PAGE_SHIFT;
	rc = policy_admit(&req);
	op_end(st, &st->policy_ns, begin);
	return rc;
}

static int attach_to_object(struct iommufd_device *idev, u32 pt_id,
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
	rc = admit(idev, ioas, st);
	if (rc)
		goto out;
	if (!hwpt) {
		rc = attach_to_ioas(idev, ioas, ev, st);
		goto out;
	}
	rc = attach_to_hwpt(idev, hwpt);
	if (!rc)
		ev->hwpt_id = hwpt->obj.id;
out:
	object_put(idev->ctx, obj);
	return rc;
}

static void start_event(struct iommufd_device *idev,
			struct iommufd_attach_event *ev)
{
	ev->ctx_cookie = idev->ctx->view.cookie;
	ev->device_id = idev->obj.id;
	ev->group_id = idev->view.group_id;
	memcpy(ev->device, idev->view.name, sizeof(ev->device));
}

/**
 * iommufd_device_attach() - let a HWPT translate a device's DMA
 * @idev: the device, detached; the caller serialises attach and detach of it
 * @pasid: IOMMU_NO_PASID; others are not built yet
 * @pt_id: in: the id of an IOAS or a HWPT; out: the id of the HWPT
 *
 * For an IOAS any HWPT that suits is shared or a new one is made, filled with
 * all mappings. May sleep for long: memory may have to be pinned.
 *
 * Return: 0; -ENOENT: no such id; -EINVAL: not an IOAS or HWPT, or the device
 * cannot use it; -EBUSY: attached already; -EADDRINUSE: something is mapped
 * where the device or the IOMMU cannot reach; -EOPNOTSUPP for a PASID; what a
 * policy says; what pinning and mapping say. Nothing has changed then.
 */
int iommufd_device_attach(struct iommufd_device *idev, ioasid_t pasid,
			  u32 *pt_id)
{
	struct op_stats st = { .timed = trace_iommufd_attach_enabled() };
	struct iommufd_attach_event ev = { .pt_id = *pt_id };
	u64 begin = op_begin(&st);
	int rc;

	start_event(idev, &ev);
	rc = pasid == IOMMU_NO_PASID ?
		     attach_to_object(idev, *pt_id, &ev, &st) :
		     -EOPNOTSUPP;
	if (!rc)
		*pt_id = ev.hwpt_id;
	ev.ret = rc;
	ev.pinned_pages = st.pinned;
	ev.policy_ns = st.policy_ns;
	op_end(&st, &ev.duration_ns, begin);
	trace_iommufd_attach(&ev);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_attach, IOMMUFD);

/**
 * iommufd_device_detach() - stop translating a device's DMA: it reaches nothing
 * @idev: the device, attached; the caller serialises attach and detach of it
 * @pasid: as it was attached
 *
 * A HWPT that an attach made goes with its last device, and unpins what
 * nothing else needs. May sleep; cannot fail.
 */
void iommufd_device_detach(struct iommufd_device *idev, ioasid_t pasid)
{
	struct op_stats st = { .timed = trace_iommufd_detach_enabled() };
	struct iommufd_attach_event ev = {};
	u64 begin = op_begin(&st);
	struct iommufd_ctx *ctx = idev->ctx;
	struct hwpt *hwpt;
	struct ioas *ioas;

	if (WARN_ON(pasid != IOMMU_NO_PASID))
		return;
	start_event(idev, &ev);
	hwpt = detach_from_hwpt(idev);
	if (!hwpt)
		return;
	/* The HWPT's reference to the IOAS may be the last one. */
	ioas = hwpt->ioas;
	object_use(ctx, &ioas->obj);
	ev.hwpt_id = hwpt->obj.id;
	ev.ioas_cookie = ioas->view.cookie;
	if (hwpt->automatic) {
		mutex_lock(&ioas->attach_lock);
		object_unuse_destroy(ctx, &hwpt->obj);
		mutex_unlock(&ioas->attach_lock);
	} else {
		object_unuse(ctx, &hwpt->obj);
	}
	object_unuse(ctx, &ioas->obj);

	op_end(&st, &ev.duration_ns, begin);
	trace_iommufd_detach(&ev);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_detach, IOMMUFD);
