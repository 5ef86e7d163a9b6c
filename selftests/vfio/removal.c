// SPDX-License-Identifier: GPL-2.0-only
/*
 * removal.c - a user of an NVMe controller that is taken away under its hands
 *
 * usage: removal cdev|type1|compat busy|idle BDF
 *
 * It opens the device, maps memory, and has the device write to it: for a while,
 * or (busy) all the time. Then it talks to run-removal, a word a line:
 *
 *	says "ready"	it runs; now the device may be taken away
 *	says "asked"	the request eventfd was signalled
 *	waits for a line on standard input
 *	says "done"	everything that a user can do was tried on what is left
 *
 * and ends with 0. What is asked of a device that is gone may fail, but must
 * return; what is asked of the address space must work.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dma.h"
#include "engine.h"
#include "mem.h"
#include "pci.h"
#include "test.h"
#include "vfio.h"

#define IOVA	0x01000000ULL
#define BYTES	(2 * HUGE_SZ)
#define ASKED_MS (60000 * (int)test_slow())

static struct dma dma;
static struct engine engine;
static char *memory;
static atomic_bool stop;
static _Atomic unsigned long copies;

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

/* Until it fails: then the device is not there any more, or is told to stop. */
static void *write_on(void *arg)
{
	unsigned long i;

	for (i = 0; !atomic_load(&stop); i++) {
		if (engine_store(&engine, 0, IOVA + i * PAGE_SZ % BYTES))
			break;
		copies++;
	}
	return arg;
}

static int request_eventfd(void)
{
	struct {
		struct vfio_irq_set set;
		__s32 fd;
	} irq = {
		.set = {
			.argsz = sizeof(irq),
			.flags = VFIO_IRQ_SET_ACTION_TRIGGER |
				 VFIO_IRQ_SET_DATA_EVENTFD,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.count = 1,
		},
		.fd = eventfd(0, EFD_CLOEXEC),
	};

	CHECK(irq.fd >= 0);
	CHECK_OK(xioctl(dma.dev, VFIO_DEVICE_SET_IRQS, &irq));
	return irq.fd;
}

/* The device's side: whatever it answers, it answers. */
static void touch_device(__u32 cap, bool busy)
{
	struct vfio_device_info info;
	__u32 id;

	CHECK_OK(vfio_device_info(dma.dev, &info));
	vfio_config_read(dma.dev, PCI_VENDOR_ID, &id, sizeof(id));
	id = *(volatile __u32 *)engine.nvme.bar;
	test_note("CAP was %#x, is %#x after %lu copies", cap, id, copies);
	/* Who is taken by surprise has nothing behind his mapping any more. */
	CHECK(busy ? id == cap : id != cap);
	vfio_device_reset(dma.dev);
	vfio_bus_master(dma.dev, true);
	(void)*(volatile __u32 *)(engine.nvme.bar + 0x1c);
	*(volatile __u32 *)(engine.nvme.bar + 0x14) = 0;
}

/* The address space is the user's, whatever became of the device. */
static void use_address_space(void)
{
	char *more = mem_alloc(HUGE_SZ, MEM_SCATTERED);
	__u32 other, id;

	CHECK(more);
	CHECK_OK(dma_map_fixed(&dma, more, HUGE_SZ, IOVA + 4 * BYTES, MAP_RW));
	CHECK_OK(dma_unmap(&dma, IOVA + 4 * BYTES, HUGE_SZ));
	if (dma.api == DMA_IOMMUFD) {
		CHECK_OK(iommufd_ioas_alloc(dma.space, &other));
		id = other;
		CHECK_OK(vfio_attach(dma.dev, &id));
		CHECK_OK(vfio_detach(dma.dev));
		id = dma.ioas;
		CHECK_OK(vfio_attach(dma.dev, &id));
	}
	CHECK_OK(dma_unmap(&dma, IOVA, BYTES));
	CHECK_OK(dma_map_fixed(&dma, memory, BYTES, IOVA, MAP_RW));
	mem_free(more, HUGE_SZ);
}

static void run(const char *bdf, enum dma_api api, bool busy)
{
	struct pollfd request = { .events = POLLIN };
	pthread_t writer;
	char line[64];
	__u32 cap;

	if (dma_open(&dma, bdf, api))
		FAIL("%s failed", dma_step);
	CHECK_OK(engine_start(&engine, ENGINE_NVME, &dma));
	memory = mem_alloc(BYTES, MEM_SCATTERED);
	CHECK(memory);
	CHECK_OK(dma_map_fixed(&dma, memory, BYTES, IOVA, MAP_RW));
	cap = *(volatile __u32 *)engine.nvme.bar;
	request.fd = request_eventfd();
	CHECK(!pthread_create(&writer, NULL, write_on, NULL));
	while (copies < 10)
		usleep(1000);
	if (!busy) {
		atomic_store(&stop, true);
		CHECK(!pthread_join(writer, NULL));
	}
	CHECK_EQ(poll(&request, 1, 0), 0);
	say("ready");
	if (poll(&request, 1, ASKED_MS) != 1)
		FAIL("nobody asked for the device");
	say("asked");
	CHECK(fgets(line, sizeof(line), stdin));
	touch_device(cap, busy);
	use_address_space();
	if (busy) {
		atomic_store(&stop, true);
		CHECK(!pthread_join(writer, NULL));
	}
	engine_stop(&engine);
	dma_close(&dma);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	say("done");
}

int main(int argc, char **argv)
{
	static const char *const forms[] = {
		[DMA_IOMMUFD] = "cdev",
		[DMA_TYPE1] = "type1",
		[DMA_COMPAT] = "compat",
	};
	bool busy = argc == 4 && !strcmp(argv[2], "busy");
	size_t i;

	for (i = 0; argc == 4 && i < ARRAY_SIZE(forms); i++) {
		if (strcmp(argv[1], forms[i]))
			continue;
		if ((!busy && strcmp(argv[2], "idle")) ||
		    !pci_bdf_valid(argv[3]))
			break;
		run(argv[3], i, busy);
		return 0;
	}
	fputs("usage: removal cdev|type1|compat busy|idle BDF\n", stderr);
	return 2;
}
