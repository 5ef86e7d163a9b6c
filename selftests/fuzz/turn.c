// SPDX-License-Identifier: GPL-2.0-only
/*
 * turn.c - one turn: choose a row, fill its structure, call the kernel, and
 * remember what it answered
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "inject.h"
#include "mem.h"
#include "memory.h"
#include "test.h"

bool trace, inject;
struct tally *tallies;

void turn_init(struct turn *turn, bool lone)
{
	*turn = (struct turn){ .lone = lone };
	turn->room = memory_guarded(2 * PAGE_SZ);
	turn->room_end = turn->room + 2 * PAGE_SZ;
	turn->data = memory_guarded(2 * PAGE_SZ);
	turn->data_end = turn->data + 2 * PAGE_SZ;
}

static unsigned int total_weight(const struct command *rows, unsigned int n)
{
	unsigned int total = 0;

	while (n--)
		total += rows[n].weight;
	return total;
}

static const struct command *choose(struct rng *rng, unsigned int *index)
{
	static unsigned int all;
	unsigned int at, i;

	if (!all)
		all = total_weight(commands, nr_commands) +
		      total_weight(actions, nr_actions);
	at = rng_below(rng, all);
	for (i = 0; i < nr_commands + nr_actions; i++) {
		const struct command *row = i < nr_commands ?
			&commands[i] : &actions[i - nr_commands];

		if (at < row->weight) {
			*index = i;
			return row;
		}
		at -= row->weight;
	}
	abort();
}

static bool is_skipped(const char *skip, const char *name)
{
	size_t len = strlen(name);
	const char *at = skip;

	while (at && (at = strstr(at, name))) {
		if ((at == skip || at[-1] == ',') &&
		    (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

/* In one write, so that threads do not mix; no stdio, for forked children. */
static void __attribute__((format(printf, 3, 4)))
add(char *line, size_t *used, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line + *used, 1024 - *used, fmt, ap);
	va_end(ap);
	if (n > 0)
		*used = *used + n < 1023 ? *used + n : 1023;
}

static void print_turn(const struct turn *turn, const struct command *row,
		       unsigned long number, int fd, const char *at,
		       unsigned long arg, unsigned int fail, long ret)
{
	const struct field *field;
	char line[1024];
	size_t used = 0;

	if (!trace)
		return;
	add(line, &used, "%d %lu ctx %u %s", gettid(), number, turn->ctx,
	    row->name);
	if (!row->run)
		add(line, &used, "(fd %d, arg 0x%lx", fd, arg);
	for (field = row->fields; at && field->gen != GEN_END; field++)
		if (field->gen < OUT_ID && gen_read(at, field))
			add(line, &used, ", %s 0x%llx", field->name,
			    gen_read(at, field));
	if (!row->run)
		add(line, &used, ")");
	if (fail)
		add(line, &used, " fail-nth %u", fail);
	add(line, &used, " = %s\n", errno_name(ret));
	if (write(2, line, used) < 0)
		trace = false;
}

/* What the structure says of its own size: mostly the truth. */
static unsigned int user_size(struct rng *rng, unsigned int size)
{
	switch (rng_below(rng, 80)) {
	case 0:
		return rng_below(rng, size);
	case 1:		/* of a newer program, which wants nothing new */
	case 2:		/* which does */
		return size + 8 * (1 + rng_below(rng, 8));
	case 3:
		return rng_chance(rng, 1, 2) ? ~0U : PAGE_SZ + 8;
	default:
		return size;
	}
}

static long call(struct turn *turn, int fd, unsigned long nr,
		 unsigned long arg, unsigned int *fail)
{
	int armed = -1;
	long ret;

	*fail = inject && rng_chance(&turn->rng, 1, 5) ?
		1 + rng_below(&turn->rng, rng_chance(&turn->rng, 1, 3) ? 40 : 8) : 0;
	if (*fail)
		armed = inject_arm(*fail);
	ret = ioctl(fd, nr, arg);
	if (ret < 0)
		ret = -errno;
	inject_disarm(armed);
	return ret;
}

static void remember(struct turn *turn, const struct command *row,
		     const char *at, long ret)
{
	struct rng *rng = &turn->rng;
	const struct field *field;
	struct mapped map;
	int fd;

	for (field = row->fields; field->gen != GEN_END; field++) {
		if (field->gen == OUT_ID) {
			world_put_id(rng, turn->ctx, field->arg,
				     gen_read(at, field));
		} else if (field->gen == OUT_FD || field->gen == OUT_RETURNED) {
			fd = field->gen == OUT_FD ? (int)gen_read(at, field) :
						    (int)ret;
			fcntl(fd, F_SETFL, O_NONBLOCK);
			world_put_fd(rng, turn->ctx, field->arg, fd);
		} else if (field->gen == OUT_UNMAPPED && turn->has_map &&
			   rng_chance(rng, 7, 8)) {
			world_drop_map(turn->ctx, turn->map_at);
		}
	}
	if (turn->new_iova && turn->length) {
		map.ioas = turn->new_ioas ? gen_read(at, turn->new_ioas) : 0;
		map.iova = gen_read(at, turn->new_iova);
		map.length = gen_read(at, turn->length);
		map.va = turn->address ? gen_read(at, turn->address) :
			 turn->has_map ? turn->map.va : 0;
		world_put_map(rng, turn->ctx, &map);
	}
}

static long issue(struct turn *turn, const struct command *row,
		  unsigned long number)
{
	struct rng *rng = &turn->rng;
	unsigned int size = 0, fail;
	unsigned long arg;
	char *at = NULL;
	long ret;
	int fd;

	/* One device: contexts take turns, but the first has it mostly. */
	if (row->fd == FD_CDEV && rng_chance(rng, 7, 8))
		turn->ctx = 0;
	fd = row->fd == FD_CTX ? atomic_load(&world.fds[FD_CTX][turn->ctx]) :
				 world_get_fd(rng, turn->ctx, row->fd);
	if (row->size) {
		size = user_size(rng, row->size);
		/* As near to the guard page as it fits. */
		at = turn->room_end - row->size;
		if (size > row->size && size <= 2 * PAGE_SZ)
			at = turn->room_end - size;
		memset(turn->room, 0, 2 * PAGE_SZ);
		gen_fields(turn, row, at);
		memcpy(at, &size, sizeof(size));
		if (size > row->size && size <= 2 * PAGE_SZ &&
		    rng_chance(rng, 1, 2))
			at[size - 1] = 1;
		arg = (unsigned long)at;
		if (rng_chance(rng, 1, 96))
			arg = rng_chance(rng, 1, 2) ? 0 :
			      (unsigned long)turn->room_end - 4;
	} else {
		arg = rng_below(rng, 12);
	}
	ret = call(turn, fd, row->nr, arg, &fail);
	print_turn(turn, row, number, fd, at, arg, fail, ret);
	if (ret >= 0 && at && arg == (unsigned long)at)
		remember(turn, row, at, ret);
	return ret;
}

void turn_take(struct turn *turn, __u64 seed, unsigned long number,
	       const char *skip)
{
	const struct command *row;
	unsigned int index;
	long ret;

	turn->rng.state = seed;
	row = choose(&turn->rng, &index);
	if (is_skipped(skip, row->name))
		return;
	turn->ctx = rng_below(&turn->rng, NR_CTX);
	tallies[index].turns++;
	if (row->run) {
		/* Before it: it may not come back from a fork. */
		print_turn(turn, row, number, -1, NULL, 0, 0, 0);
		ret = row->run(turn);
	} else {
		ret = issue(turn, row, number);
	}
	if (ret >= 0)
		tallies[index].done++;
}
