// SPDX-License-Identifier: GPL-2.0-only
/* engine.c - a device as something that copies pages; see engine.h */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "engine.h"
#include "mem.h"
#include "pci.h"

#define CLASS_NVME 0x010802
#define NVME_SLOTS 1024

enum engine_kind engine_kind_of(const char *bdf)
{
	__u16 vendor, device;
	__u32 class;

	if (pci_identity(bdf, &vendor, &device, &class))
		return ENGINE_NONE;
	if (class == CLASS_NVME)
		return ENGINE_NVME;
	if (vendor == EDU_VENDOR && device == EDU_DEVICE)
		return ENGINE_EDU;
	return ENGINE_NONE;
}

const char *engine_kind_name(enum engine_kind kind)
{
	switch (kind) {
	case ENGINE_NVME:
		return "nvme";
	case ENGINE_EDU:
		return "edu";
	default:
		return "none";
	}
}

static int start_nvme(struct engine *e)
{
	__u64 pages;
	int ret;

	ret = nvme_start(&e->nvme, e->dma->dev, e->mem, ENGINE_IOVA);
	if (ret)
		return ret;
	ret = nvme_identify(&e->nvme);
	pages = e->nvme.blocks * e->nvme.block_size / PAGE_SZ;
	if (!ret && !pages)
		ret = -ENOSPC;
	if (ret)
		nvme_stop(&e->nvme);
	else
		e->slots = pages < NVME_SLOTS ? pages : NVME_SLOTS;
	return ret;
}

int engine_start(struct engine *e, enum engine_kind kind, struct dma *dma)
{
	int ret;

	*e = (struct engine){ .kind = kind, .dma = dma };
	switch (kind) {
	case ENGINE_EDU:
		e->slots = 1;
		e->slow = true;
		e->iova_last = EDU_DMA_LAST;
		return edu_start(&e->edu, dma->dev);
	case ENGINE_NVME:
		e->iova_last = ~0ULL;
		break;
	default:
		return -ENODEV;
	}

	e->mem = mem_alloc(NVME_MEM_SIZE, MEM_PLAIN);
	if (!e->mem)
		return -ENOMEM;
	ret = dma_map_fixed(dma, e->mem, NVME_MEM_SIZE, ENGINE_IOVA, MAP_RW);
	if (!ret) {
		ret = start_nvme(e);
		if (ret)
			dma_unmap(dma, ENGINE_IOVA, NVME_MEM_SIZE);
	}
	if (ret) {
		mem_free(e->mem, NVME_MEM_SIZE);
		e->mem = NULL;
	}
	return ret;
}

int engine_restart(struct engine *e)
{
	switch (e->kind) {
	case ENGINE_EDU:
		edu_stop(&e->edu);
		return edu_start(&e->edu, e->dma->dev);
	case ENGINE_NVME:
		nvme_stop(&e->nvme);
		return start_nvme(e);
	default:
		return -ENODEV;
	}
}

static int copy_page(struct engine *e, bool to_memory, unsigned int slot,
		     __u64 iova)
{
	if (slot >= e->slots || iova > e->iova_last)
		return -EINVAL;
	if (e->kind == ENGINE_EDU)
		return edu_dma(&e->edu, to_memory, iova, 0, EDU_BUFFER);
	return nvme_rw(&e->nvme, !to_memory,
		       (__u64)slot * (PAGE_SZ / e->nvme.block_size), iova,
		       PAGE_SZ);
}

int engine_load(struct engine *e, unsigned int slot, __u64 iova)
{
	return copy_page(e, false, slot, iova);
}

int engine_store(struct engine *e, unsigned int slot, __u64 iova)
{
	return copy_page(e, true, slot, iova);
}

void engine_stop(struct engine *e)
{
	if (e->kind == ENGINE_EDU)
		edu_stop(&e->edu);
	if (e->kind == ENGINE_NVME)
		nvme_stop(&e->nvme);
	if (e->mem) {
		dma_unmap(e->dma, ENGINE_IOVA, NVME_MEM_SIZE);
		mem_free(e->mem, NVME_MEM_SIZE);
		e->mem = NULL;
	}
	e->kind = ENGINE_NONE;
}
