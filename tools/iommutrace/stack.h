/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks of the kernel, in words. Symbols have numbers, from 1, so that no
 * address leaves this process.
 */
#ifndef STACK_H
#define STACK_H

#include "iommutrace.h"

#define SYMBOL_LEN 128

/* A symbol, in recordings. */
struct trace_symbol {
	struct trace_rec rec;
	__u32 number;
	__u32 pad;
	char name[SYMBOL_LEN];
};

/* A stack, in recordings. */
struct trace_frames {
	struct trace_to to;
	__u32 symbols[TRACE_FRAMES]; /* 0 after the last */
};

/** stack_open() - read the kernel's symbols, while we may; 0 or a negative errno */
int stack_open(void);

/**
 * stack_resolve() - from addresses to symbols
 * @ips: TRACE_FRAMES of them, 0 after the last
 * @symbols: filled in
 *
 * What is tracing is left out. Return: how many.
 */
unsigned int stack_resolve(const __u64 *ips, __u32 *symbols);

/** stack_symbol() - "iommufd_map+0x1c [iommufd]"; "?" if there is none of that number */
const char *stack_symbol(__u32 number);

/** stack_learn() - a symbol of a recording */
void stack_learn(const struct trace_symbol *symbol);

#endif
