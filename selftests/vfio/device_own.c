// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_own.c - a device has one owner, and comes to the next one at rest
 *
 * Owns: own_table: group and cdev exclude each other while many want the device
 * at once; the DMA of a user who was killed has stopped before anybody else can
 * open the device.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/pci_regs.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

static void sleep_ms(unsigned int ms)
{
	const struct timespec pause = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};

	nanosleep(&pause, NULL);
}

/* Shared by the processes of a test. */
static void *shared_memory(size_t len)
{
	void *va = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(va != MAP_FAILED);
	return va;
}

/* ---- many want it ---- */

/* At least so long, and until each has won; but not for ever. */
#define CONTEND_S 5
#define CONTEND_MAX_S 45

struct contest {
	_Atomic int owners;
	_Atomic int most;
	_Atomic unsigned long won[3];	/* by API */
	_Atomic unsigned long lost[3];
	_Atomic int bad;		/* an errno that is none of those */
	_Atomic bool stop;
};

/* What one may be told when another has the device, by dma_open()'s step. */
static bool is_refusal(enum dma_api api, int ret)
{
	/* BIND: the group is open; another file; its close is not through. */
	if (api == DMA_IOMMUFD)
		return ret == -EBUSY || ret == -EINVAL;
	/* The open of the group. */
	return ret == -EBUSY;
}

static void __attribute__((noreturn))
contend(struct contest *c, enum dma_api api)
{
	struct dma d;
	int ret, now;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!c->stop) {
		ret = dma_open(&d, dut, api);
		if (ret) {
			if (!is_refusal(api, ret))
				c->bad = ret;
			c->lost[api]++;
			continue;
		}
		now = ++c->owners;
		if (now > c->most)
			c->most = now;
		c->won[api]++;
		if (c->won[api] % 4 == 0)
			sleep_ms(1);
		c->owners--;
		dma_close(&d);
		/* A reset takes long, and the next is there at once: be fair. */
		sleep_ms(c->won[api] * 10 % 70);
	}
	_exit(0);
}

static bool all_won(const struct contest *c)
{
	return c->won[DMA_IOMMUFD] && c->won[DMA_TYPE1] && c->won[DMA_COMPAT];
}

static void contention(void)
{
	static const enum dma_api apis[] = {
		DMA_IOMMUFD, DMA_TYPE1, DMA_COMPAT, DMA_IOMMUFD,
	};
	struct contest *c = shared_memory(sizeof(*c));
	pid_t pid[ARRAY_SIZE(apis)];
	int status;
	unsigned int s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(apis); i++) {
		pid[i] = fork();
		if (!pid[i])
			contend(c, apis[i]);
	}
	for (s = 0; s < CONTEND_MAX_S && (s < CONTEND_S || !all_won(c)); s++)
		sleep_ms(1000 * test_slow());
	c->stop = true;
	for (i = 0; i < ARRAY_SIZE(apis); i++) {
		CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
		CHECK_EQ(status, 0);
	}
	test_note("won: cdev %lu, type1 %lu, compat %lu; lost: %lu, %lu, %lu",
		  c->won[DMA_IOMMUFD], c->won[DMA_TYPE1], c->won[DMA_COMPAT],
		  c->lost[DMA_IOMMUFD], c->lost[DMA_TYPE1],
		  c->lost[DMA_COMPAT]);
	CHECK_RET(c->bad, 0);
	CHECK_EQ(c->most, 1);
	for (i = 0; i < ARRAY_SIZE(apis); i++)
		CHECK(c->won[apis[i]] && c->lost[apis[i]]);
}

/* ---- the DMA of a user who was killed ---- */

#define REGION_PAGES 16
#define REGION_SZ (REGION_PAGES * PAGE_SZ)
#define SETTLE_MS 400	/* edu takes 100 ms for a copy */

/* The device goes on writing to all pages of the region. */
static void write_forever(char *region, enum dma_api api, int ready)
{
	struct engine e;
	struct dma d;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CHECK_OK(dma_open(&d, dut, api));
	CHECK_OK(engine_start(&e, dut_kind, &d));
	CHECK_OK(dma_map_fixed(&d, region, REGION_SZ, TEST_IOVA, MAP_RW));
	memset(region, 0xdb, REGION_SZ);
	CHECK_OK(engine_load(&e, 0, TEST_IOVA));
	for (i = 0;; i++) {
		CHECK_OK(engine_store(&e, 0, TEST_IOVA +
				      i % REGION_PAGES * PAGE_SZ));
		if (i == 1 && write(ready, "", 1) != 1)
			_exit(1);
	}
}

/* Does the kernel know how to reset the device alone? */
static bool has_reset(void)
{
	char path[128], methods[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset_method",
		 dut);
	f = fopen(path, "r");
	if (f) {
		if (!fgets(methods, sizeof(methods), f))
			methods[0] = '\0';
		fclose(f);
	}
	return methods[0] && methods[0] != '\n';
}

/* What the next user finds, before he has done anything to it. */
static void check_at_rest(int dev)
{
	volatile __u32 *bar;
	__u16 command;
	size_t size;

	CHECK_OK(vfio_config_read(dev, PCI_COMMAND, &command, sizeof(command)));
	CHECK_EQ(command & PCI_COMMAND_MASTER, 0);
	if (dut_kind != ENGINE_NVME || !has_reset())
		return;
	CHECK_OK(vfio_bus_master(dev, false));
	bar = vfio_bar_map(dev, 0, &size);
	CHECK(bar);
	CHECK_EQ(bar[0x14 / 4] & 1, 0);	/* CC.EN */
	CHECK_EQ(bar[0x1c / 4] & 1, 0);	/* CSTS.RDY */
	munmap((void *)bar, size);
}

static void check_mark(const char *region, int mark)
{
	size_t i;

	for (i = 0; i < REGION_SZ; i++)
		if (region[i] != (char)mark)
			FAIL("byte %zu was written by the last user's DMA", i);
}

static void killed_while_it_writes(enum dma_api api, unsigned int ms)
{
	char *region = shared_memory(REGION_SZ), c;
	int ready[2], status;
	struct dma d;
	pid_t pid;

	CHECK_OK(pipe(ready));
	pid = fork();
	if (!pid) {
		close(ready[0]);
		write_forever(region, api, ready[1]);
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &c, 1), 1);
	close(ready[0]);
	sleep_ms(ms);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));

	/* The same memory at the same address: what still ran would hit it. */
	memset(region, 0x5a, REGION_SZ);
	CHECK_OK(dma_open(&d, dut, DMA_IOMMUFD));
	check_at_rest(d.dev);
	CHECK_OK(dma_map_fixed(&d, region, REGION_SZ, TEST_IOVA, MAP_RW));
	sleep_ms(SETTLE_MS);
	check_mark(region, 0x5a);
	CHECK_OK(vfio_bus_master(d.dev, true));
	sleep_ms(SETTLE_MS);
	check_mark(region, 0x5a);
	dma_close(&d);
	munmap(region, REGION_SZ);
}

static void dma_stops_with_its_user(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		killed_while_it_writes(DMA_IOMMUFD, 17 * i);
		killed_while_it_writes(DMA_COMPAT, 23 * i);
	}
}

static const struct test tests[] = {
	{ "own.contention", contention, 90 },
	{ "own.dma_stops_with_its_user", dma_stops_with_its_user, 0 },
};

const struct test_table own_table = { tests, ARRAY_SIZE(tests) };
