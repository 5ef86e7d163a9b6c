// SPDX-License-Identifier: GPL-2.0-only
/*
 * IO page tables: making a paging domain for a device, writing pinned memory
 * into it and taking it out again; making a nested one on top of it.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd_ext.h>

#include "domain/dirty.h"
#include "domain/domain.h"
#include "mem/mem.h"

/* How much is written or cleared before others get the CPU: bytes. */
#define STEP DOMAIN_LEAF_MAX
/* The same of invalidations: entries. */
#define INVALIDATE_STEP 1024U

static const struct iommu_ops *driver_of(struct device *dev)
{
	/* It has a group, so an IOMMU driver serves it. */
	return dev->iommu->iommu_dev->ops;
}

/* No driver of 6.12 knows this flag, but some make nothing but such domains. */
static struct iommu_domain *check_pasid(struct device *dev, u32 flags,
					struct iommu_domain *domain)
{
	if (!(flags & IOMMU_HWPT_ALLOC_PASID) || IS_ERR(domain) ||
	    (dev->iommu->iommu_dev->max_pasids && domain->ops->set_dev_pasid))
		return domain;
	iommu_domain_free(domain);
	return ERR_PTR(-EOPNOTSUPP);
}

/* What a driver gave; @type is what it has to be. Frees what it is not. */
static struct iommu_domain *take_domain(struct device *dev, u32 flags,
					struct iommu_domain *domain,
					unsigned int type)
{
	if (IS_ERR(domain))
		return domain;
	domain->owner = driver_of(dev);
	if (WARN_ON(domain->type != type ||
		    (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
		     !domain->dirty_ops))) {
		iommu_domain_free(domain);
		return ERR_PTR(-EINVAL);
	}
	return check_pasid(dev, flags, domain);
}

/* By domain_alloc_user(). */
static struct iommu_domain *create_user(struct device *dev, u32 flags,
					struct iommu_domain *parent,
					const struct iommu_user_data *data,
					unsigned int type)
{
	u32 known = flags & ~IOMMU_HWPT_ALLOC_PASID;
	struct iommu_domain *domain;

	domain = driver_of(dev)->domain_alloc_user(dev, known, parent, data);
	return take_domain(dev, flags, domain, type);
}

/**
 * domain_create() - a paging domain that the device can be attached to
 * @dev: the device, behind an IOMMU
 * @flags: enum iommufd_hwpt_alloc_flags
 * @data: what user space tells the driver, or NULL
 *
 * Drivers that finish a domain only when it is attached (VT-d on 6.12) give
 * one with 4 KiB pages through iommu_paging_domain_alloc(); their
 * domain_alloc_user() knows the device from the start. May sleep.
 *
 * Return: the domain for domain_free(), or an ERR_PTR: -ENOMEM, -EOPNOTSUPP
 * or what the driver says.
 */
struct iommu_domain *domain_create(struct device *dev, u32 flags,
				   const struct iommu_user_data *data)
{
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
	    !domain_dirty_capable(dev))
		return ERR_PTR(-EOPNOTSUPP);
	if (driver_of(dev)->domain_alloc_user)
		return create_user(dev, flags, NULL, data,
				   IOMMU_DOMAIN_UNMANAGED);
	if (flags & ~IOMMU_HWPT_ALLOC_PASID || data)
		return ERR_PTR(-EOPNOTSUPP);
	return check_pasid(dev, flags, iommu_paging_domain_alloc(dev));
}

/**
 * domain_create_nested() - a domain whose page table user space keeps, and
 *	whose addresses a paging domain translates further
 * @dev: the device, behind an IOMMU
 * @flags: enum iommufd_hwpt_alloc_flags
 * @parent: from domain_create() with IOMMU_HWPT_ALLOC_NEST_PARENT; must
 *	outlive the new one
 * @data: where that page table is, in the driver's words
 *
 * May sleep.
 * Return: the domain for domain_free(), or an ERR_PTR: -EOPNOTSUPP no nesting
 * here, or no such type of data; -EINVAL the parent is another driver's; what
 * the driver says.
 */
struct iommu_domain *domain_create_nested(struct device *dev, u32 flags,
					  struct iommu_domain *parent,
					  const struct iommu_user_data *data)
{
	if (!driver_of(dev)->domain_alloc_user)
		return ERR_PTR(-EOPNOTSUPP);
	if (parent->owner != driver_of(dev))
		return ERR_PTR(-EINVAL);
	return create_user(dev, flags, parent, data, IOMMU_DOMAIN_NESTED);
}

/**
 * domain_take_nested() - judge a nested domain that was made in another way
 * @dev: the device it was made for
 * @flags: enum iommufd_hwpt_alloc_flags
 * @domain: what its driver gave, an ERR_PTR too; freed if it does not suit
 *
 * Return: the domain for domain_free(), or an ERR_PTR: @domain itself;
 * -EOPNOTSUPP PASIDs are asked for and it cannot; -EINVAL it is not nested.
 */
struct iommu_domain *domain_take_nested(struct device *dev, u32 flags,
					struct iommu_domain *domain)
{
	return take_domain(dev, flags, domain, IOMMU_DOMAIN_NESTED);
}

/**
 * domain_free() - free a domain
 * @domain: attached to nothing, empty
 */
void domain_free(struct iommu_domain *domain)
{
	iommu_domain_free(domain);
}

/**
 * invalidate_in_parts() - invalidate so that others get the CPU, too
 * @array: what to forget, in the driver's words; no entries: does the driver
 *	know the type?
 * @fn: the driver's
 * @who: for @fn
 * @done: entries that were done, on failure too
 *
 * May sleep; a fatal signal ends it.
 * Return: 0; -EINTR; what @fn says.
 */
int invalidate_in_parts(const struct iommu_user_data_array *array,
			invalidate_part_fn fn, void *who, u32 *done)
{
	u32 left = array->entry_num;
	int rc;

	*done = 0;
	do {
		/* Drivers do all they are given in one go. */
		struct iommu_user_data_array part = *array;

		part.uptr += array->entry_len * *done;
		part.entry_num = min(left, INVALIDATE_STEP);
		left -= part.entry_num;
		rc = fn(who, &part);
		*done += part.entry_num;
		cond_resched();
		if (!rc && left && fatal_signal_pending(current))
			rc = -EINTR;
	} while (!rc && left);
	return rc;
}

static int invalidate_domain(void *who, struct iommu_user_data_array *part)
{
	struct iommu_domain *domain = who;

	return domain->ops->cache_invalidate_user(domain, part);
}

/**
 * domain_invalidate() - forget what was cached of a nested domain
 * @domain: nested
 * @array: see invalidate_in_parts()
 * @done: likewise
 *
 * May sleep; a fatal signal ends it.
 * Return: 0; -EOPNOTSUPP the driver cannot; -EINTR; what it says.
 */
int domain_invalidate(struct iommu_domain *domain,
		      const struct iommu_user_data_array *array, u32 *done)
{
	*done = 0;
	if (!domain->ops->cache_invalidate_user)
		return -EOPNOTSUPP;
	return invalidate_in_parts(array, invalidate_domain, domain, done);
}

/**
 * domain_alignment() - what IOVAs and lengths must be multiples of
 * @domain: the domain
 *
 * Return: bytes, a power of two.
 */
unsigned long domain_alignment(const struct iommu_domain *domain)
{
	return 1UL << __ffs(domain->pgsize_bitmap);
}

/*
 * The largest page that fits at the beginning of a physically contiguous range;
 * *@count: how many of it, up to where a larger one would.
 */
static size_t choose_page(unsigned long sizes, unsigned long iova,
			  phys_addr_t phys, unsigned long bytes, size_t *count)
{
	unsigned long at, larger;
	unsigned int shift;

	/* With the length's highest bit, no page is too long for it either. */
	at = iova | phys | BIT(__fls(bytes));
	shift = __fls(sizes & GENMASK(__ffs(at), 0));
	larger = sizes & ~GENMASK(shift, 0);
	if (larger) {
		unsigned long next = BIT(__ffs(larger));
		unsigned long gap = -iova & (next - 1);

		if (!((iova ^ phys) & (next - 1)) && gap &&
		    bytes >= gap + next)
			bytes = gap;
	}
	*count = bytes >> shift;
	return BIT(shift);
}

/* How many IO pages are written, about, before others get the CPU. */
#define FILL_WORK 4096

/**
 * struct fill - an IO page table that is being written, from one IOVA on
 * @domain: where
 * @map_pages: the driver's
 * @prot: for it
 * @most: nothing is written in one go that crosses a multiple of this: bytes
 * @shift: of the smallest page
 * @short_of: a contiguous range that is shorter has pages of that size only, and
 *	is written in one go
 * @begin: where it began
 * @iova: where to go on
 * @tried: up to where a call that failed was to write
 * @work: since others got the CPU last
 */
struct fill {
	struct iommu_domain *domain;
	typeof_member(struct iommu_domain_ops, map_pages) map_pages;
	int prot;
	unsigned long most;
	unsigned int shift;
	unsigned long short_of;
	unsigned long begin;
	unsigned long iova;
	unsigned long tried;
	unsigned long work;
};

static struct fill fill_begin(struct iommu_domain *domain, unsigned long iova,
			      const struct fill_how *how)
{
	unsigned long sizes = domain->pgsize_bitmap;
	unsigned long larger = sizes & (sizes - 1);

	larger = larger ? BIT(__ffs(larger)) : STEP;
	return (struct fill){
		.domain = domain,
		.map_pages = domain->ops->map_pages,
		.prot = how->iommu_prot,
		.most = how->huge_pages ? STEP : PAGE_SIZE,
		.shift = __ffs(sizes),
		.short_of = how->huge_pages ? larger :
					      min(larger, PAGE_SIZE + 1),
		.begin = iova,
		.iova = iova,
	};
}

static int give_way(struct fill *fill)
{
	fill->work = 0;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/*
 * Some IO pages of a size. What iommu_map() does, but for the synchronisation
 * after each call, which costs more than a page: fill_end() does it once.
 */
static __always_inline int fill_pages(struct fill *fill, phys_addr_t phys,
				      size_t page, size_t count,
				      size_t *mapped)
{
	int rc;

	*mapped = 0;
	rc = fill->map_pages(fill->domain, fill->iova, phys, page, count,
			     fill->prot, GFP_KERNEL_ACCOUNT, mapped);
	/* Some may be there even if it failed. */
	fill->iova += *mapped;
	fill->work += count + FILL_WORK / 64;
	if (unlikely(rc)) {
		fill->tried = fill->iova - *mapped + (page * count);
		return rc;
	}
	return unlikely(fill->work >= FILL_WORK) ? give_way(fill) : 0;
}

/* Map a physically contiguous range. Undoes nothing. */
static noinline int fill_long_run(struct fill *fill, phys_addr_t phys,
				  unsigned long bytes)
{
	int rc = 0;

	while (!rc && bytes) {
		/* Up to the next boundary, so that no huge page is cut. */
		unsigned long step = fill->most - (fill->iova & (fill->most - 1));
		size_t mapped, count;
		size_t page = choose_page(fill->domain->pgsize_bitmap,
					  fill->iova, phys, min(step, bytes),
					  &count);

		rc = fill_pages(fill, phys, page, count, &mapped);
		if (!rc && WARN_ON(!mapped)) {
			fill->tried = fill->iova + page * count;
			rc = -EFAULT;
		}
		phys += mapped;
		bytes -= mapped;
	}
	return rc;
}

/* The same, in the short way for scattered memory if it will do. */
static __always_inline int fill_run(struct fill *fill, phys_addr_t phys,
				    unsigned long bytes)
{
	size_t mapped;
	int rc;

	if (bytes >= fill->short_of)
		return fill_long_run(fill, phys, bytes);
	rc = fill_pages(fill, phys, BIT(fill->shift), bytes >> fill->shift,
			&mapped);
	if (!rc && mapped < bytes)
		rc = fill_long_run(fill, phys + mapped, bytes - mapped);
	return rc;
}

/*
 * Up to where is something written, if a call failed? VT-d's driver does not say
 * what it had written when it found no memory for one more table. All write from
 * the beginning on, where nothing was.
 */
static unsigned long fill_written(const struct fill *fill)
{
	unsigned long iova = fill->iova;

	while (iova < fill->tried && iommu_iova_to_phys(fill->domain, iova)) {
		iova += BIT(fill->shift);
		cond_resched();
	}
	return iova - fill->begin;
}

/* All is mapped, or @rc says why not: let the IOMMU know, or undo it. */
static int fill_end(struct fill *fill, int rc, unsigned long length,
		    struct op_stats *st, u64 begin)
{
	const struct iommu_domain_ops *ops = fill->domain->ops;
	unsigned long done = fill->iova - fill->begin;

	if (!rc && WARN_ON(done != length))
		rc = -EFAULT;
	if (!rc && ops->iotlb_sync_map)
		rc = ops->iotlb_sync_map(fill->domain, fill->begin, length);
	op_end(st, &st->fill_ns, begin);
	if (!rc)
		return 0;
	done = fill_written(fill);
	if (done && !domain_clear(fill->domain, fill->begin, done, st))
		return -ENOTRECOVERABLE;
	return rc;
}

/**
 * domain_fill_range() - map physically contiguous memory
 * @domain: where
 * @iova: first IOVA; nothing is mapped there
 * @phys: its address
 * @length: bytes; all three are aligned for the domain
 * @how: see there
 * @st: counts
 *
 * May sleep for long; a fatal signal ends it.
 * Return: 0, -ENOMEM, -EINTR or what the driver says; nothing is mapped then;
 * -ENOTRECOVERABLE: see domain_clear(): devices may reach some of it.
 */
int domain_fill_range(struct iommu_domain *domain, unsigned long iova,
		      phys_addr_t phys, unsigned long length,
		      const struct fill_how *how, struct op_stats *st)
{
	struct fill fill = fill_begin(domain, iova, how);
	u64 begin = op_begin(st);
	int rc = fill_run(&fill, phys, length);

	return fill_end(&fill, rc, length, st, begin);
}

/**
 * domain_fill() - map a slice of pinned memory
 * @domain: where
 * @iova: first IOVA; nothing is mapped there
 * @mem: the memory; a user of it keeps the slice pinned
 * @offset: bytes from the start of the memory's first page
 * @length: bytes; @iova, @offset and @length are aligned for the domain
 * @how: see there
 * @st: counts
 *
 * The caller holds @mem's lock. May sleep for long; a fatal signal ends it.
 * Return: 0, -ENOMEM, -EINTR or what the driver says; nothing is mapped then;
 * -ENOTRECOVERABLE: see domain_clear(): devices may reach some of it.
 */
int domain_fill(struct iommu_domain *domain, unsigned long iova,
		struct mem *mem, u64 offset, unsigned long length,
		const struct fill_how *how, struct op_stats *st)
{
	struct fill fill = fill_begin(domain, iova, how);
	unsigned long skip = offset_in_page(offset), left = length;
	u64 begin = op_begin(st);
	struct run_cursor cur;
	struct run run;
	int rc = 0;

	lockdep_assert_held(&mem->lock);
	for_each_run(&mem->runs, &cur, &run, offset >> PAGE_SHIFT,
		     (offset + length - 1) >> PAGE_SHIFT) {
		/* The first page and the last may be wanted in part. */
		unsigned long bytes = min((run.npages << PAGE_SHIFT) - skip,
					  left);

		rc = fill_run(&fill, PFN_PHYS(run.pfn) + skip, bytes);
		if (rc)
			break;
		left -= bytes;
		skip = 0;
	}
	return fill_end(&fill, rc, length, st, begin);
}

/*
 * Unmap the beginning of a range, by one call of the driver. VT-d's must be kept
 * from two things, either of which gives a device memory that is no longer its:
 *
 * If a range begins before a leaf and ends inside it, the leaf's memory is walked
 * as if it were a table, and what is found there is freed. So no call crosses a
 * border that leaves do not cross.
 *
 * The tables that a call has emptied are freed by the next flush, and if the call
 * is of another length than the one before, that comes in its midst, and is only
 * of what was unmapped before. So that is flushed first.
 */
static size_t clear_some(struct iommu_domain *domain, unsigned long iova,
			 unsigned long length,
			 struct iommu_iotlb_gather *gather)
{
	unsigned long step = STEP - (iova & (STEP - 1));
	size_t count, bytes;

	bytes = choose_page(domain->pgsize_bitmap, iova, iova,
			    min(length, step), &count);
	bytes *= count;
	if (gather->pgsize && gather->pgsize != bytes)
		iommu_iotlb_sync(domain, gather);
	return iommu_unmap_fast(domain, iova, bytes, gather);
}

/**
 * domain_clear() - unmap a range and make sure that no device reaches it
 * @domain: where
 * @iova: first IOVA
 * @length: bytes, all of them mapped
 * @st: counts
 *
 * The IOTLB is flushed on return. May sleep.
 * Return: true: no device reaches the range, its memory may be unpinned. False
 * would be a bug of the driver's or of ours, and has been complained about.
 */
bool domain_clear(struct iommu_domain *domain, unsigned long iova,
		  unsigned long length, struct op_stats *st)
{
	struct iommu_iotlb_gather gather;
	u64 begin = op_begin(st);
	unsigned long done = 0;

	iommu_iotlb_gather_init(&gather);
	while (done < length) {
		size_t n = clear_some(domain, iova + done, length - done,
				      &gather);

		if (!n)
			break;
		done += n;
		cond_resched();
	}
	iommu_iotlb_sync(domain, &gather);
	op_end(st, &st->clear_ns, begin);
	return !WARN(done != length,
		     "iommufd: %lu of %lu bytes unmapped at %#lx",
		     done, length, iova);
}
