/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The distribution's <linux/vfio.h>, with the functions that its kernel was
 * built without.
 *
 * There, with CONFIG_IOMMUFD unset, vfio_iommufd_*() are stubs: NULL pointers
 * in a driver's operations, and two inline functions that know nothing. A
 * driver that is built with this header in front gets the real ones, which
 * vfio.ko exports; one that is built without them works as well, for vfio.ko
 * takes a NULL operation for the one that goes with how the device was
 * registered.
 *
 * Only functions are declared here: a type would enter the symbol versions.
 */
#ifndef IOMMUFD_BPF_LINUX_VFIO_H
#define IOMMUFD_BPF_LINUX_VFIO_H

#include <linux/types.h>

struct iommufd_ctx;
struct vfio_device;

#define vfio_iommufd_device_ictx	vfio_no_iommufd_device_ictx
#define vfio_iommufd_get_dev_id		vfio_no_iommufd_get_dev_id
#include_next <linux/vfio.h>
#undef vfio_iommufd_device_ictx
#undef vfio_iommufd_get_dev_id
#undef vfio_iommufd_physical_bind
#undef vfio_iommufd_physical_unbind
#undef vfio_iommufd_physical_attach_ioas
#undef vfio_iommufd_physical_detach_ioas
#undef vfio_iommufd_emulated_bind
#undef vfio_iommufd_emulated_unbind
#undef vfio_iommufd_emulated_attach_ioas
#undef vfio_iommufd_emulated_detach_ioas

struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *vdev);
int vfio_iommufd_get_dev_id(struct vfio_device *vdev, struct iommufd_ctx *ictx);

int vfio_iommufd_physical_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id);
void vfio_iommufd_physical_unbind(struct vfio_device *vdev);
int vfio_iommufd_physical_attach_ioas(struct vfio_device *vdev, u32 *pt_id);
void vfio_iommufd_physical_detach_ioas(struct vfio_device *vdev);

int vfio_iommufd_emulated_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id);
void vfio_iommufd_emulated_unbind(struct vfio_device *vdev);
int vfio_iommufd_emulated_attach_ioas(struct vfio_device *vdev, u32 *pt_id);
void vfio_iommufd_emulated_detach_ioas(struct vfio_device *vdev);

#endif
