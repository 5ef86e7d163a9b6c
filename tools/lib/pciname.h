/* SPDX-License-Identifier: GPL-2.0-only */
/* What sysfs and the list of PCI ids know of a device. */
#ifndef PCINAME_H
#define PCINAME_H

#include <stddef.h>

/** pciname_model() - "Red Hat, Inc. NVMe controller"; "" if @bdf is no PCI device */
void pciname_model(const char *bdf, char *buf, size_t size);

/** pciname_driver() - the driver that has the device, or "" */
void pciname_driver(const char *bdf, char *buf, size_t size);

#endif
