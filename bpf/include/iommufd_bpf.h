/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For authors of policies and tools: include this. Who looks at structures of
 * the kernel's own includes "vmlinux.h" before; others need none.
 *
 * Policies fill a struct iommufd_pin_ops in SEC(".struct_ops.link"); tools
 * walk contexts, IOASes, areas, HWPTs and devices with the iterators below,
 * inside bpf_rcu_read_lock() where the program may sleep (SEC("syscall")).
 *
 * Tracing and syscall programs may call what is declared here, unless it says
 * otherwise; bpf_iommufd_deny_reason() and the like are for policies. None of
 * it sleeps or takes a lock, unless it says so. All are weak: a program that
 * wants to load on older modules asks bpf_ksym_exists() first.
 */
#ifndef IOMMUFD_BPF_H
#define IOMMUFD_BPF_H

#ifndef __VMLINUX_H__
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>
#endif
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "iommufd_bpf_abi.h"

/* The errnos a policy may return (vmlinux.h has no macros). */
#define IOMMUFD_ALLOW 0
#define IOMMUFD_DENY_EPERM (-1)
#define IOMMUFD_DENY_ENOMEM (-12)
#define IOMMUFD_DENY_EDQUOT (-122)

/*
 * What iommupolicy knows of a policy's parameters:
 *
 * - a "const volatile" variable is set when the policy is loaded, and fixed;
 * - an IOMMUFD_SETTING is a variable that can be set at any time, by
 *   `iommupolicy set NAME VARIABLE=VALUE`, while programs read it. Of a structure
 *   the first member is written last, and is 0 while the others change. A name
 *   that C forbids takes an underscore at its end: "default_" is set as
 *   "default";
 * - a map "by_cgroup", from a cgroup's id (__u64) to a number (__u64), is set
 *   with the cgroup's path: `iommupolicy set NAME /a/b=VALUE`;
 * - an array "by_glob" of struct iommufd_glob is set with a pattern of paths,
 *   `iommupolicy set NAME '/a/vm*=VALUE'`: the first that matches counts. Of the
 *   cgroups that are there iommupolicy writes the value to a map "from_glob",
 *   that is like "by_cgroup"; for those that come later the policy does that;
 * - a map "used_by_cgroup", from a cgroup's id to a structure that begins with a
 *   number of bytes (__u64), is shown beside the settings.
 */
#define IOMMUFD_SETTING SEC(".data.settings")

enum iommufd_glob_sizes {
	IOMMUFD_GLOB_LEN = 120, /* with the terminating NUL */
};

/**
 * struct iommufd_glob - a value for the cgroups whose path matches
 * @value: for them
 * @glob: the pattern: "*" is anything but a slash, "?" one character of that;
 *	"" while the entry is not used
 */
struct iommufd_glob {
	__u64 value;
	char glob[IOMMUFD_GLOB_LEN];
};

/* From the kernel's bpf_experimental interface; exported by vmlinux. */
extern void bpf_rcu_read_lock(void) __weak __ksym;
extern void bpf_rcu_read_unlock(void) __weak __ksym;

/**
 * bpf_iommufd_deny_reason() - say why the request is about to be refused
 * @req: the request, as given to the hook
 * @code: enum iommufd_deny_code
 * @text: words for a person; cut to IOMMUFD_REASON_LEN - 1 bytes
 * @text__sz: its size in bytes
 *
 * The last call counts. It refuses nothing by itself: the return value does.
 * Return: 0, or -EINVAL for a code that is not known.
 */
extern int bpf_iommufd_deny_reason(struct iommufd_pin_req *req, __u32 code,
				   const char *text, __u32 text__sz) __weak __ksym;

/**
 * bpf_iommufd_dirty_deny_reason() - say why tracking is about to be refused
 * @req: the request, as given to start()
 * @code: enum iommufd_deny_code
 * @text: words for a person; cut to IOMMUFD_REASON_LEN - 1 bytes
 * @text__sz: its size in bytes
 *
 * As bpf_iommufd_deny_reason(), for dirty policies.
 * Return: 0, or -EINVAL for a code that is not known.
 */
extern int bpf_iommufd_dirty_deny_reason(struct iommufd_dirty_req *req, __u32 code,
					 const char *text, __u32 text__sz) __weak __ksym;

/**
 * bpf_iommufd_pin_set_chunk() - wish for how much is pinned at a time
 * @req: the request, as given to admit()
 * @bytes: whole pages, from IOMMUFD_CHUNK_MIN to IOMMUFD_CHUNK_MAX
 *
 * A large request is charged and pinned in pieces of this size, so charge() is
 * asked of each. Of several policies' wishes the nearest's counts. One that
 * cannot be is a strike.
 * Return: 0.
 */
extern int bpf_iommufd_pin_set_chunk(struct iommufd_pin_req *req, __u64 bytes) __weak __ksym;

/**
 * bpf_iommufd_pin_set_workers() - wish for how many tasks pin
 * @req: the request, as given to admit()
 * @workers: 1 to IOMMUFD_WORKERS_MAX
 *
 * Checked and shown in tracepoint iommufd_policy_decision; this version always
 * pins with one.
 * Return: 0.
 */
extern int bpf_iommufd_pin_set_workers(struct iommufd_pin_req *req, __u32 workers) __weak __ksym;

/**
 * bpf_iommufd_pin_ancestor() - the cgroups that a request's cgroup is in
 * @req: the request, as given to any hook
 * @level: 0 is the root, the cgroup's own level is itself
 *
 * Also of a cgroup that was removed, and in any cgroup namespace.
 * Return: an id, like req->cgroup_id, or 0 below the cgroup itself.
 */
extern __u64 bpf_iommufd_pin_ancestor(struct iommufd_pin_req *req, __u32 level) __weak __ksym;

struct bpf_iter_iommufd_ctx {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_ioas {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_area {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_hwpt {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_device {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_run {
	__u64 __opaque[8];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_policy {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

/*
 * The iterators give rising cookies, ids and IOVAs, so that a walk that had to
 * stop can be resumed. What comes or goes meanwhile may be missed, or not.
 *
 * _new() returns 0, or a negative errno where it says so; _next() the next view,
 * or NULL after the last; bpf_for_each() calls all three. A view is readable as
 * long as the RCU read section lasts in which _next() gave it. The iterator of
 * what is in something else takes that one's view, from an iterator or acquired.
 */

/* Every context of the host, oldest first: by cookie. */
extern int bpf_iter_iommufd_ctx_new(struct bpf_iter_iommufd_ctx *it) __weak __ksym;
extern const struct iommufd_ctx_view *
bpf_iter_iommufd_ctx_next(struct bpf_iter_iommufd_ctx *it) __weak __ksym;
extern void bpf_iter_iommufd_ctx_destroy(struct bpf_iter_iommufd_ctx *it) __weak __ksym;

/* Every IOAS of a context, by id. */
extern int bpf_iter_iommufd_ioas_new(struct bpf_iter_iommufd_ioas *it,
				     const struct iommufd_ctx_view *ctx) __weak __ksym;
extern const struct iommufd_ioas_view *
bpf_iter_iommufd_ioas_next(struct bpf_iter_iommufd_ioas *it) __weak __ksym;
extern void bpf_iter_iommufd_ioas_destroy(struct bpf_iter_iommufd_ioas *it) __weak __ksym;

/* The areas of an IOAS at or above IOVA @from, in order. */
extern int bpf_iter_iommufd_area_new(struct bpf_iter_iommufd_area *it,
				     const struct iommufd_ioas_view *ioas,
				     __u64 from) __weak __ksym;
extern const struct iommufd_area_view *
bpf_iter_iommufd_area_next(struct bpf_iter_iommufd_area *it) __weak __ksym;
extern void bpf_iter_iommufd_area_destroy(struct bpf_iter_iommufd_area *it) __weak __ksym;

/* Every HWPT of a context, by id. */
extern int bpf_iter_iommufd_hwpt_new(struct bpf_iter_iommufd_hwpt *it,
				     const struct iommufd_ctx_view *ctx) __weak __ksym;
extern const struct iommufd_hwpt_view *
bpf_iter_iommufd_hwpt_next(struct bpf_iter_iommufd_hwpt *it) __weak __ksym;
extern void bpf_iter_iommufd_hwpt_destroy(struct bpf_iter_iommufd_hwpt *it) __weak __ksym;

/* Every device bound to a context, by id. */
extern int bpf_iter_iommufd_device_new(struct bpf_iter_iommufd_device *it,
				       const struct iommufd_ctx_view *ctx) __weak __ksym;
extern const struct iommufd_device_view *
bpf_iter_iommufd_device_next(struct bpf_iter_iommufd_device *it) __weak __ksym;
extern void bpf_iter_iommufd_device_destroy(struct bpf_iter_iommufd_device *it) __weak __ksym;

/*
 * The runs of the mapping that begins at @iova of an IOAS, in order, while it is
 * pinned. Syscall programs only, outside of bpf_rcu_read_lock(). All three may
 * sleep; nothing is held between them, and so nothing waits for the program.
 * _new() returns -ENOENT if no mapping begins there; _next() a run that is
 * readable until the next call, or NULL after the last, when the mapping is
 * gone, and when somebody pins the same memory and takes long. So a walk may end
 * early: whether it saw all, the sum of the lengths tells, beside the mapping's.
 * Pages that are pinned or unpinned meanwhile may be missed, or not.
 */
extern int bpf_iter_iommufd_run_new(struct bpf_iter_iommufd_run *it, __u64 ioas_cookie,
				    __u64 iova) __weak __ksym;
extern struct iommufd_run_view *
bpf_iter_iommufd_run_next(struct bpf_iter_iommufd_run *it) __weak __ksym;
extern void bpf_iter_iommufd_run_destroy(struct bpf_iter_iommufd_run *it) __weak __ksym;

/**
 * bpf_iommufd_area_mix() - how a mapping's pinned memory may be mapped
 * @ioas_cookie: the IOAS
 * @iova: the mapping's first IOVA
 * @mix: filled in; all 0 while nothing is pinned
 *
 * Syscall programs only. May sleep: it looks at every run, with the memory
 * locked.
 * Return: 0; -ENOENT if no mapping begins there; -EBUSY while somebody else has
 * its memory locked, who pins it perhaps: it does not wait.
 */
extern int bpf_iommufd_area_mix(__u64 ioas_cookie, __u64 iova,
				struct iommufd_page_mix *mix) __weak __ksym;

/*
 * Holding on to a view for longer than an RCU read section: _acquire() finds it
 * by its cookie, and returns NULL if there is none of that kind any more. It
 * must be given to _release(), or be put into a map, as
 *
 *	struct iommufd_ioas_view __kptr *ioas;
 *
 * with bpf_kptr_xchg(). This keeps nothing from being destroyed: then *gone* is
 * 1, what else is in the view is how it was, and iterators over it find nothing.
 * What a map holds keeps iommufd.ko from being unloaded.
 */
extern struct iommufd_ctx_view *bpf_iommufd_ctx_acquire(__u64 cookie) __weak __ksym;
extern void bpf_iommufd_ctx_release(struct iommufd_ctx_view *view) __weak __ksym;
extern struct iommufd_ioas_view *bpf_iommufd_ioas_acquire(__u64 cookie) __weak __ksym;
extern void bpf_iommufd_ioas_release(struct iommufd_ioas_view *view) __weak __ksym;
extern struct iommufd_hwpt_view *bpf_iommufd_hwpt_acquire(__u64 cookie) __weak __ksym;
extern void bpf_iommufd_hwpt_release(struct iommufd_hwpt_view *view) __weak __ksym;
extern struct iommufd_device_view *bpf_iommufd_device_acquire(__u64 cookie) __weak __ksym;
extern void bpf_iommufd_device_release(struct iommufd_device_view *view) __weak __ksym;

/**
 * bpf_iommufd_account_ioas() - what an IOAS maps and pins
 * @cookie: which
 * @account: ioas_bytes and ioas_pages are filled in, the rest is 0
 *
 * Return: 0, or -ENOENT if there is no such IOAS any more.
 */
extern int bpf_iommufd_account_ioas(__u64 cookie, struct iommufd_account *account) __weak __ksym;

/**
 * bpf_iommufd_account_user() - what is charged to a user
 * @uid: which, in the initial user namespace
 * @account: user_pages is filled in, the rest is 0
 *
 * Return: 0, or -ENOENT if no context is open that this user opened.
 */
extern int bpf_iommufd_account_user(__u32 uid, struct iommufd_account *account) __weak __ksym;

/**
 * bpf_iommufd_account_task() - what is charged to a task's user and process
 * @task: which: bpf_get_current_task_btf(), or another one that is trusted or
 *	read under RCU
 * @account: user_pages, mm_pages, mm_locked_pages and limit_pages are filled in,
 *	the rest is 0
 *
 * Return: 0.
 */
extern int bpf_iommufd_account_task(struct task_struct *task,
				    struct iommufd_account *account) __weak __ksym;

/* Every policy, attached or ended lately, oldest first: by cookie. */
extern int bpf_iter_iommufd_policy_new(struct bpf_iter_iommufd_policy *it) __weak __ksym;
extern const struct iommufd_policy_view *
bpf_iter_iommufd_policy_next(struct bpf_iter_iommufd_policy *it) __weak __ksym;
extern void bpf_iter_iommufd_policy_destroy(struct bpf_iter_iommufd_policy *it) __weak __ksym;

#endif
