/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of contexts and objects, for object.c and ioctl.c alone: built only
 * when somebody listens.
 */
#ifndef IOMMUFD_OBJECT_EVENT_H
#define IOMMUFD_OBJECT_EVENT_H

#include "object.h"
#include "stats.h"
#include "trace_object.h"

void report_create(struct iommufd_ctx *ctx, u64 cookie, u32 id, u32 type);
void report_destroy(struct iommufd_ctx *ctx, u64 cookie, u32 id, u32 type,
		    int rc, enum iommufd_destroy_cause cause, u64 begin);
void report_open(const struct iommufd_ctx *ctx, int rc, u64 begin);
void report_close(const struct iommufd_ctx_view *ctx, u64 nr_objects,
		  u64 begin);

#endif
