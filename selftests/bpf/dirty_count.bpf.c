// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the mock IOMMU's driver is asked to walk, counted at its door: it knows
 * nothing of policies.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "iommufd_bpf_abi.h"
#include "dirty_probe.h"

struct dirty_count count;

SEC("fentry/mock_read_and_clear_dirty")
int BPF_PROG(count_walk, struct iommu_domain *domain, unsigned long iova, size_t size)
{
	__u64 pages = (size + 4095) / 4096;

	__sync_fetch_and_add(&count.calls, 1);
	if (iova >= count.hot_first && iova <= count.hot_last)
		__sync_fetch_and_add(&count.hot_pages, pages);
	else
		__sync_fetch_and_add(&count.cold_pages, pages);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
