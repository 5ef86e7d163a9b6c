// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat_mock.c - the container on the mock IOMMU, whose page tables can be
 * looked at: what is translated and pinned once mappings have been cut
 *
 * Owns: mock_table. Skipped where iommufd_mock.ko is not loaded.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"

/* Of IOMMU_TEST_CMD, what is used here; the kernel's suite owns the layout. */
#define TEST_CMD _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

enum {
	ADD_RESERVED = 1,
	MOCK_DOMAIN = 2,
	CHECK_MAP = 3,
	CREATE_ACCESS = 5,
	UNPIN_PAGES = 6,
	PIN_PAGES = 7,
};

struct test_cmd {
	__u32 size, op, id, reserved;
	union {
		struct { __u64 start, length; } range;
		struct { __u32 stdev, hwpt, idev; } domain;
		struct { __u64 iova, length, uptr; } map;
		struct { __u32 fd, flags; } access;
		struct { __u32 id; } unpin;
		struct { __u32 flags, id; __u64 iova, length, uptr; } pin;
		__u64 room[6];
	};
	__u32 last;
};

#define NEEDS_PIN_PAGES 1

static int test_cmd(int fd, __u32 op, __u32 id, struct test_cmd *cmd)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = id;
	return xioctl(fd, TEST_CMD, cmd);
}

static void need_mock(void)
{
	if (access("/sys/module/iommufd_mock", F_OK))
		test_skip("iommufd_mock.ko is not loaded");
}

/* A mock device attached to the container's IOAS; its id, its HWPT's. */
static __u32 attach(const struct space *s, __u32 *hwpt)
{
	struct test_cmd cmd = { 0 };

	CHECK_OK(test_cmd(s->fd, MOCK_DOMAIN, s->ioas, &cmd));
	*hwpt = cmd.domain.hwpt;
	return cmd.domain.stdev;
}

static int translated(const struct space *s, __u32 hwpt, __u64 iova,
		      __u64 length, void *va)
{
	struct test_cmd cmd = {
		.map = { iova, length, (uintptr_t)va },
	};

	return test_cmd(s->fd, CHECK_MAP, hwpt, &cmd);
}

/*
 * Pages of a window, each mapped to the page of a buffer that has its number,
 * or not.
 */
#define WINDOW 64

struct window {
	struct space s;
	char *va;
	__u64 iova;
	bool mapped[WINDOW];
};

static struct window new_window(const struct space *s, int n)
{
	struct window w = {
		.s = *s,
		.va = get_pages(WINDOW * PAGE_SZ),
		.iova = BASE + n * WINDOW * PAGE_SZ,
	};

	return w;
}

static int count(const struct window *w, int first, int n)
{
	int sum = 0;

	while (n--)
		sum += w->mapped[first++];
	return sum;
}

/* Map or unmap a random part, and be told what the model says. */
static void random_step(struct window *w, struct rng *rng)
{
	int first = rng_below(rng, WINDOW);
	int n = 1 + rng_below(rng, WINDOW - first), i;
	__u64 iova = w->iova + first * PAGE_SZ, done = ~0ULL;
	bool map = rng_below(rng, 2);
	int ret;

	if (map) {
		ret = vfio_type1_map(w->s.fd, w->va + first * PAGE_SZ,
				     n * PAGE_SZ, iova, DMA_RW);
		CHECK_RET(ret, count(w, first, n) ? -EEXIST : 0);
		if (ret)
			return;
	} else {
		ret = vfio_type1_unmap(w->s.fd, iova, n * PAGE_SZ, &done);
		CHECK_RET(ret, 0);
		CHECK_EQ(done, count(w, first, n) * PAGE_SZ);
	}
	for (i = first; i < first + n; i++)
		w->mapped[i] = map;
}

/* The HWPT holds what the model says, and no more. */
static void check_window(const struct window *w, __u32 hwpt)
{
	int i;

	for (i = 0; i < WINDOW; i++)
		CHECK_RET(translated(&w->s, hwpt, w->iova + i * PAGE_SZ,
				     PAGE_SZ, w->va + i * PAGE_SZ),
			  w->mapped[i] ? 0 : -EINVAL);
}

/* One HWPT from the beginning, others that come and go. */
static void random_parts(void)
{
	struct space s;
	struct window w;
	struct rng rng = { pattern_seed() };
	__u32 hwpt, hwpt2, stdev2 = 0;
	int i;

	need_mock();
	s = new_container(VFIO_TYPE1_IOMMU);
	w = new_window(&s, 0);
	test_note("seed 0x%llx", rng.state);
	attach(&s, &hwpt);
	for (i = 0; i < 1500; i++) {
		random_step(&w, &rng);
		if (i % 16)
			continue;
		CHECK_EQ(pins_here(), count(&w, 0, WINDOW));
		check_window(&w, hwpt);
		if (stdev2) {
			check_window(&w, hwpt2);
			CHECK_OK(iommufd_destroy(s.fd, stdev2));
			stdev2 = 0;
		} else {
			stdev2 = attach(&s, &hwpt2);
			check_window(&w, hwpt2);
		}
	}
	CHECK_EQ(proc_status_bytes("VmPin"),
		 count(&w, 0, WINDOW) * PAGE_SZ);
	expect_all(&s, count(&w, 0, WINDOW) * PAGE_SZ);
	CHECK_EQ(pins_here(), 0);
}

/* Pinned, cut, and the HWPT gone and back. */
static void pinned_by_parts(void)
{
	struct space s;
	struct window w;
	__u32 hwpt, stdev;
	int i;

	need_mock();
	s = new_container(VFIO_TYPE1_IOMMU);
	w = new_window(&s, 0);
	CHECK_OK(vfio_type1_map(s.fd, w.va, WINDOW * PAGE_SZ, w.iova, DMA_RW));
	for (i = 0; i < WINDOW; i++)
		w.mapped[i] = true;
	/* Cut before anything is pinned, */
	expect_unmapped(&s, w.iova + 10 * PAGE_SZ, PAGE_SZ, PAGE_SZ);
	w.mapped[10] = false;
	CHECK_EQ(pins_here(), 0);
	stdev = attach(&s, &hwpt);
	CHECK_EQ(pins_here(), WINDOW - 1);
	check_window(&w, hwpt);
	/* and while it is; */
	expect_unmapped(&s, w.iova + 20 * PAGE_SZ, 5 * PAGE_SZ, 5 * PAGE_SZ);
	for (i = 20; i < 25; i++)
		w.mapped[i] = false;
	CHECK_EQ(pins_here(), WINDOW - 6);
	check_window(&w, hwpt);
	/* and once it was. */
	CHECK_OK(iommufd_destroy(s.fd, stdev));
	CHECK_EQ(pins_here(), 0);
	expect_unmapped(&s, w.iova + 30 * PAGE_SZ, PAGE_SZ, PAGE_SZ);
	w.mapped[30] = false;
	attach(&s, &hwpt);
	CHECK_EQ(pins_here(), WINDOW - 7);
	check_window(&w, hwpt);
	CHECK_OK(close(s.fd));
	CHECK_EQ(pins_here(), 0);
}

/* Two HWPTs and a copy share the memory; parts go one by one. */
static void shared_memory(void)
{
	struct iommu_ioas_copy copy = { .size = sizeof(copy), };
	struct space s;
	struct window w;
	__u32 hwpt;
	int i;

	need_mock();
	s = new_container(VFIO_TYPE1_IOMMU);
	w = new_window(&s, 0);
	attach(&s, &hwpt);
	CHECK_OK(vfio_type1_map(s.fd, w.va, WINDOW * PAGE_SZ, w.iova, DMA_RW));
	copy.flags = MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA;
	copy.dst_ioas_id = s.ioas;
	copy.src_ioas_id = s.ioas;
	copy.length = WINDOW * PAGE_SZ;
	copy.src_iova = w.iova;
	copy.dst_iova = 2 * w.iova;
	CHECK_OK(xioctl(s.fd, IOMMU_IOAS_COPY, &copy));
	CHECK_EQ(pins_here(), WINDOW);
	/* Every other page of the one, the others of the other. */
	for (i = 0; i < WINDOW; i++) {
		expect_unmapped(&s, (1 + i % 2) * w.iova + i * PAGE_SZ,
				PAGE_SZ, PAGE_SZ);
		CHECK_EQ(pins_here(), WINDOW);
	}
	for (i = 0; i < WINDOW; i++) {
		w.mapped[i] = i % 2;
		CHECK_RET(translated(&s, hwpt, 2 * w.iova + i * PAGE_SZ,
				     PAGE_SZ, w.va + i * PAGE_SZ),
			  i % 2 ? -EINVAL : 0);
	}
	check_window(&w, hwpt);
	expect_unmapped(&s, w.iova, WINDOW * PAGE_SZ, WINDOW / 2 * PAGE_SZ);
	CHECK_EQ(pins_here(), WINDOW / 2);
	expect_all(&s, WINDOW / 2 * PAGE_SZ);
	CHECK_EQ(pins_here(), 0);
}

/* An in-kernel user's pins keep a mapping whole, but not from being unmapped. */
static void in_kernel_user(void)
{
	struct test_cmd access = { .access.flags = NEEDS_PIN_PAGES };
	struct test_cmd pin = { 0 }, unpin = { 0 };
	struct space s;
	struct window w;

	need_mock();
	s = new_container(VFIO_TYPE1_IOMMU);
	w = new_window(&s, 0);
	CHECK_OK(vfio_type1_map(s.fd, w.va, WINDOW * PAGE_SZ, w.iova, DMA_RW));
	CHECK_OK(test_cmd(s.fd, CREATE_ACCESS, s.ioas, &access));
	pin.pin.iova = w.iova + 8 * PAGE_SZ;
	pin.pin.length = 2 * PAGE_SZ;
	pin.pin.uptr = (uintptr_t)w.va + 8 * PAGE_SZ;
	CHECK_OK(test_cmd(s.fd, PIN_PAGES, access.access.fd, &pin));
	CHECK_EQ(pins_here(), 2);
	CHECK_RET(vfio_type1_unmap(s.fd, w.iova, PAGE_SZ, NULL), -EINVAL);
	CHECK_RET(vfio_type1_unmap(s.fd, w.iova + 60 * PAGE_SZ, 4 * PAGE_SZ,
				   NULL), -EINVAL);
	CHECK_EQ(pins_here(), 2);
	unpin.unpin.id = pin.pin.id;
	CHECK_OK(test_cmd(s.fd, UNPIN_PAGES, access.access.fd, &unpin));
	expect_unmapped(&s, w.iova, PAGE_SZ, PAGE_SZ);
	/* Pinned in a part that goes whole: asked for, and given back. */
	CHECK_OK(test_cmd(s.fd, PIN_PAGES, access.access.fd, &pin));
	expect_unmapped(&s, w.iova, WINDOW * PAGE_SZ, (WINDOW - 1) * PAGE_SZ);
	CHECK_EQ(pins_here(), 0);
}

static void reserved(void)
{
	struct test_cmd cmd = { .range = { 2 * BASE, BASE } };
	struct {
		struct vfio_iommu_type1_info info;
		struct vfio_iommu_type1_info_cap_iova_range ranges;
		struct vfio_iova_range range[8];
	} all = { .info.argsz = sizeof(all) };
	struct space s;
	char *va = get_pages(PAGE_SZ);
	__u32 hwpt;

	need_mock();
	s = new_container(VFIO_TYPE1v2_IOMMU);
	attach(&s, &hwpt);
	CHECK_OK(test_cmd(s.fd, ADD_RESERVED, s.ioas, &cmd));
	CHECK_RET(vfio_type1_map(s.fd, va, PAGE_SZ, 2 * BASE, DMA_RW), -EINVAL);
	/* Where the mock IOMMU cannot reach. */
	CHECK_RET(vfio_type1_map(s.fd, va, PAGE_SZ, 0, DMA_RW), -EINVAL);
	CHECK_OK(vfio_type1_map(s.fd, va, PAGE_SZ, 2 * BASE - PAGE_SZ, DMA_RW));
	CHECK_OK(xioctl(s.fd, VFIO_IOMMU_GET_INFO, &all));
	/* 2 KiB pages add up to one; 1 MiB ones are there in some of its kinds. */
	CHECK(all.info.iova_pgsizes & PAGE_SZ);
	CHECK_EQ(all.info.iova_pgsizes & (PAGE_SZ - 1), 0);
	CHECK_EQ(all.ranges.nr_iovas, 2);
	CHECK_EQ(all.range[0].start, BASE);
	CHECK_EQ(all.range[0].end, 2 * BASE - 1);
	CHECK_EQ(all.range[1].start, 3 * BASE);
}

/* Mapped before v1 was asked for: there may be huge IO pages already. */
static void v1_comes_too_late(void)
{
	struct space s;
	char *va = get_pages(PAGE_SZ);
	__u32 hwpt, stdev;

	need_mock();
	s = new_container(0);
	stdev = attach(&s, &hwpt);
	CHECK_OK(vfio_type1_map(s.fd, va, PAGE_SZ, BASE, DMA_RW));
	CHECK_RET(vfio_container_set_iommu(s.fd, VFIO_TYPE1_IOMMU), -EINVAL);
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1v2_IOMMU));
	CHECK_OK(iommufd_destroy(s.fd, stdev));
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1_IOMMU));
	/* Its own HWPT is not the IOAS's way out. */
	CHECK_RET(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &hwpt),
		  -ENOENT);
}

#define RACERS 2
#define RACE_SECONDS 4

static atomic_bool stop;

struct racer {
	struct window w;
	unsigned long done;
};

/* Each in its own window: nobody disturbs it but HWPTs that join and leave. */
static void *race_parts(void *arg)
{
	struct racer *me = arg;
	struct rng rng = { pattern_seed() };

	while (!atomic_load(&stop)) {
		random_step(&me->w, &rng);
		me->done++;
	}
	return NULL;
}

static void race_with_joins(void)
{
	struct racer racers[RACERS] = { 0 };
	pthread_t threads[RACERS];
	unsigned long joins = 0;
	struct space s;
	__u32 hwpt, stdev;
	time_t end;
	int i, pages = 0;

	need_mock();
	s = new_container(VFIO_TYPE1_IOMMU);
	atomic_store(&stop, false);
	for (i = 0; i < RACERS; i++) {
		racers[i].w = new_window(&s, i);
		CHECK_OK(pthread_create(&threads[i], NULL, race_parts,
					&racers[i]));
	}
	end = time(NULL) + RACE_SECONDS;
	while (time(NULL) < end) {
		stdev = attach(&s, &hwpt);
		CHECK_OK(iommufd_destroy(s.fd, stdev));
		joins++;
	}
	/* The last one joins while they go on, and stays. */
	attach(&s, &hwpt);
	atomic_store(&stop, true);
	for (i = 0; i < RACERS; i++) {
		CHECK_OK(pthread_join(threads[i], NULL));
		CHECK(racers[i].done);
		test_note("window %d: %lu steps", i, racers[i].done);
		check_window(&racers[i].w, hwpt);
		pages += count(&racers[i].w, 0, WINDOW);
	}
	test_note("%lu joins", joins);
	CHECK(joins);
	CHECK_EQ(pins_here(), pages);
	expect_all(&s, pages * PAGE_SZ);
}

struct crowd {
	struct space s;
	char *va;
	unsigned long done;
};

/* All in one window: any of them may lose, none may break anything. */
static void *crowd_parts(void *arg)
{
	struct crowd *me = arg;
	struct rng rng = { pattern_seed() };

	while (!atomic_load(&stop)) {
		int first = rng_below(&rng, WINDOW);
		int n = 1 + rng_below(&rng, WINDOW - first), ret;
		__u64 iova = BASE + first * PAGE_SZ;

		if (rng_below(&rng, 2)) {
			ret = vfio_type1_map(me->s.fd, me->va, n * PAGE_SZ,
					     iova, DMA_RW);
			CHECK(!ret || ret == -EEXIST);
		} else {
			ret = vfio_type1_unmap(me->s.fd, iova, n * PAGE_SZ,
					       NULL);
			/* Cut here, mapped over again there: ENOENT. */
			CHECK(!ret || ret == -EBUSY || ret == -ENOENT);
		}
		me->done += !ret;
	}
	return NULL;
}

static void race_in_a_crowd(void)
{
	struct crowd crowd[3] = { 0 };
	pthread_t threads[3];
	struct space s;
	char *va = get_pages(WINDOW * PAGE_SZ);
	__u32 hwpt, stdev;
	time_t end;
	size_t i;

	need_mock();
	s = new_container(VFIO_TYPE1_IOMMU);
	atomic_store(&stop, false);
	for (i = 0; i < ARRAY_SIZE(crowd); i++) {
		crowd[i].s = s;
		crowd[i].va = va;
		CHECK_OK(pthread_create(&threads[i], NULL, crowd_parts,
					&crowd[i]));
	}
	end = time(NULL) + RACE_SECONDS;
	while (time(NULL) < end) {
		stdev = attach(&s, &hwpt);
		CHECK_OK(iommufd_destroy(s.fd, stdev));
	}
	atomic_store(&stop, true);
	for (i = 0; i < ARRAY_SIZE(crowd); i++) {
		CHECK_OK(pthread_join(threads[i], NULL));
		test_note("%lu steps", crowd[i].done);
		CHECK(crowd[i].done);
	}
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, NULL));
}

static const struct test tests[] = {
	{ "mock.random_parts", random_parts, 0 },
	{ "mock.pinned_by_parts", pinned_by_parts, 0 },
	{ "mock.shared_memory", shared_memory, 0 },
	{ "mock.in_kernel_user", in_kernel_user, 0 },
	{ "mock.reserved", reserved, 0 },
	{ "mock.v1_comes_too_late", v1_comes_too_late, 0 },
	{ "mock.race_with_joins", race_with_joins, 0 },
	{ "mock.race_in_a_crowd", race_in_a_crowd, 0 },
};

const struct test_table mock_table = { tests, ARRAY_SIZE(tests) };
