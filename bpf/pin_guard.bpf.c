// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_guard: refuses mappings by rule, and has large ones pinned in pieces.
 *
 *	iommupolicy load pin_guard
 *	iommupolicy set pin_guard rules[0]="action=allow uid_max=0"
 *	iommupolicy set pin_guard \
 *		rules[1]="action=deny prot=write source=file why=files are read only"
 *	iommupolicy set pin_guard pace_over=16G pace_chunk=256M
 *
 * The first rule all of whose conditions hold decides; if none does, the
 * mapping is allowed, or refused with default=deny. What is refused is EPERM,
 * with the rule's "why" as the reason. Owns nothing but its settings.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

#define NR_RULES 16
#define WHY_LEN 40

enum guard_action {
	GUARD_ACTION_OFF = 0,
	GUARD_ACTION_ALLOW = 1,
	GUARD_ACTION_DENY = 2,
};

enum guard_prot {
	GUARD_PROT_ANY = 0,
	GUARD_PROT_READ = 1, /* mappings that devices may only read */
	GUARD_PROT_WRITE = 2, /* mappings that devices may write */
};

enum guard_source {
	GUARD_SOURCE_ANY = 0,
	GUARD_SOURCE_USER = IOMMUFD_SOURCE_USER,
	GUARD_SOURCE_FILE = IOMMUFD_SOURCE_FILE,
	GUARD_SOURCE_DMABUF = IOMMUFD_SOURCE_DMABUF,
};

/* The action comes first: it is written last. Ranges include both ends. */
struct guard_rule {
	enum guard_action action;
	enum guard_prot prot;
	enum guard_source source;
	__u32 uid_min;
	__u32 uid_max;
	__u64 min_bytes;
	__u64 max_bytes;
	char why[WHY_LEN];
};

struct guard_rule rules[NR_RULES] IOMMUFD_SETTING = {
	[0 ... NR_RULES - 1] = { .uid_max = ~0U, .max_bytes = ~0ULL },
};

/* When no rule says anything; "off" is "allow". */
enum guard_action default_ IOMMUFD_SETTING = GUARD_ACTION_ALLOW;

/* What is longer than pace_over is pinned in pieces of pace_chunk; 0: nothing is. */
__u64 pace_over IOMMUFD_SETTING;
__u64 pace_chunk IOMMUFD_SETTING = 256ULL << 20;
__u32 pace_workers IOMMUFD_SETTING;

static __always_inline bool applies(const struct guard_rule *rule,
				    const struct iommufd_pin_req *req)
{
	enum guard_prot prot = req->prot & IOMMUFD_PROT_WRITE ? GUARD_PROT_WRITE :
								GUARD_PROT_READ;

	if (rule->prot != GUARD_PROT_ANY && rule->prot != prot)
		return false;
	if (rule->source != GUARD_SOURCE_ANY && (__u32)rule->source != req->source)
		return false;
	return req->uid >= rule->uid_min && req->uid <= rule->uid_max &&
	       req->length >= rule->min_bytes && req->length <= rule->max_bytes;
}

/* For programs: the most telling of the rule's conditions. */
static __always_inline __u32 code_of(const struct guard_rule *rule)
{
	if (rule->source != GUARD_SOURCE_ANY)
		return IOMMUFD_DENY_SOURCE;
	if (rule->prot != GUARD_PROT_ANY)
		return IOMMUFD_DENY_PROT;
	if (rule->min_bytes || rule->max_bytes != ~0ULL)
		return IOMMUFD_DENY_SIZE;
	return IOMMUFD_DENY_USER;
}

static __always_inline int refuse(struct iommufd_pin_req *req, const struct guard_rule *rule,
				  int i)
{
	char why[WHY_LEN];

	if (rule->why[0])
		bpf_probe_read_kernel_str(why, sizeof(why), rule->why);
	else
		BPF_SNPRINTF(why, sizeof(why), "rule %d of pin_guard", i);
	bpf_iommufd_deny_reason(req, code_of(rule), why, sizeof(why));
	return IOMMUFD_DENY_EPERM;
}

static __always_inline int judge(struct iommufd_pin_req *req)
{
	char none[] = "no rule of pin_guard allows it";
	const struct guard_rule *rule;
	enum guard_action action;
	int i;

	bpf_for(i, 0, NR_RULES) {
		rule = &rules[i];
		action = rule->action;
		if (action == GUARD_ACTION_OFF || !applies(rule, req))
			continue;
		return action == GUARD_ACTION_DENY ? refuse(req, rule, i) : IOMMUFD_ALLOW;
	}
	if (default_ != GUARD_ACTION_DENY)
		return IOMMUFD_ALLOW;
	bpf_iommufd_deny_reason(req, IOMMUFD_DENY_USER, none, sizeof(none));
	return IOMMUFD_DENY_EPERM;
}

/* A wish that cannot be is a strike: a setting is not to eject its policy. */
static __always_inline void pace(struct iommufd_pin_req *req)
{
	__u64 chunk = pace_chunk / 4096 * 4096; /* whole pages */
	__u32 workers = pace_workers;

	if (!pace_over || req->npages * 4096 <= pace_over)
		return;
	if (chunk < IOMMUFD_CHUNK_MIN)
		chunk = IOMMUFD_CHUNK_MIN;
	if (chunk > IOMMUFD_CHUNK_MAX)
		chunk = IOMMUFD_CHUNK_MAX;
	if (workers > IOMMUFD_WORKERS_MAX)
		workers = IOMMUFD_WORKERS_MAX;
	bpf_iommufd_pin_set_chunk(req, chunk);
	if (workers)
		bpf_iommufd_pin_set_workers(req, workers);
}

SEC("struct_ops/admit")
int BPF_PROG(guard_admit, struct iommufd_pin_req *req)
{
	int rc = IOMMUFD_ALLOW;

	switch (req->op) {
	case IOMMUFD_OP_MAP:
	case IOMMUFD_OP_MAP_FILE:
	case IOMMUFD_OP_COPY:
		rc = judge(req);
		break;
	}
	if (!rc)
		pace(req);
	return rc;
}

SEC(".struct_ops.link")
struct iommufd_pin_ops pin_guard = {
	.admit = (void *)guard_admit,
	.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
	.name = "pin_guard",
};

char LICENSE[] SEC("license") = "GPL";
