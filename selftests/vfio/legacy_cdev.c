// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_cdev.c - what the device cdev asks and refuses; a VF's token
 *
 * Owns: legacy_cdev_own.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "legacy.h"

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

	/* The file holds the context, not the context's number. */
	close(iommufd);
	check_config_space(cdev);
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	close(cdev);
	close(group_open());
}

/*
 * Alone behind its port the device can be reset; on the root bus nothing can.
 * The rest is in hotreset.c.
 */
static void test_hot_reset_alone(void)
{
	struct {
		struct vfio_pci_hot_reset_info head;
		struct vfio_pci_dependent_device device;
	} info = { .head.argsz = sizeof(info) };
	struct vfio_pci_hot_reset reset = { .argsz = sizeof(reset) };
	int cdev = CHECK_FD(vfio_cdev_open(bdf)), ret;
	__u32 id;

	CHECK_OK(vfio_bind(cdev, CHECK_FD(iommufd_open()), &id));
	if (!strncmp(bdf + 5, "00:", 3)) {
		CHECK_RET(xioctl(cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
				 &info), -ENODEV);
		CHECK_RET(xioctl(cdev, VFIO_DEVICE_PCI_HOT_RESET, &reset),
			  -ENODEV);
		return;
	}
	CHECK_OK(xioctl(cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info));
	CHECK_EQ(info.head.flags, VFIO_PCI_HOT_RESET_FLAG_DEV_ID |
		 VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED);
	CHECK_EQ(info.head.count, 1);
	CHECK_EQ(info.device.devid, id);
	ret = xioctl(cdev, VFIO_DEVICE_PCI_HOT_RESET, &reset);
	if (ret == -ENOTTY)
		test_skip("the port's link does not come up: give the VM PCIe's native hotplug");
	CHECK_OK(ret);
	check_config_space(cdev);
	check_bar(cdev);
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

#define RACE_ROUNDS	100
#define RACE_SECONDS	(8 * (int)test_slow())	/* some devices take long to be reset */

/*
 * Bind, attach and close in a loop. Another process does the same, and while
 * it has the device, also while it only lets go of it, BIND says EINVAL and
 * nothing else. Exits with 0 if it had the device at all.
 */
static void __attribute__((noreturn)) bind_in_a_loop(void)
{
	int ret, cdev, iommufd, bound = 0;
	time_t end = time(NULL) + RACE_SECONDS;
	__u32 pt_id;

	/* A refusal is quick, a round of the other is not: count the rounds. */
	while (bound < RACE_ROUNDS && time(NULL) < end) {
		cdev = CHECK_FD(vfio_cdev_open(bdf));
		iommufd = CHECK_FD(iommufd_open());
		ret = vfio_bind(cdev, iommufd, NULL);
		if (ret) {
			CHECK_RET(ret, -EINVAL);
			sched_yield();
		} else {
			bound++;
			CHECK_OK(iommufd_ioas_alloc(iommufd, &pt_id));
			CHECK_OK(vfio_attach(cdev, &pt_id));
		}
		close(cdev);
		close(iommufd);
	}
	_exit(!bound);
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

/* ATTACH and DETACH of a PASID, in the words of newer kernels. */
static void test_pasid_arguments(void)
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf));
	int iommufd = CHECK_FD(iommufd_open());
	__u32 attach[4] = { sizeof(attach) }, detach[3] = { sizeof(detach) };

	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_OK(iommufd_ioas_alloc(iommufd, &attach[2]));
	attach[1] = 2;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach), -EINVAL);
	detach[1] = 2;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_DETACH_IOMMUFD_PT, detach), -EINVAL);

	/* 0 is the device itself; the device under test has no others. */
	attach[1] = 1;
	detach[1] = 1;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach), -EINVAL);
	attach[3] = 1;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach), -EINVAL);
	detach[2] = 1;
	CHECK_OK(xioctl(cdev, VFIO_DEVICE_DETACH_IOMMUFD_PT, detach));
	attach[0]--;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach), -EINVAL);
	detach[0]--;
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_DETACH_IOMMUFD_PT, detach), -EINVAL);
	CHECK_OK(iommufd_destroy(iommufd, attach[2]));
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

static const struct test cdev_own_list[] = {
	TEST(group_file_is_no_cdev),
	TEST(bind_errors),
	TEST(group_excludes_cdev),
	TEST(cdev_excludes_group),
	TEST(hot_reset_alone),
	TEST(bind_unanswered),
	TEST(attach_unanswered),
	TEST(bind_against_close),
	TEST(pasid_arguments),
	TEST(vf_token),
};

const struct test_table legacy_cdev_own = { cdev_own_list, ARRAY_SIZE(cdev_own_list) };
