/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For authors of policies and tools: include "vmlinux.h" first, then this.
 *
 * Policies fill a struct iommufd_pin_ops in SEC(".struct_ops.link"); tools
 * walk contexts, IOASes, areas and devices with the iterators below, inside
 * bpf_rcu_read_lock() where the program may sleep (SEC("syscall")).
 */
#ifndef IOMMUFD_BPF_H
#define IOMMUFD_BPF_H

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "iommufd_bpf_abi.h"

/* The errnos a policy may return (vmlinux.h has no macros). */
#define IOMMUFD_ALLOW 0
#define IOMMUFD_DENY_EPERM (-1)
#define IOMMUFD_DENY_ENOMEM (-12)
#define IOMMUFD_DENY_EDQUOT (-122)

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

struct bpf_iter_iommufd_ctx {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_ioas {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_area {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_iommufd_device {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

/*
 * The iterators give rising cookies, ids and IOVAs, so that a walk that had to
 * stop can be resumed. What comes or goes meanwhile may be missed, or not.
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

/* Every device bound to a context, by id. */
extern int bpf_iter_iommufd_device_new(struct bpf_iter_iommufd_device *it,
				       const struct iommufd_ctx_view *ctx) __weak __ksym;
extern const struct iommufd_device_view *
bpf_iter_iommufd_device_next(struct bpf_iter_iommufd_device *it) __weak __ksym;
extern void bpf_iter_iommufd_device_destroy(struct bpf_iter_iommufd_device *it) __weak __ksym;

#endif
