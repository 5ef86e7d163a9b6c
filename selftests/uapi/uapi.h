/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uapi.h - what the files of the test without a device share
 *
 * uapi.c runs the tables; each of the other files owns one.
 */
#ifndef SELFTESTS_UAPI_UAPI_H
#define SELFTESTS_UAPI_UAPI_H

#include "common.h"

extern const struct test_table frame_table, context_table, ioas_table,
	map_table, unmap_table, copy_table, settings_table;

/* What the process does that context.c starts with exec(): its exit status. */
int context_after_exec(const char *fd);

#endif
