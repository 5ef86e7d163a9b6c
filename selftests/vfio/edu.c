// SPDX-License-Identifier: GPL-2.0-only
/* edu.c - QEMU's teaching device as a DMA engine; see edu.h */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "edu.h"
#include "vfio.h"

enum {
	REG_ID = 0x00,
	REG_LIVENESS = 0x04,
	REG_DMA_SOURCE = 0x80,
	REG_DMA_TARGET = 0x88,
	REG_DMA_COUNT = 0x90,
	REG_DMA_COMMAND = 0x98,
};

#define ID_MASK 0xffff
#define ID_EDU 0x00ed		/* the last two bytes of 0xRRrr00ed */
#define DMA_RUN 1u
#define DMA_TO_MEMORY 2u
#define BUFFER_ADDRESS 0x40000	/* where the device sees its own buffer */
#define POLL_MS 5
#define TIMEOUT_MS 5000

static volatile __u32 *reg32(struct edu *edu, unsigned int reg)
{
	return (volatile __u32 *)(edu->bar + reg);
}

static void write64(struct edu *edu, unsigned int reg, __u64 value)
{
	*(volatile __u64 *)(edu->bar + reg) = value;
}

static int wait_idle(struct edu *edu)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	int left;

	for (left = TIMEOUT_MS / POLL_MS; left; left--) {
		if (!(*reg32(edu, REG_DMA_COMMAND) & DMA_RUN)) {
			/* Data that has landed is read after this. */
			__sync_synchronize();
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

int edu_start(struct edu *edu, int dev)
{
	int ret;

	memset(edu, 0, sizeof(*edu));
	edu->dev = dev;
	ret = vfio_bus_master(dev, false);
	if (ret)
		return ret;
	edu->bar = vfio_bar_map(dev, 0, &edu->bar_size);
	if (!edu->bar)
		return -ENODEV;
	/* It answers the liveness register with the complement. */
	*reg32(edu, REG_LIVENESS) = 0x12345678;
	if ((*reg32(edu, REG_ID) & ID_MASK) != ID_EDU ||
	    *reg32(edu, REG_LIVENESS) != ~0x12345678u) {
		edu_stop(edu);
		return -ENODEV;
	}
	/*
	 * The device has no reset: a copy that its last user began may still
	 * run. It must end before the device may do DMA in our address space.
	 */
	ret = wait_idle(edu);
	if (!ret)
		ret = vfio_bus_master(dev, true);
	if (ret)
		edu_stop(edu);
	return ret;
}

int edu_dma(struct edu *edu, bool to_memory, __u64 iova, unsigned int offset,
	    unsigned int len)
{
	__u64 buffer = BUFFER_ADDRESS + offset;

	if (!len || offset > EDU_BUFFER || len > EDU_BUFFER - offset ||
	    iova > EDU_DMA_LAST || len - 1 > EDU_DMA_LAST - iova)
		return -EINVAL;
	write64(edu, REG_DMA_SOURCE, to_memory ? buffer : iova);
	write64(edu, REG_DMA_TARGET, to_memory ? iova : buffer);
	write64(edu, REG_DMA_COUNT, len);
	write64(edu, REG_DMA_COMMAND, DMA_RUN | (to_memory ? DMA_TO_MEMORY : 0));
	return wait_idle(edu);
}

void edu_stop(struct edu *edu)
{
	if (!edu->bar)
		return;
	vfio_bus_master(edu->dev, false);
	munmap((void *)edu->bar, edu->bar_size);
	edu->bar = NULL;
}
