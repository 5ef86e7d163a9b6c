/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy's file: found, opened, given its scope and name, loaded, attached. */
#ifndef POLICY_OBJECT_H
#define POLICY_OBJECT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "iommupolicy.h"
#include "value.h"

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct bpf_program;

#define MAX_PROGRAMS 32

/**
 * struct policy_object - a policy's file
 * @file: its path
 * @obj: opened
 * @table: the struct_ops map
 * @fields: the table's fields, until it is loaded
 * @logs: what the verifier says of each program
 * @links: of the programs that are not the table's
 * @progs: whose links these are
 * @nr_links: how many
 */
struct policy_object {
	char file[PATH_MAX];
	struct bpf_object *obj;
	struct bpf_map *table;
	struct place fields;
	char *logs;
	struct bpf_link *links[MAX_PROGRAMS];
	struct bpf_program *progs[MAX_PROGRAMS];
	int nr_links;
};

/* All return 0 or the exit code, after a complaint. */

/** object_open() - a file, or a bundled policy by its name */
int object_open(struct policy_object *po, const char *name);
/** object_load() - show it to the verifier */
int object_load(struct policy_object *po);
/** object_attach_others() - programs on tracepoints and the like */
int object_attach_others(struct policy_object *po);
/** object_pin() - links of the others, and maps, into a folder */
int object_pin(struct policy_object *po, const char *folder);
void object_close(struct policy_object *po);

/** object_set_field() - of the table, before loading; -1: it has none like that */
int object_set_field(struct policy_object *po, const char *field, const char *value);
void object_set_number(struct policy_object *po, const char *field, uint64_t value);
/** object_name() - as the table calls it; at most POLICY_NAME_LEN - 1 bytes */
void object_name(const struct policy_object *po, char *name);
int object_set_name(struct policy_object *po, const char *name);

#endif
