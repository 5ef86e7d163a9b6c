// SPDX-License-Identifier: GPL-2.0-only
/* load, replace, unload. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "commands.h"
#include "fmt.h"
#include "iommufd_bpf_abi.h"
#include "object.h"
#include "options.h"
#include "pins.h"
#include "policies.h"
#include "settings.h"
#include "table.h"
#include "tool.h"

#define PARAMETERS "/sys/module/iommufd/parameters/"

static struct policy_list all;

static bool policies_allowed(void)
{
	FILE *f = fopen(PARAMETERS "policy", "re");
	int c = f ? fgetc(f) : 'Y';

	if (f)
		fclose(f);
	return c == 'Y';
}

static int complain_attach(const struct policy_object *po, const char *name, int err)
{
	switch (err) {
	case -EPERM:
		if (!policies_allowed())
			complain("the module takes no policies: it was loaded with policy=off; load it without: modprobe -r iommufd && modprobe iommufd");
		else
			complain("%s cannot be attached: that takes CAP_SYS_ADMIN on the host, outside of user namespaces",
				 name);
		return TOOL_PERM;
	case -EEXIST:
		complain("%s cannot be attached: that scope has a policy of this type, and can have but one; see: iommupolicy list",
			 name);
		return TOOL_RUNTIME;
	case -ENOENT:
		complain("%s cannot be attached: its cgroup or its IOAS is not there any more",
			 name);
		return TOOL_RUNTIME;
	case -EINVAL:
		complain("%s cannot be attached: its table has flags that this module does not know, or a name that is none; see %s",
			 name, po->file);
		return TOOL_BPF;
	case -ENOLINK:
		complain("%s was ejected, nothing can take its place; unload it, and load: iommupolicy unload %s",
			 name, name);
		return TOOL_RUNTIME;
	}
	complain("%s cannot be attached: %s; or that is what its init() says", name,
		 strerror(-err));
	return TOOL_RUNTIME;
}

/* The parts of loading, of which replacing has the same */

static int set_scope(struct policy_object *po, const struct env *env)
{
	uint64_t id;
	int rc;

	if (env->ioas_cookie)
		object_set_number(po, "ioas_cookie", env->ioas_cookie);
	if (!env->cgroup)
		return 0;
	rc = cgroup_id_of(env->cgroup, &id);
	if (rc) {
		complain("--cgroup %s: %s; it is a path as in /proc/PID/cgroup", env->cgroup,
			 rc == -ENODEV ? "no cgroup v2 is mounted" : strerror(-rc));
		return TOOL_RUNTIME;
	}
	object_set_number(po, "cgroup_id", id);
	return 0;
}

/* A variable, or a field of the table. */
static int set_before_loading(struct policy_object *po, struct settings *s, const char *word)
{
	const char *equals = strchr(word, '=');
	char key[64];
	int rc = settings_set(s, word, false);

	if (rc >= 0)
		return rc;
	snprintf(key, sizeof(key), "%.*s", (int)(equals - word), word);
	rc = object_set_field(po, key, equals + 1);
	if (rc >= 0)
		return rc;
	complain("the policy has no setting '%s'", key);
	return TOOL_USAGE;
}

static int set_words(struct policy_object *po, const struct env *env, const struct settings *old)
{
	struct settings s;
	int i, rc = 0;

	settings_of_object(&s, po->obj);
	if (old)
		settings_carry(&s, old);
	for (i = 0; !rc && i < env->nr_words; i++) {
		if (!setting_is_cgroup(env->words[i]))
			rc = set_before_loading(po, &s, env->words[i]);
	}
	settings_close(&s);
	return rc;
}

static int set_cgroups(struct policy_object *po, const struct env *env,
		       const struct settings *old)
{
	struct settings s;
	int i, rc = 0;

	settings_of_object(&s, po->obj);
	if (old && settings_carry_maps(&s, old)) {
		complain("the settings of cgroups cannot be taken over; the old policy stays");
		rc = TOOL_RUNTIME;
	}
	for (i = 0; !rc && i < env->nr_words; i++) {
		if (setting_is_cgroup(env->words[i]))
			rc = settings_set(&s, env->words[i], false);
	}
	settings_close(&s);
	return rc;
}

/* All that comes before it is attached. */
static int prepare(struct policy_object *po, const struct env *env, const struct settings *old)
{
	int rc = set_words(po, env, old);

	if (!rc)
		rc = object_load(po);
	/* First the programs that see cgroups come, then those that are there. */
	if (!rc)
		rc = object_attach_others(po);
	return rc ? rc : set_cgroups(po, env, old);
}

static int pin_all(struct policy_object *po, int link)
{
	char path[PATH_MAX];
	int rc = pins_make(PIN_NEW);

	if (rc) {
		complain("cannot make a folder in " PIN_ROOT ": %s", strerror(-rc));
		return TOOL_RUNTIME;
	}
	rc = object_pin(po, PIN_NEW);
	if (rc)
		return rc;
	if (link >= 0 && bpf_obj_pin(link, pin_path(path, PIN_NEW, "", "link"))) {
		complain("cannot pin to %s: %s", path, strerror(errno));
		return TOOL_RUNTIME;
	}
	return 0;
}

/* Which of the kernel's policies it is, for `show`. */
static int remember(const struct policy_object *po, const char *name)
{
	struct pin_meta meta = { .loaded_ns = clock_real_ns() };
	const struct policy_rec *rec;
	int rc = policies_read(&all);
	size_t len;

	if (rc)
		return rc;
	rec = policy_newest(&all, name);
	meta.cookie = rec ? rec->cookie : 0;
	/* A long path's end says more than its beginning. */
	len = strlen(po->file);
	len = len < sizeof(meta.file) ? 0 : len - sizeof(meta.file) + 1;
	memcpy(meta.file, po->file + len, strlen(po->file + len) + 1);
	rc = pins_set_meta(PIN_NEW, &meta);
	if (!rc)
		return 0;
	complain("cannot pin to " PIN_ROOT "/" PIN_NEW ": %s", strerror(-rc));
	return TOOL_RUNTIME;
}

static void say_loaded(const char *name, const char *how)
{
	const struct policy_rec *rec = policy_newest(&all, name);
	char scope[PATH_MAX];

	printf("%s: %s, for %s\n", name, how,
	       rec ? policy_scope(rec, scope, sizeof(scope)) : "?");
}

/* load */

static int attach_and_pin(struct policy_object *po, const char *name)
{
	struct bpf_link *link = bpf_map__attach_struct_ops(po->table);
	int rc;

	if (!link)
		return complain_attach(po, name, -errno);
	rc = pin_all(po, bpf_link__fd(link));
	if (!rc)
		rc = remember(po, name);
	if (!rc && pins_rename(PIN_NEW, name)) {
		complain("cannot make " PIN_ROOT "/%s: %s", name, strerror(errno));
		rc = TOOL_RUNTIME;
	}
	if (rc) {
		/* With its pins, nothing holds it. */
		pins_remove(PIN_NEW);
		bpf_link__detach(link);
	}
	bpf_link__destroy(link);
	return rc;
}

static int load(struct policy_object *po, const struct env *env)
{
	char name[POLICY_NAME_LEN];
	int rc = object_open(po, env->name);

	if (rc)
		return rc;
	object_name(po, name);
	rc = object_set_name(po, env->as ? env->as : name);
	if (!rc)
		rc = set_scope(po, env);
	if (!rc)
		rc = pins_lock(true);
	if (rc)
		return rc;
	object_name(po, name);
	if (pins_has(name)) {
		complain("%s is loaded already; put another in its place: iommupolicy replace; or load it under another name: --as NAME",
			 name);
		return TOOL_RUNTIME;
	}
	rc = prepare(po, env, NULL);
	if (!rc)
		rc = attach_and_pin(po, name);
	if (rc)
		return rc;
	say_loaded(name, "loaded");
	return recorder_start();
}

int cmd_load(const struct env *env)
{
	struct policy_object po = {};
	int rc = load(&po, env);

	object_close(&po);
	return rc;
}

/* replace */

/* The new one's scope is the old one's, unless another was asked for. */
static int take_scope(struct policy_object *po, const struct env *env, const char *name)
{
	const struct policy_rec *rec;
	struct pin_meta meta;
	int rc;

	if (env->cgroup || env->ioas_cookie)
		return set_scope(po, env);
	rc = policies_read(&all);
	if (rc)
		return rc;
	rec = pins_meta(name, &meta) ? NULL : policy_by_cookie(&all, meta.cookie);
	if (!rec || policy_has_ended(rec))
		return complain_attach(po, name, -ENOLINK);
	object_set_number(po, "ioas_cookie", rec->ioas_cookie);
	object_set_number(po, "cgroup_id", rec->cgroup_id);
	return 0;
}

static int move_link(const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	pin_path(from, name, "", "link");
	return rename(from, pin_path(to, PIN_NEW, "", "link"));
}

static int update_and_pin(struct policy_object *po, const char *name, int link)
{
	int rc = pin_all(po, -1);

	if (rc)
		return rc;
	rc = table_write(po);
	if (!rc && bpf_link_update(link, bpf_map__fd(po->table), NULL))
		rc = -errno;
	if (rc)
		return complain_attach(po, name, rc);
	/* It is done, whatever comes. */
	rc = remember(po, name);
	if (!rc && (move_link(name) || pins_remove(name) || pins_rename(PIN_NEW, name))) {
		complain("the policy was replaced, but not its pins in " PIN_ROOT "/%s: %s", name,
			 strerror(errno));
		rc = TOOL_RUNTIME;
	}
	return rc;
}

static int replace(struct policy_object *po, const struct env *env, struct settings *old)
{
	char name[POLICY_NAME_LEN];
	int link, rc = object_open(po, env->name);

	if (rc)
		return rc;
	object_name(po, name);
	rc = object_set_name(po, env->as ? env->as : name);
	if (!rc)
		rc = pins_lock(true);
	if (rc)
		return rc;
	object_name(po, name);
	link = pins_fd(name, "", "link");
	if (link < 0) {
		complain("%s is not loaded, so nothing can take its place; load it: iommupolicy load %s",
			 name, env->name);
		return TOOL_RUNTIME;
	}
	rc = take_scope(po, env, name);
	if (!rc && settings_of_pins(old, name)) {
		complain("the settings of %s cannot be read", name);
		rc = TOOL_RUNTIME;
	}
	if (!rc)
		rc = prepare(po, env, old);
	if (!rc)
		rc = update_and_pin(po, name, link);
	if (rc)
		pins_remove(PIN_NEW);
	else
		say_loaded(name, "replaced");
	close(link);
	return rc;
}

int cmd_replace(const struct env *env)
{
	struct settings old = { .by_cgroup = -1, .by_glob = -1, .from_glob = -1, .used = -1 };
	struct policy_object po = {};
	int rc = replace(&po, env, &old);

	settings_close(&old);
	object_close(&po);
	return rc;
}

/* unload */

/* What an ejected policy has left closed: who unloads it has acted. */
static bool reopen(const char *name)
{
	FILE *f = fopen(PARAMETERS "policy_reopen", "we");
	bool done;

	if (!f)
		return false;
	done = fputs(name, f) >= 0;
	return !fclose(f) && done;
}

static int unload(const char *name, void *arg)
{
	int *rc = arg;
	int link;

	if (!pin_name_ok(name) || !pins_has(name)) {
		complain("'%s' is not loaded; see: iommupolicy list", name);
		*rc = TOOL_RUNTIME;
		return 0;
	}
	/* Now, and not when the kernel comes to free the link. */
	link = pins_fd(name, "", "link");
	if (link >= 0) {
		bpf_link_detach(link);
		close(link);
	}
	if (pins_remove(name)) {
		complain("cannot remove " PIN_ROOT "/%s: %s", name, strerror(errno));
		*rc = TOOL_RUNTIME;
		return 0;
	}
	printf("%s: unloaded%s\n", name,
	       reopen(name) ? "; it was ejected, its scope is open again" : "");
	return 0;
}

static int count(const char *name, void *arg)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

int cmd_unload(const struct env *env)
{
	int i, n = 0, rc = pins_lock(false);

	if (rc)
		return rc;
	if (env->all) {
		pins_each(unload, &rc);
	} else {
		unload(env->name, &rc);
		for (i = 0; i < env->nr_words; i++)
			unload(env->words[i], &rc);
	}
	/* Nobody's refusals are of interest any more. */
	pins_each(count, &n);
	if (!n)
		recorder_stop();
	return rc;
}
