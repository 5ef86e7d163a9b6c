// SPDX-License-Identifier: GPL-2.0-only
/* list, show; set and get of what is loaded. */
#include <inttypes.h>
#include <limits.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "fmt.h"
#include "iommufd_bpf_abi.h"
#include "json.h"
#include "options.h"
#include "pins.h"
#include "policies.h"
#include "settings.h"
#include "tool.h"

static struct policy_list all;
static struct policy_event events[POLICY_REFUSALS];

/* A folder's policy, though it has ended: somebody has to act. */
struct owned {
	__u64 cookies[POLICY_RECS];
	unsigned int nr;
};

static int add_owned(const char *name, void *arg)
{
	struct owned *owned = arg;
	struct pin_meta meta;

	if (owned->nr < POLICY_RECS && !pins_meta(name, &meta))
		owned->cookies[owned->nr++] = meta.cookie;
	return 0;
}

static bool is_owned(const struct owned *owned, const struct policy_rec *rec)
{
	unsigned int i;

	for (i = 0; i < owned->nr; i++) {
		if (owned->cookies[i] == rec->cookie)
			return true;
	}
	return false;
}

/* Those that ended are of interest as long as somebody has to act. */
static bool is_listed(const struct owned *owned, const struct policy_rec *rec)
{
	return !policy_has_ended(rec) || rec->state == IOMMUFD_POLICY_CLOSED ||
	       rec->state == IOMMUFD_POLICY_EJECTING || is_owned(owned, rec);
}

static uint64_t pinned_bytes(const struct policy_rec *rec)
{
	return rec->charged_pages * 4096;
}

static uint64_t real_ns(uint64_t boot_ns)
{
	return boot_ns + (clock_real_ns() - clock_boot_ns());
}

static void rec_json(const struct policy_rec *rec)
{
	char scope[PATH_MAX];
	struct json j;

	if (json_begin(&j, "policy", clock_real_ns(), clock_mono_ns()))
		return;
	json_str(&j, "name", rec->name);
	json_u64(&j, "cookie", rec->cookie);
	json_str(&j, "table", policy_table_name(rec->table));
	json_str(&j, "scope", policy_scope(rec, scope, sizeof(scope)));
	json_u64(&j, "cgroup_id", rec->cgroup_id);
	json_u64(&j, "ioas_cookie", rec->ioas_cookie);
	json_str(&j, "state", policy_state_name(rec));
	json_u64(&j, "flags", rec->flags);
	json_int(&j, "priority", rec->priority);
	json_u64(&j, "calls", rec->calls);
	json_u64(&j, "refused", rec->denials);
	json_u64(&j, "overruns", rec->overruns);
	json_u64(&j, "longest_ns", rec->longest_ns);
	json_u64(&j, "strikes", rec->strikes);
	json_u64(&j, "pinned_bytes", pinned_bytes(rec));
	if (policy_has_ended(rec)) {
		json_str(&j, "ended", policy_exit_name(rec->exit_kind));
		json_str(&j, "message", rec->message);
		json_int(&j, "code", rec->exit_code);
	}
	json_end(&j, stdout);
}

static void set_number(struct libscols_line *line, int i, uint64_t n)
{
	char buf[FMT_LEN];

	snprintf(buf, sizeof(buf), "%" PRIu64, n);
	scols_line_set_data(line, i, buf);
}

static void add_row(struct libscols_table *table, const struct policy_rec *rec)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char buf[PATH_MAX];

	if (!line)
		return;
	scols_line_set_data(line, 0, rec->name);
	scols_line_set_data(line, 1, policy_table_name(rec->table));
	scols_line_set_data(line, 2, policy_scope(rec, buf, sizeof(buf)));
	scols_line_set_data(line, 3, policy_state_name(rec));
	set_number(line, 4, rec->calls);
	set_number(line, 5, rec->denials);
	scols_line_set_data(line, 6, fmt_bytes(buf, pinned_bytes(rec), false));
	scols_line_set_data(line, 7, fmt_age(buf, clock_boot_ns() - rec->attached_ns));
}

static int print_table(const struct owned *owned)
{
	static const struct {
		const char *name;
		int flags;
	} columns[] = {
		{ "NAME", 0 }, { "TYPE", 0 }, { "SCOPE", SCOLS_FL_TRUNC }, { "STATE", 0 },
		{ "CALLS", SCOLS_FL_RIGHT }, { "REFUSED", SCOLS_FL_RIGHT },
		{ "PINNED", SCOLS_FL_RIGHT }, { "AGE", SCOLS_FL_RIGHT },
	};
	struct libscols_table *table = scols_new_table();
	unsigned int i;

	if (!table)
		return TOOL_RUNTIME;
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		scols_table_new_column(table, columns[i].name, 0, columns[i].flags);
	for (i = 0; i < all.nr; i++) {
		if (is_listed(owned, &all.recs[i]))
			add_row(table, &all.recs[i]);
	}
	if (!scols_table_get_nlines(table))
		fputs("no policies are attached\n", stdout);
	else
		scols_print_table(table);
	scols_unref_table(table);
	return 0;
}

int cmd_list(const struct env *env)
{
	static struct owned owned;
	unsigned int i;
	int rc = policies_read(&all);

	if (rc)
		return rc;
	pins_each(add_owned, &owned);
	if (!env->json)
		return print_table(&owned);
	for (i = 0; i < all.nr; i++) {
		if (is_listed(&owned, &all.recs[i]))
			rec_json(&all.recs[i]);
	}
	return 0;
}

/* show */

static void show_settings(const char *name)
{
	struct settings s;

	if (!settings_of_pins(&s, name))
		settings_print(&s, "  set       ", stdout);
	settings_close(&s);
}

static void show_rec(const struct policy_rec *rec, const struct owned *owned)
{
	char buf[PATH_MAX], longest[FMT_LEN];
	struct pin_meta meta;

	printf("%s\n", rec->name);
	printf("  type      %s\n", policy_table_name(rec->table));
	printf("  scope     %s\n", policy_scope(rec, buf, sizeof(buf)));
	printf("  state     %s\n", policy_state_name(rec));
	if (policy_has_ended(rec))
		printf("  ended     %s: %s; code %d\n", policy_exit_name(rec->exit_kind),
		       rec->message, rec->exit_code);
	printf("  flags     %s\n", policy_flags(rec->flags, buf, sizeof(buf)));
	printf("  priority  %d\n", rec->priority);
	printf("  attached  %s ago\n", fmt_age(buf, clock_boot_ns() - rec->attached_ns));
	printf("  calls     %llu, the longest %s\n", rec->calls, fmt_ns(longest, rec->longest_ns));
	printf("  refused   %llu\n", rec->denials);
	printf("  pinned    %s\n", fmt_bytes(buf, pinned_bytes(rec), false));
	printf("  strikes   %u of %d; overruns %llu\n", rec->strikes, IOMMUFD_POLICY_MAX_STRIKES,
	       rec->overruns);
	if (!is_owned(owned, rec) || pins_meta(rec->name, &meta))
		return;
	printf("  file      %s\n", meta.file);
	show_settings(rec->name);
}

static void show_refusals(const char *name, bool json)
{
	unsigned int i, n = recorder_read(name, events);

	if (!json && n)
		fputs("last refusals\n", stdout);
	for (i = 0; i < n; i++) {
		if (json) {
			event_json(&events[i], stdout);
			continue;
		}
		fputs("  ", stdout);
		event_print(&events[i], stdout);
	}
}

/* The exit records of those that are not shown above. */
static void show_ended(const char *name, const struct owned *owned, bool json)
{
	bool first = true;
	char when[FMT_LEN];
	unsigned int i;

	for (i = 0; i < all.nr; i++) {
		const struct policy_rec *rec = &all.recs[i];

		if (is_listed(owned, rec) || (name && strcmp(name, rec->name)))
			continue;
		if (json) {
			rec_json(rec);
			continue;
		}
		if (first)
			fputs("ended\n", stdout);
		first = false;
		printf("  %s %s: %s: %s; %llu calls, %llu refused, %u strikes, code %d\n",
		       fmt_clock(when, real_ns(rec->ended_ns), 0), rec->name,
		       policy_exit_name(rec->exit_kind), rec->message, rec->calls, rec->denials,
		       rec->strikes, rec->exit_code);
	}
}

int cmd_show(const struct env *env)
{
	static struct owned owned;
	unsigned int i;
	int rc = policies_read(&all);

	if (rc)
		return rc;
	if (env->name && !policy_newest(&all, env->name)) {
		complain("there is no policy '%s', and none has ended lately; see: iommupolicy list",
			 env->name);
		return TOOL_RUNTIME;
	}
	pins_each(add_owned, &owned);
	for (i = 0; i < all.nr; i++) {
		const struct policy_rec *rec = &all.recs[i];

		if (!is_listed(&owned, rec) || (env->name && strcmp(env->name, rec->name)))
			continue;
		if (env->json)
			rec_json(rec);
		else
			show_rec(rec, &owned);
	}
	show_refusals(env->name, env->json);
	show_ended(env->name, &owned, env->json);
	return 0;
}

/* set, get */

static int open_settings(struct settings *s, const char *name)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->by_cgroup = -1;
	s->by_glob = -1;
	s->from_glob = -1;
	s->used = -1;
	if (!pin_name_ok(name) || !pins_has(name)) {
		complain("'%s' is not loaded, or not by iommupolicy; see: iommupolicy list", name);
		return TOOL_RUNTIME;
	}
	rc = settings_of_pins(s, name);
	if (!rc)
		return 0;
	complain("the settings of %s cannot be read: %s", name, strerror(-rc));
	return TOOL_RUNTIME;
}

static int no_such_setting(const struct env *env, const char *word)
{
	complain("the policy has no setting '%.*s'; see: iommupolicy get %s",
		 (int)strcspn(word, "="), word, env->name);
	return TOOL_USAGE;
}

int cmd_set(const struct env *env)
{
	struct settings s;
	int i, dry, word, rc = pins_lock(false);

	if (rc)
		return rc;
	rc = open_settings(&s, env->name);
	/* All of them, or none. */
	for (i = 0; !rc && i < 2 * env->nr_words; i++) {
		dry = i < env->nr_words;
		word = i % env->nr_words;
		rc = settings_set(&s, env->words[word], dry);
		if (rc < 0)
			rc = no_such_setting(env, env->words[word]);
	}
	settings_close(&s);
	return rc;
}

int cmd_get(const struct env *env)
{
	struct settings s;
	int i, rc = open_settings(&s, env->name);

	if (!rc && !env->nr_words)
		settings_print(&s, "", stdout);
	for (i = 0; !rc && i < env->nr_words; i++) {
		rc = settings_get(&s, env->words[i], stdout);
		if (rc < 0)
			rc = no_such_setting(env, env->words[i]);
	}
	settings_close(&s);
	return rc;
}
