// SPDX-License-Identifier: GPL-2.0-only
/* The settings of cgroups, and of patterns of cgroups. */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "fmt.h"
#include "settings.h"
#include "settings_maps.h"
#include "tool.h"
#include "value.h"

#define GLOB_LEN 120

/* struct iommufd_glob */
struct glob {
	__u64 value;
	char glob[GLOB_LEN];
};

_Static_assert(sizeof(struct glob) == SETTINGS_GLOB_SIZE, "as iommufd_bpf.h has it");

static bool is_glob(const char *path)
{
	return strpbrk(path, "*?");
}

static bool takes_away(const char *value)
{
	return !*value || !strcmp(value, "none");
}

/* As the policies do it: neither "*" nor "?" is a slash. */
static bool glob_matches(const char *glob, const char *path)
{
	const char *star = NULL, *taken = NULL;

	for (;;) {
		if (*glob == '*') {
			star = ++glob;
			taken = path;
		} else if (*path && (*glob == *path || (*glob == '?' && *path != '/'))) {
			glob++;
			path++;
		} else if (!*glob && !*path) {
			return true;
		} else if (star && *taken && *taken != '/') {
			glob = star;
			path = ++taken;
		} else {
			return false;
		}
	}
}

static int get_glob(const struct settings *s, __u32 i, struct glob *glob)
{
	if (bpf_map_lookup_elem(s->by_glob, &i, glob))
		return -errno;
	glob->glob[GLOB_LEN - 1] = '\0';
	return 0;
}

/* The value of the first pattern that matches, or none. */
static int apply_globs(const char *path, uint64_t id, void *arg)
{
	struct settings *s = arg;
	struct glob glob;
	__u32 i;

	for (i = 0; !get_glob(s, i, &glob); i++) {
		if (glob.glob[0] && glob_matches(glob.glob, path))
			return bpf_map_update_elem(s->from_glob, &id, &glob.value, 0) ? -errno : 0;
	}
	bpf_map_delete_elem(s->from_glob, &id);
	return 0;
}

/* Its entry, or a free one if @make; -errno. */
static int find_glob(const struct settings *s, const char *path, bool make)
{
	struct glob glob;
	int unused = -1;
	__u32 i;

	for (i = 0; !get_glob(s, i, &glob); i++) {
		if (!strcmp(glob.glob, path))
			return i;
		if (!glob.glob[0] && unused < 0)
			unused = i;
	}
	if (!make)
		return -ENOENT;
	return unused < 0 ? -ENOSPC : unused;
}

static int set_glob(struct settings *s, const char *path, uint64_t value, bool none)
{
	struct glob glob = { .value = value };
	int i = find_glob(s, path, !none);

	if (i < 0)
		return i;
	/* Not to be seen with the other's value: first the one, then the other. */
	if (bpf_map_update_elem(s->by_glob, &i, &glob, 0))
		return -errno;
	if (!none) {
		memcpy(glob.glob, path, strlen(path));
		if (bpf_map_update_elem(s->by_glob, &i, &glob, 0))
			return -errno;
	}
	return cgroup_walk(apply_globs, s);
}

static int set_path(struct settings *s, const char *path, uint64_t value, bool none)
{
	uint64_t id;
	int rc = cgroup_id_of(path, &id);

	if (rc)
		return rc;
	if (none)
		return bpf_map_delete_elem(s->by_cgroup, &id) ? -errno : 0;
	return bpf_map_update_elem(s->by_cgroup, &id, &value, 0) ? -errno : 0;
}

static int complain_about(const char *path, int err, bool none)
{
	if (err == -ENOENT && is_glob(path))
		complain("'%s' has no value that could be taken away", path);
	else if (err == -ENOENT && none)
		complain("'%s': no such cgroup, or it has no value", path);
	else if (err == -ENOENT)
		complain("'%s': there is no such cgroup; make it, or give a pattern, for those that come: '%s*'",
			 path, path);
	else if (err == -ENODEV)
		complain("no cgroup v2 is mounted; mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	else if (err == -ENOSPC)
		complain("'%s': the policy has no room for more patterns; take one away: 'PATTERN=none'",
			 path);
	else
		complain("'%s' cannot be set: %s", path, strerror(-err));
	return TOOL_RUNTIME;
}

int settings_set_cgroup(struct settings *s, const char *path, const char *value, bool dry)
{
	bool glob = is_glob(path), none = takes_away(value);
	uint64_t number = 0;
	int rc;

	if ((glob ? s->by_glob < 0 || s->from_glob < 0 : s->by_cgroup < 0)) {
		complain("'%s': the policy has no settings of %s", path,
			 glob ? "patterns of cgroups" : "cgroups");
		return TOOL_USAGE;
	}
	if (!none && value_number(value, &number)) {
		complain("'%s=%s': the value is no number: digits, and K, M, G, T, P or E; max; or none",
			 path, value);
		return TOOL_USAGE;
	}
	if (glob && strlen(path) >= GLOB_LEN) {
		complain("'%s': a pattern has at most %d characters", path, GLOB_LEN - 1);
		return TOOL_USAGE;
	}
	if (dry)
		return 0;
	rc = glob ? set_glob(s, path, number, none) : set_path(s, path, number, none);
	return rc ? complain_about(path, rc, none) : 0;
}

/* Showing */

static void print_number(const char *indent, const char *path, uint64_t value, FILE *out)
{
	char buf[FMT_LEN];

	fprintf(out, "%s%s=%s", indent, path,
		value == UINT64_MAX ? "max" : fmt_size(buf, value));
}

int settings_get_cgroup(struct settings *s, const char *path, FILE *out)
{
	struct glob glob = {};
	uint64_t id, value;
	int rc;

	if (is_glob(path)) {
		rc = s->by_glob < 0 ? -ENOENT : find_glob(s, path, false);
		if (rc >= 0)
			rc = get_glob(s, rc, &glob);
		value = glob.value;
	} else {
		rc = cgroup_id_of(path, &id);
		if (!rc && bpf_map_lookup_elem(s->by_cgroup, &id, &value) &&
		    bpf_map_lookup_elem(s->from_glob, &id, &value))
			rc = -ENOENT;
	}
	if (rc) {
		complain("'%s' has no value", path);
		return TOOL_RUNTIME;
	}
	print_number("", path, value, out);
	fputc('\n', out);
	return 0;
}

static uint64_t used_bytes(const struct settings *s, uint64_t id)
{
	uint64_t value[SETTINGS_MAX_VALUE / sizeof(uint64_t)];

	return s->used >= 0 && !bpf_map_lookup_elem(s->used, &id, value) ? value[0] : 0;
}

static void print_map(const struct settings *s, int fd, const char *indent, const char *what,
		      FILE *out)
{
	char path[PATH_MAX], buf[FMT_LEN];
	uint64_t id, value, *last = NULL;

	while (fd >= 0 && !bpf_map_get_next_key(fd, last, &id)) {
		last = &id;
		if (bpf_map_lookup_elem(fd, &id, &value))
			continue;
		print_number(indent, cgroup_path_of(id, path, sizeof(path)), value, out);
		if (s->used >= 0)
			fprintf(out, "\t# %s%s used", what, fmt_size(buf, used_bytes(s, id)));
		fputc('\n', out);
	}
}

static void print_globs(const struct settings *s, const char *indent, FILE *out)
{
	struct glob glob;
	__u32 i;

	for (i = 0; s->by_glob >= 0 && !get_glob(s, i, &glob); i++) {
		if (!glob.glob[0])
			continue;
		print_number(indent, glob.glob, glob.value, out);
		fputc('\n', out);
	}
}

/* Cgroups without a value of their own that have something. */
static void print_used(const struct settings *s, const char *indent, FILE *out)
{
	uint64_t id, value, bytes, *last = NULL;
	char path[PATH_MAX], buf[FMT_LEN];

	while (s->used >= 0 && !bpf_map_get_next_key(s->used, last, &id)) {
		last = &id;
		bytes = used_bytes(s, id);
		if (!bytes || !bpf_map_lookup_elem(s->by_cgroup, &id, &value) ||
		    !bpf_map_lookup_elem(s->from_glob, &id, &value))
			continue;
		fprintf(out, "%s# %s: %s used\n", indent, cgroup_path_of(id, path, sizeof(path)),
			fmt_size(buf, bytes));
	}
}

void settings_print_cgroups(struct settings *s, const char *indent, FILE *out)
{
	print_map(s, s->by_cgroup, indent, "", out);
	print_globs(s, indent, out);
	print_map(s, s->from_glob, indent, "by pattern, ", out);
	print_used(s, indent, out);
}

/* Replacing */

static int copy_map(int to, int from, size_t value_size)
{
	char value[sizeof(struct glob)];
	uint64_t key = 0, *last = NULL;

	if (to < 0 || from < 0 || value_size > sizeof(value))
		return 0;
	/* An array's key has four bytes, the low ones. */
	while (!bpf_map_get_next_key(from, last, &key)) {
		last = &key;
		if (bpf_map_lookup_elem(from, &key, value))
			continue;
		if (bpf_map_update_elem(to, &key, value, 0))
			return errno == E2BIG ? 0 : -errno;
	}
	return 0;
}

int settings_carry_maps(struct settings *to, const struct settings *from)
{
	int rc = copy_map(to->by_cgroup, from->by_cgroup, sizeof(__u64));

	if (!rc)
		rc = copy_map(to->by_glob, from->by_glob, sizeof(struct glob));
	return rc ? rc : copy_map(to->from_glob, from->from_glob, sizeof(__u64));
}
