// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_attach.c - attaches and replaces that fail, and HWPTs that are not made
 *
 * Owns: fail_attach_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "fail.h"

#define PASID IOMMU_HWPT_ALLOC_PASID

static void destroy_made(struct scene *s)
{
	CHECK_OK(iommufd_destroy(s->fd, s->made));
}

/* --- attaches ------------------------------------------------------------------ */

static int run_add(struct scene *s)
{
	struct mock_device m;
	int ret = mock_device_add(s->fd, s->ioas[1], 0, &m);

	s->made = m.stdev;
	return ret;
}

/* To an IOAS with areas: a HWPT is made, and filled, and they are pinned. */
static void attach_device(void)
{
	/* The IOMMU core does not say why it did not take a new device. */
	const struct op op = {
		.run = run_add, .undo = destroy_made, .may_say = -ENODEV,
	};
	struct scene s = new_scene(0);

	walk(&s, &op);
}

static int run_join(struct scene *s)
{
	struct mock_device m;
	int ret = mock_device_add(s->fd, s->dev[0].hwpt,
				  MOCK_FLAGS_DEVICE_SHARED_GROUP, &m);

	s->made = m.stdev;
	return ret;
}

/* One more of a group that is attached already. */
static void attach_in_group(void)
{
	const struct op op = {
		.run = run_join, .undo = destroy_made, .may_say = -ENODEV,
	};
	struct scene s = new_scene(MOCK_FLAGS_DEVICE_SHARED_GROUP);

	walk(&s, &op);
}

/* A device on a HWPT beside which PASIDs may be attached; two more of those. */
static struct scene pasid_scene(void)
{
	struct scene s = new_scene(MOCK_FLAGS_DEVICE_PASID);
	struct rig r = rig_of(&s);
	int i;

	for (i = 0; i < 3; i++)
		s.hwpt[i] = hwpt_with(&r, 0, PASID, NULL);
	CHECK_OK(mock_device_replace(s.fd, s.dev[0].stdev, s.hwpt[0]));
	for (i = 0; i < 3; i++)
		look_at_pasid(&s, s.dev[0].stdev, 7, s.hwpt[i]);
	look_at_pasid(&s, s.dev[0].stdev, 7, 0);
	look_at_device(&s, s.dev[0].stdev, s.hwpt[0]);
	return s;
}

static int run_pasid(struct scene *s)
{
	struct rig r = rig_of(s);

	return pasid_attach(&r, 7, s->hwpt[1]);
}

static void undo_pasid(struct scene *s)
{
	struct rig r = rig_of(s);

	CHECK_OK(pasid_detach(&r, 7));
}

static void attach_pasid(void)
{
	const struct op op = { .run = run_pasid, .undo = undo_pasid };
	struct scene s = pasid_scene();

	walk(&s, &op);
}

static int run_move_pasid(struct scene *s)
{
	struct rig r = rig_of(s);

	return pasid_replace(&r, 7, s->hwpt[2]);
}

static void undo_move_pasid(struct scene *s)
{
	struct rig r = rig_of(s);

	CHECK_OK(pasid_replace(&r, 7, s->hwpt[1]));
}

static void replace_pasid(void)
{
	/* The mock driver's command, not iommufd, answers too late. */
	const struct op op = {
		.run = run_move_pasid, .undo = undo_move_pasid,
		.answers_late = true,
	};
	struct scene s = pasid_scene();

	CHECK_OK(run_pasid(&s));
	walk(&s, &op);
}

/* --- replaces ------------------------------------------------------------------ */

/* From an IOAS to the other, and so from one HWPT, which goes, to a new one. */
static int run_move(struct scene *s)
{
	return mock_device_replace(s->fd, s->dev[0].stdev, s->ioas[1]);
}

static void undo_move(struct scene *s)
{
	CHECK_OK(mock_device_replace(s->fd, s->dev[0].stdev, s->ioas[0]));
}

static const struct op move_op = {
	.run = run_move, .undo = undo_move, .answers_late = true,
};

static void replace_device(void)
{
	struct scene s = new_scene(0);

	walk(&s, &move_op);
}

static void replace_group(void)
{
	struct scene s = new_scene(MOCK_FLAGS_DEVICE_SHARED_GROUP);

	CHECK_OK(mock_device_add(s.fd, s.ioas[0],
				 MOCK_FLAGS_DEVICE_SHARED_GROUP, &s.dev[1]));
	look_at_device(&s, s.dev[1].stdev, s.dev[0].hwpt);
	walk(&s, &move_op);
}

static int run_move_hwpt(struct scene *s)
{
	return mock_device_replace(s->fd, s->dev[0].stdev, s->hwpt[1]);
}

static void undo_move_hwpt(struct scene *s)
{
	CHECK_OK(mock_device_replace(s->fd, s->dev[0].stdev, s->hwpt[0]));
}

static const struct op move_hwpt_op = {
	.run = run_move_hwpt, .undo = undo_move_hwpt, .answers_late = true,
};

/* Between HWPTs that stay, nested ones. */
static void replace_nested(void)
{
	struct scene s = new_scene(0);
	struct rig r = rig_of(&s);
	__u32 parent = new_parent(&r);

	s.hwpt[0] = new_nested(&r, parent);
	s.hwpt[1] = new_nested(&r, parent);
	undo_move_hwpt(&s);
	look_at_device(&s, s.dev[0].stdev, s.hwpt[0]);
	look_at_device(&s, s.dev[0].stdev, s.hwpt[1]);
	walk(&s, &move_hwpt_op);
}

/* Faults of the device go to another queue, or are switched on or off. */
static void replace_faults(void)
{
	struct scene s = new_scene(0);
	struct rig r = rig_of(&s);
	struct queue a = new_queue(s.fd), b = new_queue(s.fd);
	int i;

	s.hwpt[2] = hwpt_with(&r, 0, 0, NULL);
	for (i = 0; i < 3; i++) {
		s.hwpt[0] = i == 1 ? s.hwpt[2] : hwpt_with(&r, 0, 0, &a);
		s.hwpt[1] = i == 2 ? s.hwpt[2] : hwpt_with(&r, 0, 0, &b);
		undo_move_hwpt(&s);
		look_at_device(&s, s.dev[0].stdev, s.hwpt[0]);
		look_at_device(&s, s.dev[0].stdev, s.hwpt[1]);
		walk(&s, &move_hwpt_op);
	}
}

/* --- HWPTs ----------------------------------------------------------------------- */

static struct iommu_hwpt_alloc hwpt_to_make;

static int run_hwpt(struct scene *s)
{
	int ret = xioctl(s->fd, IOMMU_HWPT_ALLOC, &hwpt_to_make);

	s->made = hwpt_to_make.out_hwpt_id;
	return ret;
}

static void make_hwpt(struct scene *s)
{
	const struct op op = { .run = run_hwpt, .undo = destroy_made };

	walk(s, &op);
}

/* Over the second IOAS, whose memory it pins. */
static void hwpt_paging(void)
{
	struct scene s = new_scene(0);
	struct rig r = rig_of(&s);

	hwpt_to_make = hwpt_cmd(&r, s.ioas[1], IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
					       IOMMU_HWPT_ALLOC_NEST_PARENT);
	make_hwpt(&s);
}

static void hwpt_nested(void)
{
	struct scene s = new_scene(0);
	struct rig r = rig_of(&s);

	hwpt_to_make = nested_cmd(&r, new_parent(&r));
	make_hwpt(&s);
}

static void hwpt_faults(void)
{
	struct scene s = new_scene(0);
	struct rig r = rig_of(&s);

	hwpt_to_make = hwpt_cmd(&r, s.ioas[0], IOMMU_HWPT_FAULT_ID_VALID);
	hwpt_to_make.fault_id = new_queue(s.fd).id;
	make_hwpt(&s);
}

static int run_queue(struct scene *s)
{
	return queue_alloc(s->fd, &s->queue);
}

static void undo_queue(struct scene *s)
{
	CHECK_OK(close(s->queue.fd));
	CHECK_OK(iommufd_destroy(s->fd, s->queue.id));
}

static void fault_queue(void)
{
	const struct op op = { .run = run_queue, .undo = undo_queue };
	struct scene s = new_scene(0);

	walk(&s, &op);
}

/* --- a real device ----------------------------------------------------------------- */

static struct scene real_scene(void)
{
	struct scene s = new_scene(0);
	__u32 id;

	if (!dut)
		test_skip("no device with an IOMMU here");
	s.real = CHECK_FD(vfio_cdev_open(dut));
	CHECK_OK(vfio_bind(s.real, s.fd, &id));
	return s;
}

static int run_real(struct scene *s)
{
	__u32 id = s->ioas[1];

	return vfio_attach(s->real, &id);
}

static void undo_real(struct scene *s)
{
	CHECK_OK(vfio_detach(s->real));
}

static void real_attach(void)
{
	const struct op op = { .run = run_real, .undo = undo_real };
	struct scene s = real_scene();

	walk(&s, &op);
}

static void undo_move_real(struct scene *s)
{
	__u32 id = s->ioas[0];

	CHECK_OK(vfio_attach(s->real, &id));
}

/* A second ATTACH is a replace. */
static void real_replace(void)
{
	const struct op op = { .run = run_real, .undo = undo_move_real };
	struct scene s = real_scene();

	undo_move_real(&s);
	walk(&s, &op);
}

static const struct test tests[] = {
	{ "attach.device", attach_device, 120 },
	{ "attach.in_group", attach_in_group, 120 },
	{ "attach.pasid", attach_pasid, 0 },
	{ "replace.device", replace_device, 0 },
	{ "replace.group", replace_group, 0 },
	{ "replace.nested", replace_nested, 0 },
	{ "replace.faults", replace_faults, 0 },
	{ "replace.pasid", replace_pasid, 0 },
	{ "hwpt.paging", hwpt_paging, 0 },
	{ "hwpt.nested", hwpt_nested, 0 },
	{ "hwpt.faults", hwpt_faults, 0 },
	{ "fault_queue", fault_queue, 0 },
	{ "real.attach", real_attach, 0 },
	{ "real.replace", real_replace, 0 },
};

const struct test_table fail_attach_table = { tests, ARRAY_SIZE(tests) };
