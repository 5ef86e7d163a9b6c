// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_life.c - ends: closing in any order, limits, other APIs
 *
 * Owns: life_table. device.c checks after each test that no page stayed pinned
 * and that the device is free; the tests here end in ways that make it hard.
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

void full_session(enum dma_api api)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct engine e;
	struct dma d;

	CHECK_OK(dma_open(&d, dut, api));
	CHECK_OK(engine_start(&e, dut_kind, &d));
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, TEST_IOVA + HUGE_SZ,
			       MAP_RW));
	expect_copy(&e, va, TEST_IOVA, va + PAGE_SZ, TEST_IOVA + HUGE_SZ);
	engine_stop(&e);
	dma_close(&d);
	mem_free(va, 2 * PAGE_SZ);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_EQ(proc_status_bytes("VmLck"), 0);
}

/* The device, the context, the memory: gone in each of the six orders. */
static void close_in_any_order(void)
{
	static const char order[6][3] = { "dcm", "dmc", "cdm", "cmd", "mdc",
					  "mcd" };
	size_t i, k, len = 32 * PAGE_SZ;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		char *va = get_memory(len, MEM_PLAIN);
		struct dma d;
		struct engine e = running_engine(&d);

		CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
		expect_copy(&e, va, TEST_IOVA, va, TEST_IOVA);
		/* The engine is left running: the close must cope with it. */
		for (k = 0; k < 3; k++) {
			if (order[i][k] == 'd')
				CHECK_OK(close(d.dev));
			else if (order[i][k] == 'c')
				CHECK_OK(close(d.space));
			else
				CHECK_OK(munmap(va, len));
		}
		/* The engine's BAR keeps the device file open. */
		if (e.kind == ENGINE_NVME)
			munmap((void *)e.nvme.bar, e.nvme.bar_size);
		else
			munmap((void *)e.edu.bar, e.edu.bar_size);
		CHECK_EQ(proc_status_bytes("VmPin"), 0);
		CHECK_EQ(pins_now(), pins_at_start);
	}
}

/* The device holds the context: DMA goes on without the descriptor. */
static void dma_without_the_context_fd(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);

	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, TEST_IOVA + HUGE_SZ,
			       MAP_RW));
	CHECK_OK(close(d.space));
	d.space = -1;
	expect_copy(&e, va, TEST_IOVA, va + PAGE_SZ, TEST_IOVA + HUGE_SZ);
	engine_stop(&e);
	CHECK_OK(close(d.dev));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
}

/* Both APIs, in turn, on one device: each leaves it as it found it. */
static void legacy_and_back(void)
{
	full_session(DMA_TYPE1);
	full_session(DMA_IOMMUFD);
	full_session(DMA_TYPE1);
	full_session(DMA_IOMMUFD);
}

/* Without CAP_IPC_LOCK, RLIMIT_MEMLOCK counts. */
static void obey_memlock(size_t limit)
{
	struct rlimit rlimit = { limit, limit };
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &rlimit));
	CHECK_OK(syscall(SYS_capget, &header, data));
	data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective &=
		~CAP_TO_MASK(CAP_IPC_LOCK);
	CHECK_OK(syscall(SYS_capset, &header, data));
}

static void limit_of_pinned_memory(void)
{
	size_t limit = 256 * PAGE_SZ;
	char *va = get_memory(2 * limit, MEM_PLAIN);
	struct dma d = attached_device();
	__u32 id = d.ioas;

	obey_memlock(limit);
	CHECK_RET(dma_map_fixed(&d, va, limit + PAGE_SZ, TEST_IOVA, MAP_RW),
		  -ENOMEM);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(dma_map_fixed(&d, va, limit, TEST_IOVA, MAP_RW));
	CHECK_EQ(proc_status_bytes("VmPin"), limit);
	CHECK_RET(dma_map_fixed(&d, va + limit, PAGE_SZ, TEST_IOVA + limit,
				MAP_RW), -ENOMEM);
	/* What was refused is not there: the address is free, the sum right. */
	CHECK_EQ(proc_status_bytes("VmPin"), limit);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, limit));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);

	/* Detached, a mapping pins nothing; the attach is what fails then. */
	CHECK_OK(vfio_detach(d.dev));
	CHECK_OK(dma_map_fixed(&d, va, limit, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va + limit, PAGE_SZ, TEST_IOVA + limit,
			       MAP_RW));
	CHECK_RET(vfio_attach(d.dev, &id), -ENOMEM);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(dma_unmap(&d, TEST_IOVA + limit, PAGE_SZ));
	id = d.ioas;
	CHECK_OK(vfio_attach(d.dev, &id));
	CHECK_EQ(proc_status_bytes("VmPin"), limit);
}

/* A child has the descriptors too: the last one closes. */
static void descriptors_outlive_a_fork(void)
{
	char *va = get_memory(8 * PAGE_SZ, MEM_PLAIN);
	struct dma d = attached_device();
	int status;
	pid_t pid;

	CHECK_OK(dma_map_fixed(&d, va, 8 * PAGE_SZ, TEST_IOVA, MAP_RW));
	pid = fork();
	if (!pid) {
		/* The parent's memory: it is the parent's account that shrinks. */
		_exit(dma_unmap(&d, TEST_IOVA, 8 * PAGE_SZ) ? 1 : 0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	/* The child's end closed nothing. */
	CHECK_OK(dma_map_fixed(&d, va, 8 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_EQ(proc_status_bytes("VmPin"), 8 * PAGE_SZ);
}

static const struct test tests[] = {
	{ "life.close_in_any_order", close_in_any_order, 0 },
	{ "life.dma_without_context_fd", dma_without_the_context_fd, 0 },
	{ "life.legacy_and_back", legacy_and_back, 0 },
	{ "life.limit_of_pinned_memory", limit_of_pinned_memory, 0 },
	{ "life.descriptors_outlive_fork", descriptors_outlive_a_fork, 0 },
};

const struct test_table life_table = { tests, ARRAY_SIZE(tests) };
