// SPDX-License-Identifier: GPL-2.0-only
/* Where printed snapshots go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "report.h"
#include "tool.h"

struct output {
	FILE *out; /* NULL: a new file each time */
	bool printed;
};

static bool is_metrics(const struct env *env)
{
	return env->format == FORMAT_OPENMETRICS || env->format == FORMAT_PROMETHEUS;
}

struct output *output_open(const struct env *env)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o) {
		complain("out of memory");
		return NULL;
	}
	if (env->output && is_metrics(env))
		return o;
	o->out = env->output ? fopen(env->output, "we") : stdout;
	if (o->out)
		return o;
	complain("cannot write '%s': %s; give a file that can be written", env->output,
		 strerror(errno));
	free(o);
	return NULL;
}

/* Beside it, then over it: a rename within one file system is at once. */
static int replace_file(const struct env *env, const struct source *src, const struct snap *snap)
{
	char *tmp = NULL;
	FILE *f = NULL;
	int fd = -1, err = 0;

	if (asprintf(&tmp, "%s.XXXXXX", env->output) < 0)
		tmp = NULL;
	if (tmp)
		fd = mkostemp(tmp, 0);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (!f) {
		err = errno;
	} else {
		err = -report_print(env, src, snap, f, true);
		/* The collector runs as another user. */
		if (!err && (fchmod(fd, 0644) || fflush(f) || ferror(f)))
			err = errno ? errno : EIO;
		if (fclose(f) && !err)
			err = errno;
		if (!err && rename(tmp, env->output))
			err = errno;
	}
	if (err) {
		complain("cannot write '%s': %s; give a file in a folder that can be written",
			 env->output, strerror(err));
		if (tmp && fd >= 0)
			unlink(tmp);
	}
	free(tmp);
	return err ? -1 : 0;
}

int output_print(struct output *o, const struct env *env, const struct source *src,
		 const struct snap *snap)
{
	int rc;

	if (!o->out)
		return replace_file(env, src, snap);
	rc = report_print(env, src, snap, o->out, !o->printed);
	o->printed = true;
	if (rc) {
		complain("cannot print: %s", strerror(-rc));
		return -1;
	}
	return tool_flush(o->out);
}

void output_close(struct output *o)
{
	if (o && o->out && o->out != stdout)
		fclose(o->out);
	free(o);
}
