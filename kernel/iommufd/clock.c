// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which clock durations are measured with. See clock.h.
 */
#include <linux/time64.h>
#include <asm/tsc.h>

#include "clock.h"

u32 clock_mult __ro_after_init;

/**
 * clock_init() - choose the clock, before anything is timed
 *
 * A clock that the kernel comes to distrust later makes durations wrong, and may
 * give a policy a strike that asked for them when it runs too long.
 */
void __init clock_init(void)
{
	u64 mult;

	if (!tsc_khz || check_tsc_unstable())
		return;
	mult = div_u64((u64)NSEC_PER_MSEC << CLOCK_SHIFT, tsc_khz);
	if (mult <= U32_MAX)
		clock_mult = mult;
}
