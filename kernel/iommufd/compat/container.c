// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a VFIO container with the type1 IOMMU, on a context.
 *
 * Their structures begin with argsz, what the caller has room for, rather than
 * with what it filled in: a larger one is no request for more.
 *
 * VFIO_TYPE1_IOMMU differs from VFIO_TYPE1v2_IOMMU in that a part of a mapping
 * may be unmapped. An IO page table cannot lose a part of a huge page while
 * devices use the rest, so such an IOAS has none.
 *
 * Not there, and said so: VFIO_TYPE1_NESTING_IOMMU; moving a mapping to another
 * address (VADDR); dirty pages (VFIO_IOMMU_DIRTY_PAGES is no command, no
 * migration capability is reported); mapping a device's BARs.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/vfio.h>

#include "compat/compat.h"
#include "space/space.h"

/**
 * container_read_args() - copy the fixed part of a VFIO structure
 * @args: where to; its first field is u32 argsz
 * @min_size: bytes of the fixed part
 * @arg: the caller's
 *
 * Return: 0; -EFAULT; -EINVAL if the caller's is too small.
 */
int container_read_args(void *args, size_t min_size, const void __user *arg)
{
	if (copy_from_user(args, arg, min_size))
		return -EFAULT;
	return *(u32 *)args < min_size ? -EINVAL : 0;
}

/* Can no device of the container bypass the CPU's caches? */
static long check_coherency(struct iommufd_ctx *ctx)
{
	struct ioas *ioas = compat_ioas_get(ctx);
	bool coherent;

	if (IS_ERR(ioas))
		return 0;
	coherent = ioas_enforces_coherency(ioas);
	compat_ioas_put(ioas);
	return coherent;
}

static long check_extension(struct iommufd_ctx *ctx, unsigned long extension)
{
	switch (extension) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return !ctx_no_iommu(ctx);
	case VFIO_NOIOMMU_IOMMU:
		return ctx_no_iommu(ctx);
	case VFIO_DMA_CC_IOMMU:
		return check_coherency(ctx);
	default:
		return 0;
	}
}

static int set_iommu(struct iommufd_ctx *ctx, unsigned long type)
{
	struct ioas *ioas;
	int rc = 0;

	if (ctx_no_iommu(ctx)) {
		if (!capable(CAP_SYS_RAWIO))
			return -EPERM;
		return type == VFIO_NOIOMMU_IOMMU ? 0 : -EINVAL;
	}
	if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU)
		return -EINVAL;
	ioas = compat_ioas_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (type == VFIO_TYPE1_IOMMU)
		rc = ioas_set_huge_pages(ioas, false);
	compat_ioas_put(ioas);
	return rc;
}

/* Devices with IO pages smaller than the CPU's do not make it less. */
static int check_range(u64 iova, u64 size)
{
	u64 last;

	if (!size || !PAGE_ALIGNED(iova | size))
		return -EINVAL;
	return check_add_overflow(iova, size - 1, &last) ? -EOVERFLOW : 0;
}

static int map_dma(struct iommufd_ctx *ctx, void __user *arg)
{
	const u32 access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct vfio_iommu_type1_dma_map cmd;
	struct map_args args = {};
	struct ioas *ioas;
	u64 end;
	int rc;

	rc = container_read_args(&cmd, offsetofend(typeof(cmd), size), arg);
	if (rc)
		return rc;
	if (!cmd.flags || cmd.flags & ~access || !PAGE_ALIGNED(cmd.vaddr))
		return -EINVAL;
	rc = check_range(cmd.iova, cmd.size);
	if (rc)
		return rc;
	if (check_add_overflow(cmd.vaddr, cmd.size, &end))
		return -EOVERFLOW;

	args.fixed = true;
	args.iova = cmd.iova;
	args.va = cmd.vaddr;
	args.length = cmd.size;
	if (cmd.flags & VFIO_DMA_MAP_FLAG_READ)
		args.prot |= IOMMUFD_PROT_READ;
	if (cmd.flags & VFIO_DMA_MAP_FLAG_WRITE)
		args.prot |= IOMMUFD_PROT_WRITE;
	ioas = compat_ioas_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_map_for_container(ioas, &args);
	compat_ioas_put(ioas);
	return rc;
}

/*
 * Where the IOAS allows it, mappings that reach over an end of the range are
 * cut there first. They stay cut when the unmap fails: nobody can tell.
 */
static int unmap_range(struct ioas *ioas, unsigned long first,
		       unsigned long last, u64 *unmapped)
{
	int rc = ioas_cut(ioas, first);

	if (!rc && last != ULONG_MAX)
		rc = ioas_cut(ioas, last + 1);
	return rc ?: ioas_unmap_for_container(ioas, first, last, unmapped);
}

static int unmap_dma(struct iommufd_ctx *ctx, void __user *arg)
{
	const size_t min_size =
		offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct vfio_iommu_type1_dma_unmap cmd;
	u64 unmapped = 0, last = ULONG_MAX;
	struct ioas *ioas;
	int rc;

	rc = container_read_args(&cmd, min_size, arg);
	if (rc)
		return rc;
	if (cmd.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	if (cmd.flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		if (cmd.iova || cmd.size)
			return -EINVAL;
	} else {
		rc = check_range(cmd.iova, cmd.size);
		if (rc)
			return rc;
		last = cmd.iova + cmd.size - 1;
	}
	ioas = compat_ioas_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = unmap_range(ioas, cmd.iova, last, &unmapped);
	compat_ioas_put(ioas);
	if (rc)
		return rc;
	cmd.size = unmapped;
	return copy_to_user(arg, &cmd, min_size) ? -EFAULT : 0;
}

/**
 * container_ioctl() - an ioctl of a VFIO container
 * @ctx: the context
 * @nr: its number
 * @arg: the caller's argument
 *
 * May sleep for long. A range is in bytes and aligned to PAGE_SIZE.
 *
 * Return: VFIO_CHECK_EXTENSION: 1 or 0. Else 0; -ENOTTY an unknown number;
 * -EFAULT; -EPERM a no-iommu container, without CAP_SYS_RAWIO; -EINVAL a
 * structure too small, unknown flags, no access, an empty or misaligned range,
 * a type or a range that cannot be; -EOVERFLOW a range that wraps;
 * -ENODEV no compat IOAS; see ioas_set_huge_pages(), ioas_map(), ioas_cut(),
 * ioas_unmap(), container_get_info(); what policies say.
 */
long container_ioctl(struct iommufd_ctx *ctx, unsigned int nr,
		     unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (nr) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension(ctx, arg);
	case VFIO_SET_IOMMU:
		return set_iommu(ctx, arg);
	case VFIO_IOMMU_GET_INFO:
		return container_get_info(ctx, uarg);
	case VFIO_IOMMU_MAP_DMA:
		return map_dma(ctx, uarg);
	case VFIO_IOMMU_UNMAP_DMA:
		return unmap_dma(ctx, uarg);
	default:
		return -ENOTTY;
	}
}
