// SPDX-License-Identifier: GPL-2.0-only
/* pci.c - PCI devices in sysfs; see pci.h */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"

bool pci_bdf_valid(const char *bdf)
{
	static const char form[] = "xxxx:xx:xx.o";
	size_t i;

	if (strlen(bdf) != sizeof(form) - 1)
		return false;
	for (i = 0; form[i]; i++) {
		switch (form[i]) {
		case 'x':
			if (!isxdigit((unsigned char)bdf[i]))
				return false;
			break;
		case 'o':
			if (bdf[i] < '0' || bdf[i] > '7')
				return false;
			break;
		default:
			if (bdf[i] != form[i])
				return false;
		}
	}
	return true;
}

static int read_hex(const char *bdf, const char *attr, unsigned int *value)
{
	char path[PATH_MAX];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, attr);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fscanf(f, "%x", value);
	fclose(f);
	return n == 1 ? 0 : -EIO;
}

int pci_identity(const char *bdf, __u16 *vendor, __u16 *device, __u32 *class)
{
	unsigned int v = 0, d = 0, c = 0;
	int ret;

	ret = read_hex(bdf, "vendor", &v);
	if (!ret)
		ret = read_hex(bdf, "device", &d);
	if (!ret)
		ret = read_hex(bdf, "class", &c);
	if (ret)
		return ret;
	if (vendor)
		*vendor = v;
	if (device)
		*device = d;
	if (class)
		*class = c;
	return 0;
}

int pci_driver(const char *bdf, char *name, size_t len)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", bdf);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0) {
		name[0] = '\0';
		return errno == ENOENT ? 0 : -errno;
	}
	target[n] = '\0';
	snprintf(name, len, "%s", basename(target));
	return 0;
}

static int write_sysfs(const char *path, const char *text)
{
	ssize_t n;
	int fd, err;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	err = errno;
	close(fd);
	return n < 0 ? -err : 0;
}

static int set_override(const char *bdf, const char *driver)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 bdf);
	/* A lone newline clears it. */
	return write_sysfs(path, driver[0] ? driver : "\n");
}

static int unbind(const char *bdf)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind",
		 bdf);
	ret = write_sysfs(path, bdf);
	return ret == -ENOENT ? 0 : ret;
}

int pci_bind_driver(const char *bdf, const char *driver)
{
	char now[64];
	int ret;

	ret = pci_driver(bdf, now, sizeof(now));
	if (ret)
		return ret;
	if (!strcmp(now, driver))
		return 0;
	ret = set_override(bdf, driver);
	if (!ret)
		ret = unbind(bdf);
	if (!ret)
		ret = write_sysfs("/sys/bus/pci/drivers_probe", bdf);
	if (!ret)
		ret = pci_driver(bdf, now, sizeof(now));
	if (ret)
		return ret;
	/* drivers_probe is silent when nobody took the device. */
	return strcmp(now, driver) ? -ENODEV : 0;
}

int pci_release(const char *bdf)
{
	int ret = unbind(bdf);

	return ret ? ret : set_override(bdf, "");
}

int pci_group_devices(const char *bdf)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int count = 0;
	DIR *d;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/iommu_group/devices", bdf);
	d = opendir(path);
	if (!d)
		return -errno;
	while ((entry = readdir(d)))
		count += entry->d_name[0] != '.';
	closedir(d);
	return count;
}
