// SPDX-License-Identifier: GPL-2.0-only
/*
 * race_device.c - races with a device that is attached and detached
 *
 * Owns: device_table. Only one thread at a time attaches or detaches.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dma.h"
#include "race.h"
#include "vfio.h"

#define SLOTS 4
#define SLOT (64 * PAGE_SZ)
#define IOVA 0x01000000ULL

struct arena {
	struct dma d;
	char *va;
};

static struct arena new_arena(bool attach)
{
	struct arena a = {
		.d = { .api = DMA_IOMMUFD, .group = -1 },
		.va = get_pages(SLOTS * SLOT),
	};

	a.d.space = CHECK_FD(iommufd_open());
	a.d.dev = CHECK_FD(vfio_cdev_open(dut));
	CHECK_OK(vfio_bind(a.d.dev, a.d.space, &a.d.devid));
	CHECK_OK(iommufd_ioas_alloc(a.d.space, &a.d.ioas));
	a.d.hwpt = a.d.ioas;
	if (attach)
		CHECK_OK(vfio_attach(a.d.dev, &a.d.hwpt));
	return a;
}

/* Whatever is left is whole, and goes without a trace. */
static void end_arena(struct arena *a)
{
	__u64 done;

	CHECK_OK(iommufd_unmap(a->d.space, a->d.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done % SLOT, 0);
	CHECK(done <= SLOTS * SLOT);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(vfio_detach(a->d.dev));
	CHECK_OK(iommufd_destroy(a->d.space, a->d.ioas));
}

static void map_slot(struct racer *me)
{
	struct arena *a = me->shared;
	unsigned int slot = rng_below(&me->rng, SLOTS);
	int ret = dma_map_fixed(&a->d, a->va + slot * SLOT, SLOT,
				IOVA + slot * SLOT, MAP_RW);

	me->done += allowed(me, ret, EEXIST, 0);
}

static void unmap_slot(struct racer *me)
{
	struct arena *a = me->shared;
	__u64 done = 0;
	int ret = iommufd_unmap(a->d.space, a->d.ioas,
				IOVA + rng_below(&me->rng, SLOTS) * SLOT, SLOT,
				&done);

	if (allowed(me, ret, ENOENT, EBUSY, 0)) {
		CHECK_EQ(done, SLOT);
		me->done++;
	}
}

static void unmap_everything(struct racer *me)
{
	struct arena *a = me->shared;
	int ret = iommufd_unmap(a->d.space, a->d.ioas, 0, ~0ULL, NULL);

	me->done += allowed(me, ret, EBUSY, 0);
}

static void attach_and_detach(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 id = a->d.ioas;

	CHECK_OK(vfio_attach(a->d.dev, &id));
	CHECK_OK(vfio_detach(a->d.dev));
	me->done++;
}

static void map_against_unmap(void)
{
	struct arena a = new_arena(true);
	struct racer r[] = {
		{ .name = "map", .turn = map_slot, .shared = &a },
		{ .name = "map", .turn = map_slot, .shared = &a },
		{ .name = "unmap", .turn = unmap_slot, .shared = &a },
		{ .name = "unmap", .turn = unmap_slot, .shared = &a },
		{ .name = "unmap all", .turn = unmap_everything, .shared = &a },
	};

	race(r, ARRAY_SIZE(r));
	end_arena(&a);
}

static void attach_against_map(void)
{
	struct arena a = new_arena(false);
	struct racer r[] = {
		{ .name = "attach", .turn = attach_and_detach, .shared = &a },
		{ .name = "map", .turn = map_slot, .shared = &a },
		{ .name = "unmap", .turn = unmap_slot, .shared = &a },
		{ .name = "unmap all", .turn = unmap_everything, .shared = &a },
	};

	race(r, ARRAY_SIZE(r));
	end_arena(&a);
}

/* In order, and with holes between, whatever happens meanwhile. */
static void read_ranges(struct racer *me)
{
	struct arena *a = me->shared;
	struct iommu_iova_range r[16];
	__u32 count = ARRAY_SIZE(r), i;
	__u64 align;

	CHECK_OK(iommufd_ranges(a->d.space, a->d.ioas, r, &count, &align));
	CHECK(count >= 1);
	CHECK(align == 1 || align == PAGE_SZ);
	for (i = 0; i < count; i++) {
		CHECK(r[i].start <= r[i].last);
		CHECK(!i || r[i].start > r[i - 1].last + 1);
	}
	me->done++;
}

static void ranges_against_attach(void)
{
	struct arena a = new_arena(false);
	struct racer r[] = {
		{ .name = "attach", .turn = attach_and_detach, .shared = &a },
		{ .name = "ranges", .turn = read_ranges, .shared = &a },
		{ .name = "ranges", .turn = read_ranges, .shared = &a },
		{ .name = "map", .turn = map_slot, .shared = &a },
		{ .name = "unmap", .turn = unmap_slot, .shared = &a },
	};

	race(r, ARRAY_SIZE(r));
	end_arena(&a);
}

/* --- objects and files that go while the device is attached -------------- */

/* Attaches to whatever IOAS is there just now, if there is one. */
static void attach_to_any(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 id = 1 + rng_below(&me->rng, 6);
	int ret = vfio_attach(a->d.dev, &id);

	/* EINVAL: that id is the device. EBUSY: it is going. */
	if (allowed(me, ret, ENOENT, EINVAL, EBUSY, 0)) {
		me->done++;
		CHECK_OK(vfio_detach(a->d.dev));
	}
}

static void destroy_any(struct racer *me)
{
	struct arena *a = me->shared;
	int ret = iommufd_destroy(a->d.space, 1 + rng_below(&me->rng, 6));

	/* EBUSY: the device, an attached IOAS, its HWPT. */
	me->done += allowed(me, ret, ENOENT, EBUSY, 0);
}

static void make_with_area(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 id;
	int ret;

	CHECK_OK(iommufd_ioas_alloc(a->d.space, &id));
	ret = iommufd_map_fixed(a->d.space, id, a->va, SLOT, IOVA, MAP_RW);
	me->done += allowed(me, ret, ENOENT, EEXIST, 0);
	if (id > 6)
		allowed(me, iommufd_destroy(a->d.space, id), ENOENT, EBUSY, 0);
}

static void destroy_against_attach(void)
{
	struct arena a = new_arena(false);
	struct racer r[] = {
		{ .name = "attach", .turn = attach_to_any, .shared = &a },
		{ .name = "destroy", .turn = destroy_any, .shared = &a },
		{ .name = "destroy", .turn = destroy_any, .shared = &a },
		{ .name = "alloc", .turn = make_with_area, .shared = &a },
	};

	race(r, ARRAY_SIZE(r));
	CHECK_OK(close(a.d.dev));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_EQ(pins_here(), 0);
}

/* The device is closed, attached as it is, and opened again. */
static void reopen_device(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 id = a->d.ioas;

	CHECK_OK(close(a->d.dev));
	a->d.dev = CHECK_FD(vfio_cdev_open(dut));
	CHECK_OK(vfio_bind(a->d.dev, a->d.space, &a->d.devid));
	CHECK_OK(vfio_attach(a->d.dev, &id));
	me->done++;
}

static void close_against_map(void)
{
	struct arena a = new_arena(true);
	struct racer r[] = {
		{ .name = "reopen", .turn = reopen_device, .shared = &a },
		{ .name = "map", .turn = map_slot, .shared = &a },
		{ .name = "unmap", .turn = unmap_slot, .shared = &a },
		{ .name = "unmap all", .turn = unmap_everything, .shared = &a },
	};

	race(r, ARRAY_SIZE(r));
	end_arena(&a);
}

/* --- what else happens to a process while it maps ------------------------- */

static volatile sig_atomic_t signals_taken;

static void on_signal(int sig)
{
	(void)sig;
	signals_taken++;
}

static void send_signal(struct racer *me)
{
	CHECK_OK(kill(getpid(), SIGUSR1));
	me->done++;
	usleep(rng_below(&me->rng, 300));
}

/* Only the mappers take them: the others must be on time. */
static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(pthread_sigmask(how, &set, NULL));
}

/* A raw call: a signal that does not kill must not be seen. */
static void map_under_signals(struct racer *me)
{
	struct arena *a = me->shared;
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = MAP_RW,
		.ioas_id = a->d.ioas,
		.user_va = (uintptr_t)a->va,
		.length = SLOTS * SLOT,
	};

	block_signals(SIG_UNBLOCK);
	/* Not xioctl(), which would hide an EINTR. */
	if (ioctl(a->d.space, IOMMU_IOAS_MAP, &cmd))
		FAIL("a map under signals: %s", errno_name(-errno));
	CHECK_OK(iommufd_unmap(a->d.space, a->d.ioas, cmd.iova, SLOTS * SLOT,
			       NULL));
	me->done++;
}

static void map_against_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct arena a = new_arena(true);
	struct racer r[] = {
		{ .name = "signal", .turn = send_signal, .shared = &a },
		{ .name = "map", .turn = map_under_signals, .shared = &a },
		{ .name = "map", .turn = map_under_signals, .shared = &a },
	};

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	/* The threads inherit that. */
	block_signals(SIG_BLOCK);
	signals_taken = 0;
	race(r, ARRAY_SIZE(r));
	CHECK(signals_taken > 0);
	end_arena(&a);
}

/* The memory changes while it is being pinned. */
static void spoil_memory(struct racer *me)
{
	struct arena *a = me->shared;
	char *va = a->va + rng_below(&me->rng, SLOTS * 64) * PAGE_SZ;

	switch (rng_below(&me->rng, 3)) {
	case 0:
		CHECK_OK(madvise(va, PAGE_SZ, MADV_DONTNEED));
		break;
	case 1:
		CHECK_OK(mprotect(va, PAGE_SZ, PROT_READ));
		CHECK_OK(mprotect(va, PAGE_SZ, PROT_READ | PROT_WRITE));
		break;
	default:
		CHECK(mmap(va, PAGE_SZ, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			   0) == va);
		break;
	}
	me->done++;
}

static void map_spoilt(struct racer *me)
{
	struct arena *a = me->shared;
	unsigned int slot = rng_below(&me->rng, SLOTS);
	__u64 iova;
	int ret = dma_map_auto(&a->d, a->va + slot * SLOT, SLOT, &iova, MAP_RW);

	/* EFAULT: just then a page was not writable. */
	if (allowed(me, ret, EFAULT, 0)) {
		CHECK_OK(dma_unmap(&a->d, iova, SLOT));
		me->done++;
	}
}

static void map_against_munmap(void)
{
	struct arena a = new_arena(true);
	struct racer r[] = {
		{ .name = "spoil", .turn = spoil_memory, .shared = &a },
		{ .name = "map", .turn = map_spoilt, .shared = &a },
		{ .name = "map", .turn = map_spoilt, .shared = &a },
	};

	race(r, ARRAY_SIZE(r));
	end_arena(&a);
}

static const struct test tests[] = {
	{ "device.map_against_unmap", map_against_unmap, 0 },
	{ "device.attach_against_map", attach_against_map, 0 },
	{ "device.ranges_against_attach", ranges_against_attach, 0 },
	{ "device.destroy_against_attach", destroy_against_attach, 0 },
	{ "device.close_against_map", close_against_map, 0 },
	{ "device.map_against_signals", map_against_signals, 0 },
	{ "device.map_against_munmap", map_against_munmap, 0 },
};

const struct test_table device_table = { tests, ARRAY_SIZE(tests) };
