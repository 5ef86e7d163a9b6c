/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be set of a policy, before it is loaded or while it runs:
 * iommufd_bpf.h says which variables and maps these are.
 */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct bpf_object;
struct btf;
struct btf_type;

/**
 * struct section - a section of variables
 * @btf: describes them; NULL: there is no such section
 * @own: free it
 * @type: its DATASEC
 * @at: its bytes
 * @size: how many
 * @mapped: @at is mapped; otherwise allocated, if @own
 */
struct section {
	const struct btf *btf;
	struct btf *own;
	const struct btf_type *type;
	char *at;
	size_t size;
	bool mapped;
};

/**
 * struct settings - all that can be set of one policy
 * @fixed: variables that only loading sets
 * @live: those that can be set at any time
 * @loaded: it is too late for @fixed
 * @by_cgroup: maps' descriptors, or -1
 * @by_glob: likewise
 * @from_glob: likewise
 * @used: likewise
 */
struct settings {
	struct section fixed, live;
	bool loaded;
	int by_cgroup, by_glob, from_glob, used;
};

/** settings_of_object() - of a file; maps only once it was loaded */
void settings_of_object(struct settings *s, struct bpf_object *obj);
/** settings_of_pins() - of a policy that is attached; 0 or -errno */
int settings_of_pins(struct settings *s, const char *name);
void settings_close(struct settings *s);

/** setting_is_cgroup() - is a key the path of a cgroup, or a pattern of paths? */
bool setting_is_cgroup(const char *key);

/**
 * settings_set() - set one
 * @s: of which policy
 * @word: "KEY=VALUE"
 * @dry: only check it
 *
 * Return: 0 or the exit code, after a complaint; -1 there is no such variable.
 */
int settings_set(struct settings *s, const char *word, bool dry);

/** settings_get() - print "KEY=VALUE"; as settings_set() */
int settings_get(struct settings *s, const char *key, FILE *out);

/** settings_print() - print all of them, a line each, with @indent in front */
void settings_print(struct settings *s, const char *indent, FILE *out);

/** settings_carry() - variables of the same name and size get @from's values */
void settings_carry(struct settings *to, const struct settings *from);

/** settings_carry_maps() - likewise cgroups' values; 0 or -errno */
int settings_carry_maps(struct settings *to, const struct settings *from);

#endif
