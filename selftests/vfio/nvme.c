// SPDX-License-Identifier: GPL-2.0-only
/*
 * nvme.c - a small NVMe driver in a process; see nvme.h
 *
 * Written from the NVM Express base specification, revision 1.4: registers in
 * section 3.1, commands in 5 and 6, PRP entries in 4.3.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "nvme.h"
#include "test.h"
#include "vfio.h"

#define QUEUE_DEPTH 64		/* of each queue: a page of submissions */
#define COMMAND_MS (5000 * (long)test_slow()) /* longest time of a command */
#define FATAL_MS 100		/* wait so long before asking for the status */
#define PRP_ENTRIES (NVME_PAGE / sizeof(__u64))

enum {
	REG_CAP = 0x00,
	REG_CC = 0x14,
	REG_CSTS = 0x1c,
	REG_AQA = 0x24,
	REG_ASQ = 0x28,
	REG_ACQ = 0x30,
	REG_DOORBELLS = 0x1000,
};

#define CC_ENABLE (1u << 0)
#define CC_IOSQES (6u << 16)	/* submission entries of 2^6 bytes */
#define CC_IOCQES (4u << 20)	/* completion entries of 2^4 bytes */
#define CSTS_READY (1u << 0)
#define CSTS_FATAL (1u << 1)

enum {
	ADMIN_CREATE_SQ = 0x01,
	ADMIN_CREATE_CQ = 0x05,
	ADMIN_IDENTIFY = 0x06,
	IO_WRITE = 0x01,
	IO_READ = 0x02,
};

#define IDENTIFY_NAMESPACE 0
#define IDENTIFY_CONTROLLER 1
#define QUEUE_CONTIGUOUS 1
#define IO_QUEUE_ID 1
#define NSID 1

struct nvme_sqe {
	__u8 opcode;
	__u8 flags;
	__u16 cid;
	__u32 nsid;
	__u64 reserved;
	__u64 metadata;
	__u64 prp1;
	__u64 prp2;
	__u32 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};

struct nvme_cqe {
	__u32 result;
	__u32 reserved;
	__u16 sq_head;
	__u16 sq_id;
	__u16 cid;
	__u16 status;		/* bit 0: phase */
};

_Static_assert(sizeof(struct nvme_sqe) == 64, "submission entry");
_Static_assert(sizeof(struct nvme_cqe) == 16, "completion entry");
_Static_assert(QUEUE_DEPTH * sizeof(struct nvme_sqe) <= NVME_PAGE, "depth");

static __u32 reg_read(struct nvme *nvme, unsigned int reg)
{
	return *(volatile __u32 *)(nvme->bar + reg);
}

static void reg_write(struct nvme *nvme, unsigned int reg, __u32 value)
{
	*(volatile __u32 *)(nvme->bar + reg) = value;
}

/* Halves, low one first: a 64-bit access is not promised by the controller. */
static void reg_write64(struct nvme *nvme, unsigned int reg, __u64 value)
{
	reg_write(nvme, reg, value);
	reg_write(nvme, reg + 4, value >> 32);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int wait_ready(struct nvme *nvme, bool ready)
{
	long end = now_ms() + nvme->ready_ms;
	__u32 csts;

	for (;;) {
		csts = reg_read(nvme, REG_CSTS);
		if (csts == ~0u)
			return -ENODEV;
		if (!!(csts & CSTS_READY) == ready)
			return 0;
		if (ready && (csts & CSTS_FATAL))
			return -EIO;
		if (now_ms() > end)
			return -ETIMEDOUT;
		sched_yield();
	}
}

static void queue_init(struct nvme *nvme, struct nvme_queue *q, unsigned int id,
		       __u8 *mem, __u64 iova)
{
	volatile __u8 *doorbell = nvme->bar + REG_DOORBELLS +
				  2 * id * nvme->doorbell_stride;

	memset(mem, 0, 2 * NVME_PAGE);
	q->sq = (volatile struct nvme_sqe *)mem;
	q->cq = (volatile struct nvme_cqe *)(mem + NVME_PAGE);
	q->sq_iova = iova;
	q->cq_iova = iova + NVME_PAGE;
	q->sq_doorbell = (volatile __u32 *)doorbell;
	q->cq_doorbell = (volatile __u32 *)(doorbell + nvme->doorbell_stride);
	q->tail = 0;
	q->head = 0;
	q->phase = 1;
}

/* Submit one command and wait for its completion; fills nvme->status. */
static int submit(struct nvme *nvme, struct nvme_queue *q,
		  const struct nvme_sqe *sqe)
{
	volatile struct nvme_cqe *cqe = &q->cq[q->head];
	volatile struct nvme_sqe *slot = &q->sq[q->tail];
	long start = now_ms(), waited;
	__u16 cid = nvme->next_cid++;

	*(struct nvme_sqe *)slot = *sqe;
	slot->cid = cid;
	q->tail = (q->tail + 1) % QUEUE_DEPTH;
	/* The device must see the entry before it hears the doorbell. */
	__sync_synchronize();
	*q->sq_doorbell = q->tail;

	while ((cqe->status & 1) != q->phase) {
		waited = now_ms() - start;
		if (waited > COMMAND_MS)
			return -ETIMEDOUT;
		/* It may have given up, for want of a queue that it can read. */
		if (waited > FATAL_MS &&
		    (reg_read(nvme, REG_CSTS) & CSTS_FATAL))
			return -ENXIO;
		sched_yield();
	}
	/* And we must not look at the rest before the phase is seen. */
	__sync_synchronize();
	nvme->status = cqe->status >> 1;
	/* With one command at a time, another id is a broken controller. */
	if (cqe->cid != cid && !nvme->status)
		nvme->status = 0xffff;
	q->head = (q->head + 1) % QUEUE_DEPTH;
	if (!q->head)
		q->phase ^= 1;
	*q->cq_doorbell = q->head;
	/* Bits 14..: retry hints; the rest tells success or why not. */
	return nvme->status & 0x7ff ? -EIO : 0;
}

static int enable(struct nvme *nvme, __u8 *mem, __u64 iova)
{
	__u64 cap = reg_read(nvme, REG_CAP) |
		    (__u64)reg_read(nvme, REG_CAP + 4) << 32;
	int ret;

	/* All ones: nothing answers. CSS bit 37: it speaks the NVM commands. */
	if (cap == ~0ULL || !(cap >> 37 & 1))
		return -ENODEV;
	/* Pages of 4 KiB (MPSMIN 0) and queues as deep as ours. */
	if ((cap >> 48 & 0xf) || (cap & 0xffff) + 1 < QUEUE_DEPTH)
		return -ENODEV;
	nvme->doorbell_stride = 4u << (cap >> 32 & 0xf);
	nvme->ready_ms = ((cap >> 24 & 0xff) + 1) * 500;
	if (REG_DOORBELLS + 4 * nvme->doorbell_stride > nvme->bar_size)
		return -ENODEV;

	reg_write(nvme, REG_CC, reg_read(nvme, REG_CC) & ~CC_ENABLE);
	ret = wait_ready(nvme, false);
	if (ret)
		return ret;
	queue_init(nvme, &nvme->admin, 0, mem, iova);
	reg_write(nvme, REG_AQA, (QUEUE_DEPTH - 1) << 16 | (QUEUE_DEPTH - 1));
	reg_write64(nvme, REG_ASQ, nvme->admin.sq_iova);
	reg_write64(nvme, REG_ACQ, nvme->admin.cq_iova);
	reg_write(nvme, REG_CC, CC_IOCQES | CC_IOSQES | CC_ENABLE);
	return wait_ready(nvme, true);
}

int nvme_start(struct nvme *nvme, int dev, void *mem, __u64 iova)
{
	__u8 *pages = mem;
	int ret;

	memset(nvme, 0, sizeof(*nvme));
	nvme->dev = dev;
	ret = vfio_bus_master(dev, true);
	if (ret)
		return ret;
	nvme->bar = vfio_bar_map(dev, 0, &nvme->bar_size);
	if (!nvme->bar || nvme->bar_size < REG_DOORBELLS + NVME_PAGE) {
		nvme_stop(nvme);
		return -ENODEV;
	}
	ret = enable(nvme, pages, iova);
	if (ret) {
		nvme_stop(nvme);
		return ret;
	}
	queue_init(nvme, &nvme->io, IO_QUEUE_ID, pages + 2 * NVME_PAGE,
		   iova + 2 * NVME_PAGE);
	nvme->identify_page = pages + 4 * NVME_PAGE;
	nvme->identify_iova = iova + 4 * NVME_PAGE;
	nvme->prp_list = (__u64 *)(pages + 5 * NVME_PAGE);
	nvme->prp_list_iova = iova + 5 * NVME_PAGE;
	return 0;
}

static int identify(struct nvme *nvme, unsigned int what, __u32 nsid)
{
	struct nvme_sqe sqe = {
		.opcode = ADMIN_IDENTIFY,
		.nsid = nsid,
		.prp1 = nvme->identify_iova,
		.cdw10 = what,
	};

	memset((void *)nvme->identify_page, 0, NVME_PAGE);
	return submit(nvme, &nvme->admin, &sqe);
}

/* The fields are padded with blanks, and end without a zero. */
static void copy_text(char *to, const volatile __u8 *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = from[i] >= ' ' && from[i] < 0x7f ? from[i] : ' ';
	while (len && to[len - 1] == ' ')
		len--;
	to[len] = '\0';
}

static int create_io_queues(struct nvme *nvme)
{
	struct nvme_sqe cq = {
		.opcode = ADMIN_CREATE_CQ,
		.prp1 = nvme->io.cq_iova,
		.cdw10 = (QUEUE_DEPTH - 1) << 16 | IO_QUEUE_ID,
		.cdw11 = QUEUE_CONTIGUOUS,
	};
	struct nvme_sqe sq = {
		.opcode = ADMIN_CREATE_SQ,
		.prp1 = nvme->io.sq_iova,
		.cdw10 = (QUEUE_DEPTH - 1) << 16 | IO_QUEUE_ID,
		.cdw11 = IO_QUEUE_ID << 16 | QUEUE_CONTIGUOUS,
	};
	int ret = submit(nvme, &nvme->admin, &cq);

	return ret ? ret : submit(nvme, &nvme->admin, &sq);
}

int nvme_identify(struct nvme *nvme)
{
	const volatile __u8 *page = nvme->identify_page;
	unsigned int mdts, format, shift;
	int ret;

	ret = identify(nvme, IDENTIFY_CONTROLLER, 0);
	if (ret)
		return ret;
	copy_text(nvme->serial, page + 4, sizeof(nvme->serial) - 1);
	copy_text(nvme->model, page + 24, sizeof(nvme->model) - 1);
	copy_text(nvme->firmware, page + 64, sizeof(nvme->firmware) - 1);
	mdts = page[77];	/* 0: no limit */
	/* One page of PRP entries, none of them a link to a next page. */
	nvme->max_transfer = PRP_ENTRIES * NVME_PAGE;
	if (mdts && NVME_PAGE << mdts < nvme->max_transfer && mdts < 16)
		nvme->max_transfer = NVME_PAGE << mdts;

	ret = identify(nvme, IDENTIFY_NAMESPACE, NSID);
	if (ret)
		return ret;
	memcpy(&nvme->blocks, (const void *)page, sizeof(nvme->blocks));
	format = page[26] & 0xf;
	shift = page[128 + 4 * format + 2];
	if (!nvme->blocks || shift < 9 || shift > 12)
		return -EIO;
	nvme->block_size = 1u << shift;
	return create_io_queues(nvme);
}

/*
 * One command. @pages: IO addresses, or NULL for consecutive pages from @iova.
 * PRP1 is the first page; PRP2 the second one, or the list of all but the first.
 */
static int transfer(struct nvme *nvme, bool write, __u64 lba, __u64 iova,
		    const __u64 *pages, size_t len)
{
	size_t npages = (len + NVME_PAGE - 1) / NVME_PAGE;
	__u32 nblocks = len / nvme->block_size;
	struct nvme_sqe sqe = {
		.opcode = write ? IO_WRITE : IO_READ,
		.nsid = NSID,
		.prp1 = pages ? pages[0] : iova,
		.cdw10 = lba,
		.cdw11 = lba >> 32,
		.cdw12 = nblocks - 1,	/* zero-based */
	};
	size_t i;

	if (lba >= nvme->blocks || nblocks > nvme->blocks - lba)
		return -EINVAL;
	if (npages == 2) {
		sqe.prp2 = pages ? pages[1] : iova + NVME_PAGE;
	} else if (npages > 2) {
		for (i = 1; i < npages; i++)
			nvme->prp_list[i - 1] = pages ? pages[i] :
							iova + i * NVME_PAGE;
		sqe.prp2 = nvme->prp_list_iova;
	}
	return submit(nvme, &nvme->io, &sqe);
}

int nvme_rw(struct nvme *nvme, bool write, __u64 lba, __u64 iova, size_t len)
{
	int ret = 0;

	if (!nvme->block_size || !len || len % nvme->block_size ||
	    iova % NVME_PAGE || iova + len - 1 < iova)
		return -EINVAL;
	while (len && !ret) {
		size_t now = len < nvme->max_transfer ? len :
							nvme->max_transfer;

		ret = transfer(nvme, write, lba, iova, NULL, now);
		lba += now / nvme->block_size;
		iova += now;
		len -= now;
	}
	return ret;
}

int nvme_rw_pages(struct nvme *nvme, bool write, __u64 lba,
		  const __u64 *pages, size_t npages)
{
	size_t i;

	if (!nvme->block_size || !npages ||
	    npages > nvme->max_transfer / NVME_PAGE)
		return -EINVAL;
	for (i = 0; i < npages; i++)
		if (pages[i] % NVME_PAGE)
			return -EINVAL;
	return transfer(nvme, write, lba, 0, pages, npages * NVME_PAGE);
}

int nvme_stop(struct nvme *nvme)
{
	int ret = 0;

	if (!nvme->bar)
		return 0;
	if (nvme->bar_size > REG_DOORBELLS && nvme->ready_ms) {
		reg_write(nvme, REG_CC, reg_read(nvme, REG_CC) & ~CC_ENABLE);
		ret = wait_ready(nvme, false);
	}
	vfio_bus_master(nvme->dev, false);
	munmap((void *)nvme->bar, nvme->bar_size);
	nvme->bar = NULL;
	return ret;
}
