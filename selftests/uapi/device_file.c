// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_file.c - memory of files: IOMMU_IOAS_MAP_FILE
 *
 * Owns: file_table. A page of tmpfs is one pin, and so is each huge page of
 * hugetlbfs that a mapping touches, however little of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define HUGE_PAGES (HUGE_SZ / PAGE_SZ)

int new_memfd(unsigned int flags, size_t len)
{
	int fd = CHECK_FD(memfd_create("test", flags | MFD_CLOEXEC));

	CHECK_OK(ftruncate(fd, len));
	return fd;
}

/* A line of /proc/meminfo that has no unit. */
static long huge_pages(const char *what)
{
	char line[100], name[40];
	FILE *f = fopen("/proc/meminfo", "re");
	long value = -1, n;

	CHECK(f);
	while (value < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "HugePages_%39[^:]: %ld", name, &n) == 2 &&
		    !strcmp(name, what))
			value = n;
	fclose(f);
	return value;
}

int new_hugetlb(unsigned int npages)
{
	if (huge_pages("Free") - huge_pages("Rsvd") < (long)npages)
		test_skip("no %u huge pages are free", npages);
	return new_memfd(MFD_HUGETLB, npages * HUGE_SZ);
}

int map_file(const struct dma *d, int file, __u64 start, __u64 length,
	     __u64 iova, __u32 prot)
{
	return iommufd_map_file(d->space, d->ioas, file, start, length, &iova,
				prot | IOMMU_IOAS_MAP_FIXED_IOVA);
}

/* @charged pages of this process, by @pins pins. */
static void expect_folios(unsigned long charged, long pins)
{
	CHECK_EQ(proc_status_bytes("VmPin"), charged * PAGE_SZ);
	CHECK_EQ(pins_here(), pins);
	CHECK_EQ(proc_status_bytes("VmLck"), 0);
}

/* The same file, opened once more. */
static int reopened(int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return CHECK_FD(open(path, flags | O_CLOEXEC));
}

static void arguments(void)
{
	struct dma d = attached_device();
	int fd = new_memfd(0, 8 * PAGE_SZ);
	const __u64 len = 8 * PAGE_SZ, top = 1ULL << 63;
	__u64 iova = TEST_IOVA;

	CHECK_RET(map_file(&d, fd, 0, 0, TEST_IOVA, MAP_RW), -EINVAL);
	CHECK_RET(map_file(&d, fd, 0, len, TEST_IOVA, 0), -EINVAL);
	CHECK_RET(map_file(&d, fd, 0, len, TEST_IOVA, MAP_RW | 1 << 7),
		  -EOPNOTSUPP);
	CHECK_RET(map_file(&d, fd, ~0ULL, len, TEST_IOVA, MAP_RW), -EOVERFLOW);
	CHECK_RET(map_file(&d, fd, top - PAGE_SZ, 2 * PAGE_SZ, TEST_IOVA,
			   MAP_RW), -EOVERFLOW);
	CHECK_RET(map_file(&d, fd, 0, ~0ULL, TEST_IOVA, MAP_RW), -EOVERFLOW);
	CHECK_RET(map_file(&d, fd, 0, len, ~0ULL, MAP_RW), -EOVERFLOW);
	CHECK_RET(iommufd_map_file(d.space, 999, fd, 0, len, &iova, MAP_RW),
		  -ENOENT);
	/* Not a byte more than the file has. */
	CHECK_RET(map_file(&d, fd, 0, len + PAGE_SZ, TEST_IOVA, MAP_RW),
		  -EINVAL);
	CHECK_RET(map_file(&d, fd, PAGE_SZ, len, TEST_IOVA, MAP_RW), -EINVAL);
	CHECK_RET(map_file(&d, fd, len, PAGE_SZ, TEST_IOVA, MAP_RW), -EINVAL);
	CHECK_RET(map_file(&d, fd, top - PAGE_SZ - 1, PAGE_SZ, TEST_IOVA,
			   MAP_RW), -EINVAL);
	expect_nothing(&d);
	CHECK_OK(map_file(&d, fd, 0, len, TEST_IOVA, MAP_RW));
	CHECK_RET(map_file(&d, fd, 0, len, TEST_IOVA, MAP_RW), -EEXIST);
	CHECK_OK(map_file(&d, fd, 7 * PAGE_SZ, PAGE_SZ, TEST_IOVA + len,
			  MAP_R));
	expect_pinned(9);
}

static void other_files(void)
{
	struct dma d = attached_device();
	int fds[2], path, closed = dup(0);

	CHECK_OK(close(closed));
	CHECK_RET(map_file(&d, -1, 0, PAGE_SZ, TEST_IOVA, MAP_RW), -EBADF);
	CHECK_RET(map_file(&d, closed, 0, PAGE_SZ, TEST_IOVA, MAP_RW), -EBADF);
	path = CHECK_FD(open("/", O_PATH | O_CLOEXEC));
	CHECK_RET(map_file(&d, path, 0, PAGE_SZ, TEST_IOVA, MAP_RW), -EBADF);
	CHECK_OK(pipe2(fds, O_CLOEXEC));
	CHECK_RET(map_file(&d, fds[0], 0, PAGE_SZ, TEST_IOVA, MAP_R), -EINVAL);
	CHECK_RET(map_file(&d, d.space, 0, PAGE_SZ, TEST_IOVA, MAP_R),
		  -EINVAL);
	CHECK_RET(map_file(&d, CHECK_FD(open("/dev/zero", O_RDWR | O_CLOEXEC)),
			   0, PAGE_SZ, TEST_IOVA, MAP_R), -EINVAL);
	CHECK_RET(map_file(&d, CHECK_FD(open("/proc/self/exe",
					     O_RDONLY | O_CLOEXEC)),
			   0, PAGE_SZ, TEST_IOVA, MAP_R), -EINVAL);
	expect_nothing(&d);
}

static void modes(void)
{
	struct dma d = attached_device();
	int fd = new_memfd(0, 4 * PAGE_SZ), ro = reopened(fd, O_RDONLY);
	int wo = reopened(fd, O_WRONLY);
	__u64 iova = TEST_IOVA + PAGE_SZ;

	CHECK_RET(map_file(&d, ro, 0, PAGE_SZ, TEST_IOVA, MAP_RW), -EACCES);
	CHECK_RET(map_file(&d, ro, 0, PAGE_SZ, TEST_IOVA, MAP_W), -EACCES);
	CHECK_RET(map_file(&d, wo, 0, PAGE_SZ, TEST_IOVA, MAP_R), -EACCES);
	CHECK_RET(map_file(&d, wo, 0, PAGE_SZ, TEST_IOVA, MAP_W), -EACCES);
	expect_nothing(&d);
	CHECK_OK(map_file(&d, ro, 0, PAGE_SZ, TEST_IOVA, MAP_R));
	/* Nor by the way of a copy. */
	CHECK_RET(iommufd_copy(d.space, d.ioas, d.ioas, TEST_IOVA, PAGE_SZ,
			       iova, MAP_W), -EPERM);
	expect_pinned(1);
}

static int seal(int fd, int seals)
{
	return fcntl(fd, F_ADD_SEALS, seals) ? -errno : 0;
}

static void seals_before(void)
{
	static const int seals[] = { F_SEAL_WRITE, F_SEAL_FUTURE_WRITE };
	static const unsigned int flags[] = { 0, MFD_HUGETLB };
	struct dma d = attached_device();
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (flags[i] && huge_pages("Free") < 2)
			test_skip("no huge pages");
		for (j = 0; j < ARRAY_SIZE(seals); j++) {
			int fd = new_memfd(flags[i] | MFD_ALLOW_SEALING,
					   HUGE_SZ);

			CHECK_OK(seal(fd, seals[j] | F_SEAL_SHRINK));
			CHECK_RET(map_file(&d, fd, 0, PAGE_SZ, TEST_IOVA,
					   MAP_RW), -EPERM);
			CHECK_RET(map_file(&d, fd, 0, PAGE_SZ, TEST_IOVA,
					   MAP_W), -EPERM);
			expect_nothing(&d);
			CHECK_OK(map_file(&d, fd, 0, PAGE_SZ, TEST_IOVA,
					  MAP_R));
			expect_pinned(1);
			CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
			CHECK_OK(close(fd));
		}
	}
}

/* A mapping that devices may write through is a writable mapping. */
static void seals_after(void)
{
	struct dma d = bound_device();
	int fd = new_memfd(MFD_ALLOW_SEALING, 4 * PAGE_SZ);

	/* Whether or not its pages are pinned. */
	CHECK_OK(map_file(&d, fd, 0, 4 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_RET(seal(fd, F_SEAL_WRITE), -EBUSY);
	attach_device(&d);
	CHECK_RET(seal(fd, F_SEAL_WRITE), -EBUSY);
	CHECK_OK(vfio_detach(d.dev));
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 4 * PAGE_SZ));
	CHECK_OK(map_file(&d, fd, 0, 4 * PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(seal(fd, F_SEAL_WRITE));
	attach_device(&d);
	expect_pinned(4);
	/* A failed map leaves no trace: this one's IOVA is taken. */
	CHECK_OK(close(fd));
	fd = new_memfd(MFD_ALLOW_SEALING, 4 * PAGE_SZ);
	CHECK_RET(map_file(&d, fd, 0, PAGE_SZ, TEST_IOVA, MAP_RW), -EEXIST);
	CHECK_OK(seal(fd, F_SEAL_WRITE));
}

/* Around every size at which pinning changes its ways. */
static void exactly_the_pages(void)
{
	static const unsigned int counts[] = { 1, 2, 15, 16, 17, 32, 33, 511,
					       512, 513, 1025, 9000 };
	struct dma d = attached_device();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		size_t len = counts[i] * PAGE_SZ;
		int fd = new_memfd(0, len + PAGE_SZ);
		struct stat st;

		CHECK_OK(map_file(&d, fd, PAGE_SZ, len, TEST_IOVA, MAP_RW));
		expect_pinned(counts[i]);
		/* They are in the file, and no others. */
		CHECK_OK(fstat(fd, &st));
		CHECK_EQ(st.st_blocks * 512, len);
		/* Closed, the file stays with the mapping. */
		CHECK_OK(close(fd));
		expect_pinned(counts[i]);
		CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
		expect_nothing(&d);
	}
}

static void huge_folios(void)
{
	struct dma d = attached_device();
	int fd = new_hugetlb(3);
	const __u64 half = HUGE_SZ / 2;

	CHECK_OK(map_file(&d, fd, 0, 3 * HUGE_SZ, TEST_IOVA, MAP_RW));
	expect_folios(3 * HUGE_PAGES, 3);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 3 * HUGE_SZ));
	expect_nothing(&d);
	/* From the middle of the first to the middle of the last. */
	CHECK_OK(map_file(&d, fd, half, 2 * HUGE_SZ, TEST_IOVA, MAP_RW));
	expect_folios(2 * HUGE_PAGES, 3);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 2 * HUGE_SZ));
	expect_nothing(&d);
	CHECK_OK(map_file(&d, fd, HUGE_SZ - PAGE_SZ, 2 * PAGE_SZ, TEST_IOVA,
			  MAP_RW));
	expect_folios(2, 2);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 2 * PAGE_SZ));
	expect_nothing(&d);
}

static void shared_folio(void)
{
	struct dma d = attached_device();
	int fd = new_hugetlb(1), turn;
	const __u64 half = HUGE_SZ / 2;

	for (turn = 0; turn < 2; turn++) {
		CHECK_OK(map_file(&d, fd, 0, half, TEST_IOVA, MAP_RW));
		CHECK_OK(map_file(&d, fd, half, half, TEST_IOVA + half,
				  MAP_RW));
		expect_folios(HUGE_PAGES, 2);
		CHECK_OK(dma_unmap(&d, TEST_IOVA + turn * half, half));
		expect_folios(HUGE_PAGES / 2, 1);
		CHECK_OK(dma_unmap(&d, TEST_IOVA + !turn * half, half));
		expect_nothing(&d);
	}
}

/* A folio of which a part is used stays, whole; the others go. */
static void copy_of_a_part(void)
{
	struct dma d = attached_device();
	int fd = new_hugetlb(3), turn;

	for (turn = 0; turn < 2; turn++) {
		__u64 iova = TEST_IOVA + 4 * HUGE_SZ;
		__u64 whole = TEST_IOVA;

		CHECK_OK(map_file(&d, fd, 0, 3 * HUGE_SZ, whole, MAP_RW));
		CHECK_OK(iommufd_copy(d.space, d.ioas, d.ioas,
				      whole + HUGE_SZ + 3 * PAGE_SZ, PAGE_SZ,
				      iova, MAP_RW));
		expect_folios(3 * HUGE_PAGES, 3);
		if (turn) {
			CHECK_OK(dma_unmap(&d, iova, PAGE_SZ));
			expect_folios(3 * HUGE_PAGES, 3);
			CHECK_OK(dma_unmap(&d, whole, 3 * HUGE_SZ));
		} else {
			CHECK_OK(dma_unmap(&d, whole, 3 * HUGE_SZ));
			expect_folios(HUGE_PAGES, 1);
			CHECK_OK(dma_unmap(&d, iova, PAGE_SZ));
		}
		expect_nothing(&d);
	}
}

/* Pages are taken from those that are free, not from those promised others. */
static void hugetlb_reserve(void)
{
	struct dma d = attached_device();
	long nfree = huge_pages("Free"), rsvd = huge_pages("Rsvd");
	int fd = new_hugetlb(3), ro = reopened(fd, O_RDONLY);
	char *others;

	CHECK_OK(map_file(&d, fd, 0, HUGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(map_file(&d, ro, HUGE_SZ, HUGE_SZ, TEST_IOVA + HUGE_SZ,
			  MAP_R));
	expect_folios(2 * HUGE_PAGES, 2);
	CHECK_EQ(huge_pages("Rsvd"), rsvd);
	CHECK_EQ(huge_pages("Free"), nfree - 2);
	/* The rest is promised to somebody, who has not touched it yet. */
	others = mmap(NULL, (nfree - 2 - rsvd) * HUGE_SZ,
		      PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	CHECK(others != MAP_FAILED);
	CHECK_EQ(huge_pages("Rsvd"), nfree - 2);
	CHECK_RET(map_file(&d, fd, 0, 3 * HUGE_SZ, TEST_IOVA + 8 * HUGE_SZ,
			   MAP_RW), -ENOMEM);
	expect_folios(2 * HUGE_PAGES, 2);
	memset(others, 1, (nfree - 2 - rsvd) * HUGE_SZ);
	CHECK_OK(munmap(others, (nfree - 2 - rsvd) * HUGE_SZ));

	CHECK_OK(dma_unmap_within(&d, TEST_IOVA, 2 * HUGE_SZ, &(__u64){ 0 }));
	CHECK_OK(close(fd));
	CHECK_OK(close(ro));
	CHECK_EQ(huge_pages("Rsvd"), rsvd);
	CHECK_EQ(huge_pages("Free"), nfree);
}

/* What is pinned stays, whatever becomes of the file. */
static void truncated(void)
{
	struct dma d = attached_device();
	int fd = new_memfd(0, 40 * PAGE_SZ);
	char *va = mmap(NULL, 40 * PAGE_SZ, PROT_READ | PROT_WRITE, MAP_SHARED,
			fd, 0);
	__u64 before, after;

	CHECK(va != MAP_FAILED);
	memset(va, 1, 40 * PAGE_SZ);
	before = frame_of(va + 5 * PAGE_SZ);
	CHECK_OK(map_file(&d, fd, 0, 40 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   5 * PAGE_SZ, PAGE_SZ));
	va[5 * PAGE_SZ] = 2;
	after = frame_of(va + 5 * PAGE_SZ);
	/* The old one is still pinned, so it is another. */
	CHECK(before != after);
	/* The next mapping has the new page as well as the old ones. */
	CHECK_OK(map_file(&d, fd, 0, 40 * PAGE_SZ, 2 * TEST_IOVA, MAP_RW));
	expect_pinned(80);
	CHECK_OK(ftruncate(fd, 0));
	expect_pinned(80);
	CHECK_RET(map_file(&d, fd, 0, 40 * PAGE_SZ, 3 * TEST_IOVA, MAP_RW),
		  -EINVAL);
	CHECK_OK(ftruncate(fd, 40 * PAGE_SZ));
	CHECK_OK(map_file(&d, fd, 0, 40 * PAGE_SZ, 3 * TEST_IOVA, MAP_RW));
	expect_pinned(120);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 40 * PAGE_SZ));
	CHECK_OK(dma_unmap(&d, 2 * TEST_IOVA, 40 * PAGE_SZ));
	expect_pinned(40);
}

static void truncated_before_attach(void)
{
	struct dma d = bound_device();
	int fd = new_memfd(0, 3000 * PAGE_SZ);
	__u32 id = d.ioas;

	CHECK_OK(map_file(&d, fd, 0, 3000 * PAGE_SZ, TEST_IOVA, MAP_RW));
	expect_pinned(0);
	CHECK_OK(ftruncate(fd, 2999 * PAGE_SZ));
	CHECK_RET(vfio_attach(d.dev, &id), -EINVAL);
	expect_pinned(0);
	/* The last page is there if the file has a byte of it. */
	CHECK_OK(ftruncate(fd, 2999 * PAGE_SZ + 1));
	attach_device(&d);
	expect_pinned(3000);
	CHECK_OK(vfio_detach(d.dev));
	expect_pinned(0);
}

static void map_and_go(int sock, const void *arg)
{
	const struct dma *d = arg;
	int fd = new_memfd(0, 100 * PAGE_SZ);

	CHECK_OK(map_file(d, fd, 0, 100 * PAGE_SZ, TEST_IOVA, MAP_RW));
	(void)sock;
}

static void map_and_exec(int sock, const void *arg)
{
	map_and_go(sock, arg);
	execl("/bin/true", "true", NULL);
	FAIL("exec: %s", errno_name(-errno));
}

/* It needs no address space: whoever attaches, it is there. */
static void outlives_its_process(void)
{
	struct dma d = bound_device();
	int turn;

	for (turn = 0; turn < 2; turn++) {
		struct peer peer = peer_start(turn ? map_and_exec : map_and_go,
					      &d);

		peer_end(&peer);
		CHECK_EQ(pins_here(), 0);
		attach_device(&d);
		CHECK_EQ(pins_here(), 100);
		/* Nor are we charged. */
		CHECK_EQ(proc_status_bytes("VmPin"), 0);
		CHECK_OK(vfio_detach(d.dev));
		CHECK_EQ(pins_here(), 0);
		attach_device(&d);
		CHECK_OK(dma_unmap(&d, TEST_IOVA, 100 * PAGE_SZ));
		expect_nothing(&d);
		CHECK_OK(vfio_detach(d.dev));
	}
}

static void puncher(int sock, const void *arg)
{
	const int *fd = arg;
	struct rng rng = { 5 };

	say(sock, 1);
	/* Until our parent kills us. */
	for (;;)
		fallocate(*fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  rng_below(&rng, 2) * HUGE_SZ, HUGE_SZ);
}

/* Holes appear while the file is being pinned. */
static void punched_meanwhile(void)
{
	struct dma d = attached_device();
	long nfree = huge_pages("Free"), rsvd = huge_pages("Rsvd");
	int fds[2] = { new_hugetlb(8), new_memfd(0, 2 * HUGE_SZ) };
	int i, turn, status;

	for (i = 0; i < 2; i++) {
		struct peer peer;

		if (!i)
			CHECK_OK(ftruncate(fds[0], 2 * HUGE_SZ));
		peer = peer_start(puncher, &fds[i]);
		CHECK_EQ(hear(peer.sock), 1);
		for (turn = 0; turn < (i ? 50 : 300); turn++) {
			int ret = map_file(&d, fds[i], 0, 2 * HUGE_SZ,
					   TEST_IOVA, MAP_RW);

			/* Pages of ours may be pinned, with no file. */
			CHECK_RET(ret, 0);
			CHECK_EQ(proc_status_bytes("VmPin"), 2 * HUGE_SZ);
			CHECK_OK(dma_unmap(&d, TEST_IOVA, 2 * HUGE_SZ));
		}
		kill(peer.pid, SIGKILL);
		CHECK_EQ(waitpid(peer.pid, &status, 0), peer.pid);
		CHECK(WIFSIGNALED(status));
		close(peer.sock);
		expect_nothing(&d);
		CHECK_OK(close(fds[i]));
	}
	CHECK_EQ(huge_pages("Rsvd"), rsvd);
	CHECK_EQ(huge_pages("Free"), nfree);
}

static const struct test tests[] = {
	{ "file.arguments", arguments, 0 },
	{ "file.other_files", other_files, 0 },
	{ "file.modes", modes, 0 },
	{ "file.seals_before", seals_before, 0 },
	{ "file.seals_after", seals_after, 0 },
	{ "file.exactly_the_pages", exactly_the_pages, 0 },
	{ "file.huge_folios", huge_folios, 0 },
	{ "file.shared_folio", shared_folio, 0 },
	{ "file.copy_of_a_part", copy_of_a_part, 0 },
	{ "file.hugetlb_reserve", hugetlb_reserve, 0 },
	{ "file.truncated", truncated, 0 },
	{ "file.truncated_before_attach", truncated_before_attach, 0 },
	{ "file.outlives_its_process", outlives_its_process, 0 },
	{ "file.punched_meanwhile", punched_meanwhile, 0 },
};

const struct test_table file_table = { tests, ARRAY_SIZE(tests) };
