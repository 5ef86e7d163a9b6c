/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the IOMMU core exports to iommufd alone (namespace IOMMUFD_INTERNAL);
 * its declarations are in no header of the headers package.
 */
#ifndef IOMMU_INTERNAL_H
#define IOMMU_INTERNAL_H

#include <linux/types.h>

struct iommu_attach_handle;
struct iommu_domain;
struct iommu_group;

int iommu_attach_group_handle(struct iommu_domain *domain,
			      struct iommu_group *group,
			      struct iommu_attach_handle *handle);
void iommu_detach_group_handle(struct iommu_domain *domain,
			       struct iommu_group *group);
int iommu_replace_group_handle(struct iommu_group *group,
			       struct iommu_domain *new_domain,
			       struct iommu_attach_handle *handle);
struct iommu_attach_handle *
iommu_attach_handle_get(struct iommu_group *group, unsigned int pasid,
			unsigned int type);

#endif
