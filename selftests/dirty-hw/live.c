// SPDX-License-Identifier: GPL-2.0-only
/*
 * live.c - reading while the device writes, and flushing the IOTLB
 *
 * Owns: live_table. Flushes are seen by a kprobe on the IOMMU driver's function
 * that is told to flush what was gathered.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dirty-hw.h"

#define PAGES 512UL
#define TRACING "/sys/kernel/tracing/"

struct writer {
	pthread_t thread;
	size_t order[PAGES];
	unsigned long done;
};

/* Each page once, in random order. */
static void *write_all(void *arg)
{
	struct writer *w = arg;
	struct vmonly_access access;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		if (device_access(dut, BASE_IOVA + w->order[i] * PAGE_SZ, true,
				  &access))
			break;
		__atomic_store_n(&w->done, i + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void shuffle(size_t *order, size_t n)
{
	size_t i, k, tmp;

	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n - 1; i; i--) {
		k = random() % (i + 1);
		tmp = order[i];
		order[i] = order[k];
		order[k] = tmp;
	}
}

/* One round: a page that is written once is reported once. */
static unsigned int race_once(const struct tracked *t)
{
	unsigned int reads = 0, times[PAGES] = { 0 };
	struct writer w = { .done = 0 };
	bool last;
	size_t i;

	shuffle(w.order, PAGES);
	CHECK(!pthread_create(&w.thread, NULL, write_all, &w));
	do {
		unsigned char bits[PAGES / 8] = { 0 };

		last = __atomic_load_n(&w.done, __ATOMIC_ACQUIRE) == PAGES;
		CHECK_OK(get_bitmap(t, BASE_IOVA, PAGES * PAGE_SZ, PAGE_SZ,
				    bits, 0));
		for (i = 0; i < PAGES; i++)
			times[i] += bit_of(bits, i);
		reads++;
	} while (!last);
	CHECK(!pthread_join(w.thread, NULL));
	for (i = 0; i < PAGES; i++)
		if (times[i] != 1)
			FAIL("page %zu, written once, was reported %u times",
			     i, times[i]);
	return reads;
}

static void written_meanwhile(void)
{
	struct tracked t = tracked_device();
	struct vmonly_access access;
	unsigned int round, reads = 0, seed = pattern_seed();

	srandom(seed);
	only_small_leaves(&t);
	map_memory(&t, PAGES * PAGE_SZ, MEM_SCATTERED, BASE_IOVA);
	expect_leaves(BASE_IOVA, PAGES * PAGE_SZ, PAGE_SZ);
	CHECK_OK(set_tracking(&t, true));
	/* Opens the node, which two threads must not. */
	CHECK_OK(device_access(dut, BASE_IOVA, false, &access));
	for (round = 0; round < 40; round++)
		reads += race_once(&t);
	test_note("%u reads beside %lu writes", reads, round * PAGES);
	CHECK(reads > 2 * round);
}

/* Write a file of tracefs; 0 or -errno. */
static int trace_write(const char *file, const char *text, int flags)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

struct flushes {
	unsigned int asked;	/* of the driver */
	__u64 first, last;	/* the range, of the last time */
	unsigned int done;	/* by VT-d's driver, of IOTLBs */
};

static struct flushes flushes_seen(void)
{
	struct flushes f = { 0 };
	char line[512], *at;
	FILE *trace = fopen(TRACING "trace", "r");
	int n;

	CHECK(trace);
	while (fgets(line, sizeof(line), trace)) {
		at = strstr(line, "first=");
		if (at && strstr(line, "dirty_hw_flush:")) {
			f.asked++;
			n = sscanf(at, "first=%lli last=%lli", &f.first,
				   &f.last);
			CHECK_EQ(n, 2);
		}
		if (strstr(line, "cache_tag_flush_range:") &&
		    strstr(line, "type iotlb"))
			f.done++;
	}
	fclose(trace);
	CHECK_OK(trace_write("trace", "", O_TRUNC));
	return f;
}

static void watch_flushes(bool *vtd)
{
	static const char * const functions[] = {
		"intel_iommu_tlb_sync", "amd_iommu_iotlb_sync",
	};
	char probe[128];

	*vtd = !access("/sys/class/iommu/dmar0", F_OK);
	/* The range is what struct iommu_iotlb_gather begins with. */
	snprintf(probe, sizeof(probe),
		 "p:iommufd/dirty_hw_flush %s first=+0(%%si):x64 last=+8(%%si):x64",
		 functions[!*vtd]);
	CHECK_OK(trace_write("kprobe_events", probe, O_APPEND));
	CHECK_OK(trace_write("events/iommufd/dirty_hw_flush/enable", "1", 0));
	if (*vtd)
		CHECK_OK(trace_write("events/intel_iommu/cache_tag_flush_range/enable",
				     "1", 0));
	CHECK_OK(trace_write("trace", "", O_TRUNC));
}

static void unwatch_flushes(bool vtd)
{
	CHECK_OK(trace_write("events/iommufd/dirty_hw_flush/enable", "0", 0));
	if (vtd)
		CHECK_OK(trace_write("events/intel_iommu/cache_tag_flush_range/enable",
				     "0", 0));
	CHECK_OK(trace_write("kprobe_events", "-:iommufd/dirty_hw_flush",
			     O_APPEND));
}

/* The IOTLB remembers that a leaf was dirty: it must forget before we return. */
static void flushes(void)
{
	struct tracked t = tracked_device();
	const __u64 huge = BASE_IOVA + HUGE_SZ;
	unsigned char bits[2 * HUGE_SZ / PAGE_SZ / 8] = { 0 };
	struct flushes f;
	bool vtd;

	map_memory(&t, PAGE_SZ, MEM_PLAIN, BASE_IOVA);
	map_memory(&t, PAGE_SZ, MEM_PLAIN, BASE_IOVA + 3 * PAGE_SZ);
	map_memory(&t, HUGE_SZ, MEM_HUGETLB, huge);
	CHECK_OK(set_tracking(&t, true));
	watch_flushes(&vtd);

	CHECK_OK(get_bitmap(&t, BASE_IOVA, 2 * HUGE_SZ, PAGE_SZ, bits, 0));
	f = flushes_seen();
	CHECK_EQ(f.asked + f.done, 0);

	device_writes(BASE_IOVA + 3 * PAGE_SZ);
	device_writes(huge);
	CHECK_OK(get_bitmap(&t, BASE_IOVA, 2 * HUGE_SZ, PAGE_SZ, bits,
			    NO_CLEAR));
	f = flushes_seen();
	CHECK_EQ(f.asked + f.done, 0);

	/* Nothing is cleared that is read in part. */
	CHECK_OK(get_bitmap(&t, huge, PAGE_SZ, PAGE_SZ, bits, 0));
	f = flushes_seen();
	CHECK_EQ(f.asked + f.done, 0);

	CHECK_OK(get_bitmap(&t, BASE_IOVA, 2 * HUGE_SZ, PAGE_SZ, bits, 0));
	f = flushes_seen();
	CHECK_EQ(f.asked, 1);
	CHECK_EQ(f.first, BASE_IOVA + 3 * PAGE_SZ);
	CHECK_EQ(f.last, huge + HUGE_SZ - 1);
	CHECK(!vtd || f.done);

	device_writes(BASE_IOVA);
	CHECK_OK(set_tracking(&t, false));
	flushes_seen();
	CHECK_OK(set_tracking(&t, true));
	f = flushes_seen();
	CHECK_EQ(f.asked, 1);
	CHECK_EQ(f.first, BASE_IOVA);
	CHECK_EQ(f.last, BASE_IOVA + PAGE_SZ - 1);
	CHECK(!vtd || f.done);
	unwatch_flushes(vtd);
}

static const struct test tests[] = {
	{ "written-meanwhile", written_meanwhile, 120 },
	{ "flushes", flushes, 0 },
};

const struct test_table live_table = { tests, ARRAY_SIZE(tests) };
