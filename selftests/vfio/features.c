// SPDX-License-Identifier: GPL-2.0-only
/*
 * features.c - VFIO_DEVICE_FEATURE of a device that has all that the core knows:
 * the states of a migration, and a log of the device's own DMA
 *
 * usage: features
 *
 * No device that QEMU 10 emulates can migrate or log. So the device is the mock's
 * (kernel/mock/vfio_features.c), which tells what vfio.ko asked of it; mdev_mtty.c
 * has a driver that moves data as well. See run-pasid.
 *
 * Owns: the command line, and what the uAPI header says of the states.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../kernel/mock/vfio_abi.h"
#include "iommufd.h"
#include "mem.h"
#include "mockdev.h"
#include "test.h"
#include "vfio.h"

#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET
#define PROBE	VFIO_DEVICE_FEATURE_PROBE

static int bound_device(void)
{
	int dev = mock_device_open();

	CHECK_OK(vfio_bind(dev, CHECK_FD(iommufd_open()), NULL));
	return dev;
}

/* The feature @flags with @data of @bytes, which is read and written. */
static int feature(int dev, __u32 flags, void *data, size_t bytes)
{
	struct {
		struct vfio_device_feature head;
		char data[64];
	} arg = { .head = { .argsz = sizeof(arg.head) + bytes,
			    .flags = flags } };
	int ret;

	CHECK(bytes <= sizeof(arg.data));
	if (bytes)
		memcpy(arg.data, data, bytes);
	ret = xioctl(dev, VFIO_DEVICE_FEATURE, &arg);
	if (bytes)
		memcpy(data, arg.data, bytes);
	return ret;
}

static struct mock_vfio_seen seen(int dev, __u32 set_features)
{
	struct mock_vfio_seen s = { .set_features = set_features };

	CHECK_OK(xioctl(dev, MOCK_VFIO_SEEN, &s));
	return s;
}

/* ---- the states of a migration ---- */

#define NR_STATES	(VFIO_DEVICE_STATE_PRE_COPY_P2P + 1)

static const char *const state_names[NR_STATES] = {
	"ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P",
	"PRE_COPY", "PRE_COPY_P2P",
};

#define S(name)	VFIO_DEVICE_STATE_##name

/* The arcs that the header lists: with them all, a device has every feature. */
static const __u8 arcs[][2] = {
	{ S(RUNNING_P2P), S(STOP) },
	{ S(STOP_COPY), S(STOP) },
	{ S(RESUMING), S(STOP) },
	{ S(PRE_COPY), S(RUNNING) },
	{ S(RUNNING_P2P), S(RUNNING) },
	{ S(PRE_COPY_P2P), S(RUNNING_P2P) },
	{ S(RUNNING), S(RUNNING_P2P) },
	{ S(STOP), S(RUNNING_P2P) },
	{ S(RUNNING), S(PRE_COPY) },
	{ S(RUNNING_P2P), S(PRE_COPY_P2P) },
	{ S(STOP), S(STOP_COPY) },
	{ S(PRE_COPY), S(PRE_COPY_P2P) },
	{ S(PRE_COPY_P2P), S(PRE_COPY) },
	{ S(PRE_COPY_P2P), S(STOP_COPY) },
	{ S(STOP), S(RESUMING) },
};

static bool is_saving(int state)
{
	return state == S(PRE_COPY) || state == S(PRE_COPY_P2P) ||
	       state == S(STOP_COPY);
}

static bool has_state(int state, __u32 features)
{
	__u32 needs = VFIO_MIGRATION_STOP_COPY;

	if (state == S(RUNNING_P2P) || state == S(PRE_COPY_P2P))
		needs |= VFIO_MIGRATION_P2P;
	if (state == S(PRE_COPY) || state == S(PRE_COPY_P2P))
		needs |= VFIO_MIGRATION_PRE_COPY;
	return (features & needs) == needs;
}

/* A way from one state to another: what it costs is its length, then data. */
struct way {
	int state[NR_STATES];
	int length;
	int cost;
};

static void search(struct way *way, int from, int to, struct way *best)
{
	size_t i;
	int k;

	if (from == to) {
		if (way->cost < best->cost)
			*best = *way;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(arcs) && way->length < NR_STATES; i++) {
		int next = arcs[i][1], cost = way->cost;

		for (k = 0; k < way->length && way->state[k] != next; k++)
			;
		if (arcs[i][0] != from || k < way->length)
			continue;
		way->cost += 100 + (next != to && is_saving(next));
		way->state[way->length++] = next;
		search(way, next, to, best);
		way->length--;
		way->cost = cost;
	}
}

/*
 * What the header's rules say: the shortest way, and of those the one that stays
 * out of the saving group; of it the states that the device has. No way leads
 * from the end of a copy back into it.
 */
static bool expected_way(int from, int to, __u32 features, struct way *way)
{
	struct way empty = { .length = 0 }, best = { .cost = 1 << 30 };
	int i, n = 0;

	if (!has_state(to, features) || to == S(ERROR) ||
	    (from == S(STOP_COPY) && (to == S(PRE_COPY) ||
				      to == S(PRE_COPY_P2P))))
		return false;
	search(&empty, from, to, &best);
	CHECK(best.cost < 1 << 30);
	for (i = 0; i < best.length; i++) {
		if (has_state(best.state[i], features))
			best.state[n++] = best.state[i];
	}
	best.length = n;
	*way = best;
	return true;
}

static int set_state(int dev, __u32 state)
{
	struct vfio_device_feature_mig_state arg = {
		.device_state = state, .data_fd = 77,
	};
	int ret = feature(dev, SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, &arg,
			  sizeof(arg));

	/* The mock's states come without a file. */
	CHECK_EQ(arg.data_fd, -1);
	return ret;
}

static __u32 get_state(int dev)
{
	struct vfio_device_feature_mig_state arg = { .data_fd = 77 };

	CHECK_OK(feature(dev, GET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, &arg,
			 sizeof(arg)));
	CHECK_EQ(arg.data_fd, -1);
	return arg.device_state;
}

static void check_way(int dev, int from, int to, __u32 features)
{
	struct mock_vfio_seen s;
	struct way way;
	int i;

	CHECK_EQ(get_state(dev), from);
	if (!expected_way(from, to, features, &way)) {
		CHECK_RET(set_state(dev, to), -EINVAL);
		CHECK_EQ(get_state(dev), from);
		return;
	}
	CHECK_OK(set_state(dev, to));
	s = seen(dev, 0);
	if ((int)s.arcs != way.length)
		FAIL("%s to %s took %u arcs, not %d", state_names[from],
		     state_names[to], s.arcs, way.length);
	for (i = 0; i < way.length; i++) {
		if (s.path[i] != way.state[i])
			FAIL("%s to %s: arc %d leads to %s, not to %s",
			     state_names[from], state_names[to], i,
			     state_names[s.path[i]], state_names[way.state[i]]);
	}
	CHECK_EQ(get_state(dev), to);
}

/* From every state to every other one, with all the features and with some. */
static void states(void)
{
	static const __u32 features[] = {
		VFIO_MIGRATION_STOP_COPY,
		VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P,
		VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY,
		VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY |
			VFIO_MIGRATION_P2P,
	};
	struct vfio_device_feature_migration mig = { 0 };
	int dev = bound_device(), from, to;
	size_t f;

	for (f = 0; f < ARRAY_SIZE(features); f++) {
		seen(dev, features[f]);
		CHECK_OK(feature(dev, GET | VFIO_DEVICE_FEATURE_MIGRATION, &mig,
				 sizeof(mig)));
		CHECK_EQ(mig.flags, features[f]);
		for (from = 1; from < NR_STATES; from++) {
			if (!has_state(from, features[f]))
				continue;
			for (to = 0; to < NR_STATES; to++) {
				CHECK_OK(set_state(dev, S(RUNNING)));
				CHECK_OK(set_state(dev, from));
				check_way(dev, from, to, features[f]);
			}
		}
		CHECK_RET(set_state(dev, NR_STATES), -EINVAL);
		CHECK_RET(set_state(dev, ~0U), -EINVAL);
		CHECK_OK(set_state(dev, S(RUNNING)));
	}
}

static void migration_arguments(void)
{
	struct vfio_device_feature_mig_data_size size = { 0 };
	struct vfio_device_feature_migration mig = { 0 };
	__u32 state[2] = { S(STOP), 0 };
	int dev = bound_device();

	CHECK_OK(feature(dev, PROBE | GET | VFIO_DEVICE_FEATURE_MIGRATION, NULL,
			 0));
	CHECK_RET(feature(dev, SET | VFIO_DEVICE_FEATURE_MIGRATION, &mig,
			  sizeof(mig)), -EINVAL);
	CHECK_RET(feature(dev, GET | VFIO_DEVICE_FEATURE_MIGRATION, &mig,
			  sizeof(mig) - 1), -EINVAL);
	CHECK_OK(feature(dev, PROBE | GET | SET |
			 VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, NULL, 0));
	CHECK_RET(feature(dev, SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, state,
			  sizeof(state) - 1), -EINVAL);
	CHECK_EQ(get_state(dev), S(RUNNING));
	CHECK_RET(feature(dev, SET | VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, &size,
			  sizeof(size)), -EINVAL);
	CHECK_OK(feature(dev, GET | VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, &size,
			 sizeof(size)));
	CHECK_EQ(size.stop_copy_length, MOCK_VFIO_DATA_SIZE);
}

/* ---- the log of the device's DMA ---- */

#define LOG_PAGE	4096

static int log_start(int dev, const void *ranges, __u32 n, __u64 *page_size)
{
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = *page_size, .num_ranges = n,
		.ranges = (uintptr_t)ranges,
	};
	int ret = feature(dev, SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
			  &control, sizeof(control));

	*page_size = control.page_size;
	return ret;
}

static int log_start_one(int dev, __u64 iova, __u64 length, __u64 page_size)
{
	struct vfio_device_feature_dma_logging_range range = { iova, length };

	return log_start(dev, &range, 1, &page_size);
}

static int log_stop(int dev)
{
	return feature(dev, SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, NULL, 0);
}

/* Many ranges for a device of few: the closest neighbours have become one. */
static void log_ranges(void)
{
	const struct vfio_device_feature_dma_logging_range ranges[] = {
		{ 0x100000, 0x1000 }, { 0x800000, 0x2000 },	/* in no order */
		{ 0x103000, 0x1000 }, { 0x102000, 0x1000 },
		{ 0x900000, 0x1000 }, { 0, 0x1000 },
		{ ~0ULL - 0x1fff, 0x1000 },
	};
	__u64 page_size = LOG_PAGE;
	struct mock_vfio_seen s;
	int dev = bound_device();

	CHECK_OK(log_start(dev, ranges, ARRAY_SIZE(ranges), &page_size));
	CHECK_EQ(page_size, MOCK_VFIO_LOG_PAGE);
	s = seen(dev, 0);
	CHECK_EQ(s.logging, 1);
	CHECK_EQ(s.log_asked, ARRAY_SIZE(ranges));
	CHECK_EQ(s.log_page_size, LOG_PAGE);
	CHECK_EQ(s.log_ranges, MOCK_VFIO_MAX_RANGES);
	CHECK_EQ(s.first[0], 0);
	CHECK_EQ(s.last[0], 0xfff);
	CHECK_EQ(s.first[1], 0x100000);
	CHECK_EQ(s.last[1], 0x103fff);
	CHECK_EQ(s.first[2], 0x800000);
	CHECK_EQ(s.last[2], 0x900fff);
	CHECK_EQ(s.first[3], ~0ULL - 0x1fff);
	CHECK_EQ(s.last[3], ~0ULL - 0x1000);

	/* What the driver says is passed on. */
	CHECK_RET(log_start_one(dev, 0, 0x1000, LOG_PAGE), -EBUSY);
	CHECK_OK(log_stop(dev));
	CHECK_EQ(seen(dev, 0).logging, 0);
	CHECK_OK(log_start_one(dev, 0, 0x1000, LOG_PAGE));
	s = seen(dev, 0);
	CHECK_EQ(s.log_ranges, 1);
	CHECK_EQ(s.last[0], 0xfff);
}

static void log_refused(void)
{
	struct vfio_device_feature_dma_logging_range twice[] = {
		{ 0x1000, 0x3000 }, { 0x3000, 0x1000 },
	};
	__u64 page_size = LOG_PAGE;
	int dev = bound_device();

	CHECK_OK(feature(dev, PROBE | SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
			 NULL, 0));
	CHECK_RET(log_start(dev, twice, 0, &page_size), -EINVAL);
	CHECK_RET(log_start(dev, twice, 2, &page_size), -EINVAL);
	CHECK_RET(log_start(dev, twice, 257, &page_size), -E2BIG);
	CHECK_RET(log_start(dev, NULL, 1, &page_size), -EFAULT);
	CHECK_RET(log_start_one(dev, 0x1000, 0, LOG_PAGE), -EINVAL);
	CHECK_RET(log_start_one(dev, 0x1800, 0x1000, LOG_PAGE), -EINVAL);
	CHECK_RET(log_start_one(dev, 0x1000, 0x1800, LOG_PAGE), -EINVAL);
	CHECK_RET(log_start_one(dev, 0x1000, 0x1000, 0x1001), -EINVAL);
	CHECK_RET(log_start_one(dev, 0x1000, 0x1000, 0), -EINVAL);
	CHECK_RET(log_start_one(dev, ~0ULL - 0xfff, 0x2000, LOG_PAGE),
		  -EOVERFLOW);
	CHECK_EQ(seen(dev, 0).logging, 0);
}

/* Who is not told of it has no log running. */
static void log_unanswered(void)
{
	struct vfio_device_feature_dma_logging_range range = { 0x1000, 0x1000 };
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_dma_logging_control control;
	} *arg = mmap(NULL, PAGE_SZ, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int dev = bound_device();

	CHECK(arg != MAP_FAILED);
	arg->head.argsz = sizeof(*arg);
	arg->head.flags = SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_START;
	arg->control.page_size = LOG_PAGE;
	arg->control.num_ranges = 1;
	arg->control.ranges = (uintptr_t)&range;
	CHECK_OK(mprotect(arg, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(dev, VFIO_DEVICE_FEATURE, arg), -EFAULT);
	CHECK_EQ(seen(dev, 0).logging, 0);
	CHECK_EQ(seen(dev, 0).log_ranges, 1);
}

/* Never "clean": iova_bitmap_set() does nothing in this kernel. */
static void log_report(void)
{
	__u64 bitmap = 0;
	struct vfio_device_feature_dma_logging_report report = {
		.iova = 0x1000, .length = 0x1000, .page_size = LOG_PAGE,
		.bitmap = (uintptr_t)&bitmap,
	}, bad;
	const __u32 cmd = GET | VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT;
	int dev = bound_device();

	CHECK_OK(log_start_one(dev, 0x1000, 0x1000, LOG_PAGE));
	CHECK_RET(feature(dev, cmd, &report, sizeof(report)), -EOPNOTSUPP);
	bad = report;
	bad.page_size = 2048;
	CHECK_RET(feature(dev, cmd, &bad, sizeof(bad)), -EINVAL);
	bad.page_size = 4097;
	CHECK_RET(feature(dev, cmd, &bad, sizeof(bad)), -EINVAL);
	bad = report;
	bad.length = ~0ULL;
	CHECK_RET(feature(dev, cmd, &bad, sizeof(bad)), -EOVERFLOW);
}

int main(void)
{
	static const struct test tests[] = {
		{ "states", states, 0 },
		{ "migration_arguments", migration_arguments, 0 },
		{ "log_ranges", log_ranges, 0 },
		{ "log_refused", log_refused, 0 },
		{ "log_unanswered", log_unanswered, 0 },
		{ "log_report", log_report, 0 },
	};
	const struct test_suite suite = {
		.name = "features", .tests = tests, .count = ARRAY_SIZE(tests),
	};

	test_run(&suite, NULL);
	return test_summary();
}
