// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_user.c - an ordinary user, with exactly the permissions and limits
 * that docs/vfio.md gives one
 *
 * Owns: legacy_user_own.
 */
#include <grp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "legacy.h"
#include "mem.h"

#define USER	65534
#define GROUP	4242	/* stands for the group kvm of the documented rules */
#define LIMIT	(64 * PAGE_SZ)

/* From here on an ordinary user, in a group of its own and maybe in GROUP. */
static void become_user(bool in_group, rlim_t memlock)
{
	const struct rlimit limit = { memlock, memlock };
	const gid_t gid = GROUP;

	CHECK_OK(RET(setrlimit(RLIMIT_MEMLOCK, &limit)));
	CHECK_OK(RET(setgroups(in_group, &gid)));
	CHECK_OK(RET(setresgid(USER, USER, USER)));
	CHECK_OK(RET(setresuid(USER, USER, USER)));
}

static void as_user(void (*body)(void), bool in_group, rlim_t memlock)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		become_user(in_group, memlock);
		body();
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void refused(void)
{
	CHECK_RET(vfio_cdev_open(bdf), -EACCES);
	CHECK_RET(iommufd_open(), -EACCES);
	CHECK_RET(vfio_group_open(bdf), -EACCES);
}

/* Address spaces are anybody's who may have a context; devices are not. */
static void context_without_device(void)
{
	int iommufd = CHECK_FD(iommufd_open());
	__u32 ioas;

	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	CHECK_RET(vfio_cdev_open(bdf), -EACCES);
	CHECK_RET(vfio_group_open(bdf), -EACCES);
}

/* Who has the device's node, but no context, has a file of no use. */
static void device_without_context(void)
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf));
	struct vfio_device_info info;
	__u32 word, id = 1;

	CHECK_RET(iommufd_open(), -EACCES);
	CHECK_RET(vfio_bind(cdev, file_open("/dev/null"), NULL), -EBADFD);
	CHECK_RET(vfio_bind(cdev, container_open(), NULL), -EBADFD);
	CHECK_RET(vfio_device_info(cdev, &info), -EINVAL);
	CHECK_RET(vfio_attach(cdev, &id), -EINVAL);
	CHECK_RET(vfio_device_reset(cdev), -EINVAL);
	CHECK_RET(RET(pread(cdev, &word, sizeof(word), 0)), -EINVAL);
	CHECK(mmap(NULL, PAGE_SZ, PROT_READ, MAP_SHARED, cdev, 0) == MAP_FAILED);
}

static int iommufd, cdev;
static __u32 ioas;
static char *memory;

static void get_memory(void)
{
	memory = mmap(NULL, 2 * LIMIT, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
}

static void attach_device(void)
{
	__u32 pt;

	cdev = CHECK_FD(vfio_cdev_open(bdf));
	iommufd = CHECK_FD(iommufd_open());
	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	pt = ioas;
	CHECK_OK(vfio_attach(cdev, &pt));
	get_memory();
	check_config_space(cdev);
}

/* One page too many, and nothing of it stays; then up to the limit. */
static void with_too_little(void)
{
	attach_device();
	CHECK_RET(iommufd_map_fixed(iommufd, ioas, memory, LIMIT + PAGE_SZ,
				    MAP_IOVA, MAP_RW), -ENOMEM);
	CHECK_OK(iommufd_map_fixed(iommufd, ioas, memory, LIMIT, MAP_IOVA,
				   MAP_RW));
	CHECK_RET(iommufd_map_fixed(iommufd, ioas, memory + LIMIT, PAGE_SZ,
				    MAP_IOVA + LIMIT, MAP_RW), -ENOMEM);
	CHECK_EQ(proc_status_bytes("VmPin"), LIMIT);
}

/* What was mapped before is counted when the device comes to it. */
static void with_too_little_to_attach(void)
{
	__u32 pt;

	cdev = CHECK_FD(vfio_cdev_open(bdf));
	iommufd = CHECK_FD(iommufd_open());
	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	get_memory();
	CHECK_OK(iommufd_map_fixed(iommufd, ioas, memory, LIMIT + PAGE_SZ,
				   MAP_IOVA, MAP_RW));
	pt = ioas;
	CHECK_RET(vfio_attach(cdev, &pt), -ENOMEM);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(iommufd_unmap(iommufd, ioas, MAP_IOVA, LIMIT + PAGE_SZ, NULL));
	CHECK_OK(iommufd_map_fixed(iommufd, ioas, memory, LIMIT, MAP_IOVA,
				   MAP_RW));
	CHECK_OK(vfio_attach(cdev, &pt));
	CHECK_EQ(proc_status_bytes("VmPin"), LIMIT);
}

static void with_enough(void)
{
	attach_device();
	CHECK_OK(iommufd_map_fixed(iommufd, ioas, memory, 2 * LIMIT, MAP_IOVA,
				   MAP_RW));
	CHECK_RET(vfio_group_open(bdf), -EACCES);
	/* The group is root's still: the other way is not opened by this. */
	CHECK_OK(iommufd_unmap(iommufd, ioas, MAP_IOVA, 2 * LIMIT, NULL));
}

/* The legacy way, which the third rule opens: the same, on the process. */
static void by_the_group(size_t limit)
{
	const __u32 rw = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct legacy l = legacy_open();
	size_t more = limit + PAGE_SZ;

	CHECK_RET(vfio_cdev_open(bdf), -EACCES);
	check_config_space(l.device);
	get_memory();
	CHECK_OK(vfio_type1_map(l.container, memory, limit, MAP_IOVA, rw));
	CHECK_EQ(proc_status_bytes("VmLck"), limit);
	CHECK_OK(vfio_type1_unmap(l.container, MAP_IOVA, limit, NULL));
	if (more > 2 * LIMIT)
		return;
	CHECK_RET(vfio_type1_map(l.container, memory, more, MAP_IOVA, rw),
		  -ENOMEM);
	CHECK_EQ(proc_status_bytes("VmLck"), 0);
}

static void group_with_too_little(void)
{
	by_the_group(LIMIT);
}

static void group_with_enough(void)
{
	by_the_group(2 * LIMIT);
}

static void permit(const char *path, gid_t gid, mode_t mode)
{
	CHECK_OK(RET(chown(path, 0, gid)));
	CHECK_OK(RET(chmod(path, mode)));
}

/* The nodes as the kernel makes them, before and after. */
static void nobodys(const char *device)
{
	permit(device, 0, 0600);
	permit(IOMMUFD_DEV, 0, 0660);
}

static void test_ordinary_user(void)
{
	char path[300];

	CHECK_OK(vfio_cdev_path(bdf, path, sizeof(path)));
	nobodys(path);
	as_user(refused, false, 2 * LIMIT);
	as_user(refused, true, 2 * LIMIT);

	/* One rule without the other */
	permit(IOMMUFD_DEV, GROUP, 0660);
	as_user(context_without_device, true, LIMIT);
	nobodys(path);
	permit(path, GROUP, 0660);
	as_user(device_without_context, true, LIMIT);

	/* What both rules do. */
	permit(IOMMUFD_DEV, GROUP, 0660);
	as_user(refused, false, 2 * LIMIT);
	as_user(with_too_little, true, LIMIT);
	as_user(with_too_little_to_attach, true, LIMIT);
	as_user(with_enough, true, 2 * LIMIT);
	nobodys(path);
}

static void test_ordinary_user_of_group(void)
{
	int number = vfio_group_number(bdf);
	char path[64];

	CHECK(number >= 0);
	snprintf(path, sizeof(path), "/dev/vfio/%d", number);
	permit(path, 0, 0600);
	as_user(refused, true, 2 * LIMIT);
	permit(path, GROUP, 0660);
	as_user(refused, false, 2 * LIMIT);
	as_user(group_with_too_little, true, LIMIT);
	as_user(group_with_enough, true, 2 * LIMIT);
	permit(path, 0, 0600);
}

static const struct test list[] = {
	TEST(ordinary_user),
	TEST(ordinary_user_of_group),
};

const struct test_table legacy_user_own = { list, ARRAY_SIZE(list) };
