// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioas.c - IOASes: made, asked for their ranges, destroyed with what is in them
 *
 * Owns: ioas_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi.h"

static void alloc_flags(void)
{
	int fd = CHECK_FD(iommufd_open());
	__u32 bit, id;

	for (bit = 0; bit < 32; bit++) {
		struct iommu_ioas_alloc cmd = {
			.size = sizeof(cmd),
			.flags = 1U << bit,
			.out_ioas_id = 77,
		};

		CHECK_RET(xioctl(fd, IOMMU_IOAS_ALLOC, &cmd), -EOPNOTSUPP);
		CHECK_EQ(cmd.out_ioas_id, 77);
	}
	for (id = 0; id < 64; id++)
		CHECK_RET(iommufd_destroy(fd, id), -ENOENT);
}

/* The output field is only that. */
static void alloc_ignores_output(void)
{
	int fd = CHECK_FD(iommufd_open());
	struct iommu_ioas_alloc cmd = {
		.size = sizeof(cmd),
		.out_ioas_id = ~0U,
	};

	CHECK_OK(xioctl(fd, IOMMU_IOAS_ALLOC, &cmd));
	CHECK_EQ(cmd.out_ioas_id, 1);
	CHECK_EQ(cmd.size, sizeof(cmd));
}

static void ranges_of_a_new_one(void)
{
	struct space s = new_space();
	struct iommu_iova_range r[3] = { { 7, 7 }, { 7, 7 }, { 7, 7 } };
	__u32 count = ARRAY_SIZE(r);
	__u64 align = 0;

	CHECK_OK(iommufd_ranges(s.fd, s.ioas, r, &count, &align));
	CHECK_EQ(count, 1);
	CHECK_EQ(align, 1);
	CHECK_EQ(r[0].start, 0);
	CHECK_EQ(r[0].last, ~0ULL);
	/* No more was written than there is. */
	CHECK_EQ(r[1].start, 7);
	CHECK_EQ(r[1].last, 7);
}

static void ranges_no_room(void)
{
	struct iommu_iova_range r = { 7, 7 };
	struct space s = new_space();
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = s.ioas,
		.allowed_iovas = (uintptr_t)&r,
	};

	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_IOVA_RANGES, &cmd), -EMSGSIZE);
	CHECK_EQ(cmd.num_iovas, 1);
	CHECK_EQ(r.start, 7);
	CHECK_EQ(r.last, 7);
	/* Without room the array is not looked at. */
	cmd.num_iovas = 0;
	cmd.allowed_iovas = ~0ULL;
	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_IOVA_RANGES, &cmd), -EMSGSIZE);
	CHECK_EQ(cmd.num_iovas, 1);
}

static void ranges_bad_arguments(void)
{
	struct space s = new_space();
	struct iommu_ioas_iova_ranges cmd;
	struct iommu_iova_range r;
	__u32 bit, count = 1;
	char *page = get_pages(PAGE_SZ);

	for (bit = 0; bit < 32; bit++) {
		cmd = (struct iommu_ioas_iova_ranges){
			.size = sizeof(cmd),
			.ioas_id = s.ioas,
			.num_iovas = 1,
			.__reserved = 1U << bit,
			.allowed_iovas = (uintptr_t)&r,
		};
		CHECK_RET(xioctl(s.fd, IOMMU_IOAS_IOVA_RANGES, &cmd),
			  -EOPNOTSUPP);
	}
	CHECK_RET(iommufd_ranges(s.fd, 0, &r, &count, NULL), -ENOENT);
	CHECK_RET(iommufd_ranges(s.fd, s.ioas + 1, &r, &count, NULL), -ENOENT);
	CHECK_RET(iommufd_ranges(s.fd, ~0U, &r, &count, NULL), -ENOENT);

	CHECK_RET(iommufd_ranges(s.fd, s.ioas, NULL, &count, NULL), -EFAULT);
	CHECK_RET(iommufd_ranges(s.fd, s.ioas, nowhere(~0UL), &count, NULL),
		  -EFAULT);
	CHECK_RET(iommufd_ranges(s.fd, s.ioas, nowhere(0xffff888000000000UL),
				 &count, NULL), -EFAULT);
	CHECK_RET(iommufd_ranges(s.fd, s.ioas, (void *)guarded(8), &count,
				 NULL), -EFAULT);
	CHECK_OK(mprotect(page, PAGE_SZ, PROT_READ));
	CHECK_RET(iommufd_ranges(s.fd, s.ioas, (void *)page, &count, NULL),
		  -EFAULT);
	/* A count that lies about the array is no harm: one range is written. */
	count = ~0U;
	CHECK_OK(iommufd_ranges(s.fd, s.ioas, (void *)guarded(sizeof(r)),
				&count, NULL));
	CHECK_EQ(count, 1);
}

/* Areas do not narrow the ranges. */
static void ranges_with_areas(void)
{
	struct space s = new_space();
	struct iommu_iova_range r;
	__u32 count = 1;
	__u64 align;

	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(1), 5, 0, MAP_R));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   1ULL << 40, MAP_R));
	CHECK_OK(iommufd_ranges(s.fd, s.ioas, &r, &count, &align));
	CHECK_EQ(count, 1);
	CHECK_EQ(align, 1);
	CHECK_EQ(r.start, 0);
	CHECK_EQ(r.last, ~0ULL);
}

static void destroy_with_areas(void)
{
	struct space s = new_space();
	__u64 iova;
	int i;

	for (i = 0; i < 1000; i++)
		CHECK_OK(iommufd_map_auto(s.fd, s.ioas, nowhere(PAGE_SZ),
					  PAGE_SZ, &iova, MAP_RW));
	CHECK_OK(iommufd_destroy(s.fd, s.ioas));
	/* A new one of the same id is empty. */
	CHECK_OK(iommufd_ioas_alloc(s.fd, &s.ioas));
	CHECK_RET(iommufd_unmap(s.fd, s.ioas, 0, 1ULL << 62, NULL), -ENOENT);
}

#define MANY 5000

static void many_ioases(void)
{
	int fd = CHECK_FD(iommufd_open());
	static __u32 ids[MANY];
	__u64 done;
	int i;

	for (i = 0; i < MANY; i++) {
		CHECK_OK(iommufd_ioas_alloc(fd, &ids[i]));
		CHECK_OK(iommufd_map_fixed(fd, ids[i], nowhere(PAGE_SZ),
					   (i + 1) * PAGE_SZ, 0, MAP_RW));
	}
	for (i = 0; i < MANY; i += 2)
		CHECK_OK(iommufd_destroy(fd, ids[i]));
	for (i = 0; i < MANY; i++) {
		if (i % 2 == 0) {
			CHECK_RET(iommufd_destroy(fd, ids[i]), -ENOENT);
			continue;
		}
		CHECK_OK(iommufd_unmap(fd, ids[i], 0, ~0ULL, &done));
		CHECK_EQ(done, (i + 1) * PAGE_SZ);
		/* The rest is for close(): some full, some empty. */
		if (i % 3)
			CHECK_OK(iommufd_map_fixed(fd, ids[i], nowhere(PAGE_SZ),
						   1, 0, MAP_RW));
	}
}

static const struct test tests[] = {
	{ "ioas.alloc_flags", alloc_flags, 0 },
	{ "ioas.alloc_ignores_output", alloc_ignores_output, 0 },
	{ "ioas.ranges_of_a_new_one", ranges_of_a_new_one, 0 },
	{ "ioas.ranges_no_room", ranges_no_room, 0 },
	{ "ioas.ranges_bad_arguments", ranges_bad_arguments, 0 },
	{ "ioas.ranges_with_areas", ranges_with_areas, 0 },
	{ "ioas.destroy_with_areas", destroy_with_areas, 0 },
	{ "ioas.many", many_ioases, 0 },
};

const struct test_table ioas_table = { tests, ARRAY_SIZE(tests) };
