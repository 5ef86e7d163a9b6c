// SPDX-License-Identifier: GPL-2.0-only
/*
 * hotreset.c - tests of the hot reset of devices that are open by the cdev
 *
 * usage: hotreset A B C D
 *
 * Owns: everything about it. The four are functions of one PCI device, network
 * cards of Intel's (a register of theirs tells whether they were reset), which
 * a reset hits together. A and B have an IOMMU group each, C and D share one.
 * They are given to vfio-pci and stay there.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "iommufd.h"
#include "pci.h"
#include "test.h"
#include "vfio.h"

#define TEST(n) { .name = #n, .run = test_##n }

enum { A, B, C, D, NR };
static const char *bdf[NR];

/* Flow control's timer: any 16 bits stay, and a reset clears them. */
#define REGISTER	0x170
#define MARK		0x5a5a
#define CLOSED_FD	9999

struct opened {
	int cdev;
	__u32 id;
};

static struct opened open_in(int function, int iommufd)
{
	struct opened o = { CHECK_FD(vfio_cdev_open(bdf[function])), 0 };

	CHECK_OK(vfio_bind(o.cdev, iommufd, &o.id));
	CHECK(o.id > 0);
	CHECK_OK(vfio_bus_master(o.cdev, false));
	return o;
}

static __u64 register_offset(int device)
{
	struct vfio_region_info region;

	CHECK_OK(vfio_region_info(device, VFIO_PCI_BAR0_REGION_INDEX, &region));
	return region.offset + REGISTER;
}

static __u32 register_get(int device)
{
	__u32 value;

	CHECK_EQ(pread(device, &value, 4, register_offset(device)), 4);
	return value;
}

static void mark(int device)
{
	const __u32 value = MARK;

	CHECK_EQ(pwrite(device, &value, 4, register_offset(device)), 4);
	CHECK_EQ(register_get(device), MARK);
}

struct info {
	struct vfio_pci_hot_reset_info hdr;
	struct vfio_pci_dependent_device devices[16];
};

static int get_info(int device, struct info *info)
{
	memset(info, 0xff, sizeof(*info));
	info->hdr.argsz = sizeof(*info);
	return xioctl(device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info);
}

/* What the device's user is told of a function: its devid. */
static int devid_of(const struct info *info, int function)
{
	unsigned int segment, bus, slot, fn;
	__u32 i;

	if (sscanf(bdf[function], "%x:%x:%x.%x", &segment, &bus, &slot,
		   &fn) != 4)
		FAIL("'%s' is no PCI address", bdf[function]);
	for (i = 0; i < info->hdr.count; i++) {
		const struct vfio_pci_dependent_device *d = &info->devices[i];

		if (d->segment == segment && d->bus == bus &&
		    d->devfn == (slot << 3 | fn))
			return (int)d->devid;
	}
	FAIL("%s is not in the list", bdf[function]);
}

static int hot_reset(int device)
{
	struct vfio_pci_hot_reset reset = { .argsz = sizeof(reset) };

	return xioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &reset);
}

/* BARs are touched meanwhile: the kernel says so, and one tries again. */
static int hot_reset_again(int device)
{
	int ret;

	do {
		ret = hot_reset(device);
	} while (ret == -EBUSY);
	return ret;
}

static void check_info(int device, __u32 flags, int a, int b, int c, int d)
{
	struct info info;

	CHECK_OK(get_info(device, &info));
	CHECK_EQ(info.hdr.flags, flags);
	CHECK_EQ(info.hdr.count, NR);
	CHECK_EQ(devid_of(&info, A), a);
	CHECK_EQ(devid_of(&info, B), b);
	CHECK_EQ(devid_of(&info, C), c);
	CHECK_EQ(devid_of(&info, D), d);
}

#define ID	VFIO_PCI_HOT_RESET_FLAG_DEV_ID
#define OWNED	(ID | VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED)
#define MINE	VFIO_PCI_DEVID_OWNED
#define FOREIGN	VFIO_PCI_DEVID_NOT_OWNED

/* ---- the tests ---- */

static void test_arguments(void)
{
	struct vfio_pci_hot_reset_info head = { .argsz = sizeof(head) };
	struct {
		struct vfio_pci_hot_reset reset;
		__s32 fd;
	} reset = { .reset.argsz = sizeof(reset) };
	int iommufd = CHECK_FD(iommufd_open());
	int cdev = CHECK_FD(vfio_cdev_open(bdf[A]));
	struct opened a, c;

	/* Before BIND there is nothing. */
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &head),
		  -EINVAL);
	CHECK_RET(hot_reset(cdev), -EINVAL);
	close(cdev);

	a = open_in(A, iommufd);
	open_in(B, iommufd);
	c = open_in(C, iommufd);
	mark(c.cdev);

	/* The list does not fit: how long is it? */
	CHECK_RET(xioctl(a.cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &head),
		  -ENOSPC);
	CHECK_EQ(head.count, NR);
	head.argsz--;
	CHECK_RET(xioctl(a.cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &head),
		  -EINVAL);
	CHECK_RET(xioctl(a.cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, NULL),
		  -EFAULT);

	CHECK_RET(xioctl(a.cdev, VFIO_DEVICE_PCI_HOT_RESET, NULL), -EFAULT);
	reset.reset.argsz = offsetof(struct vfio_pci_hot_reset, group_fds) - 1;
	CHECK_RET(xioctl(a.cdev, VFIO_DEVICE_PCI_HOT_RESET, &reset), -EINVAL);
	reset.reset.argsz = sizeof(reset);
	reset.reset.flags = 1;
	CHECK_RET(xioctl(a.cdev, VFIO_DEVICE_PCI_HOT_RESET, &reset), -EINVAL);
	/* The context is the proof; fds of whatever kind are none. */
	reset.reset.flags = 0;
	reset.reset.count = 1;
	reset.fd = a.cdev;
	CHECK_RET(xioctl(a.cdev, VFIO_DEVICE_PCI_HOT_RESET, &reset), -EINVAL);
	CHECK_EQ(register_get(c.cdev), MARK);
	CHECK_OK(hot_reset(a.cdev));
	CHECK_EQ(register_get(c.cdev), 0);
}

/* The others have vfio-pci, but nobody has opened them. */
static void test_others_unopened(void)
{
	struct opened a = open_in(A, CHECK_FD(iommufd_open()));

	mark(a.cdev);
	check_info(a.cdev, ID, a.id, FOREIGN, FOREIGN, FOREIGN);
	CHECK_RET(hot_reset(a.cdev), -EINVAL);
	CHECK_EQ(register_get(a.cdev), MARK);
}

/* D is not opened, but nobody else can have it: C of its group is ours. */
static void test_owned(void)
{
	int iommufd = CHECK_FD(iommufd_open());
	struct opened a = open_in(A, iommufd), b = open_in(B, iommufd),
		      c = open_in(C, iommufd);
	volatile __u32 *bar;
	__u32 ids[2];
	size_t size;

	mark(a.cdev);
	mark(b.cdev);
	mark(c.cdev);
	bar = vfio_bar_map(b.cdev, VFIO_PCI_BAR0_REGION_INDEX, &size);
	CHECK(bar);
	CHECK_EQ(bar[REGISTER / 4], MARK);
	check_info(a.cdev, OWNED, a.id, b.id, c.id, MINE);
	check_info(c.cdev, OWNED, a.id, b.id, c.id, MINE);
	CHECK_OK(hot_reset(a.cdev));

	CHECK_EQ(register_get(a.cdev), 0);
	CHECK_EQ(bar[REGISTER / 4], 0);
	CHECK_EQ(register_get(b.cdev), 0);
	CHECK_EQ(register_get(c.cdev), 0);
	CHECK_OK(vfio_config_read(a.cdev, 0, ids, sizeof(ids)));
	CHECK(ids[0] != 0xffffffff);
	/* And once more, from another of them. */
	mark(a.cdev);
	CHECK_OK(hot_reset(c.cdev));
	CHECK_EQ(register_get(a.cdev), 0);

	close(b.cdev);
	munmap((void *)bar, size);
	check_info(a.cdev, ID, a.id, FOREIGN, c.id, MINE);
	mark(a.cdev);
	CHECK_RET(hot_reset(a.cdev), -EINVAL);
	CHECK_EQ(register_get(a.cdev), MARK);
}

/* Attached devices stay attached. */
static void test_attached(void)
{
	int iommufd = CHECK_FD(iommufd_open());
	struct opened o[] = { open_in(A, iommufd), open_in(B, iommufd),
			      open_in(C, iommufd), open_in(D, iommufd) };
	__u32 ioas, pt;
	size_t i;

	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	for (i = 0; i < ARRAY_SIZE(o); i++) {
		pt = ioas;
		CHECK_OK(vfio_attach(o[i].cdev, &pt));
	}
	check_info(o[D].cdev, OWNED, o[A].id, o[B].id, o[C].id, o[D].id);
	mark(o[A].cdev);
	CHECK_OK(hot_reset(o[D].cdev));
	CHECK_EQ(register_get(o[A].cdev), 0);
	CHECK_RET(iommufd_destroy(iommufd, ioas), -EBUSY);
	for (i = 0; i < ARRAY_SIZE(o); i++)
		CHECK_OK(vfio_detach(o[i].cdev));
}

static void test_sibling_in_another_context(void)
{
	int ours = CHECK_FD(iommufd_open()), theirs = CHECK_FD(iommufd_open());
	struct opened a = open_in(A, ours), b = open_in(B, theirs),
		      c = open_in(C, ours);

	mark(b.cdev);
	check_info(a.cdev, ID, a.id, FOREIGN, c.id, MINE);
	check_info(b.cdev, ID, FOREIGN, b.id, FOREIGN, FOREIGN);
	CHECK_RET(hot_reset(a.cdev), -EINVAL);
	CHECK_RET(hot_reset(b.cdev), -EINVAL);
	CHECK_EQ(register_get(b.cdev), MARK);
}

static int group_reset(int device, const int *groups, __u32 count)
{
	struct {
		struct vfio_pci_hot_reset reset;
		__s32 fds[NR];
	} arg = { .reset = { .argsz = sizeof(arg), .count = count } };

	memcpy(arg.fds, groups, count * sizeof(*groups));
	return xioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &arg);
}

static int container_with(int *groups, size_t n)
{
	int container = CHECK_FD(vfio_container_open());
	size_t i;

	for (i = 0; i < n; i++)
		CHECK_OK(vfio_group_set_container(groups[i], container));
	CHECK_OK(vfio_container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	return container;
}

/* Groups prove nothing of the cdev's devices, and the other way round. */
static void test_sibling_in_a_container(void)
{
	int iommufd = CHECK_FD(iommufd_open());
	struct opened a = open_in(A, iommufd), c = open_in(C, iommufd);
	int group = CHECK_FD(vfio_group_open(bdf[B])), b;

	container_with(&group, 1);
	b = CHECK_FD(vfio_group_get_device(group, bdf[B]));
	CHECK_OK(vfio_bus_master(b, false));
	mark(b);
	check_info(a.cdev, ID, a.id, FOREIGN, c.id, MINE);
	CHECK_RET(hot_reset(a.cdev), -EINVAL);
	CHECK_RET(group_reset(b, &group, 1), -EINVAL);
	CHECK_EQ(register_get(b), MARK);
}

/* The legacy way, through the stock driver, with the proof by groups. */
static void test_by_groups(void)
{
	int groups[] = { CHECK_FD(vfio_group_open(bdf[A])),
			 CHECK_FD(vfio_group_open(bdf[B])),
			 CHECK_FD(vfio_group_open(bdf[C])) };
	int a;

	container_with(groups, ARRAY_SIZE(groups));
	a = CHECK_FD(vfio_group_get_device(groups[A], bdf[A]));
	CHECK_OK(vfio_bus_master(a, false));
	mark(a);
	CHECK_RET(group_reset(a, groups, 2), -EINVAL);
	CHECK_RET(hot_reset(a), -EINVAL);
	CHECK_EQ(register_get(a), MARK);
	CHECK_OK(group_reset(a, groups, 3));
	CHECK_EQ(register_get(a), 0);
}

/* A function without vfio-pci is in nobody's hands. */
static void test_sibling_without_driver(void)
{
	int iommufd = CHECK_FD(iommufd_open());
	struct opened a, c;

	CHECK_OK(pci_release(bdf[B]));
	a = open_in(A, iommufd);
	c = open_in(C, iommufd);
	check_info(a.cdev, ID, a.id, FOREIGN, c.id, MINE);
	CHECK_RET(hot_reset(a.cdev), -EINVAL);

	CHECK_OK(pci_bind_driver(bdf[B], "vfio-pci"));
	CHECK_RET(hot_reset(a.cdev), -EINVAL);
	open_in(B, iommufd);
	CHECK_OK(hot_reset(a.cdev));
}

/* ---- not while a member is attached ---- */

static void *attach_on(void *arg)
{
	__u32 *device_and_id = arg;

	CHECK_OK(vfio_attach((int)device_and_id[0], &device_and_id[1]));
	return NULL;
}

/* The attach waits for a page that is missing, as long as it likes. */
static void test_reset_against_attach(void)
{
	int iommufd = CHECK_FD(iommufd_open());
	struct opened a = open_in(A, iommufd), b = open_in(B, iommufd);
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_zeropage zero = { 0 };
	__u32 ioas, attach[2] = { b.cdev };
	struct uffd_msg msg;
	pthread_t thread;
	void *page;
	int uffd;

	open_in(C, iommufd);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	CHECK(uffd >= 0);
	CHECK_OK(xioctl(uffd, UFFDIO_API, &api));
	reg.range.start = (unsigned long)page;
	reg.range.len = 4096;
	zero.range = reg.range;
	CHECK_OK(xioctl(uffd, UFFDIO_REGISTER, &reg));
	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	CHECK_OK(iommufd_map_fixed(iommufd, ioas, page, 4096, 1 << 24, MAP_RW));

	attach[1] = ioas;
	mark(a.cdev);
	CHECK(!pthread_create(&thread, NULL, attach_on, attach));
	CHECK_EQ(read(uffd, &msg, sizeof(msg)), sizeof(msg));
	CHECK_RET(hot_reset(a.cdev), -EBUSY);
	CHECK_RET(hot_reset(b.cdev), -EBUSY);
	CHECK_EQ(register_get(a.cdev), MARK);

	CHECK_OK(xioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	CHECK(!pthread_join(thread, NULL));
	CHECK_OK(hot_reset(a.cdev));
	CHECK_EQ(register_get(a.cdev), 0);
	CHECK_OK(vfio_detach(b.cdev));
}

/* ---- a race: nobody's device is reset by who does not have it ---- */

static atomic_bool stop;

static void *touch_bar(void *arg)
{
	volatile __u32 *bar = arg;

	while (!atomic_load(&stop))
		(void)bar[REGISTER / 4];
	return NULL;
}

static void *reset_on(void *arg)
{
	unsigned long *done = arg;
	int cdev = (int)done[0], ret;

	while (!atomic_load(&stop)) {
		ret = hot_reset(cdev);
		if (!ret)
			done[1]++;
		else if (ret == -EINVAL)
			done[2]++;
		else
			CHECK_RET(ret, -EBUSY);
	}
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void test_reset_against_bind(void)
{
	int ours = CHECK_FD(iommufd_open()), theirs = CHECK_FD(iommufd_open());
	struct opened a = open_in(A, ours), c = open_in(C, ours), b;
	unsigned long count[3] = { a.cdev, 0, 0 }, rounds;
	double end = seconds() + 4 * test_slow();
	pthread_t resetter, toucher;
	volatile __u32 *bar;
	size_t size;
	int i;

	bar = vfio_bar_map(c.cdev, VFIO_PCI_BAR0_REGION_INDEX, &size);
	CHECK(bar);
	CHECK(!pthread_create(&resetter, NULL, reset_on, count));
	CHECK(!pthread_create(&toucher, NULL, touch_bar, (void *)bar));
	for (rounds = 0; seconds() < end; rounds++) {
		b = open_in(B, theirs);
		mark(b.cdev);
		for (i = 0; i < 20; i++)
			CHECK_EQ(register_get(b.cdev), MARK);
		close(b.cdev);
		b = open_in(B, ours);
		usleep(30000);
		close(b.cdev);
	}
	atomic_store(&stop, true);
	CHECK(!pthread_join(resetter, NULL));
	CHECK(!pthread_join(toucher, NULL));
	test_note("%lu rounds, %lu resets, %lu refused", rounds, count[1],
		  count[2]);
	CHECK(count[1] && count[2]);

	open_in(B, ours);
	CHECK_OK(hot_reset_again(a.cdev));
}

/* ---- */

static void before(void)
{
	int i;

	for (i = 0; i < NR; i++)
		CHECK_OK(pci_bind_driver(bdf[i], "vfio-pci"));
	CHECK_EQ(pci_group_devices(bdf[A]), 1);
	CHECK_EQ(pci_group_devices(bdf[B]), 1);
	CHECK_EQ(vfio_group_number(bdf[C]), vfio_group_number(bdf[D]));
}

static const char *after(void)
{
	int i, group;

	for (i = 0; i < NR; i++) {
		if (pci_bind_driver(bdf[i], "vfio-pci"))
			return "vfio-pci does not take a device any more";
		group = vfio_group_open(bdf[i]);
		if (group < 0)
			return "a group cannot be opened any more";
		close(group);
	}
	return NULL;
}

static const struct test tests[] = {
	TEST(arguments),
	TEST(others_unopened),
	TEST(owned),
	TEST(attached),
	TEST(sibling_in_another_context),
	TEST(sibling_in_a_container),
	TEST(by_groups),
	TEST(sibling_without_driver),
	TEST(reset_against_attach),
	TEST(reset_against_bind),
};

int main(int argc, char **argv)
{
	struct test_suite suite = {
		.name = "hotreset", .tests = tests, .count = ARRAY_SIZE(tests),
		.before = before, .after = after,
	};
	int i;

	for (i = 0; i < NR && argc == NR + 1; i++) {
		bdf[i] = argv[1 + i];
		if (!pci_bdf_valid(bdf[i]))
			break;
	}
	if (i < NR) {
		fprintf(stderr, "usage: hotreset A B C D, for example hotreset 0000:01:00.0 0000:01:00.1 0000:01:00.2 0000:01:00.3\n");
		return 2;
	}
	test_run(&suite, NULL);
	return test_summary();
}
