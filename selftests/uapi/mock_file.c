// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_file.c - memory that is not user memory, seen by the mock IOMMU
 *
 * Owns: mock_file_table. What a device would find at an IOVA is
 * asked of the mock's page table, and what it would write is written by a mock
 * in-kernel user; dmabufs are the mock's, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mocked.h"

#define IOVA MOCK_IOVA
#define PINS MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES
#define PIN_WRITE MOCK_FLAGS_ACCESS_WRITE
#define FIXED IOMMU_IOAS_MAP_FIXED_IOVA

static struct space space_of(const struct rig *r)
{
	return (struct space){ .fd = r->fd, .ioas = r->ioas };
}

static int map_file(const struct space *s, int file, __u64 start, __u64 length,
		    __u64 iova, __u32 prot)
{
	return iommufd_map_file(s->fd, s->ioas, file, start, length, &iova,
				prot | FIXED);
}

static int unmap(const struct space *s, __u64 iova, __u64 length)
{
	return iommufd_unmap(s->fd, s->ioas, iova, length, NULL);
}

static int new_memfd(unsigned int flags, size_t len)
{
	int fd = CHECK_FD(memfd_create("test", flags | MFD_CLOEXEC));

	CHECK_OK(ftruncate(fd, len));
	return fd;
}

static char *view_of(int fd, size_t len)
{
	char *va = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(va != MAP_FAILED);
	return va;
}

static void expect_frames(const struct rig *r, __u64 iova, void *va,
			  __u64 length)
{
	CHECK_OK(mock_check_map(r->fd, r->m.hwpt, iova, va, length));
}

/* From any half page to any other one, of a file of so many bytes. */
static void random_slices(const struct rig *r, int fd, char *va, size_t len)
{
	struct space s = space_of(r);
	struct rng rng = { 7 };
	int turn;

	for (turn = 0; turn < 60; turn++) {
		__u64 start = rng_below(&rng, len / MOCK_PAGE_SIZE);
		__u64 n = 1 + rng_below(&rng, len / MOCK_PAGE_SIZE - start);

		start *= MOCK_PAGE_SIZE;
		n *= MOCK_PAGE_SIZE;
		CHECK_OK(map_file(&s, fd, start, n, IOVA, MAP_RW));
		expect_frames(r, IOVA, va + start, n);
		CHECK_OK(unmap(&s, IOVA, n));
		CHECK_EQ(pins_here(), 0);
	}
}

/* Small pages, and those of hugetlbfs. */
static void right_frames(void)
{
	static const unsigned int flags[] = { 0, MFD_HUGETLB };
	const size_t len = 3 * HUGE_SZ;
	struct rig r = new_rig();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = new_memfd(flags[i], len);
		char *va = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
				fd, 0);

		if (va == MAP_FAILED)
			test_skip("no huge pages");
		random_slices(&r, fd, va, len);
		CHECK_OK(munmap(va, len));
		CHECK_OK(close(fd));
	}
}

/* A file of tmpfs that is not a memfd, of folios of any size. */
static void huge_tmpfs(void)
{
	const size_t len = 3 * HUGE_SZ;
	struct rig r = new_rig();
	struct space s = space_of(&r);
	char *va;
	int fd;

	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mount("test", "/mnt", "tmpfs", 0, "huge=always"));
	fd = CHECK_FD(open("/mnt/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	CHECK_OK(ftruncate(fd, len));
	va = view_of(fd, len);
	memset(va, 1, len);
	CHECK_OK(map_file(&s, fd, 0, len, IOVA, MAP_RW));
	if (pins_here() > 3)
		test_skip("tmpfs has no huge pages here");
	CHECK_EQ(proc_status_bytes("VmPin"), len);
	expect_frames(&r, IOVA, va, len);
	CHECK_OK(unmap(&s, IOVA, len));
	random_slices(&r, fd, va, len);
	/* Larger folios are split; the rest of the file is pinned by pages. */
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   HUGE_SZ + 7 * PAGE_SZ, 9 * PAGE_SZ));
	random_slices(&r, fd, va, len);
}

/* The file ends in the middle of a page, which is pinned whole. */
static void end_in_a_page(void)
{
	struct rig r = new_rig();
	struct space s = space_of(&r);
	int fd = new_memfd(0, PAGE_SZ + MOCK_PAGE_SIZE);
	char *va = view_of(fd, 2 * PAGE_SZ);

	CHECK_RET(map_file(&s, fd, 0, 2 * PAGE_SZ, IOVA, MAP_RW), -EINVAL);
	CHECK_OK(map_file(&s, fd, 0, PAGE_SZ + MOCK_PAGE_SIZE, IOVA,
			  MAP_RW));
	expect_frames(&r, IOVA, va, PAGE_SZ + MOCK_PAGE_SIZE);
	CHECK_EQ(pins_here(), 2);
	CHECK_EQ(proc_status_bytes("VmPin"), 2 * PAGE_SZ);
}

/*
 * Pages from fallocate() are not cleared until they are touched. A device's
 * data must not be what is cleared.
 */
static void fallocated(void)
{
	const size_t len = 64 * PAGE_SZ;
	char *data = get_pages(len), *back = get_pages(len);
	int how;

	pattern_fill(data, len, 1);
	for (how = 0; how < 3; how++) {
		struct space s = new_space();
		struct mock_device dev;
		int fd = new_memfd(0, len), access;
		__u32 id = 0;
		char *va;

		CHECK_OK(fallocate(fd, 0, 0, len));
		va = view_of(fd, len);
		/* Pinned by a device, by the in-kernel user, or not at all. */
		if (!how)
			CHECK_OK(mock_device_add(s.fd, s.ioas, 0, &dev));
		access = CHECK_FD(mock_access_new(s.fd, s.ioas, how == 1 ? PINS : 0));
		CHECK_OK(map_file(&s, fd, 0, len, IOVA, MAP_RW));
		if (how == 1)
			CHECK_OK(mock_access_pin(s.fd, access, IOVA + PAGE_SZ,
						 va + PAGE_SZ, PAGE_SZ,
						 PIN_WRITE, &id));
		CHECK_OK(mock_access_rw(s.fd, access, IOVA, data, len,
					MOCK_ACCESS_RW_WRITE));
		CHECK_EQ(pattern_check(va, len, 1), -1);
		CHECK_OK(mock_access_rw(s.fd, access, IOVA, back, len, 0));
		CHECK_EQ(pattern_check(back, len, 1), -1);
		if (how == 1)
			CHECK_OK(mock_access_unpin(s.fd, access, id));
		CHECK_OK(close(access));
		CHECK_OK(close(s.fd));
		CHECK_OK(munmap(va, len));
		CHECK_OK(close(fd));
		memset(back, 0, len);
	}
}

/* In-kernel users, without a device and with one, across pages. */
static void in_kernel_users(void)
{
	const size_t len = 2 * HUGE_SZ;
	char *data = get_pages(len), *back = get_pages(len);
	int with;

	for (with = 0; with < 2; with++) {
		struct space s = new_space();
		struct mock_device dev;
		int fd = new_memfd(MFD_HUGETLB, len);
		int access = CHECK_FD(mock_access_new(s.fd, s.ioas, PINS));
		char *va = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
				fd, 0);
		const __u64 at = HUGE_SZ - 5 * PAGE_SZ;
		__u32 ids[2];

		if (va == MAP_FAILED)
			test_skip("no huge pages");
		if (with)
			CHECK_OK(mock_device_add(s.fd, s.ioas, 0, &dev));
		CHECK_OK(map_file(&s, fd, 0, len, IOVA, MAP_RW));
		CHECK_EQ(pins_here(), with ? 2 : 0);
		pattern_fill(data, len, 2 + with);
		/* 3 bytes from the end of a page to 5 in another. */
		CHECK_OK(mock_access_rw(s.fd, access, IOVA + at - 3,
					data + at - 3, 9 * PAGE_SZ + 8,
					MOCK_ACCESS_RW_WRITE |
						MOCK_ACCESS_RW_SLOW_PATH));
		CHECK(!memcmp(va + at - 3, data + at - 3, 9 * PAGE_SZ + 8));
		CHECK_EQ(va[at - 4], 0);
		CHECK_EQ(va[at + 9 * PAGE_SZ + 5], 0);
		CHECK_OK(mock_access_rw(s.fd, access, IOVA, back, len, 0));
		CHECK(!memcmp(va, back, len));
		CHECK_RET(mock_access_rw(s.fd, access, IOVA + len - 4, back, 5,
					 0),
			  -ENOENT);
		/* One pin each for what is not pinned: parts of two folios. */
		CHECK_OK(mock_access_pin(s.fd, access, IOVA + at, va + at,
					 10 * PAGE_SZ, PIN_WRITE, &ids[0]));
		CHECK_OK(mock_access_pin(s.fd, access, IOVA + at + PAGE_SZ,
					 va + at + PAGE_SZ, PAGE_SZ, PIN_WRITE,
					 &ids[1]));
		CHECK_EQ(pins_here(), 2);
		CHECK_EQ(proc_status_bytes("VmPin"),
			 (with ? len : 10 * PAGE_SZ));
		CHECK_OK(mock_access_unpin(s.fd, access, ids[0]));
		/* The folio of the one that is left stays as it was pinned. */
		CHECK_EQ(pins_here(), with ? 2 : 1);
		CHECK_EQ(proc_status_bytes("VmPin"),
			 (with ? len : 5 * PAGE_SZ));
		CHECK_OK(mock_access_unpin(s.fd, access, ids[1]));
		CHECK_EQ(pins_here(), with ? 2 : 0);
		CHECK_OK(unmap(&s, IOVA, len));
		CHECK_EQ(pins_here(), 0);
		CHECK_EQ(proc_status_bytes("VmPin"), 0);
		/* Read-only stays that. */
		CHECK_OK(map_file(&s, fd, 0, len, IOVA, MAP_R));
		CHECK_RET(mock_access_rw(s.fd, access, IOVA, data, 8,
					 MOCK_ACCESS_RW_WRITE),
			  -EPERM);
		/* What is cut off the file is not there. */
		if (!with) {
			CHECK_OK(ftruncate(fd, HUGE_SZ));
			CHECK_RET(mock_access_rw(s.fd, access, IOVA + HUGE_SZ,
						 back, 8, 0),
				  -EINVAL);
		}
		CHECK_OK(close(access));
		CHECK_OK(close(s.fd));
		CHECK_OK(munmap(va, len));
		CHECK_OK(close(fd));
	}
}

/* A mapping that was made before keeps the old page, the next has the new. */
static void new_page_in_a_hole(void)
{
	struct rig r = new_rig();
	struct space s = space_of(&r);
	int fd = new_memfd(0, 8 * PAGE_SZ);
	char *va = view_of(fd, 8 * PAGE_SZ);

	memset(va, 1, 8 * PAGE_SZ);
	CHECK_OK(map_file(&s, fd, 0, 8 * PAGE_SZ, IOVA, MAP_RW));
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   3 * PAGE_SZ, PAGE_SZ));
	va[3 * PAGE_SZ] = 2;
	CHECK_RET(mock_check_map(r.fd, r.m.hwpt, IOVA, va, 8 * PAGE_SZ),
		  -EINVAL);
	expect_frames(&r, IOVA, va, 3 * PAGE_SZ);
	CHECK_OK(map_file(&s, fd, 0, 8 * PAGE_SZ, 2 * IOVA, MAP_RW));
	expect_frames(&r, 2 * IOVA, va, 8 * PAGE_SZ);
}

static int new_dmabuf(int fd, size_t len)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_GET,
		.dmabuf_get = { .length = len, .open_flags = O_CLOEXEC },
	};

	return CHECK_FD(mock_cmd(fd, &cmd));
}

static void take_back(int fd, int dmabuf, bool revoked)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_REVOKE,
		.dmabuf_revoke = { .dmabuf_fd = dmabuf, .revoked = revoked },
	};

	CHECK_OK(mock_cmd(fd, &cmd));
}

/* What is in the page table is compared with this. */
static char *dmabuf_view(int dmabuf, size_t len)
{
	char *va = mmap(NULL, len, PROT_READ, MAP_SHARED, dmabuf, 0);

	CHECK(va != MAP_FAILED);
	return va;
}

/* One that is real, and says nothing about physical addresses. */
static int new_udmabuf(void)
{
	struct udmabuf_create create = { .size = PAGE_SZ };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), ret;

	if (dev < 0)
		test_skip("no /dev/udmabuf");
	create.memfd = CHECK_FD(memfd_create("udmabuf", MFD_ALLOW_SEALING));
	CHECK_OK(ftruncate(create.memfd, PAGE_SZ));
	CHECK_OK(fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	ret = CHECK_FD(ioctl(dev, UDMABUF_CREATE, &create));
	close(create.memfd);
	close(dev);
	return ret;
}

static void dmabuf_arguments(void)
{
	struct rig r = new_rig();
	struct space s = space_of(&r);
	const __u64 len = 4 * PAGE_SZ;
	int buf = new_dmabuf(r.fd, len), other = new_udmabuf();

	CHECK_RET(map_file(&s, buf, 0, 0, IOVA, MAP_RW), -EINVAL);
	CHECK_RET(map_file(&s, buf, 0, len + 1, IOVA, MAP_RW), -EINVAL);
	CHECK_RET(map_file(&s, buf, len, PAGE_SZ, IOVA, MAP_RW), -EINVAL);
	CHECK_RET(map_file(&s, buf, ~0ULL, len, IOVA, MAP_RW), -EOVERFLOW);
	CHECK_RET(map_file(&s, other, 0, PAGE_SZ, IOVA, MAP_RW),
		  -EOPNOTSUPP);
	take_back(r.fd, buf, true);
	CHECK_RET(map_file(&s, buf, 0, len, IOVA, MAP_RW), -ENODEV);
	take_back(r.fd, buf, false);
	CHECK_OK(map_file(&s, buf, 0, len, IOVA, MAP_RW));
	CHECK_RET(map_file(&s, buf, 0, len, IOVA, MAP_RW), -EEXIST);
}

/* In every page table, and never pinned, charged or the CPU's. */
static void dmabuf_maps(void)
{
	struct rig r = new_rig();
	struct space s = space_of(&r);
	const __u64 len = 16 * PAGE_SZ;
	int buf = new_dmabuf(r.fd, len);
	char *va = dmabuf_view(buf, len);
	int access = CHECK_FD(mock_access_new(s.fd, s.ioas, 0));
	struct mock_device second;
	__u64 copy = 3 * IOVA;
	__u32 id;

	CHECK_OK(map_file(&s, buf, 0, len, IOVA, MAP_RW));
	CHECK_OK(map_file(&s, buf, PAGE_SZ + MOCK_PAGE_SIZE, 2 * PAGE_SZ,
			  2 * IOVA, MAP_R));
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, IOVA + 3 * PAGE_SZ,
			      5 * PAGE_SZ, copy, MAP_R));
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &second));
	CHECK_OK(close(buf));
	expect_frames(&r, IOVA, va, len);
	expect_frames(&r, 2 * IOVA, va + PAGE_SZ + MOCK_PAGE_SIZE,
		      2 * PAGE_SZ);
	expect_frames(&r, 3 * IOVA, va + 3 * PAGE_SZ, 5 * PAGE_SZ);
	CHECK_OK(mock_check_map(r.fd, second.hwpt, IOVA, va, len));
	CHECK_EQ(pins_here(), 0);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	/* Mapped with MAP_FILE, and nobody pays for it. */
	CHECK_OK(iommufd_change_process(r.fd));

	CHECK_RET(mock_access_rw(s.fd, access, IOVA, va, 8,
				 MOCK_ACCESS_RW_WRITE),
		  -EINVAL);
	CHECK_RET(mock_access_rw(s.fd, access, IOVA, va, 8,
				 MOCK_ACCESS_RW_SLOW_PATH),
		  -EINVAL);
	CHECK_OK(close(access));
	/* One that pins needs whole pages everywhere. */
	CHECK_OK(unmap(&s, 2 * IOVA, 2 * PAGE_SZ));
	access = CHECK_FD(mock_access_new(s.fd, s.ioas, PINS));
	CHECK_RET(mock_access_pin(s.fd, access, IOVA, va, PAGE_SZ, PIN_WRITE,
				  &id),
		  -EINVAL);
	/* A failed pin does not keep it. */
	CHECK_OK(unmap(&s, IOVA, len));
	CHECK_RET(mock_check_map(r.fd, r.m.hwpt, IOVA, va, len), -EINVAL);
	expect_frames(&r, 3 * IOVA, va + 3 * PAGE_SZ, 5 * PAGE_SZ);
}

static void dmabuf_taken_back(void)
{
	struct rig r = new_rig();
	struct space s = space_of(&r);
	const __u64 len = 16 * PAGE_SZ;
	int buf = new_dmabuf(r.fd, len);
	char *va = dmabuf_view(buf, len);
	struct mock_device second, third;
	__u64 copy = 2 * IOVA;

	CHECK_OK(map_file(&s, buf, 0, len, IOVA, MAP_RW));
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &second));
	expect_frames(&r, IOVA, va, len);
	CHECK_OK(mock_check_map(r.fd, second.hwpt, IOVA, va, len));
	take_back(r.fd, buf, true);
	take_back(r.fd, buf, true);
	/* Not a byte of it is left, in any page table or a later one. */
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &third));
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, IOVA, len, copy, MAP_R));
	for (__u64 at = 0; at < len; at += MOCK_PAGE_SIZE) {
		CHECK_RET(mock_check_map(r.fd, r.m.hwpt, IOVA + at,
					 va + at, MOCK_PAGE_SIZE), -EINVAL);
		CHECK_RET(mock_check_map(r.fd, second.hwpt, IOVA + at,
					 va + at, MOCK_PAGE_SIZE), -EINVAL);
		CHECK_RET(mock_check_map(r.fd, third.hwpt, IOVA + at,
					 va + at, MOCK_PAGE_SIZE), -EINVAL);
		CHECK_RET(mock_check_map(r.fd, r.m.hwpt, copy + at,
					 va + at, MOCK_PAGE_SIZE), -EINVAL);
	}
	/* The IOVAs are taken still. */
	CHECK_RET(map_file(&s, buf, 0, len, IOVA, MAP_RW), -ENODEV);
	take_back(r.fd, buf, false);
	CHECK_RET(map_file(&s, buf, 0, len, IOVA, MAP_RW), -EEXIST);
	CHECK_RET(mock_check_map(r.fd, r.m.hwpt, IOVA, va, len), -EINVAL);
	CHECK_OK(map_file(&s, buf, 0, len, 3 * IOVA, MAP_RW));
	expect_frames(&r, 3 * IOVA, va, len);
	CHECK_OK(iommufd_destroy(r.fd, second.stdev));
	CHECK_OK(unmap(&s, IOVA, len));
	CHECK_OK(map_file(&s, buf, 0, len, IOVA, MAP_RW));
	expect_frames(&r, IOVA, va, len);
}

struct race {
	struct rig *r;
	int buf;
};

static void revoker(int sock, const void *arg)
{
	const struct race *race = arg;
	struct rng rng = { 3 };

	say(sock, 1);
	/* Until our parent kills us. */
	for (;;)
		take_back(race->r->fd, race->buf, rng_below(&rng, 2));
}

/* Taken back while it is mapped, copied, attached, unmapped. */
static void dmabuf_raced(void)
{
	struct rig r = new_rig();
	struct space s = space_of(&r);
	const __u64 len = 64 * PAGE_SZ;
	struct race race = { &r, new_dmabuf(r.fd, len) };
	struct peer peer = peer_start(revoker, &race);
	int turn, ok = 0, status;

	CHECK_EQ(hear(peer.sock), 1);
	/* Those that fail are many: they are quick. */
	for (turn = 0; ok < 100; turn++) {
		int ret = map_file(&s, race.buf, 0, len, IOVA, MAP_RW);
		__u64 copy = 2 * IOVA;
		struct mock_device dev;

		if (ret == -ENODEV)
			continue;
		CHECK_RET(ret, 0);
		ok++;
		CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, IOVA, len, copy,
				      MAP_R));
		CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &dev));
		if (turn % 2)
			CHECK_OK(iommufd_destroy(r.fd, dev.stdev));
		CHECK_OK(unmap(&s, IOVA, len));
		CHECK_OK(unmap(&s, copy, len));
		if (!(turn % 2))
			CHECK_OK(iommufd_destroy(r.fd, dev.stdev));
	}
	test_note("%d of %d maps came in time", ok, turn);
	CHECK(turn > ok);
	kill(peer.pid, SIGKILL);
	CHECK_EQ(waitpid(peer.pid, &status, 0), peer.pid);
	CHECK(WIFSIGNALED(status));
}

static const struct test tests[] = {
	{ "files.right_frames", right_frames, 0 },
	{ "files.huge_tmpfs", huge_tmpfs, 0 },
	{ "files.end_in_a_page", end_in_a_page, 0 },
	{ "files.fallocated", fallocated, 0 },
	{ "files.in_kernel_users", in_kernel_users, 0 },
	{ "files.new_page_in_a_hole", new_page_in_a_hole, 0 },
	{ "dmabuf.arguments", dmabuf_arguments, 0 },
	{ "dmabuf.maps", dmabuf_maps, 0 },
	{ "dmabuf.taken_back", dmabuf_taken_back, 0 },
	{ "dmabuf.raced", dmabuf_raced, 120 },
};

const struct test_table mock_file_table = { tests, ARRAY_SIZE(tests) };
