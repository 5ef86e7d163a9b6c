/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel knows of processes: charges and limits. */
#ifndef TASKS_H
#define TASKS_H

#include "snapshot.h"

struct tasks;

/** tasks_open() - @err: set to the exit code on failure, after a message */
struct tasks *tasks_open(int *err);

/** tasks_ask() - fill in the facts of a snapshot's living processes */
int tasks_ask(struct tasks *t, struct snap *snap);

void tasks_close(struct tasks *t);

#endif
