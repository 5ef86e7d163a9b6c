// SPDX-License-Identifier: GPL-2.0-only
/*
 * A source: an iommufd that a distribution ships, without iommufd-bpf's
 * iterators and tracepoints. foreign.bpf.c walks its structures.
 *
 * Contexts and IOASes have addresses in the kernel, which are not for show:
 * here they get numbers, contexts from 1, an IOAS its context's and its id.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "fcount.skel.h"
#include "foreign.h"
#include "foreign.skel.h"
#include "tool.h"

#define TRIES 4
#define FOREIGN_COOKIE (1ULL << 56)
#define CTX_SHIFT 32

/* A context that was seen. */
struct known {
	uint64_t address;
	uint64_t owner_ns;
	int32_t tgid;
	uint32_t nr;
	uint64_t turn;
};

struct foreign {
	struct foreign_bpf *walk;
	struct fcount_bpf *count; /* NULL: not counting */
	const struct top_rec *recs;
	struct known *known;
	size_t nr_known, max_known;
	uint64_t *ioases; /* their addresses, in the snapshot's order */
	size_t nr_ioases, max_ioases;
	uint32_t last_nr;
	uint64_t run; /* a number of each run of the iterator */
	uint64_t turn; /* of each walk */
	struct top_stats gone; /* of contexts that are closed */
};

static int open_count(struct foreign *f)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct btf *btf = vmlinux ? btf__load_module_btf("iommufd", vmlinux) : NULL;
	struct bpf_program *prog;
	const char *function;
	int rc;

	f->count = fcount_bpf__open();
	rc = f->count ? 0 : -errno;
	if (!rc) {
		/* Not every kernel has every command. */
		bpf_object__for_each_program(prog, f->count->obj) {
			function = strchr(bpf_program__section_name(prog), '/') + 1;
			if (btf && btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) <= 0)
				bpf_program__set_autoload(prog, false);
		}
	}
	btf__free(btf);
	btf__free(vmlinux);
	if (!rc)
		rc = fcount_bpf__load(f->count);
	return rc ? rc : fcount_bpf__attach(f->count);
}

struct foreign *foreign_open(bool count, int *err)
{
	struct foreign *f = calloc(1, sizeof(*f));
	int rc = -ENOMEM;

	if (!f)
		goto fail;
	f->walk = foreign_bpf__open_and_load();
	if (!f->walk) {
		rc = -errno;
		goto fail;
	}
	f->recs = bpfio_map_array(f->walk->maps.recs);
	if (!f->recs) {
		rc = -errno;
		goto fail;
	}
	rc = count ? open_count(f) : 0;
	if (rc)
		goto fail;
	return f;
fail:
	*err = tool_libbpf_failed("iommutop's BPF programs for this iommufd", rc);
	foreign_close(f);
	return NULL;
}

void foreign_close(struct foreign *f)
{
	if (!f)
		return;
	if (f->recs)
		bpfio_unmap_array(f->recs, f->walk->maps.recs);
	foreign_bpf__destroy(f->walk);
	fcount_bpf__destroy(f->count);
	free(f->known);
	free(f->ioases);
	free(f);
}

static void begin_run(struct foreign *f, uint64_t ioas, uint64_t iova)
{
	struct top_t1_walk *w = &f->walk->bss->fw;

	memset(w, 0, sizeof(*w));
	w->container = ioas;
	w->iova = iova;
	w->run = ++f->run;
	if (f->count) {
		f->walk->bss->nr_ended = f->count->bss->nr_ended;
		f->walk->bss->nr_begun = f->count->bss->nr_begun;
	}
}

/* Did a call begin since begin_run(), or was one under way? */
static bool disturbed(struct foreign *f)
{
	if (f->walk->bss->fw.torn)
		return true;
	return f->count && f->count->bss->nr_begun != f->walk->bss->nr_begun;
}

static struct known *known_of(struct foreign *f, const struct top_ctx *ctx)
{
	struct known *k = NULL;
	size_t i;

	for (i = 0; i < f->nr_known; i++) {
		if (f->known[i].address == ctx->cookie)
			k = &f->known[i];
	}
	/* The address may be another context's by now. */
	if (k && k->tgid == ctx->tgid && k->owner_ns == ctx->created_ns)
		return k;
	if (!k)
		k = snap_add(&f->known, &f->nr_known, &f->max_known, sizeof(*k));
	if (!k)
		return NULL;
	k->address = ctx->cookie;
	k->tgid = ctx->tgid;
	k->owner_ns = ctx->created_ns;
	k->nr = ++f->last_nr;
	return k;
}

static int keep_address(struct foreign *f, uint64_t address)
{
	uint64_t *at = snap_add(&f->ioases, &f->nr_ioases, &f->max_ioases, sizeof(*at));

	if (!at)
		return -ENOMEM;
	*at = address;
	return 0;
}

/*
 * An IOAS's number is its context's and its id; who refers to one before it was
 * seen keeps the address until all have been.
 */
static int take_recs(struct foreign *f, struct snap *snap)
{
	struct top_rec rec;
	uint64_t ctx = 0;
	struct known *k;
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < f->walk->bss->fw.nr_recs; i++) {
		rec = f->recs[i];
		switch (rec.kind) {
		case TOP_CTX:
			k = known_of(f, &rec.ctx);
			if (!k)
				return -ENOMEM;
			k->turn = f->turn;
			ctx = FOREIGN_COOKIE | (uint64_t)k->nr << CTX_SHIFT;
			rec.ctx.cookie = ctx;
			break;
		case TOP_MODE:
			if (snap->nr_ctxs)
				snap->ctxs[snap->nr_ctxs - 1].mode = rec.mode.mm ? SNAP_MODE_MM :
										   SNAP_MODE_USER;
			continue;
		case TOP_DEVICE:
			rec.device.ctx_cookie = ctx;
			break;
		case TOP_HWPT:
			rec.hwpt.ctx_cookie = ctx;
			break;
		case TOP_IOAS:
			rc = keep_address(f, rec.ioas.cookie);
			rec.ioas.ctx_cookie = ctx;
			rec.ioas.cookie = ctx | rec.ioas.id;
			break;
		}
		if (!rc)
			rc = bpfio_take_rec(snap, TOP_FOREIGN, &rec);
	}
	return rc;
}

/* Addresses of IOASes become their numbers. */
static void name_ioases(struct foreign *f, struct snap *snap, size_t first_ioas,
			size_t first_device, size_t first_hwpt)
{
	uint64_t cookie;
	size_t i, o;

	for (i = first_device; i < snap->nr_devices; i++) {
		cookie = 0;
		for (o = 0; o < f->nr_ioases; o++) {
			if (f->ioases[o] == snap->devices[i].v.ioas_cookie)
				cookie = snap->ioases[first_ioas + o].v.cookie;
		}
		snap->devices[i].v.ioas_cookie = cookie;
	}
	for (i = first_hwpt; i < snap->nr_hwpts; i++) {
		cookie = 0;
		for (o = 0; o < f->nr_ioases; o++) {
			if (f->ioases[o] == snap->hwpts[i].v.ioas_cookie)
				cookie = snap->ioases[first_ioas + o].v.cookie;
		}
		snap->hwpts[i].v.ioas_cookie = cookie;
	}
}

/* Those that are gone, and their counters. */
static void forget(struct foreign *f)
{
	struct top_stats st;
	size_t i, kept = 0;
	int fd;

	for (i = 0; i < f->nr_known; i++) {
		if (f->known[i].turn == f->turn) {
			f->known[kept++] = f->known[i];
			continue;
		}
		if (!f->count)
			continue;
		fd = bpf_map__fd(f->count->maps.f_stats);
		if (!bpf_map_lookup_elem(fd, &f->known[i].address, &st))
			snap_add_stats(&f->gone, &st);
		bpf_map_delete_elem(fd, &f->known[i].address);
	}
	f->nr_known = kept;
}

/* One IOAS's mappings, appended; -EAGAIN: they changed meanwhile. */
static int walk_areas(struct foreign *f, struct snap *snap, size_t ioas, uint64_t address)
{
	const struct top_t1_walk *w = &f->walk->bss->fw;
	struct snap_area *area;
	uint64_t from = 0;
	uint32_t i;
	int rc;

	do {
		begin_run(f, address, from);
		rc = bpfio_run_iterator(f->walk->progs.walk_foreign_areas);
		if (rc)
			return rc;
		/* Closed by now. */
		if (!w->nr_recs && !w->done)
			return 0;
		for (i = 0; i < w->nr_recs; i++) {
			area = SNAP_ADD(snap, areas);
			if (!area)
				return -ENOMEM;
			area->v = f->recs[i].area;
			area->v.ioas_cookie = snap->ioases[ioas].v.cookie;
			area->ioas = ioas;
		}
		from = w->iova;
		if (disturbed(f))
			return -EAGAIN;
	} while (!w->done);
	return 0;
}

static int walk_all_areas(struct foreign *f, struct snap *snap, size_t first_ioas)
{
	size_t i, first;
	int rc = 0, try;

	for (i = first_ioas; i < snap->nr_ioases; i++) {
		first = snap->nr_areas;
		for (try = 0; try < TRIES; try++) {
			snap->nr_areas = first;
			rc = walk_areas(f, snap, i, f->ioases[i - first_ioas]);
			if (rc != -EAGAIN)
				break;
		}
		if (rc && rc != -EAGAIN)
			return rc;
		snap->torn |= rc == -EAGAIN;
		bpfio_sum_areas(snap, i, first);
	}
	return 0;
}

int foreign_walk(struct foreign *f, bool want_areas, struct snap *snap)
{
	size_t ioas = snap->nr_ioases, device = snap->nr_devices, hwpt = snap->nr_hwpts;
	int rc, try;

	f->turn++;
	f->nr_ioases = 0;
	for (try = 0; try < TRIES; try++) {
		begin_run(f, 0, 0);
		rc = bpfio_run_iterator(f->walk->progs.walk_foreign);
		if (rc)
			return rc;
		if (!disturbed(f))
			break;
	}
	snap->torn |= try == TRIES || f->walk->bss->fw.nr_lost;
	rc = take_recs(f, snap);
	if (!rc)
		name_ioases(f, snap, ioas, device, hwpt);
	if (!rc && want_areas)
		rc = walk_all_areas(f, snap, ioas);
	forget(f);
	if (!rc) {
		snap->sources[TOP_FOREIGN] = true;
		snap->has_hwpts = true;
	}
	return rc;
}

static const struct known *known_by_cookie(struct foreign *f, uint64_t cookie)
{
	size_t i;

	for (i = 0; i < f->nr_known; i++) {
		if ((FOREIGN_COOKIE | (uint64_t)f->known[i].nr << CTX_SHIFT) == cookie)
			return &f->known[i];
	}
	return NULL;
}

void foreign_stats(struct foreign *f, uint64_t cookie, struct top_stats *st)
{
	const struct known *k = known_by_cookie(f, cookie);

	memset(st, 0, sizeof(*st));
	if (f->count && k)
		bpf_map__lookup_elem(f->count->maps.f_stats, &k->address, sizeof(k->address), st,
				     sizeof(*st), 0);
}

void foreign_totals(struct foreign *f, struct snap *snap)
{
	if (!f->count)
		return;
	bpfio_add_up(bpf_map__fd(f->count->maps.f_stats), &snap->total);
	snap_add_stats(&snap->total, &f->gone);
	snap_add_stats(&snap->total, &f->count->bss->rest);
	snap->nr_uncounted += f->count->bss->nr_uncounted;
	snap->nr_lost += bpfio_lost(f->count->obj);
}

void foreign_reset(struct foreign *f)
{
	if (!f->count)
		return;
	memset(&f->count->bss->rest, 0, sizeof(f->count->bss->rest));
	memset(&f->gone, 0, sizeof(f->gone));
	bpfio_clear(bpf_map__fd(f->count->maps.f_stats), sizeof(__u64));
}
