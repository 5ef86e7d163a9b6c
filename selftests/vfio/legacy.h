/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * legacy.h - what the files of the legacy test share
 *
 * legacy.c owns the device under test and what is checked around every test;
 * legacy_lib.c what they all do; each other file its tables of tests: *_stock
 * holds on the stock vfio.ko too, *_own only on ours.
 */
#ifndef SELFTESTS_VFIO_LEGACY_H
#define SELFTESTS_VFIO_LEGACY_H

#include <errno.h>
#include <linux/types.h>

#include "iommufd.h"
#include "pci.h"
#include "test.h"
#include "vfio.h"

#define MAP_BYTES	(64UL << 10)
#define MAP_IOVA	0x100000ULL
#define CLOSED_FD	9999
#define WAIT_MS		(20000 * (int)test_slow())

/* Give a libc call's result the form of our helpers: -errno. */
#define RET(call) ({ long r_ = (call); r_ == -1 ? -errno : r_; })

#define TEST(n) { .name = #n, .run = test_##n }

extern const struct test_table legacy_group_stock, legacy_device_stock,
	legacy_life_stock, legacy_kvm_stock;
extern const struct test_table legacy_cdev_own, legacy_iommufd_own,
	legacy_life_own, legacy_kvm_own,
	legacy_user_own;

/* The device under test, such as "0000:01:00.0". */
extern const char *bdf;

/* Containers are files of /dev/iommu. */
extern bool container_is_iommufd;

/* A device on the legacy way, with all that it needs. */
struct legacy {
	int container, group, device;
};

/* These fail the test when they fail. */
struct legacy legacy_open(void);
void legacy_close(struct legacy *l);
int file_open(const char *path);
int group_open(void);
int container_open(void);
void *memory_get(void);		/* MAP_BYTES */
long module_users(const char *module);
void check_config_space(int device);
void check_bar(int device);

/* These return 0 or -errno. */
int sysfs_write(const char *path, const char *text);	/* tracefs too */
int map_dma(int container, void *memory, __u64 iova);
int feature(int device, __u32 flags, __u32 argsz);
int set_irq(int device, __u32 index, __u32 flags, int count, int fd);

#endif
