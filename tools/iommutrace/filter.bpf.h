/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which operations are wanted: filters are constants, set before load, so that
 * what is not asked for costs nothing. filters.c has the same ones for
 * recordings.
 */
#ifndef FILTER_BPF_H
#define FILTER_BPF_H

#define PF_KTHREAD 0x00200000

const volatile __u64 want_ops = ~0ULL; /* bit enum trace_op_id */
const volatile bool only_failed;
const volatile bool only_good;
const volatile __u64 min_ns;
const volatile bool by_pid; /* only what pids has */
const volatile bool follow_forks; /* children join pids */
const volatile bool by_uid;
const volatile bool by_guest; /* not what unwanted has */
const volatile __u64 want_cgroup; /* its id; 0: all */
const volatile __u32 cgroup_level;
const volatile bool by_ioas;
const volatile __u32 want_ioas;
const volatile bool by_iova;
const volatile __u64 iova_first, iova_last;
const volatile bool by_size;
const volatile __u64 size_min, size_max;
const volatile __u32 nr_errnos;
const volatile __s32 errnos[TRACE_MAX_ERRNOS];
const volatile bool by_device;
const volatile char want_device[TRACE_NAME_LEN];
const volatile __u64 sample = 1; /* one of so many */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACE_MAX_PIDS);
	__type(key, __s32);
	__type(value, __u8);
} pids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACE_MAX_UIDS);
	__type(key, __u32);
	__type(value, __u8);
} uids SEC(".maps");

/* What only userspace can judge, it judges once. LRU: then it judges again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TRACE_MAX_UNWANTED);
	__type(key, struct trace_proc_key);
	__type(value, __u8);
} unwanted SEC(".maps");

extern struct cgroup *bpf_cgroup_from_id(u64 cgid) __weak __ksym;
extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __weak __ksym;
extern void bpf_cgroup_release(struct cgroup *p) __weak __ksym;

/* What filters look at: whatever an event has of it. */
struct facts {
	__u32 op;
	__s32 ret;
	__u64 ns;
	__u64 ctx;
	__u64 ioas; /* cookie */
	__u32 ioas_id;
	bool has_ioas_id;
	bool has_iova;
	bool has_length;
	bool all; /* to the end: @length is what was found there */
	bool container; /* VFIO's own: userspace knows its number */
	__u64 iova;
	__u64 length;
	__u32 device_id;
	const char *device; /* in the kernel */
};

/* On whose behalf. */
struct who {
	__u64 start_ns;
	__u64 cgroup_id; /* of a kernel thread's */
	__s32 tgid;
	__u32 uid;
	__u32 kthread;
	__u32 pad;
	char comm[TRACE_COMM_LEN];
};

struct name {
	char s[TRACE_NAME_LEN];
};

/* What a kernel thread does for a context is its owner's. */
static __noinline bool owner_of(__u64 cookie, struct who *who)
{
	struct iommufd_ctx_view *view;

	if (!who || !bpf_ksym_exists(bpf_iommufd_ctx_acquire))
		return false;
	view = bpf_iommufd_ctx_acquire(cookie);
	if (!view)
		return false;
	who->start_ns = 0;
	who->cgroup_id = view->cgroup_id;
	who->tgid = view->tgid;
	who->uid = view->uid;
	who->kthread = TRACE_F_KTHREAD;
	bpf_core_read_str(who->comm, sizeof(who->comm), &view->comm);
	bpf_iommufd_ctx_release(view);
	return true;
}

static __always_inline void who_is(const struct facts *f, struct who *who)
{
	struct task_struct *task = bpf_get_current_task_btf();

	who->kthread = 0;
	if ((task->flags & PF_KTHREAD) && f->ctx && owner_of(f->ctx, who))
		return;
	who->start_ns = task->group_leader->start_boottime;
	who->tgid = task->tgid;
	who->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(who->comm, sizeof(who->comm));
}

/* Is it in the cgroup, or below it? */
static __noinline bool below_cgroup(__u64 id)
{
	struct cgroup *cgrp, *above;
	bool below = false;

	if (!bpf_ksym_exists(bpf_cgroup_from_id) || !bpf_ksym_exists(bpf_cgroup_ancestor))
		return id == want_cgroup;
	cgrp = bpf_cgroup_from_id(id);
	if (!cgrp)
		return id == want_cgroup;
	above = bpf_cgroup_ancestor(cgrp, cgroup_level);
	if (above) {
		below = BPF_CORE_READ(above, kn, id) == want_cgroup;
		bpf_cgroup_release(above);
	}
	bpf_cgroup_release(cgrp);
	return below;
}

static __always_inline bool cgroup_ok(const struct who *who)
{
	if (who->kthread)
		return below_cgroup(who->cgroup_id);
	return bpf_get_current_ancestor_cgroup_id(cgroup_level) == want_cgroup;
}

static __always_inline bool errno_ok(__s32 ret)
{
	__u32 i;

	for (i = 0; i < TRACE_MAX_ERRNOS; i++) {
		if (i < nr_errnos && errnos[i] == -ret)
			return true;
	}
	return false;
}

static __always_inline bool range_ok(const struct facts *f)
{
	__u64 last;

	if (by_size && (!f->has_length || f->length < size_min || f->length > size_max))
		return false;
	if (!by_iova)
		return true;
	if (!f->has_iova)
		return false;
	last = f->length ? f->iova + f->length - 1 : f->iova;
	if (f->all || last < f->iova)
		last = ~0ULL;
	return f->iova <= iova_last && last >= iova_first;
}

static __noinline bool ioas_is(__u64 cookie)
{
	struct iommufd_ioas_view *view;
	bool is;

	if (!bpf_ksym_exists(bpf_iommufd_ioas_acquire))
		return false;
	view = bpf_iommufd_ioas_acquire(cookie);
	if (!view)
		return false;
	is = view->id == want_ioas;
	bpf_iommufd_ioas_release(view);
	return is;
}

static __always_inline bool ioas_ok(const struct facts *f)
{
	if (f->container)
		return true;
	if (f->has_ioas_id)
		return f->ioas_id == want_ioas;
	return f->ioas && ioas_is(f->ioas);
}

/*
 * A device of the context: the one with @id; else one that is attached to
 * @ioas; else any. With @match, only the one that is asked for. Its name: @name.
 */
static __noinline bool find_device(__u64 cookie, __u64 ioas, __u32 id, bool match,
				   struct name *name)
{
	const struct iommufd_device_view *dev;
	struct iommufd_ctx_view *view;
	bool found = false;

	if (!name || !cookie || !bpf_ksym_exists(bpf_iommufd_ctx_acquire))
		return false;
	view = bpf_iommufd_ctx_acquire(cookie);
	if (!view)
		return false;
	bpf_for_each(iommufd_device, dev, view) {
		if (id ? dev->id != id : ioas && dev->ioas_cookie != ioas)
			continue;
		bpf_core_read_str(name->s, sizeof(name->s), &dev->name);
		if (match && bpf_strncmp(name->s, sizeof(name->s), (const char *)want_device))
			continue;
		found = true;
		break;
	}
	bpf_iommufd_ctx_release(view);
	return found;
}

static __always_inline bool device_ok(const struct facts *f)
{
	struct name name = {};

	if (!f->device)
		return find_device(f->ctx, f->ioas, f->device_id, true, &name);
	bpf_probe_read_kernel_str(name.s, sizeof(name.s), f->device);
	return !bpf_strncmp(name.s, sizeof(name.s), (const char *)want_device);
}

static __always_inline bool proc_ok(const struct who *who)
{
	struct trace_proc_key key = {};

	if (by_pid && !bpf_map_lookup_elem(&pids, &who->tgid))
		return false;
	if (by_uid && !bpf_map_lookup_elem(&uids, &who->uid))
		return false;
	if (want_cgroup && !cgroup_ok(who))
		return false;
	if (!by_guest)
		return true;
	key.start_ns = who->start_ns;
	key.tgid = who->tgid;
	return !bpf_map_lookup_elem(&unwanted, &key);
}

/* Cheap ones first. */
static __always_inline bool wanted(const struct facts *f)
{
	if (!(want_ops & (1ULL << f->op)))
		return false;
	if (only_failed && !f->ret)
		return false;
	if (only_good && f->ret)
		return false;
	if (min_ns && f->ns < min_ns)
		return false;
	if (nr_errnos && !errno_ok(f->ret))
		return false;
	if (!range_ok(f))
		return false;
	return !by_ioas || ioas_ok(f);
}

#endif
