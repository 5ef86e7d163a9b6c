/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the IOMMU core exports to iommufd alone (namespace IOMMUFD_INTERNAL);
 * its declarations are in no header of the headers package.
 */
#ifndef IOMMU_INTERNAL_H
#define IOMMU_INTERNAL_H

struct iommu_domain;
struct iommu_group;

int iommu_group_replace_domain(struct iommu_group *group,
			       struct iommu_domain *new_domain);

#endif
