// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_walk.so: preloaded into iommutop, lets the BPF side fail while the
 * screen is up: the third walk returns -EIO.
 */
#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>

int bpf_prog_test_run_opts(int fd, struct bpf_test_run_opts *opts)
{
	static int calls;
	int (*next)(int fd, struct bpf_test_run_opts *opts);

	if (++calls >= 3)
		return -EIO;
	next = dlsym(RTLD_NEXT, "bpf_prog_test_run_opts");
	return next(fd, opts);
}
