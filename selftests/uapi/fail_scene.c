// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_scene.c - what operations that are to fail work on, and all of it that
 * can be seen from outside
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "fail.h"

struct scene bare_scene(int mode)
{
	struct scene s = { .access = -1, .file = -1, .real = -1 };

	s.fd = CHECK_FD(iommufd_open());
	CHECK_OK(iommufd_set_rlimit_mode(s.fd, mode));
	CHECK_OK(iommufd_ioas_alloc(s.fd, &s.ioas[0]));
	CHECK_OK(iommufd_ioas_alloc(s.fd, &s.ioas[1]));
	s.va = mem_alloc(MANY_PAGES * PAGE_SZ, MEM_SCATTERED);
	CHECK(s.va);
	return s;
}

struct scene new_scene(__u32 flags)
{
	const __u64 length = OLD_PAGES * PAGE_SZ;
	struct scene s = bare_scene(0);

	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas[0], s.va, length, OLD_IOVA,
				   MAP_RW));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas[1], s.va + length, length,
				   OLD_IOVA, MAP_RW));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas[1], s.va + 2 * length, length,
				   OLD_IOVA + length, MAP_R));
	CHECK_OK(mock_device_add(s.fd, s.ioas[0], flags, &s.dev[0]));
	look_at_map(&s, s.dev[0].hwpt, OLD_IOVA, s.va, length);
	look_at_device(&s, s.dev[0].stdev, s.dev[0].hwpt);
	return s;
}

struct rig rig_of(const struct scene *s)
{
	return (struct rig){
		.fd = s->fd, .ioas = s->ioas[0], .m = s->dev[0],
	};
}

void look_at(struct scene *s, const struct look *look)
{
	CHECK(s->nr_looks < MAX_LOOKS);
	s->looks[s->nr_looks] = *look;
	s->looks[s->nr_looks++].fd = s->fd;
}

static long see_map(const struct look *l)
{
	return mock_check_map(l->fd, l->id, l->iova, l->va, l->length);
}

void look_at_map(struct scene *s, __u32 hwpt, __u64 iova, void *va,
		 __u64 length)
{
	const struct look look = {
		.what = "what a HWPT holds", .at = see_map, .id = hwpt,
		.iova = iova, .va = va, .length = length,
	};

	look_at(s, &look);
}

/* Is all of a range mapped? That is, can it be copied? */
static long see_area(const struct look *l)
{
	const __u64 iova = 7 * MOCK_IOVA;
	int ret = iommufd_copy(l->fd, l->other, l->id, l->iova, l->length, iova,
			       MAP_R);

	if (!ret)
		CHECK_OK(iommufd_unmap(l->fd, l->other, iova, l->length, NULL));
	return ret;
}

void look_at_area(struct scene *s, __u64 iova, __u64 length)
{
	const struct look look = {
		.what = "what the IOAS maps", .at = see_area, .id = s->ioas[0],
		.other = s->ioas[1], .iova = iova, .length = length,
	};

	look_at(s, &look);
}

static long see_device(const struct look *l)
{
	struct iommu_test_cmd cmd = {
		.op = MOCK_OP_CHECK_ATTACHED,
		.id = l->id,
		.check_attached = { .hwpt_id = l->other },
	};

	return mock_cmd(l->fd, &cmd);
}

void look_at_device(struct scene *s, __u32 stdev, __u32 hwpt)
{
	const struct look look = {
		.what = "what a device is attached to", .at = see_device,
		.id = stdev, .other = hwpt,
	};

	look_at(s, &look);
}

static long see_pasid(const struct look *l)
{
	struct rig r = { .fd = l->fd, .m.stdev = l->id };

	return pasid_check(&r, l->iova, l->other);
}

void look_at_pasid(struct scene *s, __u32 stdev, __u32 pasid, __u32 hwpt)
{
	const struct look look = {
		.what = "what a PASID is attached to", .at = see_pasid,
		.id = stdev, .other = hwpt, .iova = pasid,
	};

	look_at(s, &look);
}

/* Nothing is invalidated: an id of nothing is told from one of anything. */
static bool id_exists(int fd, __u32 id)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd), .hwpt_id = id,
	};

	return xioctl(fd, IOMMU_HWPT_INVALIDATE, &cmd) != -ENOENT;
}

/* One that was reserved, and is nobody's, would be left out. */
static __u32 next_id(int fd)
{
	__u32 id;

	CHECK_OK(iommufd_ioas_alloc(fd, &id));
	CHECK_OK(iommufd_destroy(fd, id));
	return id;
}

struct state state_of(const struct scene *s)
{
	struct state st;
	unsigned int i;

	memset(&st, 0, sizeof(st));
	for (i = 0; i < MAX_SPACES; i++) {
		st.nr_ranges[i] = MAX_RANGES;
		CHECK_OK(iommufd_ranges(s->fd, s->ioas[i], st.ranges[i],
					&st.nr_ranges[i], &st.align[i]));
	}
	for (i = 0; i < s->nr_looks; i++)
		st.looks[i] = s->looks[i].at(&s->looks[i]);
	for (i = 1; i < MAX_ID; i++)
		st.objects |= (__u64)id_exists(s->fd, i) << i;
	st.next_id = next_id(s->fd);
	st.pins = pins_here();
	st.charged = proc_status_bytes("VmPin");
	st.locked = proc_status_bytes("VmLck");
	return st;
}

#define DIFFERS(member) memcmp(&a->member, &b->member, sizeof(a->member))

const char *state_differs(const struct scene *s, const struct state *a,
			  const struct state *b)
{
	static char what[128];
	unsigned int i;

	if (DIFFERS(ranges) || DIFFERS(nr_ranges) || DIFFERS(align))
		return "what IOVAs can be used";
	for (i = 0; i < s->nr_looks; i++) {
		if (a->looks[i] == b->looks[i])
			continue;
		snprintf(what, sizeof(what), "%s (look %u: %ld, %ld)",
			 s->looks[i].what, i, a->looks[i], b->looks[i]);
		return what;
	}
	if (DIFFERS(objects) || DIFFERS(next_id)) {
		snprintf(what, sizeof(what),
			 "which objects there are (%#llx next %u, %#llx next %u)",
			 a->objects, a->next_id, b->objects, b->next_id);
		return what;
	}
	if (DIFFERS(pins) || DIFFERS(charged) || DIFFERS(locked)) {
		snprintf(what, sizeof(what),
			 "what is pinned (%ld) and charged (%ld, %ld; %ld: %ld, %ld)",
			 a->pins, a->charged, a->locked, b->pins, b->charged,
			 b->locked);
		return what;
	}
	return NULL;
}
