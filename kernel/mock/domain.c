// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains of the mock IOMMU: a page table, as the IOMMU core sees it.
 */
#include <linux/sizes.h>
#include <linux/slab.h>

#include "mock.h"

/**
 * struct mock_domain - a paging domain
 * @domain: what the core sees
 * @pt: its page table
 * @unsynced: bytes that were unmapped while the IOTLB may still hold them
 * @nr_nested: nested domains on top of it
 * @tracking: the driver was told to track what is written
 */
struct mock_domain {
	struct iommu_domain domain;
	struct mock_pt *pt;
	atomic_long_t unsynced;
	atomic_t nr_nested;
	bool tracking;
};

static struct mock_domain *to_mock_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

/**
 * mock_check_device() - can a device be attached?
 * @domain: of ours
 * @dev: any device
 *
 * Return: 0; -EINVAL it is not ours, or cannot track what it writes.
 */
int mock_check_device(struct iommu_domain *domain, struct device *dev)
{
	struct mock_dev *mdev = to_mock_dev(dev);

	if (!mdev)
		return -EINVAL;
	if (domain->dirty_ops && mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY)
		return -EINVAL;
	return 0;
}

/**
 * mock_attach() - iommu_domain_ops.attach_dev of all but nested domains
 * @domain: of ours
 * @dev: any device
 *
 * Return: see mock_check_device().
 */
int mock_attach(struct iommu_domain *domain, struct device *dev)
{
	int rc = mock_check_device(domain, dev);
	struct mock_dev *mdev;

	if (rc)
		return rc;
	mdev = to_mock_dev(dev);
	mdev->viommu = NULL;
	mdev->attached = domain;
	return 0;
}

static int mock_map_pages(struct iommu_domain *domain, unsigned long iova,
			  phys_addr_t phys, size_t pgsize, size_t pgcount,
			  int prot, gfp_t gfp, size_t *mapped)
{
	struct mock_domain *mock = to_mock_domain(domain);
	int rc;

	/* We said that we are coherent; what is no memory cannot be. */
	if (WARN_ON(!(prot & (IOMMU_CACHE | IOMMU_MMIO)) || !(prot & (IOMMU_READ | IOMMU_WRITE))))
		return -EINVAL;
	while (pgcount--) {
		rc = mock_pt_map(mock->pt, iova, phys, pgsize, prot, gfp);
		if (rc)
			goto err;
		iova += pgsize;
		phys += pgsize;
		*mapped += pgsize;
	}
	return 0;

err:
	/* Like that of VT-d, it leaves what is written, and does not tell. */
	*mapped = 0;
	return rc;
}

static size_t mock_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			       size_t pgsize, size_t pgcount,
			       struct iommu_iotlb_gather *gather)
{
	struct mock_domain *mock = to_mock_domain(domain);
	size_t length = pgsize * pgcount;
	size_t done = 0;

	/* What VT-d's driver cannot be trusted with: see domain.c's clear_some(). */
	WARN_ON_ONCE((iova ^ (iova + length - 1)) & ~(SZ_1G - 1UL));
	WARN_ON_ONCE(gather->pgsize && gather->pgsize != length);

	while (done < length) {
		size_t n = mock_pt_unmap(mock->pt, iova + done, length - done);

		if (!n)
			break;
		done += n;
	}
	if (done) {
		iommu_iotlb_gather_add_range(gather, iova, done);
		/* For mock_iotlb_sync(): this is not about dirty bits. */
		gather->pgsize = length;
		atomic_long_add(done, &mock->unsynced);
	}
	return done;
}

static void mock_iotlb_sync(struct iommu_domain *domain,
			    struct iommu_iotlb_gather *gather)
{
	struct mock_domain *mock = to_mock_domain(domain);

	/* Several unmaps may be under way, each with a gather of its own. */
	if (gather->end < gather->start)
		return;
	if (gather->pgsize)
		atomic_long_sub(gather->end - gather->start + 1,
				&mock->unsynced);
	if (domain->dirty_ops)
		mock_pt_flush(mock->pt, gather->start, gather->end);
}

static phys_addr_t mock_iova_to_phys(struct iommu_domain *domain,
				     dma_addr_t iova)
{
	u64 pte = mock_pt_read(to_mock_domain(domain)->pt, iova);

	return ALIGN_DOWN(pte, MOCK_PAGE_SIZE) + iova % MOCK_PAGE_SIZE;
}

static void mock_domain_free(struct iommu_domain *domain)
{
	struct mock_domain *mock = to_mock_domain(domain);

	WARN(atomic_long_read(&mock->unsynced),
	     "iommufd_mock: %ld bytes were unmapped and never flushed\n",
	     atomic_long_read(&mock->unsynced));
	WARN(atomic_read(&mock->nr_nested),
	     "iommufd_mock: freed under a nested domain\n");
	mock_pt_free(mock->pt);
	kfree(mock);
}

static const struct iommu_domain_ops mock_domain_ops = {
	.attach_dev = mock_attach,
	.set_dev_pasid = mock_set_pasid,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.iotlb_sync = mock_iotlb_sync,
	.iova_to_phys = mock_iova_to_phys,
	.free = mock_domain_free,
};

static int mock_set_dirty_tracking(struct iommu_domain *domain, bool enable)
{
	WRITE_ONCE(to_mock_domain(domain)->tracking, enable);
	return 0;
}

/*
 * As VT-d's driver does it on this kernel, steps over misaligned IOVAs
 * included. This module is built without iommufd, as that driver is, and so a
 * bitmap would stay as it is: what was dirty is seen from the gather only.
 */
static int mock_read_and_clear_dirty(struct iommu_domain *domain,
				     unsigned long iova, size_t size,
				     unsigned long flags,
				     struct iommu_dirty_bitmap *dirty)
{
	struct mock_domain *mock = to_mock_domain(domain);
	unsigned long end = iova + size - 1;
	size_t pgsize;

	if (!READ_ONCE(mock->tracking) && dirty->bitmap)
		return -EINVAL;
	do {
		if (mock_pt_test_dirty(mock->pt, iova,
				       !(flags & IOMMU_DIRTY_NO_CLEAR),
				       &pgsize))
			iommu_dirty_bitmap_record(dirty, iova, pgsize);
		iova += pgsize;
	} while (iova < end);
	return 0;
}

static const struct iommu_dirty_ops mock_dirty_ops = {
	.set_dirty_tracking = mock_set_dirty_tracking,
	.read_and_clear_dirty = mock_read_and_clear_dirty,
};

/**
 * mock_domain_tracks() - is what is written to a domain tracked?
 * @domain: of mock_domain_pt()
 *
 * Return: what the driver was told.
 */
bool mock_domain_tracks(struct iommu_domain *domain)
{
	return READ_ONCE(to_mock_domain(domain)->tracking);
}

/**
 * mock_domain_pt() - the page table of a domain
 * @domain: any domain
 *
 * Return: it, or NULL if it is not a paging domain of ours.
 */
struct mock_pt *mock_domain_pt(struct iommu_domain *domain)
{
	if (domain->ops != &mock_domain_ops)
		return NULL;
	return to_mock_domain(domain)->pt;
}

/**
 * mock_domain_nest() - a nested domain comes or goes
 * @parent: a paging domain of ours
 * @change: 1 or -1
 */
void mock_domain_nest(struct iommu_domain *parent, int change)
{
	atomic_add(change, &to_mock_domain(parent)->nr_nested);
}

/**
 * mock_read_data() - what user space tells of a domain
 * @data: where that is
 * @user: zeroed; filled in
 *
 * Return: 0; -EOPNOTSUPP another type; -EINVAL another length; -EFAULT.
 */
int mock_read_data(const struct iommu_user_data *data,
		   struct iommu_hwpt_selftest *user)
{
	if (data->type != IOMMU_HWPT_DATA_SELFTEST)
		return -EOPNOTSUPP;
	return iommu_copy_struct_from_user(user, data,
					   IOMMU_HWPT_DATA_SELFTEST, iotlb);
}

/* @last: the last IOVA */
static int page_sizes(const struct iommu_user_data *data, unsigned long *sizes,
		      unsigned long *last)
{
	struct iommu_hwpt_selftest user = {};
	int rc;

	*sizes = MOCK_PAGE_SIZE;
	*last = MOCK_APERTURE_LAST;
	if (!data)
		return 0;
	rc = mock_read_data(data, &user);
	if (rc)
		return rc;
	switch (user.pagetable_type) {
	case MOCK_IOMMUPT_DEFAULT:
		return 0;
	case MOCK_IOMMUPT_WIDE:
		*last = MOCK_WIDE_LAST;
		fallthrough;
	case MOCK_IOMMUPT_HUGE:
		*sizes |= MOCK_HUGE_PAGE_SIZE;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * mock_domain_alloc() - iommu_ops.domain_alloc_user
 * @dev: a mock device
 * @flags: enum iommufd_hwpt_alloc_flags
 * @parent: a paging domain, for a nested one; or NULL
 * @data: struct iommu_hwpt_selftest, or NULL
 *
 * Return: the domain, or an ERR_PTR: -EOPNOTSUPP what it cannot do, -EINVAL,
 * -EFAULT, -ENOMEM.
 */
struct iommu_domain *mock_domain_alloc(struct device *dev, u32 flags,
				       struct iommu_domain *parent,
				       const struct iommu_user_data *data)
{
	const u32 known = IOMMU_HWPT_ALLOC_NEST_PARENT |
			  IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	bool dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	struct mock_domain *mock;
	unsigned long sizes, last;
	int rc;

	if (parent)
		return mock_nested_alloc(flags, parent, NULL, data);
	if (flags & ~known)
		return ERR_PTR(-EOPNOTSUPP);
	if (dirty && to_mock_dev(dev)->flags & MOCK_FLAGS_DEVICE_NO_DIRTY)
		return ERR_PTR(-EOPNOTSUPP);
	rc = page_sizes(data, &sizes, &last);
	if (rc)
		return ERR_PTR(rc);
	mock = kzalloc(sizeof(*mock), GFP_KERNEL_ACCOUNT);
	if (!mock)
		return ERR_PTR(-ENOMEM);
	mock->pt = mock_pt_alloc(last);
	if (!mock->pt) {
		kfree(mock);
		return ERR_PTR(-ENOMEM);
	}
	mock->domain.type = IOMMU_DOMAIN_UNMANAGED;
	mock->domain.ops = &mock_domain_ops;
	if (dirty) {
		mock->domain.dirty_ops = &mock_dirty_ops;
		/* So that a page may take several entries. */
		sizes |= PAGE_SIZE;
	}
	mock->domain.pgsize_bitmap = sizes;
	mock->domain.geometry.aperture_start = MOCK_APERTURE_START;
	mock->domain.geometry.aperture_end = last;
	mock->domain.geometry.force_aperture = true;
	return &mock->domain;
}
