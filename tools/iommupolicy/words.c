// SPDX-License-Identifier: GPL-2.0-only
/* Policies and what they did, in words and in JSON. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "cgroup.h"
#include "fmt.h"
#include "iommufd_bpf_abi.h"
#include "json.h"
#include "policies.h"
#include "tool.h"

static const char *word(const char *const *words, size_t n, __u32 i)
{
	return i < n && words[i] ? words[i] : "?";
}

const char *policy_table_name(__u32 table)
{
	static const char *const words[] = {
		[IOMMUFD_TABLE_PIN] = "pin",
		[IOMMUFD_TABLE_DIRTY] = "dirty",
	};

	return word(words, ARRAY_SIZE(words), table);
}

const char *policy_exit_name(__u32 kind)
{
	static const char *const words[] = {
		[IOMMUFD_EXIT_NONE] = "none",
		[IOMMUFD_EXIT_UNREG] = "unloaded",
		[IOMMUFD_EXIT_REPLACED] = "replaced",
		[IOMMUFD_EXIT_EJECTED] = "ejected",
		[IOMMUFD_EXIT_SCOPE_GONE] = "scope gone",
		[IOMMUFD_EXIT_ATTACH_FAILED] = "not attached",
	};

	return word(words, ARRAY_SIZE(words), kind);
}

bool policy_has_ended(const struct policy_rec *rec)
{
	return rec->state > IOMMUFD_POLICY_LIVE;
}

const char *policy_state_name(const struct policy_rec *rec)
{
	switch (rec->state) {
	case IOMMUFD_POLICY_ADOPTING:
		return "adopting";
	case IOMMUFD_POLICY_LIVE:
		return "live";
	case IOMMUFD_POLICY_EJECTING:
		return "being ejected";
	case IOMMUFD_POLICY_CLOSED:
		return "ejected, closed";
	}
	return policy_exit_name(rec->exit_kind);
}

char *policy_scope(const struct policy_rec *rec, char *buf, size_t size)
{
	if (rec->cgroup_id)
		return cgroup_path_of(rec->cgroup_id, buf, size);
	if (rec->ioas_cookie)
		snprintf(buf, size, "ioas %llu", rec->ioas_cookie);
	else
		snprintf(buf, size, "everybody");
	return buf;
}

char *policy_flags(__u64 flags, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s%s", flags & IOMMUFD_POLICY_F_FAIL_CLOSED ? "fail_closed" : "",
		 (flags & IOMMUFD_POLICY_F_ALL) == IOMMUFD_POLICY_F_ALL ? "," : "",
		 flags & IOMMUFD_POLICY_F_STRIKE_OVERRUN ? "strike_overrun" : "",
		 flags ? "" : "-");
	return buf;
}

static const char *hook_name(__u32 hook)
{
	static const char *const words[] = {
		[IOMMUFD_HOOK_INIT] = "init",	  [IOMMUFD_HOOK_EXIT] = "exit",
		[IOMMUFD_HOOK_ADMIT] = "admit",	  [IOMMUFD_HOOK_CHARGE] = "charge",
		[IOMMUFD_HOOK_ADOPT] = "adopt",	  [IOMMUFD_HOOK_UNCHARGE] = "uncharge",
		[IOMMUFD_HOOK_DIRTY_START] = "start",
		[IOMMUFD_HOOK_DIRTY_READ_AREA] = "read_area",
		[IOMMUFD_HOOK_DIRTY_AREA_DONE] = "area_done",
		[IOMMUFD_HOOK_DIRTY_STOP] = "stop",
	};

	return word(words, ARRAY_SIZE(words), hook);
}

static uint64_t real_ns(const struct policy_event *ev)
{
	return ev->boot_ns + (clock_real_ns() - clock_boot_ns());
}

static void print_refusal(const struct policy_event *ev, FILE *out)
{
	char size[FMT_LEN], err[FMT_LEN], comm[POLICY_COMM_LEN + 1];

	snprintf(comm, sizeof(comm), "%.*s", POLICY_COMM_LEN, ev->comm);
	fprintf(out, "%s refuses %s/%d %s", ev->policy, fmt_plain(comm), ev->tgid,
		op_name(ev->op));
	if (ev->length)
		fprintf(out, " of %s", fmt_size(size, ev->length));
	fprintf(out, ": %s (%s%s%s)\n", errno_name(err, ev->ret), deny_name(ev->code),
		ev->text[0] ? ": " : "", ev->text);
}

void event_print(const struct policy_event *ev, FILE *out)
{
	char when[FMT_LEN];

	fprintf(out, "%s ", fmt_clock(when, real_ns(ev), 3));
	switch (ev->kind) {
	case EVENT_REFUSAL:
		print_refusal(ev, out);
		break;
	case EVENT_STRIKE:
		fprintf(out, "%s: strike %llu of %d, in %s(): %lld\n", ev->policy, ev->count,
			IOMMUFD_POLICY_MAX_STRIKES, hook_name(ev->code), ev->value);
		break;
	case EVENT_EXIT:
		fprintf(out, "%s: %s: %s; %llu refusals in all\n", ev->policy,
			policy_exit_name(ev->code), ev->text, ev->count);
		break;
	}
}

static void json_refusal(struct json *j, const struct policy_event *ev)
{
	char err[FMT_LEN];

	json_str(j, "op", op_name(ev->op));
	json_u64(j, "length", ev->length);
	json_str(j, "errno", errno_name(err, ev->ret));
	json_str(j, "code", deny_name(ev->code));
	json_str(j, "reason", ev->text);
	json_int(j, "pid", ev->tgid);
	json_u64(j, "uid", ev->uid);
	json_str(j, "comm", ev->comm);
}

void event_json(const struct policy_event *ev, FILE *out)
{
	static const char *const types[] = {
		[EVENT_REFUSAL] = "refusal",
		[EVENT_STRIKE] = "strike",
		[EVENT_EXIT] = "exit",
	};
	struct json j;

	if (json_begin(&j, word(types, ARRAY_SIZE(types), ev->kind), real_ns(ev),
		       ev->boot_ns + (clock_mono_ns() - clock_boot_ns())))
		return;
	json_str(&j, "policy", ev->policy);
	switch (ev->kind) {
	case EVENT_REFUSAL:
		json_refusal(&j, ev);
		break;
	case EVENT_STRIKE:
		json_str(&j, "hook", hook_name(ev->code));
		json_int(&j, "value", ev->value);
		json_u64(&j, "strikes", ev->count);
		break;
	case EVENT_EXIT:
		json_str(&j, "kind", policy_exit_name(ev->code));
		json_str(&j, "message", ev->text);
		json_int(&j, "code", ev->value);
		json_u64(&j, "refused", ev->count);
		break;
	}
	json_end(&j, out);
}
