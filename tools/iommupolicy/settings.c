// SPDX-License-Identifier: GPL-2.0-only
/* What can be set of a policy: its variables. settings_maps.c has the maps. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommupolicy.h"
#include "pins.h"
#include "settings.h"
#include "settings_maps.h"
#include "tool.h"
#include "value.h"

#define FIXED_SECTION ".rodata"
#define LIVE_SECTION ".data.settings"

/* Where they come from */

/* One whose entries are of other sizes is not the map that is meant. */
static int checked_map(int fd, size_t key, size_t least, size_t most)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (fd < 0)
		return -1;
	if (!bpf_map_get_info_by_fd(fd, &info, &len) && info.key_size == key &&
	    info.value_size >= least && info.value_size <= most)
		return fd;
	close(fd);
	return -1;
}

static void check_maps(struct settings *s)
{
	s->by_cgroup = checked_map(s->by_cgroup, 8, 8, 8);
	s->by_glob = checked_map(s->by_glob, 4, SETTINGS_GLOB_SIZE, SETTINGS_GLOB_SIZE);
	s->from_glob = checked_map(s->from_glob, 8, 8, 8);
	s->used = checked_map(s->used, 8, 8, SETTINGS_MAX_VALUE);
}

static int map_fd(struct bpf_object *obj, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
	int fd = map ? bpf_map__fd(map) : -1;

	/* The object's is the object's. */
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static const char *section_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map), *dot = strchr(name, '.');

	return dot ? dot : "";
}

static void section_of_object(struct section *sec, struct bpf_object *obj, const char *name)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		const struct btf *btf = bpf_object__btf(obj);
		const struct btf_type *t;

		/* ".rodata" has the object's name in front of it. */
		if (strcmp(section_name(map), name))
			continue;
		sec->at = bpf_map__initial_value(map, &sec->size);
		t = btf ? btf__type_by_id(btf, bpf_map__btf_value_type_id(map)) : NULL;
		if (!sec->at || !t || !btf_is_datasec(t))
			continue;
		sec->btf = btf;
		sec->type = t;
		return;
	}
}

void settings_of_object(struct settings *s, struct bpf_object *obj)
{
	memset(s, 0, sizeof(*s));
	section_of_object(&s->fixed, obj, FIXED_SECTION);
	section_of_object(&s->live, obj, LIVE_SECTION);
	s->by_cgroup = map_fd(obj, "by_cgroup");
	s->by_glob = map_fd(obj, "by_glob");
	s->from_glob = map_fd(obj, "from_glob");
	s->used = map_fd(obj, "used_by_cgroup");
	check_maps(s);
}

static int read_bytes(struct section *sec, int fd)
{
	__u32 zero = 0;

	sec->at = malloc(sec->size);
	if (!sec->at)
		return -ENOMEM;
	return bpf_map_lookup_elem(fd, &zero, sec->at) ? -errno : 0;
}

static int section_of_fd(struct section *sec, int fd, bool live)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (bpf_map_get_info_by_fd(fd, &info, &len))
		return -errno;
	sec->own = btf__load_from_kernel_by_id(info.btf_id);
	if (!sec->own)
		return -errno;
	sec->btf = sec->own;
	sec->type = btf__type_by_id(sec->btf, info.btf_value_type_id);
	sec->size = info.value_size;
	if (!sec->type || !btf_is_datasec(sec->type))
		return -EPROTO;
	if (!live)
		return read_bytes(sec, fd);
	sec->at = mmap(NULL, sec->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	sec->mapped = sec->at != MAP_FAILED;
	if (!sec->mapped)
		sec->at = NULL;
	return sec->mapped ? 0 : -errno;
}

/* One that is not there is no error. */
static int section_of_pin(struct section *sec, const char *name, const char *which)
{
	int fd = pins_fd(name, "map_", which), rc;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	rc = section_of_fd(sec, fd, !strcmp(which, LIVE_SECTION));
	close(fd);
	return rc;
}

int settings_of_pins(struct settings *s, const char *name)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->loaded = true;
	s->by_cgroup = pins_fd(name, "map_", "by_cgroup");
	s->by_glob = pins_fd(name, "map_", "by_glob");
	s->from_glob = pins_fd(name, "map_", "from_glob");
	s->used = pins_fd(name, "map_", "used_by_cgroup");
	check_maps(s);
	rc = section_of_pin(&s->fixed, name, FIXED_SECTION);
	return rc ? rc : section_of_pin(&s->live, name, LIVE_SECTION);
}

static void section_close(struct section *sec)
{
	if (sec->mapped)
		munmap(sec->at, sec->size);
	else if (sec->own)
		free(sec->at);
	btf__free(sec->own);
}

void settings_close(struct settings *s)
{
	section_close(&s->fixed);
	section_close(&s->live);
	if (s->by_cgroup >= 0)
		close(s->by_cgroup);
	if (s->by_glob >= 0)
		close(s->by_glob);
	if (s->from_glob >= 0)
		close(s->from_glob);
	if (s->used >= 0)
		close(s->used);
}

/* Variables */

struct variable {
	const char *name;
	struct place place;
	size_t size;
};

/* The @i-th; false: it is not a setting but something of the compiler's. */
static bool get_variable(const struct section *sec, int i, struct variable *var)
{
	const struct btf_var_secinfo *info = btf_var_secinfos(sec->type) + i;
	const struct btf_type *t = btf__type_by_id(sec->btf, info->type);

	if (!t || btf_var(t)->linkage != BTF_VAR_GLOBAL_ALLOCATED ||
	    info->offset + info->size > sec->size)
		return false;
	var->name = btf__name_by_offset(sec->btf, t->name_off);
	var->place = (struct place){ sec->btf, t->type, sec->at + info->offset };
	var->size = info->size;
	return true;
}

static int nr_variables(const struct section *sec)
{
	return sec->btf ? btf_vlen(sec->type) : 0;
}

/* "default" is the variable default_: see iommufd_bpf.h. */
static size_t key_len(const char *name)
{
	size_t len = strlen(name);

	return len && name[len - 1] == '_' ? len - 1 : len;
}

static bool is_called(const struct variable *var, const char *key, size_t len)
{
	size_t full = strlen(var->name);

	return (len == full || len == key_len(var->name)) && !strncmp(var->name, key, len);
}

static bool find_variable(const struct section *sec, const char *key, size_t len,
			  struct variable *var)
{
	int i;

	for (i = 0; i < nr_variables(sec); i++) {
		if (get_variable(sec, i, var) && is_called(var, key, len))
			return true;
	}
	return false;
}

/* A variable, or a part of one. -1: none is called so. */
static int find_place(struct settings *s, const char *key, struct place *place, bool *fixed)
{
	size_t len = strcspn(key, "[.");
	struct variable var;

	*fixed = false;
	if (!find_variable(&s->live, key, len, &var)) {
		*fixed = true;
		if (!find_variable(&s->fixed, key, len, &var))
			return -1;
	}
	*place = var.place;
	if (!place_enter(place, key + len))
		return 0;
	complain("'%s': there is no such part of %.*s", key, (int)len, key);
	return TOOL_USAGE;
}

bool setting_is_cgroup(const char *key)
{
	return key[0] == '/';
}

/* The key of "KEY=VALUE", to be freed; a path may have "=" in it. */
static char *split(const char *word, const char **value)
{
	const char *equals = setting_is_cgroup(word) ? strrchr(word, '=') : strchr(word, '=');

	*value = equals + 1;
	return strndup(word, equals - word);
}

static int set_variable(struct settings *s, const char *key, const char *value, bool dry)
{
	struct place place;
	const char *why;
	bool fixed;
	int rc = find_place(s, key, &place, &fixed);

	if (rc)
		return rc;
	if (fixed && s->loaded) {
		complain("'%s' is fixed when the policy is loaded; load another in its place: iommupolicy replace NAME %s=%s",
			 key, key, value);
		return TOOL_RUNTIME;
	}
	if (dry)
		place.at = NULL;
	if (!value_set(&place, value, &why))
		return 0;
	complain("'%s=%s': the value %s", key, value, why);
	return TOOL_USAGE;
}

int settings_set(struct settings *s, const char *word, bool dry)
{
	const char *value;
	char *key = split(word, &value);
	int rc;

	if (!key)
		return TOOL_RUNTIME;
	if (setting_is_cgroup(key))
		rc = settings_set_cgroup(s, key, value, dry);
	else
		rc = set_variable(s, key, value, dry);
	free(key);
	return rc;
}

static void print_place(const char *key, const struct place *place, FILE *out)
{
	fprintf(out, "%s=", key);
	value_print(place, out);
	fputc('\n', out);
}

int settings_get(struct settings *s, const char *key, FILE *out)
{
	struct place place;
	bool fixed;
	int rc;

	if (setting_is_cgroup(key))
		return settings_get_cgroup(s, key, out);
	rc = find_place(s, key, &place, &fixed);
	if (!rc)
		print_place(key, &place, out);
	return rc;
}

/* Of an array of structures those that are in use. */
static void print_array(const struct variable *var, const char *indent, FILE *out)
{
	char key[128], part[16];
	struct place place;
	int i;

	for (i = 0;; i++) {
		place = var->place;
		snprintf(part, sizeof(part), "[%d]", i);
		if (place_enter(&place, part))
			return;
		snprintf(key, sizeof(key), "%s%.*s%s", indent, (int)key_len(var->name), var->name,
			 part);
		if (!value_off(&place))
			print_place(key, &place, out);
	}
}

static void print_section(const struct section *sec, const char *indent, FILE *out)
{
	const struct btf_type *t;
	struct variable var;
	char key[128];
	int i;

	for (i = 0; i < nr_variables(sec); i++) {
		if (!get_variable(sec, i, &var))
			continue;
		t = btf__type_by_id(sec->btf, btf__resolve_type(sec->btf, var.place.type));
		if (t && btf_is_array(t) &&
		    btf__resolve_size(sec->btf, btf_array(t)->type) != 1) {
			print_array(&var, indent, out);
			continue;
		}
		snprintf(key, sizeof(key), "%s%.*s", indent, (int)key_len(var.name), var.name);
		print_place(key, &var.place, out);
	}
}

void settings_print(struct settings *s, const char *indent, FILE *out)
{
	print_section(&s->fixed, indent, out);
	print_section(&s->live, indent, out);
	settings_print_cgroups(s, indent, out);
}

static void carry_section(struct section *to, const struct section *from)
{
	struct variable a, b;
	int i;

	for (i = 0; i < nr_variables(to); i++) {
		if (get_variable(to, i, &a) && nr_variables(from) &&
		    find_variable(from, a.name, strlen(a.name), &b) && a.size == b.size)
			memcpy(a.place.at, b.place.at, a.size);
	}
}

void settings_carry(struct settings *to, const struct settings *from)
{
	carry_section(&to->fixed, &from->fixed);
	carry_section(&to->live, &from->live);
}
