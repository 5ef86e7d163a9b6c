/* SPDX-License-Identifier: GPL-2.0-only */
/* What iommupolicy does; each returns the exit code, after a complaint. */
#ifndef POLICY_COMMANDS_H
#define POLICY_COMMANDS_H

struct env;

int cmd_load(const struct env *env);
int cmd_replace(const struct env *env);
int cmd_unload(const struct env *env);
int cmd_list(const struct env *env);
int cmd_show(const struct env *env);
int cmd_watch(const struct env *env);
int cmd_set(const struct env *env);
int cmd_get(const struct env *env);

#endif
