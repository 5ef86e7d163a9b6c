// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_hold.c - what a map holds of an object keeps nothing from going
 *
 * Owns: iter_hold_table.
 */
#include <unistd.h>

#include "iter_main.h"

#define LEN (2 * PAGE_SZ)

static void want(struct iter_walk *w, const struct found *f)
{
	w->bss->want_cookie[0] = f->ctx.cookie;
	w->bss->want_cookie[1] = f->ioas[0].cookie;
	w->bss->want_cookie[2] = f->hwpt[0].cookie;
	w->bss->want_cookie[3] = f->device[0].cookie;
}

static void outlive(void)
{
	struct iter_walk *w = new_walk();
	struct rig r = new_rig();
	char *va = get_pages(LEN);
	const struct found *f, *kept = &w->bss->kept;

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_RW));
	f = walk(w);
	want(w, f);
	run_program(w->progs.hold);
	CHECK_EQ(w->bss->acquired, 0xf);
	run_program(w->progs.peek);
	CHECK_EQ(kept->ctx.cookie, f->ctx.cookie);
	CHECK_EQ(kept->ctx.gone, 0);
	CHECK_EQ(kept->ioas[0].mapped_bytes, LEN);
	CHECK_EQ(kept->hwpt[0].id, r.m.hwpt);
	CHECK_EQ(kept->device[0].id, r.m.idev);
	CHECK_EQ(w->bss->nr_found_in_kept, 1);

	/* Held again (the peek let go of the IOAS), and all are destroyed. */
	run_program(w->progs.hold);
	CHECK_EQ(w->bss->acquired, 0xf);
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA, LEN, NULL));
	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
	close(r.fd);
	CHECK_EQ(walk(w)->nr_ctxs, 0);
	run_program(w->progs.peek);
	CHECK_EQ(kept->ctx.gone, 1);
	CHECK_EQ(kept->ctx.tgid, getpid());
	CHECK_EQ(kept->ctx.nr_objects, 0);
	CHECK_EQ(kept->ioas[0].gone, 1);
	CHECK_EQ(kept->ioas[0].id, r.ioas);
	CHECK_EQ(kept->ioas[0].mapped_bytes, 0);
	CHECK_EQ(kept->hwpt[0].gone, 1);
	CHECK_EQ(kept->hwpt[0].id, r.m.hwpt);
	CHECK_EQ(kept->device[0].gone, 1);
	CHECK_EQ(w->bss->nr_found_in_kept, 0);
	/* They cannot be found any more; what is held still is. */
	run_program(w->progs.hold);
	CHECK_EQ(w->bss->acquired, 0);
	iter_walk__destroy(w);
}

/* A cookie is of one kind only, and never used again. */
static void cookies(void)
{
	struct iter_walk *w = new_walk();
	struct rig r = new_rig();
	const struct found *f = walk(w);
	__u64 old = f->ioas[0].cookie;
	__u32 ioas;

	w->bss->want_cookie[0] = f->ioas[0].cookie;
	w->bss->want_cookie[1] = f->ctx.cookie;
	w->bss->want_cookie[2] = f->device[0].cookie;
	w->bss->want_cookie[3] = f->hwpt[0].cookie;
	run_program(w->progs.hold);
	CHECK_EQ(w->bss->acquired, 0);
	memset(w->bss->want_cookie, 0, sizeof(w->bss->want_cookie));
	run_program(w->progs.hold);
	CHECK_EQ(w->bss->acquired, 0);
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
	CHECK_OK(iommufd_ioas_alloc(r.fd, &ioas));
	CHECK(walk(w)->ioas[0].cookie > old);
	w->bss->want_cookie[1] = old;
	run_program(w->progs.hold);
	CHECK_EQ(w->bss->acquired, 0);
}

static const struct test tests[] = {
	{ .name = "outlive", .run = outlive },
	{ .name = "cookies", .run = cookies },
};

const struct test_table iter_hold_table = { tests, ARRAY_SIZE(tests) };
