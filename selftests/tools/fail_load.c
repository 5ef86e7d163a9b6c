// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_load.so: preloaded into a tool, lets the kernel refuse each of its BPF
 * programs, as one does whose verifier does not follow them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <sys/syscall.h>

long syscall(long number, ...)
{
	long (*next)(long number, ...) = dlsym(RTLD_NEXT, "syscall");
	long arg[6];
	va_list ap;
	int i;

	/* More than a call has are garbage, which the kernel does not look at. */
	va_start(ap, number);
	for (i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	if (number == __NR_bpf && arg[0] == BPF_PROG_LOAD) {
		errno = EINVAL;
		return -1;
	}
	return next(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
