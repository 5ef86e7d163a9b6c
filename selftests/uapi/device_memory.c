// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_memory.c - kinds of memory, and what may be done to it while pinned
 *
 * Owns: memory_table. That a pinned page stays the one that the process uses
 * is seen by its frame number; that DMA arrives there is for selftests/vfio.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

/* The frames behind a stretch of memory, to be compared later. */
struct frames {
	char *va;
	unsigned int n;
	__u64 *frame;
};

static struct frames frames_of(char *va, unsigned int n)
{
	struct frames f = { va, n, calloc(n, sizeof(__u64)) };
	unsigned int i;

	CHECK(f.frame);
	for (i = 0; i < n; i++)
		f.frame[i] = frame_of(va + i * PAGE_SZ);
	return f;
}

static void expect_same_frames(const struct frames *f)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		if (frame_of(f->va + i * PAGE_SZ) != f->frame[i])
			FAIL("page %u has moved", i);
}

static void write_all(char *va, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		va[i * PAGE_SZ] = i;
}

/* Map @n pages at @va, and unmap them, for reading and for writing. */
static void map_both_ways(struct dma *d, char *va, unsigned int n)
{
	static const __u32 prots[] = { MAP_R, MAP_W, MAP_RW };
	struct frames f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		CHECK_OK(dma_map_fixed(d, va, n * PAGE_SZ, TEST_IOVA,
				       prots[i]));
		expect_pinned(n);
		f = frames_of(va, n);
		/* The process writes; the device must see that. */
		write_all(va, n);
		expect_same_frames(&f);
		free(f.frame);
		CHECK_OK(dma_unmap(d, TEST_IOVA, n * PAGE_SZ));
		expect_nothing(d);
	}
}

/*
 * Never written, mapped for reading: it must not be the shared zero page that
 * is pinned, or the device would never see what is written later.
 */
static void never_written(void)
{
	const unsigned int n = 70;
	struct dma d = attached_device();
	char *va = mmap(NULL, n * PAGE_SZ, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	CHECK(va != MAP_FAILED);
	/* Half of it is read before, so that the zero page is there. */
	for (i = 0; i < n / 2; i++)
		CHECK_EQ(((volatile char *)va)[i * PAGE_SZ], 0);
	map_both_ways(&d, va, n);
}

static void shared_anonymous(void)
{
	struct dma d = attached_device();
	char *va = mmap(NULL, 100 * PAGE_SZ, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(va != MAP_FAILED);
	map_both_ways(&d, va, 100);
}

static void of_memfd(int flags, size_t len)
{
	struct dma d = attached_device();
	int fd = memfd_create("iommufd-test", flags | MFD_CLOEXEC);
	char *shared, *private;

	CHECK(fd >= 0);
	CHECK_OK(ftruncate(fd, len));
	shared = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED && flags)
		test_skip("no huge pages in the pool");
	CHECK(shared != MAP_FAILED);
	map_both_ways(&d, shared, len / PAGE_SZ);

	/* The file's pages outlive both the mapping and the descriptor. */
	CHECK_OK(dma_map_fixed(&d, shared, len, TEST_IOVA, MAP_RW));
	CHECK_OK(munmap(shared, len));
	expect_pinned(len / PAGE_SZ);
	private = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(private != MAP_FAILED);
	CHECK_OK(close(fd));
	CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
	expect_nothing(&d);
	/* A private page must be the process's own before it is pinned. */
	map_both_ways(&d, private, len / PAGE_SZ);
}

static void memfd(void)
{
	of_memfd(0, 130 * PAGE_SZ);
}

static void memfd_huge(void)
{
	of_memfd(MFD_HUGETLB, 2 * HUGE_SZ);
}

/* A read-only mapping of a file that others write. */
static void file_for_reading(void)
{
	struct dma d = attached_device();
	int fd = memfd_create("iommufd-test", MFD_CLOEXEC);
	char *va;

	CHECK(fd >= 0);
	CHECK_OK(ftruncate(fd, 20 * PAGE_SZ));
	va = mmap(NULL, 20 * PAGE_SZ, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(va != MAP_FAILED);
	CHECK_OK(dma_map_fixed(&d, va, 20 * PAGE_SZ, TEST_IOVA, MAP_R));
	expect_pinned(20);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 20 * PAGE_SZ));
	CHECK_RET(dma_map_fixed(&d, va, 20 * PAGE_SZ, TEST_IOVA, MAP_RW),
		  -EFAULT);
	expect_nothing(&d);
}

/* Beyond the file's end there is nothing, though there is a mapping. */
static void file_too_short(void)
{
	struct dma d = attached_device();
	int fd = memfd_create("iommufd-test", MFD_CLOEXEC);
	char *va;

	CHECK(fd >= 0);
	CHECK_OK(ftruncate(fd, 20 * PAGE_SZ));
	va = mmap(NULL, 40 * PAGE_SZ, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  0);
	CHECK(va != MAP_FAILED);
	CHECK_RET(dma_map_fixed(&d, va, 40 * PAGE_SZ, TEST_IOVA, MAP_RW),
		  -EFAULT);
	expect_nothing(&d);
	CHECK_OK(dma_map_fixed(&d, va, 20 * PAGE_SZ, TEST_IOVA, MAP_RW));
	/* Truncated under the pin: the page stays, out of the file. */
	CHECK_OK(ftruncate(fd, 0));
	expect_pinned(20);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 20 * PAGE_SZ));
	expect_nothing(&d);
}

static void of_huge_shape(enum mem_shape shape)
{
	struct dma d = attached_device();
	char *va = mem_alloc(2 * HUGE_SZ, shape);

	if (!va)
		test_skip("no huge pages to be had: %s", errno_name(-errno));
	test_note("%ld runs", mem_runs(va, 2 * HUGE_SZ));
	map_both_ways(&d, va, 2 * HUGE_SZ / PAGE_SZ);
	/* Parts of a huge page count as what they are. */
	map_both_ways(&d, va, 1);
	map_both_ways(&d, va + HUGE_SZ - PAGE_SZ, 2);
	map_both_ways(&d, va + 5 * PAGE_SZ, 600);
	/* Two parts of one page, given back one after the other. */
	CHECK_OK(dma_map_fixed(&d, va, 100 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va + 50 * PAGE_SZ, 100 * PAGE_SZ,
			       2 * TEST_IOVA, MAP_RW));
	expect_pinned(200);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 100 * PAGE_SZ));
	expect_pinned(100);
	mem_free(va, 2 * HUGE_SZ);
	expect_pinned(100);
	CHECK_OK(dma_unmap(&d, 2 * TEST_IOVA, 100 * PAGE_SZ));
	expect_nothing(&d);
}

static void transparent_huge(void)
{
	of_huge_shape(MEM_THP);
}

static void hugetlb(void)
{
	of_huge_shape(MEM_HUGETLB);
}

/*
 * Two areas that are unmapped at one go, the first of which ends where a leaf
 * of 1 GiB begins. VT-d's driver takes such a leaf for a table, and so its memory for
 * entries, if it is asked to unmap a range that begins before it and ends in
 * it; these entries are present, and huge pages, so it would clear them.
 */
static void giant_page(void)
{
	const size_t giant = 1UL << 30, words = PAGE_SZ / sizeof(__u64);
	const __u64 entry = 0x83;
	char *small = mem_alloc(HUGE_SZ, MEM_HUGETLB);
	struct dma d = attached_device();
	__u64 *va, done = 0;
	size_t i;

	va = mmap(NULL, giant, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB, -1,
		  0);
	if (!small || va == MAP_FAILED)
		test_skip("no page of 1 GiB to be had");
	for (i = 0; i < words; i++)
		va[i] = entry;
	CHECK_OK(dma_map_fixed(&d, small, HUGE_SZ, giant - HUGE_SZ, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va, giant, giant, MAP_RW));
	expect_pinned((HUGE_SZ + giant) / PAGE_SZ);
	CHECK_OK(iommufd_unmap(d.space, d.ioas, giant - HUGE_SZ,
			       giant + HUGE_SZ, &done));
	CHECK_EQ(done, giant + HUGE_SZ);
	for (i = 0; i < words; i++)
		CHECK_EQ(va[i], entry);
	expect_nothing(&d);
}

/* The kernel splits the huge page's mapping while it is pinned. */
static void huge_page_split(void)
{
	struct dma d = attached_device();
	char *va = mem_alloc(HUGE_SZ, MEM_THP);
	struct frames f;

	if (!va)
		test_skip("no huge pages to be had: %s", errno_name(-errno));
	CHECK_OK(dma_map_fixed(&d, va, HUGE_SZ, TEST_IOVA, MAP_RW));
	f = frames_of(va, HUGE_SZ / PAGE_SZ);
	CHECK_OK(mprotect(va + 100 * PAGE_SZ, PAGE_SZ, PROT_READ));
	expect_same_frames(&f);
	CHECK_OK(mprotect(va + 100 * PAGE_SZ, PAGE_SZ, PROT_READ | PROT_WRITE));
	write_all(va, HUGE_SZ / PAGE_SZ);
	expect_same_frames(&f);
	CHECK_OK(munmap(va, HUGE_SZ / 2));
	expect_pinned(512);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, HUGE_SZ));
	expect_nothing(&d);
}

/* The process lets go; the device keeps what it has. */
static void unmapped_by_the_process(void)
{
	struct dma d = attached_device();
	char *va = get_pages(80 * PAGE_SZ), *again;

	CHECK_OK(dma_map_fixed(&d, va, 80 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(munmap(va, 80 * PAGE_SZ));
	expect_pinned(80);
	again = mmap(va, 80 * PAGE_SZ, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(again == va);
	write_all(va, 80);
	/* What is there now is other memory, mapped and pinned for itself. */
	CHECK_OK(dma_map_fixed(&d, va, 80 * PAGE_SZ, 2 * TEST_IOVA, MAP_RW));
	expect_pinned(160);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 80 * PAGE_SZ));
	expect_pinned(80);
	CHECK_OK(madvise(va, 80 * PAGE_SZ, MADV_DONTNEED));
	expect_pinned(80);
	CHECK_OK(dma_unmap(&d, 2 * TEST_IOVA, 80 * PAGE_SZ));
	expect_nothing(&d);
}

static void moved_by_the_process(void)
{
	struct dma d = attached_device();
	char *va = get_pages(80 * PAGE_SZ), *to = get_pages(80 * PAGE_SZ);
	struct frames f;

	CHECK_OK(dma_map_fixed(&d, va, 80 * PAGE_SZ, TEST_IOVA, MAP_RW));
	f = frames_of(va, 80);
	CHECK(mremap(va, 80 * PAGE_SZ, 80 * PAGE_SZ,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	f.va = to;
	expect_same_frames(&f);
	expect_pinned(80);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 80 * PAGE_SZ));
	expect_nothing(&d);
}

static void child_looks(int sock, const void *arg)
{
	char *va = (char *)arg;
	unsigned int i;

	/* It has a copy of all, which it may spoil. */
	for (i = 0; i < 90; i++) {
		CHECK_EQ(va[i * PAGE_SZ], (char)i);
		va[i * PAGE_SZ] = 99;
	}
	/* Its account is empty: it is the parent that has mapped. */
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	say(sock, 1);
	hear(sock);
}

/*
 * After fork() a write makes a copy. It must be the child that gets the copy,
 * or device and process part ways.
 */
static void copied_by_fork(void)
{
	struct dma d = attached_device();
	char *va = get_pages(90 * PAGE_SZ);
	struct frames f;
	struct peer peer;
	unsigned int i;

	write_all(va, 90);
	CHECK_OK(dma_map_fixed(&d, va, 90 * PAGE_SZ, TEST_IOVA, MAP_RW));
	f = frames_of(va, 90);
	peer = peer_start(child_looks, va);
	CHECK_EQ(hear(peer.sock), 1);
	for (i = 0; i < 90; i++)
		CHECK_EQ(va[i * PAGE_SZ], (char)i);
	for (i = 0; i < 90; i++)
		va[i * PAGE_SZ] = 77;
	expect_same_frames(&f);
	expect_pinned(90);
	say(peer.sock, 1);
	peer_end(&peer);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 90 * PAGE_SZ));
	expect_nothing(&d);
}

static void child_waits(int sock, const void *arg)
{
	(void)arg;
	hear(sock);
}

/* Pinned after fork(), for reading: shared with the child until then. */
static void pinned_after_fork(void)
{
	struct dma d = attached_device();
	char *va = get_pages(90 * PAGE_SZ);
	struct peer peer;

	write_all(va, 90);
	peer = peer_start(child_waits, NULL);
	map_both_ways(&d, va, 90);
	say(peer.sock, 1);
	peer_end(&peer);
}

static const struct test tests[] = {
	{ "memory.never_written", never_written, 0 },
	{ "memory.shared_anonymous", shared_anonymous, 0 },
	{ "memory.memfd", memfd, 0 },
	{ "memory.memfd_huge", memfd_huge, 0 },
	{ "memory.file_for_reading", file_for_reading, 0 },
	{ "memory.file_too_short", file_too_short, 0 },
	{ "memory.transparent_huge", transparent_huge, 0 },
	{ "memory.hugetlb", hugetlb, 0 },
	{ "memory.giant_page", giant_page, 0 },
	{ "memory.huge_page_split", huge_page_split, 0 },
	{ "memory.unmapped_by_the_process", unmapped_by_the_process, 0 },
	{ "memory.moved_by_the_process", moved_by_the_process, 0 },
	{ "memory.copied_by_fork", copied_by_fork, 0 },
	{ "memory.pinned_after_fork", pinned_after_fork, 0 },
};

const struct test_table memory_table = { tests, ARRAY_SIZE(tests) };
