// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_kvm.c - KVM's side of VFIO: its device, by group and by cdev
 *
 * Owns: legacy_kvm_stock, legacy_kvm_own.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
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

static const struct test kvm_stock_list[] = {
	TEST(kvm_group),
};

const struct test_table legacy_kvm_stock = { kvm_stock_list, ARRAY_SIZE(kvm_stock_list) };

static const struct test kvm_own_list[] = {
	TEST(kvm_cdev),
};

const struct test_table legacy_kvm_own = { kvm_own_list, ARRAY_SIZE(kvm_own_list) };
