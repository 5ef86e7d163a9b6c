// SPDX-License-Identifier: GPL-2.0-only
/* vfio.c - a VFIO device, by its cdev or by its group; see vfio.h */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "vfio.h"

static int open_rdwr(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int vfio_cdev_path(const char *bdf, char *path, size_t len)
{
	char dir[128];
	struct dirent *entry;
	int ret = -ENOENT;
	DIR *d;

	snprintf(dir, sizeof(dir), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	d = opendir(dir);
	if (!d)
		return -errno;
	while ((entry = readdir(d))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, len, "/dev/vfio/devices/%s", entry->d_name);
		ret = access(path, F_OK) ? -errno : 0;
		break;
	}
	closedir(d);
	return ret;
}

int vfio_cdev_open(const char *bdf)
{
	char path[300];
	int ret = vfio_cdev_path(bdf, path, sizeof(path));

	return ret ? ret : open_rdwr(path);
}

int vfio_bind(int dev, int iommufd, __u32 *devid)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = iommufd,
	};
	int ret = xioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &bind);

	if (!ret && devid)
		*devid = bind.out_devid;
	return ret;
}

int vfio_attach(int dev, __u32 *pt_id)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = *pt_id,
	};
	int ret = xioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);

	if (!ret)
		*pt_id = attach.pt_id;
	return ret;
}

int vfio_detach(int dev)
{
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = sizeof(detach),
	};

	return xioctl(dev, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
}

int vfio_group_number(const char *bdf)
{
	char link[128], target[256];
	char *name, *end;
	ssize_t n;
	long nr;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group",
		 bdf);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	name = strrchr(target, '/');
	nr = strtol(name ? name + 1 : target, &end, 10);
	return *end ? -EINVAL : (int)nr;
}

int vfio_group_open(const char *bdf)
{
	int nr = vfio_group_number(bdf);
	char path[64];

	if (nr < 0)
		return nr;
	snprintf(path, sizeof(path), "/dev/vfio/%d", nr);
	return open_rdwr(path);
}

int vfio_container_open(void)
{
	return open_rdwr("/dev/vfio/vfio");
}

int vfio_group_set_container(int group, int container)
{
	return xioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
}

int vfio_group_unset_container(int group)
{
	return xioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

int vfio_container_set_iommu(int container, int type)
{
	return xioctl(container, VFIO_SET_IOMMU, (void *)(uintptr_t)type);
}

int vfio_group_get_device(int group, const char *bdf)
{
	return xioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)bdf);
}

int vfio_type1_map(int container, void *va, __u64 length, __u64 iova,
		   __u32 flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = length,
	};

	return xioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

int vfio_type1_unmap(int container, __u64 iova, __u64 length, __u64 *unmapped)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = length,
	};
	int ret = xioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	if (!ret && unmapped)
		*unmapped = unmap.size;
	return ret;
}

int vfio_device_info(int dev, struct vfio_device_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	return xioctl(dev, VFIO_DEVICE_GET_INFO, info);
}

int vfio_region_info(int dev, __u32 index, struct vfio_region_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	return xioctl(dev, VFIO_DEVICE_GET_REGION_INFO, info);
}

int vfio_device_reset(int dev)
{
	return xioctl(dev, VFIO_DEVICE_RESET, NULL);
}

void *vfio_bar_map(int dev, __u32 index, size_t *size)
{
	struct vfio_region_info info;
	int ret = vfio_region_info(dev, index, &info);
	void *va;

	if (!ret && (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP) || !info.size))
		ret = -ENODEV;
	if (ret) {
		errno = -ret;
		return NULL;
	}
	va = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
		  info.offset);
	if (va == MAP_FAILED)
		return NULL;
	*size = info.size;
	return va;
}

static int config_access(int dev, unsigned int offset, void *buf, size_t len,
			 bool write)
{
	struct vfio_region_info info;
	ssize_t n;
	int ret;

	ret = vfio_region_info(dev, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (ret)
		return ret;
	if (offset > info.size || len > info.size - offset)
		return -EINVAL;
	n = write ? pwrite(dev, buf, len, info.offset + offset) :
		    pread(dev, buf, len, info.offset + offset);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int vfio_config_read(int dev, unsigned int offset, void *buf, size_t len)
{
	return config_access(dev, offset, buf, len, false);
}

int vfio_config_write(int dev, unsigned int offset, const void *buf,
		      size_t len)
{
	return config_access(dev, offset, (void *)buf, len, true);
}

int vfio_bus_master(int dev, bool on)
{
	__u16 command;
	int ret;

	ret = vfio_config_read(dev, PCI_COMMAND, &command, sizeof(command));
	if (ret)
		return ret;
	command |= PCI_COMMAND_MEMORY;
	if (on)
		command |= PCI_COMMAND_MASTER;
	else
		command &= ~PCI_COMMAND_MASTER;
	return vfio_config_write(dev, PCI_COMMAND, &command, sizeof(command));
}
