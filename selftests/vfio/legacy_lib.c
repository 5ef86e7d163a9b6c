// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_lib.c - what the tests of vfio.ko's stock side do again and again
 *
 * Owns: opening the device on the legacy way, and looks at its file.
 */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "legacy.h"

int file_open(const char *path)
{
	return CHECK_FD(RET(open(path, O_RDWR | O_CLOEXEC)));
}

int group_open(void)
{
	return CHECK_FD(vfio_group_open(bdf));
}

int container_open(void)
{
	return CHECK_FD(container_is_iommufd ? iommufd_open() :
					       vfio_container_open());
}

int map_dma(int container, void *memory, __u64 iova)
{
	return vfio_type1_map(container, memory, MAP_BYTES, iova,
			      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

void *memory_get(void)
{
	void *p = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

int sysfs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

struct legacy legacy_open(void)
{
	struct legacy l = { container_open(), group_open(), -1 };

	CHECK_OK(vfio_group_set_container(l.group, l.container));
	CHECK_OK(vfio_container_set_iommu(l.container, VFIO_TYPE1v2_IOMMU));
	l.device = CHECK_FD(vfio_group_get_device(l.group, bdf));
	return l;
}

void legacy_close(struct legacy *l)
{
	close(l->device);
	close(l->group);
	close(l->container);
}

long module_users(const char *module)
{
	char path[128];
	long users = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%ld", &users) != 1)
		FAIL("cannot read %s", path);
	fclose(f);
	return users;
}

void check_config_space(int device)
{
	__u16 vendor, product, ids[2], command, other;

	CHECK_OK(pci_identity(bdf, &vendor, &product, NULL));
	CHECK_OK(vfio_config_read(device, PCI_VENDOR_ID, ids, sizeof(ids)));
	CHECK_EQ(ids[0], vendor);
	CHECK_EQ(ids[1], product);

	CHECK_OK(vfio_config_read(device, PCI_COMMAND, &command, 2));
	other = command ^ PCI_COMMAND_MASTER;
	CHECK_OK(vfio_config_write(device, PCI_COMMAND, &other, 2));
	CHECK_OK(vfio_config_read(device, PCI_COMMAND, &other, 2));
	CHECK_EQ(other, command ^ PCI_COMMAND_MASTER);
	CHECK_OK(vfio_config_write(device, PCI_COMMAND, &command, 2));
}

void check_bar(int device)
{
	struct vfio_region_info region;
	volatile __u32 *bar;
	size_t size;
	__u32 first;

	CHECK_OK(vfio_region_info(device, VFIO_PCI_BAR0_REGION_INDEX, &region));
	CHECK_EQ(RET(pread(device, &first, 4, region.offset)), 4);
	bar = vfio_bar_map(device, VFIO_PCI_BAR0_REGION_INDEX, &size);
	CHECK(bar);
	CHECK_EQ(bar[0], first);
	munmap((void *)bar, size);
}

int feature(int device, __u32 flags, __u32 argsz)
{
	struct vfio_device_feature f[4] = { { .argsz = argsz, .flags = flags } };

	return xioctl(device, VFIO_DEVICE_FEATURE, f);
}

int set_irq(int device, __u32 index, __u32 flags, int count, int fd)
{
	struct {
		struct vfio_irq_set set;
		__s32 fd;
	} irq = {
		.set = {
			.argsz = sizeof(irq), .flags = flags, .index = index,
			.count = count,
		},
		.fd = fd,
	};

	return xioctl(device, VFIO_DEVICE_SET_IRQS, &irq);
}
