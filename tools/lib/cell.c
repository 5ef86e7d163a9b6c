// SPDX-License-Identifier: GPL-2.0-only
/* A value of a table: as a person reads it, exactly, and in order. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "fmt.h"

void cell_text(struct cell *c, const char *text)
{
	c->type = CELL_TEXT;
	c->unlimited = false;
	c->unknown = !*text;
	snprintf(c->text, sizeof(c->text), "%s", text);
}

void cell_u64(struct cell *c, enum cell_type type, uint64_t u)
{
	c->type = type;
	c->unlimited = false;
	c->unknown = u == UINT64_MAX;
	c->u = u;
}

void cell_real(struct cell *c, enum cell_type type, double d)
{
	c->type = type;
	c->unlimited = false;
	c->unknown = !(d >= 0);
	c->d = d;
}

char *cell_show(const struct cell *c, bool raw, char *buf)
{
	if (c->unknown) {
		snprintf(buf, CELL_LEN, "-");
		return buf;
	}
	if (c->unlimited) {
		snprintf(buf, CELL_LEN, "inf");
		return buf;
	}
	switch (c->type) {
	case CELL_TEXT:
		memcpy(buf, c->text, sizeof(c->text));
		break;
	case CELL_NUMBER:
		snprintf(buf, CELL_LEN, "%" PRIu64, c->u);
		break;
	case CELL_BYTES:
		return fmt_bytes(buf, c->u, raw);
	case CELL_HEX:
		snprintf(buf, CELL_LEN, "0x%" PRIx64, c->u);
		break;
	case CELL_NS:
		return fmt_ns(buf, c->u);
	case CELL_AGE:
		return fmt_age(buf, c->u);
	case CELL_RATE:
		return fmt_rate(buf, c->d);
	case CELL_PERCENT:
		snprintf(buf, CELL_LEN, "%.*f%%", c->d < 9.95 ? 1 : 0, c->d);
		break;
	}
	return buf;
}

char *cell_exact(const struct cell *c, char *buf)
{
	buf[0] = 0;
	if (c->unknown)
		return buf;
	switch (c->type) {
	case CELL_TEXT:
	case CELL_HEX:
		return cell_show(c, true, buf);
	case CELL_RATE:
	case CELL_PERCENT:
		snprintf(buf, CELL_LEN, "%.3f", c->d);
		return buf;
	default:
		snprintf(buf, CELL_LEN, "%" PRIu64, c->u);
		return buf;
	}
}

int cell_compare(const struct cell *a, const struct cell *b)
{
	if (a->unknown || b->unknown)
		return b->unknown - a->unknown;
	if (a->type == CELL_TEXT)
		return strcmp(a->text, b->text);
	if (a->type == CELL_RATE || a->type == CELL_PERCENT)
		return (a->d > b->d) - (a->d < b->d);
	return (a->u > b->u) - (a->u < b->u);
}

bool cell_is_zero(const struct cell *c)
{
	if (c->unknown)
		return true;
	if (c->type == CELL_TEXT)
		return !c->text[0];
	return c->type == CELL_RATE || c->type == CELL_PERCENT ? c->d <= 0 : !c->u;
}
