// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy.c - tests of what vfio.ko must do as the stock module does: groups,
 * containers with the stock type1, device files, KVM's side; and that groups
 * and the device cdev exclude each other
 *
 * usage: legacy [--stock] BDF
 *
 * Owns: the command line, and what holds after every test: the group can be
 * opened, so nothing holds the device. The device BDF ("0000:01:00.0") is any
 * PCI device with INTx and a memory BAR 0, alone in its IOMMU group or with
 * bridges; it is given to vfio-pci and stays there.
 *
 * With --stock only what the stock vfio.ko has too: run on the stock module, it
 * shows that the errnos expected here are the stock ones.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/kvm.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iommufd.h"
#include "pci.h"
#include "test.h"
#include "vfio.h"

#define MAP_BYTES	(64UL << 10)
#define MAP_IOVA	0x100000ULL
#define CLOSED_FD	9999
#define WAIT_MS		20000

static const char *bdf;

/* Give a libc call's result the form of our helpers: -errno. */
#define RET(call) ({ long r_ = (call); r_ == -1 ? -errno : r_; })

static int file_open(const char *path)
{
	return CHECK_FD(RET(open(path, O_RDWR | O_CLOEXEC)));
}

static int group_open(void)
{
	return CHECK_FD(vfio_group_open(bdf));
}

static int container_open(void)
{
	return CHECK_FD(vfio_container_open());
}

static int map_dma(int container, void *memory, __u64 iova)
{
	return vfio_type1_map(container, memory, MAP_BYTES, iova,
			      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

static void *memory_get(void)
{
	void *p = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

/* A device on the legacy way, with all that it needs. */
struct legacy {
	int container, group, device;
};

static struct legacy legacy_open(void)
{
	struct legacy l = { container_open(), group_open(), -1 };

	CHECK_OK(vfio_group_set_container(l.group, l.container));
	CHECK_OK(vfio_container_set_iommu(l.container, VFIO_TYPE1v2_IOMMU));
	l.device = CHECK_FD(vfio_group_get_device(l.group, bdf));
	return l;
}

static void legacy_close(struct legacy *l)
{
	close(l->device);
	close(l->group);
	close(l->container);
}

static long module_users(const char *module)
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

/* ---- container and group ---- */

static void test_container(void)
{
	int c = container_open();

	CHECK_EQ(ioctl(c, VFIO_GET_API_VERSION), VFIO_API_VERSION);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU), 1);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 0);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, 12345), 0);

	/* Without a group it gives no right to anything. */
	CHECK_RET(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU), -EINVAL);
	CHECK_RET(map_dma(c, memory_get(), MAP_IOVA), -EINVAL);
}

static void test_group_alone(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int g = group_open();

	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	CHECK_OK(xioctl(g, VFIO_GROUP_GET_STATUS, &status));
	CHECK_EQ(status.flags, VFIO_GROUP_FLAGS_VIABLE);
	status.argsz = sizeof(status) - 1;
	CHECK_RET(xioctl(g, VFIO_GROUP_GET_STATUS, &status), -EINVAL);
	CHECK_RET(xioctl(g, VFIO_GROUP_GET_STATUS, NULL), -EFAULT);

	CHECK_RET(vfio_group_get_device(g, bdf), -EINVAL);
	CHECK_RET(vfio_group_get_device(g, "ffff:ff:1f.7"), -ENODEV);
	CHECK_RET(vfio_group_get_device(g, NULL), -EFAULT);
	CHECK_RET(vfio_group_unset_container(g), -EINVAL);
	CHECK_RET(vfio_group_set_container(g, -1), -EBADF);
	CHECK_RET(vfio_group_set_container(g, CLOSED_FD), -EBADF);
	CHECK_RET(vfio_group_set_container(g, file_open("/dev/null")), -EBADFD);
	CHECK_RET(xioctl(g, VFIO_GROUP_SET_CONTAINER, NULL), -EFAULT);
	CHECK_RET(xioctl(g, VFIO_GET_API_VERSION, NULL), -ENOTTY);
}

static void test_group_in_container(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int c = container_open(), other = container_open(), g = group_open();

	CHECK_OK(vfio_group_set_container(g, c));
	CHECK_RET(vfio_group_set_container(g, c), -EINVAL);
	CHECK_RET(vfio_group_set_container(g, other), -EINVAL);
	CHECK_OK(xioctl(g, VFIO_GROUP_GET_STATUS, &status));
	CHECK_EQ(status.flags, VFIO_GROUP_FLAGS_VIABLE |
			       VFIO_GROUP_FLAGS_CONTAINER_SET);

	CHECK_RET(vfio_group_get_device(g, bdf), -EINVAL);
	CHECK_RET(vfio_container_set_iommu(c, 12345), -ENODEV);
	CHECK_RET(vfio_container_set_iommu(other, VFIO_TYPE1v2_IOMMU), -EINVAL);
	CHECK_OK(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU));
	CHECK_RET(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU), -EINVAL);

	/* Out and into another; the first one loses its backend. */
	CHECK_OK(map_dma(c, memory_get(), MAP_IOVA));
	CHECK_OK(vfio_group_unset_container(g));
	CHECK_RET(map_dma(c, memory_get(), MAP_IOVA), -EINVAL);
	CHECK_OK(vfio_group_set_container(g, other));
	CHECK_OK(vfio_container_set_iommu(other, VFIO_TYPE1_IOMMU));

	/* The container lives on in the group without its file. */
	close(other);
	close(g);
	close(group_open());
}

static void test_type1(void)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	struct legacy l = legacy_open();
	void *memory = memory_get();
	__u64 unmapped;

	CHECK_OK(xioctl(l.container, VFIO_IOMMU_GET_INFO, &info));
	CHECK(info.flags & VFIO_IOMMU_INFO_PGSIZES);
	CHECK(info.iova_pgsizes & 4096);
	CHECK_OK(map_dma(l.container, memory, MAP_IOVA));
	CHECK_RET(map_dma(l.container, memory, MAP_IOVA), -EEXIST);
	CHECK_RET(map_dma(l.container, memory, MAP_IOVA + 1), -EINVAL);
	CHECK_OK(vfio_type1_unmap(l.container, MAP_IOVA, MAP_BYTES, &unmapped));
	CHECK_EQ(unmapped, MAP_BYTES);
	/* What is still mapped at the end goes with the container. */
	CHECK_OK(map_dma(l.container, memory, MAP_IOVA));
}

/* ---- the device's file ---- */

static void check_config_space(int device)
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

static void check_bar(int device)
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

static void test_device(void)
{
	struct vfio_device_info info;
	struct legacy l = legacy_open();
	int second = CHECK_FD(vfio_group_get_device(l.group, bdf));

	CHECK_OK(vfio_device_info(l.device, &info));
	CHECK(info.flags & VFIO_DEVICE_FLAGS_PCI);
	CHECK(info.num_regions > VFIO_PCI_CONFIG_REGION_INDEX);
	info.argsz = 4;
	CHECK_RET(xioctl(l.device, VFIO_DEVICE_GET_INFO, &info), -EINVAL);

	check_config_space(l.device);
	check_config_space(second);
	check_bar(l.device);
	if (info.flags & VFIO_DEVICE_FLAGS_RESET)
		CHECK_OK(vfio_device_reset(l.device));

	CHECK_RET(vfio_group_unset_container(l.group), -EBUSY);
	close(second);
	CHECK_RET(vfio_group_unset_container(l.group), -EBUSY);

	/* The device keeps group and container, also without their files. */
	close(l.group);
	close(l.container);
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	check_config_space(l.device);
	close(l.device);
	close(group_open());
}

static int feature(int device, __u32 flags, __u32 argsz)
{
	struct vfio_device_feature f[4] = { { .argsz = argsz, .flags = flags } };

	return xioctl(device, VFIO_DEVICE_FEATURE, f);
}

static void test_features(void)
{
	const __u32 get = VFIO_DEVICE_FEATURE_GET,
		    set = VFIO_DEVICE_FEATURE_SET,
		    probe = VFIO_DEVICE_FEATURE_PROBE;
	/* vfio-pci cannot migrate or log … */
	const __u32 missing[] = {
		probe | 0xffff,
		probe | VFIO_DEVICE_FEATURE_MIGRATION,
		get | VFIO_DEVICE_FEATURE_MIGRATION,
		get | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		set | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		get | VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
		set | VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
		set | VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
		get | VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
	};
	int device = legacy_open().device;
	size_t i;

	CHECK_RET(xioctl(device, VFIO_DEVICE_FEATURE, NULL), -EFAULT);
	CHECK_RET(feature(device, get, 7), -EINVAL);
	CHECK_RET(feature(device, get | 1U << 31, 32), -EINVAL);
	CHECK_RET(feature(device, get | set, 32), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(missing); i++)
		CHECK_RET(feature(device, missing[i], 32), -ENOTTY);

	/* … but it can sleep. */
	CHECK_OK(feature(device,
			 probe | set | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, 8));
	CHECK_RET(feature(device, get | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, 8),
		  -EINVAL);
	CHECK_OK(feature(device, set | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, 8));
	CHECK_OK(feature(device, set | VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, 8));
}

static int set_irq(int device, __u32 index, __u32 flags, int count, int fd)
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

/* INTx with an eventfd that unmasks it: that is a virqfd. */
static void test_virqfd(void)
{
	const __u32 data = VFIO_IRQ_SET_DATA_EVENTFD,
		    trigger = VFIO_IRQ_SET_ACTION_TRIGGER,
		    unmask = VFIO_IRQ_SET_ACTION_UNMASK | data,
		    intx = VFIO_PCI_INTX_IRQ_INDEX;
	struct legacy l = legacy_open();
	int irqfd = CHECK_FD(RET(eventfd(0, 0)));
	int unmaskfd = CHECK_FD(RET(eventfd(0, 0)));
	__u64 one = 1;

	/* What the core checks for the driver. */
	CHECK_RET(set_irq(l.device, 77, trigger | data, 1, irqfd), -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data, 2, irqfd), -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data, -1, irqfd), -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data | 1U << 20, 1, irqfd),
		  -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data |
			  VFIO_IRQ_SET_DATA_BOOL, 1, irqfd), -EINVAL);

	CHECK_OK(set_irq(l.device, intx, trigger | data, 1, irqfd));
	CHECK_RET(set_irq(l.device, intx, unmask, 1, CLOSED_FD), -EBADF);
	CHECK_RET(set_irq(l.device, intx, unmask, 1, l.group), -EINVAL);
	CHECK_OK(set_irq(l.device, intx, unmask, 1, unmaskfd));
	CHECK_RET(set_irq(l.device, intx, unmask, 1, unmaskfd), -EBUSY);
	CHECK_EQ(RET(write(unmaskfd, &one, 8)), 8);
	CHECK_OK(set_irq(l.device, intx, unmask, 1, -1));
	CHECK_OK(set_irq(l.device, intx, unmask, 1, unmaskfd));

	/* The user closes it first; then the place is free again. */
	close(unmaskfd);
	unmaskfd = CHECK_FD(RET(eventfd(1, 0)));
	CHECK_OK(set_irq(l.device, intx, unmask, 1, unmaskfd));
	CHECK_OK(set_irq(l.device, intx, trigger | VFIO_IRQ_SET_DATA_NONE, 0,
			 0));
}

static void test_hot_reset(void)
{
	struct {
		struct vfio_pci_hot_reset_info info;
		struct vfio_pci_dependent_device devices[64];
	} info = { .info.argsz = sizeof(info) };
	struct {
		struct vfio_pci_hot_reset reset;
		__s32 fd;
	} reset = { .reset.argsz = sizeof(reset), .fd = -1 };
	struct legacy l = legacy_open();
	const int cmd = VFIO_DEVICE_PCI_HOT_RESET;
	int ret;

	CHECK_RET(xioctl(l.device, cmd, &reset), -EINVAL);
	reset.reset.count = 1;
	ret = xioctl(l.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info);
	if (ret) {
		CHECK_EQ(ret, -ENODEV);
		CHECK_RET(xioctl(l.device, cmd, &reset), -ENODEV);
		test_skip("the device is on the root bus, which has no reset");
	}
	CHECK(info.info.count >= 1);
	CHECK_EQ(info.info.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID, 0);

	/* Neither a device's file nor a container proves ownership. */
	CHECK_RET(xioctl(l.device, cmd, &reset), -EBADF);
	reset.fd = l.device;
	CHECK_RET(xioctl(l.device, cmd, &reset), -EINVAL);
	reset.fd = l.container;
	CHECK_RET(xioctl(l.device, cmd, &reset), -EINVAL);

	/* The group does; an emulated root port may then miss its link. */
	reset.fd = l.group;
	ret = xioctl(l.device, cmd, &reset);
	CHECK(info.info.count > 1 ? ret == -EINVAL : !ret || ret == -ENOTTY);
}

/* ---- group and cdev ---- */

static void test_group_file_is_no_cdev(void)
{
	int device = legacy_open().device, iommufd = CHECK_FD(iommufd_open());
	__u32 pt_id = 1;

	CHECK_RET(vfio_bind(device, iommufd, NULL), -EINVAL);
	CHECK_RET(vfio_attach(device, &pt_id), -ENOTTY);
	CHECK_RET(vfio_detach(device), -ENOTTY);
}

/* Before BIND a file of the cdev can do nothing at all. */
static void check_gate(int cdev)
{
	struct vfio_device_info info;
	__u32 pt_id = 1;
	char c = 0;

	CHECK_RET(vfio_device_info(cdev, &info), -EINVAL);
	CHECK_RET(vfio_device_reset(cdev), -EINVAL);
	CHECK_RET(vfio_attach(cdev, &pt_id), -EINVAL);
	CHECK_RET(vfio_detach(cdev), -EINVAL);
	CHECK_RET(feature(cdev, VFIO_DEVICE_FEATURE_PROBE, 8), -EINVAL);
	CHECK_RET(xioctl(cdev, _IO(';', 99), NULL), -EINVAL);
	CHECK_RET(RET(pread(cdev, &c, 1, 0)), -EINVAL);
	CHECK_RET(RET(pwrite(cdev, &c, 1, 0)), -EINVAL);
	CHECK_RET(RET((long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, cdev, 0)),
		  -EINVAL);
}

static void test_bind_errors(void)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	int cdev = CHECK_FD(vfio_cdev_open(bdf));

	bind.iommufd = CHECK_FD(iommufd_open());
	check_gate(cdev);
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, NULL), -EFAULT);
	bind.argsz = sizeof(bind) - 1;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind), -EINVAL);
	bind.argsz = sizeof(bind);
	bind.flags = 1U << 31;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind), -EINVAL);
	/* The flag for a VF's token, without room for one. */
	bind.flags = 1;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &bind), -EINVAL);
	CHECK_RET(vfio_bind(cdev, -1, NULL), -EINVAL);
	CHECK_RET(vfio_bind(cdev, CLOSED_FD, NULL), -EBADF);
	CHECK_RET(vfio_bind(cdev, file_open("/dev/null"), NULL), -EBADFD);
	check_gate(cdev);

	/* A BIND that failed does not keep the group closed. */
	close(group_open());
}

static void test_group_excludes_cdev(void)
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf)), group = group_open();
	int iommufd = CHECK_FD(iommufd_open());

	CHECK_RET(vfio_bind(cdev, iommufd, NULL), -EBUSY);
	close(group);
	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
}

static void test_cdev_excludes_group(void)
{
	struct vfio_pci_hot_reset_info info = { .argsz = sizeof(info) };
	struct vfio_pci_hot_reset reset = { .argsz = sizeof(reset) };
	int cdev = CHECK_FD(vfio_cdev_open(bdf));
	int other = CHECK_FD(vfio_cdev_open(bdf));
	int iommufd = CHECK_FD(iommufd_open());

	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	CHECK_RET(vfio_bind(cdev, iommufd, NULL), -EINVAL);
	CHECK_RET(vfio_bind(other, iommufd, NULL), -EINVAL);
	check_gate(other);
	check_config_space(cdev);
	check_bar(cdev);
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info),
		  -EOPNOTSUPP);
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_PCI_HOT_RESET, &reset), -EOPNOTSUPP);

	/* The file holds the context, not the context's number. */
	close(iommufd);
	check_config_space(cdev);
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	close(cdev);
	close(group_open());
}

/*
 * The answer does not fit into the user's memory, which is read-only: all is
 * taken back, and the same file can be bound.
 */
static void test_bind_unanswered(void)
{
	struct vfio_device_bind_iommufd *bind = memory_get();
	int cdev = CHECK_FD(vfio_cdev_open(bdf));
	int iommufd = CHECK_FD(iommufd_open());
	__u32 ioas, pt_id;

	*bind = (struct vfio_device_bind_iommufd){
		.argsz = sizeof(*bind), .iommufd = iommufd,
	};
	CHECK_OK(RET(mprotect(bind, MAP_BYTES, PROT_READ)));
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, bind), -EFAULT);
	check_gate(cdev);
	close(group_open());

	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	pt_id = ioas;
	CHECK_OK(vfio_attach(cdev, &pt_id));
	CHECK_OK(vfio_detach(cdev));
}

/* The same for ATTACH: the device is not attached, the IOAS is free. */
static void test_attach_unanswered(void)
{
	struct vfio_device_attach_iommufd_pt *attach = memory_get();
	int cdev = CHECK_FD(vfio_cdev_open(bdf));
	int iommufd = CHECK_FD(iommufd_open());
	__u32 ioas;

	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	*attach = (struct vfio_device_attach_iommufd_pt){
		.argsz = sizeof(*attach), .pt_id = ioas,
	};
	CHECK_OK(RET(mprotect(attach, MAP_BYTES, PROT_READ)));
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach), -EFAULT);
	CHECK_OK(iommufd_destroy(iommufd, ioas));
}

#define RACE_ROUNDS	150

/*
 * Bind, attach and close in a loop. Another process does the same, and while
 * it has the device, also while it only lets go of it, BIND says EINVAL and
 * nothing else. Exits with 0 if it had the device at all.
 */
static void __attribute__((noreturn)) bind_in_a_loop(void)
{
	int i, ret, cdev, iommufd, bound = 0;
	__u32 pt_id;

	for (i = 0; i < RACE_ROUNDS; i++) {
		cdev = CHECK_FD(vfio_cdev_open(bdf));
		iommufd = CHECK_FD(iommufd_open());
		ret = vfio_bind(cdev, iommufd, NULL);
		if (ret)
			CHECK_RET(ret, -EINVAL);
		if (!ret) {
			bound++;
			CHECK_OK(iommufd_ioas_alloc(iommufd, &pt_id));
			CHECK_OK(vfio_attach(cdev, &pt_id));
		}
		close(cdev);
		close(iommufd);
	}
	_exit(bound ? 0 : 1);
}

static void test_bind_against_close(void)
{
	pid_t pid[2];
	int i, status;

	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		if (!pid[i])
			bind_in_a_loop();
	}
	for (i = 0; i < 2; i++) {
		CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
		CHECK_EQ(status, 0);
	}
}

/* ---- a VF's token ---- */

#define TOKEN_BYTES	16

/* BIND with a token, as newer kernels have it. */
static int bind_with_token(int cdev, int iommufd, const void *token)
{
	struct {
		struct vfio_device_bind_iommufd bind;
		__u64 token;
	} __attribute__((packed)) arg = {
		.bind = {
			.argsz = sizeof(arg), .flags = 1, .iommufd = iommufd,
		},
		.token = (uintptr_t)token,
	};

	_Static_assert(sizeof(arg) == 24, "the token's address is at 16");
	return xioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &arg);
}

static int sysfs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* One VF of the PF, with vfio-pci; its address. */
static void vf_create(char *vf, size_t len)
{
	char path[128], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/sriov_numvfs",
		 bdf);
	if (access(path, F_OK))
		test_skip("the device has no SR-IOV");
	CHECK_OK(sysfs_write("/sys/module/vfio_pci/parameters/enable_sriov",
			     "1"));
	CHECK_OK(sysfs_write(path, "1"));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtfn0", bdf);
	n = RET(readlink(path, target, sizeof(target) - 1));
	CHECK(n > 0);
	target[n] = '\0';
	snprintf(vf, len, "%s", strrchr(target, '/') + 1);
	CHECK_OK(pci_bind_driver(vf, "vfio-pci"));
}

static int vf_bind(const char *vf, int iommufd, const void *token)
{
	int cdev = CHECK_FD(vfio_cdev_open(vf)), ret;

	ret = token ? bind_with_token(cdev, iommufd, token) :
		      vfio_bind(cdev, iommufd, NULL);
	close(cdev);
	return ret;
}

/*
 * The PF's user sets the token by BIND, and who knows it gets the VF. A BIND
 * that fails, by whatever file, leaves the token as it was.
 */
static void test_vf_token(void)
{
	static const char token[TOKEN_BYTES] = "0123456789abcde",
			  other[TOKEN_BYTES] = "fedcba987654321";
	int pf, second, iommufd;
	char vf[32];

	vf_create(vf, sizeof(vf));
	pf = CHECK_FD(vfio_cdev_open(bdf));
	second = CHECK_FD(vfio_cdev_open(bdf));
	iommufd = CHECK_FD(iommufd_open());

	CHECK_OK(bind_with_token(pf, iommufd, token));
	CHECK_RET(vf_bind(vf, iommufd, NULL), -EACCES);
	CHECK_RET(vf_bind(vf, iommufd, other), -EACCES);
	CHECK_OK(vf_bind(vf, iommufd, token));

	CHECK_RET(bind_with_token(second, iommufd, other), -EINVAL);
	CHECK_RET(vf_bind(vf, iommufd, other), -EACCES);
	CHECK_OK(vf_bind(vf, iommufd, token));

	close(pf);
	CHECK_RET(bind_with_token(second, CLOSED_FD, other), -EBADF);
	CHECK_RET(bind_with_token(second, file_open("/dev/null"), other),
		  -EBADFD);
	CHECK_OK(vf_bind(vf, iommufd, token));
}

/* ---- ends ---- */

/* The child's wait status, or -1 if it still runs after @ms milliseconds. */
static int wait_child(pid_t pid, int ms)
{
	int status;

	for (; ms > 0; ms -= 20) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(20000);
	}
	return -1;
}

/*
 * Unbind the driver while a file is open: it asks for the device by the
 * request eventfd and waits, and nobody can open the device meanwhile.
 */
static void check_unbind_waits(int device, int group)
{
	struct pollfd request = { .events = POLLIN };
	pid_t pid;

	request.fd = CHECK_FD(RET(eventfd(0, 0)));
	CHECK_OK(set_irq(device, VFIO_PCI_REQ_IRQ_INDEX,
			 VFIO_IRQ_SET_ACTION_TRIGGER |
			 VFIO_IRQ_SET_DATA_EVENTFD, 1, request.fd));
	pid = fork();
	if (!pid) {
		close(device);
		close(group);
		_exit(pci_release(bdf) ? 1 : 0);
	}
	CHECK_EQ(poll(&request, 1, WAIT_MS), 1);
	CHECK_EQ(wait_child(pid, 300), -1);
	CHECK_RET(vfio_cdev_open(bdf), -ENOENT);
	if (group >= 0)
		CHECK_RET(vfio_group_get_device(group, bdf), -ENODEV);
	check_config_space(device);
	close(device);
	CHECK_EQ(wait_child(pid, WAIT_MS), 0);
}

static void test_unbind_group(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct legacy l = legacy_open();

	check_unbind_waits(l.device, l.group);

	/* The group's file outlives the group. */
	CHECK_RET(xioctl(l.group, VFIO_GROUP_GET_STATUS, &status), -ENODEV);
	CHECK_RET(vfio_group_get_device(l.group, bdf), -ENODEV);
	CHECK_RET(vfio_group_set_container(l.group, l.container), -ENODEV);
}

static void test_unbind_cdev(void)
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf));

	CHECK_OK(vfio_bind(cdev, CHECK_FD(iommufd_open()), NULL));
	check_unbind_waits(cdev, -1);
}

/* A file that was opened before the unbind is of no use any more, but waits. */
static void test_unbind_unbound_file(void)
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf)), i, ret = 0;
	int iommufd = CHECK_FD(iommufd_open());
	pid_t pid = fork();

	if (!pid) {
		close(cdev);
		_exit(pci_release(bdf) ? 1 : 0);
	}
	for (i = 0; i < WAIT_MS / 20 && ret != -ENOENT; i++) {
		usleep(20000);
		ret = vfio_cdev_open(bdf);
		if (ret >= 0)
			close(ret);
	}
	CHECK_RET(ret, -ENOENT);
	CHECK_RET(vfio_bind(cdev, iommufd, NULL), -ENODEV);
	CHECK_EQ(wait_child(pid, 300), -1);
	close(cdev);
	CHECK_EQ(wait_child(pid, WAIT_MS), 0);
}

/* For a child that is killed: use the device, tell the parent, hang. */
static void __attribute__((noreturn))
use_and_hang(bool with_cdev, int ready)
{
	if (with_cdev) {
		int cdev = CHECK_FD(vfio_cdev_open(bdf));

		CHECK_OK(vfio_bind(cdev, CHECK_FD(iommufd_open()), NULL));
	} else {
		struct legacy l = legacy_open();

		CHECK_OK(map_dma(l.container, memory_get(), MAP_IOVA));
	}
	if (write(ready, "r", 1) == 1)
		pause();
	_exit(1);
}

static void check_kill(bool with_cdev)
{
	long users = module_users("vfio_pci");
	int ready[2], status;
	char c;
	pid_t pid;

	CHECK_OK(RET(pipe(ready)));
	pid = fork();
	if (!pid)
		use_and_hang(with_cdev, ready[1]);
	close(ready[1]);
	CHECK_EQ(read(ready[0], &c, 1), 1);
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	CHECK(module_users("vfio_pci") > users);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	close(group_open());
	CHECK_EQ(module_users("vfio_pci"), users);
}

static void test_kill_group(void)
{
	check_kill(false);
}

static void test_kill_cdev(void)
{
	check_kill(true);
}

/* ---- KVM ---- */

struct vm {
	int kvm, vm, vfio;
};

static struct vm vm_create(void)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	struct vm v;

	v.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (v.kvm < 0)
		test_skip("no /dev/kvm in this machine");
	v.vm = CHECK_FD(RET(ioctl(v.kvm, KVM_CREATE_VM, 0)));
	CHECK_OK(xioctl(v.vm, KVM_CREATE_DEVICE, &create));
	v.vfio = create.fd;
	return v;
}

static void vm_close(struct vm *v)
{
	close(v->vfio);
	close(v->vm);
	close(v->kvm);
}

static int vm_file(struct vm *v, int op, int fd)
{
	__s32 value = fd;
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE, .attr = op,
		.addr = (uintptr_t)&value,
	};

	return xioctl(v->vfio, KVM_SET_DEVICE_ATTR, &attr);
}

/* The VM dies before the device: the device has a reference of its own. */
static void test_kvm_group(void)
{
	struct vm v = vm_create();
	struct legacy l = { container_open(), group_open(), -1 };
	long idle, users;

	vm_close(&v);
	idle = module_users("kvm");
	v = vm_create();

	CHECK_RET(vm_file(&v, KVM_DEV_VFIO_FILE_ADD, l.container), -EINVAL);
	CHECK_OK(vm_file(&v, KVM_DEV_VFIO_FILE_ADD, l.group));
	CHECK_RET(vm_file(&v, KVM_DEV_VFIO_FILE_ADD, l.group), -EEXIST);

	CHECK_OK(vfio_group_set_container(l.group, l.container));
	CHECK_OK(vfio_container_set_iommu(l.container, VFIO_TYPE1v2_IOMMU));
	users = module_users("kvm");
	l.device = CHECK_FD(vfio_group_get_device(l.group, bdf));
	CHECK(module_users("kvm") > users);
	vm_close(&v);
	check_config_space(l.device);
	CHECK(module_users("kvm") > idle);
	legacy_close(&l);
	CHECK_EQ(module_users("kvm"), idle);
}

/* KVM is told first, then BIND; and the other way round, which is too late. */
static void test_kvm_cdev(void)
{
	struct vm v = vm_create();
	int cdev = CHECK_FD(vfio_cdev_open(bdf));
	int iommufd = CHECK_FD(iommufd_open());
	long users;

	CHECK_OK(vm_file(&v, KVM_DEV_VFIO_FILE_ADD, cdev));
	CHECK_OK(vm_file(&v, KVM_DEV_VFIO_FILE_DEL, cdev));
	CHECK_RET(vm_file(&v, KVM_DEV_VFIO_FILE_DEL, cdev), -ENOENT);
	CHECK_OK(vm_file(&v, KVM_DEV_VFIO_FILE_ADD, cdev));
	users = module_users("kvm");
	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK(module_users("kvm") > users);

	/* KVM holds the file: the device stays bound until both let it go. */
	close(cdev);
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	vm_close(&v);
	close(group_open());

	v = vm_create();
	cdev = CHECK_FD(vfio_cdev_open(bdf));
	users = module_users("kvm");
	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_OK(vm_file(&v, KVM_DEV_VFIO_FILE_ADD, cdev));
	CHECK_EQ(module_users("kvm"), users);
	vm_close(&v);
	check_config_space(cdev);
}

/* ---- the suites ---- */

static void before(void)
{
	CHECK_OK(pci_bind_driver(bdf, "vfio-pci"));
}

/* Every test leaves the device free, and its driver as it may like. */
static const char *after(void)
{
	int group;

	if (pci_bind_driver(bdf, "vfio-pci"))
		return "vfio-pci does not take the device any more";
	group = vfio_group_open(bdf);
	if (group < 0)
		return "the group cannot be opened any more";
	close(group);
	return NULL;
}

#define TEST(n) { .name = #n, .run = test_##n }

static const struct test stock_tests[] = {
	TEST(container),
	TEST(group_alone),
	TEST(group_in_container),
	TEST(type1),
	TEST(device),
	TEST(features),
	TEST(virqfd),
	TEST(hot_reset),
	TEST(unbind_group),
	TEST(kill_group),
	TEST(kvm_group),
};

static const struct test cdev_tests[] = {
	TEST(group_file_is_no_cdev),
	TEST(bind_errors),
	TEST(group_excludes_cdev),
	TEST(cdev_excludes_group),
	TEST(bind_unanswered),
	TEST(attach_unanswered),
	TEST(bind_against_close),
	TEST(vf_token),
	TEST(unbind_cdev),
	TEST(unbind_unbound_file),
	TEST(kill_cdev),
	TEST(kvm_cdev),
};

int main(int argc, char **argv)
{
	const struct test_suite suites[] = {
		{ "legacy", stock_tests, ARRAY_SIZE(stock_tests), before, after },
		{ "legacy", cdev_tests, ARRAY_SIZE(cdev_tests), before, after },
	};
	bool stock = argc == 3 && !strcmp(argv[1], "--stock");

	bdf = argv[argc - 1];
	if (argc != 2 + stock || !pci_bdf_valid(bdf)) {
		fprintf(stderr, "usage: legacy [--stock] BDF, for example legacy 0000:01:00.0\n");
		return 2;
	}
	test_run(&suites[0], NULL);
	if (!stock)
		test_run(&suites[1], NULL);
	return test_summary();
}
