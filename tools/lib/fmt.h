/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, times and names as people read them. All write into a buffer. */
#ifndef FMT_H
#define FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FMT_LEN 48

/** fmt_bytes() - "512", "4.0K", "1.5G"; exact with @raw */
char *fmt_bytes(char *buf, uint64_t bytes, bool raw);

/** fmt_size() - exact, in the largest unit that divides it: "2G", "6148K", "513" */
char *fmt_size(char *buf, uint64_t bytes);

/** fmt_ns() - a duration in three digits: "850ns", "12.3us", "2.31ms", "4.1s" */
char *fmt_ns(char *buf, uint64_t ns);

/** fmt_age() - "12s", "3m05s", "2h10m", "5d03h" */
char *fmt_age(char *buf, uint64_t ns);

/** fmt_rate() - a count a second: "0", "0.4", "12", "1.2M" */
char *fmt_rate(char *buf, double rate);

/** memory_is_user() - is a mapping's memory found by a user address? */
bool memory_is_user(unsigned int source);

/** memory_name() - enum iommufd_source: what a mapping is made of */
const char *memory_name(unsigned int source);

/** fmt_prot() - enum iommufd_prot: "rw", "r", "w" or "-" */
char *fmt_prot(char *buf, unsigned int prot);

/** fmt_rfc3339() - @real_ns since the epoch: local time, nanoseconds, offset */
char *fmt_rfc3339(char *buf, uint64_t real_ns);

/** fmt_clock() - time of day with @digits digits of the second */
char *fmt_clock(char *buf, uint64_t real_ns, unsigned int digits);

/** fmt_plain() - replace what is not printable, in place: it goes to a terminal */
char *fmt_plain(char *text);

/** errno_name() - "ENOMEM" for -12 or 12; "E999" for what libc does not know */
char *errno_name(char *buf, int err);

/** op_name() - enum iommufd_op: "map", … */
const char *op_name(unsigned int op);

/** deny_name() - enum iommufd_deny_code: "size", … */
const char *deny_name(unsigned int code);

/* Clocks in nanoseconds. */
uint64_t clock_mono_ns(void);
uint64_t clock_boot_ns(void);
uint64_t clock_real_ns(void);

#endif
