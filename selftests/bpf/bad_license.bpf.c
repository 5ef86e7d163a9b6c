// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy whose licence is not the GPL's friend: it must not be loaded.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

SEC("struct_ops/admit")
int BPF_PROG(p_license, struct iommufd_pin_req *req)
{
	return 0;
}

SEC(".struct_ops.link")
struct iommufd_pin_ops t_license = {
	.admit = (void *)p_license,
	.name = "license",
};

char LICENSE[] SEC("license") = "Proprietary";
