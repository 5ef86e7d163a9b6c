/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The folder of the BPF filesystem in which policies stay: one folder a
 * policy, by its name, with
 *
 *	link		what keeps the table attached
 *	link_PROGRAM	likewise other programs of the file
 *	map_MAP		the settings, and the other maps
 *	meta		struct pin_meta
 *
 * and, beside those, what records refusals: +refusals, +nr_refusals,
 * +refusals_link. A folder +new is one that was not finished.
 */
#ifndef POLICY_PINS_H
#define POLICY_PINS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define PIN_ROOT "/sys/fs/bpf/iommufd"
#define PIN_NEW "+new"

/**
 * struct pin_meta - what iommupolicy remembers of a policy
 * @cookie: of the table, as attached last
 * @loaded_ns: since the epoch
 * @file: where it came from
 */
struct pin_meta {
	uint64_t cookie;
	uint64_t loaded_ns;
	char file[240];
};

/**
 * pins_lock() - nobody else changes the folder from now on
 * @make: make the folder if it is not there
 *
 * Return: 0 or the exit code, after a complaint. Without @make, and no folder,
 * 0: there is nothing in it.
 */
int pins_lock(bool make);

/** pin_path() - of a file in a policy's folder, or the root; a "." becomes "_" */
char *pin_path(char *buf, const char *name, const char *prefix, const char *file);

/** pins_has() - is there a folder of that name? */
bool pins_has(const char *name);

/** pin_name_ok() - can a policy be called so? */
bool pin_name_ok(const char *name);

/** pins_fd() - open what is pinned; -errno */
int pins_fd(const char *name, const char *prefix, const char *file);

/** pins_meta() - read a policy's; 0 or -errno */
int pins_meta(const char *name, struct pin_meta *meta);

/** pins_set_meta() - pin it; 0 or -errno */
int pins_set_meta(const char *name, const struct pin_meta *meta);

/** pins_make() - make an empty folder; 0 or -errno */
int pins_make(const char *name);

/** pins_remove() - a folder and all in it; 0 or -errno */
int pins_remove(const char *name);

/** pins_rename() - a folder; 0 or -errno */
int pins_rename(const char *from, const char *to);

typedef int (*pins_fn)(const char *name, void *arg);

/** pins_each() - call @fn for every policy's folder, until it does not return 0 */
int pins_each(pins_fn fn, void *arg);

#endif
