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

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "fcount.skel.h"
#include "filewalk.h"
#include "foreign.h"
#include "foreign.skel.h"
#include "tool.h"

#define FOREIGN_COOKIE (1ULL << 56)
#define CTX_SHIFT 32

struct foreign {
	struct foreign_bpf *walk;
	struct fcount_bpf *count; /* NULL: not counting */
	struct filewalk files;
	uint64_t *ioases; /* their addresses, in the snapshot's order */
	size_t nr_ioases, max_ioases;
	struct top_stats gone; /* of contexts that are closed */
};

/* Not every kernel has every command. */
static int open_count(struct foreign *f)
{
	int rc;

	f->count = fcount_bpf__open();
	if (!f->count)
		return -errno;
	bpfio_only_existing(f->count->obj, "iommufd");
	rc = fcount_bpf__load(f->count);
	if (rc)
		return rc;
	f->files.begun = &f->count->bss->nr_begun;
	f->files.ended = &f->count->bss->nr_ended;
	f->files.stats = bpf_map__fd(f->count->maps.f_stats);
	f->files.gone = &f->gone;
	return fcount_bpf__attach(f->count);
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
	f->files = FILEWALK(f->walk, walk_foreign, walk_foreign_areas);
	f->files.recs = bpfio_map_array(f->walk->maps.recs);
	if (!f->files.recs) {
		rc = -errno;
		goto fail;
	}
	rc = count ? open_count(f) : 0;
	if (!rc)
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
	if (f->files.recs)
		bpfio_unmap_array(f->files.recs, f->walk->maps.recs);
	foreign_bpf__destroy(f->walk);
	fcount_bpf__destroy(f->count);
	filewalk_free(&f->files);
	free(f->ioases);
	free(f);
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
	const struct filewalk_known *k;
	uint64_t ctx = 0;
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < f->files.run->nr_recs; i++) {
		rec = f->files.recs[i];
		switch (rec.kind) {
		case TOP_CTX:
			k = filewalk_known(&f->files, &rec.ctx);
			if (!k)
				return -ENOMEM;
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

/* The number of the IOAS at an address; 0: it was not seen. */
static uint64_t ioas_at(const struct foreign *f, const struct snap *snap, size_t first_ioas,
			uint64_t address)
{
	size_t i;

	for (i = f->nr_ioases; i--; ) {
		if (f->ioases[i] == address)
			return snap->ioases[first_ioas + i].v.cookie;
	}
	return 0;
}

/* Addresses of IOASes become their numbers. */
static void name_ioases(struct foreign *f, struct snap *snap, size_t first_ioas,
			size_t first_device, size_t first_hwpt)
{
	__u64 *cookie;
	size_t i;

	for (i = first_device; i < snap->nr_devices; i++) {
		cookie = &snap->devices[i].v.ioas_cookie;
		*cookie = ioas_at(f, snap, first_ioas, *cookie);
	}
	for (i = first_hwpt; i < snap->nr_hwpts; i++) {
		cookie = &snap->hwpts[i].v.ioas_cookie;
		*cookie = ioas_at(f, snap, first_ioas, *cookie);
	}
}

static int walk_all_areas(struct foreign *f, struct snap *snap, size_t first)
{
	size_t i;
	int rc = 0;

	for (i = first; !rc && i < snap->nr_ioases; i++)
		rc = filewalk_areas(&f->files, snap, i, f->ioases[i - first]);
	return rc;
}

int foreign_walk(struct foreign *f, bool want_areas, struct snap *snap)
{
	size_t ioas = snap->nr_ioases, device = snap->nr_devices, hwpt = snap->nr_hwpts;
	int rc = filewalk_begin(&f->files, &snap->torn);

	if (rc)
		return rc;
	f->nr_ioases = 0;
	rc = take_recs(f, snap);
	if (!rc)
		name_ioases(f, snap, ioas, device, hwpt);
	if (!rc && want_areas)
		rc = walk_all_areas(f, snap, ioas);
	filewalk_end(&f->files);
	if (!rc) {
		snap->sources[TOP_FOREIGN] = true;
		snap->has_hwpts = true;
	}
	return rc;
}

static const struct filewalk_known *known_by_cookie(struct foreign *f, uint64_t cookie)
{
	return filewalk_by_nr(&f->files, (cookie & ~FOREIGN_COOKIE) >> CTX_SHIFT);
}

void foreign_stats(struct foreign *f, uint64_t cookie, struct top_stats *st)
{
	const struct filewalk_known *k = known_by_cookie(f, cookie);

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
	snap->nr_lost += tool_bpf_missed(f->count->obj);
}

void foreign_reset(struct foreign *f)
{
	if (!f->count)
		return;
	memset(&f->count->bss->rest, 0, sizeof(f->count->bss->rest));
	memset(&f->gone, 0, sizeof(f->gone));
	bpfio_clear(bpf_map__fd(f->count->maps.f_stats), sizeof(__u64));
}
