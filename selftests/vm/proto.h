/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host's vmrun and the guest's init say to each other over one
 * virtio-serial port: frames, each a header and up to FRAME_MAX bytes. One
 * ordered stream carries everything, so the exit status arrives after the
 * last byte of output.
 */
#ifndef VM_PROTO_H
#define VM_PROTO_H

#include <stdint.h>

#define PORT_NAME	"iommufd-bpf.vm"

/* What init writes to the kernel's log when the command has ended; vmrun has
 * seen the whole log once it sees this.
 */
#define LOG_END		"iommufd-bpf: end of the command"

#define FRAME_MAX	65536

/* Most bytes of stdin on their way that init has not written yet. */
#define STDIN_WINDOW	FRAME_MAX

enum frame_type {
	/* guest to host */
	F_HELLO = 1,	/* booted; no data */
	F_OUT,		/* bytes of stdout, or of the pty */
	F_ERR,		/* bytes of stderr */
	F_TOOK,		/* uint32_t: bytes of stdin consumed */
	F_EXIT,		/* uint32_t: exit status as a shell reports it */
	/* host to guest */
	F_TTY,		/* struct winsize: give the command a pty */
	F_RESIZE,	/* struct winsize */
	F_ENV,		/* NAME=value, one a frame */
	F_ARG,		/* one word of the command a frame */
	F_MOUNT,	/* "TAG DIR": mount a writable 9p share */
	F_START,	/* start the command; no data */
	F_IN,		/* bytes of stdin */
	F_IN_END,	/* stdin has ended */
	F_DUMP,		/* put all tasks' state into the kernel's log */
};

struct frame_header {
	uint32_t type;
	uint32_t len;
};

#endif
