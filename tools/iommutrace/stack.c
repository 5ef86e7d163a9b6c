// SPDX-License-Identifier: GPL-2.0-only
/* Stacks of the kernel: /proc/kallsyms, and the symbols met so far. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "stack.h"

/* What is so far behind a symbol is not in it: no function is so long. */
#define FAR (1 << 20)

struct kernel_symbol {
	uint64_t address;
	char *name; /* "NAME" or "NAME\t[MODULE]" */
};

/* Those that were met: by number, and which address each is. */
struct met {
	uint64_t address;
	char name[SYMBOL_LEN];
};

static struct kernel_symbol *kernel;
static size_t nr_kernel;
static struct met *met;
static uint32_t nr_met;

static int by_address(const void *a, const void *b)
{
	const struct kernel_symbol *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static int add_kernel(size_t *max, uint64_t address, const char *name)
{
	struct kernel_symbol *more;

	if (nr_kernel == *max) {
		*max = *max ? 2 * *max : 65536;
		more = realloc(kernel, *max * sizeof(*more));
		if (!more)
			return -ENOMEM;
		kernel = more;
	}
	kernel[nr_kernel].address = address;
	kernel[nr_kernel].name = strdup(name);
	return kernel[nr_kernel++].name ? 0 : -ENOMEM;
}

int stack_open(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	size_t max = 0, size = 0;
	char *line = NULL, type;
	uint64_t address;
	int at, rc = 0;

	if (!f)
		return -errno;
	while (!rc && getline(&line, &size, f) > 0) {
		/* Code only. */
		if (sscanf(line, "%" SCNx64 " %c %n", &address, &type, &at) < 2 ||
		    !strchr("tTwW", type) || !address)
			continue;
		line[strcspn(line, "\n")] = 0;
		rc = add_kernel(&max, address, line + at);
	}
	free(line);
	fclose(f);
	if (kernel)
		qsort(kernel, nr_kernel, sizeof(*kernel), by_address);
	return rc;
}

static const struct kernel_symbol *find_kernel(uint64_t address)
{
	size_t low = 0, high = nr_kernel, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (kernel[mid].address <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &kernel[low - 1] : NULL;
}

static struct met *new_met(uint64_t address)
{
	struct met *more = realloc(met, (nr_met + 1) * sizeof(*more));

	if (!more)
		return NULL;
	met = more;
	memset(&met[nr_met], 0, sizeof(*met));
	met[nr_met].address = address;
	return &met[nr_met++];
}

static uint32_t number_of(uint64_t address)
{
	const struct kernel_symbol *sym;
	char name[SYMBOL_LEN];
	struct met *m;
	uint32_t i;
	size_t len;

	for (i = 0; i < nr_met; i++) {
		if (met[i].address == address)
			return i + 1;
	}
	m = new_met(address);
	if (!m)
		return 0;
	sym = find_kernel(address);
	if (!sym || address - sym->address >= FAR) {
		snprintf(m->name, sizeof(m->name), "?");
		return nr_met;
	}
	snprintf(name, sizeof(name), "%s", sym->name);
	len = strcspn(name, "\t");
	snprintf(m->name, sizeof(m->name), "%.*s+0x%" PRIx64 "%s%s", (int)len < 64 ? (int)len : 64,
		 name, address - sym->address, name[len] ? " " : "",
		 name[len] ? name + len + 1 : "");
	fmt_plain(m->name);
	return nr_met;
}

/* Where a program is called from, and the way there. */
static int is_tracing(const char *name)
{
	return !strncmp(name, "bpf_", 4) || !strncmp(name, "__bpf_", 6) ||
	       !strncmp(name, "__traceiter_", 12) || name[0] == '?';
}

unsigned int stack_resolve(const __u64 *ips, __u32 *symbols)
{
	unsigned int i, n = 0;

	for (i = 0; i < TRACE_FRAMES && ips[i]; i++) {
		symbols[n] = number_of(ips[i]);
		if (!symbols[n] || (!n && is_tracing(stack_symbol(symbols[n]))))
			continue;
		n++;
	}
	return n;
}

const char *stack_symbol(__u32 number)
{
	return number && number <= nr_met && met[number - 1].name[0] ? met[number - 1].name : "?";
}

void stack_learn(const struct trace_symbol *symbol)
{
	/* They come in order. */
	while (nr_met < symbol->number && nr_met < 1 << 20) {
		if (!new_met(0))
			return;
	}
	if (!symbol->number || symbol->number > nr_met)
		return;
	memcpy(met[symbol->number - 1].name, symbol->name, SYMBOL_LEN);
	met[symbol->number - 1].name[SYMBOL_LEN - 1] = 0;
	fmt_plain(met[symbol->number - 1].name);
}
