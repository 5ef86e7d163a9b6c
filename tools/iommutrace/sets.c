// SPDX-License-Identifier: GPL-2.0-only
/* Sets of operations: what -e understands. */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "ops.h"
#include "tool.h"

static const struct {
	const char *name;
	uint64_t ops;
	const char *help;
} sets[] = {
	{ "map", OP_BIT(MAP) | OP_BIT(VFIO_MAP), "through /dev/iommu, and VFIO's own containers" },
	{ "unmap", OP_BIT(UNMAP) | OP_BIT(VFIO_UNMAP), "likewise" },
	{ "dirty", OP_BIT(DIRTY_START) | OP_BIT(DIRTY_READ) | OP_BIT(DIRTY_STOP), NULL },
	{ "fault", OP_BIT(FAULT) | OP_BIT(RESPONSE), NULL },
	{ "policy", OP_BIT(DENY) | OP_BIT(DECISION) | OP_BIT(STRIKE) | OP_BIT(EXIT), NULL },
	{ "access",
	  OP_BIT(ACCESS_ATTACH) | OP_BIT(ACCESS_REPLACE) | OP_BIT(ACCESS_DETACH) |
		  OP_BIT(ACCESS_PIN) | OP_BIT(ACCESS_UNPIN) | OP_BIT(ACCESS_RW), NULL },
	{ "%mem",
	  OP_BIT(MAP) | OP_BIT(MAP_FILE) | OP_BIT(COPY) | OP_BIT(UNMAP) | OP_BIT(VFIO_MAP) |
		  OP_BIT(VFIO_UNMAP), NULL },
	{ "%dev",
	  OP_BIT(ATTACH) | OP_BIT(REPLACE) | OP_BIT(DETACH) | OP_BIT(BIND) | OP_BIT(UNBIND) |
		  OP_BIT(VFIO_OPEN) | OP_BIT(VFIO_CLOSE) | OP_BIT(VFIO_BIND), NULL },
	{ "%object", OP_BIT(OPEN) | OP_BIT(CLOSE) | OP_BIT(CREATE) | OP_BIT(DESTROY), NULL },
	{ "%part", OP_BIT(PIN) | OP_BIT(UNPIN) | OP_BIT(FILL) | OP_BIT(CLEAR), NULL },
	{ "default", OPS_DEFAULT, "what is traced without -e" },
	{ "all", OP_ALL, "every event" },
};

static bool is_word(const char *name, const char *word, size_t len)
{
	return strlen(name) == len && !strncmp(name, word, len);
}

/* 0: there is none of that name. */
static uint64_t find_word(const char *word, size_t len)
{
	unsigned int i;

	/* A set of that name has the operation in it. */
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		if (is_word(sets[i].name, word, len))
			return sets[i].ops;
	}
	for (i = 0; i < TRACE_NR_OPS; i++) {
		if (is_word(op_infos[i].name, word, len))
			return 1ULL << i;
	}
	return 0;
}

static int parse_regex(uint64_t *ops, const char *expr, char why[128])
{
	regex_t re;
	unsigned int i;
	int rc = regcomp(&re, expr, REG_EXTENDED | REG_NOSUB);

	if (rc) {
		regerror(rc, &re, why, 128);
		return -1;
	}
	for (i = 0; i < TRACE_NR_OPS; i++) {
		if (!regexec(&re, op_infos[i].name, 0, NULL, 0))
			*ops |= 1ULL << i;
	}
	regfree(&re);
	if (*ops)
		return 0;
	snprintf(why, 128, "no operation is like that; -e help lists them");
	return -1;
}

static int parse_words(uint64_t *ops, bool *err, const char *word, char why[128])
{
	uint64_t found;
	size_t len;

	for (;; word += len + 1) {
		len = strcspn(word, ",");
		found = find_word(word, len);
		if (is_word("%err", word, len)) {
			*err = true;
		} else if (!found) {
			snprintf(why, 128, "no operation '%.*s'; -e help lists them",
				 len < 40 ? (int)len : 40, word);
			return -1;
		}
		*ops |= found;
		if (!word[len])
			return 0;
	}
}

int ops_parse(struct op_set *set, const char *arg, char why[128])
{
	bool negate = *arg == '!', err = false;
	uint64_t ops = 0;
	int rc;

	arg += negate;
	if (*arg == '/')
		rc = parse_regex(&ops, arg + 1, why);
	else
		rc = parse_words(&ops, &err, arg, why);
	if (rc)
		return rc;
	set->given = true;
	set->ops = OPS_DEFAULT;
	if (ops)
		set->ops = negate ? OPS_DEFAULT & ~ops : ops;
	set->only_good = err && negate;
	set->only_failed = err && !negate;
	if (set->ops)
		return 0;
	snprintf(why, 128, "it leaves no operation");
	return -1;
}

void ops_help(void)
{
	unsigned int i, s, n, len;
	const char *sep;

	for (s = 0; s < ARRAY_SIZE(sets); s++) {
		len = printf("%-9s", sets[s].name);
		if (sets[s].help) {
			printf(" %s\n", sets[s].help);
			continue;
		}
		for (i = 0, n = 0; i < TRACE_NR_OPS; i++) {
			if (!(sets[s].ops >> i & 1))
				continue;
			sep = n++ ? "," : "";
			if (len + strlen(sep) + 1 + strlen(op_infos[i].name) > 78) {
				printf("%s\n%-9s", sep, "");
				len = 9;
				sep = "";
			}
			len += printf("%s %s", sep, op_infos[i].name);
		}
		putchar('\n');
	}
	printf("%-9s what failed (with a set: of it)\n%-9s names that match\n\nalso, each by its name:",
	       "%err", "/REGEX");
	for (i = 0, len = 80; i < TRACE_NR_OPS; i++) {
		if (len + 1 + strlen(op_infos[i].name) > 78) {
			printf("\n   ");
			len = 3;
		}
		len += printf(" %s", op_infos[i].name);
	}
	putchar('\n');
}
