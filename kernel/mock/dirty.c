// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that write: they do nothing, but pages become dirty.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "mock.h"
#include "space/hwpt.h"

/* Of the caller's bitmap, this much is looked at together: bytes. */
#define STEP 512

/* The pages whose bits are set are written to. How many could be? */
static int write_pages(struct mock_pt *pt, unsigned long iova, u64 page_size,
		       const u8 *bits, unsigned long nbits)
{
	int count = 0;
	unsigned long i;

	for (i = 0; i < nbits; i++)
		if (bits[i / 8] & BIT(i % 8) &&
		    mock_pt_write(pt, iova + i * page_size))
			count++;
	return count;
}

static int write_range(struct mock_pt *pt, struct iommu_test_cmd *cmd)
{
	const u8 __user *uptr = u64_to_user_ptr(cmd->dirty.uptr);
	u64 todo = cmd->dirty.length / cmd->dirty.page_size;
	unsigned long iova = cmd->dirty.iova;
	u8 bits[STEP];

	cmd->dirty.out_nr_dirty = 0;
	while (todo) {
		unsigned long n = min_t(u64, todo, STEP * 8);

		if (copy_from_user(bits, uptr, DIV_ROUND_UP(n, 8)))
			return -EFAULT;
		cmd->dirty.out_nr_dirty +=
			write_pages(pt, iova, cmd->dirty.page_size, bits, n);
		iova += n * cmd->dirty.page_size;
		uptr += STEP;
		todo -= n;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * tcmd_dirty() - DIRTY
 * @tcmd: the ioctl
 *
 * Return: 0; -EINVAL a misaligned range, or the HWPT tracks nothing; -EOVERFLOW
 * a range that wraps; -ENOENT no such HWPT; -EFAULT; -EINTR.
 */
int tcmd_dirty(struct tcmd *tcmd)
{
	struct iommu_test_cmd *cmd = &tcmd->cmd;
	u64 page_size = cmd->dirty.page_size;
	struct iommu_domain *domain;
	struct object *obj;
	struct mock_pt *pt;
	u64 last;
	int rc = -EINVAL;

	if (!page_size || !cmd->dirty.length || cmd->dirty.iova % page_size ||
	    cmd->dirty.length % page_size)
		return -EINVAL;
	if (check_add_overflow(cmd->dirty.iova, cmd->dirty.length - 1, &last))
		return -EOVERFLOW;
	obj = core->object_get(tcmd->ctx, cmd->id, OBJECT_HWPT);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	domain = container_of(obj, struct hwpt, obj)->domain;
	pt = mock_domain_pt(domain);
	if (pt && mock_domain_tracks(domain))
		rc = write_range(pt, cmd);
	core->object_put(tcmd->ctx, obj);
	return rc ?: tcmd_respond(tcmd);
}
