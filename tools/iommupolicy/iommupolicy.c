// SPDX-License-Identifier: GPL-2.0-only
/* iommupolicy: attaches BPF policies to iommufd, and looks after them. */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "options.h"
#include "source.h"
#include "tool.h"

static int run(const struct env *env)
{
	static int (*const commands[])(const struct env *env) = {
		[CMD_LOAD] = cmd_load,	   [CMD_REPLACE] = cmd_replace,
		[CMD_UNLOAD] = cmd_unload, [CMD_LIST] = cmd_list,
		[CMD_SHOW] = cmd_show,	   [CMD_WATCH] = cmd_watch,
		[CMD_SET] = cmd_set,	   [CMD_GET] = cmd_get,
	};
	struct source src;
	int rc;

	source_probe(&src, env->command == CMD_INFO);
	if (env->command == CMD_INFO) {
		source_info(&src, false, stdout);
		return TOOL_OK;
	}
	rc = source_check(&src, false);
	return rc ? rc : commands[env->command](env);
}

int main(int argc, char **argv)
{
	struct env env = {};
	int rc;

	options_parse(&env, argc, argv);
	tool_libbpf_quiet();
	rc = run(&env);
	if (tool_flush(stdout) < 0 && !rc)
		rc = TOOL_RUNTIME;
	free(env.words);
	return rc;
}
