// SPDX-License-Identifier: GPL-2.0-only
/* Where the numbers come from: what this kernel offers, and what it lacks. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cap-ng.h>

#include "source.h"
#include "tool.h"

#define MODULE_BTF "/sys/kernel/btf/iommufd"
#define TYPE1_BTF "/sys/kernel/btf/vfio_iommu_type1"
/* A function that only this project's module has. */
#define OUR_KFUNC "bpf_iter_iommufd_ctx_new"
/* A structure that only upstream's has. */
#define UPSTREAM_TYPE "iopt_area"

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void read_word(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	buf[0] = 0;
	if (!f)
		return;
	if (!fgets(buf, size, f))
		buf[0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	fclose(f);
}

/* What modprobe would load is not always what was loaded. */
static void read_installed(char *buf, size_t size)
{
	FILE *f = popen("PATH=/usr/sbin:/sbin:/usr/bin:/bin modinfo -F version iommufd 2>/dev/null",
			"re");

	buf[0] = 0;
	if (!f)
		return;
	if (!fgets(buf, size, f))
		buf[0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	pclose(f);
}

static bool has_sys_admin(void)
{
	if (capng_get_caps_process())
		return geteuid() == 0;
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
}

static char *read_all(const char *path, size_t *len)
{
	char *buf = NULL, *bigger;
	size_t size = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*len = 0;
	if (fd < 0)
		return NULL;
	do {
		if (*len == size) {
			size = size ? 2 * size : 65536;
			bigger = realloc(buf, size);
			if (!bigger)
				break;
			buf = bigger;
		}
		got = read(fd, buf + *len, size - *len);
		if (got > 0)
			*len += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	close(fd);
	return buf;
}

/*
 * Does a file contain a string? Enough to tell one module's BTF from another:
 * names are in its string section, and parsing it would mean parsing the
 * kernel's first. The last file is remembered.
 */
static bool contains(const char *path, const char *word)
{
	static char last[64], *buf;
	static size_t len;

	if (!buf || strcmp(last, path)) {
		free(buf);
		buf = read_all(path, &len);
		snprintf(last, sizeof(last), "%s", path);
	}
	return buf && len && memmem(buf, len, word, strlen(word) + 1);
}

bool source_btf_has(const char *module, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/btf/%s", module);
	return contains(path, name);
}

void source_probe(struct source *src, bool installed)
{
	struct utsname uts;
	char word[128];

	memset(src, 0, sizeof(*src));
	if (!uname(&uts))
		memcpy(src->kernel, uts.release, sizeof(src->kernel) - 1);
	src->privileged = has_sys_admin();
	read_word("/sys/kernel/security/lockdown", word, sizeof(word));
	src->lockdown = strstr(word, "[confidentiality]");
	src->kernel_btf = exists("/sys/kernel/btf/vmlinux");
	src->iommufd = exists("/sys/module/iommufd");
	src->module_btf = exists(MODULE_BTF);
	src->vfio = exists("/sys/module/vfio");
	src->type1 = exists("/sys/module/vfio_iommu_type1");
	read_word("/sys/module/iommufd/version", src->version, sizeof(src->version));
	src->type1_btf = exists(TYPE1_BTF);
	if (installed)
		read_installed(src->installed, sizeof(src->installed));
	src->ours = src->module_btf && contains(MODULE_BTF, OUR_KFUNC);
	src->upstream = src->module_btf && !src->ours && contains(MODULE_BTF, UPSTREAM_TYPE);
	if (src->ours)
		src->kind = SOURCE_OURS;
	else if (src->iommufd)
		src->kind = SOURCE_FOREIGN;
	else if (src->type1)
		src->kind = SOURCE_TYPE1;
}

static int check_type1(const struct source *src)
{
	if (src->type1_btf)
		return 0;
	complain("the loaded vfio_iommu_type1 module has no BTF (" TYPE1_BTF "); use a kernel with CONFIG_DEBUG_INFO_BTF_MODULES=y");
	return TOOL_BPF;
}

static int check_kind(const struct source *src, bool type1)
{
	if (type1 && src->type1 && !src->ours)
		return check_type1(src);
	if (type1 && src->upstream)
		return 0;
	switch (src->kind) {
	case SOURCE_OURS:
		return 0;
	case SOURCE_TYPE1:
		complain("only stock VFIO type1 is loaded, which this tool does not read; load iommufd-bpf's iommufd.ko: modprobe iommufd");
		return TOOL_SOURCE;
	case SOURCE_FOREIGN:
		complain("the iommufd that is loaded is not iommufd-bpf's, or is older than this tool: it has no %s(); load the module of the same release",
			 OUR_KFUNC);
		return TOOL_SOURCE;
	case SOURCE_NONE:
		break;
	}
	complain("neither iommufd nor VFIO is loaded, there is nothing to look at; load the module: modprobe iommufd");
	return TOOL_SOURCE;
}

int source_check(const struct source *src, bool type1)
{
	if (!src->privileged) {
		complain("needs root (CAP_SYS_ADMIN, to read the module's BTF and load BPF programs); run it with sudo");
		return TOOL_PERM;
	}
	if (src->lockdown) {
		complain("the kernel is locked down (confidentiality), BPF may not read kernel memory; boot with lockdown=integrity");
		return TOOL_PERM;
	}
	if (!src->kernel_btf) {
		complain("the kernel has no BTF (/sys/kernel/btf/vmlinux); use a kernel with CONFIG_DEBUG_INFO_BTF=y");
		return TOOL_BPF;
	}
	if (src->iommufd && !src->module_btf && !(type1 && src->type1)) {
		complain("the loaded iommufd module has no BTF (" MODULE_BTF "); rebuild it with pahole installed and the kernel's vmlinux in its build folder");
		return TOOL_BPF;
	}
	return check_kind(src, type1);
}

bool source_host_pids(void)
{
	struct stat st;

	/* The initial PID namespace's number is fixed: PROC_PID_INIT_INO. */
	return !stat("/proc/self/ns/pid", &st) && st.st_ino == 0xeffffffcU;
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static const char *used(const struct source *src, bool type1_too)
{
	bool type1 = type1_too && src->type1 && src->type1_btf;

	if (src->ours)
		return type1 ? "iommufd-bpf's module, and VFIO type1" :
			       "iommufd-bpf's module: iterators, tracepoints";
	if (src->upstream && type1_too)
		return type1 ?
			"a distribution's iommufd, and VFIO type1" :
			"a distribution's iommufd: its structures by BTF, its functions by fentry";
	if (type1)
		return "VFIO type1: its structures by BTF, its functions by fentry";
	if (src->iommufd)
		return "none: this iommufd is not iommufd-bpf's";
	if (src->type1)
		return "none: VFIO type1 is not read here";
	return "none: neither iommufd nor VFIO is loaded";
}

void source_info(const struct source *src, bool type1, FILE *out)
{
	const char *version = src->version[0] ? src->version : "(no version)";

	fprintf(out, "tool version:       " TOOL_VERSION "\n");
	fprintf(out, "kernel:             %s\n", src->kernel);
	fprintf(out, "source in use:      %s\n", used(src, type1));
	fprintf(out, "iommufd module:     %s%s\n", src->iommufd ? "loaded, version " : "not loaded",
		src->iommufd ? version : "");
	fprintf(out, "  installed:        %s\n", src->installed[0] ? src->installed : "no");
	fprintf(out, "  its BTF:          %s\n", yes_no(src->module_btf));
	fprintf(out, "  iommufd-bpf's:    %s\n", yes_no(src->ours));
	fprintf(out, "VFIO type1:         %s\n", src->type1 ? "loaded" : "not loaded");
	fprintf(out, "  its BTF:          %s\n", yes_no(src->type1_btf));
	fprintf(out, "kernel BTF:         %s\n", yes_no(src->kernel_btf));
	fprintf(out, "may load BPF:       %s\n", yes_no(src->privileged && !src->lockdown));
	fprintf(out, "lockdown forbids:   %s\n", yes_no(src->lockdown));
}
