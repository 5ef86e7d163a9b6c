// SPDX-License-Identifier: GPL-2.0-only
/*
 * unmap.c - IOMMU_IOAS_UNMAP without a device
 *
 * Owns: unmap_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "uapi.h"

#define IOVA 0x100000ULL
#define LEN (8 * PAGE_SZ)

static int map(const struct space *s, __u64 length, __u64 iova)
{
	return iommufd_map_fixed(s->fd, s->ioas, nowhere(PAGE_SZ), length, iova,
				 MAP_RW);
}

/* The bytes that were unmapped, or -errno; the field is kept on failure. */
static __s64 unmap(const struct space *s, __u64 iova, __u64 length)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = s->ioas,
		.iova = iova,
		.length = length,
	};
	int ret = xioctl(s->fd, IOMMU_IOAS_UNMAP, &cmd);

	CHECK_EQ(cmd.iova, iova);
	if (ret) {
		CHECK_EQ(cmd.length, length);
		return ret;
	}
	return cmd.length;
}

static void nothing_there(void)
{
	struct space s = new_space();

	CHECK_RET(unmap(&s, 0, 1), -ENOENT);
	CHECK_RET(unmap(&s, IOVA, PAGE_SZ), -ENOENT);
	CHECK_RET(unmap(&s, 0, ~0ULL - 1), -ENOENT);
	CHECK_RET(unmap(&s, -PAGE_SZ, PAGE_SZ), -ENOENT);
	CHECK_OK(map(&s, LEN, IOVA));
	CHECK_RET(unmap(&s, IOVA - PAGE_SZ, PAGE_SZ), -ENOENT);
	CHECK_RET(unmap(&s, IOVA + LEN, PAGE_SZ), -ENOENT);
	CHECK_EQ(unmap(&s, IOVA, LEN), LEN);
	CHECK_RET(unmap(&s, IOVA, LEN), -ENOENT);
}

static void no_such_ioas(void)
{
	struct space s = new_space();

	CHECK_RET(iommufd_unmap(s.fd, 0, 0, ~0ULL, NULL), -ENOENT);
	CHECK_RET(iommufd_unmap(s.fd, 2, 0, ~0ULL, NULL), -ENOENT);
	CHECK_RET(iommufd_unmap(s.fd, ~0U, IOVA, PAGE_SZ, NULL), -ENOENT);
}

static void bad_lengths(void)
{
	struct space s = new_space();

	CHECK_OK(map(&s, LEN, IOVA));
	CHECK_RET(unmap(&s, IOVA, 0), -EINVAL);
	CHECK_RET(unmap(&s, 0, 0), -EINVAL);
	CHECK_RET(unmap(&s, IOVA, ~0ULL), -EOVERFLOW);
	CHECK_RET(unmap(&s, 1, ~0ULL), -EOVERFLOW);
	CHECK_RET(unmap(&s, IOVA, -IOVA + 1), -EOVERFLOW);
	CHECK_RET(unmap(&s, -PAGE_SZ, PAGE_SZ + 1), -EOVERFLOW);
	CHECK_RET(unmap(&s, ~0ULL, 2), -EOVERFLOW);
	CHECK_RET(unmap(&s, 1ULL << 63, (1ULL << 63) + 1), -EOVERFLOW);
	CHECK_EQ(unmap(&s, IOVA, LEN), LEN);
}

/* An area goes whole or not at all. */
static void parts(void)
{
	struct space s = new_space();

	CHECK_OK(map(&s, LEN, IOVA));
	CHECK_RET(unmap(&s, IOVA, PAGE_SZ), -ENOENT);
	CHECK_RET(unmap(&s, IOVA, LEN - 1), -ENOENT);
	CHECK_RET(unmap(&s, IOVA + 1, LEN - 1), -ENOENT);
	CHECK_RET(unmap(&s, IOVA + PAGE_SZ, PAGE_SZ), -ENOENT);
	CHECK_RET(unmap(&s, IOVA - PAGE_SZ, 2 * PAGE_SZ), -ENOENT);
	CHECK_RET(unmap(&s, IOVA + LEN - PAGE_SZ, 2 * PAGE_SZ), -ENOENT);
	CHECK_RET(unmap(&s, 0, IOVA + 1), -ENOENT);
	CHECK_RET(unmap(&s, IOVA + LEN - 1, ~0ULL - IOVA - LEN), -ENOENT);
	/* It is all there still. */
	CHECK_RET(map(&s, 1, IOVA), -EEXIST);
	CHECK_RET(map(&s, 1, IOVA + LEN - 1), -EEXIST);
	CHECK_EQ(unmap(&s, IOVA, LEN), LEN);
}

/* One area that is cut keeps all the others of the range. */
static void parts_among_wholes(void)
{
	struct space s = new_space();
	int i;

	for (i = 0; i < 4; i++)
		CHECK_OK(map(&s, LEN, IOVA + 2 * i * LEN));
	CHECK_RET(unmap(&s, IOVA, 6 * LEN + PAGE_SZ), -ENOENT);
	CHECK_RET(unmap(&s, IOVA + PAGE_SZ, 7 * LEN), -ENOENT);
	CHECK_RET(unmap(&s, IOVA + LEN - 1, 6 * LEN + 2), -ENOENT);
	for (i = 0; i < 4; i++) {
		CHECK_RET(map(&s, LEN, IOVA + 2 * i * LEN), -EEXIST);
		CHECK_EQ(unmap(&s, IOVA + 2 * i * LEN, LEN), LEN);
	}
}

static void supersets(void)
{
	struct space s = new_space();
	int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 4; i++)
			CHECK_OK(map(&s, LEN, IOVA + 2 * i * LEN));
		/* What was there is counted, not what was asked for. */
		if (round == 0)
			CHECK_EQ(unmap(&s, IOVA, 7 * LEN), 4 * LEN);
		else if (round == 1)
			CHECK_EQ(unmap(&s, 1, ~0ULL - 1), 4 * LEN);
		else
			CHECK_EQ(unmap(&s, 0, ~0ULL - 1), 4 * LEN);
	}
	/* Only what lies in the range. */
	for (i = 0; i < 4; i++)
		CHECK_OK(map(&s, LEN, IOVA + 2 * i * LEN));
	CHECK_EQ(unmap(&s, IOVA + LEN, 4 * LEN), 2 * LEN);
	CHECK_RET(map(&s, LEN, IOVA), -EEXIST);
	CHECK_RET(map(&s, LEN, IOVA + 6 * LEN), -EEXIST);
	CHECK_OK(map(&s, 5 * LEN, IOVA + LEN));
	CHECK_EQ(unmap(&s, IOVA, 7 * LEN), 7 * LEN);
}

static void everything(void)
{
	struct space s = new_space();

	/* Fine on an empty one, as often as you like. */
	CHECK_EQ(unmap(&s, 0, ~0ULL), 0);
	CHECK_EQ(unmap(&s, 0, ~0ULL), 0);
	CHECK_OK(map(&s, 1, 0));
	CHECK_OK(map(&s, LEN, IOVA));
	CHECK_OK(map(&s, PAGE_SZ, -PAGE_SZ));
	CHECK_EQ(unmap(&s, 0, ~0ULL), 1 + LEN + PAGE_SZ);
	CHECK_EQ(unmap(&s, 0, ~0ULL), 0);
}

static void up_to_the_last_byte(void)
{
	struct space s = new_space();

	CHECK_OK(map(&s, PAGE_SZ, -PAGE_SZ));
	CHECK_RET(unmap(&s, -PAGE_SZ, PAGE_SZ - 1), -ENOENT);
	CHECK_RET(unmap(&s, 1 - PAGE_SZ, PAGE_SZ - 1), -ENOENT);
	CHECK_EQ(unmap(&s, -(2 * PAGE_SZ), 2 * PAGE_SZ), PAGE_SZ);
	CHECK_OK(map(&s, PAGE_SZ, -PAGE_SZ));
	CHECK_EQ(unmap(&s, -PAGE_SZ, PAGE_SZ), PAGE_SZ);
	CHECK_RET(unmap(&s, -PAGE_SZ, PAGE_SZ), -ENOENT);
	/* The last two bytes, one by one from the front. */
	CHECK_OK(map(&s, 2, ~0ULL - 1));
	CHECK_RET(unmap(&s, ~0ULL - 1, 1), -ENOENT);
	CHECK_EQ(unmap(&s, ~0ULL - 1, 2), 2);
	/* A whole half of the space. */
	CHECK_OK(map(&s, 1ULL << 62, 3ULL << 62));
	CHECK_EQ(unmap(&s, 1ULL << 63, 1ULL << 63), 1LL << 62);
}

/* Unmapped IOVAs are as good as new. */
static void again_and_again(void)
{
	struct space s = new_space();
	__u64 first, iova;
	int i;

	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), LEN, &first,
				  MAP_RW));
	CHECK_EQ(unmap(&s, first, LEN), LEN);
	for (i = 0; i < 1000; i++) {
		CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), LEN,
					  &iova, MAP_RW));
		CHECK_EQ(unmap(&s, iova, LEN), LEN);
		CHECK_OK(map(&s, LEN, IOVA));
		CHECK_EQ(unmap(&s, IOVA, LEN), LEN);
	}
}

static const struct test tests[] = {
	{ "unmap.nothing_there", nothing_there, 0 },
	{ "unmap.no_such_ioas", no_such_ioas, 0 },
	{ "unmap.bad_lengths", bad_lengths, 0 },
	{ "unmap.parts", parts, 0 },
	{ "unmap.parts_among_wholes", parts_among_wholes, 0 },
	{ "unmap.supersets", supersets, 0 },
	{ "unmap.everything", everything, 0 },
	{ "unmap.up_to_the_last_byte", up_to_the_last_byte, 0 },
	{ "unmap.again_and_again", again_and_again, 0 },
};

const struct test_table unmap_table = { tests, ARRAY_SIZE(tests) };
