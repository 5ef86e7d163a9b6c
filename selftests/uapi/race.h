/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * race.h - what the files of the race test share
 *
 * race.c owns what is checked after each test.
 */
#ifndef SELFTESTS_UAPI_RACE_H
#define SELFTESTS_UAPI_RACE_H

#include "racers.h"

/* The device under test, or NULL. */
extern const char *dut;

extern const struct test_table space_table, device_table;

#endif
