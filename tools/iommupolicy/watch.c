// SPDX-License-Identifier: GPL-2.0-only
/* watch: what policies do, as they do it. */
#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "commands.h"
#include "iommupolicy.skel.h"
#include "options.h"
#include "policies.h"
#include "tool.h"

#define IDLE_MS 200

struct watcher {
	const struct env *env;
	long seen;
	bool stop;
};

static int on_event(void *ctx, void *data, size_t size)
{
	struct watcher *w = ctx;
	struct policy_event *ev = data;

	if (size < sizeof(*ev))
		return -EPROTO;
	if (w->stop || (w->env->name && strcmp(w->env->name, ev->policy)))
		return 0;
	if (w->env->json)
		event_json(ev, stdout);
	else
		event_print(ev, stdout);
	w->stop = w->env->count && ++w->seen >= w->env->count;
	return 0;
}

static int load(struct iommupolicy_bpf *skel)
{
	int rc;

	bpf_program__set_autoload(skel->progs.list_policies, false);
	bpf_program__set_autoload(skel->progs.on_refusal, false);
	bpf_map__set_autocreate(skel->maps.recs, false);
	rc = iommupolicy_bpf__load(skel);
	return rc ? rc : iommupolicy_bpf__attach(skel);
}

static int watch(struct watcher *w, struct iommupolicy_bpf *skel, struct ring_buffer *ring,
		 int signals)
{
	struct pollfd fds[] = {
		{ .fd = ring_buffer__epoll_fd(ring), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	uint64_t lost = 0;
	int rc;

	while (!w->stop) {
		if (poll(fds, ARRAY_SIZE(fds), IDLE_MS) < 0 && errno != EINTR)
			return TOOL_RUNTIME;
		ring_buffer__consume(ring);
		if (skel->bss->nr_lost > lost) {
			complain("%llu events were lost",
				 (unsigned long long)(skel->bss->nr_lost - lost));
			lost = skel->bss->nr_lost;
		}
		rc = tool_flush(stdout);
		if (rc)
			return rc < 0 ? TOOL_RUNTIME : TOOL_OK;
		if (fds[1].revents)
			break;
	}
	return TOOL_OK;
}

int cmd_watch(const struct env *env)
{
	struct watcher w = { .env = env };
	struct iommupolicy_bpf *skel = iommupolicy_bpf__open();
	struct ring_buffer *ring = NULL;
	int rc = skel ? load(skel) : -errno;

	if (!rc) {
		ring = ring_buffer__new(bpf_map__fd(skel->maps.events), on_event, &w, NULL);
		rc = ring ? 0 : -errno;
	}
	if (rc) {
		rc = tool_libbpf_failed("iommupolicy's BPF programs", rc);
	} else {
		complain("watching");
		rc = watch(&w, skel, ring, tool_signalfd());
	}
	ring_buffer__free(ring);
	iommupolicy_bpf__destroy(skel);
	return rc;
}
