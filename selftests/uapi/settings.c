// SPDX-License-Identifier: GPL-2.0-only
/*
 * settings.c - IOMMU_IOAS_ALLOW_IOVAS and IOMMU_OPTION without a device
 *
 * Owns: settings_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "uapi.h"

#define IOVA 0x100000ULL

static int allow_at(const struct space *s, const void *ranges, __u32 n)
{
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = s->ioas,
		.num_iovas = n,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return xioctl(s->fd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

/* The kernel maps within [start, last] only. */
static void expect_allowed(const struct space *s, __u64 start, __u64 last)
{
	__u64 iova;

	CHECK_OK(iommufd_map_auto(s->fd, s->ioas, nowhere(PAGE_SZ), PAGE_SZ,
				  &iova, MAP_R));
	CHECK(iova >= start && iova + PAGE_SZ - 1 <= last);
	CHECK_OK(iommufd_unmap(s->fd, s->ioas, iova, PAGE_SZ, NULL));
}

static void allow_arguments(void)
{
	static const struct iommu_iova_range bad[][2] = {
		{ { 2, 1 }, { 0x10000, 0x20000 } },
		{ { 0x10000, 0x20000 }, { 7, 7 } },
		{ { 0x10000, 0x20000 }, { 0x20000, 0x30000 } },
		{ { 0x10000, 0x20000 }, { 0x0, 0x10000 } },
		{ { 0x10000, 0x20000 }, { 0x10000, 0x20000 } },
		{ { 0, ~0ULL }, { 5, 6 } },
		{ { ~0ULL, 0 }, { 5, 6 } },
	};
	struct iommu_ioas_allow_iovas cmd = { .size = sizeof(cmd) };
	struct space s = new_space();
	size_t i;

	CHECK_OK(iommufd_allow(s.fd, s.ioas, IOVA, 2 * IOVA - 1));
	cmd.ioas_id = s.ioas;
	cmd.__reserved = 1;
	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_ALLOW_IOVAS, &cmd), -EOPNOTSUPP);
	cmd.__reserved = 0;
	cmd.ioas_id = 99;
	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_ALLOW_IOVAS, &cmd), -ENOENT);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_RET(allow_at(&s, bad[i], 2), -EINVAL);
	CHECK_RET(allow_at(&s, nowhere(0), 1), -EFAULT);
	/* One too many: the memory ends. */
	CHECK_RET(allow_at(&s, memcpy(guarded(sizeof(bad[2])), bad[2],
				      sizeof(bad[2])), 3), -EINVAL);
	CHECK_RET(allow_at(&s, memcpy(guarded(16), bad[2], 16), 2), -EFAULT);
	/* Each time the one before stayed in force. */
	expect_allowed(&s, IOVA, 2 * IOVA - 1);
}

static void allow_replaces(void)
{
	static const struct iommu_iova_range unordered[] = {
		{ 9 * IOVA, 10 * IOVA }, { IOVA, IOVA + PAGE_SZ - 1 },
		{ ~0ULL - 1, ~0ULL },
	};
	struct space s = new_space();
	__u64 iova;

	CHECK_OK(iommufd_allow(s.fd, s.ioas, 3 * IOVA, 4 * IOVA - 1));
	expect_allowed(&s, 3 * IOVA, 4 * IOVA - 1);
	CHECK_OK(allow_at(&s, unordered, ARRAY_SIZE(unordered)));
	/* In one of them; which one is the kernel's choice. */
	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				  &iova, MAP_R));
	CHECK(iova == IOVA || (iova >= 9 * IOVA && iova < 10 * IOVA));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, iova, PAGE_SZ, NULL));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA, MAP_R));
	expect_allowed(&s, 9 * IOVA, 10 * IOVA);
	/* What is chosen by the caller may be anywhere. */
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   20 * IOVA, MAP_R));
	CHECK_RET(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), 2 * IOVA,
				   &iova, MAP_R), -ENOSPC);
	/* None: anywhere. */
	CHECK_OK(allow_at(&s, NULL, 0));
	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), 2 * IOVA,
				  &iova, MAP_R));
}

static int option(int fd, __u32 id, __u16 op, __u32 object, __u64 value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = id,
		.op = op,
		.object_id = object,
		.val64 = value,
	};

	return xioctl(fd, IOMMU_OPTION, &cmd);
}

#define SET IOMMU_OPTION_OP_SET
#define GET IOMMU_OPTION_OP_GET
#define MODE IOMMU_OPTION_RLIMIT_MODE
#define HUGE IOMMU_OPTION_HUGE_PAGES

static void option_arguments(void)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd), .option_id = HUGE, .op = GET,
		.__reserved = 1,
	};
	struct space s = new_space();

	cmd.object_id = s.ioas;
	CHECK_RET(xioctl(s.fd, IOMMU_OPTION, &cmd), -EOPNOTSUPP);
	CHECK_RET(option(s.fd, 2, GET, 0, 0), -EOPNOTSUPP);
	CHECK_RET(option(s.fd, ~0U, SET, 0, 0), -EOPNOTSUPP);
	CHECK_RET(option(s.fd, MODE, 2, 0, 0), -EOPNOTSUPP);
	CHECK_RET(option(s.fd, HUGE, 0xffff, s.ioas, 0), -EOPNOTSUPP);
	/* The mode is the context's, not an object's. */
	CHECK_RET(option(s.fd, MODE, GET, s.ioas, 0), -EOPNOTSUPP);
	CHECK_RET(option(s.fd, MODE, SET, s.ioas, 0), -EOPNOTSUPP);
	CHECK_RET(option(s.fd, HUGE, GET, 0, 0), -ENOENT);
	CHECK_RET(option(s.fd, HUGE, SET, 99, 0), -ENOENT);
	CHECK_RET(option(s.fd, HUGE, SET, s.ioas, 2), -EINVAL);
	CHECK_RET(option(s.fd, HUGE, SET, s.ioas, ~0ULL), -EINVAL);
	CHECK_OK(option(s.fd, HUGE, GET, s.ioas, 77));
}

static __u64 mode_of(int fd)
{
	__u64 mode = 77;

	CHECK_OK(iommufd_option_get(fd, MODE, 0, &mode));
	return mode;
}

static void without_privilege(int sock, const void *arg)
{
	int fd = *(const int *)arg;

	become_user(64001, 1 << 20);
	CHECK_RET(option(fd, MODE, SET, 0, 1), -EPERM);
	CHECK_RET(option(fd, MODE, SET, 0, 0), -EPERM);
	CHECK_EQ(mode_of(fd), 0);
	say(sock, 1);
}

static void option_mode(void)
{
	int fd = CHECK_FD(iommufd_open());
	struct peer peer;
	__u32 id;

	CHECK_EQ(mode_of(fd), 0);
	CHECK_RET(option(fd, MODE, SET, 0, 2), -EINVAL);
	CHECK_RET(option(fd, MODE, SET, 0, 1ULL << 32), -EINVAL);
	peer = peer_start(without_privilege, &fd);
	CHECK_EQ(hear(peer.sock), 1);
	peer_end(&peer);
	CHECK_OK(option(fd, MODE, SET, 0, 1));
	CHECK_EQ(mode_of(fd), 1);
	CHECK_OK(option(fd, MODE, SET, 0, 0));
	CHECK_OK(option(fd, MODE, SET, 0, 1));
	/* Not once there is anything that it concerns. */
	CHECK_OK(iommufd_ioas_alloc(fd, &id));
	CHECK_RET(option(fd, MODE, SET, 0, 0), -EBUSY);
	CHECK_RET(option(fd, MODE, SET, 0, 1), -EBUSY);
	CHECK_EQ(mode_of(fd), 1);
	CHECK_OK(iommufd_destroy(fd, id));
	CHECK_OK(option(fd, MODE, SET, 0, 0));
	CHECK_EQ(mode_of(fd), 0);
}

static __u64 huge_of(const struct space *s)
{
	__u64 value = 77;

	CHECK_OK(iommufd_option_get(s->fd, HUGE, s->ioas, &value));
	return value;
}

/* Without huge pages everything is mapped in whole pages. */
static void option_huge(void)
{
	struct space s = new_space();
	struct iommu_iova_range r;
	__u64 align;
	__u32 n = 1;

	CHECK_EQ(huge_of(&s), 1);
	CHECK_OK(option(s.fd, HUGE, SET, s.ioas, 0));
	CHECK_EQ(huge_of(&s), 0);
	CHECK_OK(iommufd_ranges(s.fd, s.ioas, &r, &n, &align));
	CHECK_EQ(align, PAGE_SZ);
	CHECK_RET(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				    IOVA + 1, MAP_R), -EINVAL);
	CHECK_OK(option(s.fd, HUGE, SET, s.ioas, 1));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA + 1, MAP_R));
	CHECK_RET(option(s.fd, HUGE, SET, s.ioas, 0), -EADDRINUSE);
	CHECK_EQ(huge_of(&s), 1);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, IOVA + 1, PAGE_SZ, NULL));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA, MAP_R));
	CHECK_OK(option(s.fd, HUGE, SET, s.ioas, 0));
}

static const struct test tests[] = {
	{ "allow.arguments", allow_arguments, 0 },
	{ "allow.replaces", allow_replaces, 0 },
	{ "option.arguments", option_arguments, 0 },
	{ "option.mode", option_mode, 0 },
	{ "option.huge", option_huge, 0 },
};

const struct test_table settings_table = { tests, ARRAY_SIZE(tests) };
