/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check.h - what must hold when an episode is over
 */
#ifndef SELFTESTS_FUZZ_CHECK_H
#define SELFTESTS_FUZZ_CHECK_H

#include <sys/types.h>

/* Episodes without privileges run as this user. */
#define FUZZ_UID 61000

/* What is so before the first episode; exits when it cannot be told. */
void check_start(void);

/*
 * check_over - after everything that an episode started has ended
 *
 * No page is pinned, no context is open, nothing is charged to FUZZ_UID, and
 * the kernel has not complained. NULL, or what is wrong.
 */
const char *check_over(void);

#endif
