// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_fault.c - DMA outside a mapping is blocked, and the IOMMU says so
 *
 * Owns: fault_table. In every test the same device first does the same DMA
 * through a mapping, so that a device that does nothing cannot pass; then the
 * forbidden access: memory must stay as it was, and what the device read must
 * not be what was there. The first tests also look for the IOMMU's fault at
 * that address in the kernel's log.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "kmsg.h"

/*
 * The kernel prints a few faults in five seconds (drivers/iommu/intel/dmar.c
 * takes three of its ten permits for each) and counts the others only. Who
 * does not find his fault in the log repeats it when the five seconds are over.
 */
#define FAULT_MS (1500 * (int)test_slow())
#define RATELIMIT_S 5
#define ATTEMPTS 2

/* Where the page is mapped that works. */
#define GOOD_IOVA (TEST_IOVA + HUGE_SZ)

/*
 * QEMU's AMD-Vi blocks as it should, but logs no IO_PAGE_FAULT: there is
 * nothing to wait for then. All others must report.
 */
static bool iommu_reports_faults(void)
{
	static int reports = -1;
	char vendor[64] = "";
	FILE *f;

	if (reports >= 0)
		return reports;
	f = fopen("/sys/class/dmi/id/sys_vendor", "r");
	if (f) {
		if (!fgets(vendor, sizeof(vendor), f))
			vendor[0] = '\0';
		fclose(f);
	}
	reports = access("/sys/class/iommu/ivhd0", F_OK) ||
		  strncmp(vendor, "QEMU", 4);
	return reports;
}

/*
 * True when the fault at @iova has been logged since kmsg_start() gave @log;
 * false when it is worth another attempt. Does not return after the last one.
 */
static bool fault_logged(int log, __u64 iova, bool want_write, int attempt)
{
	const struct timespec pause = { .tv_sec = RATELIMIT_S, .tv_nsec = 1 };
	int write_access;
	bool seen;

	if (!iommu_reports_faults()) {
		close(log);
		return true;
	}
	seen = kmsg_wait_iommu_fault(log, iova, FAULT_MS, &write_access);
	close(log);
	if (seen && write_access >= 0 && write_access != want_write)
		FAIL("the fault at %#llx is for a %s", iova,
		     write_access ? "write" : "read");
	if (!seen && attempt + 1 == ATTEMPTS)
		FAIL("no IOMMU fault at %#llx in the kernel's log", iova);
	if (!seen)
		nanosleep(&pause, NULL);
	return seen;
}

/* What a blocked device may answer: anything but nonsense. */
static void check_answer(int ret)
{
	if (ret && ret != -EIO && ret != -ETIMEDOUT && ret != -ENXIO)
		FAIL("a blocked DMA gave %s", errno_name(ret));
}

/* A write by the device to @iova; @page is the memory that must not change. */
static void expect_blocked_store(struct engine *e, __u64 iova, char *page)
{
	__u64 seed = pattern_seed();
	long at;

	pattern_fill(page, PAGE_SZ, seed);
	check_answer(engine_store(e, 0, iova));
	at = pattern_check(page, PAGE_SZ, seed);
	if (at >= 0)
		FAIL("a blocked write to %#llx changed byte %ld", iova, at);
}

/* A read by the device of @iova, where @page is or was; @good is mapped. */
static void expect_blocked_load(struct engine *e, __u64 iova, char *page,
				char *good)
{
	size_t i, same = 0;

	pattern_fill(page, PAGE_SZ, pattern_seed());
	check_answer(engine_load(e, 0, iova));
	CHECK_OK(engine_store(e, 0, GOOD_IOVA));
	for (i = 0; i < PAGE_SZ; i += sizeof(__u64))
		same += !memcmp(page + i, good + i, sizeof(__u64));
	if (same)
		FAIL("%zu of %zu words were read from %#llx all the same", same,
		     PAGE_SZ / sizeof(__u64), iova);
}

/* The same, and the kernel's log must say so. */
static void expect_reported_store(struct engine *e, __u64 iova, char *page)
{
	int attempt = 0, log;

	do {
		log = CHECK_FD(kmsg_start());
		expect_blocked_store(e, iova, page);
	} while (!fault_logged(log, iova, true, attempt++));
}

static void expect_reported_load(struct engine *e, __u64 iova, char *page,
				 char *good)
{
	int attempt = 0, log;

	do {
		log = CHECK_FD(kmsg_start());
		expect_blocked_load(e, iova, page, good);
	} while (!fault_logged(log, iova, false, attempt++));
}

/* An engine, and one page at GOOD_IOVA through which it has proved itself. */
static struct engine proved_engine(struct dma *d, char *good)
{
	struct engine e = running_engine(d);

	CHECK_OK(dma_map_fixed(d, good, PAGE_SZ, GOOD_IOVA, MAP_RW));
	expect_copy(&e, good, GOOD_IOVA, good, GOOD_IOVA);
	return e;
}

static void write_to_unmapped(void)
{
	char *va = get_memory(4 * PAGE_SZ, MEM_PLAIN), *hole = va + 2 * PAGE_SZ;
	__u64 seed = pattern_seed();
	struct dma d;
	struct engine e = proved_engine(&d, va);

	/* Mapped pages on both sides of the hole, in memory and in IOVA. */
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va + 3 * PAGE_SZ, PAGE_SZ,
			       TEST_IOVA + 2 * PAGE_SZ, MAP_RW));
	pattern_fill(va + PAGE_SZ, PAGE_SZ, seed);
	pattern_fill(va + 3 * PAGE_SZ, PAGE_SZ, seed);
	expect_blocked_store(&e, TEST_IOVA + PAGE_SZ, hole);
	CHECK_EQ(pattern_check(va + PAGE_SZ, PAGE_SZ, seed), -1);
	CHECK_EQ(pattern_check(va + 3 * PAGE_SZ, PAGE_SZ, seed), -1);
	/* The device is not harmed by it. */
	expect_copy(&e, va, GOOD_IOVA, va, GOOD_IOVA);
	engine_stop(&e);
}

static void read_from_unmapped(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct dma d;
	struct engine e = proved_engine(&d, va);

	expect_blocked_load(&e, TEST_IOVA, va + PAGE_SZ, va);
	expect_copy(&e, va, GOOD_IOVA, va, GOOD_IOVA);
	engine_stop(&e);
}

static void write_after_unmap(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN), *page = va + PAGE_SZ;
	struct dma d;
	struct engine e = proved_engine(&d, va);

	CHECK_OK(dma_map_fixed(&d, page, PAGE_SZ, TEST_IOVA, MAP_RW));
	/* The translation is in the IOTLB now. */
	expect_copy(&e, va, GOOD_IOVA, page, TEST_IOVA);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
	expect_blocked_store(&e, TEST_IOVA, page);
	engine_stop(&e);
}

static void read_after_unmap(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN), *page = va + PAGE_SZ;
	struct dma d;
	struct engine e = proved_engine(&d, va);

	CHECK_OK(dma_map_fixed(&d, page, PAGE_SZ, TEST_IOVA, MAP_R));
	expect_copy(&e, page, TEST_IOVA, va, GOOD_IOVA);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
	expect_blocked_load(&e, TEST_IOVA, page, va);
	engine_stop(&e);
}

/* Of a huge mapping that goes, no page may stay behind. */
static void write_after_huge_unmap(void)
{
	char *good = get_memory(PAGE_SZ, MEM_PLAIN);
	char *va = get_memory(HUGE_SZ, MEM_THP);
	__u64 base = TEST_IOVA + 4 * HUGE_SZ;
	char *page = va + HUGE_SZ - PAGE_SZ;
	struct dma d;
	struct engine e = proved_engine(&d, good);

	CHECK_OK(dma_map_fixed(&d, va, HUGE_SZ, base, MAP_RW));
	expect_copy(&e, good, GOOD_IOVA, page, base + HUGE_SZ - PAGE_SZ);
	CHECK_OK(dma_unmap(&d, base, HUGE_SZ));
	expect_blocked_store(&e, base + HUGE_SZ - PAGE_SZ, page);
	expect_blocked_store(&e, base, va);
	engine_stop(&e);
}

static void write_to_read_only(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN), *page = va + PAGE_SZ;
	__u64 seed = pattern_seed();
	struct dma d;
	struct engine e = proved_engine(&d, va);

	CHECK_OK(dma_map_fixed(&d, page, PAGE_SZ, TEST_IOVA, MAP_R));
	/*
	 * The write comes first: QEMU's VT-d refuses a write by a read-only
	 * entry of its IOTLB, too, but then reports no fault.
	 */
	expect_reported_store(&e, TEST_IOVA, page);
	/* It may read the page ... */
	expect_copy(&e, page, TEST_IOVA, va, GOOD_IOVA);
	/* ... and still that is all. */
	pattern_fill(page, PAGE_SZ, seed);
	check_answer(engine_store(&e, 0, TEST_IOVA));
	CHECK_EQ(pattern_check(page, PAGE_SZ, seed), -1);
	engine_stop(&e);
}

/* DMA of a device that is bound and attached to nothing. */
static void expect_detached(struct engine *e, char *page)
{
	__u64 seed = pattern_seed();
	int ret;

	pattern_fill(page, PAGE_SZ, seed);
	ret = engine_store(e, 0, TEST_IOVA);
	check_answer(ret);
	/* NVMe cannot even fetch the command. */
	if (e->kind == ENGINE_NVME && !ret)
		FAIL("the controller works without its queues");
	CHECK_EQ(pattern_check(page, PAGE_SZ, seed), -1);
}

static void after_detach(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN), *page = va + PAGE_SZ;
	struct engine e;
	struct dma d;
	__u32 id;

	needs_iommufd();
	e = proved_engine(&d, va);
	CHECK_OK(dma_map_fixed(&d, page, PAGE_SZ, TEST_IOVA, MAP_RW));
	expect_copy(&e, va, GOOD_IOVA, page, TEST_IOVA);
	CHECK_OK(vfio_detach(d.dev));
	expect_detached(&e, page);

	id = d.ioas;
	CHECK_OK(vfio_attach(d.dev, &id));
	CHECK_OK(engine_restart(&e));
	expect_copy(&e, va, GOOD_IOVA, page, TEST_IOVA);
	engine_stop(&e);
}

/* Bound, its memory mapped into an IOAS, but never attached to it. */
static void before_attach(void)
{
	char *va = get_memory(PAGE_SZ, MEM_PLAIN);
	struct engine e;
	struct dma d;
	int ret;

	needs_iommufd();
	d = bound_device();
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_RW));
	ret = engine_start(&e, dut_kind, &d);
	if (dut_kind == ENGINE_NVME) {
		if (!ret)
			FAIL("the controller identified itself without DMA");
		check_answer(ret);
	} else {
		CHECK_OK(ret);
		expect_detached(&e, va);
		engine_stop(&e);
	}
	d.hwpt = d.ioas;
	CHECK_OK(vfio_attach(d.dev, &d.hwpt));
	CHECK_OK(engine_start(&e, dut_kind, &d));
	expect_copy(&e, va, TEST_IOVA, va, TEST_IOVA);
	engine_stop(&e);
}

/* So that a log that was not looked at shows in the results. */
static void reported_in_the_log(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct engine e;
	struct dma d;

	if (!iommu_reports_faults())
		test_skip("QEMU's AMD-Vi blocks DMA, but logs no IO_PAGE_FAULT");
	e = proved_engine(&d, va);
	expect_reported_store(&e, TEST_IOVA, va + PAGE_SZ);
	expect_reported_load(&e, TEST_IOVA + PAGE_SZ, va + PAGE_SZ, va);
	engine_stop(&e);
}

static const struct test tests[] = {
	/* These look into the log, so they come before it overflows. */
	{ "fault.reported_in_the_log", reported_in_the_log, 0 },
	{ "fault.write_to_read_only", write_to_read_only, 0 },
	{ "fault.write_to_unmapped", write_to_unmapped, 0 },
	{ "fault.read_from_unmapped", read_from_unmapped, 0 },
	{ "fault.write_after_unmap", write_after_unmap, 0 },
	{ "fault.read_after_unmap", read_after_unmap, 0 },
	{ "fault.write_after_huge_unmap", write_after_huge_unmap, 0 },
	{ "fault.after_detach", after_detach, 0 },
	{ "fault.before_attach", before_attach, 0 },
};

const struct test_table fault_table = { tests, ARRAY_SIZE(tests) };
