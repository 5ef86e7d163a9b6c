/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mockdev.h - the mock's VFIO device (kernel/mock/vfio.c), found by its driver
 */
#ifndef SELFTESTS_VFIO_MOCKDEV_H
#define SELFTESTS_VFIO_MOCKDEV_H

/* mock_device_open - its cdev; fails the test if there is none */
int mock_device_open(void);

#endif
