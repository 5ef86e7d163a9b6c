// SPDX-License-Identifier: GPL-2.0-only
/* The columns of processes and of users. */
#include <limits.h>

#include "colmacros.h"
#include "memlimits.h"
#include "procinfo.h"
#include "tool.h"

TEXT(user, struct snap_proc, procinfo_user(r->uid))
TEXT(guest, struct snap_proc, r->guest)
TEXT(cgroup, struct snap_proc, r->cgroup)
TEXT(command, struct snap_proc, r->command)
TEXT(devs, struct snap_proc, r->devices)
TEXT(mode, struct snap_proc, limits_mode(r))
TEXT(source, struct snap_proc, limits_source(r->sources))
NUMBER(pid, struct snap_proc, r->tgid)
NUMBER(ioas, struct snap_proc, r->nr_ioas)
NUMBER(maps, struct snap_proc, r->nr_areas)
NUMBER(left, struct snap_proc, r->entries_left)
NUMBER(dirty, struct snap_proc, r->nr_dirty == UINT_MAX ? TOP_UNKNOWN : r->nr_dirty)
BYTES(mapped, struct snap_proc, r->mapped_bytes)
BYTES(pinned, struct snap_proc, r->pinned_bytes)
BYTES(vmpin, struct snap_proc, r->known ? r->facts.pinned_pages * PAGE_BYTES : TOP_UNKNOWN)
BYTES(vmlck, struct snap_proc, r->known ? r->facts.locked_pages * PAGE_BYTES : TOP_UNKNOWN)
GETTER(limit, struct snap_proc, limits_cell(r->known ? &r->facts : NULL, c))
PERCENT(percent, struct snap_proc, limits_percent(r))
RATE(rate, struct snap_proc, r->map_rate)
RATE(unrate, struct snap_proc, r->unmap_rate)
NS(p50, struct snap_proc, column_quantile(&r->stats.lat[TOP_LAT_MAP], 0.5))
NS(p99, struct snap_proc, column_quantile(&r->stats.lat[TOP_LAT_MAP], 0.99))
COUNTED(errors, struct snap_proc, r->stats.errors)
COUNTED(denies, struct snap_proc, r->stats.denies)

static const struct column proc_columns[] = {
	COL("PID", "pid", CELL_NUMBER, 6, false, pid, "the process"),
	COL("USER", "user", CELL_TEXT, 8, false, user, "its user"),
	COL("GUEST", "guest", CELL_TEXT, 5, false, guest, "the virtual machine that it is"),
	COL("MODE", "mode", CELL_TEXT, 4, false, mode,
	    "what its pinned memory counts against: its user's limit, or its own (mm)"),
	COL("IOAS", "ioas", CELL_NUMBER, 4, true, ioas, "IO address spaces and type1 containers"),
	COL("MAPS", "maps", CELL_NUMBER, 5, true, maps, "mappings"),
	EXTRA("LEFT", "left", CELL_NUMBER, 5, true, left, "mappings that type1 still allows"),
	EXTRA("MAPPED", "mapped", CELL_BYTES, 6, true, mapped, "bytes mapped"),
	COL("PINNED", "pinned", CELL_BYTES, 6, true, pinned, "bytes pinned"),
	EXTRA("LIMIT", "limit", CELL_BYTES, 6, true, limit, "its RLIMIT_MEMLOCK"),
	COL("%LIM", "percent", CELL_PERCENT, 4, true, percent, "charged, of what its limit allows"),
	EXTRA("VMPIN", "vmpin", CELL_BYTES, 6, true, vmpin, "VmPin of the process"),
	EXTRA("VMLCK", "vmlck", CELL_BYTES, 6, true, vmlck, "VmLck of the process"),
	COL("MAP/s", "rate", CELL_RATE, 5, true, rate, "maps a second"),
	EXTRA("UNMAP/s", "unrate", CELL_RATE, 5, true, unrate, "unmaps a second"),
	EXTRA("P50", "p50", CELL_NS, 6, true, p50, "half of the maps took less"),
	COL("P99", "p99", CELL_NS, 6, true, p99, "99 of 100 maps took less"),
	COL("DEVS", "devs", CELL_TEXT, 4, false, devs, "devices"),
	COL("DIRTY", "dirty", CELL_NUMBER, 5, true, dirty, "page tables that track dirty pages"),
	COL("POL", "pol", CELL_NUMBER, 3, true, denies, "refused by policies"),
	COL("ERR", "err", CELL_NUMBER, 3, true, errors, "operations that failed"),
	EXTRA("SOURCE", "source", CELL_TEXT, 6, false, source, "iommufd, type1 or both"),
	EXTRA("CGROUP", "cgroup", CELL_TEXT, 6, false, cgroup, "its control group"),
	COL("COMMAND", "command", CELL_TEXT, 7, false, command, "its command line"),
};

TEXT(u_user, struct snap_user, procinfo_user(r->uid))
NUMBER(u_uid, struct snap_user, r->uid)
NUMBER(u_procs, struct snap_user, r->nr_procs)
NUMBER(u_ioas, struct snap_user, r->nr_ioas)
NUMBER(u_maps, struct snap_user, r->nr_areas)
BYTES(u_mapped, struct snap_user, r->mapped_bytes)
BYTES(u_pinned, struct snap_user, r->pinned_bytes)
BYTES(u_charged, struct snap_user, r->known ? r->charged_bytes : TOP_UNKNOWN)
BYTES(u_locked, struct snap_user, r->known ? r->locked_bytes : TOP_UNKNOWN)
GETTER(u_limit, struct snap_user, limits_user_limit(r, c))
GETTER(u_headroom, struct snap_user, limits_user_headroom(r, c))
TEXT(u_exempt, struct snap_user, !r->known ? "" : r->exempt ? "yes" : "no")
PERCENT(u_percent, struct snap_user, limits_user_percent(r))

static const struct column user_columns[] = {
	COL("USER", "user", CELL_TEXT, 8, false, u_user, "the user"),
	EXTRA("UID", "uid", CELL_NUMBER, 5, false, u_uid, "the user's number"),
	COL("CHARGED", "charged", CELL_BYTES, 7, true, u_charged,
	    "bytes charged to the user: what RLIMIT_MEMLOCK is compared with"),
	COL("RLIMIT", "rlimit", CELL_BYTES, 6, true, u_limit, "lowest limit of the processes"),
	COL("HEADROOM", "headroom", CELL_BYTES, 8, true, u_headroom, "what may still be pinned"),
	COL("%LIM", "percent", CELL_PERCENT, 4, true, u_percent, "charged, of the limit"),
	COL("EXEMPT", "exempt", CELL_TEXT, 6, false, u_exempt,
	    "a process has CAP_IPC_LOCK, and no limit"),
	COL("VMLCK", "vmlck", CELL_BYTES, 6, true, u_locked,
	    "VmLck of the processes: what type1 charges"),
	COL("PROCS", "procs", CELL_NUMBER, 5, true, u_procs, "processes"),
	COL("IOAS", "ioas", CELL_NUMBER, 4, true, u_ioas, "IO address spaces"),
	COL("MAPS", "maps", CELL_NUMBER, 5, true, u_maps, "mappings"),
	COL("MAPPED", "mapped", CELL_BYTES, 6, true, u_mapped, "bytes mapped"),
	COL("PINNED", "pinned", CELL_BYTES, 6, true, u_pinned, "bytes pinned"),
};

const struct columns proc_view = { proc_columns, ARRAY_SIZE(proc_columns) };
const struct columns user_view = { user_columns, ARRAY_SIZE(user_columns) };

_Static_assert(ARRAY_SIZE(proc_columns) <= ROWS_MAX_COLUMNS, "too many columns");
