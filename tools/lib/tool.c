// SPDX-License-Identifier: GPL-2.0-only
/* Exit codes, complaints, libbpf's words, output that may be a closed pipe. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>

#include "tool.h"

/* The end of what libbpf said; enough for the cause, which comes last. */
static char said[4096];
static size_t said_len;

void complain(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void remember(const char *line)
{
	size_t len = strlen(line);

	if (len >= sizeof(said))
		return;
	if (said_len + len >= sizeof(said))
		said_len = 0;
	memcpy(said + said_len, line, len + 1);
	said_len += len;
}

static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[512];

	if (getenv("IOMMUFD_BPF_DEBUG"))
		return vfprintf(stderr, fmt, ap);
	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	/* The verifier's log is for who writes programs: see the variable. */
	if (!strstr(line, "BEGIN PROG LOAD LOG"))
		remember(line);
	return 0;
}

void tool_libbpf_quiet(void)
{
	libbpf_set_print(on_libbpf);
}

int tool_libbpf_failed(const char *what, int err)
{
	complain("cannot load %s: %s; set IOMMUFD_BPF_DEBUG=1 to see all that libbpf and the verifier say",
		 what, strerror(-err));
	if (said_len)
		fputs(said, stderr);
	return err == -EPERM || err == -EACCES ? TOOL_PERM : TOOL_BPF;
}

uint64_t tool_bpf_missed(const struct bpf_object *obj)
{
	struct bpf_prog_info info;
	struct bpf_program *prog;
	uint64_t lost = 0;
	__u32 len;

	bpf_object__for_each_program(prog, obj) {
		len = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (bpf_program__fd(prog) >= 0 &&
		    !bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			lost += info.recursion_misses;
	}
	return lost;
}

int tool_drop_caps(unsigned int keep)
{
	const capng_type_t both = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
	int rc;

	capng_clear(CAPNG_SELECT_BOTH);
	rc = capng_updatev(CAPNG_ADD, both, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, -1);
	if (!rc && (keep & TOOL_KEEP_FILES))
		rc = capng_updatev(CAPNG_ADD, both, CAP_DAC_OVERRIDE, CAP_FOWNER, -1);
	if (!rc && (keep & TOOL_KEEP_KILL))
		rc = capng_update(CAPNG_ADD, both, CAP_KILL);
	if (!rc)
		rc = capng_apply(CAPNG_SELECT_CAPS);
	if (rc)
		complain("cannot give up capabilities (%d); run it as root", rc);
	return rc ? -1 : 0;
}

int tool_signalfd(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int tool_flush(FILE *out)
{
	struct pollfd pfd = { .fd = fileno(out), .events = POLLOUT };
	int err = fflush(out) ? errno : 0;

	if (!err && !ferror(out))
		return 0;
	/* The write that failed may be long ago, and its errno forgotten. */
	if (err == EPIPE || (poll(&pfd, 1, 0) > 0 && (pfd.revents & POLLERR)))
		return 1;
	complain("cannot write the output: %s", err ? strerror(err) : "a write failed");
	return -1;
}
