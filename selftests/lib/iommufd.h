/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd.h - the calls of /dev/iommu as functions
 *
 * Owns: nothing; thin wrappers that fill the structures. Each returns 0 (or a
 * descriptor) or -errno. Tests that need a malformed call use xioctl() with a
 * structure of their own.
 */
#ifndef SELFTESTS_LIB_IOMMUFD_H
#define SELFTESTS_LIB_IOMMUFD_H

#include <linux/iommufd_ext.h>
#include <linux/types.h>
#include <stdbool.h>

#define IOMMUFD_DEV "/dev/iommu"

#define MAP_R IOMMU_IOAS_MAP_READABLE
#define MAP_W IOMMU_IOAS_MAP_WRITEABLE
#define MAP_RW (MAP_R | MAP_W)

/* ioctl() that returns -errno instead of -1; restarts after a signal. */
int xioctl(int fd, unsigned long nr, void *arg);

/* A new context; the descriptor or -errno. */
int iommufd_open(void);
int iommufd_ioas_alloc(int fd, __u32 *ioas_id);
int iommufd_destroy(int fd, __u32 id);
/* IOVAs are chosen from [start, last] only. */
int iommufd_allow(int fd, __u32 ioas_id, __u64 start, __u64 last);

/* Map at @iova. @prot: MAP_R, MAP_W or both. */
int iommufd_map_fixed(int fd, __u32 ioas_id, void *va, __u64 length,
		      __u64 iova, __u32 prot);
/* Map where the kernel likes; *@iova says where. */
int iommufd_map_auto(int fd, __u32 ioas_id, void *va, __u64 length,
		     __u64 *iova, __u32 prot);
/*
 * Map @length bytes of a file from @start on. @flags: @prot as above, with
 * IOMMU_IOAS_MAP_FIXED_IOVA to map at *@iova, else *@iova says where.
 */
int iommufd_map_file(int fd, __u32 ioas_id, int file, __u64 start,
		     __u64 length, __u64 *iova, __u32 flags);
/* The calling process pays for all that is mapped. */
int iommufd_change_process(int fd);
/* *@unmapped (may be NULL) gets the bytes that were unmapped. */
int iommufd_unmap(int fd, __u32 ioas_id, __u64 iova, __u64 length,
		  __u64 *unmapped);

/* Map at @iova of @dst what @src maps at @src_iova. */
int iommufd_copy(int fd, __u32 dst, __u32 src, __u64 src_iova, __u64 length,
		 __u64 iova, __u32 prot);

/* A paging HWPT of the IOAS @pt_id; @flags: enum iommufd_hwpt_alloc_flags. */
int iommufd_hwpt_alloc(int fd, __u32 dev_id, __u32 pt_id, __u32 flags,
		       __u32 *hwpt_id);

/*
 * The usable ranges. *@count: room in @ranges on entry, the true number on
 * return, also with -EMSGSIZE. @align may be NULL.
 */
int iommufd_ranges(int fd, __u32 ioas_id, struct iommu_iova_range *ranges,
		   __u32 *count, __u64 *align);

/* Dirty tracking of a HWPT on or off; its bitmap, a bit for each @page_size. */
int iommufd_dirty_track(int fd, __u32 hwpt, bool enable);
int iommufd_dirty_bitmap(int fd, __u32 hwpt, __u64 iova, __u64 length,
			 __u64 page_size, void *bitmap, __u32 flags);

/* Which IOAS serves the VFIO container: enum iommufd_vfio_ioas_op. */
int iommufd_vfio_ioas(int fd, __u16 op, __u32 *ioas_id);

int iommufd_option_get(int fd, __u32 option, __u32 object, __u64 *value);
int iommufd_option_set(int fd, __u32 option, __u32 object, __u64 value);
/* 0: pages are charged to the user; 1: to the process. */
int iommufd_set_rlimit_mode(int fd, __u64 mode);

#endif
