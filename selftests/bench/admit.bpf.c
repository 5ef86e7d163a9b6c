// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy that is asked about every request, and has no objection: what being
 * asked costs.
 */
#include "iommufd_bpf.h"

SEC("struct_ops/admit")
int BPF_PROG(bench_admit, struct iommufd_pin_req *req)
{
	return IOMMUFD_ALLOW;
}

SEC(".struct_ops.link")
struct iommufd_pin_ops bench = {
	.admit = (void *)bench_admit,
	.name = "bench",
};

char LICENSE[] SEC("license") = "GPL";
