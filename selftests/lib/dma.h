/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma.h - a device and the address space it does DMA in, whichever API made it
 *
 * Owns: the descriptors of one session: /dev/iommu with the device's cdev, or
 * a type1 container with the device's group. Drivers of devices work on this,
 * so that the same driver runs over all.
 */
#ifndef SELFTESTS_LIB_DMA_H
#define SELFTESTS_LIB_DMA_H

#include <linux/types.h>

#include "iommufd.h"

enum dma_api {
	DMA_IOMMUFD,	/* /dev/iommu and the device's cdev */
	DMA_TYPE1,	/* /dev/vfio/vfio and the device's group */
	DMA_COMPAT,	/* the same with /dev/iommu as the container */
};

struct dma {
	enum dma_api api;
	int dev;	/* the device; -1 when closed, as all of these */
	int space;	/* the iommufd or the container */
	int group;	/* not iommufd */
	__u32 devid, ioas, hwpt;	/* iommufd only */
	__u64 next_iova;	/* a container has no automatic IOVA: we count up */
};

/* What dma_open() was doing when it failed, for messages. */
extern const char *dma_step;

/*
 * dma_open - open a device and give it an empty address space
 *
 * With DMA_IOMMUFD: open, BIND, IOAS_ALLOC, ATTACH. With DMA_TYPE1 and
 * DMA_COMPAT: group, container, SET_IOMMU (type1v2), device. Returns 0, or -errno with everything
 * closed again and dma_step saying at which step.
 */
int dma_open(struct dma *dma, const char *bdf, enum dma_api api);

/* Close everything; what is still mapped is unmapped by the kernel. */
void dma_close(struct dma *dma);

/* Map at @iova; @prot: MAP_R, MAP_W or both. 0 or -errno. */
int dma_map_fixed(struct dma *dma, void *va, __u64 length, __u64 iova,
		  __u32 prot);
/* Map anywhere; *@iova says where. */
int dma_map_auto(struct dma *dma, void *va, __u64 length, __u64 *iova,
		 __u32 prot);
/* Unmap exactly [iova, iova + length). -EIO: less than that was unmapped. */
int dma_unmap(struct dma *dma, __u64 iova, __u64 length);
/* Unmap all mappings in [iova, iova + length); *@done: their bytes. */
int dma_unmap_within(struct dma *dma, __u64 iova, __u64 length, __u64 *done);
/* Bytes that this process is charged for its mappings (VmPin or VmLck). */
long dma_charged(const struct dma *dma);

#endif
