/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the numbers come from: what this kernel offers, and what it lacks. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stdio.h>

enum source_kind {
	SOURCE_NONE = 0, /* neither VFIO nor iommufd */
	SOURCE_TYPE1, /* stock VFIO type1 only */
	SOURCE_FOREIGN, /* an iommufd that is not this project's */
	SOURCE_OURS,
};

struct source {
	enum source_kind kind;
	bool privileged; /* CAP_SYS_ADMIN: module BTF cannot be read without */
	bool lockdown; /* "confidentiality": BPF may not read kernel memory */
	bool kernel_btf;
	bool iommufd; /* a module named iommufd is loaded */
	bool module_btf;
	bool ours; /* the loaded iommufd is this project's */
	bool upstream; /* it is one that a distribution ships, and has BTF */
	bool vfio;
	bool type1;
	bool type1_btf;
	char kernel[65];
	char version[32]; /* of the loaded iommufd, or "" */
	char installed[32]; /* of what modprobe would load, or "" */
};

/**
 * source_probe() - look at the running kernel; never fails
 * @installed: ask modinfo, too, which takes a process
 */
void source_probe(struct source *src, bool installed);

/**
 * source_check() - can this tool read its numbers here?
 * @src: from source_probe()
 * @type1: it can read stock VFIO type1 and a distribution's iommufd, too, and
 *	takes what there is
 *
 * Return: 0, or the exit code, after one sentence about what is missing and
 * what to do.
 */
int source_check(const struct source *src, bool type1);

/** source_btf_has() - is there anything of that name in a module's BTF? */
bool source_btf_has(const char *module, const char *name);

/** source_host_pids() - are processes numbered here as in the kernel's events? */
bool source_host_pids(void);

/** source_info() - --info: print what was found; @type1 as in source_check() */
void source_info(const struct source *src, bool type1, FILE *out);

#endif
