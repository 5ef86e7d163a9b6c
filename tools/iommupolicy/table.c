// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table in the kernel's own layout: the file's may be of an older or newer
 * header, so fields go by their names, as in libbpf.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "table.h"

/* What the kernel takes: its header, then the table. */
struct kernel_table {
	struct btf *vmlinux, *module;
	const struct btf_type *type;
	char *value;
	char *table;
};

static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *t,
					    const char *name)
{
	const struct btf_member *m = btf_members(t);
	int i;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		if (!strcmp(btf__name_by_offset(btf, m->name_off), name))
			return m;
	}
	return NULL;
}

static int open_table(struct kernel_table *kt, int map)
{
	struct bpf_map_info info = {};
	const struct btf_member *data;
	const struct btf_type *value;
	__u32 len = sizeof(info);

	if (bpf_map_get_info_by_fd(map, &info, &len))
		return -errno;
	kt->vmlinux = btf__load_vmlinux_btf();
	kt->module = btf__load_from_kernel_by_id_split(info.btf_vmlinux_id, kt->vmlinux);
	if (!kt->module)
		return -errno;
	value = btf__type_by_id(kt->module, info.btf_vmlinux_value_type_id);
	data = value ? find_member(kt->module, value, "data") : NULL;
	if (!data)
		return -EPROTO;
	kt->type = btf__type_by_id(kt->module, btf__resolve_type(kt->module, data->type));
	kt->value = calloc(1, info.value_size);
	if (!kt->value)
		return -ENOMEM;
	kt->table = kt->value + data->offset / 8;
	return 0;
}

static bool is_pointer(const struct btf *btf, __u32 type)
{
	const struct btf_type *t = btf__type_by_id(btf, btf__resolve_type(btf, type));

	return t && btf_is_ptr(t);
}

/* What is no program. That all of it fits was checked when it was loaded. */
static void copy_fields(struct kernel_table *kt, const struct place *from)
{
	const struct btf_type *t = btf__type_by_id(from->btf,
						   btf__resolve_type(from->btf, from->type));
	const struct btf_member *m = btf_members(t), *to;
	int i;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		__s64 size = btf__resolve_size(from->btf, m->type);

		to = find_member(kt->module, kt->type, btf__name_by_offset(from->btf, m->name_off));
		if (to && !is_pointer(from->btf, m->type) &&
		    btf__resolve_size(kt->module, to->type) == size)
			memcpy(kt->table + to->offset / 8, (char *)from->at + m->offset / 8, size);
	}
}

/* A program's place is the number of the table's member. */
static void put_programs(struct kernel_table *kt, struct bpf_object *obj)
{
	struct bpf_program *prog;
	unsigned int i;
	__u64 fd;

	bpf_object__for_each_program(prog, obj) {
		i = bpf_program__expected_attach_type(prog);
		if (bpf_program__type(prog) != BPF_PROG_TYPE_STRUCT_OPS || i >= btf_vlen(kt->type))
			continue;
		fd = bpf_program__fd(prog);
		memcpy(kt->table + btf_members(kt->type)[i].offset / 8, &fd, sizeof(fd));
	}
}

int table_write(struct policy_object *po)
{
	struct kernel_table kt = {};
	int map = bpf_map__fd(po->table), rc;
	__u32 zero = 0;

	rc = open_table(&kt, map);
	if (!rc) {
		copy_fields(&kt, &po->fields);
		put_programs(&kt, po->obj);
		if (bpf_map_update_elem(map, &zero, kt.value, 0))
			rc = -errno;
	}
	free(kt.value);
	btf__free(kt.module);
	btf__free(kt.vmlinux);
	return rc;
}
