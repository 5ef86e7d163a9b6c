// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_viommu.c - virtual IOMMUs, and what is on top of them, that are not made
 *
 * Owns: fail_viommu_table; for an iommufd.ko that has them (with-viommu).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "fail.h"
#include "viommu.h"

static struct vrig vrig_of(const struct scene *s)
{
	return (struct vrig){
		.r = rig_of(s), .parent = s->hwpt[0], .viommu = s->hwpt[1],
	};
}

/* A nesting parent and a virtual IOMMU on top of it. */
static struct scene viommu_scene(void)
{
	struct scene s = new_scene(0);
	struct rig r = rig_of(&s);

	s.hwpt[0] = new_parent(&r);
	CHECK_OK(viommu_alloc(&r, s.hwpt[0], NULL, &s.hwpt[1]));
	return s;
}

static void undo_made(struct scene *s)
{
	CHECK_OK(iommufd_destroy(s->fd, s->made));
}

static int run_viommu(struct scene *s)
{
	struct iommu_viommu_selftest data = { .in_data = 7 };
	struct rig r = rig_of(s);

	/* With registers that can be mapped. */
	return viommu_alloc(&r, s->hwpt[0], &data, &s->made);
}

static void viommu(void)
{
	const struct op op = { .run = run_viommu, .undo = undo_made };
	struct scene s = viommu_scene();

	walk(&s, &op);
}

static int run_vdevice(struct scene *s)
{
	struct vrig v = vrig_of(s);

	return vdevice_alloc(&v, s->dev[0].idev, 0x99, &s->made);
}

static void vdevice(void)
{
	const struct op op = { .run = run_vdevice, .undo = undo_made };
	struct scene s = viommu_scene();

	walk(&s, &op);
}

static int run_veventq(struct scene *s)
{
	struct vrig v = vrig_of(s);

	return veventq_alloc(&v, 8, &s->queue);
}

static void undo_veventq(struct scene *s)
{
	CHECK_OK(close(s->queue.fd));
	CHECK_OK(iommufd_destroy(s->fd, s->queue.id));
}

static void veventq(void)
{
	const struct op op = { .run = run_veventq, .undo = undo_veventq };
	struct scene s = viommu_scene();

	walk(&s, &op);
}

static int run_hw_queue(struct scene *s)
{
	struct vrig v = vrig_of(s);

	return hw_queue_alloc(&v, 0, OLD_IOVA + PAGE_SZ, PAGE_SZ, &s->made);
}

/* While it is there its memory cannot be unmapped; afterwards it can. */
static void hw_queue(void)
{
	const struct op op = { .run = run_hw_queue, .undo = undo_made };
	struct scene s = viommu_scene();

	walk(&s, &op);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas[0], OLD_IOVA, OLD_PAGES * PAGE_SZ,
			       NULL));
}

static int run_nested(struct scene *s)
{
	struct rig r = rig_of(s);
	struct iommu_hwpt_alloc cmd = nested_cmd(&r, s->hwpt[1]);
	int ret = xioctl(s->fd, IOMMU_HWPT_ALLOC, &cmd);

	s->made = cmd.out_hwpt_id;
	return ret;
}

static void nested(void)
{
	const struct op op = { .run = run_nested, .undo = undo_made };
	struct scene s = viommu_scene();

	walk(&s, &op);
}

static const struct test tests[] = {
	{ "viommu.itself", viommu, 0 },
	{ "viommu.vdevice", vdevice, 0 },
	{ "viommu.veventq", veventq, 0 },
	{ "viommu.hw_queue", hw_queue, 0 },
	{ "viommu.nested", nested, 0 },
};

const struct test_table fail_viommu_table = { tests, ARRAY_SIZE(tests) };
