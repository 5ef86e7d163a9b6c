// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF programs on this kernel. Only those are loaded whose events are asked
 * for and which this kernel has; filters are constants of theirs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "cgroup.h"
#include "event.h"
#include "fmt.h"
#include "iommutrace.skel.h"
#include "live.h"
#include "stack.h"
#include "state.h"
#include "tool.h"

/* Missed runs of programs are looked for this often: it takes a call each. */
#define MISSED_NS 1000000000ULL
/* Userspace is woken when so much of the ring buffer is full. */
#define WAKE_PART 4

struct live {
	const struct env *env;
	const struct source *src;
	struct sink *sink;
	struct iommutrace_bpf *skel;
	struct ring_buffer *ring;
	struct events *events;
	struct state *state; /* NULL: nobody asks */
	struct op op;
	uint64_t nr_ops; /* that went through the ring buffer */
	uint64_t lost[TRACE_MAX_CPUS]; /* reported so far */
	uint64_t missed;
	uint64_t missed_ns; /* when they were last looked for */
	bool sum_here; /* in the BPF half */
};

/* What the options need */

/* The sums can be made where the events are, unless it takes more to know. */
static bool sums_in_bpf(const struct env *env)
{
	return (env->summary || env->hist) && env->hist <= HIST_OP && !env->lines &&
	       !env->count && !filters_in_user(&env->filters) &&
	       env->filters.ioas < 0;
}

/* Has this kernel what a program is attached to, and is it wanted? */
static bool want_tracepoint(const struct live *l, const char *name)
{
	char type[64];
	bool refusal = !strcmp(name, "iommufd_deny") || !strcmp(name, "iommufd_limit");
	bool vfio = !strncmp(name, "vfio_", 5);
	unsigned int i;

	if (!strncmp(name, "sched_", 6))
		return l->env->cmd;
	/* With fentry more is known. */
	if (!strncmp(name, "vfio_dma_", 9) && l->src->type1_btf)
		return false;
	snprintf(type, sizeof(type), "btf_trace_%s", name);
	if (!l->src->ours || !source_btf_has(vfio ? "vfio" : "iommufd", type))
		return false;
	if (refusal && !l->sum_here)
		return true;
	for (i = 0; i < TRACE_NR_OPS; i++) {
		if ((l->env->filters.set.ops >> i & 1) && !strcmp(op_infos[i].tracepoint, name))
			return true;
	}
	return false;
}

static bool want_function(const struct live *l, const char *name)
{
	if (!(l->env->filters.set.ops & (OP_BIT(VFIO_MAP) | OP_BIT(VFIO_UNMAP))))
		return false;
	/* A part of type1 that the compiler has inlined is not told. */
	return l->src->type1_btf && source_btf_has("vfio_iommu_type1", name);
}

static int choose_programs(struct live *l)
{
	struct bpf_program *prog;
	unsigned int nr = 0;
	const char *name;
	bool want;

	bpf_object__for_each_program(prog, l->skel->obj) {
		name = bpfio_target(prog);
		if (!strncmp(bpf_program__section_name(prog), "tp_btf", 6))
			want = want_tracepoint(l, name);
		else
			want = want_function(l, name);
		bpf_program__set_autoload(prog, want);
		nr += want && strncmp(name, "sched_", 6);
	}
	if (nr)
		return 0;
	complain("this kernel has none of the events that -e asks for; iommutrace --info says what there is");
	return TOOL_SOURCE;
}

static int set_cgroup(struct iommutrace_bpf *skel, const char *path)
{
	uint64_t id;
	int rc = cgroup_id_of(path, &id);

	if (rc) {
		complain("no control group '%s' (%s); give its path below the mount of cgroup2, as in /proc/PID/cgroup",
			 path, strerror(-rc));
		return TOOL_RUNTIME;
	}
	skel->rodata->want_cgroup = id;
	/* How many are above it: as many as there are slashes. */
	for (; *path; path++)
		skel->rodata->cgroup_level += *path == '/';
	return 0;
}

static void set_ranges(struct iommutrace_bpf *skel, const struct filters *f)
{
	unsigned int i;

	skel->rodata->by_iova = f->by_iova;
	skel->rodata->iova_first = f->iova_first;
	skel->rodata->iova_last = f->iova_last;
	skel->rodata->by_size = f->by_size;
	skel->rodata->size_min = f->size_min;
	skel->rodata->size_max = f->size_max;
	skel->rodata->nr_errnos = f->nr_errnos;
	for (i = 0; i < f->nr_errnos; i++)
		skel->rodata->errnos[i] = f->errnos[i];
}

static int set_filters(struct live *l)
{
	const struct env *env = l->env;
	const struct filters *f = &env->filters;
	struct iommutrace_bpf *skel = l->skel;

	skel->rodata->want_ops = f->set.ops;
	skel->rodata->only_failed = f->set.only_failed;
	skel->rodata->only_good = f->set.only_good;
	skel->rodata->min_ns = f->min_ns;
	skel->rodata->by_pid = f->pids.nr || env->cmd;
	skel->rodata->follow_forks = env->cmd;
	skel->rodata->by_uid = f->uids.nr;
	skel->rodata->by_guest = f->guest;
	skel->rodata->by_ioas = f->ioas >= 0;
	skel->rodata->want_ioas = f->ioas;
	skel->rodata->by_device = f->device;
	if (f->device)
		snprintf((char *)skel->rodata->want_device, TRACE_NAME_LEN, "%s", f->device);
	/* What userspace throws away must not count. */
	skel->rodata->sample = filters_in_user(f) ? 1 : f->sample;
	set_ranges(skel, f);
	return f->cgroup ? set_cgroup(skel, f->cgroup) : 0;
}

/* Does anybody ask for the device of an operation that does not name it? */
static bool want_devices(const struct env *env)
{
	return env->hist == HIST_DEV || env->filters.expr || env->filters.device ||
	       env->format != FORMAT_TEXT;
}

static int configure(struct live *l)
{
	const struct env *env = l->env;
	struct iommutrace_bpf *skel = l->skel;
	int rc = set_filters(l);

	if (rc)
		return rc;
	l->sum_here = sums_in_bpf(env);
	skel->rodata->summing = l->sum_here;
	skel->rodata->sending = !l->sum_here;
	skel->rodata->with_stack = env->stack;
	skel->rodata->with_device = want_devices(env);
	skel->rodata->wake_bytes = env->buffer / WAKE_PART;
	bpf_map__set_max_entries(skel->maps.events, l->sum_here ? 4096 : env->buffer);
	return choose_programs(l);
}

/* What comes */

static bool sampled_out(struct live *l)
{
	const struct filters *f = &l->env->filters;

	return f->sample > 1 && filters_in_user(f) && l->skel->bss->nr_sampled++ % f->sample;
}

/* Its process is not the guest: spare the kernel its next ones. */
static void rule_out(struct live *l, const struct op *op)
{
	struct trace_proc_key key = { .start_ns = op->head.start_ns, .tgid = op->head.tgid };
	__u8 one = 1;

	bpf_map__update_elem(l->skel->maps.unwanted, &key, sizeof(key), &one, sizeof(one), BPF_ANY);
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct live *l = ctx;
	const struct filters *f = &l->env->filters;
	int rc = events_feed(l->events, data, size, &l->op);

	if (rc <= 0)
		return rc;
	l->nr_ops++;
	if (f->guest && strcmp(f->guest, l->op.who->guest))
		rule_out(l, &l->op);
	if ((filters_in_user(f) || l->op.container) && !filters_ok_user(f, &l->op))
		return 0;
	if (sampled_out(l))
		return 0;
	sink_op(l->sink, &l->op);
	return l->sink->stop ? -ECANCELED : 0;
}

static void report_lost(struct live *l, bool missed)
{
	uint64_t now = clock_mono_ns(), lost, all;
	unsigned int i;

	for (i = 0; i < TRACE_MAX_CPUS; i++) {
		lost = l->skel->bss->lost[i];
		if (lost == l->lost[i])
			continue;
		sink_lost(l->sink, lost - l->lost[i], i, now);
		l->lost[i] = lost;
	}
	if (!missed && now - l->missed_ns < MISSED_NS)
		return;
	l->missed_ns = now;
	all = tool_bpf_missed(l->skel->obj);
	if (all == l->missed)
		return;
	sink_lost(l->sink, all - l->missed, PRINT_NO_CPU, now);
	l->missed = all;
}

void live_drain(struct live *l)
{
	int rc = ring_buffer__consume(l->ring);

	if (rc < 0 && rc != -ECANCELED && !l->sink->exit_code) {
		complain("cannot read what is traced: %s", strerror(-rc));
		l->sink->exit_code = TOOL_RUNTIME;
		l->sink->stop = true;
	}
	report_lost(l, false);
	sink_flush(l->sink);
}

static void take_sums(struct live *l)
{
	struct trace_sum sum;
	__u32 i;
	int rc = 0;

	for (i = 0; !rc && i < TRACE_NR_OPS; i++) {
		if (bpf_map__lookup_elem(l->skel->maps.sums, &i, sizeof(i), &sum, sizeof(sum), 0) ||
		    !sum.calls)
			continue;
		rc = sums_put(&l->sink->ops, op_infos[i].name, &sum);
		if (!rc)
			rc = sums_put(&l->sink->hist, op_infos[i].name, &sum);
	}
}

void live_end(struct live *l)
{
	iommutrace_bpf__detach(l->skel);
	/* What came between the last look and the end. */
	if (!l->sink->stop)
		live_drain(l);
	report_lost(l, true);
	if (l->sum_here)
		take_sums(l);
	if (getenv("IOMMUFD_BPF_DEBUG"))
		complain("%" PRIu64 " operations went through the ring buffer", l->nr_ops);
}

/* The beginning and the end */

static int add_all(struct live *l)
{
	const struct filters *f = &l->env->filters;
	unsigned int i;
	__u8 one = 1;
	int rc = 0;

	for (i = 0; !rc && i < f->pids.nr; i++)
		rc = live_add_pid(l, f->pids.pids[i]);
	for (i = 0; !rc && i < f->uids.nr; i++)
		rc = bpf_map__update_elem(l->skel->maps.uids, &f->uids.uids[i], sizeof(__u32), &one,
					  sizeof(one), BPF_ANY);
	return rc;
}

static int load(struct live *l)
{
	int rc = iommutrace_bpf__load(l->skel);

	if (!rc)
		rc = add_all(l);
	if (rc)
		return rc;
	l->ring = ring_buffer__new(bpf_map__fd(l->skel->maps.events), on_record, l, NULL);
	if (!l->ring)
		return -errno;
	return iommutrace_bpf__attach(l->skel);
}

struct live *live_open(const struct env *env, const struct source *src, struct sink *sink,
		       int *err)
{
	struct live *l = calloc(1, sizeof(*l));
	int rc = -ENOMEM;

	*err = 0;
	if (l)
		l->events = events_new(false);
	if (!l || !l->events)
		goto fail;
	l->env = env;
	l->src = src;
	l->sink = sink;
	l->skel = iommutrace_bpf__open();
	rc = l->skel ? 0 : -errno;
	if (rc)
		goto fail;
	*err = configure(l);
	/* A command has nothing yet. */
	if (!*err && env->state && !env->cmd)
		l->state = state_open(src, err);
	if (!*err)
		rc = load(l);
	/* With the trampolines of what has been attached. */
	if (!*err && !rc && env->stack)
		rc = stack_open();
	if (!*err && !rc)
		return l;
fail:
	if (!*err)
		*err = tool_libbpf_failed("iommutrace's BPF programs", rc);
	live_close(l);
	return NULL;
}

int live_add_pid(struct live *l, pid_t pid)
{
	__u8 one = 1;
	__s32 key = pid;

	return bpf_map__update_elem(l->skel->maps.pids, &key, sizeof(key), &one, sizeof(one),
				    BPF_ANY);
}

int live_state(struct live *l)
{
	int rc = l->state ? state_show(l->state, l->env, l->events, l->sink) : 0;

	if (!rc)
		return 0;
	complain("cannot look at what is there: %s", strerror(-rc));
	return TOOL_RUNTIME;
}

int live_fd(const struct live *l)
{
	return ring_buffer__epoll_fd(l->ring);
}

void live_close(struct live *l)
{
	if (!l)
		return;
	ring_buffer__free(l->ring);
	iommutrace_bpf__destroy(l->skel);
	state_close(l->state);
	events_free(l->events);
	free(l);
}
