// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mock exporter: dmabufs of ordinary memory that are taken back when a test
 * says so, and given again.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/iommufd_exporter.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "mock.h"

#define MAX_BYTES SZ_4M

/**
 * struct mock_dmabuf - the memory of a dmabuf
 * @data: it
 * @bytes: whole pages
 * @revoked: nobody may have it now; under the reservation lock
 */
struct mock_dmabuf {
	void *data;
	size_t bytes;
	bool revoked;
};

/* Who wants DMA addresses rather than physical ones gets none. */
static struct sg_table *mock_map(struct dma_buf_attachment *attach,
				 enum dma_data_direction dir)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void mock_unmap(struct dma_buf_attachment *attach,
		       struct sg_table *table, enum dma_data_direction dir)
{
}

static int mock_pin(struct dma_buf_attachment *attach)
{
	return -EOPNOTSUPP;
}

static void mock_unpin(struct dma_buf_attachment *attach)
{
}

/* So that a test can say which pages they are. */
static int mock_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct mock_dmabuf *mock = dmabuf->priv;
	unsigned long at;
	int rc = 0;

	/* The core has checked the size. */
	for (at = vma->vm_start; !rc && at < vma->vm_end; at += PAGE_SIZE) {
		unsigned long offset = at - vma->vm_start +
				       (vma->vm_pgoff << PAGE_SHIFT);

		rc = vm_insert_page(vma, at,
				    virt_to_page(mock->data + offset));
	}
	return rc;
}

static void mock_release(struct dma_buf *dmabuf)
{
	struct mock_dmabuf *mock = dmabuf->priv;

	free_pages_exact(mock->data, mock->bytes);
	kfree(mock);
}

static const struct dma_buf_ops mock_dmabuf_ops = {
	.map_dma_buf = mock_map,
	.unmap_dma_buf = mock_unmap,
	.pin = mock_pin,
	.unpin = mock_unpin,
	.mmap = mock_mmap,
	.release = mock_release,
};

static int mock_address(struct dma_buf_attachment *attach, phys_addr_t *phys)
{
	struct mock_dmabuf *mock = attach->dmabuf->priv;

	dma_resv_assert_held(attach->dmabuf->resv);
	if (mock->revoked)
		return -ENODEV;
	*phys = virt_to_phys(mock->data);
	return 0;
}

static struct iommufd_exporter mock_exporter = {
	.ops = &mock_dmabuf_ops,
	.address = mock_address,
};

/** mock_dmabuf_init() - dmabufs can be mapped */
void mock_dmabuf_init(void)
{
	iommufd_register_exporter(&mock_exporter);
}

/** mock_dmabuf_exit() - there are none any more */
void mock_dmabuf_exit(void)
{
	iommufd_unregister_exporter(&mock_exporter);
}

/**
 * tcmd_dmabuf_get() - DMABUF_GET
 * @tcmd: the ioctl
 *
 * Return: a descriptor; -EINVAL no length or too much, or bad flags; -ENOMEM.
 */
int tcmd_dmabuf_get(struct tcmd *tcmd)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	u64 length = tcmd->cmd.dmabuf_get.length;
	u32 flags = tcmd->cmd.dmabuf_get.open_flags;
	struct mock_dmabuf *mock;
	struct dma_buf *dmabuf;
	int rc = -ENOMEM;

	if (!length || length > MAX_BYTES || flags & ~(O_CLOEXEC | O_ACCMODE))
		return -EINVAL;
	mock = kzalloc(sizeof(*mock), GFP_KERNEL_ACCOUNT);
	if (!mock)
		return -ENOMEM;
	mock->bytes = PAGE_ALIGN(length);
	mock->data = alloc_pages_exact(mock->bytes,
				       GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!mock->data)
		goto err_free;
	info.ops = &mock_dmabuf_ops;
	info.size = mock->bytes;
	info.flags = flags;
	info.priv = mock;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		rc = PTR_ERR(dmabuf);
		goto err_pages;
	}
	rc = dma_buf_fd(dmabuf, flags);
	if (rc < 0)
		dma_buf_put(dmabuf);
	return rc;

err_pages:
	free_pages_exact(mock->data, mock->bytes);
err_free:
	kfree(mock);
	return rc;
}

/**
 * tcmd_dmabuf_revoke() - DMABUF_REVOKE
 * @tcmd: the ioctl
 *
 * Take a dmabuf back, or give it again to those who ask from now on.
 * Return: 0; -EBADF, or -EINVAL not one of ours.
 */
int tcmd_dmabuf_revoke(struct tcmd *tcmd)
{
	struct dma_buf *dmabuf;
	struct mock_dmabuf *mock;

	dmabuf = dma_buf_get(tcmd->cmd.dmabuf_revoke.dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (dmabuf->ops != &mock_dmabuf_ops) {
		dma_buf_put(dmabuf);
		return -EINVAL;
	}
	mock = dmabuf->priv;
	dma_resv_lock(dmabuf->resv, NULL);
	mock->revoked = tcmd->cmd.dmabuf_revoke.revoked;
	if (mock->revoked)
		dma_buf_move_notify(dmabuf);
	dma_resv_unlock(dmabuf->resv);
	dma_buf_put(dmabuf);
	return 0;
}
