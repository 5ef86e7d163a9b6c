// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_walk.so: preloaded into iommutop, lets the BPF side fail while the
 * screen is up: after a second, each walk returns -EIO.
 */
#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <time.h>

int bpf_prog_test_run_opts(int fd, struct bpf_test_run_opts *opts)
{
	static time_t end;
	int (*next)(int fd, struct bpf_test_run_opts *opts);

	if (!end)
		end = time(NULL) + 2;
	if (time(NULL) >= end)
		return -EIO;
	next = dlsym(RTLD_NEXT, "bpf_prog_test_run_opts");
	return next(fd, opts);
}
