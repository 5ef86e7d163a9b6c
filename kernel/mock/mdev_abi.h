/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MOCK_MDEV_CMD: the ioctl of a mock mdev's file, by which a test says what the
 * driver of an emulated device shall do with the memory of its user.
 */
#ifndef MOCK_MDEV_ABI_H
#define MOCK_MDEV_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* What to do: struct mock_mdev_cmd.op */
enum {
	/*
	 * vfio_pin_pages() of @length pages at @iova. @result: the 8 bytes at
	 * @iova, read through the first page; with MOCK_MDEV_WRITE they become
	 * @data.
	 */
	MOCK_MDEV_PIN = 1,
	/* vfio_unpin_pages() of those of @length pages that are pinned */
	MOCK_MDEV_UNPIN,
	/*
	 * vfio_dma_rw() of @length bytes at @iova, to or (with MOCK_MDEV_WRITE)
	 * from the caller's memory at @data
	 */
	MOCK_MDEV_RW,
	/* @result, @iova, @length: calls of dma_unmap, and the last one's */
	MOCK_MDEV_UNMAPS,
	/* Do not unpin when the file is closed, as a bad driver would */
	MOCK_MDEV_FORGET,
};

#define MOCK_MDEV_WRITE		(1U << 0)
#define MOCK_MDEV_KTHREAD	(1U << 1)	/* RW by a kernel thread */

#define MOCK_MDEV_MAX_PAGES	512
#define MOCK_MDEV_MAX_BYTES	(64U << 10)

/* Answers -errno, or 0 and the structure; PIN answers the number of pages. */
struct mock_mdev_cmd {
	__u32 op;
	__u32 flags;
	__u64 iova;
	__u64 length;
	__u64 data;
	__u64 result;
};

#define MOCK_MDEV_CMD _IOWR(';', 220, struct mock_mdev_cmd)

#endif
