// SPDX-License-Identifier: GPL-2.0-only
/*
 * pasid.c - PASIDs of a VFIO device, attached and detached by its cdev
 *
 * usage: pasid
 *
 * No device that QEMU 10 emulates has a PASID capability. So the device is the
 * mock's (kernel/mock/vfio.c): it is VFIO's like any other, and what it is told
 * to read goes the way that its DMA would, through the mock IOMMU's page table
 * of that PASID. See run-pasid.
 *
 * Owns: the command line.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kernel/mock/vfio_abi.h"
#include "iommufd.h"
#include "mem.h"
#include "mockdev.h"
#include "test.h"
#include "vfio.h"

#define PASID	IOMMU_HWPT_ALLOC_PASID
#define FLAG	(1U << 0)	/* VFIO_DEVICE_{ATTACH,DETACH}_PASID */
#define IOVA	0x10000000ULL
#define HIGHEST	((1U << 20) - 1)	/* of the mock's 20 bits */

static long pins_at_start;

static int attach(int dev, __u32 pasid, __u32 *pt_id)
{
	__u32 arg[4] = { sizeof(arg), FLAG, *pt_id, pasid };
	int ret = xioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg);

	*pt_id = arg[2];
	return ret;
}

static int attach_to(int dev, __u32 pasid, __u32 pt_id)
{
	__u32 id = pt_id;
	int ret = attach(dev, pasid, &id);

	CHECK(ret || id == pt_id);
	return ret;
}

static int detach(int dev, __u32 pasid)
{
	__u32 arg[3] = { sizeof(arg), FLAG, pasid };

	return xioctl(dev, VFIO_DEVICE_DETACH_IOMMUFD_PT, arg);
}

/* What the device reads at IOVA; or -errno. */
static long read_word(int dev, __u32 pasid)
{
	struct mock_vfio_read read = { .pasid = pasid, .iova = IOVA };
	int ret = xioctl(dev, MOCK_VFIO_READ, &read);

	return ret ? ret : (long)read.value;
}

/* An address space: a page with @word at IOVA, and a HWPT of it. */
struct space {
	__u32 ioas, hwpt;
	long word;
};

struct rig {
	int iommufd, dev;
	__u32 devid;
	struct space own, a, b;
};

static struct space new_space(const struct rig *r, long word)
{
	struct space s = { .word = word };
	long *page = mmap(NULL, PAGE_SZ, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	page[0] = word;
	CHECK_OK(iommufd_ioas_alloc(r->iommufd, &s.ioas));
	CHECK_OK(iommufd_map_fixed(r->iommufd, s.ioas, page, PAGE_SZ, IOVA,
				   MAP_RW));
	CHECK_OK(iommufd_hwpt_alloc(r->iommufd, r->devid, s.ioas, PASID,
				    &s.hwpt));
	return s;
}

static struct rig bound_rig(void)
{
	struct rig r = { .iommufd = CHECK_FD(iommufd_open()) };

	r.dev = mock_device_open();
	CHECK_OK(vfio_bind(r.dev, r.iommufd, &r.devid));
	r.own = new_space(&r, 100);
	r.a = new_space(&r, 200);
	r.b = new_space(&r, 300);
	return r;
}

/* The device itself is attached. */
static struct rig attached_rig(void)
{
	struct rig r = bound_rig();
	__u32 id = r.own.hwpt;

	CHECK_OK(vfio_attach(r.dev, &id));
	CHECK_EQ(read_word(r.dev, 0), r.own.word);
	return r;
}

/* Each PASID has an address space of its own, beside the device's. */
static void several(void)
{
	struct rig r = attached_rig();

	CHECK_RET(read_word(r.dev, 5), -ENOENT);
	CHECK_OK(attach_to(r.dev, 5, r.a.hwpt));
	CHECK_OK(attach_to(r.dev, HIGHEST, r.b.hwpt));
	CHECK_EQ(read_word(r.dev, 0), r.own.word);
	CHECK_EQ(read_word(r.dev, 5), r.a.word);
	CHECK_EQ(read_word(r.dev, HIGHEST), r.b.word);
	CHECK_RET(read_word(r.dev, 6), -ENOENT);
	CHECK_RET(iommufd_destroy(r.iommufd, r.a.hwpt), -EBUSY);

	/* What is unmapped is gone for it at once, and only for it. */
	CHECK_OK(iommufd_unmap(r.iommufd, r.a.ioas, IOVA, PAGE_SZ, NULL));
	CHECK_RET(read_word(r.dev, 5), -EFAULT);
	CHECK_EQ(read_word(r.dev, HIGHEST), r.b.word);

	CHECK_OK(detach(r.dev, 5));
	CHECK_RET(read_word(r.dev, 5), -ENOENT);
	CHECK_OK(detach(r.dev, 5));
	CHECK_OK(iommufd_destroy(r.iommufd, r.a.hwpt));
}

/* A second attach is a replace. */
static void replace(void)
{
	struct rig r = attached_rig();

	CHECK_OK(attach_to(r.dev, 5, r.a.hwpt));
	CHECK_OK(attach_to(r.dev, 5, r.b.hwpt));
	CHECK_EQ(read_word(r.dev, 5), r.b.word);
	CHECK_OK(iommufd_destroy(r.iommufd, r.a.hwpt));
	CHECK_OK(attach_to(r.dev, 5, r.b.hwpt));

	/* One that fails changes nothing. */
	CHECK_RET(attach_to(r.dev, 5, r.a.hwpt), -ENOENT);
	CHECK_RET(attach_to(r.dev, 5, r.own.ioas), -EINVAL);
	CHECK_EQ(read_word(r.dev, 5), r.b.word);
	CHECK_RET(iommufd_destroy(r.iommufd, r.b.hwpt), -EBUSY);
}

static void refused(void)
{
	struct rig r = bound_rig();
	__u32 plain, id;

	CHECK_OK(iommufd_hwpt_alloc(r.iommufd, r.devid, r.a.ioas, 0, &plain));
	/* The device itself comes first, with a HWPT for PASIDs too. */
	CHECK_RET(attach_to(r.dev, 5, r.a.hwpt), -EINVAL);
	id = plain;
	CHECK_OK(vfio_attach(r.dev, &id));
	CHECK_RET(attach_to(r.dev, 5, r.a.hwpt), -EINVAL);
	id = r.own.hwpt;
	CHECK_OK(vfio_attach(r.dev, &id));

	CHECK_RET(attach_to(r.dev, 0, r.a.hwpt), -EINVAL);
	CHECK_RET(attach_to(r.dev, HIGHEST + 1, r.a.hwpt), -EINVAL);
	CHECK_RET(attach_to(r.dev, 5, plain), -EINVAL);
	CHECK_RET(attach_to(r.dev, 5, r.a.ioas), -EINVAL);
	CHECK_RET(attach_to(r.dev, 5, 99999), -ENOENT);
	CHECK_RET(read_word(r.dev, 5), -ENOENT);
	CHECK_OK(iommufd_destroy(r.iommufd, r.a.hwpt));
}

/* The PASIDs go first. */
static void device_last(void)
{
	struct rig r = attached_rig();
	__u32 id = r.b.hwpt;

	CHECK_OK(attach_to(r.dev, 5, r.a.hwpt));
	CHECK_RET(vfio_detach(r.dev), -EBUSY);
	CHECK_EQ(read_word(r.dev, 0), r.own.word);
	/* Another one for PASIDs may take the device's place. */
	CHECK_OK(vfio_attach(r.dev, &id));
	CHECK_EQ(read_word(r.dev, 0), r.b.word);
	CHECK_EQ(read_word(r.dev, 5), r.a.word);
	CHECK_OK(detach(r.dev, 5));
	CHECK_OK(vfio_detach(r.dev));
	CHECK_RET(read_word(r.dev, 0), -ENOENT);
}

/* Who cannot be told has nothing attached, and nothing moved. */
static void answer_not_writable(void)
{
	struct rig r = attached_rig();
	__u32 *arg = mmap(NULL, PAGE_SZ, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(arg != MAP_FAILED);
	arg[0] = 16;
	arg[1] = FLAG;
	arg[2] = r.a.hwpt;
	arg[3] = 5;
	CHECK_OK(mprotect(arg, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(r.dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg), -EFAULT);
	CHECK_RET(read_word(r.dev, 5), -ENOENT);
	CHECK_OK(attach_to(r.dev, 5, r.b.hwpt));
	CHECK_RET(xioctl(r.dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg), -EFAULT);
	CHECK_EQ(read_word(r.dev, 5), r.b.word);
}

/* The close takes off all that is attached. */
static void close_detaches(void)
{
	struct rig r = attached_rig();
	__u32 id, pasid;

	for (pasid = 1; pasid < 100; pasid++)
		CHECK_OK(attach_to(r.dev, pasid,
				   pasid % 2 ? r.a.hwpt : r.b.hwpt));
	close(r.dev);
	CHECK_OK(iommufd_destroy(r.iommufd, r.a.hwpt));
	CHECK_OK(iommufd_destroy(r.iommufd, r.b.hwpt));
	CHECK_OK(iommufd_destroy(r.iommufd, r.own.hwpt));

	r.dev = mock_device_open();
	CHECK_OK(vfio_bind(r.dev, r.iommufd, &r.devid));
	CHECK_RET(read_word(r.dev, 0), -ENOENT);
	for (pasid = 1; pasid < 100; pasid++)
		CHECK_RET(read_word(r.dev, pasid), -ENOENT);
	r.own = new_space(&r, 1);
	id = r.own.hwpt;
	CHECK_OK(vfio_attach(r.dev, &id));
	CHECK_OK(attach_to(r.dev, 5, r.own.hwpt));
}

static void __attribute__((noreturn)) attach_forever(int ready)
{
	struct rig r = attached_rig();
	__u32 pasid;

	if (write(ready, "", 1) != 1)
		_exit(1);
	for (pasid = 1;; pasid = pasid % 200 + 1) {
		CHECK_OK(attach_to(r.dev, pasid, r.a.hwpt));
		CHECK_OK(attach_to(r.dev, pasid, r.b.hwpt));
		if (pasid % 3)
			CHECK_OK(detach(r.dev, pasid));
	}
}

static void killed(void)
{
	int ready[2], status, i;
	char c;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		CHECK_OK(pipe(ready));
		pid = fork();
		if (!pid)
			attach_forever(ready[1]);
		close(ready[1]);
		CHECK_EQ(read(ready[0], &c, 1), 1);
		close(ready[0]);
		usleep(random() % 20000);
		CHECK_OK(kill(pid, SIGKILL));
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFSIGNALED(status));
		CHECK_EQ(pins_now(), pins_at_start);
	}
	close(attached_rig().dev);
}

static const char *after(void)
{
	return pins_now() == pins_at_start ? NULL : "pages stay pinned";
}

int main(void)
{
	static const struct test tests[] = {
		{ "several", several, 0 },
		{ "replace", replace, 0 },
		{ "refused", refused, 0 },
		{ "device_last", device_last, 0 },
		{ "answer_not_writable", answer_not_writable, 0 },
		{ "close_detaches", close_detaches, 0 },
		{ "killed", killed, 0 },
	};
	const struct test_suite suite = {
		.name = "pasid", .tests = tests, .count = ARRAY_SIZE(tests),
		.after = after,
	};

	pins_at_start = pins_now();
	test_run(&suite, NULL);
	return test_summary();
}
