/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between main.c, which starts and stops the module, and ioctl.c.
 */
#ifndef IOMMUFD_MAIN_H
#define IOMMUFD_MAIN_H

int iommufd_register_device(void);
void iommufd_unregister_device(void);

#endif
