// SPDX-License-Identifier: GPL-2.0-only
/* The lines above every table: the host as a whole. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fmt.h"
#include "header.h"
#include "procinfo.h"

const char *header_source(const struct snap *snap)
{
	static const char * const names[] = {
		"none", "iommufd-bpf", "type1", "iommufd-bpf+type1",
		"iommufd", "", "iommufd+type1", "",
	};

	/* There is one iommufd. */
	return names[snap->sources[TOP_IOMMUFD] | snap->sources[TOP_TYPE1] << 1 |
		     snap->sources[TOP_FOREIGN] << 2];
}

static void line_host(const struct snap *snap, const struct source *src, char *buf)
{
	char when[FMT_LEN], module[128] = "";

	if (src->iommufd)
		snprintf(module, sizeof(module), "  iommufd %s%s%s%s",
			 src->version[0] ? src->version : "(no version)",
			 strcmp(src->version, src->installed) && src->installed[0] ?
			 " (installed: " : "",
			 strcmp(src->version, src->installed) ? src->installed : "",
			 strcmp(src->version, src->installed) && src->installed[0] ? ")" : "");
	snprintf(buf, CELL_LEN, "iommutop - %s  kernel %s%s  source %s",
		 fmt_clock(when, snap->real_ns, 0), src->kernel, module, header_source(snap));
}

static void line_sums(const struct snap *snap, bool raw, char *buf)
{
	char mapped[FMT_LEN], pinned[FMT_LEN], limit[FMT_LEN], hwpts[FMT_LEN] = "-";

	if (snap->has_hwpts)
		snprintf(hwpts, sizeof(hwpts), "%zu", snap->nr_hwpts);
	snprintf(buf, CELL_LEN,
		 "contexts %zu  IOASes %zu  maps %" PRIu64 "%s  HWPTs %s  devices %zu  mapped %s  pinned %s, %s%s",
		 snap->nr_ctxs, snap->nr_ioases, snap->total_maps, snap->torn ? "~" : "", hwpts,
		 snap->nr_devices, fmt_bytes(mapped, snap->total_mapped_bytes, raw),
		 fmt_bytes(pinned, snap->total_pinned_bytes, raw),
		 snap->total_limit_bytes == TOP_UNKNOWN ? "no limit" : "lowest limit ",
		 snap->total_limit_bytes == TOP_UNKNOWN ? "" :
		 fmt_bytes(limit, snap->total_limit_bytes, raw));
}

static char *write_rate(char *buf, double rate)
{
	if (rate < 0)
		snprintf(buf, FMT_LEN, "-");
	else
		fmt_rate(buf, rate);
	return buf;
}

static char *write_quantile(char *buf, const struct top_hist *hist, double q)
{
	uint64_t ns = snap_quantile(hist, q);

	if (ns)
		fmt_ns(buf, ns);
	else
		snprintf(buf, FMT_LEN, "-");
	return buf;
}

static void line_rates(const struct snap *snap, char *buf)
{
	const struct top_hist *map = &snap->total.lat[TOP_LAT_MAP];
	const struct top_hist *unmap = &snap->total.lat[TOP_LAT_UNMAP];
	const char *per = snap->accumulated ? " " : "/s ";
	char b[6][FMT_LEN];

	if (!snap->counting) {
		snprintf(buf, CELL_LEN, "rates, latency, errors: not counted with --once");
		return;
	}
	snprintf(buf, CELL_LEN, "map %s%sp50 %s p99 %s  unmap %s%sp50 %s p99 %s",
		 write_rate(b[0], snap->map_rate), per, write_quantile(b[1], map, 0.5),
		 write_quantile(b[2], map, 0.99), write_rate(b[3], snap->unmap_rate), per,
		 write_quantile(b[4], unmap, 0.5), write_quantile(b[5], unmap, 0.99));
}

/* What went wrong. Faults are known without counting: the module counts them. */
static void line_troubles(const struct snap *snap, char *buf)
{
	char faults[FMT_LEN] = "-";

	if (snap->has_faults)
		snprintf(faults, sizeof(faults), "%" PRIu64, (uint64_t)snap->total.faults);
	if (!snap->counting) {
		snprintf(buf, CELL_LEN, "errors -  faults %s  denied -  over limit -  lost -",
			 faults);
		return;
	}
	snprintf(buf, CELL_LEN,
		 "errors %" PRIu64 "  faults %s  denied %" PRIu64 "  over limit %" PRIu64
		 "  lost %" PRIu64, (uint64_t)snap->total.errors, faults,
		 (uint64_t)snap->total.denies, (uint64_t)snap->total.limits,
		 snap->nr_lost + snap->nr_uncounted);
}

static void line_refusal(const struct snap *snap, bool raw, char *buf)
{
	const struct top_refusal *ref = &snap->last_refusal;
	char when[FMT_LEN], err[FMT_LEN], b[3][FMT_LEN];
	uint64_t ago = snap->boot_ns > ref->boot_ns ? snap->boot_ns - ref->boot_ns : 0;

	if (!snap->nr_refusals) {
		snprintf(buf, CELL_LEN, "last refusal: -");
		return;
	}
	fmt_clock(when, snap->real_ns - ago, 0);
	if (ref->kind == TOP_REFUSED_LIMIT) {
		snprintf(buf, CELL_LEN,
			 "last refusal: %s %s/%d: user %s: %s charged + %s > RLIMIT_MEMLOCK %s",
			 when, ref->comm, ref->tgid, procinfo_user(ref->uid),
			 fmt_bytes(b[0], ref->charged_pages * PAGE_BYTES, raw),
			 fmt_bytes(b[1], ref->asked_pages * PAGE_BYTES, raw),
			 fmt_bytes(b[2], ref->limit_pages * PAGE_BYTES, raw));
		return;
	}
	snprintf(buf, CELL_LEN, "last refusal: %s %s/%d: %s of %s: %s by policy %s (%s%s%s)", when,
		 ref->comm, ref->tgid, op_name(ref->op), fmt_bytes(b[0], ref->length, raw),
		 errno_name(err, ref->ret), ref->policy, deny_name(ref->code),
		 ref->reason[0] ? ": " : "", ref->reason);
}

void header_line(const struct snap *snap, const struct source *src, int line, bool raw_bytes,
		 char *buf)
{
	switch (line) {
	case 0:
		line_host(snap, src, buf);
		break;
	case 1:
		line_sums(snap, raw_bytes, buf);
		break;
	case 2:
		line_rates(snap, buf);
		break;
	case 3:
		line_troubles(snap, buf);
		break;
	default:
		line_refusal(snap, raw_bytes, buf);
	}
}
