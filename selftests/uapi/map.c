// SPDX-License-Identifier: GPL-2.0-only
/*
 * map.c - IOMMU_IOAS_MAP without a device
 *
 * Owns: map_table. With no device attached nothing is pinned, not even looked
 * at: user addresses here are mere numbers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "uapi.h"

#define IOVA 0x100000ULL
#define QUARTER (1ULL << 62)

static int map(const struct space *s, __u64 va, __u64 length, __u64 iova)
{
	return iommufd_map_fixed(s->fd, s->ioas, nowhere(va), length, iova,
				 MAP_RW);
}

static void expect_empty(const struct space *s)
{
	__u64 done = 1;

	CHECK_OK(iommufd_unmap(s->fd, s->ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, 0);
}

static struct iommu_ioas_map good_map(const struct space *s)
{
	return (struct iommu_ioas_map){
		.size = sizeof(struct iommu_ioas_map),
		.flags = MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = s->ioas,
		.user_va = PAGE_SZ,
		.length = PAGE_SZ,
		.iova = IOVA,
	};
}

static void flags_and_reserved(void)
{
	struct space s = new_space();
	struct iommu_ioas_map cmd;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		cmd = good_map(&s);
		cmd.flags |= 1U << bit;
		if (cmd.flags != good_map(&s).flags)
			CHECK_RET(xioctl(s.fd, IOMMU_IOAS_MAP, &cmd),
				  -EOPNOTSUPP);
		cmd = good_map(&s);
		cmd.__reserved = 1U << bit;
		CHECK_RET(xioctl(s.fd, IOMMU_IOAS_MAP, &cmd), -EOPNOTSUPP);
	}
	/* Neither read nor write: what for? */
	cmd = good_map(&s);
	cmd.flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_MAP, &cmd), -EINVAL);
	cmd.flags = 0;
	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_MAP, &cmd), -EINVAL);
	expect_empty(&s);
	/* Each kind of access alone is fine. */
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), 1, 0,
				   MAP_R));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), 1, 1,
				   MAP_W));
}

static void no_such_ioas(void)
{
	struct space s = new_space();
	static const __u32 ids[] = { 0, 2, 1000, 0x80000000, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		CHECK_RET(iommufd_map_fixed(s.fd, ids[i], nowhere(PAGE_SZ),
					    PAGE_SZ, IOVA, MAP_RW), -ENOENT);
	expect_empty(&s);
}

static void lengths(void)
{
	struct space s = new_space();
	__u64 iova;

	CHECK_RET(map(&s, PAGE_SZ, 0, IOVA), -EINVAL);
	CHECK_RET(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), 0, &iova,
				   MAP_RW), -EINVAL);
	CHECK_RET(map(&s, 0, ~0ULL, 0), -EOVERFLOW);
	CHECK_RET(iommufd_map_auto(s.fd, s.ioas, nowhere(0), ~0ULL, &iova,
				   MAP_RW), -EOVERFLOW);
	expect_empty(&s);
	/* The longest there is fits, at either end. */
	CHECK_OK(map(&s, 0, ~0ULL - 1, 0));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL - 1, NULL));
	CHECK_OK(map(&s, 0, ~0ULL - 1, 1));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 1, ~0ULL - 1, NULL));
	CHECK_OK(map(&s, 1, 1, 1));
}

static void va_wraps(void)
{
	struct space s = new_space();

	CHECK_RET(map(&s, ~0ULL, PAGE_SZ, IOVA), -EOVERFLOW);
	CHECK_RET(map(&s, ~0ULL - PAGE_SZ, 2 * PAGE_SZ, IOVA), -EOVERFLOW);
	CHECK_RET(map(&s, 2 * PAGE_SZ, ~0ULL - PAGE_SZ, 0), -EOVERFLOW);
	CHECK_RET(map(&s, 1ULL << 63, 1ULL << 63, 0), -EOVERFLOW);
	expect_empty(&s);
}

static void iova_wraps(void)
{
	struct space s = new_space();

	CHECK_RET(map(&s, PAGE_SZ, 2, ~0ULL), -EOVERFLOW);
	CHECK_RET(map(&s, PAGE_SZ, 2 * PAGE_SZ, -PAGE_SZ), -EOVERFLOW);
	CHECK_RET(map(&s, PAGE_SZ, PAGE_SZ + 1, -PAGE_SZ), -EOVERFLOW);
	CHECK_RET(map(&s, 0, 1ULL << 63, (1ULL << 63) + 1), -EOVERFLOW);
	CHECK_RET(map(&s, 0, ~0ULL - 1, 3), -EOVERFLOW);
	expect_empty(&s);
	/* Up to the last byte does not wrap. */
	CHECK_OK(map(&s, PAGE_SZ, PAGE_SZ, -PAGE_SZ));
	CHECK_RET(map(&s, PAGE_SZ, 1, ~0ULL - 1), -EEXIST);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, -PAGE_SZ, PAGE_SZ, NULL));
	CHECK_OK(map(&s, 0, 1ULL << 63, 1ULL << 63));
	CHECK_OK(map(&s, 0, 1ULL << 63, 0));
}

static void at_zero(void)
{
	struct space s = new_space();
	__u64 done, iova;

	CHECK_OK(map(&s, PAGE_SZ, 1, 0));
	CHECK_RET(map(&s, PAGE_SZ, 1, 0), -EEXIST);
	CHECK_OK(map(&s, PAGE_SZ, 1, 1));
	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), 1, &iova,
				  MAP_RW));
	CHECK(iova > 1);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, 1, &done));
	CHECK_EQ(done, 1);
	CHECK_OK(map(&s, PAGE_SZ, 1, 0));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, 3);
	/* Alone in the space. */
	CHECK_OK(map(&s, PAGE_SZ, 1, 0));
	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				  &iova, MAP_RW));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, iova, PAGE_SZ, NULL));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, 1, NULL));
	CHECK_OK(map(&s, PAGE_SZ, 16 * PAGE_SZ, 0));
}

static void already_mapped(void)
{
	const __u64 len = 8 * PAGE_SZ;
	struct space s = new_space();
	__u64 done;

	CHECK_OK(map(&s, PAGE_SZ, len, IOVA));
	/* The same, its head, its tail, inside, around, by a byte. */
	CHECK_RET(map(&s, PAGE_SZ, len, IOVA), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, PAGE_SZ, IOVA), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, len, IOVA - PAGE_SZ), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, len, IOVA + PAGE_SZ), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, PAGE_SZ, IOVA + PAGE_SZ), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, 2 * len, IOVA - PAGE_SZ), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, 1, IOVA), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, 1, IOVA + len - 1), -EEXIST);
	CHECK_RET(map(&s, PAGE_SZ, 2, IOVA - 1), -EEXIST);
	CHECK_RET(map(&s, 0, ~0ULL - 1, 0), -EEXIST);
	/* Neighbours touch it, and then fill the gap between two. */
	CHECK_OK(map(&s, PAGE_SZ, 1, IOVA - 1));
	CHECK_OK(map(&s, PAGE_SZ, 1, IOVA + len));
	CHECK_RET(map(&s, PAGE_SZ, 2, IOVA - 2), -EEXIST);
	CHECK_OK(map(&s, PAGE_SZ, 1, IOVA - 2));
	/* Failed maps added nothing. */
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, len + 3);
}

static int by_iova(const void *a, const void *b)
{
	const struct iommu_iova_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void auto_iova(void)
{
	static struct iommu_iova_range r[2000];
	struct rng rng = { pattern_seed() };
	struct space s = new_space();
	__u64 va, len, iova;
	size_t i;

	test_note("seed %#llx", rng.state);
	for (i = 0; i < ARRAY_SIZE(r); i++) {
		va = PAGE_SZ + rng_below(&rng, 1 << 30);
		len = 1 + rng_below(&rng, 1 << (1 + rng_below(&rng, 30)));
		if (rng_below(&rng, 2)) {
			va &= -PAGE_SZ;
			len = (len + PAGE_SZ - 1) & -PAGE_SZ;
		}
		CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(va), len, &iova,
					  MAP_RW));
		CHECK(iova);
		/* Pages lie on pages: the offset in the page is kept. */
		CHECK_EQ(iova % PAGE_SZ, va % PAGE_SZ);
		r[i].start = iova;
		r[i].last = iova + len - 1;
		CHECK(r[i].last >= iova);
	}
	qsort(r, ARRAY_SIZE(r), sizeof(r[0]), by_iova);
	for (i = 1; i < ARRAY_SIZE(r); i++)
		CHECK(r[i].start > r[i - 1].last);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		CHECK_OK(iommufd_unmap(s.fd, s.ioas, r[i].start,
				       r[i].last - r[i].start + 1, NULL));
	expect_empty(&s);
}

/* As aligned as length and address are, so that larger IO pages can be used. */
static void auto_iova_alignment(void)
{
	struct space s = new_space();
	__u64 iova, len;
	int i;

	for (i = 1; i <= 10; i++) {
		len = i * PAGE_SZ;
		CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(1UL << 31),
					  len, &iova, MAP_RW));
		if (iova & ((len & -len) - 1))
			FAIL("%d pages at %#llx", i, iova);
	}
	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(1UL << 31), 3 * HUGE_SZ,
				  &iova, MAP_RW));
	CHECK_EQ(iova % HUGE_SZ, 0);
	/* Not at the price of failing. */
	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere((1UL << 31) + PAGE_SZ),
				  3 * HUGE_SZ, &iova, MAP_RW));
}

/* The IOVA is output only, unless the flag says otherwise. */
static void auto_iova_ignores_input(void)
{
	struct space s = new_space();
	struct iommu_ioas_map cmd = good_map(&s);

	CHECK_OK(map(&s, PAGE_SZ, PAGE_SZ, IOVA));
	cmd.flags &= ~IOMMU_IOAS_MAP_FIXED_IOVA;
	CHECK_OK(xioctl(s.fd, IOMMU_IOAS_MAP, &cmd));
	CHECK(cmd.iova != IOVA && cmd.iova);
	CHECK_EQ(cmd.length, PAGE_SZ);
}

/* Nothing is free but what is said to be. */
static void fill_space_except(const struct space *s, __u64 hole, __u64 len)
{
	if (hole) {
		/* In two: no length reaches that far in one. */
		__u64 half = hole / 2;

		if (half)
			CHECK_OK(map(s, 0, half, 0));
		CHECK_OK(map(s, 0, hole - half, half));
	}
	if (hole + len) {
		__u64 rest = -(hole + len), half = rest / 2;

		CHECK_OK(map(s, 0, half, hole + len));
		CHECK_OK(map(s, 0, rest - half, hole + len + half));
	}
}

static int auto_in_full(__u64 hole, __u64 hole_len, __u64 va, __u64 len)
{
	struct space s = new_space();
	__u64 iova = 0;
	int ret;

	fill_space_except(&s, hole, hole_len);
	ret = iommufd_map_auto(s.fd, s.ioas, nowhere(va), len, &iova, MAP_RW);
	if (!ret) {
		CHECK(iova >= hole);
		CHECK(iova + len - 1 <= hole + hole_len - 1);
	}
	CHECK_OK(close(s.fd));
	return ret;
}

static void no_room(void)
{
	struct space s = new_space();
	__u64 iova;
	int i;

	for (i = 0; i < 4; i++)
		CHECK_OK(map(&s, PAGE_SZ, QUARTER, i * QUARTER));
	CHECK_RET(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), 1, &iova,
				   MAP_RW), -ENOSPC);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 2 * QUARTER, QUARTER, NULL));
	CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), QUARTER,
				  &iova, MAP_RW));
	CHECK_EQ(iova, 2 * QUARTER);
	CHECK_RET(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   &iova, MAP_RW), -ENOSPC);

	/* A hole that is just enough, too small, badly placed, or IOVA 0. */
	CHECK_OK(auto_in_full(IOVA, PAGE_SZ, PAGE_SZ, PAGE_SZ));
	CHECK_OK(auto_in_full(-PAGE_SZ, PAGE_SZ, PAGE_SZ, PAGE_SZ));
	CHECK_RET(auto_in_full(IOVA, PAGE_SZ, PAGE_SZ, PAGE_SZ + 1), -ENOSPC);
	CHECK_RET(auto_in_full(IOVA + 1, PAGE_SZ, PAGE_SZ, PAGE_SZ), -ENOSPC);
	CHECK_RET(auto_in_full(0, PAGE_SZ, PAGE_SZ, PAGE_SZ), -ENOSPC);
	CHECK_RET(auto_in_full(IOVA, PAGE_SZ, PAGE_SZ, 1ULL << 63), -ENOSPC);
	/* Large memory may go where only small alignment is left. */
	CHECK_OK(auto_in_full(PAGE_SZ, HUGE_SZ, 1UL << 31, HUGE_SZ));
}

/* More than a node of any tree holds, in holes between others. */
static void auto_iova_in_holes(void)
{
	struct space s = new_space();
	__u64 iova, base = 1ULL << 40;
	int i, n = 500;

	/* Full but for every second page of a stretch. */
	fill_space_except(&s, base, 2 * n * PAGE_SZ);
	for (i = 0; i < n; i++)
		CHECK_OK(map(&s, PAGE_SZ, PAGE_SZ, base + 2 * i * PAGE_SZ));
	CHECK_RET(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), 2 * PAGE_SZ,
				   &iova, MAP_RW), -ENOSPC);
	for (i = 0; i < n; i++) {
		CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ),
					  PAGE_SZ, &iova, MAP_RW));
		CHECK(iova >= base && iova < base + 2 * n * PAGE_SZ);
		CHECK_EQ((iova - base) / PAGE_SZ % 2, 1);
	}
	CHECK_RET(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   &iova, MAP_RW), -ENOSPC);
}

static void against_a_model(void)
{
	struct space s = new_space();

	model_run(&s, nowhere(PAGE_SZ), PAGE_SZ, IOVA, 5000, false);
	model_run(&s, nowhere(5), 1, 0, 5000, false);
	model_run(&s, nowhere(5), 3, -(3ULL * MODEL_SLOTS), 5000, false);
	model_run(&s, nowhere(5), 1ULL << 57, 0, 5000, false);
}

#define MANY 100000

static void many_areas(void)
{
	const int many = MANY / test_slow() & ~1;
	struct space s = new_space();
	__u64 iova, done;
	int i;

	/* Every second page, so that nothing can be merged. */
	for (i = 0; i < many; i++)
		CHECK_OK(map(&s, PAGE_SZ, PAGE_SZ, IOVA + 2 * i * PAGE_SZ));
	CHECK_RET(map(&s, PAGE_SZ, PAGE_SZ, IOVA + many * PAGE_SZ), -EEXIST);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, many * PAGE_SZ);
	expect_empty(&s);

	for (i = 0; i < many; i++)
		CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ),
					  PAGE_SZ, &iova, MAP_RW));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, many * PAGE_SZ);

	/* And once more for close(). */
	for (i = 0; i < many; i++)
		CHECK_OK(map(&s, PAGE_SZ, 1, i));
}

static const struct test tests[] = {
	{ "map.flags_and_reserved", flags_and_reserved, 0 },
	{ "map.no_such_ioas", no_such_ioas, 0 },
	{ "map.lengths", lengths, 0 },
	{ "map.va_wraps", va_wraps, 0 },
	{ "map.iova_wraps", iova_wraps, 0 },
	{ "map.at_zero", at_zero, 0 },
	{ "map.already_mapped", already_mapped, 0 },
	{ "map.auto_iova", auto_iova, 0 },
	{ "map.auto_iova_alignment", auto_iova_alignment, 0 },
	{ "map.auto_iova_ignores_input", auto_iova_ignores_input, 0 },
	{ "map.auto_iova_in_holes", auto_iova_in_holes, 0 },
	{ "map.no_room", no_room, 0 },
	{ "map.against_a_model", against_a_model, 0 },
	{ "map.many_areas", many_areas, 100 },
};

const struct test_table map_table = { tests, ARRAY_SIZE(tests) };
