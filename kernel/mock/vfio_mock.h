/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock VFIO device, as its two files know it.
 */
#ifndef MOCK_VFIO_MOCK_H
#define MOCK_VFIO_MOCK_H

#include <linux/mutex.h>
#include <linux/vfio.h>

#include "vfio_abi.h"

/**
 * struct mock_vfio - the device
 * @vdev: first, for vfio_alloc_device()
 * @lock: protects what follows
 * @state: where its migration stands
 * @seen: what the core told it: see struct mock_vfio_seen
 */
struct mock_vfio {
	struct vfio_device vdev;
	struct mutex lock;
	enum vfio_device_mig_state state;
	struct mock_vfio_seen seen;
};

static inline struct mock_vfio *to_mock(struct vfio_device *vdev)
{
	return container_of(vdev, struct mock_vfio, vdev);
}

int mock_vfio_features_init(struct vfio_device *vdev);
void mock_vfio_features_release(struct vfio_device *vdev);
void mock_vfio_features_reset(struct mock_vfio *mock);
long mock_vfio_get_seen(struct mock_vfio *mock,
			struct mock_vfio_seen __user *arg);

#endif
