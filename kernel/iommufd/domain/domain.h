/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO page tables: making a paging domain for a device, writing pinned memory
 * into it and taking it out again; making a nested one on top of it.
 *
 * Knows struct iommu_domain and mem; does not know IOASes or devices' state.
 */
#ifndef IOMMUFD_DOMAIN_H
#define IOMMUFD_DOMAIN_H

#include <linux/sizes.h>
#include <linux/types.h>

#include "stats.h"

struct device;
struct iommu_domain;
struct iommu_user_data;
struct iommu_user_data_array;
struct mem;

/* No leaf of an IO page table is larger, or crosses such a border: bytes. */
#define DOMAIN_LEAF_MAX ((unsigned long)SZ_1G)

struct iommu_domain *domain_create(struct device *dev, u32 flags,
				   const struct iommu_user_data *data);
struct iommu_domain *domain_create_nested(struct device *dev, u32 flags,
					  struct iommu_domain *parent,
					  const struct iommu_user_data *data);
struct iommu_domain *domain_take_nested(struct device *dev, u32 flags,
					struct iommu_domain *domain);
void domain_free(struct iommu_domain *domain);
/* A driver's: does all it is given, and says in it how many it did. */
typedef int (*invalidate_part_fn)(void *who,
				  struct iommu_user_data_array *part);
int invalidate_in_parts(const struct iommu_user_data_array *array,
			invalidate_part_fn fn, void *who, u32 *done);
int domain_invalidate(struct iommu_domain *domain,
		      const struct iommu_user_data_array *array, u32 *done);

unsigned long domain_alignment(const struct iommu_domain *domain);

/**
 * struct fill_how - how memory is to be mapped
 * @iommu_prot: IOMMU_READ and so on
 * @huge_pages: contiguous memory may become huge IO pages
 */
struct fill_how {
	int iommu_prot;
	bool huge_pages;
};

int domain_fill(struct iommu_domain *domain, unsigned long iova,
		struct mem *mem, u64 offset, unsigned long length,
		const struct fill_how *how, struct op_stats *st);
int domain_fill_range(struct iommu_domain *domain, unsigned long iova,
		      phys_addr_t phys, unsigned long length,
		      const struct fill_how *how, struct op_stats *st);
bool domain_clear(struct iommu_domain *domain, unsigned long iova,
		  unsigned long length, struct op_stats *st);

/* dmabuf.c */
int domain_fill_dmabuf(struct iommu_domain *domain, unsigned long iova,
		       struct mem *mem, u64 offset, unsigned long length,
		       const struct fill_how *how, struct op_stats *st);
bool domain_clear_dmabuf(struct iommu_domain *domain, unsigned long iova,
			 struct mem *mem, struct op_stats *st);

#endif
