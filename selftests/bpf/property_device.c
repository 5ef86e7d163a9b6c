// SPDX-License-Identifier: GPL-2.0-only
/*
 * property_device.c - the devices of the property test
 *
 * Owns: property_mocks, property_cdev, property_group. The real device is never
 * started: it is there for its IOMMU, and for what VFIO does with it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "pci.h"
#include "property.h"
#include "vfio.h"

static int mock_comes_or_goes(struct world *w)
{
	unsigned int i = any(w, NR_IOAS);
	struct rig *r = &w->ioas[i];
	int ret;

	if (w->mock[i])
		ret = iommufd_destroy(r->fd, r->m.stdev);
	else
		ret = mock_device_add(r->fd, r->ioas, 0, &r->m);
	if (ret)
		return ret;
	w->came += !w->mock[i];
	w->mock[i] = !w->mock[i];
	return 0;
}

static int mock_is_replaced(struct world *w)
{
	unsigned int i = any(w, NR_IOAS);

	if (!w->mock[i])
		return -EAGAIN;
	return mock_device_replace(w->ioas[i].fd, w->ioas[i].m.stdev,
				   w->ioas[any(w, NR_IOAS)].ioas);
}

const struct property_devices property_mocks = {
	.come_or_go = mock_comes_or_goes,
	.replace = mock_is_replaced,
};

#define NVME_CLASS 0x010802

/* Has a function an IOMMU, and is it an NVMe controller? */
static bool is_fit(const char *bdf)
{
	__u32 class;

	return pci_bdf_valid(bdf) && !pci_identity(bdf, NULL, NULL, &class) &&
	       class == NVME_CLASS && vfio_group_number(bdf) >= 0;
}

/* The first that is fit, with vfio-pci. */
static const char *need_device(void)
{
	static char bdf[256];
	struct dirent *entry;
	DIR *dir = opendir("/sys/bus/pci/devices");

	CHECK(dir);
	while (!bdf[0] && (entry = readdir(dir)))
		if (is_fit(entry->d_name))
			snprintf(bdf, sizeof(bdf), "%s", entry->d_name);
	closedir(dir);
	if (!bdf[0])
		test_skip("no NVMe controller with an IOMMU here");
	CHECK_OK(pci_bind_driver(bdf, "vfio-pci"));
	return bdf;
}

static void cdev_init(struct world *w)
{
	w->dev = CHECK_FD(vfio_cdev_open(need_device()));
	CHECK_OK(vfio_bind(w->dev, w->ioas[0].fd, NULL));
}

static int cdev_attach(struct world *w)
{
	__u32 pt = w->ioas[any(w, NR_IOAS)].ioas;
	int ret = vfio_attach(w->dev, &pt);

	if (ret)
		return ret;
	w->attached = true;
	w->came++;
	return 0;
}

static int cdev_comes_or_goes(struct world *w)
{
	int ret;

	if (!w->attached)
		return cdev_attach(w);
	ret = vfio_detach(w->dev);
	w->attached = ret;
	return ret;
}

static int cdev_is_replaced(struct world *w)
{
	return w->attached ? cdev_attach(w) : -EAGAIN;
}

static void cdev_end(struct world *w)
{
	close(w->dev);
}

const struct property_devices property_cdev = {
	.init = cdev_init,
	.come_or_go = cdev_comes_or_goes,
	.replace = cdev_is_replaced,
	.end = cdev_end,
};

static void group_init(struct world *w)
{
	w->bdf = need_device();
	w->group = CHECK_FD(vfio_group_open(w->bdf));
	CHECK_OK(vfio_group_set_container(w->group, w->ioas[0].fd));
	CHECK_OK(vfio_container_set_iommu(w->ioas[0].fd, VFIO_TYPE1_IOMMU));
}

/* Its first descriptor attaches it, its last detaches it. */
static int group_comes_or_goes(struct world *w)
{
	int dev;

	if (w->attached) {
		close(w->dev);
		w->attached = false;
		return 0;
	}
	dev = vfio_group_get_device(w->group, w->bdf);
	if (dev < 0)
		return dev;
	w->dev = dev;
	w->attached = true;
	w->came++;
	return 0;
}

static void group_end(struct world *w)
{
	if (w->attached)
		close(w->dev);
	CHECK_OK(vfio_group_unset_container(w->group));
	close(w->group);
}

const struct property_devices property_group = {
	.init = group_init,
	.come_or_go = group_comes_or_goes,
	.end = group_end,
};
