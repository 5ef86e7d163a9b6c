/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every tool does alike: exit codes, complaints, libbpf's words, output
 * that may be a closed pipe.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "iommufd_bpf_version.h"

struct bpf_object;

#define TOOL_VERSION IOMMUFD_BPF_VERSION
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum tool_exit {
	TOOL_OK = 0,
	TOOL_RUNTIME = 1,
	TOOL_USAGE = 2,
	TOOL_PERM = 3, /* the caller may not */
	TOOL_BPF = 4, /* BPF or BTF would not load */
	TOOL_SOURCE = 5, /* nothing to look at, or an ABI that is not ours */
	TOOL_LOSS = 6, /* events were lost that must not be */
	TOOL_TTY = 7, /* no usable terminal */
};

/**
 * complain() - print one message to stderr, after the program's name
 * @fmt: the problem, then the remedy; without a newline
 */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * tool_libbpf_quiet() - keep libbpf's messages instead of printing them
 *
 * IOMMUFD_BPF_DEBUG in the environment prints them all as they come.
 */
void tool_libbpf_quiet(void);

/**
 * tool_libbpf_failed() - explain why libbpf would not load something
 * @what: what it was
 * @err: the negative errno that it returned
 *
 * Prints what libbpf said, without the verifier's log.
 * Return: the exit code.
 */
int tool_libbpf_failed(const char *what, int err);

/**
 * tool_bpf_missed() - events that the kernel did not give to an object's programs
 *
 * One that is running already on a CPU is not run there once more.
 */
uint64_t tool_bpf_missed(const struct bpf_object *obj);

enum tool_keep {
	TOOL_KEEP_FILES = 1, /* files will be written where root may and others may not */
	TOOL_KEEP_KILL = 2, /* signals will be sent to processes of others */
};

/**
 * tool_drop_caps() - keep only what reading takes, once everything is loaded
 * @keep: enum tool_keep: what is needed beside
 *
 * What stays: looking at processes of others. Return: 0, or -1 after a message.
 */
int tool_drop_caps(unsigned int keep);

/**
 * tool_signalfd() - from now on, learn from a descriptor that one shall end
 *
 * SIGINT, SIGTERM and SIGHUP are blocked and come by it; SIGPIPE is ignored, so
 * that a closed pipe is an error of writing.
 * Return: the descriptor, or -1 with errno.
 */
int tool_signalfd(void);

/**
 * tool_flush() - write out what was printed to a data stream
 * @out: the stream
 *
 * Return: 0; 1 if the reader has closed the pipe, which is no error but the
 * end; -1 if writing failed, with a complaint.
 */
int tool_flush(FILE *out);

#endif
