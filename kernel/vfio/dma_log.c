// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DMA logging features: a device that tracks its own writes.
 *
 * Owns no state; the driver's log operations do the work. The ranges of the
 * user become an interval tree, whose nodes live as long as the call.
 */
#include "main_abi.h"
#include "vfio.h"

/* What fits into a page of the user's; a tracker has far fewer. */
#define VFIO_LOG_MAX_RANGES \
	(PAGE_SIZE / sizeof(struct vfio_device_feature_dma_logging_range))

/*
 * Join the two neighbours that have the least unused space between them.
 * False if there are fewer than two.
 */
static bool vfio_join_closest(struct rb_root_cached *root)
{
	struct interval_tree_node *left = NULL, *prev, *node;
	unsigned long least = 0;

	prev = interval_tree_iter_first(root, 0, ULONG_MAX);
	if (!prev)
		return false;

	for (node = interval_tree_iter_next(prev, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		unsigned long gap = node->start - prev->last;

		if (!left || gap < least) {
			least = gap;
			left = prev;
		}
		prev = node;
	}
	if (!left)
		return false;

	/* A node's end is part of the tree's order: take out, put back. */
	node = interval_tree_iter_next(left, 0, ULONG_MAX);
	interval_tree_remove(node, root);
	interval_tree_remove(left, root);
	left->last = node->last;
	interval_tree_insert(left, root);
	return true;
}

/**
 * vfio_combine_iova_ranges() - cover ranges by fewer, larger ones
 * @root: ranges that do not overlap; nodes that are joined leave the tree,
 *	their memory stays the caller's
 * @cur_nodes: how many there are
 * @req_nodes: how many the caller can use, at least 1
 *
 * What is covered only grows, by as little as joining neighbours allows.
 */
void vfio_combine_iova_ranges(struct rb_root_cached *root, u32 cur_nodes,
			      u32 req_nodes)
{
	for (; cur_nodes > req_nodes; cur_nodes--) {
		if (WARN_ON_ONCE(!vfio_join_closest(root)))
			return;
	}
}
EXPORT_SYMBOL_GPL(vfio_combine_iova_ranges);

/* Read one range of the user into the tree. */
static int vfio_log_add_range(struct rb_root_cached *root,
			      struct interval_tree_node *node,
			      const void __user *urange, u64 page_size)
{
	struct vfio_device_feature_dma_logging_range range;
	u64 end;

	if (copy_from_user(&range, urange, sizeof(range)))
		return -EFAULT;
	if (!range.length || !IS_ALIGNED(range.iova, page_size) ||
	    !IS_ALIGNED(range.length, page_size))
		return -EINVAL;
	if (check_add_overflow(range.iova, range.length, &end) ||
	    end > ULONG_MAX)
		return -EOVERFLOW;

	node->start = range.iova;
	node->last = end - 1;
	if (interval_tree_iter_first(root, node->start, node->last))
		return -EINVAL;
	interval_tree_insert(node, root);
	return 0;
}

/**
 * vfio_feature_log_start() - VFIO_DEVICE_FEATURE_DMA_LOGGING_START
 * @device: an open device
 * @flags: of the feature's header
 * @arg: struct vfio_device_feature_dma_logging_control of the user
 * @argsz: bytes at @arg
 *
 * May sleep.
 *
 * Return: 0; -ENOTTY if the device has no logging; -EINVAL for no ranges,
 * ranges that overlap or are not aligned; -E2BIG for too many; -EOVERFLOW for
 * one that wraps; -ENOMEM; -EFAULT; or what the driver returned.
 */
int vfio_feature_log_start(struct vfio_device *device, u32 flags,
			   void __user *arg, size_t argsz)
{
	struct vfio_device_feature_dma_logging_range __user *ranges;
	struct vfio_device_feature_dma_logging_control control;
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct interval_tree_node *nodes;
	u32 i;
	int ret;

	if (!device->log_ops)
		return -ENOTTY;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET,
				 sizeof(control));
	if (ret != 1)
		return ret;

	if (copy_from_user(&control, arg, sizeof(control)))
		return -EFAULT;
	if (!control.num_ranges || !is_power_of_2(control.page_size))
		return -EINVAL;
	if (control.num_ranges > VFIO_LOG_MAX_RANGES)
		return -E2BIG;

	nodes = kmalloc_array(control.num_ranges, sizeof(*nodes),
			      GFP_KERNEL_ACCOUNT);
	if (!nodes)
		return -ENOMEM;

	ranges = u64_to_user_ptr(control.ranges);
	for (i = 0; i < control.num_ranges; i++) {
		ret = vfio_log_add_range(&root, &nodes[i], &ranges[i],
					 control.page_size);
		if (ret)
			goto out_free;
	}

	ret = device->log_ops->log_start(device, &root, control.num_ranges,
					 &control.page_size);
	if (ret)
		goto out_free;

	/* The driver may have chosen another page size. */
	if (copy_to_user(arg, &control, sizeof(control))) {
		device->log_ops->log_stop(device);
		ret = -EFAULT;
	}
out_free:
	kfree(nodes);
	return ret;
}

/**
 * vfio_feature_log_stop() - VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP
 * @device: an open device
 * @flags: of the feature's header
 * @arg: unused
 * @argsz: unused, may be 0
 *
 * May sleep.
 *
 * Return: 0; -ENOTTY if the device has no logging; or what the driver
 * returned.
 */
int vfio_feature_log_stop(struct vfio_device *device, u32 flags,
			  void __user *arg, size_t argsz)
{
	int ret;

	if (!device->log_ops)
		return -ENOTTY;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET, 0);
	if (ret != 1)
		return ret;
	return device->log_ops->log_stop(device);
}

/**
 * vfio_feature_log_report() - VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT
 * @device: an open device
 * @flags: of the feature's header
 * @arg: struct vfio_device_feature_dma_logging_report of the user
 * @argsz: bytes at @arg
 *
 * A driver reports by iova_bitmap_set(), which is an empty function in the
 * target kernel (CONFIG_IOMMUFD_DRIVER is unset). A report would always be
 * clean, and a migration that trusts it would lose data: there is none, as
 * with the stock module.
 *
 * Return: -EOPNOTSUPP; -ENOTTY if the device has no logging; -EINVAL for a
 * bad page size; -EOVERFLOW for a range that wraps; -EFAULT; 0 for a probe.
 */
int vfio_feature_log_report(struct vfio_device *device, u32 flags,
			    void __user *arg, size_t argsz)
{
	struct vfio_device_feature_dma_logging_report report;
	u64 end;
	int ret;

	if (!device->log_ops)
		return -ENOTTY;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(report));
	if (ret != 1)
		return ret;

	if (copy_from_user(&report, arg, sizeof(report)))
		return -EFAULT;
	if (report.page_size < SZ_4K || !is_power_of_2(report.page_size))
		return -EINVAL;
	if (check_add_overflow(report.iova, report.length, &end) ||
	    end > ULONG_MAX)
		return -EOVERFLOW;
	return -EOPNOTSUPP;
}
