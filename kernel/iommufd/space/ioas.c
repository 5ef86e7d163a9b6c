// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOAS as an object: made, destroyed. space.h says what it is.
 */
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>

#include "policy/dirty.h"
#include "policy/policy.h"
#include "space/hwpt.h"
#include "space/space.h"

static void ioas_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct ioas *ioas = container_of(obj, struct ioas, obj);
	struct op_stats st = { .op = IOMMUFD_OP_DESTROY };
	u64 unmapped, nr_areas;

	/* It cannot be found any more; nor can policies be attached to it. */
	if (policy_active() || dirty_policy_active())
		policy_ioas_gone();
	/* Every HWPT is a user of the IOAS, so there is none any more. */
	WARN_ON(!list_empty(&ioas->hwpts));
	WARN_ON(ioas_unmap(ioas, 0, ULONG_MAX, &unmapped, &nr_areas, &st));
	/* What was reserved for as long as it lives. */
	mutex_lock(&ioas->iova_lock);
	ioas_unreserve(ioas, ioas);
	mutex_unlock(&ioas->iova_lock);
	WARN_ON(!RB_EMPTY_ROOT(&ioas->reserved.rb_root));
	reservations_free(&ioas->allowed);
	WARN_ON(!RB_EMPTY_ROOT(&ioas->areas.tree));
	mutex_destroy(&ioas->iova_lock);
	mutex_destroy(&ioas->attach_lock);
	WRITE_ONCE(ioas->view.gone, 1);
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
	INIT_LIST_HEAD(&ioas->accesses);
	init_waitqueue_head(&ioas->wait);
	ioas->huge_pages = true;
	ioas->alignment = 1;
	ioas_iova_init(ioas);
	ioas->view.cookie = ioas->obj.shadow.cookie;
	ioas->view.ctx_cookie = ctx->view.cookie;
	ioas->view.created_ns = ktime_get_boottime_ns();
	ioas->view.id = ioas->obj.id;
	ioas->view.alignment = ioas->alignment;
	ioas->view.flags = IOMMUFD_IOAS_HUGE_PAGES;
	return ioas;
}

/**
 * ioas_set_huge_pages() - may contiguous memory become huge IO pages?
 * @ioas: the IOAS
 * @enable: yes, or no: everything is mapped in pages of PAGE_SIZE
 *
 * Takes iova_lock.
 * Return: 0; -EINVAL to disable them while a HWPT may hold
 * something; -EADDRINUSE to disable them when something mapped is not aligned
 * to PAGE_SIZE.
 */
int ioas_set_huge_pages(struct ioas *ioas, bool enable)
{
	int rc = 0;

	mutex_lock(&ioas->iova_lock);
	if (enable == ioas->huge_pages)
		goto out;
	if (!enable && !list_empty(&ioas->hwpts) && ioas->view.nr_areas) {
		rc = -EINVAL;
		goto out;
	}
	if (!enable)
		rc = ioas_check_alignment(ioas, PAGE_SIZE);
	if (rc)
		goto out;
	ioas->huge_pages = enable;
	WRITE_ONCE(ioas->view.flags, enable ? IOMMUFD_IOAS_HUGE_PAGES : 0);
	ioas_update_alignment(ioas);
out:
	mutex_unlock(&ioas->iova_lock);
	return rc;
}

/**
 * ioas_page_sizes() - the page sizes that all HWPTs of an IOAS know
 * @ioas: the IOAS; iova_lock is held
 *
 * Return: a bit for each, from PAGE_SIZE up, which smaller ones add up to.
 * Without HWPTs: every bit.
 */
unsigned long ioas_page_sizes(struct ioas *ioas)
{
	unsigned long sizes = ULONG_MAX;
	struct hwpt *hwpt;

	lockdep_assert_held(&ioas->iova_lock);
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		sizes &= hwpt->domain->pgsize_bitmap;
	if (sizes & ~PAGE_MASK)
		sizes |= PAGE_SIZE;
	return sizes & PAGE_MASK;
}

/**
 * ioas_enforces_coherency() - can no device here bypass the CPU's caches?
 * @ioas: the IOAS
 *
 * Takes iova_lock.
 * Return: true if no HWPT lets one; also without HWPTs.
 */
bool ioas_enforces_coherency(struct ioas *ioas)
{
	struct hwpt *hwpt;
	bool all = true;

	mutex_lock(&ioas->iova_lock);
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		all &= hwpt->enforce_coherency;
	mutex_unlock(&ioas->iova_lock);
	return all;
}

/**
 * ioas_init_request() - begin to ask policies about an IOAS
 * @ioas: the IOAS
 * @req: the request; what is not of the task or the IOAS is zero
 * @op: enum iommufd_op
 */
void ioas_init_request(struct ioas *ioas, struct pin_request *req,
		       enum iommufd_op op)
{
	policy_init_request(req, ioas->ctx, op);
	req->pub.ioas_cookie = ioas->view.cookie;
	req->pub.ioas_id = ioas->obj.id;
	req->pub.ioas_bytes = READ_ONCE(ioas->view.mapped_bytes);
	req->pub.ioas_pages = READ_ONCE(ioas->view.pinned_pages);
}
