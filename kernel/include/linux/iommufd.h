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

/* The VFIO container, served by a context: namespace IOMMUFD_VFIO. */
int iommufd_vfio_compat_ioas_get_id(struct iommufd_ctx *ictx, u32 *out_ioas_id);
int iommufd_vfio_compat_ioas_create(struct iommufd_ctx *ictx);
int iommufd_vfio_compat_set_no_iommu(struct iommufd_ctx *ictx);

/* In-kernel users of an IOAS: namespace IOMMUFD. */
struct page;

/**
 * struct iommufd_access_ops - what an in-kernel user does
 * @needs_pin_pages: it will call iommufd_access_pin_pages()
 * @unmap: give back all that was pinned in [iova, iova + length); called
 *	without locks, may sleep
 */
struct iommufd_access_ops {
	u8 needs_pin_pages : 1;
	void (*unmap)(void *data, unsigned long iova, unsigned long length);
};

enum {
	IOMMUFD_ACCESS_RW_READ = 0,
	IOMMUFD_ACCESS_RW_WRITE = 1 << 0,
	IOMMUFD_ACCESS_RW_KTHREAD = 1 << 1, /* the caller has no mm of its own */
	__IOMMUFD_ACCESS_RW_SLOW_PATH = 1 << 2, /* tests only */
};

struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ictx,
		      const struct iommufd_access_ops *ops, void *data,
		      u32 *id);
void iommufd_access_destroy(struct iommufd_access *access);
int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id);
int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id);
void iommufd_access_detach(struct iommufd_access *access);
int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags);
void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length);
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t len, unsigned int flags);

#endif
