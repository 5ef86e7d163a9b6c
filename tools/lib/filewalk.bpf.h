/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What walks of the kernel's own structures do alike: they begin at an open
 * file of a task, and no lock can be taken. The other half is filewalk.c.
 *
 * Who includes this defines iova_of().
 */
#ifndef TOOL_FILEWALK_BPF_H
#define TOOL_FILEWALK_BPF_H

#define MAX_DEPTH 64 /* a red-black tree's, of 2^32 nodes */
#define MAX_MAPPINGS (1 << 20)

struct top_filewalk walk;
/* Kept by the counters: calls that change mappings, begun and ended. */
__u64 nr_begun;
__u64 nr_ended;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TOP_FILEWALK_RECS);
	__type(key, __u32);
	__type(value, struct top_rec);
} recs SEC(".maps");

/* By what a file leads to: the run that has shown it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TOP_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, __u64);
} shown SEC(".maps");

/* Not on the stack: see its description. */
struct top_filewalk_position at;

static __always_inline struct top_rec *new_rec(__u32 kind)
{
	__u32 i = walk.nr_recs;
	struct top_rec *rec = bpf_map_lookup_elem(&recs, &i);

	if (!rec) {
		walk.nr_lost++;
		return NULL;
	}
	rec->kind = kind;
	walk.nr_recs = i + 1;
	return rec;
}

/* Several files, and several tasks, may lead to it. */
static __always_inline bool first_time(__u64 cookie)
{
	__u64 run = walk.run, *seen = bpf_map_lookup_elem(&shown, &cookie);

	if (seen && *seen == run)
		return false;
	bpf_map_update_elem(&shown, &cookie, &run, BPF_ANY);
	return true;
}

/* The context's record, but for what depends on what it is of. */
static __always_inline void fill_ctx(struct top_ctx *ctx, __u64 cookie, struct task_struct *task)
{
	/* Whose memory it is, rather than who has the file, too. */
	if (at.owner)
		task = (void *)at.owner;
	ctx->cookie = cookie;
	ctx->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	ctx->created_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	ctx->tgid = BPF_CORE_READ(task, tgid);
	ctx->uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_STR_INTO(&ctx->comm, task, group_leader, comm);
}

/* The tree of mappings */

static __always_inline __u64 iova_of(__u64 node);

static __always_inline __u64 left_of(__u64 node)
{
	return (__u64)BPF_CORE_READ((struct rb_node *)node, rb_left);
}

static __always_inline __u64 right_of(__u64 node)
{
	return (__u64)BPF_CORE_READ((struct rb_node *)node, rb_right);
}

static __always_inline __u64 parent_of(__u64 node)
{
	/* The lowest bits are its colour. */
	return BPF_CORE_READ((struct rb_node *)node, __rb_parent_color) & ~3ULL;
}

/* at.node = the first mapping at or above @iova, or 0. Not inlined: a loop. */
static __noinline int seek(__u64 root, __u64 iova)
{
	__u64 best = 0, node = root;
	int i;

	bpf_for(i, 0, MAX_DEPTH) {
		if (!node)
			break;
		if (iova_of(node) >= iova) {
			best = node;
			node = left_of(node);
		} else {
			node = right_of(node);
		}
	}
	at.node = best;
	return 0;
}

/* at.node = the next one, or 0 */
static __noinline int step(void)
{
	__u64 node = at.node, next = right_of(node);
	int i;

	if (next) {
		bpf_for(i, 0, MAX_DEPTH) {
			node = next;
			next = left_of(node);
			if (!next)
				break;
		}
		at.node = node;
		return 0;
	}
	bpf_for(i, 0, MAX_DEPTH) {
		next = parent_of(node);
		if (!next || right_of(next) != node)
			break;
		node = next;
	}
	at.node = next;
	return 0;
}

#endif
