// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_catch.bpf.c - keeps the first events of each kind for the test to read
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "trace_events.h"

char _license[] SEC("license") = "GPL";

#define CATCH(event, type) \
struct got_##event got_##event = {}; \
SEC("tp_btf/" #event) \
int BPF_PROG(on_##event, const struct type *ev) \
{ \
	__u32 i; \
	if (!ev) \
		return 0; \
	i = __sync_fetch_and_add(&got_##event.nr, 1); \
	if (i < KEPT) \
		bpf_probe_read_kernel(&got_##event.ev[i], sizeof(*ev), ev); \
	return 0; \
}

FOR_EACH_EVENT(CATCH)
