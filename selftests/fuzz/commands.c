// SPDX-License-Identifier: GPL-2.0-only
/*
 * commands.c - the table of ioctls: a row for each, an entry for each field
 */
#include <fcntl.h>
#include <linux/vfio.h>

#include "command.h"
#include "iommufd.h"
#include "mock_ops.h"

#define F(_type, _member, _gen, _arg)					\
	{ .name = #_member, .offset = offsetof(_type, _member),		\
	  .size = sizeof(((_type *)0)->_member), .gen = _gen, .arg = _arg }
#define E(_type, _member, ...)						\
	{ .name = #_member, .offset = offsetof(_type, _member),		\
	  .size = sizeof(((_type *)0)->_member), .gen = GEN_ENUM,	\
	  .list = { (const __u32[]){ __VA_ARGS__ },			\
		    ARRAY_SIZE(((const __u32[]){ __VA_ARGS__ })) } }
#define FIELDS(...) ((const struct field[]){ __VA_ARGS__, { .gen = GEN_END } })

/* A command of /dev/iommu. */
#define C(_weight, _name, _type, ...)					\
	{ .name = #_name, .weight = _weight, .nr = IOMMU_##_name,	\
	  .fd = FD_CTX, .size = sizeof(struct _type),			\
	  .fields = FIELDS(__VA_ARGS__) }

/* A number that means nothing. */
#define X(_weight, _nr)							\
	{ .name = "unknown", .weight = _weight, .nr = _nr, .fd = FD_CTX,	\
	  .size = 16, .fields =						\
	  FIELDS(F(struct iommu_ioas_alloc, flags, GEN_RANDOM, 0)) }

/* One of the mock, and of its words. */
#define W(_i, _gen, _arg)						\
	{ .name = "word" #_i, .gen = _gen, .arg = _arg, .size = 4,	\
	  .offset = offsetof(struct mock_cmd, word[_i]) }
#define W_E(_i, ...)							\
	{ .name = "word" #_i, .gen = GEN_ENUM, .size = 4,		\
	  .offset = offsetof(struct mock_cmd, word[_i]),		\
	  .list = { (const __u32[]){ __VA_ARGS__ },			\
		    ARRAY_SIZE(((const __u32[]){ __VA_ARGS__ })) } }
#define W64(_i, _gen, _arg)						\
	{ .name = "wide" #_i, .gen = _gen, .arg = _arg, .size = 8,	\
	  .offset = offsetof(struct mock_cmd, wide[_i]) }
#define T(_weight, _op, _fd, _id_gen, _id, ...)				\
	{ .name = #_op, .weight = _weight, .nr = MOCK_CMD, .fd = _fd,	\
	  .size = sizeof(struct mock_cmd), .fields = FIELDS(		\
		F(struct mock_cmd, op, GEN_CONST, _op),			\
		F(struct mock_cmd, id, _id_gen, _id),			\
		F(struct mock_cmd, reserved, GEN_ZERO, 0), __VA_ARGS__) }

/* One of VFIO: of the container that a context also is, or of the device. */
#define V(_weight, _name, _fd, _type, ...)				\
	{ .name = #_name, .weight = _weight, .nr = _name, .fd = _fd,	\
	  .size = sizeof(_type), .fields = FIELDS(__VA_ARGS__) }
/* One whose argument is a number. */
#define N(_weight, _name, _fd)						\
	{ .name = #_name, .weight = _weight, .nr = _name, .fd = _fd }

/* The first version of what newer kernels have made longer. */
struct vfio_attach_pasid {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id;
	__u32 pasid;
};

struct vfio_detach_pasid {
	__u32 argsz;
	__u32 flags;
	__u32 pasid;
};

struct vfio_feature_room {
	__u32 argsz;
	__u32 flags;
	__u64 data[4];
};

struct vfio_info_room {
	__u32 argsz;
	__u32 flags;
	__u64 data[8];
};

#define MOCK_DATA	0xdead
#define MOCK_INVALIDATE	0xdeadbeef
#define MOCK_INFO	0xfeedbeef

const struct command commands[] = {
	C(10, DESTROY, iommu_destroy,
	  F(struct iommu_destroy, id, GEN_ID, ID_ANY)),
	C(3, IOAS_ALLOC, iommu_ioas_alloc,
	  F(struct iommu_ioas_alloc, flags, GEN_ZERO, 0),
	  F(struct iommu_ioas_alloc, out_ioas_id, OUT_ID, ID_IOAS)),
	C(3, IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas,
	  F(struct iommu_ioas_allow_iovas, ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_allow_iovas, num_iovas, GEN_BELOW, 5),
	  F(struct iommu_ioas_allow_iovas, __reserved, GEN_ZERO, 0),
	  F(struct iommu_ioas_allow_iovas, allowed_iovas, GEN_RANGES, 4)),
	C(6, IOAS_IOVA_RANGES, iommu_ioas_iova_ranges,
	  F(struct iommu_ioas_iova_ranges, ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_iova_ranges, num_iovas, GEN_BELOW, 9),
	  F(struct iommu_ioas_iova_ranges, __reserved, GEN_ZERO, 0),
	  F(struct iommu_ioas_iova_ranges, allowed_iovas, GEN_ROOM, 128)),
	C(80, IOAS_MAP, iommu_ioas_map,
	  E(struct iommu_ioas_map, flags, 7, 7, 6, 6, 3, 5, 4, 2, 1, 0),
	  F(struct iommu_ioas_map, ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_map, __reserved, GEN_ZERO, 0),
	  F(struct iommu_ioas_map, user_va, GEN_ADDRESS, 0),
	  F(struct iommu_ioas_map, iova, GEN_NEW_IOVA, 0),
	  F(struct iommu_ioas_map, length, GEN_LENGTH, 0)),
	C(20, IOAS_MAP_FILE, iommu_ioas_map_file,
	  E(struct iommu_ioas_map_file, flags, 7, 7, 6, 6, 3, 5, 4, 2, 1, 0),
	  F(struct iommu_ioas_map_file, ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_map_file, fd, GEN_FD, FD_FILE),
	  F(struct iommu_ioas_map_file, start, GEN_BELOW, 1 << 20),
	  F(struct iommu_ioas_map_file, iova, GEN_NEW_IOVA, 0),
	  F(struct iommu_ioas_map_file, length, GEN_LENGTH, 0)),
	C(8, IOAS_MAP_FILE, iommu_ioas_map_file,
	  E(struct iommu_ioas_map_file, flags, 7, 7, 6, 6, 3, 5, 4, 2, 1, 0),
	  F(struct iommu_ioas_map_file, ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_map_file, fd, GEN_FD, FD_DMABUF),
	  F(struct iommu_ioas_map_file, start, GEN_ZERO, 0),
	  F(struct iommu_ioas_map_file, iova, GEN_NEW_IOVA, 0),
	  F(struct iommu_ioas_map_file, length, GEN_LENGTH, 0)),
	C(20, IOAS_COPY, iommu_ioas_copy,
	  E(struct iommu_ioas_copy, flags, 7, 7, 6, 6, 3, 5, 4, 2, 1, 0),
	  F(struct iommu_ioas_copy, dst_ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_copy, dst_iova, GEN_NEW_IOVA, 0),
	  F(struct iommu_ioas_copy, src_ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_copy, src_iova, GEN_IOVA, 0),
	  F(struct iommu_ioas_copy, length, GEN_LENGTH, 0)),
	C(24, IOAS_UNMAP, iommu_ioas_unmap,
	  F(struct iommu_ioas_unmap, ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_unmap, iova, GEN_IOVA, 0),
	  F(struct iommu_ioas_unmap, length, GEN_LENGTH, 0),
	  { .gen = OUT_UNMAPPED }),
	C(3, IOAS_UNMAP, iommu_ioas_unmap,	/* all of it */
	  F(struct iommu_ioas_unmap, ioas_id, GEN_ID, ID_IOAS),
	  F(struct iommu_ioas_unmap, iova, GEN_CONST, 0),
	  F(struct iommu_ioas_unmap, length, GEN_CONST, ~0ULL)),
	C(3, IOAS_CHANGE_PROCESS, iommu_ioas_change_process,
	  F(struct iommu_ioas_change_process, __reserved, GEN_ZERO, 0)),
	C(6, OPTION, iommu_option,
	  E(struct iommu_option, option_id, IOMMU_OPTION_RLIMIT_MODE,
	    IOMMU_OPTION_HUGE_PAGES),
	  E(struct iommu_option, op, IOMMU_OPTION_OP_SET, IOMMU_OPTION_OP_GET),
	  F(struct iommu_option, __reserved, GEN_ZERO, 0),
	  F(struct iommu_option, object_id, GEN_ID, ID_IOAS),
	  F(struct iommu_option, val64, GEN_BELOW, 2)),
	C(1, OPTION, iommu_option,	/* of the context */
	  E(struct iommu_option, option_id, IOMMU_OPTION_RLIMIT_MODE),
	  E(struct iommu_option, op, IOMMU_OPTION_OP_SET, IOMMU_OPTION_OP_GET),
	  F(struct iommu_option, __reserved, GEN_ZERO, 0),
	  F(struct iommu_option, object_id, GEN_ZERO, 0),
	  F(struct iommu_option, val64, GEN_BELOW, 2)),
	C(5, VFIO_IOAS, iommu_vfio_ioas,
	  F(struct iommu_vfio_ioas, ioas_id, GEN_ID, ID_IOAS),
	  E(struct iommu_vfio_ioas, op, IOMMU_VFIO_IOAS_GET,
	    IOMMU_VFIO_IOAS_SET, IOMMU_VFIO_IOAS_CLEAR),
	  F(struct iommu_vfio_ioas, __reserved, GEN_ZERO, 0)),
	C(12, HWPT_ALLOC, iommu_hwpt_alloc,
	  F(struct iommu_hwpt_alloc, flags, GEN_FLAGS,
	    IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_IOAS),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_HWPT),
	  F(struct iommu_hwpt_alloc, __reserved, GEN_ZERO, 0),
	  E(struct iommu_hwpt_alloc, data_type, MOCK_DATA),
	  E(struct iommu_hwpt_alloc, data_len, 8, 8, 4, 0),
	  F(struct iommu_hwpt_alloc, data_uptr, GEN_DATA, 8),
	  F(struct iommu_hwpt_alloc, fault_id, GEN_ZERO, 0),
	  F(struct iommu_hwpt_alloc, __reserved2, GEN_ZERO, 0)),
	C(6, HWPT_ALLOC, iommu_hwpt_alloc,	/* the plainest */
	  E(struct iommu_hwpt_alloc, flags, 0, 0, IOMMU_HWPT_ALLOC_NEST_PARENT,
	    IOMMU_HWPT_ALLOC_DIRTY_TRACKING, IOMMU_HWPT_ALLOC_PASID),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_IOAS),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_HWPT)),
	C(6, HWPT_ALLOC, iommu_hwpt_alloc,	/* to nest on */
	  E(struct iommu_hwpt_alloc, flags, IOMMU_HWPT_ALLOC_NEST_PARENT,
	    IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
	    IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_PASID),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_IOAS),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_PARENT)),
	C(6, HWPT_ALLOC, iommu_hwpt_alloc,
	  E(struct iommu_hwpt_alloc, flags, IOMMU_HWPT_ALLOC_DIRTY_TRACKING),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_IOAS),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_DIRTY)),
	C(6, HWPT_ALLOC, iommu_hwpt_alloc,
	  E(struct iommu_hwpt_alloc, flags, IOMMU_HWPT_ALLOC_PASID),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_IOAS),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_PASID)),
	C(6, HWPT_ALLOC, iommu_hwpt_alloc,
	  E(struct iommu_hwpt_alloc, flags, IOMMU_HWPT_FAULT_ID_VALID,
	    IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_IOAS),
	  F(struct iommu_hwpt_alloc, fault_id, GEN_ID, ID_FAULT),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_FAULTY)),
	C(12, HWPT_ALLOC, iommu_hwpt_alloc,	/* nested */
	  E(struct iommu_hwpt_alloc, flags, 0, IOMMU_HWPT_FAULT_ID_VALID,
	    IOMMU_HWPT_FAULT_ID_VALID, IOMMU_HWPT_ALLOC_PASID,
	    IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_PARENT),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_NESTED),
	  E(struct iommu_hwpt_alloc, data_type, MOCK_DATA, MOCK_DATA, MOCK_DATA,
	    IOMMU_HWPT_DATA_VTD_S1),
	  E(struct iommu_hwpt_alloc, data_len, 8, 8, 8, 24),
	  F(struct iommu_hwpt_alloc, data_uptr, GEN_DATA, 24),
	  F(struct iommu_hwpt_alloc, fault_id, GEN_ID, ID_FAULT)),
	C(6, GET_HW_INFO, iommu_hw_info,
	  F(struct iommu_hw_info, flags, GEN_FLAGS, 1),
	  F(struct iommu_hw_info, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hw_info, data_len, GEN_BELOW, 64),
	  F(struct iommu_hw_info, data_uptr, GEN_ROOM, 64),
	  E(struct iommu_hw_info, out_data_type, 0, MOCK_INFO, 1),
	  F(struct iommu_hw_info, __reserved, GEN_ZERO, 0)),
	C(8, HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking,
	  F(struct iommu_hwpt_set_dirty_tracking, flags, GEN_FLAGS, 1),
	  F(struct iommu_hwpt_set_dirty_tracking, hwpt_id, GEN_ID, ID_DIRTY),
	  F(struct iommu_hwpt_set_dirty_tracking, __reserved, GEN_ZERO, 0)),
	C(12, HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap,
	  F(struct iommu_hwpt_get_dirty_bitmap, hwpt_id, GEN_ID, ID_DIRTY),
	  F(struct iommu_hwpt_get_dirty_bitmap, flags, GEN_FLAGS, 1),
	  F(struct iommu_hwpt_get_dirty_bitmap, __reserved, GEN_ZERO, 0),
	  F(struct iommu_hwpt_get_dirty_bitmap, iova, GEN_IOVA, 0),
	  F(struct iommu_hwpt_get_dirty_bitmap, length, GEN_LENGTH, 0),
	  F(struct iommu_hwpt_get_dirty_bitmap, page_size, GEN_PAGE_SIZE, 0),
	  F(struct iommu_hwpt_get_dirty_bitmap, data, GEN_ROOM, 1024)),
	C(8, HWPT_INVALIDATE, iommu_hwpt_invalidate,
	  F(struct iommu_hwpt_invalidate, hwpt_id, GEN_ID, ID_NESTED),
	  F(struct iommu_hwpt_invalidate, data_uptr, GEN_DATA, 96),
	  E(struct iommu_hwpt_invalidate, data_type, MOCK_INVALIDATE,
	    MOCK_INVALIDATE, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1),
	  E(struct iommu_hwpt_invalidate, entry_len, 8, 8, 8, 24, 4, 16),
	  F(struct iommu_hwpt_invalidate, entry_num, GEN_BELOW, 4),
	  F(struct iommu_hwpt_invalidate, __reserved, GEN_ZERO, 0)),
	C(6, FAULT_QUEUE_ALLOC, iommu_fault_alloc,
	  F(struct iommu_fault_alloc, flags, GEN_ZERO, 0),
	  F(struct iommu_fault_alloc, out_fault_id, OUT_ID, ID_FAULT),
	  F(struct iommu_fault_alloc, out_fault_fd, OUT_FD, FD_FAULT)),
	/* What only make viommu's module has. */
	C(6, VIOMMU_ALLOC, iommu_viommu_alloc,
	  F(struct iommu_viommu_alloc, flags, GEN_ZERO, 0),
	  E(struct iommu_viommu_alloc, type, MOCK_VIOMMU, MOCK_VIOMMU, 0),
	  F(struct iommu_viommu_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_viommu_alloc, hwpt_id, GEN_ID, ID_PARENT),
	  F(struct iommu_viommu_alloc, out_viommu_id, OUT_ID, ID_VIOMMU),
	  E(struct iommu_viommu_alloc, data_len, sizeof(struct mock_viommu),
	    sizeof(struct mock_viommu), 0, 8, 32),
	  F(struct iommu_viommu_alloc, data_uptr, GEN_DATA, 32)),
	C(6, VDEVICE_ALLOC, iommu_vdevice_alloc,
	  F(struct iommu_vdevice_alloc, viommu_id, GEN_ID, ID_VIOMMU),
	  F(struct iommu_vdevice_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_vdevice_alloc, virt_id, GEN_BELOW, 8),
	  F(struct iommu_vdevice_alloc, out_vdevice_id, OUT_ID, ID_VDEVICE)),
	C(4, VEVENTQ_ALLOC, iommu_veventq_alloc,
	  F(struct iommu_veventq_alloc, flags, GEN_ZERO, 0),
	  F(struct iommu_veventq_alloc, viommu_id, GEN_ID, ID_VIOMMU),
	  E(struct iommu_veventq_alloc, type, MOCK_VEVENTQ),
	  F(struct iommu_veventq_alloc, veventq_depth, GEN_BELOW, 8),
	  F(struct iommu_veventq_alloc, out_veventq_id, OUT_ID, ID_VEVENTQ),
	  F(struct iommu_veventq_alloc, out_veventq_fd, OUT_FD, FD_VEVENTQ)),
	C(8, HW_QUEUE_ALLOC, iommu_hw_queue_alloc,
	  F(struct iommu_hw_queue_alloc, flags, GEN_ZERO, 0),
	  F(struct iommu_hw_queue_alloc, viommu_id, GEN_ID, ID_VIOMMU),
	  E(struct iommu_hw_queue_alloc, type, MOCK_HW_QUEUE),
	  F(struct iommu_hw_queue_alloc, index, GEN_BELOW, 3),
	  F(struct iommu_hw_queue_alloc, nesting_parent_iova, GEN_IOVA, 0),
	  F(struct iommu_hw_queue_alloc, length, GEN_LENGTH, 0),
	  F(struct iommu_hw_queue_alloc, out_hw_queue_id, OUT_ID,
	    ID_HW_QUEUE)),
	C(6, HWPT_ALLOC, iommu_hwpt_alloc,	/* nested, of a virtual IOMMU */
	  E(struct iommu_hwpt_alloc, flags, 0, 0, IOMMU_HWPT_FAULT_ID_VALID,
	    IOMMU_HWPT_ALLOC_PASID),
	  F(struct iommu_hwpt_alloc, dev_id, GEN_ID, ID_IDEV),
	  F(struct iommu_hwpt_alloc, pt_id, GEN_ID, ID_VIOMMU),
	  F(struct iommu_hwpt_alloc, out_hwpt_id, OUT_ID, ID_NESTED),
	  E(struct iommu_hwpt_alloc, data_type, MOCK_DATA),
	  E(struct iommu_hwpt_alloc, data_len, 8, 8, 8, 24),
	  F(struct iommu_hwpt_alloc, data_uptr, GEN_DATA, 24),
	  F(struct iommu_hwpt_alloc, fault_id, GEN_ID, ID_FAULT)),
	C(5, HWPT_INVALIDATE, iommu_hwpt_invalidate,
	  F(struct iommu_hwpt_invalidate, hwpt_id, GEN_ID, ID_VIOMMU),
	  F(struct iommu_hwpt_invalidate, data_uptr, GEN_DATA, 96),
	  E(struct iommu_hwpt_invalidate, data_type, MOCK_VINVALIDATE),
	  E(struct iommu_hwpt_invalidate, entry_len, 12, 12, 12, 24, 4, 16),
	  F(struct iommu_hwpt_invalidate, entry_num, GEN_BELOW, 4),
	  F(struct iommu_hwpt_invalidate, __reserved, GEN_ZERO, 0)),
	X(1, IOMMU_HW_QUEUE_ALLOC + 1),
	X(1, IOMMU_DESTROY - 1),

	/* The mock IOMMU. */
	T(2, MOCK_ADD_RESERVED, FD_CTX, GEN_ID, ID_IOAS,
	  W64(0, GEN_IOVA, 0), W64(1, GEN_LENGTH, 0)),
	T(8, MOCK_DOMAIN, FD_CTX, GEN_ID, ID_PT,
	  W(0, OUT_ID, ID_STDEV), W(1, OUT_ID, ID_HWPT), W(2, OUT_ID, ID_IDEV)),
	T(8, MOCK_DOMAIN_FLAGS, FD_CTX, GEN_ID, ID_PT,
	  W(3, GEN_FLAGS, 5),
	  W(0, OUT_ID, ID_STDEV), W(1, OUT_ID, ID_HWPT), W(2, OUT_ID, ID_IDEV)),
	T(3, MOCK_CHECK_MAP, FD_CTX, GEN_ID, ID_HWPT,
	  W64(0, GEN_IOVA, 0), W64(1, GEN_LENGTH, 0), W64(2, GEN_MAPPED_VA, 0)),
	T(2, MOCK_CHECK_REFS, FD_CTX, GEN_ZERO, 0,
	  W64(1, GEN_ADDRESS, 0), W64(0, GEN_LENGTH, 0), W(4, GEN_BELOW, 3)),
	T(6, MOCK_CREATE_ACCESS, FD_CTX, GEN_ID, ID_IOAS,
	  W(1, GEN_FLAGS, 1), W(0, OUT_FD, FD_ACCESS)),
	T(6, MOCK_DESTROY_PAGES, FD_CTX, GEN_FD, FD_ACCESS,
	  W(0, GEN_ID, ID_PINS)),
	T(10, MOCK_ACCESS_PAGES, FD_CTX, GEN_FD, FD_ACCESS,
	  W(0, GEN_FLAGS, 1), W64(1, GEN_IOVA, 0), W64(2, GEN_LENGTH, 0),
	  W64(3, GEN_MAPPED_VA, 0), W(1, OUT_ID, ID_PINS)),
	T(10, MOCK_ACCESS_RW, FD_CTX, GEN_FD, FD_ACCESS,
	  W64(0, GEN_IOVA, 0), W64(1, GEN_LENGTH, 0), W64(2, GEN_ADDRESS, 0),
	  W(6, GEN_FLAGS, 5)),
	T(1, MOCK_MEMORY_LIMIT, FD_CTX, GEN_ZERO, 0,
	  W(0, GEN_BELOW, 1 << 16)),
	T(8, MOCK_REPLACE, FD_CTX, GEN_ID, ID_STDEV,
	  W(0, GEN_ID, ID_PT)),
	T(5, MOCK_ACCESS_REPLACE, FD_CTX, GEN_FD, FD_ACCESS,
	  W(0, GEN_ID, ID_IOAS)),
	T(8, MOCK_DIRTY, FD_CTX, GEN_ID, ID_DIRTY,
	  W(0, GEN_FLAGS, 1), W64(1, GEN_IOVA, 0), W64(2, GEN_LENGTH, 0),
	  W64(3, GEN_PAGE_SIZE, 0), W64(4, GEN_DATA, 128)),
	T(2, MOCK_CHECK_IOTLB, FD_CTX, GEN_ID, ID_NESTED,
	  W(0, GEN_BELOW, 5), W(1, GEN_RANDOM, 0)),
	T(10, MOCK_TRIGGER_IOPF, FD_CTX, GEN_ZERO, 0,
	  W(0, GEN_ID, ID_IDEV), W_E(1, 0, 0, 0, 1, 2), W(2, GEN_BELOW, 8),
	  W(3, GEN_FLAGS, 15), W64(2, GEN_IOVA, 0)),
	T(1, MOCK_CHECK_CACHE, FD_CTX, GEN_ID, ID_IDEV,
	  W(0, GEN_BELOW, 5), W(1, GEN_RANDOM, 0)),
	T(4, MOCK_TRIGGER_VEVENT, FD_CTX, GEN_ZERO, 0,
	  W(0, GEN_ID, ID_IDEV)),
	T(8, MOCK_PASID_ATTACH, FD_CTX, GEN_ID, ID_STDEV,
	  W_E(0, 1, 2, 3, 4, 1024), W(1, GEN_ID, ID_PASID)),
	T(6, MOCK_PASID_REPLACE, FD_CTX, GEN_ID, ID_STDEV,
	  W_E(0, 1, 2, 3, 4, 1024), W(1, GEN_ID, ID_PASID)),
	T(3, MOCK_PASID_ATTACH, FD_CTX, GEN_ID, ID_STDEV,
	  W(0, GEN_BELOW, 6), W(1, GEN_ID, ID_PT)),
	T(6, MOCK_PASID_DETACH, FD_CTX, GEN_ID, ID_STDEV,
	  W(0, GEN_BELOW, 6)),
	T(2, MOCK_PASID_CHECK, FD_CTX, GEN_ID, ID_STDEV,
	  W(0, GEN_BELOW, 6), W(1, GEN_ID, ID_PT)),
	T(4, MOCK_DMABUF_GET, FD_CTX, GEN_ZERO, 0,
	  W(0, GEN_LENGTH, 0), W(1, GEN_FLAGS, O_RDWR | O_CLOEXEC),
	  { .name = "fd", .gen = OUT_RETURNED, .arg = FD_DMABUF }),
	T(4, MOCK_DMABUF_REVOKE, FD_CTX, GEN_ZERO, 0,
	  W(0, GEN_FD, FD_DMABUF), W(1, GEN_BELOW, 2)),
	T(1, 99, FD_CTX, GEN_ID, ID_ANY, W64(0, GEN_RANDOM, 0)),

	/* A context as a VFIO container. */
	N(1, VFIO_GET_API_VERSION, FD_CTX),
	N(1, VFIO_CHECK_EXTENSION, FD_CTX),
	N(3, VFIO_SET_IOMMU, FD_CTX),
	V(4, VFIO_IOMMU_GET_INFO, FD_CTX, struct vfio_info_room,
	  F(struct vfio_info_room, flags, GEN_ZERO, 0)),
	V(12, VFIO_IOMMU_MAP_DMA, FD_CTX, struct vfio_iommu_type1_dma_map,
	  F(struct vfio_iommu_type1_dma_map, flags, GEN_FLAGS, 3),
	  F(struct vfio_iommu_type1_dma_map, vaddr, GEN_ADDRESS, 0),
	  F(struct vfio_iommu_type1_dma_map, iova, GEN_NEW_IOVA, 0),
	  F(struct vfio_iommu_type1_dma_map, size, GEN_LENGTH, 0)),
	V(8, VFIO_IOMMU_UNMAP_DMA, FD_CTX, struct vfio_iommu_type1_dma_unmap,
	  F(struct vfio_iommu_type1_dma_unmap, flags, GEN_FLAGS, 2),
	  F(struct vfio_iommu_type1_dma_unmap, iova, GEN_IOVA, 0),
	  F(struct vfio_iommu_type1_dma_unmap, size, GEN_LENGTH, 0),
	  { .gen = OUT_UNMAPPED }),
	V(1, VFIO_IOMMU_DIRTY_PAGES, FD_CTX,
	  struct vfio_iommu_type1_dirty_bitmap,
	  F(struct vfio_iommu_type1_dirty_bitmap, flags, GEN_FLAGS, 7)),

	/* The real device. */
	V(8, VFIO_DEVICE_BIND_IOMMUFD, FD_CDEV, struct vfio_device_bind_iommufd,
	  F(struct vfio_device_bind_iommufd, flags, GEN_ZERO, 0),
	  F(struct vfio_device_bind_iommufd, iommufd, GEN_FD, FD_CTX),
	  F(struct vfio_device_bind_iommufd, out_devid, OUT_ID, ID_IDEV)),
	V(10, VFIO_DEVICE_ATTACH_IOMMUFD_PT, FD_CDEV, struct vfio_attach_pasid,
	  F(struct vfio_attach_pasid, flags, GEN_ZERO, 0),
	  F(struct vfio_attach_pasid, pt_id, GEN_ID, ID_PT),
	  F(struct vfio_attach_pasid, pasid, GEN_BELOW, 4)),
	V(4, VFIO_DEVICE_DETACH_IOMMUFD_PT, FD_CDEV, struct vfio_detach_pasid,
	  F(struct vfio_detach_pasid, flags, GEN_ZERO, 0),
	  F(struct vfio_detach_pasid, pasid, GEN_BELOW, 4)),
	V(2, VFIO_DEVICE_GET_INFO, FD_CDEV, struct vfio_info_room,
	  F(struct vfio_info_room, flags, GEN_ZERO, 0)),
	V(2, VFIO_DEVICE_GET_REGION_INFO, FD_CDEV, struct vfio_region_info,
	  F(struct vfio_region_info, index, GEN_BELOW, 10)),
	V(1, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, FD_CDEV, struct vfio_info_room,
	  F(struct vfio_info_room, flags, GEN_ZERO, 0)),
	V(2, VFIO_DEVICE_FEATURE, FD_CDEV, struct vfio_feature_room,
	  F(struct vfio_feature_room, flags, GEN_FLAGS, 0x7000f),
	  F(struct vfio_feature_room, data[0], GEN_PAGE_SIZE, 0),
	  F(struct vfio_feature_room, data[1], GEN_BELOW, 3),
	  F(struct vfio_feature_room, data[2], GEN_RANGES, 2)),
	N(1, VFIO_DEVICE_RESET, FD_CDEV),
};

const unsigned int nr_commands = ARRAY_SIZE(commands);
