/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.h - a device as something that copies pages: memory to its store, its
 * store to memory
 *
 * Owns: the driver of the device (NVMe or edu) and the memory that the driver
 * itself needs. The tests of DMA are written against this, once for all kinds
 * of devices.
 */
#ifndef SELFTESTS_VFIO_ENGINE_H
#define SELFTESTS_VFIO_ENGINE_H

#include <linux/types.h>

#include "dma.h"
#include "edu.h"
#include "nvme.h"

enum engine_kind {
	ENGINE_NONE,
	ENGINE_NVME,	/* the store: blocks of namespace 1. Overwrites them */
	ENGINE_EDU,	/* the store: its one page of buffer */
};

/*
 * The tests map where every device reaches: below 256 MiB (edu). The engine's
 * own memory is at ENGINE_IOVA, so theirs must stay below that.
 */
#define ENGINE_IOVA 0x0f000000ULL

struct engine {
	enum engine_kind kind;
	struct dma *dma;
	struct nvme nvme;
	struct edu edu;
	void *mem;		/* NVMe's queues */
	unsigned int slots;	/* pages that the store holds */
	__u64 iova_last;	/* the last IO address that the device reaches */
	bool slow;		/* 100 ms for each page: test a few pages */
};

/* What @bdf is, by its identity in sysfs. */
enum engine_kind engine_kind_of(const char *bdf);
const char *engine_kind_name(enum engine_kind kind);

/*
 * engine_start - take an attached device and make it ready to copy
 * @dma: the open session; its descriptors stay the caller's
 *
 * Maps the engine's own memory at ENGINE_IOVA. 0 or -errno, nothing left then.
 */
int engine_start(struct engine *e, enum engine_kind kind, struct dma *dma);

/* Make the device start anew; for after it was left without its memory. */
int engine_restart(struct engine *e);

/*
 * engine_load, engine_store - copy one page between @iova and @slot
 *
 * load: the device reads memory; store: it writes memory. 0: the device says
 * that it is done, which a blocked one may say too; -EIO: it says that it
 * failed; -ETIMEDOUT: it says nothing; -ENXIO: it is out of order.
 */
int engine_load(struct engine *e, unsigned int slot, __u64 iova);
int engine_store(struct engine *e, unsigned int slot, __u64 iova);

/* Stop the device. Unmaps the engine's memory where that is still possible. */
void engine_stop(struct engine *e);

#endif
