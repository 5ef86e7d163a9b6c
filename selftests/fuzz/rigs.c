// SPDX-License-Identifier: GPL-2.0-only
/*
 * rigs.c - things made to fit together, which random turns rarely do: a device
 * with PASIDs, a HWPT nested on another, a virtual IOMMU with all it can have
 *
 * Each goes on for as long as steps work, and for as long as it likes; what was
 * made is the world's, for others to use and destroy meanwhile.
 */
#include <errno.h>
#include <linux/iommufd_ext.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "command.h"
#include "iommufd.h"
#include "memory.h"
#include "mock_ops.h"

#define MOCK_IOVA	0x1000000
#define RIG_LENGTH	(64UL << 10)

struct rig {
	struct turn *turn;
	int fd;
	__u64 va;
	__u32 ioas;
	__u32 stdev;
	__u32 idev;
};

/* Some end early. */
static bool go_on(struct rig *rig)
{
	return !rng_chance(&rig->turn->rng, 1, 12);
}

static void keep(struct rig *rig, enum id_kind kind, __u32 id)
{
	world_put_id(&rig->turn->rng, rig->turn->ctx, kind, id);
}

/* An IOAS in which memory is mapped, and a device with PASIDs. */
static int new_rig(struct turn *turn, struct rig *rig)
{
	struct rng *rng = &turn->rng;
	struct mock_cmd mock = { .size = sizeof(mock), .op = MOCK_DOMAIN_FLAGS };
	__u64 room, va;

	*rig = (struct rig){ .turn = turn };
	rig->fd = world_get_fd(rng, turn->ctx, FD_CTX);
	if (iommufd_ioas_alloc(rig->fd, &rig->ioas))
		return -errno;
	keep(rig, ID_IOAS, rig->ioas);
	va = memory_address(rng, &room) & ~4095ULL;
	if (!iommufd_map_fixed(rig->fd, rig->ioas, (void *)va, RIG_LENGTH,
			       MOCK_IOVA, 7)) {
		const struct mapped map = {
			.ioas = rig->ioas, .iova = MOCK_IOVA,
			.length = RIG_LENGTH, .va = va,
		};

		world_put_map(rng, turn->ctx, &map);
	}
	rig->va = va;
	mock.id = rig->ioas;
	/* MOCK_FLAGS_DEVICE_PASID, and sometimes no dirty bits */
	mock.word[3] = 1 << 2 | rng_chance(rng, 1, 8);
	if (ioctl(rig->fd, MOCK_CMD, &mock))
		return -errno;
	rig->stdev = mock.word[0];
	rig->idev = mock.word[2];
	keep(rig, ID_STDEV, rig->stdev);
	keep(rig, ID_HWPT, mock.word[1]);
	keep(rig, ID_IDEV, rig->idev);
	return 0;
}

static int new_hwpt(struct rig *rig, __u32 flags, __u32 pt, enum id_kind kind,
		    __u32 *id)
{
	int ret = iommufd_hwpt_alloc(rig->fd, rig->idev, pt, flags, id);

	if (!ret)
		keep(rig, kind, *id);
	return ret;
}

static int new_nested(struct rig *rig, __u32 pt, __u32 flags, __u32 fault,
		      __u32 *id)
{
	__u32 iotlb = 0;
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = rig->idev,
		.pt_id = pt,
		.data_type = 0xdead,
		.data_len = sizeof(iotlb),
		.data_uptr = (uintptr_t)&iotlb,
		.fault_id = fault,
	};

	if (ioctl(rig->fd, IOMMU_HWPT_ALLOC, &cmd))
		return -errno;
	*id = cmd.out_hwpt_id;
	keep(rig, ID_NESTED, *id);
	return 0;
}

static int mock_op(struct rig *rig, enum mock_op op, __u32 id, __u32 a, __u32 b)
{
	struct mock_cmd mock = {
		.size = sizeof(mock), .op = op, .id = id, .word = { a, b },
	};

	return ioctl(rig->fd, MOCK_CMD, &mock) ? -errno : 0;
}

/* A device whose PASIDs are attached here and there. */
long rig_pasids(struct turn *turn)
{
	struct rng *rng = &turn->rng;
	struct rig rig;
	__u32 hwpt[2];
	int ret = new_rig(turn, &rig), i;

	if (ret)
		return ret;
	for (i = 0; i < 2; i++) {
		ret = new_hwpt(&rig, IOMMU_HWPT_ALLOC_PASID, rig.ioas, ID_PASID,
			       &hwpt[i]);
		if (ret)
			return ret;
	}
	ret = mock_op(&rig, MOCK_REPLACE, rig.stdev, hwpt[0], 0);
	for (i = 1; !ret && i < 4 && go_on(&rig); i++)
		ret = mock_op(&rig, MOCK_PASID_ATTACH, rig.stdev, i,
			      hwpt[rng_below(rng, 2)]);
	for (i = 1; !ret && i < 4 && go_on(&rig); i++)
		ret = mock_op(&rig, MOCK_PASID_REPLACE, rig.stdev, i,
			      rng_chance(rng, 1, 2) ? hwpt[1] : rig.ioas);
	return ret;
}

/* An in-kernel user that has pinned something. */
long rig_access(struct turn *turn)
{
	struct mock_cmd mock = { .size = sizeof(mock), .op = MOCK_CREATE_ACCESS };
	struct rig rig;
	int ret = new_rig(turn, &rig), fd;

	if (ret)
		return ret;
	mock.id = rig.ioas;
	/* MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES */
	mock.word[1] = 1;
	if (ioctl(rig.fd, MOCK_CMD, &mock))
		return -errno;
	fd = mock.word[0];
	world_put_fd(&turn->rng, turn->ctx, FD_ACCESS, fd);
	mock = (struct mock_cmd){
		.size = sizeof(mock), .op = MOCK_ACCESS_PAGES, .id = fd,
	};
	mock.word[0] = rng_chance(&turn->rng, 1, 2);
	mock.wide[1] = MOCK_IOVA;
	mock.wide[2] = 1 + rng_below(&turn->rng, RIG_LENGTH);
	mock.wide[3] = rig.va;
	if (ioctl(rig.fd, MOCK_CMD, &mock))
		return -errno;
	keep(&rig, ID_PINS, mock.word[1]);
	return 0;
}

/* A device on a nested HWPT, whose faults go to a queue. */
long rig_nested(struct turn *turn)
{
	struct iommu_fault_alloc fault = { .size = sizeof(fault) };
	struct rig rig;
	__u32 parent, nested;
	int ret = new_rig(turn, &rig);

	if (ret)
		return ret;
	if (ioctl(rig.fd, IOMMU_FAULT_QUEUE_ALLOC, &fault))
		return -errno;
	keep(&rig, ID_FAULT, fault.out_fault_id);
	world_put_fd(&turn->rng, turn->ctx, FD_FAULT, fault.out_fault_fd);
	ret = new_hwpt(&rig, IOMMU_HWPT_ALLOC_NEST_PARENT, rig.ioas, ID_PARENT,
		       &parent);
	if (!ret && go_on(&rig))
		ret = new_nested(&rig, parent, IOMMU_HWPT_FAULT_ID_VALID,
				 fault.out_fault_id, &nested);
	if (!ret && go_on(&rig))
		ret = mock_op(&rig, MOCK_REPLACE, rig.stdev, nested, 0);
	/* No PASID, group 1, a read. */
	if (!ret && go_on(&rig)) {
		struct mock_cmd mock = {
			.size = sizeof(mock), .op = MOCK_TRIGGER_IOPF,
			.word = { rig.idev, 0, 1, 1 },
		};

		ret = ioctl(rig.fd, MOCK_CMD, &mock) ? -errno : 0;
	}
	return ret;
}

static int fill_viommu(struct rig *rig, __u32 viommu)
{
	struct rng *rng = &rig->turn->rng;
	struct iommu_vdevice_alloc vdev = {
		.size = sizeof(vdev), .viommu_id = viommu, .dev_id = rig->idev,
		.virt_id = rng_below(rng, 4),
	};
	struct iommu_veventq_alloc queue = {
		.size = sizeof(queue), .viommu_id = viommu,
		.type = MOCK_VEVENTQ, .veventq_depth = 1 + rng_below(rng, 3),
	};
	struct iommu_hw_queue_alloc hw = {
		.size = sizeof(hw), .viommu_id = viommu, .type = MOCK_HW_QUEUE,
		.nesting_parent_iova = MOCK_IOVA,
		.length = 1 + rng_below(rng, 4096),
	};
	__u32 nested;

	if (go_on(rig) && !ioctl(rig->fd, IOMMU_VEVENTQ_ALLOC, &queue)) {
		keep(rig, ID_VEVENTQ, queue.out_veventq_id);
		world_put_fd(rng, rig->turn->ctx, FD_VEVENTQ,
			     queue.out_veventq_fd);
	}
	for (; hw.index < 2 && go_on(rig); hw.index++)
		if (!ioctl(rig->fd, IOMMU_HW_QUEUE_ALLOC, &hw))
			keep(rig, ID_HW_QUEUE, hw.out_hw_queue_id);
	if (go_on(rig) && !ioctl(rig->fd, IOMMU_VDEVICE_ALLOC, &vdev))
		keep(rig, ID_VDEVICE, vdev.out_vdevice_id);
	if (!go_on(rig) || new_nested(rig, viommu, 0, 0, &nested))
		return 0;
	if (mock_op(rig, MOCK_REPLACE, rig->stdev, nested, 0) || !go_on(rig))
		return 0;
	return mock_op(rig, MOCK_TRIGGER_VEVENT, 0, rig->idev, 0);
}

/*
 * A virtual IOMMU, mapped while it gets all that it can have, and while
 * something happens to it.
 */
long rig_viommu(struct turn *turn)
{
	struct rng *rng = &turn->rng;
	struct mock_viommu data = { 0 };
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd),
		.type = MOCK_VIOMMU,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	size_t length;
	struct rig rig;
	void *at;
	int ret = new_rig(turn, &rig);

	if (ret)
		return ret;
	ret = new_hwpt(&rig, IOMMU_HWPT_ALLOC_NEST_PARENT, rig.ioas, ID_PARENT,
		       &cmd.hwpt_id);
	if (ret)
		return ret;
	cmd.dev_id = rig.idev;
	if (ioctl(rig.fd, IOMMU_VIOMMU_ALLOC, &cmd))
		return -errno;
	keep(&rig, ID_VIOMMU, cmd.out_viommu_id);
	length = data.mmap_length;
	if (rng_chance(rng, 1, 8))
		length = rng_below(rng, 3 * 4096);
	at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, rig.fd,
		  data.mmap_offset + (rng_chance(rng, 1, 8) ? 4096 : 0));
	ret = fill_viommu(&rig, cmd.out_viommu_id);
	if (at == MAP_FAILED)
		return ret;
	/* Never another rig: each may map one more. */
	turn_take(turn, rng_next(rng), 0, "rig_viommu");
	munmap(at, length);
	return ret;
}
