// SPDX-License-Identifier: GPL-2.0-only
/*
 * use.c - make much of everything that the modules allocate, and let it go
 *
 * Owns: nothing. For load-unload, which looks for what did not come back: each
 * kind of object is made often enough to stand out in /sys/kernel/slab.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "iommufd.h"
#include "mem.h"
#include "test.h"
#include "vfio.h"

#define CONTEXTS 300
#define IOASES 300
#define AREAS 1000
#define ATTACHES 300
#define AREAS_ATTACHED 10

static void contexts(void)
{
	static int fds[CONTEXTS];
	__u32 id;
	int i;

	for (i = 0; i < CONTEXTS; i++) {
		fds[i] = CHECK_FD(iommufd_open());
		CHECK_OK(iommufd_ioas_alloc(fds[i], &id));
	}
	for (i = 0; i < CONTEXTS; i++)
		close(fds[i]);
}

static void spaces(void)
{
	int fd = CHECK_FD(iommufd_open());
	__u64 iova;
	__u32 id;
	int i;

	for (i = 0; i < IOASES; i++) {
		CHECK_OK(iommufd_ioas_alloc(fd, &id));
		CHECK_OK(iommufd_map_auto(fd, id, (void *)PAGE_SZ, PAGE_SZ,
					  &iova, MAP_RW));
		if (i % 2)
			CHECK_OK(iommufd_destroy(fd, id));
	}
	for (i = 0; i < AREAS; i++) {
		CHECK_OK(iommufd_map_fixed(fd, 1, (void *)PAGE_SZ, PAGE_SZ,
					   (2 * i + 9) * PAGE_SZ, MAP_RW));
		CHECK_RET(iommufd_map_fixed(fd, 1, (void *)PAGE_SZ, PAGE_SZ,
					    (2 * i + 9) * PAGE_SZ, MAP_RW),
			  -EEXIST);
	}
	CHECK_OK(iommufd_unmap(fd, 1, 0, ~0ULL, NULL));
	close(fd);
}

/*
 * Opening the device resets it, which takes a quarter of a second, so it is
 * done once: what a bind leaks holds the context, and so the module.
 */
static void attaches(const char *bdf)
{
	char *va = mem_alloc(AREAS_ATTACHED * PAGE_SZ, MEM_PLAIN);
	int fd = CHECK_FD(iommufd_open()), i;
	int dev = CHECK_FD(vfio_cdev_open(bdf));
	__u32 ioas, id;

	CHECK(va);
	CHECK_OK(vfio_bind(dev, fd, NULL));
	CHECK_OK(iommufd_ioas_alloc(fd, &ioas));
	for (i = 0; i < AREAS_ATTACHED; i++)
		CHECK_OK(iommufd_map_fixed(fd, ioas, va + i * PAGE_SZ, PAGE_SZ,
					   (2 * i + 1) << 20, MAP_RW));
	for (i = 0; i < ATTACHES; i++) {
		id = ioas;
		CHECK_OK(vfio_attach(dev, &id));
		CHECK_RET(iommufd_map_fixed(fd, ioas, (void *)PAGE_SZ, PAGE_SZ,
					    0, MAP_RW), -EFAULT);
		CHECK_OK(vfio_detach(dev));
	}
	id = ioas;
	CHECK_OK(vfio_attach(dev, &id));
	close(fd);
	close(dev);
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		fputs("usage: uapi_use [ADDRESS]\n"
		      "Use /dev/iommu much, with a PCI device that vfio-pci holds if one is given.\n",
		      stderr);
		return 2;
	}
	contexts();
	spaces();
	if (argc == 2)
		attaches(argv[1]);
	return 0;
}
