// SPDX-License-Identifier: GPL-2.0-only
/* The fields of an operation that --filter may name. */
#include <stdio.h>
#include <string.h>

#include "expr.h"
#include "filters.h"
#include "fmt.h"
#include "procinfo.h"
#include "tool.h"

enum field_id {
	FIELD_OP, FIELD_PID, FIELD_TID, FIELD_UID, FIELD_USER, FIELD_COMM, FIELD_GUEST,
	FIELD_CGROUP, FIELD_CTX, FIELD_IOAS, FIELD_CONTAINER, FIELD_DEVICE, FIELD_IOVA,
	FIELD_LENGTH, FIELD_FAILED, FIELD_ERRNO, FIELD_NS, FIELD_MS, FIELD_CPU, FIELD_REASON,
};

struct expr_field {
	const char *name;
	enum cell_type type;
	enum field_id id;
	const char *help;
};

static const struct expr_field fields[] = {
	{ "op", CELL_TEXT, FIELD_OP, "the operation: \"map\"" },
	{ "pid", CELL_NUMBER, FIELD_PID, "process" },
	{ "tid", CELL_NUMBER, FIELD_TID, "thread" },
	{ "uid", CELL_NUMBER, FIELD_UID, "user, by number" },
	{ "user", CELL_TEXT, FIELD_USER, "user, by name" },
	{ "comm", CELL_TEXT, FIELD_COMM, "name of the thread" },
	{ "guest", CELL_TEXT, FIELD_GUEST, "virtual machine" },
	{ "cgroup", CELL_TEXT, FIELD_CGROUP, "control group, a path" },
	{ "ctx", CELL_NUMBER, FIELD_CTX, "context: one open of /dev/iommu" },
	{ "ioas", CELL_NUMBER, FIELD_IOAS, "IO address space, by its id" },
	{ "container", CELL_NUMBER, FIELD_CONTAINER, "VFIO's own container, by its number" },
	{ "device", CELL_TEXT, FIELD_DEVICE, "device: its BDF" },
	{ "iova", CELL_HEX, FIELD_IOVA, "first IOVA" },
	{ "length", CELL_BYTES, FIELD_LENGTH, "bytes" },
	{ "failed", CELL_NUMBER, FIELD_FAILED, "1: it did" },
	{ "errno", CELL_TEXT, FIELD_ERRNO, "why it failed: \"ENOMEM\"" },
	{ "ns", CELL_NS, FIELD_NS, "how long it took, nanoseconds" },
	{ "ms", CELL_RATE, FIELD_MS, "likewise, milliseconds" },
	{ "cpu", CELL_NUMBER, FIELD_CPU, "where it ended" },
	{ "reason", CELL_TEXT, FIELD_REASON, "a policy's words" },
};

static const void *find(const void *of __attribute__((unused)), const char *name,
			enum cell_type *type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].name, name))
			continue;
		*type = fields[i].type;
		return &fields[i];
	}
	return NULL;
}

static void get_text(const struct op *op, enum field_id id, struct cell *c)
{
	char buf[FMT_LEN] = "";

	switch (id) {
	case FIELD_OP:
		cell_text(c, op->info->name);
		break;
	case FIELD_USER:
		cell_text(c, procinfo_user(op->head.uid));
		break;
	case FIELD_COMM:
		memcpy(buf, op->head.comm, TRACE_COMM_LEN);
		cell_text(c, buf);
		break;
	case FIELD_GUEST:
		cell_text(c, op->who->guest);
		break;
	case FIELD_CGROUP:
		cell_text(c, op->who->cgroup);
		break;
	case FIELD_DEVICE:
		cell_text(c, op->device);
		break;
	case FIELD_ERRNO:
		cell_text(c, op->ret ? errno_name(buf, op->ret) : "");
		break;
	default:
		cell_text(c, op->refusal ? op->refusal->reason : "");
	}
}

static uint64_t number(const struct op *op, enum field_id id)
{
	switch (id) {
	case FIELD_PID:
		return op->head.tgid;
	case FIELD_TID:
		return op->head.tid;
	case FIELD_UID:
		return op->head.uid;
	case FIELD_CTX:
		return op->ctx ? op->ctx : UINT64_MAX;
	case FIELD_IOAS:
		return op->has_ioas_id ? op->ioas_id : UINT64_MAX;
	case FIELD_CONTAINER:
		return op->container ? op->container : UINT64_MAX;
	case FIELD_IOVA:
		return op->has_iova ? op->iova : UINT64_MAX;
	case FIELD_LENGTH:
		return op->has_length ? op->length : UINT64_MAX;
	case FIELD_FAILED:
		return op->ret != 0;
	case FIELD_CPU:
		return op->head.cpu;
	default:
		return op->ns ? op->ns : UINT64_MAX;
	}
}

static void get(const void *field, const void *row, struct cell *c)
{
	const struct expr_field *f = field;
	const struct op *op = row;

	if (f->type == CELL_TEXT)
		get_text(op, f->id, c);
	else if (f->type == CELL_RATE)
		cell_real(c, CELL_RATE, op->ns ? op->ns / 1e6 : -1);
	else
		cell_u64(c, f->type, number(op, f->id));
}

int filters_parse_expr(struct filters *f, const char *text, char why[128])
{
	static const struct expr_rows rows = { .find = find, .get = get };

	f->expr_text = text;
	f->expr = expr_open(&rows, NULL, text, why);
	return f->expr ? 0 : -1;
}

void filters_fields(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		printf("%-10s %s\n", fields[i].name, fields[i].help);
}
