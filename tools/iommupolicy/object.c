// SPDX-License-Identifier: GPL-2.0-only
/* A policy's file: found, opened, given its scope and name, loaded. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object.h"
#include "pins.h"
#include "tool.h"
#include "verifier.h"

#define LOG_BYTES 65536

/* Bundled ones are beside the tools: in a build, and where they are installed. */
static const char *const folders[] = { "../bpf", "../lib/iommufd-bpf", "../libexec/iommufd-bpf" };

static bool find_bundled(char *file, const char *name)
{
	char self[PATH_MAX], *dir;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *env = getenv("IOMMUFD_BPF_POLICIES");
	size_t i;

	if (env) {
		snprintf(file, PATH_MAX, "%s/%s.bpf.o", env, name);
		if (!access(file, F_OK))
			return true;
	}
	if (len < 0)
		return false;
	self[len] = '\0';
	dir = dirname(self);
	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[2 * PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s/%s.bpf.o", dir, folders[i], name);
		if (realpath(path, file))
			return true;
	}
	return false;
}

static int find_file(struct policy_object *po, const char *name)
{
	size_t len = strlen(name);

	if (pin_name_ok(name) && find_bundled(po->file, name))
		return 0;
	if (!strchr(name, '/') && !(len > 2 && !strcmp(name + len - 2, ".o"))) {
		complain("there is no bundled policy '%s'; give a file's name: load ./%s.bpf.o",
			 name, name);
		return TOOL_RUNTIME;
	}
	if (realpath(name, po->file) && !access(po->file, R_OK))
		return 0;
	complain("cannot open %s: %s", name, strerror(errno));
	return TOOL_RUNTIME;
}

static int find_table(struct policy_object *po)
{
	const struct btf *btf = bpf_object__btf(po->obj);
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, po->obj) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		if (po->table) {
			complain("%s has several tables; put each into a file of its own",
				 po->file);
			return TOOL_BPF;
		}
		po->table = map;
	}
	if (!po->table) {
		complain("no policy in %s: no table in SEC(\".struct_ops.link\")", po->file);
		return TOOL_BPF;
	}
	po->fields = (struct place){
		.btf = btf,
		.type = bpf_map__btf_value_type_id(po->table),
		.at = bpf_map__initial_value(po->table, &size),
	};
	return 0;
}

static int add_logs(struct policy_object *po)
{
	struct bpf_program *prog;
	size_t n = 0;

	bpf_object__for_each_program(prog, po->obj) {
		n++;
	}
	po->logs = calloc(n + 1, LOG_BYTES);
	if (!po->logs)
		return TOOL_RUNTIME;
	n = 0;
	bpf_object__for_each_program(prog, po->obj) {
		bpf_program__set_log_buf(prog, po->logs + LOG_BYTES * n++, LOG_BYTES);
	}
	return 0;
}

int object_open(struct policy_object *po, const char *name)
{
	int rc = find_file(po, name);

	if (rc)
		return rc;
	po->obj = bpf_object__open(po->file);
	if (!po->obj) {
		complain("%s is no BPF object: %s", po->file, strerror(errno));
		return TOOL_BPF;
	}
	rc = find_table(po);
	return rc ? rc : add_logs(po);
}

int object_load(struct policy_object *po)
{
	int rc = bpf_object__load(po->obj);
	struct bpf_program *prog;
	size_t i = 0;

	if (!rc)
		return 0;
	bpf_object__for_each_program(prog, po->obj) {
		const char *log = po->logs + LOG_BYTES * i++;

		if (*log && rc != -EPERM) {
			verifier_explain(po->file, bpf_program__name(prog), log);
			return TOOL_BPF;
		}
	}
	tool_libbpf_failed(po->file, rc);
	return rc == -EPERM ? TOOL_PERM : TOOL_BPF;
}

int object_attach_others(struct policy_object *po)
{
	struct bpf_program *prog;
	struct bpf_link *link;

	bpf_object__for_each_program(prog, po->obj) {
		if (bpf_program__type(prog) == BPF_PROG_TYPE_STRUCT_OPS ||
		    bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL ||
		    !bpf_program__autoload(prog) || !bpf_program__autoattach(prog))
			continue;
		link = po->nr_links < MAX_PROGRAMS ? bpf_program__attach(prog) : NULL;
		if (!link) {
			complain("%s: cannot attach the program %s: %s", po->file,
				 bpf_program__name(prog),
				 po->nr_links < MAX_PROGRAMS ? strerror(errno) : "too many");
			return TOOL_BPF;
		}
		po->progs[po->nr_links] = prog;
		po->links[po->nr_links++] = link;
	}
	return 0;
}

static const char *pin_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map), *dot = strchr(name, '.');

	return dot ? dot : name;
}

int object_pin(struct policy_object *po, const char *folder)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	int i, rc = 0;

	for (i = 0; !rc && i < po->nr_links; i++)
		rc = bpf_link__pin(po->links[i], pin_path(path, folder, "link_",
							  bpf_program__name(po->progs[i])));
	bpf_object__for_each_map(map, po->obj) {
		if (map == po->table || rc || bpf_map__fd(map) < 0)
			continue;
		/* Not bpf_map__pin(): the map is not the path's for ever. */
		if (bpf_obj_pin(bpf_map__fd(map), pin_path(path, folder, "map_", pin_name(map))))
			rc = -errno;
	}
	if (!rc)
		return 0;
	complain("cannot pin to %s: %s", path, strerror(-rc));
	return TOOL_RUNTIME;
}

void object_close(struct policy_object *po)
{
	while (po->nr_links)
		bpf_link__destroy(po->links[--po->nr_links]);
	bpf_object__close(po->obj);
	free(po->logs);
}

/* The table */

static bool field_place(const struct policy_object *po, const char *field, struct place *place)
{
	char path[64];

	*place = po->fields;
	snprintf(path, sizeof(path), ".%s", field);
	return place->at && !place_enter(place, path);
}

int object_set_field(struct policy_object *po, const char *field, const char *value)
{
	struct place place;
	const char *why;

	if ((strcmp(field, "priority") && strcmp(field, "flags")) ||
	    !field_place(po, field, &place))
		return -1;
	if (!value_set(&place, value, &why))
		return 0;
	complain("'%s=%s': the value %s", field, value, why);
	return TOOL_USAGE;
}

void object_set_number(struct policy_object *po, const char *field, uint64_t value)
{
	struct place place;

	if (field_place(po, field, &place))
		memcpy(place.at, &value, sizeof(value));
}

void object_name(const struct policy_object *po, char *name)
{
	struct place place;

	memset(name, 0, POLICY_NAME_LEN);
	if (field_place(po, "name", &place))
		memcpy(name, place.at, POLICY_NAME_LEN - 1);
}

int object_set_name(struct policy_object *po, const char *name)
{
	struct place place;

	if (!pin_name_ok(name)) {
		complain("'%s' cannot be a policy's name: letters, digits, _ and -, at most %d",
			 name, POLICY_NAME_LEN - 1);
		return TOOL_USAGE;
	}
	if (!field_place(po, "name", &place)) {
		complain("%s: its table is not of a type that iommufd knows", po->file);
		return TOOL_BPF;
	}
	memset(place.at, 0, POLICY_NAME_LEN);
	memcpy(place.at, name, strlen(name));
	return 0;
}
