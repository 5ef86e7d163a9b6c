/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values as people write them, of any type that BTF describes: numbers (64G,
 * 0x10, max), names of an enumeration, text, structures ("field=value …").
 */
#ifndef POLICY_VALUE_H
#define POLICY_VALUE_H

#include <stdint.h>
#include <stdio.h>

#include <bpf/btf.h>

/* A variable, or a part of one. */
struct place {
	const struct btf *btf;
	uint32_t type;
	void *at;
};

/**
 * place_enter() - go to a part of a variable
 * @place: the variable; becomes the part
 * @path: "[3]", ".field", one after another, or ""
 *
 * Return: 0; -ENOENT there is no such part.
 */
int place_enter(struct place *place, const char *path);

/**
 * value_set() - write a value
 * @place: where to, or with a NULL address: only check it
 * @text: the value
 * @why: why not, for a complaint
 *
 * A number is written at once. Of a structure the fields that @text names are
 * written, the first of the structure last: it is 0 meanwhile.
 * Return: 0; -EINVAL @text is no such value.
 */
int value_set(const struct place *place, const char *text, const char **why);

/** value_print() - write a value so that value_set() understands it */
void value_print(const struct place *place, FILE *out);

/** value_off() - is it a structure whose first field is 0: not in use? */
bool value_off(const struct place *place);

/** value_number() - parse "64G", "0x10", "max"; 0 or -EINVAL, -ERANGE */
int value_number(const char *text, uint64_t *number);

#endif
