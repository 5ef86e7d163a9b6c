// SPDX-License-Identifier: GPL-2.0-only
/* What the sources do alike with BPF maps and records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpfio.h"
#include "fmt.h"
#include "source.h"

struct bpfio_gone {
	uint64_t cookie;
	enum { STALE_BEFORE, STALE_AGAIN, STALE_NEW } seen;
};

static size_t array_bytes(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map);

	return (bytes + page - 1) / page * page;
}

const void *bpfio_map_array(const struct bpf_map *map)
{
	/* Written to by who asks about tasks: an array of questions. */
	void *p = mmap(NULL, array_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

void bpfio_unmap_array(const void *array, const struct bpf_map *map)
{
	munmap((void *)array, array_bytes(map));
}

static int take_ctx(struct snap *snap, enum top_source source, const struct top_rec *rec)
{
	struct snap_ctx *ctx = SNAP_ADD(snap, ctxs);

	if (!ctx)
		return -ENOMEM;
	ctx->v = rec->ctx;
	ctx->source = source;
	ctx->proc = SIZE_MAX;
	return 0;
}

static int take_device(struct snap *snap, const struct top_rec *rec)
{
	struct snap_device *dev = SNAP_ADD(snap, devices);

	if (!dev)
		return -ENOMEM;
	dev->v = rec->device;
	dev->v.name[sizeof(dev->v.name) - 1] = 0;
	dev->ctx = snap->nr_ctxs - 1;
	return 0;
}

static int take_hwpt(struct snap *snap, const struct top_rec *rec)
{
	struct snap_hwpt *hwpt = SNAP_ADD(snap, hwpts);

	if (!hwpt)
		return -ENOMEM;
	hwpt->v = rec->hwpt;
	hwpt->ctx = snap->nr_ctxs - 1;
	hwpt->dirty_rate = -1;
	return 0;
}

static int take_ioas(struct snap *snap, const struct top_rec *rec)
{
	struct snap_ioas *ioas = SNAP_ADD(snap, ioases);

	if (!ioas)
		return -ENOMEM;
	ioas->v = rec->ioas;
	ioas->ctx = snap->nr_ctxs - 1;
	return 0;
}

static int take_area(struct snap *snap, const struct top_rec *rec)
{
	struct snap_area *area = SNAP_ADD(snap, areas);

	if (!area)
		return -ENOMEM;
	area->v = rec->area;
	area->ioas = snap->nr_ioases - 1;
	return 0;
}

int bpfio_take_rec(struct snap *snap, enum top_source source, const struct top_rec *rec)
{
	if (rec->kind == TOP_CTX)
		return take_ctx(snap, source, rec);
	if (!snap->nr_ctxs)
		return -EPROTO;
	switch (rec->kind) {
	case TOP_DEVICE:
		return take_device(snap, rec);
	case TOP_HWPT:
		return take_hwpt(snap, rec);
	case TOP_IOAS:
		return take_ioas(snap, rec);
	case TOP_AREA:
		return snap->nr_ioases ? take_area(snap, rec) : -EPROTO;
	}
	return -EPROTO;
}

void bpfio_take_refusal(struct snap *snap, const struct top_refusal *ref)
{
	if (ref->boot_ns < snap->last_refusal.boot_ns)
		return;
	snap->last_refusal = *ref;
	snap->last_refusal.comm[TOP_COMM_LEN - 1] = 0;
	fmt_plain(snap->last_refusal.comm);
	fmt_plain(snap->last_refusal.policy);
	fmt_plain(snap->last_refusal.reason);
}

void bpfio_clear(int fd, size_t key_size)
{
	char key[64];

	if (key_size > sizeof(key))
		return;
	while (!bpf_map_get_next_key(fd, NULL, key)) {
		if (bpf_map_delete_elem(fd, key))
			return;
	}
}

static struct bpfio_gone *find_stale(struct bpfio_stale *stale, uint64_t cookie)
{
	size_t i;

	for (i = 0; i < stale->nr; i++) {
		if (stale->gone[i].cookie == cookie)
			return &stale->gone[i];
	}
	return NULL;
}

void bpfio_drop(int fd, __u64 cookie, struct top_stats *gone)
{
	struct top_stats st;

	if (gone && !bpf_map_lookup_elem(fd, &cookie, &st))
		snap_add_stats(gone, &st);
	bpf_map_delete_elem(fd, &cookie);
}

void bpfio_drop_stale(struct bpfio_stale *stale, int fd, struct snap *snap, enum top_source source,
		      struct top_stats *gone)
{
	__u64 *prev = NULL, key, next;
	struct bpfio_gone *was;
	size_t i, kept = 0;

	for (i = 0; i < stale->nr; i++)
		stale->gone[i].seen = STALE_BEFORE;
	while (!bpf_map_get_next_key(fd, prev, &next)) {
		key = next;
		prev = &key;
		if (snap_find_ctx(snap->ctxs, snap->nr_ctxs, source, key))
			continue;
		was = find_stale(stale, key);
		if (was) {
			was->seen = STALE_AGAIN;
			continue;
		}
		was = snap_add(&stale->gone, &stale->nr, &stale->max, sizeof(*was));
		if (!was)
			return;
		was->cookie = key;
		was->seen = STALE_NEW;
	}
	for (i = 0; i < stale->nr; i++) {
		if (stale->gone[i].seen == STALE_AGAIN)
			bpfio_drop(fd, stale->gone[i].cookie, gone);
		else if (stale->gone[i].seen == STALE_NEW)
			stale->gone[kept++] = stale->gone[i];
	}
	stale->nr = kept;
}

void bpfio_stale_free(struct bpfio_stale *stale)
{
	free(stale->gone);
	memset(stale, 0, sizeof(*stale));
}

const char *bpfio_target(const struct bpf_program *prog)
{
	/* TYPE/MODULE:NAME; with the module, libbpf need not look through all of them. */
	return strchr(bpf_program__section_name(prog), ':') + 1;
}

void bpfio_only_existing(struct bpf_object *obj, const char *module)
{
	struct bpf_program *prog;
	bool there;

	bpf_object__for_each_program(prog, obj) {
		there = source_btf_has(module, bpfio_target(prog));
		bpf_program__set_autoload(prog, there);
	}
}

int bpfio_run_iterator(const struct bpf_program *prog)
{
	struct bpf_link *link;
	char buf[64];
	int fd, rc;

	link = bpf_program__attach_iter(prog, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	rc = fd < 0 ? -errno : 0;
	while (!rc) {
		ssize_t got = read(fd, buf, sizeof(buf));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			rc = got ? -errno : 0;
			break;
		}
	}
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return rc;
}

void bpfio_sum_areas(struct snap *snap, size_t ioas, size_t first)
{
	struct top_ioas *v = &snap->ioases[ioas].v;
	size_t i;

	v->nr_areas = snap->nr_areas - first;
	v->mapped_bytes = 0;
	v->pinned_pages = 0;
	for (i = first; i < snap->nr_areas; i++) {
		v->mapped_bytes += snap->areas[i].v.length;
		v->pinned_pages += snap->areas[i].v.pinned_pages;
	}
	if (v->entries_max != TOP_UNKNOWN)
		v->entries_left = v->entries_max - v->nr_areas;
}

void bpfio_add_up(int fd, struct top_stats *total)
{
	__u64 *prev = NULL, key, next;
	struct top_stats st;

	while (!bpf_map_get_next_key(fd, prev, &next)) {
		key = next;
		prev = &key;
		if (!bpf_map_lookup_elem(fd, &key, &st))
			snap_add_stats(total, &st);
	}
}
