/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values of iommutrace's options. Each function ends the program with a
 * message and status 2 if @arg is not one.
 */
#ifndef OPTVALUE_H
#define OPTVALUE_H

#include <argp.h>
#include <stdint.h>

#include "filters.h"

/** optvalue_number() - a number above 0 */
double optvalue_number(struct argp_state *state, const char *what, const char *arg);

/** optvalue_buffer() - bytes of a ring buffer: a power of 2 */
uint64_t optvalue_buffer(struct argp_state *state, const char *arg);

/** optvalue_iova() - LO-HI, LO- or one address, into @f */
void optvalue_iova(struct argp_state *state, struct filters *f, const char *arg);

/** optvalue_size() - >=SIZE, <SIZE, …, into @f */
void optvalue_size(struct argp_state *state, struct filters *f, const char *arg);

/** optvalue_errnos() - NAME,NAME… or numbers, into @f */
void optvalue_errnos(struct argp_state *state, struct filters *f, const char *arg);

/** optvalue_cgroup() - a path, with the slash in front and none behind */
const char *optvalue_cgroup(struct argp_state *state, const char *arg);

#endif
