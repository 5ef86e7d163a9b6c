/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inject.h - let an allocation of the calling thread fail, on the debug kernel
 *
 * Owns: nothing but the kernel's settings of what may be made to fail.
 */
#ifndef SELFTESTS_LIB_INJECT_H
#define SELFTESTS_LIB_INJECT_H

#include <stdbool.h>

/*
 * Can this kernel do it? Then everything may be made to fail from here on,
 * also what may sleep, and the kernel prints nothing about it.
 */
bool inject_prepare(void);

/* The @nth thing from now on that can fail fails. For inject_disarm(), or -1. */
int inject_arm(unsigned int nth);

/* No more; did it come to that? errno is left alone. */
bool inject_disarm(int armed);

#endif
