// SPDX-License-Identifier: GPL-2.0-only
/* iommufd.c - the calls of /dev/iommu as functions; see iommufd.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "iommufd.h"

int xioctl(int fd, unsigned long nr, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, nr, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

int iommufd_open(void)
{
	int fd = open(IOMMUFD_DEV, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int iommufd_ioas_alloc(int fd, __u32 *ioas_id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int ret = xioctl(fd, IOMMU_IOAS_ALLOC, &cmd);

	if (!ret)
		*ioas_id = cmd.out_ioas_id;
	return ret;
}

int iommufd_destroy(int fd, __u32 id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return xioctl(fd, IOMMU_DESTROY, &cmd);
}

static int do_map(int fd, __u32 ioas_id, void *va, __u64 length, __u64 *iova,
		  __u32 flags)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)va,
		.length = length,
		.iova = *iova,
	};
	int ret = xioctl(fd, IOMMU_IOAS_MAP, &cmd);

	if (!ret)
		*iova = cmd.iova;
	return ret;
}

int iommufd_map_fixed(int fd, __u32 ioas_id, void *va, __u64 length,
		      __u64 iova, __u32 prot)
{
	return do_map(fd, ioas_id, va, length, &iova,
		      prot | IOMMU_IOAS_MAP_FIXED_IOVA);
}

int iommufd_allow(int fd, __u32 ioas_id, __u64 start, __u64 last)
{
	const struct iommu_iova_range range = { start, last };
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.num_iovas = 1,
		.allowed_iovas = (uintptr_t)&range,
	};

	return xioctl(fd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

int iommufd_map_auto(int fd, __u32 ioas_id, void *va, __u64 length,
		     __u64 *iova, __u32 prot)
{
	*iova = 0;
	return do_map(fd, ioas_id, va, length, iova, prot);
}

int iommufd_map_file(int fd, __u32 ioas_id, int file, __u64 start,
		     __u64 length, __u64 *iova, __u32 flags)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ioas_id = ioas_id,
		.fd = file,
		.start = start,
		.length = length,
		.iova = *iova,
	};
	int ret = xioctl(fd, IOMMU_IOAS_MAP_FILE, &cmd);

	if (!ret)
		*iova = cmd.iova;
	return ret;
}

int iommufd_change_process(int fd)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };

	return xioctl(fd, IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}

int iommufd_unmap(int fd, __u32 ioas_id, __u64 iova, __u64 length,
		  __u64 *unmapped)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.iova = iova,
		.length = length,
	};
	int ret = xioctl(fd, IOMMU_IOAS_UNMAP, &cmd);

	if (!ret && unmapped)
		*unmapped = cmd.length;
	return ret;
}

int iommufd_copy(int fd, __u32 dst, __u32 src, __u64 src_iova, __u64 length,
		 __u64 iova, __u32 prot)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = prot | IOMMU_IOAS_MAP_FIXED_IOVA,
		.dst_ioas_id = dst,
		.src_ioas_id = src,
		.length = length,
		.dst_iova = iova,
		.src_iova = src_iova,
	};

	return xioctl(fd, IOMMU_IOAS_COPY, &cmd);
}

int iommufd_hwpt_alloc(int fd, __u32 dev_id, __u32 pt_id, __u32 flags,
		       __u32 *hwpt_id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = dev_id,
		.pt_id = pt_id,
	};
	int ret = xioctl(fd, IOMMU_HWPT_ALLOC, &cmd);

	if (!ret)
		*hwpt_id = cmd.out_hwpt_id;
	return ret;
}

int iommufd_dirty_track(int fd, __u32 hwpt, bool enable)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = enable ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
	};

	return xioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

int iommufd_dirty_bitmap(int fd, __u32 hwpt, __u64 iova, __u64 length,
			 __u64 page_size, void *bitmap, __u32 flags)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.data = (uintptr_t)bitmap,
	};

	return xioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}

int iommufd_ranges(int fd, __u32 ioas_id, struct iommu_iova_range *ranges,
		   __u32 *count, __u64 *align)
{
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.num_iovas = *count,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int ret = xioctl(fd, IOMMU_IOAS_IOVA_RANGES, &cmd);

	if (!ret || ret == -EMSGSIZE)
		*count = cmd.num_iovas;
	if (!ret && align)
		*align = cmd.out_iova_alignment;
	return ret;
}

int iommufd_option_set(int fd, __u32 option, __u32 object, __u64 value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = option,
		.op = IOMMU_OPTION_OP_SET,
		.object_id = object,
		.val64 = value,
	};

	return xioctl(fd, IOMMU_OPTION, &cmd);
}

int iommufd_set_rlimit_mode(int fd, __u64 mode)
{
	return iommufd_option_set(fd, IOMMU_OPTION_RLIMIT_MODE, 0, mode);
}

int iommufd_vfio_ioas(int fd, __u16 op, __u32 *ioas_id)
{
	struct iommu_vfio_ioas cmd = {
		.size = sizeof(cmd),
		.op = op,
		.ioas_id = *ioas_id,
	};
	int ret = xioctl(fd, IOMMU_VFIO_IOAS, &cmd);

	if (!ret && op == IOMMU_VFIO_IOAS_GET)
		*ioas_id = cmd.ioas_id;
	return ret;
}

int iommufd_option_get(int fd, __u32 option, __u32 object, __u64 *value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = option,
		.op = IOMMU_OPTION_OP_GET,
		.object_id = object,
	};
	int ret = xioctl(fd, IOMMU_OPTION, &cmd);

	if (!ret)
		*value = cmd.val64;
	return ret;
}
