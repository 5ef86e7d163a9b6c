/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk of the kernel's own structures by iterators over the open files of
 * all tasks; filewalk.bpf.h is the half in the kernel.
 */
#ifndef FILEWALK_H
#define FILEWALK_H

#include <bpf/libbpf.h>

#include "snapshot.h"

/*
 * A context or container that was seen. Its name in the kernel is an address,
 * which is not for show: it has a number instead, from 1.
 */
struct filewalk_known {
	uint64_t address;
	uint64_t owner_ns;
	int32_t tgid;
	uint32_t nr;
	uint64_t turn;
};

/**
 * struct filewalk - one source's walk: FILEWALK(), then @recs, and who counts
 * @all: the program that shows all contexts
 * @areas: the one that shows the mappings of one IOAS
 * @recs: where they put records
 * @run: what they are to do, and have done
 * @nr_begun: the number of calls that change mappings, as the programs see it
 * @nr_ended: likewise, of those that ended
 * @begun: who counts them; NULL: nobody
 * @ended: likewise
 * @stats: counters by address, of what is gone, too; -1: there are none
 * @gone: gets what those had counted; may be NULL
 */
struct filewalk {
	const struct bpf_program *all;
	const struct bpf_program *areas;
	const struct top_rec *recs;
	struct top_filewalk *run;
	__u64 *nr_begun;
	__u64 *nr_ended;
	const __u64 *begun;
	const __u64 *ended;
	int stats;
	struct top_stats *gone;
	/* filewalk.c's */
	struct filewalk_known *known;
	size_t nr_known, max_known;
	uint32_t last_nr;
	uint64_t last_run; /* a number of each run of an iterator */
	uint64_t turn; /* of each walk */
};

/**
 * FILEWALK() - a source's walk that nobody counts for
 * @skel: skeleton of programs that include filewalk.bpf.h
 * @all_prog: see @all
 * @areas_prog: see @areas
 */
#define FILEWALK(skel, all_prog, areas_prog) \
	((struct filewalk){ \
		.all = (skel)->progs.all_prog, \
		.areas = (skel)->progs.areas_prog, \
		.run = &(skel)->bss->walk, \
		.nr_begun = &(skel)->bss->nr_begun, \
		.nr_ended = &(skel)->bss->nr_ended, \
		.stats = -1, \
	})

/**
 * filewalk_begin() - walk all contexts; their records are in @recs
 * @torn: set if they changed meanwhile, a few times, or found no room
 *
 * Return: 0 or a negative errno.
 */
int filewalk_begin(struct filewalk *f, bool *torn);

/** filewalk_known() - the number of a context that this walk shows; NULL: no memory */
const struct filewalk_known *filewalk_known(struct filewalk *f, const struct top_ctx *ctx);

/** filewalk_by_nr() - who has a number; NULL: nobody */
const struct filewalk_known *filewalk_by_nr(const struct filewalk *f, uint64_t nr);

/**
 * filewalk_areas() - add one IOAS's mappings to a snapshot
 * @ioas: its index there; its sums become those of the mappings that are shown
 * @address: its name in the kernel
 *
 * What changes meanwhile is walked again, a few times; snap->torn says that it
 * was no use. Return: 0 or a negative errno.
 */
int filewalk_areas(struct filewalk *f, struct snap *snap, size_t ioas, uint64_t address);

/** filewalk_end() - forget whom this walk did not show, and their counters */
void filewalk_end(struct filewalk *f);

void filewalk_free(struct filewalk *f);

#endif
