/* SPDX-License-Identifier: GPL-2.0-only */
/* The settings of cgroups, and of patterns of cgroups: for settings.c. */
#ifndef POLICY_SETTINGS_MAPS_H
#define POLICY_SETTINGS_MAPS_H

#include <stdbool.h>
#include <stdio.h>

struct settings;

#define SETTINGS_GLOB_SIZE 128 /* struct iommufd_glob */
#define SETTINGS_MAX_VALUE 4096 /* of a value in used_by_cgroup */

/* As settings_set() and settings_get(). */
int settings_set_cgroup(struct settings *s, const char *path, const char *value, bool dry);
int settings_get_cgroup(struct settings *s, const char *path, FILE *out);
void settings_print_cgroups(struct settings *s, const char *indent, FILE *out);

#endif
