// SPDX-License-Identifier: GPL-2.0-only
/* What the loaded iommufd module tells, by its BTF; who holds it. */
#include <bpf/btf.h>

#include "offers.h"
#include "tool.h"

static void say_held(FILE *out)
{
	FILE *f = fopen("/sys/module/iommufd/refcnt", "re");
	long nr = -1;

	if (!f)
		return;
	if (fscanf(f, "%ld", &nr) == 1)
		fprintf(out, "  held by:          %ld reference%s%s\n", nr, nr == 1 ? "" : "s",
			nr ? "; tools, policies, VMMs and modules that use it: "
			     "rmmod is refused until they have ended" : "");
	fclose(f);
}

void offers_info(FILE *out)
{
	static const struct {
		const char *what, *name;
		int kind;
	} offers[] = {
		{ "contexts:", "bpf_iter_iommufd_ctx_new", BTF_KIND_FUNC },
		{ "mappings:", "bpf_iter_iommufd_area_new", BTF_KIND_FUNC },
		{ "page-size mix:", "bpf_iommufd_area_mix", BTF_KIND_FUNC },
		{ "devices:", "bpf_iter_iommufd_device_new", BTF_KIND_FUNC },
		{ "page tables:", "bpf_iter_iommufd_hwpt_new", BTF_KIND_FUNC },
		{ "policies:", "bpf_iter_iommufd_policy_new", BTF_KIND_FUNC },
		{ "operations:", "btf_trace_iommufd_map", BTF_KIND_TYPEDEF },
		{ "refusals:", "btf_trace_iommufd_deny", BTF_KIND_TYPEDEF },
	};
	struct btf *kernel, *btf = NULL;
	size_t i;

	tool_libbpf_quiet();
	kernel = btf__load_vmlinux_btf();
	if (kernel)
		btf = btf__load_module_btf("iommufd", kernel);
	for (i = 0; btf && i < ARRAY_SIZE(offers); i++)
		fprintf(out, "  %-17s %s\n", offers[i].what,
			btf__find_by_name_kind(btf, offers[i].name, offers[i].kind) > 0 ?
			"yes" : "no");
	say_held(out);
	btf__free(btf);
	btf__free(kernel);
}
