// SPDX-License-Identifier: GPL-2.0-only
/*
 * model.c - what a read says, exactly, and what it leaves
 *
 * Owns: model_table.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "dirty-hw.h"

#define GIGA (1ULL << 30)

/* Read a range, and fail unless it says what the oracle says. */
static void compare(const struct tracked *t, struct oracle *o, __u64 iova,
		    __u64 length, __u64 page_size, bool clear)
{
	size_t bits = length / page_size, bytes = (bits + 7) / 8, i;
	unsigned char *got = calloc(1, bytes), *want = calloc(1, bytes);

	CHECK(got && want);
	oracle_read(o, iova, length, page_size, want, clear);
	CHECK_OK(get_bitmap(t, iova, length, page_size, got,
			    clear ? 0 : NO_CLEAR));
	for (i = 0; i < bits; i++)
		if (bit_of(got, i) != bit_of(want, i))
			FAIL("%#llx+%#llx in %#llx, clear %d: bit %zu is %d, not %d; %zu of %zu bits are set, not %zu",
			     iova, length, page_size, clear, i, bit_of(got, i),
			     bit_of(want, i), count_bits(got, bits), bits,
			     count_bits(want, bits));
	free(got);
	free(want);
}

/* The device and the oracle take the same write. */
static void write_both(struct oracle *o, __u64 iova)
{
	device_writes(iova);
	oracle_write(o, iova);
}

/* One by one: AMD-Vi makes one leaf of neighbours that happen to fit. */
static void map_huge(const struct tracked *t, __u64 length)
{
	__u64 at;

	for (at = 0; at < length; at += HUGE_SZ)
		map_memory(t, HUGE_SZ, MEM_HUGETLB, BASE_IOVA + at);
	expect_leaves(BASE_IOVA, length, HUGE_SZ);
}

/*
 * Leaves of one size: single ones, neighbours, the ends, all; read with and
 * without clearing, and again.
 */
static void exact(enum mem_shape shape, __u64 leaf, size_t leaves)
{
	struct tracked t = tracked_device();
	__u64 length = leaves * leaf;
	struct oracle *o;
	size_t step, i;

	if (leaf == HUGE_SZ) {
		map_huge(&t, length);
	} else {
		only_small_leaves(&t);
		map_memory(&t, length, shape, BASE_IOVA);
		expect_leaves(BASE_IOVA, length, leaf);
	}
	o = oracle_new(BASE_IOVA, length);
	CHECK_OK(set_tracking(&t, true));
	compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
	for (step = 1; step <= 2 * leaves; step *= 2) {
		for (i = step / 2; i < leaves; i += step)
			write_both(o, BASE_IOVA + i * leaf + step % leaf);
		compare(&t, o, BASE_IOVA, length, PAGE_SZ, false);
		compare(&t, o, BASE_IOVA, length, leaf, false);
		compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
		compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
		for (i = 0; i < leaves; i++)
			CHECK(!leaf_at(BASE_IOVA + i * leaf).dirty);
	}
	write_both(o, BASE_IOVA);
	write_both(o, BASE_IOVA + length - 1);
	compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
	compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
}

static void exact_4k(void)
{
	exact(MEM_SCATTERED, PAGE_SZ, 512);
}

/* Large pages, mapped in small leaves. */
static void exact_4k_of_2m(void)
{
	exact(MEM_HUGETLB, PAGE_SZ, HUGE_SZ / PAGE_SZ);
}

static void exact_2m(void)
{
	exact(MEM_HUGETLB, HUGE_SZ, 6);
}

/* Parts of a large leaf are reported, and it stays dirty. */
static void part_of_2m(void)
{
	struct tracked t = tracked_device();
	const __u64 middle = BASE_IOVA + HUGE_SZ;
	__u64 at, length;

	map_huge(&t, 3 * HUGE_SZ);
	CHECK_OK(set_tracking(&t, true));
	for (length = PAGE_SZ; length < HUGE_SZ; length *= 8) {
		for (at = 0; at < HUGE_SZ; at += HUGE_SZ / 4) {
			struct oracle *o = oracle_new(BASE_IOVA, 3 * HUGE_SZ);

			write_both(o, middle + 12345);
			compare(&t, o, middle + at, length, PAGE_SZ, true);
			CHECK(leaf_at(middle).dirty);
			compare(&t, o, middle + at, length, PAGE_SZ, true);
			compare(&t, o, middle - PAGE_SZ, length + PAGE_SZ,
				PAGE_SZ, true);
			compare(&t, o, BASE_IOVA, 3 * HUGE_SZ, PAGE_SZ, true);
			CHECK(!leaf_at(middle).dirty);
			free(o);
		}
	}
}

/* One leaf larger than all that a driver is asked to look at in one go. */
static void part_of_1g(void)
{
	struct tracked t = tracked_device();
	struct oracle *o;
	void *va = mmap(NULL, GIGA, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			30 << MAP_HUGE_SHIFT, -1, 0);

	if (va == MAP_FAILED)
		test_skip("no 1 GiB page: start the VM with --mem 6G");
	CHECK_OK(iommufd_map_fixed(t.d.space, t.d.ioas, va, GIGA, BASE_IOVA,
				   MAP_RW));
	expect_leaves(BASE_IOVA, GIGA, GIGA);
	o = oracle_new(BASE_IOVA, GIGA);
	CHECK_OK(set_tracking(&t, true));
	write_both(o, BASE_IOVA + 700 * HUGE_SZ / 2);
	compare(&t, o, BASE_IOVA + GIGA / 2, PAGE_SZ, PAGE_SZ, true);
	compare(&t, o, BASE_IOVA + PAGE_SZ, GIGA - PAGE_SZ, PAGE_SZ, true);
	compare(&t, o, BASE_IOVA, GIGA - PAGE_SZ, PAGE_SZ, true);
	CHECK(leaf_at(BASE_IOVA).dirty);
	compare(&t, o, BASE_IOVA, GIGA, PAGE_SZ, true);
	CHECK(!leaf_at(BASE_IOVA).dirty);
	compare(&t, o, BASE_IOVA, GIGA, HUGE_SZ, true);
	write_both(o, BASE_IOVA + GIGA - 1);
	CHECK_OK(set_tracking(&t, false));
	CHECK_OK(set_tracking(&t, true));
	oracle_clean(o);
	CHECK(!leaf_at(BASE_IOVA).dirty);
	compare(&t, o, BASE_IOVA, GIGA, PAGE_SZ, false);
}

/*
 * The upper part of a 2 MiB page, in pieces that are as aligned as they are
 * large: AMD-Vi makes one leaf of each. The bytes.
 */
static __u64 map_pieces(const struct tracked *t, __u64 iova)
{
	char *va = mem_alloc(HUGE_SZ, MEM_HUGETLB);
	__u64 size, done = 0;

	if (!va)
		test_skip("no 2 MiB pages: set vm.nr_hugepages");
	for (size = HUGE_SZ / 2; size >= PAGE_SZ; size /= 2) {
		CHECK_OK(iommufd_map_fixed(t->d.space, t->d.ioas,
					   va + done, size, iova + done,
					   MAP_RW));
		done += size;
	}
	return done;
}

/* Leaves of the sizes between. A device's write sets one dirty bit of many. */
static void sizes_between(void)
{
	struct tracked t = tracked_device();
	__u64 length = map_pieces(&t, BASE_IOVA), at, size;
	struct oracle *o = oracle_new(BASE_IOVA, length);

	oracle_sizes(o);
	CHECK_OK(set_tracking(&t, true));
	for (at = 0; at < length; at += size) {
		size = leaf_at(BASE_IOVA + at).leaf;
		write_both(o, BASE_IOVA + at + size - 1);
		compare(&t, o, BASE_IOVA, length, PAGE_SZ, false);
		if (size > PAGE_SZ) {
			compare(&t, o, BASE_IOVA + at + PAGE_SZ,
				size - PAGE_SZ, PAGE_SZ, true);
			CHECK(leaf_at(BASE_IOVA + at).dirty);
		}
		compare(&t, o, BASE_IOVA + at, size, PAGE_SZ, true);
		CHECK(!leaf_at(BASE_IOVA + at).dirty);
		write_both(o, BASE_IOVA + at);
	}
	compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
	compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
}

/* Memory of all shapes, one area after the other: small leaves beside large. */
static __u64 map_mixture(const struct tracked *t)
{
	static const struct {
		enum mem_shape shape;
		size_t len;
	} areas[] = {
		{ MEM_SCATTERED, HUGE_SZ / 2 },
		{ MEM_PLAIN, HUGE_SZ / 2 },
		{ MEM_HUGETLB, 3 * HUGE_SZ },
		{ MEM_SCATTERED, 37 * PAGE_SZ },
		{ MEM_PLAIN, HUGE_SZ - 37 * PAGE_SZ },
		{ MEM_HUGETLB, HUGE_SZ },
		{ MEM_PLAIN, 11 * PAGE_SZ },
	};
	__u64 iova, end = BASE_IOVA;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		map_memory(t, areas[i].len, areas[i].shape, end);
		end += areas[i].len;
	}
	/* Where the sizes between can be. */
	iova = (end + HUGE_SZ - 1) & ~(HUGE_SZ - 1);
	map_memory(t, iova - end, MEM_PLAIN, end);
	return iova - BASE_IOVA + map_pieces(t, iova);
}

static __u64 random_below(__u64 n)
{
	return ((__u64)random() << 31 | random()) % n;
}

static void random_range(__u64 length, __u64 *iova, __u64 *len,
			 __u64 *page_size)
{
	static const __u64 sizes[] = {
		1024, PAGE_SZ, PAGE_SZ, PAGE_SZ, 4 * PAGE_SZ, 16 * PAGE_SZ,
		HUGE_SZ,
	};
	__u64 unit, units;

	*page_size = sizes[random_below(ARRAY_SIZE(sizes))];
	unit = *page_size < PAGE_SZ ? PAGE_SZ : *page_size;
	units = length / unit;
	*iova = random_below(units);
	*len = (1 + random_below(units - *iova)) * unit;
	*iova = BASE_IOVA + *iova * unit;
}

static void random_model(void)
{
	struct tracked t = tracked_device();
	unsigned int seed = pattern_seed(), writes = 0, reads = 0, op, n;
	__u64 length = map_mixture(&t), iova, len, page_size;
	struct oracle *o = oracle_new(BASE_IOVA, length);

	test_note("seed %u", seed);
	CHECK(oracle_sizes(o) > 1);
	srandom(seed);
	CHECK_OK(set_tracking(&t, true));
	for (op = 0; op < 1500; op++) {
		switch (random_below(20)) {
		case 0:
			/* What is left is forgotten. */
			CHECK_OK(set_tracking(&t, false));
			CHECK_OK(set_tracking(&t, true));
			oracle_clean(o);
			break;
		case 1 ... 9:
			for (n = random_below(40); n; n--, writes++)
				write_both(o, BASE_IOVA + random_below(length));
			break;
		default:
			random_range(length, &iova, &len, &page_size);
			compare(&t, o, iova, len, page_size, random_below(2));
			reads++;
		}
	}
	compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
	compare(&t, o, BASE_IOVA, length, PAGE_SZ, true);
	test_note("%u writes and %u reads, over %llu pages", writes, reads,
		  length / PAGE_SZ);
}

static const struct test tests[] = {
	{ "exact-4k", exact_4k, 0 },
	{ "exact-4k-of-2m", exact_4k_of_2m, 0 },
	{ "exact-2m", exact_2m, 0 },
	{ "part-of-2m", part_of_2m, 0 },
	{ "sizes-between", sizes_between, 0 },
	{ "part-of-1g", part_of_1g, 120 },
	{ "random", random_model, 120 },
};

const struct test_table model_table = { tests, ARRAY_SIZE(tests) };
