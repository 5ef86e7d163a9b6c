// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_kvm.c - KVM's side of VFIO: its device, by group and by cdev
 *
 * Owns: legacy_kvm_stock, legacy_kvm_own.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "legacy.h"

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

/* ---- does DMA always snoop? ---- */

#define TRACING "/sys/kernel/tracing/"
#define EVENT	"legacy_kvm/coherent"

/* What KVM is told of a file that it is given: 0 or 1. */
static int told_coherent(struct vm *v, int file)
{
	char line[512], *ret;
	int told = -1;
	FILE *f;

	CHECK_OK(sysfs_write(TRACING "trace", ""));
	CHECK_OK(vm_file(v, KVM_DEV_VFIO_FILE_ADD, file));
	f = fopen(TRACING "trace", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		ret = strstr(line, "told=");
		if (ret && strstr(line, " coherent:"))
			told = atoi(ret + strlen("told="));
	}
	fclose(f);
	CHECK_OK(vm_file(v, KVM_DEV_VFIO_FILE_DEL, file));
	return told;
}

/*
 * What the hardware says: AMD-Vi always can, VT-d where its extended
 * capabilities (bit 7) say so.
 */
static int can_enforce(void)
{
	static const char ecap[] = "/sys/class/iommu/dmar0/intel-iommu/ecap";
	unsigned long long bits;
	FILE *f = fopen(ecap, "r");

	if (!f)
		return !access("/sys/class/iommu/ivhd0", F_OK) ? 1 : -1;
	CHECK_EQ(fscanf(f, "%llx", &bits), 1);
	fclose(f);
	return bits >> 7 & 1;
}

/* By a group and by a cdev, before and after BIND. */
static void test_kvm_coherency(void)
{
	struct vm v = vm_create();
	int want = can_enforce(), group, cdev;

	if (want < 0)
		test_skip("an unknown IOMMU");
	sysfs_write(TRACING "events/" EVENT "/enable", "0");
	CHECK_OK(sysfs_write(TRACING "kprobe_events",
			     "r:" EVENT " vfio_file_enforced_coherent told=$retval:u8"));
	CHECK_OK(sysfs_write(TRACING "events/" EVENT "/enable", "1"));

	group = group_open();
	CHECK_EQ(told_coherent(&v, group), want);
	close(group);
	cdev = CHECK_FD(vfio_cdev_open(bdf));
	CHECK_EQ(told_coherent(&v, cdev), want);
	CHECK_OK(vfio_bind(cdev, CHECK_FD(iommufd_open()), NULL));
	CHECK_EQ(told_coherent(&v, cdev), want);

	CHECK_OK(sysfs_write(TRACING "events/" EVENT "/enable", "0"));
	CHECK_OK(sysfs_write(TRACING "kprobe_events", ""));
}

static const struct test kvm_stock_list[] = {
	TEST(kvm_group),
};

const struct test_table legacy_kvm_stock = { kvm_stock_list, ARRAY_SIZE(kvm_stock_list) };

static const struct test kvm_own_list[] = {
	TEST(kvm_cdev),
	TEST(kvm_coherency),
};

const struct test_table legacy_kvm_own = { kvm_own_list, ARRAY_SIZE(kvm_own_list) };
