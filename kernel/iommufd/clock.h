/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long something took. To look at the kernel's clock takes longer than much
 * of what is timed here, so the CPU's is read wherever the kernel trusts it.
 */
#ifndef IOMMUFD_CLOCK_H
#define IOMMUFD_CLOCK_H

#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <asm/msr.h>

#define CLOCK_SHIFT 24
/* Nanoseconds a tick, shifted; 0: CPUs' clocks do not agree. Constant. */
extern u32 clock_mult;

void __init clock_init(void);

/**
 * clock_now() - the time, for clock_since()
 *
 * Does not sleep.
 * Return: ticks, in no unit and with no beginning.
 */
static inline u64 clock_now(void)
{
	return likely(clock_mult) ? rdtsc() : ktime_get_ns();
}

/**
 * clock_since() - how long ago was that?
 * @begin: from clock_now()
 *
 * Return: nanoseconds; 0 if it was on another CPU, whose clock is a little ahead.
 */
static inline u64 clock_since(u64 begin)
{
	u64 passed = clock_now() - begin;

	if (unlikely((s64)passed < 0))
		return 0;
	return likely(clock_mult) ?
		       mul_u64_u32_shr(passed, clock_mult, CLOCK_SHIFT) :
		       passed;
}

#endif
