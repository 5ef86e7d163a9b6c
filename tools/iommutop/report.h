/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints a snapshot: as a table for people, as JSON lines for programs. */
#ifndef REPORT_H
#define REPORT_H

#include "options.h"
#include "snapshot.h"
#include "source.h"

/**
 * report_print() - print one snapshot to stdout
 *
 * Return: 0 or a negative errno; whether it could be written is for the
 * caller to ask (tool_flush()).
 */
int report_print(const struct env *env, const struct source *src, const struct snap *snap);

#endif
