/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines above every table. */
#ifndef HEADER_H
#define HEADER_H

#include "cell.h"
#include "snapshot.h"
#include "source.h"

#define HEADER_LINES 5

/** header_line() - one of them, into @buf of CELL_LEN bytes */
void header_line(const struct snap *snap, const struct source *src, int line, bool raw_bytes,
		 char *buf);

/** header_source() - "iommufd-bpf", "type1", "iommufd-bpf+type1" */
const char *header_source(const struct snap *snap);

#endif
