// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of trace_mem.h. */
#define CREATE_TRACE_POINTS
#include "trace_mem.h"
