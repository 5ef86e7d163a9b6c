/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_main.h - what the files of the events' tests share
 *
 * trace_main.c runs the tables; each of the other files owns one. trace_caught.h
 * is for those that have rigs of their own.
 */
#ifndef SELFTESTS_BPF_TRACE_MAIN_H
#define SELFTESTS_BPF_TRACE_MAIN_H

#include "mock_fault.h"
#include "trace_caught.h"

/* A PCI device that vfio-pci holds, or NULL. */
extern const char *bdf;
extern const struct test_table trace_object_table, trace_memory_table,
	trace_device_table, trace_vfio_table;

#endif
