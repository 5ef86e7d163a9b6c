// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_IOMMU_GET_INFO: what can be mapped in the container, and in what units.
 *
 * The answer is a fixed part and a chain of capabilities behind it:
 *
 *	info | IOVA ranges: header, count, ranges | how many mappings: header, n
 *
 * The chain comes whole or not at all: a caller without room for it learns how
 * much it needs.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "compat/compat.h"
#include "space/space.h"

/*
 * The memory cgroup bounds how many mappings there can be, not a count. Say
 * what type1 says by default, which every client has been run with.
 */
#define MAPPINGS_REPORTED U16_MAX

/* The capabilities: one buffer. */
struct chain {
	void *buf;
	size_t size;
};

static u32 count_usable(struct ioas *ioas)
{
	unsigned long start = 0, last;
	u32 n = 0;

	while (ioas_next_usable(ioas, &start, &last)) {
		n++;
		if (last == ULONG_MAX)
			break;
		start = last + 1;
	}
	return n;
}

static void fill_ranges(struct ioas *ioas,
			struct vfio_iommu_type1_info_cap_iova_range *cap,
			u32 n)
{
	unsigned long start = 0, last;
	u32 i;

	cap->header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	cap->header.version = 1;
	cap->nr_iovas = n;
	for (i = 0; i < n; i++) {
		if (WARN_ON(!ioas_next_usable(ioas, &start, &last)))
			break;
		cap->iova_ranges[i].start = start;
		cap->iova_ranges[i].end = last;
		start = last + 1;
	}
}

static int make_chain(struct ioas *ioas, struct chain *chain)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct vfio_iommu_type1_info_dma_avail *avail;
	size_t ranges_size;
	u32 n;

	lockdep_assert_held(&ioas->iova_lock);
	n = count_usable(ioas);
	ranges_size = struct_size(ranges, iova_ranges, n);
	chain->size = size_add(ranges_size, sizeof(*avail));
	chain->buf = kvzalloc(chain->size, GFP_KERNEL_ACCOUNT);
	if (!chain->buf)
		return -ENOMEM;

	ranges = chain->buf;
	fill_ranges(ioas, ranges, n);
	/* Offsets count from the beginning of the caller's structure. */
	ranges->header.next = sizeof(struct vfio_iommu_type1_info) +
			      ranges_size;
	avail = chain->buf + ranges_size;
	avail->header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
	avail->header.version = 1;
	avail->avail = MAPPINGS_REPORTED;
	return 0;
}

/*
 * As the caller gave it, with as much as there is room for; argsz grows to
 * what a caller without room for all would have needed.
 */
static int answer(struct vfio_iommu_type1_info *info,
		  const struct chain *chain, void __user *arg)
{
	size_t room = info->argsz;
	size_t need = sizeof(*info) + chain->size;

	info->flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	if (room < need) {
		info->argsz = need;
	} else {
		info->cap_offset = sizeof(*info);
		if (copy_to_user(arg + sizeof(*info), chain->buf, chain->size))
			return -EFAULT;
	}
	if (copy_to_user(arg, info, min(room, sizeof(*info))))
		return -EFAULT;
	return 0;
}

/**
 * container_get_info() - VFIO_IOMMU_GET_INFO
 * @ctx: the context
 * @arg: the caller's structure
 *
 * May sleep.
 * Return: 0; -EINVAL the caller's structure is too small; -ENODEV no compat
 * IOAS; -EFAULT, -ENOMEM.
 */
int container_get_info(struct iommufd_ctx *ctx, void __user *arg)
{
	struct vfio_iommu_type1_info info = {};
	struct chain chain;
	struct ioas *ioas;
	int rc;

	rc = container_read_args(&info, offsetofend(typeof(info), iova_pgsizes),
				 arg);
	if (rc)
		return rc;
	ioas = compat_ioas_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	mutex_lock(&ioas->iova_lock);
	info.iova_pgsizes = ioas_page_sizes(ioas);
	rc = make_chain(ioas, &chain);
	mutex_unlock(&ioas->iova_lock);
	compat_ioas_put(ioas);
	if (rc)
		return rc;
	rc = answer(&info, &chain, arg);
	kvfree(chain.buf);
	return rc;
}
