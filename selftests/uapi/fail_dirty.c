// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_dirty.c - dirty tracking that fails: nothing is lost
 *
 * Owns: fail_dirty_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "dirty.h"
#include "fail.h"
#include "inject.h"

#define LENGTH (MANY_PAGES * PAGE_SZ)
#define BITS ((MANY_PAGES + 7) / 8)

static struct tracked tracked_of(const struct scene *s)
{
	return (struct tracked){
		.fd = s->fd, .ioas = s->ioas[0], .hwpt = s->hwpt[0],
	};
}

static struct scene dirty_scene(void)
{
	struct scene s = new_scene(0);

	CHECK_OK(mock_dirty_hwpt(s.fd, s.dev[0].idev, s.ioas[0],
				 MOCK_IOMMUPT_DEFAULT, &s.hwpt[0]));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas[0], s.va, LENGTH, NEW_IOVA,
				   MAP_RW));
	return s;
}

/* -EINVAL: nothing is tracked. */
static long see_tracking(const struct look *l)
{
	unsigned char bits = 0;

	return iommufd_dirty_bitmap(l->fd, l->id, NEW_IOVA, PAGE_SZ, PAGE_SZ,
				    &bits, NO_CLEAR);
}

static int run_start(struct scene *s)
{
	return iommufd_dirty_track(s->fd, s->hwpt[0], true);
}

static void undo_start(struct scene *s)
{
	CHECK_OK(iommufd_dirty_track(s->fd, s->hwpt[0], false));
}

static void start(void)
{
	const struct op op = { .run = run_start, .undo = undo_start };
	struct look look = { .what = "what is tracked", .at = see_tracking };
	struct scene s = dirty_scene();

	look.id = s.hwpt[0];
	look_at(&s, &look);
	walk(&s, &op);
}

static int read_bits(const struct tracked *t, unsigned char *bits)
{
	return iommufd_dirty_bitmap(t->fd, t->hwpt, NEW_IOVA, LENGTH, PAGE_SZ,
				    bits, 0);
}

/* Some pages are written to, others each time; all must be reported, once. */
static void write_some(const struct tracked *t, struct rng *rng,
		       unsigned char *want)
{
	unsigned int i, page;

	memset(want, 0, BITS);
	for (i = 0; i < 60; i++) {
		page = rng_below(rng, MANY_PAGES);
		CHECK_EQ(device_write(t->fd, t->hwpt, NEW_IOVA + page * PAGE_SZ),
			 1);
		want[page / 8] |= 1 << page % 8;
	}
}

/*
 * A read that fails may have reported some, and cleared it: what it reported
 * and what the next one does must be all of it.
 */
static void reading(void)
{
	unsigned char want[BITS], bits[BITS];
	unsigned int nth, failures = 0;
	struct scene s = dirty_scene();
	struct tracked t = tracked_of(&s);
	struct rng rng = { 11 };
	int armed, ret;
	bool hit;

	CHECK_OK(run_start(&s));
	write_some(&t, &rng, want);
	memset(bits, 0, sizeof(bits));
	CHECK_OK(read_bits(&t, bits));
	CHECK(!memcmp(bits, want, BITS));
	if (!inject_prepare())
		test_skip("this kernel cannot let allocations fail");
	for (nth = 1; ; nth++) {
		CHECK(nth < 1000);
		write_some(&t, &rng, want);
		memset(bits, 0, sizeof(bits));
		armed = CHECK_FD(inject_arm(nth));
		ret = read_bits(&t, bits);
		hit = inject_disarm(armed);
		if (ret) {
			CHECK(ret == -ENOMEM || ret == -EFAULT);
			CHECK(hit);
			failures++;
			CHECK_OK(read_bits(&t, bits));
		}
		CHECK(!memcmp(bits, want, BITS));
		memset(bits, 0, sizeof(bits));
		CHECK_OK(read_bits(&t, bits));
		memset(want, 0, sizeof(want));
		CHECK(!memcmp(bits, want, BITS));
		if (!ret && !hit)
			break;
	}
	test_note("%u of %u failures failed it", failures, nth - 1);
	CHECK(failures > 0);
}

static const struct test tests[] = {
	{ "dirty.start", start, 0 },
	{ "dirty.reading", reading, 120 },
};

const struct test_table fail_dirty_table = { tests, ARRAY_SIZE(tests) };
