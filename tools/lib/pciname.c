// SPDX-License-Identifier: GPL-2.0-only
/* What sysfs and the list of PCI ids know of a device. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pci/pci.h>

#include "pciname.h"

static unsigned int read_id(const char *bdf, const char *file)
{
	char path[128];
	unsigned int id = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%x", &id) != 1)
		id = 0;
	fclose(f);
	return id;
}

void pciname_model(const char *bdf, char *buf, size_t size)
{
	static struct pci_access *pci;
	unsigned int vendor = read_id(bdf, "vendor"), device = read_id(bdf, "device");

	buf[0] = 0;
	if (!vendor)
		return;
	if (!pci) {
		pci = pci_alloc();
		/* From the file on this machine: no question to the network. */
		pci->method = PCI_ACCESS_SYS_BUS_PCI;
	}
	pci_lookup_name(pci, buf, size, PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE, vendor, device);
}

void pciname_driver(const char *bdf, char *buf, size_t size)
{
	char path[128], link[256];
	ssize_t len;

	buf[0] = 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", bdf);
	len = readlink(path, link, sizeof(link) - 1);
	if (len <= 0)
		return;
	link[len] = 0;
	snprintf(buf, size, "%s", strrchr(link, '/') ? strrchr(link, '/') + 1 : link);
}
