/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edu.h - QEMU's teaching device (PCI 1234:11e8) as a DMA engine
 *
 * Owns: its BAR 0. The device has a buffer of 4 KiB and copies between it and
 * memory; each copy takes 100 ms of the VM's time, by design. It reaches only
 * the first 256 MiB of IO addresses (its DMA mask has 28 bits). QEMU documents
 * it in docs/specs/edu.
 */
#ifndef SELFTESTS_VFIO_EDU_H
#define SELFTESTS_VFIO_EDU_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define EDU_BUFFER 4096U
#define EDU_DMA_LAST ((1ULL << 28) - 1)

struct edu {
	volatile __u8 *bar;
	size_t bar_size;
	int dev;	/* the VFIO device; not ours to close */
};

/* Map the registers and allow DMA. 0; -ENODEV: not an edu; or -errno. */
int edu_start(struct edu *edu, int dev);

/*
 * edu_dma - copy @len bytes between memory and the buffer, and wait for it
 * @to_memory: true: the device writes memory at @iova; false: it reads it
 * @offset: where in the buffer
 *
 * 0; -EINVAL: outside the buffer or the mask; -ETIMEDOUT.
 */
int edu_dma(struct edu *edu, bool to_memory, __u64 iova, unsigned int offset,
	    unsigned int len);

/* Forbid DMA, unmap the registers. Safe to call twice. */
void edu_stop(struct edu *edu);

#endif
