// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a dmabuf, such as a device's BAR: not pinned, not charged, and not
 * for the CPU. Its exporter may take it back at any time, and does not wait.
 *
 * So nothing is noted in the run list. Where the memory is, and which IO page
 * tables it was written to, is known under the dmabuf's reservation lock,
 * under which it is written and cleared, too, and which the exporter holds
 * when it takes it back. Whoever fills a page table leaves here how to clear
 * it: a struct mem_fill.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/iommufd_exporter.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mem.h"

/**
 * struct dmabuf_mem - what a struct mem of a dmabuf has beside
 * @attach: to the dmabuf, whose reservation lock guards what follows
 * @fills: struct mem_fill.node
 * @phys: of the dmabuf's first byte
 * @revoked: it was taken back: nothing comes to @fills, and what is there could not
 *	be cleared
 */
struct dmabuf_mem {
	struct dma_buf_attachment *attach;
	struct list_head fills;
	phys_addr_t phys;
	bool revoked;
};

static DEFINE_MUTEX(exporters_lock);
static LIST_HEAD(exporters);

/**
 * iommufd_register_exporter() - dmabufs of a driver can be mapped
 * @exporter: stays until iommufd_unregister_exporter()
 *
 * May sleep.
 */
void iommufd_register_exporter(struct iommufd_exporter *exporter)
{
	mutex_lock(&exporters_lock);
	list_add(&exporter->node, &exporters);
	mutex_unlock(&exporters_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_register_exporter, IOMMUFD);

/**
 * iommufd_unregister_exporter() - a driver goes
 * @exporter: registered; there is no dmabuf of it any more
 *
 * May sleep.
 */
void iommufd_unregister_exporter(struct iommufd_exporter *exporter)
{
	mutex_lock(&exporters_lock);
	list_del(&exporter->node);
	mutex_unlock(&exporters_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_unregister_exporter, IOMMUFD);

/* The dmabuf, which the caller holds, keeps its exporter. */
static const struct iommufd_exporter *find_exporter(struct dma_buf *dmabuf)
{
	const struct iommufd_exporter *exporter;

	mutex_lock(&exporters_lock);
	list_for_each_entry(exporter, &exporters, node)
		if (exporter->ops == dmabuf->ops)
			goto out;
	exporter = NULL;
out:
	mutex_unlock(&exporters_lock);
	return exporter;
}

/* The exporter holds the reservation lock. */
static void revoke(struct dma_buf_attachment *attach)
{
	struct dmabuf_mem *dm = attach->importer_priv;
	struct mem_fill *fill, *next;

	dma_resv_assert_held(attach->dmabuf->resv);
	dm->revoked = true;
	list_for_each_entry_safe(fill, next, &dm->fills, node)
		fill->revoke(fill);
}

static const struct dma_buf_attach_ops attach_ops = {
	.allow_peer2peer = true,
	.move_notify = revoke,
};

/**
 * mem_lock_dmabuf() - keep a dmabuf from being taken back
 * @mem: its memory; @mem->lock may be held
 *
 * May sleep.
 */
void mem_lock_dmabuf(struct mem *mem)
{
	dma_resv_lock(mem->dmabuf->attach->dmabuf->resv, NULL);
}

/**
 * mem_unlock_dmabuf() - the reverse
 * @mem: its memory
 */
void mem_unlock_dmabuf(struct mem *mem)
{
	dma_resv_unlock(mem->dmabuf->attach->dmabuf->resv);
}

/**
 * mem_dmabuf_fills() - the page tables that a dmabuf was written to
 * @mem: its memory; locked with mem_lock_dmabuf()
 *
 * Return: list of struct mem_fill.
 */
struct list_head *mem_dmabuf_fills(struct mem *mem)
{
	dma_resv_assert_held(mem->dmabuf->attach->dmabuf->resv);
	return &mem->dmabuf->fills;
}

/**
 * mem_dmabuf_revoked() - was a dmabuf taken back?
 * @mem: its memory; locked with mem_lock_dmabuf()
 *
 * Return: true if so, and for ever.
 */
bool mem_dmabuf_revoked(struct mem *mem)
{
	dma_resv_assert_held(mem->dmabuf->attach->dmabuf->resv);
	return mem->dmabuf->revoked;
}

/**
 * mem_dmabuf_address() - where a byte of a dmabuf is
 * @mem: its memory; locked with mem_lock_dmabuf(), and not taken back
 * @offset: bytes from the start of the memory's first page
 *
 * Return: its address, until the lock is dropped.
 */
phys_addr_t mem_dmabuf_address(struct mem *mem, u64 offset)
{
	dma_resv_assert_held(mem->dmabuf->attach->dmabuf->resv);
	return mem->dmabuf->phys + mem->va + offset;
}

static void release_dmabuf(struct mem *mem)
{
	struct dmabuf_mem *dm = mem->dmabuf;
	struct dma_buf *dmabuf = dm->attach->dmabuf;

	WARN_ON(!list_empty(&dm->fills));
	dma_buf_detach(dmabuf, dm->attach);
	dma_buf_put(dmabuf);
	kfree(dm);
}

static const struct mem_source dmabuf_source = {
	.kind = IOMMUFD_SOURCE_DMABUF,
	.release = release_dmabuf,
};

static int attach_dmabuf(struct dmabuf_mem *dm, struct dma_buf *dmabuf,
			 const struct iommufd_exporter *exporter,
			 struct device *importer)
{
	int rc;

	dm->attach = dma_buf_dynamic_attach(dmabuf, importer, &attach_ops, dm);
	if (IS_ERR(dm->attach))
		return PTR_ERR(dm->attach);
	dma_resv_lock(dmabuf->resv, NULL);
	rc = exporter->address(dm->attach, &dm->phys);
	/* From here on a revoke counts; one before is in the address. */
	if (!rc)
		dm->revoked = false;
	dma_resv_unlock(dmabuf->resv);
	if (!rc && !PAGE_ALIGNED(dm->phys))
		rc = -EINVAL;
	if (rc)
		dma_buf_detach(dmabuf, dm->attach);
	return rc;
}

/**
 * mem_create_dmabuf() - memory of a dmabuf
 * @ctx: the context that maps it
 * @dmabuf: the dmabuf; takes a reference
 * @importer: a device, for the exporter to know us by
 * @start: offset of the first byte
 * @length: bytes, not 0; @start + @length does not wrap
 * @writable: devices may write to it
 *
 * Nobody is charged. May sleep.
 * Return: the memory with one reference, or an ERR_PTR: -EINVAL the dmabuf
 * ends before; -EOPNOTSUPP its exporter does not say where it is; -ENODEV it
 * has been taken back; -ENOMEM, or what the exporter says.
 */
struct mem *mem_create_dmabuf(struct iommufd_ctx *ctx, struct dma_buf *dmabuf,
			      struct device *importer, unsigned long start,
			      unsigned long length, bool writable)
{
	const struct iommufd_exporter *exporter;
	struct dmabuf_mem *dm;
	struct mem *mem;
	int rc;

	if (start + length > dmabuf->size)
		return ERR_PTR(-EINVAL);
	exporter = find_exporter(dmabuf);
	if (!exporter)
		return ERR_PTR(-EOPNOTSUPP);
	dm = kzalloc(sizeof(*dm), GFP_KERNEL_ACCOUNT);
	if (!dm)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&dm->fills);
	dm->revoked = true;
	rc = attach_dmabuf(dm, dmabuf, exporter, importer);
	if (rc)
		goto err_free;
	mem = mem_create(ctx, &dmabuf_source, start, length, writable);
	if (IS_ERR(mem)) {
		dma_buf_detach(dmabuf, dm->attach);
		rc = PTR_ERR(mem);
		goto err_free;
	}
	get_dma_buf(dmabuf);
	mem->dmabuf = dm;
	return mem;

err_free:
	kfree(dm);
	return ERR_PTR(rc);
}
