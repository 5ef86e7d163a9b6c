/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pci.h - PCI devices in sysfs: which they are, who drives them
 *
 * Owns: nothing. Each function returns 0 or -errno unless said otherwise.
 */
#ifndef SELFTESTS_LIB_PCI_H
#define SELFTESTS_LIB_PCI_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* A full address: four hex digits, ':', two, ':', two, '.', one of 0-7. */
bool pci_bdf_valid(const char *bdf);
/* vendor, device and the 24-bit class; any of them may be NULL */
int pci_identity(const char *bdf, __u16 *vendor, __u16 *device, __u32 *class);
/* The driver's name, "" when there is none. */
int pci_driver(const char *bdf, char *name, size_t len);
/* Give the device to @driver (its module is loaded already), from any other. */
int pci_bind_driver(const char *bdf, const char *driver);
/* Take the device from its driver and clear the override. */
int pci_release(const char *bdf);
/* How many devices share the device's IOMMU group, itself included. */
int pci_group_devices(const char *bdf);

#endif
