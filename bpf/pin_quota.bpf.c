// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_quota: how many bytes a cgroup, and all below it, may have pinned.
 *
 *	iommupolicy load pin_quota default=8G
 *	iommupolicy set pin_quota /machine.slice/vm1=64G '/machine.slice/test*=1G'
 *	iommupolicy get pin_quota
 *
 * What a task pins counts for its cgroup and every cgroup that this one is in,
 * and each may have a limit: its own; else that of the first pattern that
 * matches its path; else, for the cgroup that the task is in itself, but for
 * the root, the default. What is over a limit is EDQUOT, with a reason. A limit
 * below what is pinned already takes nothing away: it refuses what comes.
 *
 * Owns: the count of each cgroup. It is exact: charge() and uncharge() add up
 * to what is pinned, and adopt() says what was pinned before.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

#define PAGE_BYTES 4096ULL
#define MAX_LEVELS 64 /* cgroups that are in one another */
#define MAX_CGROUPS 65536
#define NR_GLOBS 64
#define PATH_LEN 512 /* both are powers of two: indexes are masked */
#define GLOB_MASK 127

/* For a cgroup that nothing else sets a limit to; 0: none. */
__u64 default_ IOMMUFD_SETTING;

/* Pages that found no room in the counts: then this policy is too small. */
__u64 nr_uncounted;

struct usage {
	__u64 bytes;
	__u64 refused; /* how often */
	struct bpf_spin_lock lock;
};

struct cgroup_numbers {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, __u64);
};

struct cgroup_numbers by_cgroup SEC(".maps");
struct cgroup_numbers from_glob SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, struct usage);
} used_by_cgroup SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_GLOBS);
	__type(key, __u32);
	__type(value, struct iommufd_glob);
} by_glob SEC(".maps");

/* Counting */

static __always_inline struct usage *usage_of(__u64 id)
{
	struct usage *u = bpf_map_lookup_elem(&used_by_cgroup, &id);
	static const struct usage none;

	if (u)
		return u;
	/* Somebody may be faster, and have counted already. */
	bpf_map_update_elem(&used_by_cgroup, &id, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&used_by_cgroup, &id);
}

/* Of a cgroup, of which @is_own says that the task is in it. ~0: none. */
static __always_inline __u64 limit_of(__u64 id, bool is_own)
{
	__u64 *limit = bpf_map_lookup_elem(&by_cgroup, &id);

	if (!limit)
		limit = bpf_map_lookup_elem(&from_glob, &id);
	if (limit)
		return *limit;
	return is_own && default_ ? default_ : ~0ULL;
}

struct over {
	__u64 id;
	__u64 used;
	__u64 limit;
};

static __always_inline void say_why(struct iommufd_pin_req *req, const struct over *over,
				    __u64 bytes)
{
	char why[IOMMUFD_REASON_LEN];

	BPF_SNPRINTF(why, sizeof(why), "quota of cgroup %llu: %lluK + %lluK > %lluK",
		     over->id, over->used >> 10, bytes >> 10, over->limit >> 10);
	bpf_iommufd_deny_reason(req, IOMMUFD_DENY_QUOTA, why, sizeof(why));
}

/* Only what nobody refuses is counted, so a count is never above a limit. */
static __always_inline bool add_usage(struct usage *u, __u64 bytes, __u64 limit, __u64 *used)
{
	bool fits;

	bpf_spin_lock(&u->lock);
	*used = u->bytes;
	fits = u->bytes <= limit && bytes <= limit - u->bytes;
	if (fits)
		u->bytes += bytes;
	else
		u->refused++;
	bpf_spin_unlock(&u->lock);
	return fits;
}

static __always_inline void sub_usage(struct usage *u, __u64 bytes)
{
	bpf_spin_lock(&u->lock);
	u->bytes -= bytes < u->bytes ? bytes : u->bytes;
	bpf_spin_unlock(&u->lock);
}

/* Take back what was counted for the cgroups from the root to above @end. */
static __always_inline void give_back(struct iommufd_pin_req *req, __u32 end)
{
	__u64 bytes = req->npages * PAGE_BYTES;
	struct usage *u;
	__u64 id;
	int level;

	bpf_for(level, 0, MAX_LEVELS) {
		if (level >= end)
			break;
		id = bpf_iommufd_pin_ancestor(req, level);
		if (!id)
			break;
		u = bpf_map_lookup_elem(&used_by_cgroup, &id);
		if (u)
			sub_usage(u, bytes);
	}
}

SEC("struct_ops/charge")
int BPF_PROG(quota_charge, struct iommufd_pin_req *req)
{
	char full[] = "pin_quota counts too many cgroups";
	__u64 bytes = req->npages * PAGE_BYTES;
	struct over over = {};
	struct usage *u;
	int level;

	bpf_for(level, 0, MAX_LEVELS) {
		over.id = bpf_iommufd_pin_ancestor(req, level);
		if (!over.id)
			return IOMMUFD_ALLOW;
		over.limit = limit_of(over.id, level && over.id == req->cgroup_id);
		u = usage_of(over.id);
		if (!u) {
			bpf_iommufd_deny_reason(req, IOMMUFD_DENY_QUOTA, full, sizeof(full));
			give_back(req, level);
			return IOMMUFD_DENY_EDQUOT;
		}
		if (!add_usage(u, bytes, over.limit, &over.used)) {
			say_why(req, &over, bytes);
			give_back(req, level);
			return IOMMUFD_DENY_EDQUOT;
		}
	}
	return IOMMUFD_ALLOW;
}

/* They are pinned already: count them, whatever the limit. */
SEC("struct_ops/adopt")
void BPF_PROG(quota_adopt, struct iommufd_pin_req *req)
{
	__u64 bytes = req->npages * PAGE_BYTES, used;
	struct usage *u;
	__u64 id;
	int level;

	bpf_for(level, 0, MAX_LEVELS) {
		id = bpf_iommufd_pin_ancestor(req, level);
		if (!id)
			break;
		u = usage_of(id);
		if (u)
			add_usage(u, bytes, ~0ULL, &used);
		else
			__sync_fetch_and_add(&nr_uncounted, req->npages);
	}
}

SEC("struct_ops/uncharge")
void BPF_PROG(quota_uncharge, struct iommufd_pin_req *req)
{
	give_back(req, MAX_LEVELS);
}

/*
 * A mapping that is larger than a whole limit need not begin to be pinned:
 * without this it would be charged, and pinned, piece by piece up to there.
 */
SEC("struct_ops/admit")
int BPF_PROG(quota_admit, struct iommufd_pin_req *req)
{
	__u64 bytes = req->npages * PAGE_BYTES;
	struct over over = {};
	struct usage *u;
	int level;

	/* What is copied may be charged to somebody else. */
	if (req->op != IOMMUFD_OP_MAP && req->op != IOMMUFD_OP_MAP_FILE)
		return IOMMUFD_ALLOW;
	bpf_for(level, 0, MAX_LEVELS) {
		over.id = bpf_iommufd_pin_ancestor(req, level);
		if (!over.id)
			break;
		over.limit = limit_of(over.id, level && over.id == req->cgroup_id);
		if (bytes <= over.limit)
			continue;
		u = usage_of(over.id);
		/* It does not fit, so this only notes that. */
		if (u)
			add_usage(u, bytes, over.limit, &over.used);
		say_why(req, &over, bytes);
		return IOMMUFD_DENY_EDQUOT;
	}
	return IOMMUFD_ALLOW;
}

/* Cgroups come and go */

struct match {
	__u32 g, s; /* where in the pattern, where in the path */
	__u32 star_g, star_s; /* behind the last star, and what it has taken */
	__u32 matched; /* no bool: the verifier knows only that it is a byte */
	__u64 value;
	char glob[GLOB_MASK + 1];
	char path[PATH_LEN];
};

/* What is too large for a program's stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct match);
} scratch SEC(".maps");

/* One step of the match of a pattern; 1 ends it. */
static long match_step(__u32 i, struct match **pm)
{
	struct match *m = *pm;
	char g = m->glob[m->g & GLOB_MASK], c = m->path[m->s & (PATH_LEN - 1)];

	if (g == '*') {
		m->star_g = ++m->g;
		m->star_s = m->s;
		return 0;
	}
	if (c && (g == c || (g == '?' && c != '/'))) {
		m->g++;
		m->s++;
		return 0;
	}
	if (!g && !c) {
		m->matched = 1;
		return 1;
	}
	/* Back: the last star takes one more, but no slash. */
	c = m->path[m->star_s & (PATH_LEN - 1)];
	if (!m->star_g || !c || c == '/')
		return 1;
	m->s = ++m->star_s;
	m->g = m->star_g;
	return 0;
}

static long try_glob(__u32 i, struct match **pm)
{
	struct iommufd_glob *glob = bpf_map_lookup_elem(&by_glob, &i);
	struct match *m = *pm;

	if (!glob)
		return 1;
	if (!glob->glob[0])
		return 0;
	m->g = 0;
	m->s = 0;
	m->star_g = 0;
	m->star_s = 0;
	m->value = glob->value;
	__builtin_memcpy(m->glob, glob->glob, sizeof(glob->glob));
	bpf_loop(PATH_LEN * 8, match_step, pm, 0);
	return m->matched != 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(quota_mkdir, struct cgroup *cgrp, const char *path)
{
	__u64 id = cgrp->kn->id;
	struct match *m;
	__u32 zero = 0;

	m = bpf_map_lookup_elem(&scratch, &zero);
	/* 0 is cgroup v2's. */
	if (!m || cgrp->root->hierarchy_id)
		return 0;
	/* A path that was cut matches no pattern of a shorter one. */
	if (bpf_probe_read_kernel_str(m->path, sizeof(m->path), path) >= PATH_LEN)
		return 0;
	m->matched = 0;
	bpf_loop(NR_GLOBS, try_glob, &m, 0);
	if (m->matched)
		bpf_map_update_elem(&from_glob, &id, &m->value, BPF_ANY);
	return 0;
}

/* The last reference is gone, and with it all that was pinned for it. */
SEC("tp_btf/cgroup_release")
int BPF_PROG(quota_release, struct cgroup *cgrp, const char *path)
{
	__u64 id = cgrp->kn->id;

	if (cgrp->root->hierarchy_id)
		return 0;
	bpf_map_delete_elem(&used_by_cgroup, &id);
	bpf_map_delete_elem(&by_cgroup, &id);
	bpf_map_delete_elem(&from_glob, &id);
	return 0;
}

SEC(".struct_ops.link")
struct iommufd_pin_ops pin_quota = {
	.admit = (void *)quota_admit,
	.charge = (void *)quota_charge,
	.adopt = (void *)quota_adopt,
	.uncharge = (void *)quota_uncharge,
	.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
	.name = "pin_quota",
};

char LICENSE[] SEC("license") = "GPL";
