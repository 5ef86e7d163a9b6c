// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers for drivers: capability chains of info ioctls, and the check of
 * VFIO_DEVICE_SET_IRQS. No state.
 *
 * A chain is built at the head of a buffer of its own, so its "next" fields
 * count from there; once its place behind the info structure is known,
 * vfio_info_cap_shift() moves them.
 */
#include "main_abi.h"
#include "vfio.h"

/**
 * vfio_info_cap_add() - append an empty capability to a chain
 * @caps: the chain; zeroed before the first call. The caller frees @caps->buf
 * @size: bytes of the capability with its header
 * @id: its id
 * @version: its version
 *
 * May sleep. The result is valid until the next call.
 *
 * Return: the capability's header, all behind it zero, or an ERR_PTR of
 * -ENOMEM; the chain is then gone.
 */
struct vfio_info_cap_header *vfio_info_cap_add(struct vfio_info_cap *caps,
					       size_t size, u16 id, u16 version)
{
	struct vfio_info_cap_header *header, *tail;
	void *buf;

	/* Whatever follows shall be aligned. */
	size = ALIGN(size, sizeof(u64));

	buf = krealloc(caps->buf, caps->size + size, GFP_KERNEL);
	if (!buf) {
		kfree(caps->buf);
		caps->buf = NULL;
		caps->size = 0;
		return ERR_PTR(-ENOMEM);
	}

	header = memset(buf + caps->size, 0, size);
	header->id = id;
	header->version = version;

	/* The first one finds itself, and its "next" of 0 ends the chain. */
	tail = buf;
	while (tail->next)
		tail = buf + tail->next;
	tail->next = caps->size;

	caps->buf = buf;
	caps->size += size;
	return header;
}
EXPORT_SYMBOL_GPL(vfio_info_cap_add);

/**
 * vfio_info_cap_shift() - make a chain count from another origin
 * @caps: the chain, at least one capability
 * @offset: bytes from the new origin to the chain; a multiple of 8
 */
void vfio_info_cap_shift(struct vfio_info_cap *caps, size_t offset)
{
	void *buf = caps->buf;
	struct vfio_info_cap_header *header = buf;
	u32 next;

	WARN_ON(!IS_ALIGNED(offset, sizeof(u64)));

	while (header->next) {
		next = header->next;
		header->next += offset;
		header = buf + next;
	}
}
EXPORT_SYMBOL(vfio_info_cap_shift);

/**
 * vfio_info_add_capability() - append a filled-in capability to a chain
 * @caps: the chain, as for vfio_info_cap_add()
 * @cap: the capability to copy
 * @size: its bytes with its header
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_info_add_capability(struct vfio_info_cap *caps,
			     struct vfio_info_cap_header *cap, size_t size)
{
	struct vfio_info_cap_header *header;

	header = vfio_info_cap_add(caps, size, cap->id, cap->version);
	if (IS_ERR(header))
		return PTR_ERR(header);

	memcpy(header + 1, cap + 1, size - sizeof(*header));
	return 0;
}
EXPORT_SYMBOL(vfio_info_add_capability);

/* Bytes of the user's data for each interrupt, negative for a bad type. */
static int vfio_irq_data_bytes(u32 flags)
{
	switch (flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		return sizeof(u8);
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return sizeof(s32);
	default:
		return -EINVAL;
	}
}

/**
 * vfio_set_irqs_validate_and_prepare() - check the head of a SET_IRQS
 * @hdr: the head, copied from the user
 * @num_irqs: interrupts that the index has
 * @max_irq_type: number of indices
 * @data_size: set to the bytes of data behind the head; NULL if the caller
 *	takes none
 *
 * Return: 0 or -EINVAL.
 */
int vfio_set_irqs_validate_and_prepare(struct vfio_irq_set *hdr, int num_irqs,
				       int max_irq_type, size_t *data_size)
{
	const size_t minsz = offsetofend(struct vfio_irq_set, count);
	const u32 known = VFIO_IRQ_SET_DATA_TYPE_MASK |
			  VFIO_IRQ_SET_ACTION_TYPE_MASK;
	size_t total;
	u32 end;
	int each;

	if (data_size)
		*data_size = 0;

	if (hdr->argsz < minsz || hdr->flags & ~known)
		return -EINVAL;
	if (max_irq_type < 0 || hdr->index >= (u32)max_irq_type)
		return -EINVAL;
	if (num_irqs < 0 || hdr->start >= (u32)num_irqs ||
	    check_add_overflow(hdr->start, hdr->count, &end) ||
	    end > (u32)num_irqs)
		return -EINVAL;

	each = vfio_irq_data_bytes(hdr->flags);
	if (each < 0)
		return each;
	if (!each)
		return 0;

	total = (size_t)hdr->count * each;
	if (!data_size || hdr->argsz - minsz < total)
		return -EINVAL;
	*data_size = total;
	return 0;
}
EXPORT_SYMBOL(vfio_set_irqs_validate_and_prepare);
