// SPDX-License-Identifier: GPL-2.0-only
/*
 * Features of the mock VFIO device that no device which can be emulated has: all
 * of the migration's states, and a log of its own DMA.
 *
 * Owns mock_vfio::state and ::seen. Nothing is migrated and nothing logged: it
 * notes what the core asks of it, for the test to compare with what it asked of
 * the core.
 */
#include <linux/interval_tree.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "vfio_mock.h"

#define MOCK_ALL_STATES \
	(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY)

/* One arc after the other, as drivers do; a refused one ends it. */
static struct file *mock_set_state(struct vfio_device *vdev,
				   enum vfio_device_mig_state target)
{
	struct mock_vfio *mock = to_mock(vdev);
	enum vfio_device_mig_state next;
	int ret = 0;

	mutex_lock(&mock->lock);
	mock->seen.arcs = 0;
	while (mock->state != target) {
		ret = vfio_mig_get_next_state(vdev, mock->state, target, &next);
		if (ret)
			break;
		if (mock->seen.arcs == MOCK_VFIO_MAX_ARCS) {
			ret = -ELOOP;
			break;
		}
		mock->seen.path[mock->seen.arcs++] = next;
		mock->state = next;
	}
	/* The core's own answer to where it is already. */
	if (!ret && !mock->seen.arcs)
		ret = vfio_mig_get_next_state(vdev, mock->state, target, &next);
	mutex_unlock(&mock->lock);
	return ERR_PTR(ret);
}

static int mock_get_state(struct vfio_device *vdev,
			  enum vfio_device_mig_state *state)
{
	struct mock_vfio *mock = to_mock(vdev);

	mutex_lock(&mock->lock);
	*state = mock->state;
	mutex_unlock(&mock->lock);
	return 0;
}

static int mock_get_data_size(struct vfio_device *vdev, unsigned long *length)
{
	*length = MOCK_VFIO_DATA_SIZE;
	return 0;
}

static const struct vfio_migration_ops mock_mig_ops = {
	.migration_set_state = mock_set_state,
	.migration_get_state = mock_get_state,
	.migration_get_data_size = mock_get_data_size,
};

/* It can track a few ranges, so it has the core join the others. */
static int mock_log_start(struct vfio_device *vdev,
			  struct rb_root_cached *ranges, u32 nnodes,
			  u64 *page_size)
{
	struct mock_vfio *mock = to_mock(vdev);
	struct mock_vfio_seen *seen = &mock->seen;
	struct interval_tree_node *node;
	int ret = 0;

	mutex_lock(&mock->lock);
	if (seen->logging) {
		ret = -EBUSY;
		goto out;
	}
	if (nnodes > MOCK_VFIO_MAX_RANGES)
		vfio_combine_iova_ranges(ranges, nnodes, MOCK_VFIO_MAX_RANGES);
	seen->log_asked = nnodes;
	seen->log_ranges = 0;
	for (node = interval_tree_iter_first(ranges, 0, ULONG_MAX);
	     node && seen->log_ranges < MOCK_VFIO_MAX_RANGES;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		seen->first[seen->log_ranges] = node->start;
		seen->last[seen->log_ranges] = node->last;
		seen->log_ranges++;
	}
	seen->log_page_size = *page_size;
	*page_size = MOCK_VFIO_LOG_PAGE;
	seen->logging = 1;
out:
	mutex_unlock(&mock->lock);
	return ret;
}

static int mock_log_stop(struct vfio_device *vdev)
{
	struct mock_vfio *mock = to_mock(vdev);

	mutex_lock(&mock->lock);
	mock->seen.logging = 0;
	mutex_unlock(&mock->lock);
	return 0;
}

static int mock_log_read_and_clear(struct vfio_device *vdev, unsigned long iova,
				   unsigned long length,
				   struct iova_bitmap *dirty)
{
	return 0;
}

static const struct vfio_log_ops mock_log_ops = {
	.log_start = mock_log_start,
	.log_stop = mock_log_stop,
	.log_read_and_clear = mock_log_read_and_clear,
};

/**
 * mock_vfio_features_init() - vfio_device_ops.init: give it its features
 * @vdev: the device
 *
 * Return: 0.
 */
int mock_vfio_features_init(struct vfio_device *vdev)
{
	mutex_init(&to_mock(vdev)->lock);
	vdev->migration_flags = MOCK_ALL_STATES;
	vdev->mig_ops = &mock_mig_ops;
	vdev->log_ops = &mock_log_ops;
	return 0;
}

/**
 * mock_vfio_features_release() - vfio_device_ops.release
 * @vdev: the device
 */
void mock_vfio_features_release(struct vfio_device *vdev)
{
	mutex_destroy(&to_mock(vdev)->lock);
}

/**
 * mock_vfio_features_reset() - a new user finds it running, with nothing noted
 * @mock: the device
 */
void mock_vfio_features_reset(struct mock_vfio *mock)
{
	mutex_lock(&mock->lock);
	mock->state = VFIO_DEVICE_STATE_RUNNING;
	mock->vdev.migration_flags = MOCK_ALL_STATES;
	memset(&mock->seen, 0, sizeof(mock->seen));
	mutex_unlock(&mock->lock);
}

/**
 * mock_vfio_get_seen() - MOCK_VFIO_SEEN
 * @mock: the device, open
 * @arg: the user's
 *
 * A device whose features are chosen runs, whatever it did.
 * Return: 0; -EINVAL for features that the core does not know, or that no
 * device has without the one that all the others build on; -EFAULT.
 */
long mock_vfio_get_seen(struct mock_vfio *mock,
			struct mock_vfio_seen __user *arg)
{
	struct mock_vfio_seen seen;
	u32 flags;

	if (get_user(flags, &arg->set_features))
		return -EFAULT;
	if (flags & ~MOCK_ALL_STATES ||
	    (flags && !(flags & VFIO_MIGRATION_STOP_COPY)))
		return -EINVAL;

	mutex_lock(&mock->lock);
	if (flags) {
		mock->vdev.migration_flags = flags;
		mock->state = VFIO_DEVICE_STATE_RUNNING;
	}
	mock->seen.set_features = mock->vdev.migration_flags;
	seen = mock->seen;
	mutex_unlock(&mock->lock);
	return copy_to_user(arg, &seen, sizeof(seen)) ? -EFAULT : 0;
}
