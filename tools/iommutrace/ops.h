/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations: what each is called, which sets it is in, where it comes
 * from, and what its event says. One table, from which lines, JSON, filters
 * and --help all read.
 */
#ifndef OPS_H
#define OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommutrace.h"

#define OP_BIT(id) (1ULL << TRACE_##id)
#define OP_ALL ((1ULL << TRACE_NR_OPS) - 1)

/* How a member of an event is shown. */
enum field_kind {
	K_U32,
	K_U64,
	K_S64,
	K_HEX, /* an address */
	K_FLAGS, /* of 32 bits */
	K_SIZE, /* bytes */
	K_ALL, /* bytes, or ~0 for all */
	K_PAGES, /* text: how many; JSON: bytes */
	K_PAGES_SIZE, /* bytes in both */
	K_NS, /* text: milliseconds */
	K_AGE, /* text: as long as it is */
	K_STR,
	K_PROT, /* enum iommufd_prot; text: without its name */
	K_PERM, /* enum iommu_hwpt_pgfault_perm */
	K_IOVA, /* of a map: not known when it failed to choose one */
	K_WORD, /* of an enumeration */
	K_BOOL,
	K_FLAG, /* one bit of 32, by its word */
	K_GROUP, /* an IOMMU group; ~0: none */
	K_HWPT, /* of an attach, which may have made it */
	K_CONTAINER, /* named by its number */
};

enum field_place {
	AT_ARG, /* between the brackets */
	AT_ARG_SET, /* likewise, unless it is 0 */
	AT_PART, /* at the end of the line, unless it is 0 */
	AT_JSON, /* in JSON only */
};

/**
 * struct field - a member of an event
 * @name: in text
 * @json: in JSON; NULL: not there
 * @words: K_WORD: by value; K_FLAG: the one word
 * @bit: K_FLAG: which
 */
struct field {
	const char *name;
	const char *json;
	enum field_kind kind;
	enum field_place place;
	uint16_t at;
	uint16_t bit;
	const char * const *words;
};

/* Where an event has what filters look at; -1: it has not. */
struct places {
	int16_t ctx, ioas, ioas_id, ret, ns, iova, length, device, device_id;
};

/**
 * struct op_info - an operation
 * @tracepoint: its name; NULL: VFIO type1's functions
 * @size: of the event
 * @no_time: it is no operation that takes time
 * @no_ret: nor one that can fail
 */
struct op_info {
	const char *name;
	const char *tracepoint;
	size_t size;
	struct places at;
	const struct field *fields;
	unsigned int nr_fields;
	bool no_time;
	bool no_ret;
};

extern const struct op_info op_infos[TRACE_NR_OPS];

/* What is traced without -e. */
#define OPS_DEFAULT                                                              \
	(OP_ALL & ~(OP_BIT(OPEN) | OP_BIT(CLOSE) | OP_BIT(CREATE) |              \
		    OP_BIT(DESTROY) | OP_BIT(PIN) | OP_BIT(UNPIN) |              \
		    OP_BIT(FILL) | OP_BIT(CLEAR) | OP_BIT(DENY) |                \
		    OP_BIT(LIMIT) | OP_BIT(DECISION)))

/* What is recorded without -e: with that, what there is at any time is known. */
#define OPS_RECORD \
	(OPS_DEFAULT | OP_BIT(OPEN) | OP_BIT(CLOSE) | OP_BIT(CREATE) | OP_BIT(DESTROY))

/* What -e asks for. */
struct op_set {
	uint64_t ops;
	bool given; /* by -e */
	bool only_failed;
	bool only_good;
};

/**
 * ops_parse() - [!]SET
 * @set: filled in
 * @arg: the words, or /REGEX
 * @why: what is wrong, on failure
 *
 * Return: 0 or -1.
 */
int ops_parse(struct op_set *set, const char *arg, char why[128]);

/** ops_help() - -e help: the words */
void ops_help(void);

#endif
