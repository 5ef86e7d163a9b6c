// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_map.c - operations on mappings that fail
 *
 * Owns: fail_map_table. The scene has a device and a HWPT that tracks, so two
 * page tables are filled, with pages of different sizes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail.h"
#include "inject.h"

#define FIXED IOMMU_IOAS_MAP_FIXED_IOVA
#define NEW_PAGES 40

/* With a second page table, and both looked at where operations map. */
static struct scene map_scene(unsigned int npages)
{
	struct scene s = new_scene(0);
	const __u64 length = npages * PAGE_SZ;

	CHECK_OK(iommufd_hwpt_alloc(s.fd, s.dev[0].idev, s.ioas[0],
				    IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
				    &s.hwpt[0]));
	look_at_map(&s, s.hwpt[0], OLD_IOVA, s.va, OLD_PAGES * PAGE_SZ);
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA, s.va, length);
	look_at_map(&s, s.hwpt[0], NEW_IOVA, s.va, length);
	/* All of it or nothing: the last page alone, too. */
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA + length - PAGE_SZ,
		    s.va + length - PAGE_SZ, PAGE_SZ);
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA, s.va, PAGE_SZ);
	return s;
}

static void undo_new(struct scene *s)
{
	CHECK_OK(iommufd_unmap(s->fd, s->ioas[0], NEW_IOVA, MOCK_IOVA, NULL));
}

static int run_map(struct scene *s)
{
	return iommufd_map_fixed(s->fd, s->ioas[0], s->va, NEW_PAGES * PAGE_SZ,
				 NEW_IOVA, MAP_RW);
}

static void map_few(void)
{
	const struct op op = { .run = run_map, .undo = undo_new };
	struct scene s = map_scene(NEW_PAGES);

	walk(&s, &op);
}

static int run_map_many(struct scene *s)
{
	return iommufd_map_fixed(s->fd, s->ioas[0], s->va, MANY_PAGES * PAGE_SZ,
				 NEW_IOVA, MAP_RW);
}

/* Scattered memory: a long run list, several tables. */
static void map_many(void)
{
	const struct op op = { .run = run_map_many, .undo = undo_new };
	struct scene s = map_scene(MANY_PAGES);

	walk(&s, &op);
}

static int run_map_auto(struct scene *s)
{
	__u64 iova;

	return iommufd_map_auto(s->fd, s->ioas[0], s->va, NEW_PAGES * PAGE_SZ,
				&iova, MAP_RW);
}

static void undo_auto(struct scene *s)
{
	const __u64 end = OLD_IOVA + OLD_PAGES * PAGE_SZ;

	/* On either side of what was there: nobody knows where it is. */
	if (iommufd_unmap(s->fd, s->ioas[0], end, -end - PAGE_SZ, NULL))
		CHECK_OK(iommufd_unmap(s->fd, s->ioas[0], 0, OLD_IOVA, NULL));
}

static void map_auto(void)
{
	const struct op op = { .run = run_map_auto, .undo = undo_auto };
	struct scene s = map_scene(NEW_PAGES);

	walk(&s, &op);
}

static char *fresh;

static int run_map_fresh(struct scene *s)
{
	return iommufd_map_fixed(s->fd, s->ioas[0], fresh, NEW_PAGES * PAGE_SZ,
				 NEW_IOVA, MAP_RW);
}

static void undo_fresh(struct scene *s)
{
	undo_new(s);
	CHECK_OK(madvise(fresh, NEW_PAGES * PAGE_SZ, MADV_DONTNEED));
}

/* Memory that was never touched, and may not be had. */
static void map_untouched(void)
{
	const struct op op = { .run = run_map_fresh, .undo = undo_fresh };
	struct scene s = map_scene(NEW_PAGES);

	fresh = get_pages(NEW_PAGES * PAGE_SZ);
	CHECK_OK(madvise(fresh, NEW_PAGES * PAGE_SZ, MADV_DONTNEED));
	walk(&s, &op);
}

/* --- files ------------------------------------------------------------------ */

static int run_map_file(struct scene *s)
{
	__u64 iova = NEW_IOVA;

	return iommufd_map_file(s->fd, s->ioas[0], s->file, 0,
				NEW_PAGES * PAGE_SZ, &iova, MAP_RW | FIXED);
}

static void of_file(unsigned int flags, size_t len)
{
	const struct op op = { .run = run_map_file, .undo = undo_new };
	struct scene s = map_scene(NEW_PAGES);
	char *va;

	s.file = CHECK_FD(memfd_create("fail", flags));
	CHECK_OK(ftruncate(s.file, len));
	va = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		  s.file, 0);
	if (va == MAP_FAILED)
		test_skip("no huge pages to be had");
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA, va, NEW_PAGES * PAGE_SZ);
	look_at_map(&s, s.hwpt[0], NEW_IOVA, va, NEW_PAGES * PAGE_SZ);
	walk(&s, &op);
}

static void map_memfd(void)
{
	of_file(0, NEW_PAGES * PAGE_SZ);
}

static void map_hugetlb(void)
{
	of_file(MFD_HUGETLB, HUGE_SZ);
}

static void map_dmabuf(void)
{
	const struct op op = { .run = run_map_file, .undo = undo_new };
	struct scene s = map_scene(NEW_PAGES);
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_GET,
		.dmabuf_get = { .length = NEW_PAGES * PAGE_SZ },
	};
	char *va;

	s.file = CHECK_FD(mock_cmd(s.fd, &cmd));
	va = mmap(NULL, NEW_PAGES * PAGE_SZ, PROT_READ, MAP_SHARED, s.file, 0);
	CHECK(va != MAP_FAILED);
	look_at_area(&s, NEW_IOVA, NEW_PAGES * PAGE_SZ);
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA, va, NEW_PAGES * PAGE_SZ);
	look_at_map(&s, s.hwpt[0], NEW_IOVA, va, NEW_PAGES * PAGE_SZ);
	walk(&s, &op);
}

/* --- copies, unmaps ---------------------------------------------------------- */

#define COPY_SKIP (3 * PAGE_SZ)
#define COPY_LEN (2 * OLD_PAGES * PAGE_SZ - 2 * COPY_SKIP)

static int run_copy(struct scene *s)
{
	return iommufd_copy(s->fd, s->ioas[0], s->ioas[1], OLD_IOVA + COPY_SKIP,
			    COPY_LEN, NEW_IOVA, MAP_R);
}

/* Parts of two areas, which become two areas. */
static void copy(void)
{
	const struct op op = { .run = run_copy, .undo = undo_new };
	struct scene s = map_scene(NEW_PAGES);
	char *va = s.va + OLD_PAGES * PAGE_SZ + COPY_SKIP;

	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA, va, COPY_LEN);
	look_at_map(&s, s.hwpt[0], NEW_IOVA, va, COPY_LEN);
	walk(&s, &op);
}

static int run_unmap(struct scene *s)
{
	return iommufd_unmap(s->fd, s->ioas[0], NEW_IOVA, MOCK_IOVA, NULL);
}

static void map_three(struct scene *s)
{
	const __u64 length = OLD_PAGES * PAGE_SZ;
	int i;

	for (i = 0; i < 3; i++)
		CHECK_OK(iommufd_map_fixed(s->fd, s->ioas[0],
					   s->va + i * length, length,
					   NEW_IOVA + 2 * i * length, MAP_RW));
}

/* It needs memory for nothing that it could not do without. */
static void unmap(void)
{
	const struct op op = {
		.run = run_unmap, .undo = map_three, .answers_late = true,
	};
	struct scene s = map_scene(OLD_PAGES);

	map_three(&s);
	walk(&s, &op);
}

/* --- in-kernel users ---------------------------------------------------------- */

static int run_pin(struct scene *s)
{
	return mock_access_pin(s->fd, s->access, OLD_IOVA,
			       s->va + OLD_PAGES * PAGE_SZ,
			       2 * OLD_PAGES * PAGE_SZ, 0, &s->pins);
}

static void undo_pin(struct scene *s)
{
	CHECK_OK(mock_access_unpin(s->fd, s->access, s->pins));
}

static void add_access(struct scene *s, __u32 ioas)
{
	s->access = CHECK_FD(mock_access_new(s->fd, ioas,
					     MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES));
}

static void access_pins(void)
{
	const struct op op = { .run = run_pin, .undo = undo_pin };
	struct scene s = new_scene(0);

	add_access(&s, s.ioas[1]);
	walk(&s, &op);
}

/* 0: the access sees the areas of this IOAS. */
static long see_access(const struct look *l)
{
	char byte;
	int ret = mock_access_rw(l->fd, l->id, l->iova, &byte, 1, 0);

	return ret ?: byte;
}

static int run_move_access(struct scene *s)
{
	return mock_access_replace(s->fd, s->access, s->ioas[1]);
}

static void undo_move_access(struct scene *s)
{
	CHECK_OK(mock_access_replace(s->fd, s->access, s->ioas[0]));
}

static void access_replace(void)
{
	const struct op op = {
		.run = run_move_access, .undo = undo_move_access,
	};
	struct scene s = new_scene(0);
	struct look look = { .what = "what an access sees", .at = see_access };

	s.va[0] = 1;
	s.va[OLD_PAGES * PAGE_SZ] = 2;
	add_access(&s, s.ioas[0]);
	look.id = s.access;
	look.iova = OLD_IOVA;
	look_at(&s, &look);
	walk(&s, &op);
}

/* --- who pays ------------------------------------------------------------------ */

/* The other process: takes the charge, and says what it is charged. */
static void heir(int sock, const void *arg)
{
	const struct scene *s = arg;
	long nth, ret;
	int armed;

	while ((nth = hear(sock)) != -1) {
		if (nth == -2) {
			say(sock, proc_status_bytes("VmPin"));
			continue;
		}
		armed = nth ? CHECK_FD(inject_arm(nth)) : -1;
		ret = iommufd_change_process(s->fd);
		say(sock, inject_disarm(armed));
		say(sock, ret);
	}
}

static int run_change(struct scene *s, unsigned int nth, bool *hit)
{
	say(s->peer.sock, nth);
	*hit = hear(s->peer.sock);
	return hear(s->peer.sock);
}

static void undo_change(struct scene *s)
{
	CHECK_OK(iommufd_change_process(s->fd));
}

static long see_heir(const struct look *l)
{
	say(l->id, -2);
	return hear(l->id);
}

static void change_in_mode(int mode)
{
	const struct op op = { .run_nth = run_change, .undo = undo_change };
	struct look look = { .what = "what another pays", .at = see_heir };
	struct scene s = bare_scene(mode);
	int i;

	CHECK_OK(mock_device_add(s.fd, s.ioas[0], 0, &s.dev[0]));
	for (i = 0; i < 10; i++) {
		__u64 iova = NEW_IOVA + i * HUGE_SZ;

		s.file = CHECK_FD(memfd_create("fail", 0));
		CHECK_OK(ftruncate(s.file, NEW_PAGES * PAGE_SZ));
		CHECK_OK(iommufd_map_file(s.fd, s.ioas[0], s.file, 0,
					  NEW_PAGES * PAGE_SZ, &iova,
					  MAP_RW | FIXED));
		close(s.file);
	}
	s.peer = peer_start(heir, &s);
	look.id = s.peer.sock;
	look_at(&s, &look);
	walk(&s, &op);
	say(s.peer.sock, -1);
	peer_end(&s.peer);
}

static void change_process(void)
{
	change_in_mode(0);
}

static void change_process_mm(void)
{
	change_in_mode(1);
}

/* --- the container --------------------------------------------------------------- */

static struct scene container_scene(void)
{
	struct scene s = bare_scene(1);

	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &s.ioas[0]));
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1_IOMMU));
	CHECK_OK(mock_device_add(s.fd, s.ioas[0], 0, &s.dev[0]));
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA, s.va, NEW_PAGES * PAGE_SZ);
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA, s.va, 10 * PAGE_SZ);
	look_at_map(&s, s.dev[0].hwpt, NEW_IOVA + 10 * PAGE_SZ,
		    s.va + 10 * PAGE_SZ, 10 * PAGE_SZ);
	return s;
}

static int dma_map_part(struct scene *s, int first, int n)
{
	return vfio_type1_map(s->fd, s->va + first * PAGE_SZ, n * PAGE_SZ,
			      NEW_IOVA + first * PAGE_SZ,
			      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

static int run_dma_map(struct scene *s)
{
	return dma_map_part(s, 0, NEW_PAGES);
}

static void undo_dma_map(struct scene *s)
{
	CHECK_OK(vfio_type1_unmap(s->fd, NEW_IOVA, NEW_PAGES * PAGE_SZ, NULL));
}

static void container_map(void)
{
	const struct op op = { .run = run_dma_map, .undo = undo_dma_map };
	struct scene s = container_scene();

	walk(&s, &op);
}

/* Its first part is put back whole, so that it is cut anew each time. */
static void map_whole(struct scene *s)
{
	CHECK_OK(vfio_type1_unmap(s->fd, NEW_IOVA, NEW_PAGES * PAGE_SZ, NULL));
	CHECK_OK(dma_map_part(s, 0, NEW_PAGES));
}

static int run_cut(struct scene *s)
{
	return vfio_type1_unmap(s->fd, NEW_IOVA + 10 * PAGE_SZ, 10 * PAGE_SZ,
				NULL);
}

/* Areas may be cut when it fails: whoever unmaps by parts does not see it. */
static void container_cut(void)
{
	const struct op op = {
		.run = run_cut, .undo = map_whole, .answers_late = true,
	};
	struct scene s = container_scene();

	CHECK_OK(dma_map_part(&s, 0, NEW_PAGES));
	walk(&s, &op);
}

/* --- IOASes ------------------------------------------------------------------------ */

static int run_ioas(struct scene *s)
{
	return iommufd_ioas_alloc(s->fd, &s->made);
}

static void undo_made(struct scene *s)
{
	CHECK_OK(iommufd_destroy(s->fd, s->made));
}

static void ioas_alloc(void)
{
	const struct op op = { .run = run_ioas, .undo = undo_made };
	struct scene s = new_scene(0);

	walk(&s, &op);
}

static int allow(struct scene *s, __u32 n)
{
	const struct iommu_iova_range ranges[] = {
		{ 7 * MOCK_IOVA, 8 * MOCK_IOVA - 1 },
		{ 9 * MOCK_IOVA, 10 * MOCK_IOVA - 1 },
		{ 0, OLD_IOVA - 1 + OLD_PAGES * PAGE_SZ },
	};
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = s->ioas[1],
		.num_iovas = n,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return xioctl(s->fd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

static int run_allow(struct scene *s)
{
	return allow(s, 2);
}

static void undo_allow(struct scene *s)
{
	CHECK_OK(allow(s, 0));
}

/* Where does it map by itself? */
static long see_auto(const struct look *l)
{
	__u64 iova;

	CHECK_OK(iommufd_map_auto(l->fd, l->id, nowhere(PAGE_SZ), PAGE_SZ,
				  &iova, MAP_R));
	CHECK_OK(iommufd_unmap(l->fd, l->id, iova, PAGE_SZ, NULL));
	return iova;
}

static void allow_iovas(void)
{
	const struct op op = { .run = run_allow, .undo = undo_allow };
	struct look look = { .what = "what is allowed", .at = see_auto };
	struct scene s = new_scene(0);

	look.id = s.ioas[1];
	look_at(&s, &look);
	walk(&s, &op);
}

static const struct test tests[] = {
	{ "map.few", map_few, 0 },
	{ "map.many", map_many, 120 },
	{ "map.auto", map_auto, 0 },
	{ "map.untouched", map_untouched, 0 },
	{ "map.memfd", map_memfd, 0 },
	{ "map.hugetlb", map_hugetlb, 0 },
	{ "map.dmabuf", map_dmabuf, 0 },
	{ "copy", copy, 0 },
	{ "unmap", unmap, 0 },
	{ "access.pins", access_pins, 0 },
	{ "access.replace", access_replace, 0 },
	{ "change_process.user", change_process, 0 },
	{ "change_process.mm", change_process_mm, 0 },
	{ "container.map", container_map, 0 },
	{ "container.cut", container_cut, 0 },
	{ "ioas.alloc", ioas_alloc, 0 },
	{ "ioas.allow", allow_iovas, 0 },
};

const struct test_table fail_map_table = { tests, ARRAY_SIZE(tests) };
