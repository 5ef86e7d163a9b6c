/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mdev.h - what the files of the test of emulated devices share
 *
 * mdev.c owns the device under test and what is checked around every test,
 * and what they all do; each other file its table of tests.
 */
#ifndef SELFTESTS_VFIO_MDEV_H
#define SELFTESTS_VFIO_MDEV_H

#include <errno.h>
#include <linux/types.h>

#include "../../kernel/mock/mdev_abi.h"
#include "iommufd.h"
#include "mem.h"
#include "test.h"
#include "vfio.h"

#define TEST(n) { .name = #n, .run = test_##n }
#define IOVA	0x10000000ULL

extern const struct test_table mdev_memory, mdev_life, mdev_mtty;

/* The device under test: its name, its path in sysfs. */
#define UUID	"f00dbabe-0000-4000-8000-00000badcafe"
#define DEVICE	"/sys/bus/mdev/devices/" UUID

/* A bound device. */
struct mdev {
	int cdev, iommufd;
	__u32 id;
};

/* These fail the test when they fail. */
int mdev_cdev_open(void);
int mdev_group_open(void);
struct mdev mdev_bound(void);
__u32 mdev_attach_new(struct mdev *m);	/* to a new IOAS, whose id it gives */
__u64 *mdev_memory_get(size_t bytes);	/* each word of it is its number */
int sysfs_write(const char *path, const char *text);	/* 0 or -errno */

/* What the driver answers; 0 or more, or -errno. */
int mdev_cmd(int dev, struct mock_mdev_cmd *cmd);
int mdev_pin(int dev, __u64 iova, __u64 npages, __u64 *value);
int mdev_unpin(int dev, __u64 iova, __u64 npages);
int mdev_read(int dev, __u64 iova, void *data, __u64 bytes);
int mdev_write(int dev, __u64 iova, const void *data, __u64 bytes);
/* Calls of dma_unmap since the device was opened; the last one's range. */
__u64 mdev_unmaps(int dev, __u64 *iova, __u64 *length);

#endif
