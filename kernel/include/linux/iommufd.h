/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The in-kernel interface of iommufd, as drivers built against this project
 * see it.
 *
 * This header stands in front of the distribution's <linux/iommufd.h> on the
 * include path. The distribution's kernel has CONFIG_IOMMUFD unset, so its
 * header replaces most functions by inline stubs that fail; here every
 * function is a real one, exported by iommufd.ko. Names, namespaces and
 * semantics are those of the mainline kernel's newest kAPI, so that a driver
 * written for it builds unchanged.
 *
 * The include guard is the distribution's on purpose: whoever includes this
 * first never sees the stubs.
 */
#ifndef __LINUX_IOMMUFD_H
#define __LINUX_IOMMUFD_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/types.h>

/* The type of <linux/iommu.h>, which is not included: what is visible here
 * enters the symbol versions of vfio.ko.
 */
typedef unsigned int ioasid_t;

struct device;
struct file;
struct iommu_group;
struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;

/*
 * Contexts. iommufd_ctx_from_file() and iommufd_ctx_from_fd() take a
 * reference that iommufd_ctx_put() gives back; the context, and every object
 * in it, lives until the last one is gone.
 */
void iommufd_ctx_get(struct iommufd_ctx *ictx);
void iommufd_ctx_put(struct iommufd_ctx *ictx);
struct iommufd_ctx *iommufd_ctx_from_file(struct file *file);
struct iommufd_ctx *iommufd_ctx_from_fd(int fd);
bool iommufd_ctx_has_group(struct iommufd_ctx *ictx, struct iommu_group *group);

/* Physical devices: namespace IOMMUFD. */
struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ictx,
					   struct device *dev, u32 *id);
void iommufd_device_unbind(struct iommufd_device *idev);
int iommufd_device_attach(struct iommufd_device *idev, ioasid_t pasid,
			  u32 *pt_id);
int iommufd_device_replace(struct iommufd_device *idev, ioasid_t pasid,
			   u32 *pt_id);
void iommufd_device_detach(struct iommufd_device *idev, ioasid_t pasid);
struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev);
u32 iommufd_device_to_id(struct iommufd_device *idev);

#endif
