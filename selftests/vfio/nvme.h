/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nvme.h - a small NVMe driver in a process
 *
 * Owns: the controller's registers and queues: one admin queue and one IO
 * queue, one command at a time, completions polled, no interrupts. It knows
 * nothing of IOMMUs: its user opens the device, maps memory for DMA and hands
 * over IO addresses, so the same code runs over /dev/iommu and over a legacy
 * container. For little-endian machines, as the structures in memory are.
 */
#ifndef SELFTESTS_VFIO_NVME_H
#define SELFTESTS_VFIO_NVME_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define NVME_PAGE 4096UL

/*
 * What the driver needs of mapped memory: two queue pairs, the page that
 * identify fills and the page of the PRP list, one page each. The device
 * writes to it.
 */
#define NVME_MEM_SIZE (6 * NVME_PAGE)

struct nvme_queue {
	volatile struct nvme_sqe *sq;
	volatile struct nvme_cqe *cq;
	volatile __u32 *sq_doorbell, *cq_doorbell;
	__u64 sq_iova, cq_iova;
	unsigned int tail, head;
	unsigned int phase;	/* what a new completion carries: 1, then 0 */
};

struct nvme {
	volatile __u8 *bar;
	size_t bar_size;
	int dev;		/* the VFIO device; not ours to close */
	unsigned int doorbell_stride;	/* bytes */
	unsigned int ready_ms;	/* longest time to become ready, from CAP.TO */
	struct nvme_queue admin, io;
	volatile __u8 *identify_page;
	__u64 identify_iova;
	__u64 *prp_list;
	__u64 prp_list_iova;
	__u16 next_cid;
	__u16 status;		/* of the last command: 0, or its SC and SCT */

	/* valid after nvme_identify() */
	char serial[21], model[41], firmware[9];
	unsigned int block_size;	/* bytes */
	__u64 blocks;			/* of namespace 1 */
	size_t max_transfer;		/* bytes in one command */
};

/*
 * nvme_start - reset the controller and bring up its admin queue
 * @dev: descriptor of the VFIO device, access granted
 * @mem: NVME_MEM_SIZE bytes, page aligned
 * @iova: where the device sees @mem, for reading and writing
 *
 * Lets the device do DMA. Returns 0; -ENODEV: no mappable BAR 0, or no NVMe
 * controller behind it; -ETIMEDOUT: it did not get ready; or -errno of VFIO.
 * After any failure there is nothing to undo.
 */
int nvme_start(struct nvme *nvme, int dev, void *mem, __u64 iova);

/*
 * nvme_identify - read who the controller is and how large namespace 1 is,
 * then create the IO queue pair
 *
 * Returns 0; -EIO: the controller refused a command (nvme->status says why) or
 * answered nonsense; -ETIMEDOUT, -ENXIO: see nvme_rw().
 */
int nvme_identify(struct nvme *nvme);

/*
 * nvme_rw - move blocks between the namespace and one stretch of IO addresses
 * @write: true: to the namespace (the device reads memory)
 * @lba: first block
 * @iova: page aligned; the device needs it mapped for the whole length
 * @len: bytes, a multiple of the block size, any number of commands long
 *
 * Returns 0, -EINVAL for a range or alignment that cannot be, -EIO when the
 * controller reports an error, -ETIMEDOUT when it reports nothing, -ENXIO when it
 * has failed as a whole. After these two only nvme_stop() makes sense.
 */
int nvme_rw(struct nvme *nvme, bool write, __u64 lba, __u64 iova, size_t len);

/*
 * nvme_rw_pages - one command on pages at unrelated IO addresses
 * @pages: @npages page aligned IO addresses; at most max_transfer in all
 *
 * Moves @npages whole pages, starting at block @lba. Returns as nvme_rw().
 */
int nvme_rw_pages(struct nvme *nvme, bool write, __u64 lba,
		  const __u64 *pages, size_t npages);

/*
 * nvme_stop - disable the controller, forbid it DMA, unmap its registers
 *
 * Returns 0, or -ETIMEDOUT when the controller did not stop; DMA is forbidden
 * all the same. Safe to call twice.
 */
int nvme_stop(struct nvme *nvme);

#endif
