/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a driver offers so that its dmabufs can be mapped with
 * IOMMU_IOAS_MAP_FILE: where they are, as the CPU's physical addresses.
 *
 * Linux 6.12 has no interface for that. A scatterlist of DMA addresses, which
 * is what an importer gets otherwise, is made for one device and one IO page
 * table; an IOAS fills many page tables, of its own.
 */
#ifndef LINUX_IOMMUFD_EXPORTER_H
#define LINUX_IOMMUFD_EXPORTER_H

#include <linux/list.h>
#include <linux/types.h>

struct dma_buf_attachment;
struct dma_buf_ops;

/**
 * struct iommufd_exporter - an exporter of dmabufs that can be mapped
 * @ops: its dmabufs are those with these operations; pin is among them, that
 *	is, it calls dma_buf_move_notify() before the memory goes away or moves
 * @address: where the dmabuf's first byte is; the others follow it. Called
 *	with the dmabuf's reservation lock; holds until the next
 *	dma_buf_move_notify(), which revokes it for good: memory that is back is
 *	for those who map it anew. Return: 0, or -ENODEV while there is none.
 * @node: iommufd's
 */
struct iommufd_exporter {
	const struct dma_buf_ops *ops;
	int (*address)(struct dma_buf_attachment *attach, phys_addr_t *phys);
	struct list_head node;
};

void iommufd_register_exporter(struct iommufd_exporter *exporter);
void iommufd_unregister_exporter(struct iommufd_exporter *exporter);

#endif
