// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers of virtual IOMMUs that user space maps through /dev/iommu: which
 * offset means which. A mapping uses the virtual IOMMU, so that it stays.
 */
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "viommu/viommu.h"

/* An offset in bytes must be one that mmap() can be told. */
#define LAST_PGOFF ((unsigned long)(LLONG_MAX >> PAGE_SHIFT))

/**
 * struct mmap_region - what can be mapped at an offset
 * @owner: whose it is
 * @npages: pages
 * @phys: its first byte
 */
struct mmap_region {
	struct viommu *owner;
	unsigned long npages;
	phys_addr_t phys;
};

/**
 * iommufd_viommu_alloc_mmap() - let user space map registers
 * @viommu: whose they are; not before it is published can they be mapped
 * @phys: their address, page aligned
 * @length: bytes, page aligned; they are mapped whole or not at all
 * @offset: set to the offset for mmap()
 *
 * May sleep. Undo it with iommufd_viommu_destroy_mmap(), in destroy() at the
 * latest.
 * Return: 0; -EINVAL not aligned; -ENOMEM; -EBUSY no offset is left.
 */
int iommufd_viommu_alloc_mmap(struct iommufd_viommu *viommu, phys_addr_t phys,
			      size_t length, u64 *offset)
{
	struct iommufd_ctx *ctx = viommu->priv->ctx;
	struct mmap_region *region;
	unsigned long pgoff;
	int rc;

	if (!length || !PAGE_ALIGNED(phys | length))
		return -EINVAL;
	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return -ENOMEM;
	region->owner = viommu->priv;
	region->npages = length >> PAGE_SHIFT;
	region->phys = phys;
	rc = mtree_alloc_range(&ctx->mmaps, &pgoff, region,
			       region->npages, 0, LAST_PGOFF,
			       GFP_KERNEL_ACCOUNT);
	if (rc) {
		kfree(region);
		return rc;
	}
	*offset = (u64)pgoff << PAGE_SHIFT;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_alloc_mmap, IOMMUFD);

/**
 * iommufd_viommu_destroy_mmap() - user space cannot map registers any more
 * @viommu: whose they are: never published, or in its destroy(), so that they
 *	are mapped nowhere
 * @offset: from iommufd_viommu_alloc_mmap()
 *
 * May sleep.
 */
void iommufd_viommu_destroy_mmap(struct iommufd_viommu *viommu, u64 offset)
{
	struct iommufd_ctx *ctx = viommu->priv->ctx;
	unsigned long pgoff = offset >> PAGE_SHIFT;
	struct mmap_region *region;
	MA_STATE(mas, &ctx->mmaps, pgoff, pgoff);

	mas_lock(&mas);
	region = mas_walk(&mas);
	if (WARN_ON(!region || region->owner != viommu->priv)) {
		mas_unlock(&mas);
		return;
	}
	/* Erasing may need a node, and must not fail for it. */
	mas_set_range(&mas, pgoff, pgoff + region->npages - 1);
	WARN_ON(mas_store_gfp(&mas, NULL, GFP_KERNEL | __GFP_NOFAIL));
	mas_unlock(&mas);
	kfree(region);
}
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_destroy_mmap, IOMMUFD);

static void region_vma_open(struct vm_area_struct *vma)
{
	struct mmap_region *region = vma->vm_private_data;

	object_use(region->owner->ctx, &region->owner->obj);
}

static void region_vma_close(struct vm_area_struct *vma)
{
	struct mmap_region *region = vma->vm_private_data;

	object_unuse(region->owner->ctx, &region->owner->obj);
}

static const struct vm_operations_struct region_vm_ops = {
	.open = region_vma_open,
	.close = region_vma_close,
};

/* The region at exactly this place, with a user reference to its owner. */
static struct mmap_region *region_use(struct iommufd_ctx *ctx,
				      unsigned long pgoff,
				      unsigned long npages)
{
	MA_STATE(mas, &ctx->mmaps, pgoff, pgoff);
	struct mmap_region *region;

	/* Keeps a region that is found from being freed. */
	mtree_lock(&ctx->mmaps);
	region = mas_walk(&mas);
	if (region && (mas.index != pgoff || region->npages != npages ||
		       !object_tryuse(ctx, &region->owner->obj)))
		region = NULL;
	mtree_unlock(&ctx->mmaps);
	return region;
}

/**
 * viommu_mmap() - mmap() of /dev/iommu
 * @file: /dev/iommu
 * @vma: where
 *
 * Return: 0; -EINVAL not shared; -EPERM to be executed; -ENXIO: nothing can be
 * mapped at this offset, in this length; -ENOMEM.
 */
int viommu_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct iommufd_ctx *ctx = file->private_data;
	struct mmap_region *region;
	int rc;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	region = region_use(ctx, vma->vm_pgoff, vma_pages(vma));
	if (!region)
		return -ENXIO;
	vm_flags_clear(vma, VM_MAYEXEC);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	rc = io_remap_pfn_range(vma, vma->vm_start, PHYS_PFN(region->phys),
				region->npages << PAGE_SHIFT,
				vma->vm_page_prot);
	if (rc) {
		object_unuse(ctx, &region->owner->obj);
		return rc;
	}
	vma->vm_private_data = region;
	vma->vm_ops = &region_vm_ops;
	return 0;
}
