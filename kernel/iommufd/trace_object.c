// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of trace_object.h. */
#define CREATE_TRACE_POINTS
#include "trace_object.h"
