/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iter_main.h - what the files of the iterators' tests share
 */
#ifndef SELFTESTS_BPF_ITER_MAIN_H
#define SELFTESTS_BPF_ITER_MAIN_H

#include <linux/types.h>

#include "iommufd_bpf_abi.h"
#include "mock_fault.h"
#include "iter_shared.h"
struct held;
#include "iter_walk.skel.h"

extern const struct test_table iter_view_table, iter_hold_table,
	iter_race_table, iter_load_table;

/* The programs, loaded for this test. */
struct iter_walk *new_walk(void);
/* Run one. */
void run_program(struct bpf_program *prog);
/* Walk over the context of this process; what was found is in bss->found. */
const struct found *walk(struct iter_walk *w);

#endif
