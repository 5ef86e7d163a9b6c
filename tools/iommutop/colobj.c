// SPDX-License-Identifier: GPL-2.0-only
/* The columns of IO address spaces, mappings, devices and page tables. */
#include <inttypes.h>

#include "colmacros.h"
#include "fmt.h"
#include "pciname.h"
#include "procinfo.h"
#include "tool.h"

/* To whom it belongs. */
static const struct snap_proc *owner(const struct snap *s, size_t ctx)
{
	return &s->procs[s->ctxs[ctx].proc];
}

static const char *kind_of(const struct snap *s, size_t ctx)
{
	return s->ctxs[ctx].source == TOP_TYPE1 ? "type1" : "iommufd";
}

static const char *dirty_word(uint32_t dirty)
{
	return dirty == TOP_UNKNOWN32 ? "" : dirty ? "on" : "off";
}

/* Where ~0 is not known. */
static uint64_t known32(uint32_t n)
{
	return n == TOP_UNKNOWN32 ? TOP_UNKNOWN : n;
}

static uint64_t age(const struct snap *s, uint64_t created_ns)
{
	if (!created_ns || created_ns == TOP_UNKNOWN)
		return TOP_UNKNOWN;
	return s->boot_ns > created_ns ? s->boot_ns - created_ns : 0;
}

NUMBER(i_pid, struct snap_ioas, owner(s, r->ctx)->tgid)
NUMBER(i_id, struct snap_ioas, r->v.id)
TEXT(i_kind, struct snap_ioas, kind_of(s, r->ctx))
NUMBER(i_maps, struct snap_ioas, r->v.nr_areas)
NUMBER(i_left, struct snap_ioas, r->v.entries_left)
NUMBER(i_domains, struct snap_ioas, r->v.nr_domains)
BYTES(i_mapped, struct snap_ioas, r->v.mapped_bytes)
BYTES(i_pinned, struct snap_ioas, r->v.pinned_pages * PAGE_BYTES)
TEXT(i_dirty, struct snap_ioas, dirty_word(r->v.dirty))
AGE(i_age, struct snap_ioas, age(s, r->v.created_ns))
NUMBER(i_cookie, struct snap_ioas, r->v.cookie)
TEXT(i_command, struct snap_ioas, owner(s, r->ctx)->command)

static const struct column ioas_columns[] = {
	COL("PID", "pid", CELL_NUMBER, 6, false, i_pid, "the process"),
	COL("IOAS", "ioas", CELL_NUMBER, 4, false, i_id, "its id; a container's number"),
	COL("KIND", "kind", CELL_TEXT, 7, false, i_kind, "iommufd, or a type1 container"),
	COL("MAPS", "maps", CELL_NUMBER, 5, true, i_maps, "mappings"),
	COL("LEFT", "left", CELL_NUMBER, 5, true, i_left,
	    "mappings that a type1 container still allows"),
	COL("MAPPED", "mapped", CELL_BYTES, 6, true, i_mapped, "bytes mapped"),
	COL("PINNED", "pinned", CELL_BYTES, 6, true, i_pinned, "bytes pinned"),
	COL("TABLES", "tables", CELL_NUMBER, 6, true, i_domains, "IO page tables"),
	COL("DIRTY", "dirty", CELL_TEXT, 5, false, i_dirty, "dirty tracking"),
	COL("AGE", "age", CELL_AGE, 6, true, i_age, "since it was made"),
	EXTRA("COOKIE", "cookie", CELL_NUMBER, 6, false, i_cookie, "its name for policies"),
	COL("COMMAND", "command", CELL_TEXT, 7, false, i_command, "the process's command line"),
};

static const struct snap_ioas *ioas_of(const struct snap *s, const struct snap_area *r)
{
	return &s->ioases[r->ioas];
}

static uint64_t average_run(const struct snap_area *r)
{
	if (!r->v.nr_runs || r->v.nr_runs == TOP_UNKNOWN)
		return TOP_UNKNOWN;
	return r->v.pinned_pages * PAGE_BYTES / r->v.nr_runs;
}

static void area_prot(const struct snap_area *r, struct cell *c)
{
	char buf[FMT_LEN];

	cell_text(c, fmt_prot(buf, r->v.prot));
}

/* "4K 12% 2M 88%": of what is pinned. */
static void area_mix(const struct snap_area *r, struct cell *c)
{
	const struct {
		const char *size;
		uint64_t bytes;
	} parts[] = {
		{ "4K", r->v.bytes_4k }, { "2M", r->v.bytes_2m }, { "1G", r->v.bytes_1g },
	};
	uint64_t all = r->v.bytes_4k + r->v.bytes_2m + r->v.bytes_1g;
	char buf[64] = "";
	size_t i, len = 0;

	for (i = 0; r->v.bytes_4k != TOP_UNKNOWN && all && i < ARRAY_SIZE(parts); i++) {
		if (parts[i].bytes)
			len += snprintf(buf + len, sizeof(buf) - len, "%s%s %u%%", len ? " " : "",
					parts[i].size, (unsigned int)(parts[i].bytes * 100 / all));
	}
	cell_text(c, buf);
}

NUMBER(m_pid, struct snap_area, snap_proc_of(s, r)->tgid)
NUMBER(m_ioas, struct snap_area, ioas_of(s, r)->v.id)
HEX(m_iova, struct snap_area, r->v.iova == TOP_UNKNOWN ? 0 : r->v.iova)
HEX(m_va, struct snap_area, r->v.va)
BYTES(m_length, struct snap_area, r->v.length)
BYTES(m_pinned, struct snap_area, r->v.pinned_pages * PAGE_BYTES)
NUMBER(m_runs, struct snap_area, r->v.nr_runs)
BYTES(m_avg, struct snap_area, average_run(r))
GETTER(m_prot, struct snap_area, area_prot(r, c))
TEXT(m_memory, struct snap_area, memory_name(r->v.source))
AGE(m_age, struct snap_area, age(s, r->v.created_ns))
GETTER(m_mix, struct snap_area, area_mix(r, c))
NUMBER(m_pins, struct snap_area, known32(r->v.access_pins))
NUMBER(m_mempid, struct snap_area, r->v.tgid)
TEXT(m_user, struct snap_area, procinfo_user(r->v.uid))
TEXT(m_command, struct snap_area, snap_proc_of(s, r)->command)

static const struct column map_columns[] = {
	COL("PID", "pid", CELL_NUMBER, 6, false, m_pid, "the process"),
	COL("IOAS", "ioas", CELL_NUMBER, 4, false, m_ioas, "IO address space"),
	COL("IOVA", "iova", CELL_HEX, 10, false, m_iova, "where the device sees it"),
	COL("LENGTH", "length", CELL_BYTES, 6, true, m_length, "bytes"),
	COL("PROT", "prot", CELL_TEXT, 4, false, m_prot, "what the device may do"),
	COL("MEMORY", "memory", CELL_TEXT, 6, false, m_memory, "user memory, or a file"),
	COL("VA", "va", CELL_HEX, 14, false, m_va, "its address, or offset in the file"),
	COL("PINNED", "pinned", CELL_BYTES, 6, true, m_pinned, "bytes pinned"),
	COL("RUNS", "runs", CELL_NUMBER, 5, true, m_runs, "pieces that lie together in memory"),
	COL("AVGRUN", "avgrun", CELL_BYTES, 6, true, m_avg, "bytes of a piece, on average"),
	COL("MIX", "mix", CELL_TEXT, 3, false, m_mix, "sizes of pages that it may be mapped by"),
	COL("AGE", "age", CELL_AGE, 6, true, m_age, "since it was mapped"),
	EXTRA("PINS", "pins", CELL_NUMBER, 4, true, m_pins,
	      "pins of users in the kernel: emulated devices, hardware queues"),
	EXTRA("MEMPID", "mempid", CELL_NUMBER, 6, false, m_mempid, "whose memory it is"),
	EXTRA("CHARGED", "charged", CELL_TEXT, 7, false, m_user, "the user who is charged"),
	COL("COMMAND", "command", CELL_TEXT, 7, false, m_command, "the process's command line"),
};

static void device_ioas(const struct snap *s, const struct snap_device *r, struct cell *c)
{
	size_t i;

	cell_u64(c, CELL_NUMBER, TOP_UNKNOWN);
	for (i = 0; i < s->nr_ioases; i++) {
		if (s->ioases[i].v.cookie == r->v.ioas_cookie)
			cell_u64(c, CELL_NUMBER, s->ioases[i].v.id);
	}
}

static void device_text(const struct snap_device *r, struct cell *c,
			void (*ask)(const char *bdf, char *buf, size_t size))
{
	char buf[128];

	ask(r->v.name, buf, sizeof(buf));
	cell_text(c, buf);
}

/* Ids begin at 1; type1 has none. */
static uint64_t id_or_none(uint32_t id)
{
	return id && id != TOP_UNKNOWN32 ? id : TOP_UNKNOWN;
}

TEXT(d_bdf, struct snap_device, r->v.name)
GETTER(d_driver, struct snap_device, device_text(r, c, pciname_driver))
GETTER(d_model, struct snap_device, device_text(r, c, pciname_model))
NUMBER(d_group, struct snap_device, known32(r->v.group_id))
NUMBER(d_id, struct snap_device, id_or_none(r->v.id))
NUMBER(d_hwpt, struct snap_device, id_or_none(r->v.hwpt_id))
GETTER(d_ioas, struct snap_device, device_ioas(s, r, c))
NUMBER(d_pasids, struct snap_device, known32(r->v.nr_pasids))
TEXT(d_kind, struct snap_device, kind_of(s, r->ctx))
NUMBER(d_faults, struct snap_device, r->v.nr_faults)
NUMBER(d_pid, struct snap_device, owner(s, r->ctx)->tgid)
TEXT(d_command, struct snap_device, owner(s, r->ctx)->command)

static const struct column dev_columns[] = {
	COL("DEVICE", "device", CELL_TEXT, 12, false, d_bdf, "BDF"),
	COL("DRIVER", "driver", CELL_TEXT, 8, false, d_driver, "the host's driver"),
	COL("GROUP", "group", CELL_NUMBER, 5, false, d_group, "IOMMU group"),
	EXTRA("ID", "id", CELL_NUMBER, 3, false, d_id, "its id in the context"),
	COL("PASIDS", "pasids", CELL_NUMBER, 6, true, d_pasids,
	    "PASIDs that are attached, besides"),
	COL("HWPT", "hwpt", CELL_NUMBER, 4, false, d_hwpt, "IO page table"),
	COL("IOAS", "ioas", CELL_NUMBER, 4, false, d_ioas, "IO address space"),
	COL("KIND", "kind", CELL_TEXT, 7, false, d_kind, "iommufd, or a type1 container"),
	COL("PID", "pid", CELL_NUMBER, 6, false, d_pid, "the process that has it"),
	COL("FAULTS", "faults", CELL_NUMBER, 6, true, d_faults, "IO page faults"),
	EXTRA("COMMAND", "command", CELL_TEXT, 7, false, d_command, "its command line"),
	COL("MODEL", "model", CELL_TEXT, 7, false, d_model, "vendor and name"),
};

static const char *hwpt_kind(const struct snap_hwpt *r)
{
	return r->v.kind == TOP_HWPT_PAGING ? "paging" :
	       r->v.kind == TOP_HWPT_NESTED ? "nested" : "";
}

NUMBER(h_pid, struct snap_hwpt, owner(s, r->ctx)->tgid)
NUMBER(h_id, struct snap_hwpt, id_or_none(r->v.id))
TEXT(h_type, struct snap_hwpt, hwpt_kind(r))
TEXT(h_kind, struct snap_hwpt, kind_of(s, r->ctx))
NUMBER(h_devices, struct snap_hwpt, known32(r->v.nr_devices))
TEXT(h_dirty, struct snap_hwpt, dirty_word(r->v.dirty))
RATE(h_rate, struct snap_hwpt, r->dirty_rate)
TEXT(h_command, struct snap_hwpt, owner(s, r->ctx)->command)

static const struct column hwpt_columns[] = {
	COL("PID", "pid", CELL_NUMBER, 6, false, h_pid, "the process"),
	COL("HWPT", "hwpt", CELL_NUMBER, 4, false, h_id, "its id in the context"),
	COL("TYPE", "type", CELL_TEXT, 6, false, h_type, "paging or nested"),
	COL("KIND", "kind", CELL_TEXT, 7, false, h_kind, "iommufd, or a type1 container"),
	COL("DEVS", "devs", CELL_NUMBER, 4, true, h_devices, "devices that use it"),
	COL("DIRTY", "dirty", CELL_TEXT, 5, false, h_dirty, "dirty tracking"),
	COL("DIRTY/s", "dirtyrate", CELL_RATE, 7, true, h_rate, "dirty pages a second"),
	COL("COMMAND", "command", CELL_TEXT, 7, false, h_command, "the process's command line"),
};

const struct columns ioas_view = { ioas_columns, ARRAY_SIZE(ioas_columns) };
const struct columns map_view = { map_columns, ARRAY_SIZE(map_columns) };
const struct columns dev_view = { dev_columns, ARRAY_SIZE(dev_columns) };
const struct columns hwpt_view = { hwpt_columns, ARRAY_SIZE(hwpt_columns) };
