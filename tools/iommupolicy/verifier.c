// SPDX-License-Identifier: GPL-2.0-only
/* What the verifier says, for who wrote the policy. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "verifier.h"

#define MAX_LINES 2048
#define MAX_INSNS 3 /* shown in front of what is wrong */

static bool begins(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

/* Counts, at the end of every log. */
static bool is_statistic(const char *line)
{
	return begins(line, "processed ") || begins(line, "verification time") ||
	       begins(line, "stack depth") || !*line;
}

/* The lines of @text, the last MAX_LINES of them. */
static int split(char *text, char **lines)
{
	char *line;
	int n = 0;

	while ((line = strsep(&text, "\n"))) {
		if (n == MAX_LINES)
			memmove(lines, lines + 1, --n * sizeof(*lines));
		lines[n++] = line;
	}
	return n;
}

static void print_why(char **lines, int n)
{
	int wrong, source, i;

	while (n && is_statistic(lines[n - 1]))
		n--;
	if (!n)
		return;
	wrong = n - 1;
	/* Lines of source begin with a semicolon, if there is debug information. */
	for (source = wrong; source > 0 && lines[source][0] != ';';)
		source--;
	if (lines[source][0] == ';') {
		fprintf(stderr, "  %s\n", lines[source]);
		source++;
	}
	i = wrong - MAX_INSNS;
	for (i = i > source ? i : source; i < wrong; i++)
		fprintf(stderr, "  %s\n", lines[i]);
	fprintf(stderr, "  %s\n", lines[wrong]);
}

void verifier_explain(const char *file, const char *prog, const char *log)
{
	static char *lines[MAX_LINES];
	char *copy = strdup(log);

	complain("the kernel's verifier refuses the program %s of %s:", prog, file);
	if (getenv("IOMMUFD_BPF_DEBUG"))
		fputs(log, stderr);
	else if (copy)
		print_why(lines, split(copy, lines));
	complain("mend the program; IOMMUFD_BPF_DEBUG=1 shows all that the verifier says");
	free(copy);
}
