// SPDX-License-Identifier: GPL-2.0-only
/*
 * race_space.c - races in a context without a device
 *
 * Owns: space_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "race.h"

#define SLOTS 4
#define SLOT (4 * PAGE_SZ)
#define IOVA 0x100000ULL

static __u64 random_slot(struct racer *me)
{
	return IOVA + rng_below(&me->rng, SLOTS) * SLOT;
}

static void map_slot(struct racer *me)
{
	struct space *s = me->shared;
	int ret = iommufd_map_fixed(s->fd, s->ioas, nowhere(PAGE_SZ), SLOT,
				    random_slot(me), MAP_RW);

	me->done += allowed(me, ret, EEXIST, 0);
}

static void unmap_slot(struct racer *me)
{
	struct space *s = me->shared;
	__u64 done = 0;
	int ret = iommufd_unmap(s->fd, s->ioas, random_slot(me), SLOT, &done);

	/* EBUSY: it is just being mapped, or unmapped by somebody else. */
	if (allowed(me, ret, ENOENT, EBUSY, 0)) {
		CHECK_EQ(done, SLOT);
		me->done++;
	}
}

static void unmap_everything(struct racer *me)
{
	struct space *s = me->shared;
	__u64 done = 0;
	int ret = iommufd_unmap(s->fd, s->ioas, 0, ~0ULL, &done);

	if (allowed(me, ret, EBUSY, 0)) {
		CHECK_EQ(done % SLOT, 0);
		CHECK(done <= SLOTS * SLOT);
		me->done++;
	}
}

static void expect_consistent(const struct space *s)
{
	__u64 done;
	int i;

	for (i = 0; i < SLOTS; i++) {
		int ret = iommufd_map_fixed(s->fd, s->ioas, nowhere(PAGE_SZ),
					    SLOT, IOVA + i * SLOT, MAP_RW);

		CHECK(ret == 0 || ret == -EEXIST);
	}
	CHECK_OK(iommufd_unmap(s->fd, s->ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, SLOTS * SLOT);
	CHECK_OK(iommufd_destroy(s->fd, s->ioas));
}

static void map_against_unmap(void)
{
	struct space s = new_space();
	struct racer r[] = {
		{ .name = "map", .turn = map_slot, .shared = &s },
		{ .name = "map", .turn = map_slot, .shared = &s },
		{ .name = "unmap", .turn = unmap_slot, .shared = &s },
		{ .name = "unmap", .turn = unmap_slot, .shared = &s },
	};

	race(r, ARRAY_SIZE(r));
	expect_consistent(&s);
}

static void unmap_all_against_map(void)
{
	struct space s = new_space();
	struct racer r[] = {
		{ .name = "map", .turn = map_slot, .shared = &s },
		{ .name = "map", .turn = map_slot, .shared = &s },
		{ .name = "unmap", .turn = unmap_slot, .shared = &s },
		{ .name = "unmap all", .turn = unmap_everything, .shared = &s },
		{ .name = "unmap all", .turn = unmap_everything, .shared = &s },
	};

	race(r, ARRAY_SIZE(r));
	expect_consistent(&s);
}

/* Who got an IOVA by itself has it for itself. */
static void map_auto(struct racer *me)
{
	struct space *s = me->shared;
	__u64 len = (1 + rng_below(&me->rng, 600)) * PAGE_SZ, iova[8];
	__u64 done;
	int i;

	for (i = 0; i < 8; i++)
		CHECK_OK(iommufd_map_auto(s->fd, s->ioas, nowhere(PAGE_SZ), len,
					  &iova[i], MAP_RW));
	for (i = 0; i < 8; i++) {
		CHECK_OK(iommufd_unmap(s->fd, s->ioas, iova[i], len, &done));
		CHECK_EQ(done, len);
	}
	me->done++;
}

static void auto_against_auto(void)
{
	struct space s = new_space();
	struct racer r[] = {
		{ .name = "auto", .turn = map_auto, .shared = &s },
		{ .name = "auto", .turn = map_auto, .shared = &s },
		{ .name = "auto", .turn = map_auto, .shared = &s },
		{ .name = "auto", .turn = map_auto, .shared = &s },
	};
	__u64 done;

	race(r, ARRAY_SIZE(r));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, 0);
}

/* --- objects that come and go ------------------------------------------- */

#define IDS 4

static void make_one(struct racer *me)
{
	struct space *s = me->shared;
	__u32 id;

	CHECK_OK(iommufd_ioas_alloc(s->fd, &id));
	me->done++;
	/* Not too many: the others guess ids. */
	if (id > IDS)
		allowed(me, iommufd_destroy(s->fd, id), ENOENT, 0);
}

static void destroy_one(struct racer *me)
{
	struct space *s = me->shared;
	int ret = iommufd_destroy(s->fd, 1 + rng_below(&me->rng, IDS));

	me->done += allowed(me, ret, ENOENT, 0);
}

static void use_one(struct racer *me)
{
	struct space *s = me->shared;
	__u32 id = 1 + rng_below(&me->rng, IDS);
	struct iommu_iova_range r;
	__u32 count = 1;
	__u64 iova;
	int ret;

	switch (rng_below(&me->rng, 3)) {
	case 0:
		ret = iommufd_map_auto(s->fd, id, nowhere(PAGE_SZ), SLOT, &iova,
				       MAP_RW);
		break;
	case 1:
		ret = iommufd_unmap(s->fd, id, 0, ~0ULL, NULL);
		break;
	default:
		ret = iommufd_ranges(s->fd, id, &r, &count, NULL);
		break;
	}
	me->done += allowed(me, ret, ENOENT, EBUSY, 0);
}

static void destroy_against_use(void)
{
	struct space s = { .fd = CHECK_FD(iommufd_open()) };
	struct racer r[] = {
		{ .name = "alloc", .turn = make_one, .shared = &s },
		{ .name = "destroy", .turn = destroy_one, .shared = &s },
		{ .name = "destroy", .turn = destroy_one, .shared = &s },
		{ .name = "use", .turn = use_one, .shared = &s },
		{ .name = "use", .turn = use_one, .shared = &s },
		{ .name = "use", .turn = use_one, .shared = &s },
	};
	__u32 id;

	race(r, ARRAY_SIZE(r));
	for (id = 1; id < 100; id++) {
		int ret = iommufd_destroy(s.fd, id);

		CHECK(ret == 0 || ret == -ENOENT);
	}
}

/* --- descriptors that are closed under the others ------------------------- */

/* Shared: a descriptor number, behind which contexts come and go. */
static void close_and_open(struct racer *me)
{
	struct space *s = me->shared;
	int fresh = CHECK_FD(iommufd_open());
	int copy = CHECK_FD(dup(s->fd));
	__u32 id;
	int i;

	for (i = 0; i < 3; i++)
		CHECK_OK(iommufd_ioas_alloc(fresh, &id));
	/* The number is never another file's: it is replaced in one step. */
	CHECK_FD(dup2(fresh, s->fd));
	CHECK_OK(close(fresh));
	/* The old context ends here, or with the last ioctl in it. */
	CHECK_OK(close(copy));
	me->done++;
}

static void close_against_everything(void)
{
	struct space s = new_space();
	struct racer r[] = {
		{ .name = "close", .turn = close_and_open, .shared = &s },
		{ .name = "use", .turn = use_one, .shared = &s },
		{ .name = "use", .turn = use_one, .shared = &s },
		{ .name = "map", .turn = use_one, .shared = &s },
		{ .name = "destroy", .turn = destroy_one, .shared = &s },
	};

	race(r, ARRAY_SIZE(r));
}

static const struct test tests[] = {
	{ "space.map_against_unmap", map_against_unmap, 0 },
	{ "space.unmap_all_against_map", unmap_all_against_map, 0 },
	{ "space.auto_against_auto", auto_against_auto, 0 },
	{ "space.destroy_against_use", destroy_against_use, 0 },
	{ "space.close_against_everything", close_against_everything, 0 },
};

const struct test_table space_table = { tests, ARRAY_SIZE(tests) };
