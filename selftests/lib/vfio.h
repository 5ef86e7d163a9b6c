/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio.h - a VFIO device, by its cdev or by its group
 *
 * Owns: nothing; helpers on descriptors. Each returns 0, a descriptor or a
 * number >= 0, or -errno. A device is named by its full PCI address
 * ("0000:00:04.0"), and is bound to vfio-pci already (see pci.h).
 */
#ifndef SELFTESTS_LIB_VFIO_H
#define SELFTESTS_LIB_VFIO_H

#include <linux/types.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>

/* The cdev: /dev/vfio/devices/vfioN. -ENOENT: the device has none. */
int vfio_cdev_path(const char *bdf, char *path, size_t len);
int vfio_cdev_open(const char *bdf);
int vfio_bind(int dev, int iommufd, __u32 *devid);
/* *@pt_id: an IOAS or HWPT on entry; on return the HWPT that was taken. */
int vfio_attach(int dev, __u32 *pt_id);
int vfio_detach(int dev);

/* The group and the legacy container. */
int vfio_group_number(const char *bdf);
int vfio_group_open(const char *bdf);
int vfio_container_open(void);
int vfio_group_set_container(int group, int container);
int vfio_group_unset_container(int group);
int vfio_container_set_iommu(int container, int type);
int vfio_group_get_device(int group, const char *bdf);
int vfio_type1_map(int container, void *va, __u64 length, __u64 iova,
		   __u32 flags);
int vfio_type1_unmap(int container, __u64 iova, __u64 length,
		     __u64 *unmapped);

/* The device itself, once access to it is granted. */
int vfio_device_info(int dev, struct vfio_device_info *info);
int vfio_region_info(int dev, __u32 index, struct vfio_region_info *info);
int vfio_device_reset(int dev);
/* Map a whole BAR; NULL with errno set if it cannot be mapped. */
void *vfio_bar_map(int dev, __u32 index, size_t *size);
/* Configuration space, @len bytes at @offset. */
int vfio_config_read(int dev, unsigned int offset, void *buf, size_t len);
int vfio_config_write(int dev, unsigned int offset, const void *buf,
		      size_t len);
/* Let the device decode its memory BARs and, with @on, do DMA. */
int vfio_bus_master(int dev, bool on);

#endif
