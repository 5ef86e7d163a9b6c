// SPDX-License-Identifier: GPL-2.0-only
/* JSON lines: one object a line, made by yyjson. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "json.h"

int json_begin(struct json *j, const char *type, uint64_t real_ns, uint64_t mono_ns)
{
	char buf[FMT_LEN];

	j->doc = yyjson_mut_doc_new(NULL);
	j->obj = j->doc ? yyjson_mut_obj(j->doc) : NULL;
	if (!j->obj) {
		yyjson_mut_doc_free(j->doc);
		return -ENOMEM;
	}
	yyjson_mut_doc_set_root(j->doc, j->obj);
	json_u64(j, "v", JSON_VERSION);
	json_str(j, "type", type);
	json_str(j, "time", fmt_rfc3339(buf, real_ns));
	json_u64(j, "mono_ns", mono_ns);
	return 0;
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	yyjson_mut_obj_add_uint(j->doc, j->obj, key, value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	yyjson_mut_obj_add_sint(j->doc, j->obj, key, value);
}

void json_real(struct json *j, const char *key, double value)
{
	yyjson_mut_obj_add_real(j->doc, j->obj, key, value);
}

void json_bool(struct json *j, const char *key, int value)
{
	yyjson_mut_obj_add_bool(j->doc, j->obj, key, value);
}

void json_null(struct json *j, const char *key)
{
	yyjson_mut_obj_add_null(j->doc, j->obj, key);
}

void json_str(struct json *j, const char *key, const char *value)
{
	yyjson_mut_obj_add_strcpy(j->doc, j->obj, key, value);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	char buf[FMT_LEN];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, value);
	json_str(j, key, buf);
}

int json_end(struct json *j, FILE *out)
{
	size_t len;
	/* A process may call itself anything: what is no UTF-8 is written as U+FFFD. */
	char *text = yyjson_mut_write(j->doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE |
				      YYJSON_WRITE_ESCAPE_UNICODE, &len);

	yyjson_mut_doc_free(j->doc);
	if (!text)
		return -ENOMEM;
	fwrite(text, 1, len, out);
	fputc('\n', out);
	free(text);
	return 0;
}
