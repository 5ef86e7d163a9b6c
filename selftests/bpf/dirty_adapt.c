// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_adapt.c - what dirty_adaptive saves, on 64 GiB of which 1% are hot
 *
 * 1024 areas of 64 MiB, ten of them hot. All map the same memory: IO page tables
 * do not care. The hot ones consist of IO pages of 4 KiB, the others of 1 MiB.
 * The same writes and reads are done twice, without and with the policy, and
 * what the IOMMU's driver is asked to walk is counted at its door, by a program
 * that knows nothing of policies (dirty_count.bpf.c).
 *
 * Owns: dirty_adapt_table.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dirty_policy.h"

#define AREA (64 * 1024 * 1024ULL)
#define NR_AREAS 1024ULL
#define BASE (16 * AREA)
#define TOTAL (NR_AREAS * AREA)
#define FIRST_HOT 300ULL
#define NR_HOT 10ULL
#define HOT_IOVA (BASE + FIRST_HOT * AREA)
#define HOT_BYTES (NR_HOT * AREA)
#define HOT_PAGES (HOT_BYTES / PAGE_SZ)
#define HOT_BIT ((HOT_IOVA - BASE) / PAGE_SZ)
#define COLD_LEAF MOCK_HUGE_PAGE_SIZE
#define ROUNDS 24
#define COLD_WRITES 50

/* What the policy's map "saved" holds. */
struct saved {
	__u64 pages_assumed;
	__u64 pages_scanned;
	__u64 pages_dirty;
	__u64 walks_saved;
	__u64 walks;
	__u64 became_hot;
	__u64 cooled;
};

struct guest {
	int fd;
	__u32 ioas;
	__u32 hwpt;
	unsigned char *report; /* a bit for each page of 4 KiB */
	unsigned char *want; /* the same, of the cold part */
	unsigned char *written; /* of the hot part */
	struct rng rng;
};

static void attach(struct guest *g)
{
	struct mock_device m;

	CHECK_OK(mock_device_add(g->fd, g->ioas, 0, &m));
	CHECK_OK(mock_dirty_hwpt(g->fd, m.idev, g->ioas, MOCK_IOMMUPT_WIDE,
				 &g->hwpt));
	/* The HWPT of the attach ends at 2 GiB; it goes with this. */
	CHECK_OK(mock_device_replace(g->fd, m.stdev, g->hwpt));
}

static bool is_hot(__u64 area)
{
	return area - FIRST_HOT < NR_HOT;
}

/* One area of each kind, and copies: the memory is pinned once. */
static void map_all(struct guest *g)
{
	void *hot = mem_alloc(AREA, MEM_SCATTERED);
	void *cold = mem_alloc(AREA, MEM_THP);
	__u64 i, from;

	if (!cold)
		test_skip("no transparent huge pages: %s", errno_name(-errno));
	CHECK(hot);
	for (i = 0; i < NR_AREAS; i++) {
		__u64 iova = BASE + i * AREA;

		from = is_hot(i) ? FIRST_HOT : 0;
		if (i == from)
			CHECK_OK(iommufd_map_fixed(g->fd, g->ioas,
						   is_hot(i) ? hot : cold,
						   AREA, iova, MAP_RW));
		else
			CHECK_OK(iommufd_copy(g->fd, g->ioas, g->ioas,
					      BASE + from * AREA, AREA, iova,
					      MAP_RW));
	}
}

static struct guest new_guest(void)
{
	struct space s = new_space();
	struct guest g = { .fd = s.fd, .ioas = s.ioas };

	g.report = malloc(TOTAL / PAGE_SZ / 8);
	g.want = malloc(TOTAL / PAGE_SZ / 8);
	g.written = malloc(HOT_PAGES / 8);
	CHECK(g.report && g.want && g.written);
	attach(&g);
	map_all(&g);
	return g;
}

static void device_writes(const struct guest *g, __u64 iova, __u64 length,
			  const unsigned char *bits)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = g->hwpt,
		.dirty = {
			.iova = iova,
			.length = length,
			.page_size = PAGE_SZ,
			.uptr = (uintptr_t)bits,
		},
	};

	CHECK_OK(mock_cmd(g->fd, &cmd));
	CHECK(cmd.dirty.out_nr_dirty > 0);
}

/* A round of the guest: three quarters of what is hot, a little of the rest. */
static void run_guest(struct guest *g)
{
	const unsigned char one = 1;
	__u64 i, n, bit;

	for (i = 0; i < HOT_PAGES / 8; i++)
		g->written[i] = rng_below(&g->rng, 256) |
				rng_below(&g->rng, 256);
	device_writes(g, HOT_IOVA, HOT_BYTES, g->written);
	memset(g->want, 0, TOTAL / PAGE_SZ / 8);
	for (n = 0; n < COLD_WRITES; n++) {
		i = rng_below(&g->rng, TOTAL / COLD_LEAF);
		if (is_hot(i * COLD_LEAF / AREA))
			continue;
		device_writes(g, BASE + i * COLD_LEAF, PAGE_SZ, &one);
		bit = i * COLD_LEAF / PAGE_SZ;
		memset(g->want + bit / 8, 0xff, COLD_LEAF / PAGE_SZ / 8);
	}
}

/* Of hot pages, how many are reported; and everything is as it must be. */
static __u64 read_guest(struct guest *g)
{
	const unsigned char *hot = g->report + HOT_BIT / 8;
	__u64 i, n = 0, end = (HOT_BIT + HOT_PAGES) / 8;

	memset(g->report, 0, TOTAL / PAGE_SZ / 8);
	CHECK_OK(iommufd_dirty_bitmap(g->fd, g->hwpt, BASE, TOTAL, PAGE_SZ,
				      g->report, 0));
	for (i = 0; i < HOT_PAGES / 8; i++) {
		if (g->written[i] & ~hot[i])
			FAIL("a hot page is lost");
		n += __builtin_popcount(hot[i]);
	}
	/* What is cold was scanned: not a page more or less. */
	if (memcmp(g->report, g->want, HOT_BIT / 8) ||
	    memcmp(g->report + end, g->want + end, TOTAL / PAGE_SZ / 8 - end))
		FAIL("a cold page is wrong");
	return n;
}

/* @reads: of an idle guest, until nothing is dirty any more */
static void run(struct guest *g, struct dirty_count *count,
		struct dirty_count *result, unsigned int *reads)
{
	unsigned int i;

	g->rng.state = 1;
	CHECK_OK(iommufd_dirty_track(g->fd, g->hwpt, true));
	count->hot_first = HOT_IOVA;
	count->hot_last = HOT_IOVA + HOT_BYTES - 1;
	count->hot_pages = 0;
	count->cold_pages = 0;
	count->calls = 0;
	for (i = 0; i < ROUNDS; i++) {
		run_guest(g);
		CHECK(read_guest(g) > HOT_PAGES / 2);
	}
	*result = *count;
	memset(g->written, 0, HOT_PAGES / 8);
	memset(g->want, 0, TOTAL / PAGE_SZ / 8);
	for (*reads = 1; read_guest(g); (*reads)++)
		if (*reads > 100)
			FAIL("it does not converge");
	CHECK_OK(iommufd_dirty_track(g->fd, g->hwpt, false));
}

static struct bpf_object *open_policy(void)
{
	char path[512];
	char *end;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);

	CHECK(n > 0);
	path[n] = '\0';
	/* .../selftests/bpf/bpf_policy, .../bpf/dirty_adaptive.bpf.o */
	end = strrchr(path, '/');
	snprintf(end, 64, "/../../bpf/dirty_adaptive.bpf.o");
	return bpf_object__open(path);
}

static struct saved read_saved(struct bpf_object *obj)
{
	struct saved saved;
	__u32 zero = 0;
	int fd = bpf_object__find_map_fd_by_name(obj, "saved");

	CHECK_OK(bpf_map_lookup_elem(fd, &zero, &saved));
	return saved;
}

/* With the policy: what it did is in its map, and adds up. */
static void run_adaptive(struct guest *g, struct dirty_count *count,
			 struct dirty_count *result, unsigned int *reads)
{
	struct bpf_object *obj = open_policy();
	struct bpf_link *link;
	struct bpf_map *map;
	struct saved saved;

	CHECK(obj);
	CHECK_OK(bpf_object__load(obj));
	map = bpf_object__find_map_by_name(obj, "dirty_adaptive");
	link = bpf_map__attach_struct_ops(map);
	CHECK(link);
	run(g, count, result, reads);
	saved = read_saved(obj);
	test_note("saved: %llu pages assumed, %llu scanned, %llu found dirty; %llu walks saved, %llu made; %llu became hot, %llu cooled down",
		  saved.pages_assumed, saved.pages_scanned, saved.pages_dirty,
		  saved.walks_saved, saved.walks, saved.became_hot,
		  saved.cooled);
	CHECK_EQ(saved.pages_assumed + saved.pages_scanned,
		 (ROUNDS + *reads) * (TOTAL / PAGE_SZ));
	CHECK_EQ(saved.walks_saved + saved.walks,
		 (ROUNDS + *reads) * NR_AREAS);
	CHECK_EQ(saved.pages_assumed, saved.walks_saved * (AREA / PAGE_SZ));
	/* Those that are hot, and none else; and all have cooled down. */
	CHECK_EQ(saved.became_hot, NR_HOT);
	CHECK_EQ(saved.cooled, NR_HOT);
	CHECK_OK(bpf_link__destroy(link));
	bpf_object__close(obj);
}

static void adaptive(void)
{
	struct bpf_object *obj = bpf_object__open(object_path("dirty_count"));
	struct dirty_count *count, without, with;
	unsigned int reads_without, reads_with;
	struct bpf_program *prog;
	struct bpf_link *link;
	struct guest g;

	CHECK(obj);
	CHECK_OK(bpf_object__load(obj));
	count = bss_of(obj);
	prog = bpf_object__find_program_by_name(obj, "count_walk");
	link = bpf_program__attach(prog);
	CHECK(link);
	g = new_guest();
	run(&g, count, &without, &reads_without);
	run_adaptive(&g, count, &with, &reads_with);
	test_note("hot pages walked in %d reads: %llu without, %llu with the policy: %.1f times less; cold: %llu, %llu",
		  ROUNDS, without.hot_pages, with.hot_pages,
		  (double)without.hot_pages / with.hot_pages,
		  without.cold_pages, with.cold_pages);
	test_note("calls of the driver: %llu, %llu; reads of an idle guest until it is clean: %u, %u",
		  without.calls, with.calls, reads_without, reads_with);
	/* The counter works: everything was walked in each read. */
	CHECK(without.hot_pages >= ROUNDS * HOT_PAGES);
	CHECK(with.cold_pages >= ROUNDS * (TOTAL / PAGE_SZ - HOT_PAGES));
	CHECK(with.hot_pages * 5 <= without.hot_pages);
	CHECK_EQ(reads_without, 1);
	/* Two runs of assumptions: the scan between finds what was before. */
	CHECK(reads_with <= 2 * (IOMMUFD_DIRTY_MAX_ASSUMES + 1));
	bpf_link__destroy(link);
	bpf_object__close(obj);
}

static const struct test tests[] = {
	{ "dirty_adaptive", adaptive, 600 },
};

const struct test_table dirty_adapt_table = { tests, ARRAY_SIZE(tests) };
