// SPDX-License-Identifier: GPL-2.0-only
/* Values of any type that BTF describes: parsing, writing, printing. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "value.h"

#define MAX_TEXT 512

static const struct btf_type *resolve(const struct place *p)
{
	int id = btf__resolve_type(p->btf, p->type);

	return id < 0 ? NULL : btf__type_by_id(p->btf, id);
}

static int64_t size_of(const struct place *p)
{
	return btf__resolve_size(p->btf, p->type);
}

static void *add(void *at, size_t offset)
{
	return at ? (char *)at + offset : NULL;
}

static int enter_index(struct place *p, const char **path)
{
	const struct btf_type *t = resolve(p);
	const struct btf_array *array;
	unsigned long i;
	char *end;

	if (!t || !btf_is_array(t) || !isdigit((*path)[1]))
		return -ENOENT;
	array = btf_array(t);
	i = strtoul(*path + 1, &end, 10);
	if (*end != ']' || i >= array->nelems)
		return -ENOENT;
	p->type = array->type;
	p->at = add(p->at, i * size_of(p));
	*path = end + 1;
	return 0;
}

/* The field of that name, by its first @len characters; NULL: none. */
static const struct btf_member *find_field(const struct place *p, const char *name, size_t len)
{
	const struct btf_type *t = resolve(p);
	const struct btf_member *m;
	int i;

	if (!t || !btf_is_struct(t))
		return NULL;
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++, m++) {
		const char *field = btf__name_by_offset(p->btf, m->name_off);

		if (strlen(field) == len && !strncmp(field, name, len) &&
		    !btf_member_bitfield_size(t, i))
			return m;
	}
	return NULL;
}

static struct place field_place(const struct place *p, const struct btf_member *m)
{
	return (struct place){ p->btf, m->type, add(p->at, m->offset / 8) };
}

int place_enter(struct place *p, const char *path)
{
	const struct btf_member *m;
	size_t len;

	while (*path) {
		if (*path == '[') {
			if (enter_index(p, &path))
				return -ENOENT;
			continue;
		}
		if (*path != '.')
			return -ENOENT;
		len = strcspn(path + 1, ".[");
		m = find_field(p, path + 1, len);
		if (!m)
			return -ENOENT;
		*p = field_place(p, m);
		path += 1 + len;
	}
	return 0;
}

int value_number(const char *text, uint64_t *number)
{
	static const char units[] = "KMGTPE";
	unsigned long long n;
	const char *unit;
	char *end;

	if (!strcmp(text, "max")) {
		*number = UINT64_MAX;
		return 0;
	}
	if (!isdigit(*text))
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno)
		return -ERANGE;
	if (*end) {
		unit = strchr(units, toupper(*end));
		if (!unit || end[1])
			return -EINVAL;
		n = (uint64_t)n;
		for (; unit >= units; unit--) {
			if (n >> 54)
				return -ERANGE;
			n <<= 10;
		}
	}
	*number = n;
	return 0;
}

/* Programs read it meanwhile. */
static void store(void *at, size_t size, uint64_t n)
{
	switch (size) {
	case 1:
		__atomic_store_n((uint8_t *)at, n, __ATOMIC_RELEASE);
		break;
	case 2:
		__atomic_store_n((uint16_t *)at, n, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((uint32_t *)at, n, __ATOMIC_RELEASE);
		break;
	case 8:
		__atomic_store_n((uint64_t *)at, n, __ATOMIC_RELEASE);
		break;
	}
}

static uint64_t load(const void *at, size_t size)
{
	uint64_t n = 0;

	memcpy(&n, at, size);
	return n;
}

static int set_number(const struct place *p, const struct btf_type *t, const char *text,
		      const char **why)
{
	bool minus = *text == '-';
	uint64_t n, most;
	unsigned int bits = t->size * 8;
	bool is_signed = btf_is_int(t) && btf_int_encoding(t) & BTF_INT_SIGNED;

	*why = "is no number: digits, and K, M, G, T, P or E";
	if (t->size > 8 || value_number(text + minus, &n) || (minus && !is_signed))
		return -EINVAL;
	if (btf_is_int(t) && btf_int_encoding(t) & BTF_INT_BOOL)
		bits = 1;
	most = bits == 64 ? UINT64_MAX : (1ULL << bits) - 1;
	if (is_signed)
		most >>= 1;
	if (n == UINT64_MAX && !minus && !strcmp(text, "max"))
		n = most;
	*why = "is too large a number";
	if (n > most + minus)
		return -EINVAL;
	if (p->at)
		store(p->at, t->size, minus ? -n : n);
	return 0;
}

/* "GUARD_ACTION_DENY" is "deny", or what is behind the last underscore. */
static const char *short_name(const char *name)
{
	const char *last = strrchr(name, '_');

	return last ? last + 1 : name;
}

static int set_enum(const struct place *p, const struct btf_type *t, const char *text,
		    const char **why)
{
	const struct btf_enum *e = btf_enum(t);
	int i;

	for (i = 0; i < btf_vlen(t); i++, e++) {
		const char *name = btf__name_by_offset(p->btf, e->name_off);

		if (strcasecmp(name, text) && strcasecmp(short_name(name), text))
			continue;
		if (p->at)
			store(p->at, t->size, e->val);
		return 0;
	}
	*why = "is none of the names that it can have";
	return isdigit(*text) ? set_number(p, t, text, why) : -EINVAL;
}

static bool is_text(const struct place *p, const struct btf_type *t)
{
	return btf_is_array(t) && btf__resolve_size(p->btf, btf_array(t)->type) == 1;
}

static int set_text(const struct place *p, const struct btf_type *t, const char *text,
		    const char **why)
{
	*why = "is too long";
	if (strlen(text) >= btf_array(t)->nelems)
		return -EINVAL;
	if (p->at) {
		memset(p->at, 0, btf_array(t)->nelems);
		memcpy(p->at, text, strlen(text));
	}
	return 0;
}

/* One "field=value" of a structure; text takes all that follows. */
static int set_field(const struct place *p, char **words, const char **why)
{
	char *word = *words, *equals = strchr(word, '='), *end;
	const struct btf_member *m;
	const struct btf_type *t;
	struct place field;

	*why = "is not 'field=value field=value…'";
	if (!equals)
		return -EINVAL;
	m = find_field(p, word, equals - word);
	*why = "names a field that it has not";
	if (!m)
		return -EINVAL;
	field = field_place(p, m);
	t = resolve(&field);
	end = t && is_text(&field, t) ? equals + strlen(equals) : equals + strcspn(equals, " ");
	*words = *end ? end + 1 : end;
	*end = '\0';
	return value_set(&field, equals + 1, why);
}

static int set_fields(const struct place *p, const char *text, const char **why)
{
	char buf[MAX_TEXT], *words = buf;
	int rc = 0;

	*why = "is too long";
	if (strlen(text) >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, strlen(text) + 1);
	while (!rc && *words)
		rc = set_field(p, &words, why);
	return rc;
}

static int set_struct(const struct place *p, const struct btf_type *t, const char *text,
		      const char **why)
{
	struct place copy = { p->btf, p->type, NULL };
	struct place first = field_place(p, btf_members(t));
	int64_t rest, size = size_of(p);
	int rc;

	if (!p->at)
		return set_fields(p, text, why);
	copy.at = malloc(size);
	*why = "finds no memory";
	if (!copy.at)
		return -EINVAL;
	memcpy(copy.at, p->at, size);
	rc = set_fields(&copy, text, why);
	rest = size_of(&first);
	if (!rc && rest <= 8) {
		store(p->at, rest, 0);
		memcpy(add(p->at, rest), add(copy.at, rest), size - rest);
		store(p->at, rest, load(copy.at, rest));
	} else if (!rc) {
		memcpy(p->at, copy.at, size);
	}
	free(copy.at);
	return rc;
}

int value_set(const struct place *p, const char *text, const char **why)
{
	const struct btf_type *t = resolve(p);

	if (t && btf_is_int(t))
		return set_number(p, t, text, why);
	if (t && btf_is_enum(t))
		return set_enum(p, t, text, why);
	if (t && is_text(p, t))
		return set_text(p, t, text, why);
	if (t && btf_is_struct(t) && btf_vlen(t))
		return set_struct(p, t, text, why);
	*why = "cannot be set: it has parts, as NAME[0] or NAME.field";
	return -EINVAL;
}

static void print_enum(const struct place *p, const struct btf_type *t, FILE *out)
{
	const struct btf_enum *e = btf_enum(t);
	uint32_t n = load(p->at, t->size);
	const char *c;
	int i;

	for (i = 0; i < btf_vlen(t); i++, e++) {
		if ((uint32_t)e->val != n)
			continue;
		for (c = short_name(btf__name_by_offset(p->btf, e->name_off)); *c; c++)
			fputc(tolower(*c), out);
		return;
	}
	fprintf(out, "%u", n);
}

static void print_number(const struct place *p, const struct btf_type *t, FILE *out)
{
	unsigned int bits = t->size * 8;
	uint64_t n = load(p->at, t->size);
	char buf[FMT_LEN];

	if (btf_int_encoding(t) & BTF_INT_SIGNED)
		fprintf(out, "%" PRId64, (int64_t)(n << (64 - bits)) >> (64 - bits));
	else if (t->size >= 4 && n == UINT64_MAX >> (64 - bits))
		fputs("max", out);
	else if (t->size == 8)
		fputs(fmt_size(buf, n), out);
	else
		fprintf(out, "%" PRIu64, n);
}

static void print_struct(const struct place *p, const struct btf_type *t, FILE *out)
{
	const struct btf_member *m = btf_members(t);
	int i;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		struct place field = field_place(p, m);

		fprintf(out, "%s%s=", i ? " " : "", btf__name_by_offset(p->btf, m->name_off));
		value_print(&field, out);
	}
}

void value_print(const struct place *p, FILE *out)
{
	const struct btf_type *t = resolve(p);

	if (t && btf_is_int(t) && t->size <= 8)
		print_number(p, t, out);
	else if (t && btf_is_enum(t))
		print_enum(p, t, out);
	else if (t && is_text(p, t))
		fprintf(out, "%.*s", (int)btf_array(t)->nelems, (const char *)p->at);
	else if (t && btf_is_struct(t))
		print_struct(p, t, out);
	else
		fputc('?', out);
}

bool value_off(const struct place *p)
{
	const struct btf_type *t = resolve(p);
	struct place first;
	int64_t size;

	if (!t || !btf_is_struct(t) || !btf_vlen(t))
		return false;
	first = field_place(p, btf_members(t));
	size = size_of(&first);
	return size > 0 && size <= 8 && !load(first.at, size);
}
