// SPDX-License-Identifier: GPL-2.0-only
/* dma.c - a device and its address space, by either API; see dma.h */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "dma.h"
#include "mem.h"
#include "vfio.h"

/* Where type1's "automatic" addresses start: above 4 GiB, clear of MSI. */
#define TYPE1_FIRST_IOVA (1ULL << 32)
#define TYPE1_ALIGN (2ULL << 20)

const char *dma_step = "";

static int open_iommufd(struct dma *dma, const char *bdf)
{
	int ret;

	dma_step = "open " IOMMUFD_DEV;
	dma->space = iommufd_open();
	if (dma->space < 0)
		return dma->space;
	dma_step = "open the device's cdev";
	dma->dev = vfio_cdev_open(bdf);
	if (dma->dev < 0)
		return dma->dev;
	dma_step = "VFIO_DEVICE_BIND_IOMMUFD";
	ret = vfio_bind(dma->dev, dma->space, &dma->devid);
	if (ret)
		return ret;
	dma_step = "IOMMU_IOAS_ALLOC";
	ret = iommufd_ioas_alloc(dma->space, &dma->ioas);
	if (ret)
		return ret;
	dma_step = "VFIO_DEVICE_ATTACH_IOMMUFD_PT";
	dma->hwpt = dma->ioas;
	return vfio_attach(dma->dev, &dma->hwpt);
}

static int open_type1(struct dma *dma, const char *bdf)
{
	int ret;

	dma_step = "open the device's group";
	dma->group = vfio_group_open(bdf);
	if (dma->group < 0)
		return dma->group;
	dma_step = "open the container";
	dma->space = dma->api == DMA_COMPAT ? iommufd_open() :
					      vfio_container_open();
	if (dma->space < 0)
		return dma->space;
	dma_step = "VFIO_GROUP_SET_CONTAINER";
	ret = vfio_group_set_container(dma->group, dma->space);
	if (ret)
		return ret;
	dma_step = "VFIO_SET_IOMMU";
	ret = vfio_container_set_iommu(dma->space, VFIO_TYPE1v2_IOMMU);
	if (ret)
		return ret;
	dma_step = "VFIO_GROUP_GET_DEVICE_FD";
	dma->dev = vfio_group_get_device(dma->group, bdf);
	if (dma->dev < 0)
		return dma->dev;
	dma->next_iova = TYPE1_FIRST_IOVA;
	return 0;
}

int dma_open(struct dma *dma, const char *bdf, enum dma_api api)
{
	int ret;

	*dma = (struct dma){ .api = api, .dev = -1, .space = -1, .group = -1 };
	ret = api == DMA_IOMMUFD ? open_iommufd(dma, bdf) :
				   open_type1(dma, bdf);
	if (ret)
		dma_close(dma);
	return ret;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void dma_close(struct dma *dma)
{
	close_fd(&dma->dev);
	close_fd(&dma->group);
	close_fd(&dma->space);
}

static __u32 type1_flags(__u32 prot)
{
	return (prot & MAP_R ? VFIO_DMA_MAP_FLAG_READ : 0) |
	       (prot & MAP_W ? VFIO_DMA_MAP_FLAG_WRITE : 0);
}

int dma_map_fixed(struct dma *dma, void *va, __u64 length, __u64 iova,
		  __u32 prot)
{
	if (dma->api == DMA_IOMMUFD)
		return iommufd_map_fixed(dma->space, dma->ioas, va, length,
					 iova, prot);
	return vfio_type1_map(dma->space, va, length, iova, type1_flags(prot));
}

int dma_map_auto(struct dma *dma, void *va, __u64 length, __u64 *iova,
		 __u32 prot)
{
	int ret;

	if (dma->api == DMA_IOMMUFD)
		return iommufd_map_auto(dma->space, dma->ioas, va, length,
					iova, prot);
	*iova = dma->next_iova;
	ret = vfio_type1_map(dma->space, va, length, *iova, type1_flags(prot));
	if (!ret)
		dma->next_iova += (length + TYPE1_ALIGN - 1) & -TYPE1_ALIGN;
	return ret;
}

int dma_unmap_within(struct dma *dma, __u64 iova, __u64 length, __u64 *done)
{
	if (dma->api == DMA_IOMMUFD)
		return iommufd_unmap(dma->space, dma->ioas, iova, length, done);
	return vfio_type1_unmap(dma->space, iova, length, done);
}

long dma_charged(const struct dma *dma)
{
	return proc_status_bytes(dma->api == DMA_TYPE1 ? "VmLck" : "VmPin");
}

int dma_unmap(struct dma *dma, __u64 iova, __u64 length)
{
	__u64 done = 0;
	int ret = dma_unmap_within(dma, iova, length, &done);

	if (ret)
		return ret;
	return done == length ? 0 : -EIO;
}
