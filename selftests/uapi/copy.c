// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy.c - IOMMU_IOAS_COPY without a device
 *
 * Owns: copy_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "uapi.h"

#define IOVA 0x100000ULL
#define FAR 0x900000ULL
#define LEN (8 * PAGE_SZ)

/* An IOAS with two areas of LEN, one behind the other, and one without any. */
struct two {
	int fd;
	__u32 src, dst;
};

static struct two new_two(void)
{
	struct space s = new_space();
	struct two t = { .fd = s.fd, .src = s.ioas };

	CHECK_OK(iommufd_ioas_alloc(t.fd, &t.dst));
	CHECK_OK(iommufd_map_fixed(t.fd, t.src, nowhere(PAGE_SZ), LEN, IOVA,
				   MAP_RW));
	CHECK_OK(iommufd_map_fixed(t.fd, t.src, nowhere(LEN + PAGE_SZ), LEN,
				   IOVA + LEN, MAP_R));
	return t;
}

static struct iommu_ioas_copy copy_cmd(const struct two *t)
{
	return (struct iommu_ioas_copy){
		.size = sizeof(struct iommu_ioas_copy),
		.flags = MAP_R | IOMMU_IOAS_MAP_FIXED_IOVA,
		.dst_ioas_id = t->dst,
		.src_ioas_id = t->src,
		.length = LEN,
		.dst_iova = FAR,
		.src_iova = IOVA,
	};
}

static int copy(const struct two *t, struct iommu_ioas_copy cmd)
{
	return xioctl(t->fd, IOMMU_IOAS_COPY, &cmd);
}

/* All that is mapped there, in bytes; gone afterwards. */
static void expect_copied(const struct two *t, __u64 bytes)
{
	__u64 done = 1;

	CHECK_OK(iommufd_unmap(t->fd, t->dst, 0, ~0ULL, &done));
	CHECK_EQ(done, bytes);
}

static void flags(void)
{
	struct two t = new_two();
	struct iommu_ioas_copy cmd;
	int bit;

	for (bit = 3; bit < 32; bit++) {
		cmd = copy_cmd(&t);
		cmd.flags |= 1U << bit;
		CHECK_RET(copy(&t, cmd), -EOPNOTSUPP);
	}
	cmd.flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	CHECK_RET(copy(&t, cmd), -EINVAL);
	cmd.flags = 0;
	CHECK_RET(copy(&t, cmd), -EINVAL);
	expect_copied(&t, 0);
}

static void no_such_ioas(void)
{
	struct two t = new_two();
	const __u32 bad[] = { 0, 3, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct iommu_ioas_copy cmd = copy_cmd(&t);

		cmd.src_ioas_id = bad[i];
		CHECK_RET(copy(&t, cmd), -ENOENT);
		cmd = copy_cmd(&t);
		cmd.dst_ioas_id = bad[i];
		CHECK_RET(copy(&t, cmd), -ENOENT);
	}
	expect_copied(&t, 0);
}

static void ranges_that_wrap(void)
{
	struct two t = new_two();
	struct iommu_ioas_copy cmd = copy_cmd(&t);

	cmd.length = 0;
	CHECK_RET(copy(&t, cmd), -EINVAL);
	cmd.length = ~0ULL;
	CHECK_RET(copy(&t, cmd), -EOVERFLOW);
	cmd.length = -IOVA + 1;
	CHECK_RET(copy(&t, cmd), -EOVERFLOW);
	cmd = copy_cmd(&t);
	cmd.src_iova = ~0ULL;
	CHECK_RET(copy(&t, cmd), -EOVERFLOW);
	cmd = copy_cmd(&t);
	cmd.dst_iova = ~0ULL;
	CHECK_RET(copy(&t, cmd), -EOVERFLOW);
	cmd.dst_iova = -LEN + 1;
	CHECK_RET(copy(&t, cmd), -EOVERFLOW);
	expect_copied(&t, 0);
	/* Up to the last byte. */
	cmd.dst_iova = -LEN;
	CHECK_OK(copy(&t, cmd));
	expect_copied(&t, LEN);
}

/* Every byte of the range must be mapped. */
static void not_all_is_there(void)
{
	static const struct { __u64 iova, length; } bad[] = {
		{ IOVA - 1, 1 }, { IOVA - 1, LEN }, { IOVA + 2 * LEN, 1 },
		{ IOVA + LEN, LEN + 1 }, { IOVA, 2 * LEN + 1 }, { 0, 1 },
		{ 0, ~0ULL - 1 },
	};
	struct two t = new_two();
	struct iommu_ioas_copy cmd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cmd = copy_cmd(&t);
		cmd.src_iova = bad[i].iova;
		cmd.length = bad[i].length;
		CHECK_RET(copy(&t, cmd), -ENOENT);
	}
	/* A hole in the middle. */
	CHECK_OK(iommufd_map_fixed(t.fd, t.src, nowhere(PAGE_SZ), LEN,
				   IOVA + 3 * LEN, MAP_RW));
	cmd = copy_cmd(&t);
	cmd.length = 4 * LEN;
	CHECK_RET(copy(&t, cmd), -ENOENT);
	expect_copied(&t, 0);
}

/* What was mapped to be read only cannot be written to by a copy. */
static void permissions(void)
{
	struct two t = new_two();
	struct iommu_ioas_copy cmd = copy_cmd(&t);

	cmd.flags |= MAP_W;
	CHECK_OK(copy(&t, cmd));
	expect_copied(&t, LEN);
	cmd.src_iova = IOVA + LEN;
	CHECK_RET(copy(&t, cmd), -EPERM);
	cmd.src_iova = IOVA;
	cmd.length = 2 * LEN;
	CHECK_RET(copy(&t, cmd), -EPERM);
	cmd.length = LEN + 1;
	CHECK_RET(copy(&t, cmd), -EPERM);
	expect_copied(&t, 0);
	cmd.flags &= ~MAP_W;
	CHECK_OK(copy(&t, cmd));
	expect_copied(&t, LEN + 1);
}

static void already_mapped(void)
{
	struct two t = new_two();
	struct iommu_ioas_copy cmd = copy_cmd(&t);

	CHECK_OK(copy(&t, cmd));
	CHECK_RET(copy(&t, cmd), -EEXIST);
	cmd.dst_iova = FAR + LEN - 1;
	CHECK_RET(copy(&t, cmd), -EEXIST);
	cmd.dst_iova = FAR - LEN + 1;
	CHECK_RET(copy(&t, cmd), -EEXIST);
	/* Of two areas the second is in the way. */
	cmd.length = 2 * LEN;
	cmd.dst_iova = FAR - LEN;
	CHECK_RET(copy(&t, cmd), -EEXIST);
	expect_copied(&t, LEN);
	/* Over itself. */
	cmd = copy_cmd(&t);
	cmd.dst_ioas_id = t.src;
	cmd.dst_iova = IOVA;
	CHECK_RET(copy(&t, cmd), -EEXIST);
	cmd.dst_iova = IOVA + LEN / 2;
	CHECK_RET(copy(&t, cmd), -EEXIST);
}

static int unmap(const struct two *t, __u64 iova, __u64 length)
{
	return iommufd_unmap(t->fd, t->dst, iova, length, NULL);
}

/* Parts of two areas are two areas, whatever becomes of where they came from. */
static void parts(void)
{
	struct two t = new_two();
	struct iommu_ioas_copy cmd = copy_cmd(&t);

	cmd.src_iova = IOVA + 3 * PAGE_SZ;
	CHECK_OK(copy(&t, cmd));
	CHECK_OK(iommufd_unmap(t.fd, t.src, 0, ~0ULL, NULL));
	CHECK_RET(unmap(&t, FAR, LEN - 1), -ENOENT);
	CHECK_RET(unmap(&t, FAR, LEN - 5 * PAGE_SZ), -ENOENT);
	CHECK_OK(unmap(&t, FAR, 5 * PAGE_SZ));
	CHECK_OK(unmap(&t, FAR + 5 * PAGE_SZ, 3 * PAGE_SZ));
	expect_copied(&t, 0);
}

static void auto_iova(void)
{
	struct two t = new_two();
	struct iommu_ioas_copy cmd = copy_cmd(&t);

	cmd.flags = MAP_R;
	cmd.dst_iova = ~0ULL - 1;
	cmd.length = 2 * LEN;
	CHECK_OK(xioctl(t.fd, IOMMU_IOAS_COPY, &cmd));
	CHECK(cmd.dst_iova && cmd.dst_iova % PAGE_SZ == 0);
	CHECK_OK(unmap(&t, cmd.dst_iova, 2 * LEN));
	/* Where there is room for one, and not for the next. */
	CHECK_OK(iommufd_allow(t.fd, t.dst, FAR, FAR + 3 * LEN - 1));
	cmd.dst_iova = 0;
	CHECK_OK(xioctl(t.fd, IOMMU_IOAS_COPY, &cmd));
	CHECK(cmd.dst_iova >= FAR && cmd.dst_iova <= FAR + LEN);
	CHECK_RET(copy(&t, cmd), -ENOSPC);
	expect_copied(&t, 2 * LEN);
}

static const struct test tests[] = {
	{ "copy.flags", flags, 0 },
	{ "copy.no_such_ioas", no_such_ioas, 0 },
	{ "copy.ranges_that_wrap", ranges_that_wrap, 0 },
	{ "copy.not_all_is_there", not_all_is_there, 0 },
	{ "copy.permissions", permissions, 0 },
	{ "copy.already_mapped", already_mapped, 0 },
	{ "copy.parts", parts, 0 },
	{ "copy.auto_iova", auto_iova, 0 },
};

const struct test_table copy_table = { tests, ARRAY_SIZE(tests) };
