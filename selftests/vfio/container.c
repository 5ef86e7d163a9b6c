// SPDX-License-Identifier: GPL-2.0-only
/*
 * container.c - tests of /dev/vfio/vfio when iommufd serves it (the module
 * parameter vfio_container); see run-container
 *
 * usage: container BDF
 *
 * Owns: the command line, and what holds after every test: no page is pinned.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iommufd.h"
#include "mem.h"
#include "pci.h"
#include "test.h"
#include "vfio.h"

#define NODE "/dev/vfio/vfio"
#define IOVA 0x1000000ULL
#define BYTES (16 * PAGE_SZ)

static const char *bdf;
static long pins_at_start;

static int container_open(void)
{
	return CHECK_FD(vfio_container_open());
}

static __u64 rlimit_mode(int fd)
{
	__u64 mode = ~0ULL;

	CHECK_OK(iommufd_option_get(fd, IOMMU_OPTION_RLIMIT_MODE, 0, &mode));
	return mode;
}

/* Anybody may open it, under VFIO's name and number. */
static void node(void)
{
	struct stat st;

	CHECK_OK(stat(NODE, &st));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(st.st_mode & 0777, 0666);
	CHECK_EQ(major(st.st_rdev), 10);
	CHECK_EQ(minor(st.st_rdev), 196);
}

/* It is a context like any other, but for the accounting. */
static void context(void)
{
	int c = container_open(), i = CHECK_FD(iommufd_open());
	__u32 ioas;

	CHECK_EQ(rlimit_mode(c), 1);
	CHECK_EQ(rlimit_mode(i), 0);
	CHECK_EQ(xioctl(c, VFIO_GET_API_VERSION, NULL), VFIO_API_VERSION);
	CHECK_OK(iommufd_ioas_alloc(c, &ioas));
	CHECK_OK(iommufd_vfio_ioas(c, IOMMU_VFIO_IOAS_SET, &ioas));
	CHECK_OK(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU));
}

static void ordinary_user(void)
{
	pid_t pid = fork();
	int status;
	__u32 ioas;

	if (!pid) {
		int c;

		CHECK_OK(setgid(64001));
		CHECK_OK(setuid(64001));
		CHECK_RET(iommufd_open(), -EACCES);
		c = container_open();
		CHECK_OK(iommufd_ioas_alloc(c, &ioas));
		/* It may not choose the looser accounting. */
		CHECK_RET(iommufd_set_rlimit_mode(c, 0), -EPERM);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void group(void)
{
	void *va = mem_alloc(BYTES, MEM_PLAIN);
	int c = container_open(), g = CHECK_FD(vfio_group_open(bdf)), dev;
	__u64 done;

	CHECK(va);
	CHECK_RET(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU), -ENODEV);
	CHECK_OK(vfio_group_set_container(g, c));
	CHECK_OK(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU));
	CHECK_OK(vfio_type1_map(c, va, BYTES, IOVA, VFIO_DMA_MAP_FLAG_READ));
	dev = CHECK_FD(vfio_group_get_device(g, bdf));
	/* Charged as type1 does. */
	CHECK_EQ(proc_status_bytes("VmLck"), BYTES);
	CHECK_OK(vfio_type1_unmap(c, IOVA, BYTES, &done));
	CHECK_EQ(done, BYTES);
	CHECK_EQ(proc_status_bytes("VmLck"), 0);
	close(dev);
	close(g);
	/* The cdev takes it, as it takes any context. */
	dev = CHECK_FD(vfio_cdev_open(bdf));
	CHECK_OK(vfio_bind(dev, c, NULL));
}

/* The log says who serves it: once, however often it is opened. */
static int lines_with(const char *text)
{
	FILE *f = popen("dmesg", "r");
	char line[1024];
	int n = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		n += !!strstr(line, text);
	pclose(f);
	return n;
}

static void log_says_so_once(void)
{
	close(container_open());
	close(container_open());
	CHECK_EQ(lines_with(NODE " is served by iommufd"), 1);
	CHECK_EQ(lines_with("no legacy containers"), 1);
}

static const char *after(void)
{
	static char why[80];
	long pins = pins_now() - pins_at_start;

	if (!pins)
		return NULL;
	snprintf(why, sizeof(why), "%ld pages are still pinned", pins);
	pins_at_start += pins;
	return why;
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "node", node, 0 },
		{ "context", context, 0 },
		{ "ordinary_user", ordinary_user, 0 },
		{ "group", group, 0 },
		{ "log_says_so_once", log_says_so_once, 0 },
	};
	const struct test_suite suite = {
		.name = "container", .tests = tests,
		.count = ARRAY_SIZE(tests), .after = after,
	};

	if (argc != 2 || !pci_bdf_valid(argv[1])) {
		fputs("usage: container BDF, for example container 0000:01:00.0\n",
		      stderr);
		return 2;
	}
	bdf = argv[1];
	pins_at_start = pins_now();
	test_run(&suite, NULL);
	return test_summary();
}
