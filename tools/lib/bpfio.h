/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sources do alike with BPF maps and records. */
#ifndef BPFIO_H
#define BPFIO_H

#include <bpf/libbpf.h>

#include "snapshot.h"

/* An array map that is mapped into this process; NULL and errno on failure. */
const void *bpfio_map_array(const struct bpf_map *map);
void bpfio_unmap_array(const void *array, const struct bpf_map *map);

/** bpfio_take_rec() - add a walk's record to a snapshot; 0 or a negative errno */
int bpfio_take_rec(struct snap *snap, enum top_source source, const struct top_rec *rec);

/** bpfio_take_refusal() - the snapshot's last refusal, if it is the latest */
void bpfio_take_refusal(struct snap *snap, const struct top_refusal *ref);

/** bpfio_run_iterator() - over all open files of all tasks; it writes nothing to read */
int bpfio_run_iterator(const struct bpf_program *prog);

/** bpfio_sum_areas() - an IOAS's sums, by those of its areas that were taken, from @first on */
void bpfio_sum_areas(struct snap *snap, size_t ioas, size_t first);

/** bpfio_add_up() - add all counters of a hash, by cookie */
void bpfio_add_up(int fd, struct top_stats *total);

/** bpfio_drop() - remove the counters of a context that is closed; @gone, if any, gets them */
void bpfio_drop(int fd, __u64 cookie, struct top_stats *gone);

/** bpfio_target() - the function or tracepoint in a program's section TYPE/MODULE:NAME */
const char *bpfio_target(const struct bpf_program *prog);

/**
 * bpfio_only_existing() - leave out programs whose function a module has not got
 * @obj: open, not loaded
 * @module: whose functions all of its programs are about
 *
 * Of an older kernel, or inlined by its compiler.
 */
void bpfio_only_existing(struct bpf_object *obj, const char *module);

/** bpfio_clear() - remove all elements of a hash */
void bpfio_clear(int fd, size_t key_size);

/* Counters whose context the last walk did not find. */
struct bpfio_stale {
	struct bpfio_gone *gone;
	size_t nr, max;
};

/**
 * bpfio_drop_stale() - remove the counters of contexts that are closed
 * @stale: what was missing the last time
 * @fd: the hash of counters, by cookie
 * @snap: what exists now
 * @source: whose contexts the hash is about
 * @gone: gets what they counted; may be NULL
 *
 * One that was opened after the walk looks the same once, but not twice.
 */
void bpfio_drop_stale(struct bpfio_stale *stale, int fd, struct snap *snap,
		      enum top_source source, struct top_stats *gone);
void bpfio_stale_free(struct bpfio_stale *stale);

#endif
