/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON lines: one object a line, {"v":1,"type":…}, made by yyjson. */
#ifndef JSON_H
#define JSON_H

#include <stdint.h>
#include <stdio.h>

#include <yyjson.h>

#define JSON_VERSION 1

struct json {
	yyjson_mut_doc *doc;
	yyjson_mut_val *obj;
};

/**
 * json_begin() - begin a record
 * @j: filled in
 * @type: its "type"
 * @real_ns: its "time"
 * @mono_ns: the same on CLOCK_MONOTONIC, its "mono_ns"
 *
 * Return: 0 or -ENOMEM. Adding to a record cannot fail: json_end() tells.
 */
int json_begin(struct json *j, const char *type, uint64_t real_ns, uint64_t mono_ns);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_int(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, int value);
void json_null(struct json *j, const char *key);
/** json_str() - add a copy of @value; bytes that are not UTF-8 become U+FFFD */
void json_str(struct json *j, const char *key, const char *value);
/** json_hex() - an address, as a string */
void json_hex(struct json *j, const char *key, uint64_t value);
/** json_end() - write the record and a newline, and free it; 0 or -ENOMEM */
int json_end(struct json *j, FILE *out);

#endif
