// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: mapping, unmapping, and keeping every HWPT of an IOAS filled with
 * exactly its areas. space.h explains the locks.
 */
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "domain/domain.h"
#include "space/hwpt.h"
#include "space/space.h"

static void area_free(struct area *area)
{
	if (area->mem)
		mem_put(area->mem);
	kfree_rcu(area, rcu);
}

static int to_iommu_prot(u32 prot)
{
	/* Without IOMMU_CACHE a device would not see the CPU's caches. */
	return IOMMU_CACHE | (prot & IOMMUFD_PROT_READ ? IOMMU_READ : 0) |
	       (prot & IOMMUFD_PROT_WRITE ? IOMMU_WRITE : 0);
}

static struct area *area_create_user(struct ioas *ioas,
				     const struct map_args *args)
{
	struct area *area = kzalloc(sizeof(*area), GFP_KERNEL_ACCOUNT);
	struct mem *mem;

	if (!area)
		return ERR_PTR(-ENOMEM);
	mem = mem_create_user(args->va, args->length,
			      args->prot & IOMMUFD_PROT_WRITE,
			      ioas->ctx->account_mode);
	if (IS_ERR(mem)) {
		kfree(area);
		return ERR_CAST(mem);
	}
	area->mem = mem;
	area->offset = offset_in_page(args->va);
	area->user.node.start = 0;
	area->user.node.last = mem->npages - 1;
	area->iommu_prot = to_iommu_prot(args->prot);
	area->state = AREA_BUSY;
	area->view.iova = args->iova;
	area->view.length = args->length;
	area->view.va = args->va;
	area->view.prot = args->prot;
	area->view.source = IOMMUFD_SOURCE_USER;
	area->view.created_ns = ktime_get_boottime_ns();
	area->view.tgid = task_tgid_nr(current);
	area->view.uid = from_kuid(&init_user_ns, mem->user->uid);
	return area;
}

static int area_fill_hwpt(struct area *area, struct hwpt *hwpt,
			  struct op_stats *st)
{
	return domain_fill(hwpt->domain, area->view.iova, area->mem,
			   area->offset, area->view.length, area->iommu_prot,
			   st);
}

static void area_clear_hwpt(struct area *area, struct hwpt *hwpt,
			    struct op_stats *st)
{
	domain_clear(hwpt->domain, area->view.iova, area->view.length, st);
}

/* Several threads pin and unpin areas of one IOAS at a time. */
static void count_pinned(struct ioas *ioas, s64 npages)
{
	static_assert(sizeof(atomic64_t) == sizeof(ioas->view.pinned_pages));
	atomic64_add(npages, (atomic64_t *)&ioas->view.pinned_pages);
}

static int area_pin(struct ioas *ioas, struct area *area, struct op_stats *st)
{
	struct mem *mem = area->mem;
	int rc = mem_pin(mem, &area->user, st);

	if (rc)
		return rc;
	mutex_lock(&mem->lock);
	WRITE_ONCE(area->view.pinned_pages, run_list_npinned(&mem->runs));
	WRITE_ONCE(area->view.nr_runs, run_list_nruns(&mem->runs));
	mutex_unlock(&mem->lock);
	count_pinned(ioas, area->view.pinned_pages);
	return 0;
}

static void area_unpin(struct ioas *ioas, struct area *area,
		       struct op_stats *st)
{
	count_pinned(ioas, -(s64)area->view.pinned_pages);
	WRITE_ONCE(area->view.pinned_pages, 0);
	WRITE_ONCE(area->view.nr_runs, 0);
	mem_unpin(area->mem, &area->user, st);
}

/* Pin an area and write it into every HWPT; all or nothing. */
static int area_fill(struct ioas *ioas, struct area *area, u32 *nr_domains,
		     struct op_stats *st)
{
	struct hwpt *hwpt;
	int rc;

	lockdep_assert_held_read(&ioas->domains_lock);
	if (list_empty(&ioas->hwpts))
		return 0;
	rc = area_pin(ioas, area, st);
	if (rc)
		return rc;
	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		rc = area_fill_hwpt(area, hwpt, st);
		if (rc)
			goto err_clear;
		(*nr_domains)++;
	}
	return 0;

err_clear:
	list_for_each_entry_continue_reverse(hwpt, &ioas->hwpts, node)
		area_clear_hwpt(area, hwpt, st);
	area_unpin(ioas, area, st);
	*nr_domains = 0;
	return rc;
}

/* Take areas out of every HWPT, and only then unpin. */
static void areas_clear(struct ioas *ioas, struct list_head *areas,
			struct op_stats *st)
{
	struct hwpt *hwpt;
	struct area *area;

	lockdep_assert_held_read(&ioas->domains_lock);
	if (list_empty(&ioas->hwpts))
		return;
	list_for_each_entry(area, areas, node) {
		list_for_each_entry(hwpt, &ioas->hwpts, node)
			area_clear_hwpt(area, hwpt, st);
		area_unpin(ioas, area, st);
		cond_resched();
	}
}

/**
 * ioas_map_user() - map memory of the calling process
 * @ioas: the IOAS; the caller holds a busy reference
 * @args: what and where; filled in on success
 * @st: counts
 *
 * May sleep for long while HWPTs hold the IOAS: memory is faulted in and
 * pinned. A fatal signal ends it.
 *
 * Return: 0; what ioas_insert_area(), mem_pin() and domain_fill() return;
 * -EINTR. Nothing is mapped, pinned or charged then.
 */
int ioas_map_user(struct ioas *ioas, struct map_args *args,
		  struct op_stats *st)
{
	struct area *area = area_create_user(ioas, args);
	int rc;

	if (IS_ERR(area))
		return PTR_ERR(area);
	rc = down_read_killable(&ioas->domains_lock);
	if (rc)
		goto out_free;
	mutex_lock(&ioas->iova_lock);
	rc = ioas_insert_area(ioas, area, args->fixed);
	mutex_unlock(&ioas->iova_lock);
	if (rc)
		goto out_unlock;

	rc = area_fill(ioas, area, &args->nr_domains, st);

	mutex_lock(&ioas->iova_lock);
	if (rc) {
		ioas_remove_area(ioas, area);
	} else {
		args->iova = area->view.iova;
		args->nr_runs = area->view.nr_runs;
		/* From here on an unmap may free it. */
		area->state = AREA_READY;
	}
	mutex_unlock(&ioas->iova_lock);
out_unlock:
	up_read(&ioas->domains_lock);
out_free:
	if (rc)
		area_free(area);
	return rc;
}

/*
 * Make every area of a range BUSY, ours to remove, if each lies wholly inside
 * and is READY; otherwise none.
 */
static int claim_areas(struct ioas *ioas, unsigned long first,
		       unsigned long last, struct list_head *areas)
{
	unsigned long from = first;
	struct area *area;
	int rc = 0;

	lockdep_assert_held(&ioas->iova_lock);
	while ((area = ioas_next_area(ioas, from, last))) {
		if (area->view.iova < first || area_last(area) > last)
			rc = -ENOENT;
		else if (area->state != AREA_READY)
			rc = -EBUSY;
		if (rc)
			break;
		area->state = AREA_BUSY;
		list_add_tail(&area->node, areas);
		if (area_last(area) == last)
			break;
		from = area_last(area) + 1;
	}
	if (rc) {
		struct area *next;

		list_for_each_entry_safe(area, next, areas, node) {
			list_del(&area->node);
			area->state = AREA_READY;
		}
	}
	return rc;
}

/**
 * ioas_unmap() - unmap every area of a range
 * @ioas: the IOAS; the caller holds a busy reference, or destroys it
 * @first: first IOVA
 * @last: last IOVA
 * @unmapped: bytes that were unmapped
 * @nr_areas: areas that were unmapped
 * @st: counts
 *
 * Areas are never cut. If one lies partly in the range, or is being mapped or
 * unmapped by somebody else, nothing is unmapped. May sleep for long.
 *
 * Return: 0, also if there was nothing; -ENOENT: an area is only partly in
 * the range; -EBUSY: a race with another map or unmap.
 */
int ioas_unmap(struct ioas *ioas, unsigned long first, unsigned long last,
	       u64 *unmapped, u64 *nr_areas, struct op_stats *st)
{
	struct area *area, *next;
	LIST_HEAD(areas);
	int rc;

	*unmapped = 0;
	*nr_areas = 0;
	down_read(&ioas->domains_lock);
	mutex_lock(&ioas->iova_lock);
	rc = claim_areas(ioas, first, last, &areas);
	mutex_unlock(&ioas->iova_lock);
	if (rc)
		goto out;

	areas_clear(ioas, &areas, st);

	list_for_each_entry_safe(area, next, &areas, node) {
		*unmapped += area->view.length;
		(*nr_areas)++;
		mutex_lock(&ioas->iova_lock);
		ioas_remove_area(ioas, area);
		mutex_unlock(&ioas->iova_lock);
		area_free(area);
		cond_resched();
	}
out:
	up_read(&ioas->domains_lock);
	return rc;
}

/* Do all areas fit the domain? Then keep new ones from what it cannot reach. */
static int check_domain(struct ioas *ioas, struct hwpt *hwpt)
{
	struct iommu_domain_geometry *geo = &hwpt->domain->geometry;
	unsigned long align = domain_alignment(hwpt->domain);
	unsigned long from = 0;
	struct area *area;
	int rc = 0;

	lockdep_assert_held(&ioas->iova_lock);
	/* Pages are pinned in units of PAGE_SIZE; larger IO pages don't fit. */
	if (align > PAGE_SIZE)
		return -EINVAL;
	while ((area = ioas_next_area(ioas, from, ULONG_MAX))) {
		if ((area->view.iova | area->view.length | area->offset) &
		    (align - 1))
			return -EADDRINUSE;
		if (area_last(area) == ULONG_MAX)
			break;
		from = area_last(area) + 1;
	}
	if (!geo->force_aperture)
		return 0;
	if (geo->aperture_start)
		rc = ioas_reserve(ioas, 0, geo->aperture_start - 1, hwpt);
	if (!rc && geo->aperture_end < ULONG_MAX)
		rc = ioas_reserve(ioas, geo->aperture_end + 1, ULONG_MAX, hwpt);
	if (rc)
		ioas_unreserve(ioas, hwpt);
	return rc;
}

static void update_alignment(struct ioas *ioas)
{
	struct hwpt *hwpt;

	lockdep_assert_held_write(&ioas->domains_lock);
	lockdep_assert_held(&ioas->iova_lock);
	ioas->alignment = 1;
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		ioas->alignment = max(ioas->alignment,
				      domain_alignment(hwpt->domain));
}

/* Each area in turn, with only domains_lock held for writing. */
static struct area *next_filled(struct ioas *ioas, struct area *area)
{
	unsigned long from = 0;

	lockdep_assert_held_write(&ioas->domains_lock);
	if (area) {
		if (area_last(area) == ULONG_MAX)
			return NULL;
		from = area_last(area) + 1;
	}
	mutex_lock(&ioas->iova_lock);
	area = ioas_next_area(ioas, from, ULONG_MAX);
	mutex_unlock(&ioas->iova_lock);
	return area;
}

/* Take the areas before @end, or all, out of a HWPT and perhaps unpin them. */
static void clear_hwpt(struct ioas *ioas, struct hwpt *hwpt, struct area *end,
		       bool unpin, struct op_stats *st)
{
	struct area *area = NULL;

	while ((area = next_filled(ioas, area)) && area != end) {
		area_clear_hwpt(area, hwpt, st);
		if (unpin)
			area_unpin(ioas, area, st);
		cond_resched();
	}
}

static int fill_hwpt(struct ioas *ioas, struct hwpt *hwpt,
		     struct op_stats *st)
{
	bool pin = list_empty(&ioas->hwpts);
	struct area *area = NULL;
	int rc;

	while ((area = next_filled(ioas, area))) {
		rc = pin ? area_pin(ioas, area, st) : 0;
		if (rc)
			goto err_clear;
		rc = area_fill_hwpt(area, hwpt, st);
		if (rc)
			goto err_unpin;
		cond_resched();
	}
	return 0;

err_unpin:
	if (pin)
		area_unpin(ioas, area, st);
err_clear:
	clear_hwpt(ioas, hwpt, area, pin, st);
	return rc;
}

/**
 * ioas_join_hwpt() - a HWPT shall hold all mappings, now and from now on
 * @ioas: the IOAS
 * @hwpt: empty, not yet in the list
 * @st: counts
 *
 * The first HWPT of an IOAS pins its memory. Takes domains_lock for writing
 * all the while, so maps and unmaps wait. May sleep for long; a fatal signal
 * ends it.
 *
 * Return: 0; -EADDRINUSE: an area is where the domain cannot reach, or is not
 * aligned for it; -EINVAL: IO pages larger than the CPU's; what mem_pin() and
 * domain_fill() return. Everything is as before then.
 */
int ioas_join_hwpt(struct ioas *ioas, struct hwpt *hwpt, struct op_stats *st)
{
	int rc;

	rc = down_write_killable(&ioas->domains_lock);
	if (rc)
		return rc;
	mutex_lock(&ioas->iova_lock);
	rc = check_domain(ioas, hwpt);
	mutex_unlock(&ioas->iova_lock);
	if (rc)
		goto out;

	rc = fill_hwpt(ioas, hwpt, st);

	mutex_lock(&ioas->iova_lock);
	if (rc) {
		ioas_unreserve(ioas, hwpt);
	} else {
		list_add_tail(&hwpt->node, &ioas->hwpts);
		ioas->view.nr_domains++;
		update_alignment(ioas);
	}
	mutex_unlock(&ioas->iova_lock);
out:
	up_write(&ioas->domains_lock);
	return rc;
}

/**
 * ioas_leave_hwpt() - take all mappings out of a HWPT
 * @ioas: the IOAS
 * @hwpt: from ioas_join_hwpt(); no device is attached to it
 * @st: counts
 *
 * The last one to leave unpins the IOAS's memory. May sleep for long; cannot
 * fail.
 */
void ioas_leave_hwpt(struct ioas *ioas, struct hwpt *hwpt,
		     struct op_stats *st)
{
	down_write(&ioas->domains_lock);
	list_del_init(&hwpt->node);
	clear_hwpt(ioas, hwpt, NULL, list_empty(&ioas->hwpts), st);
	mutex_lock(&ioas->iova_lock);
	ioas_unreserve(ioas, hwpt);
	ioas->view.nr_domains--;
	update_alignment(ioas);
	mutex_unlock(&ioas->iova_lock);
	up_write(&ioas->domains_lock);
}
