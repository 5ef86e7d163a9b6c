// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_adaptive: assumes that hot mappings are dirty, and scans cold ones.
 *
 * A mapping most of whose pages were dirty when it was looked at is *hot*: to
 * look again at the next read would find most of them dirty again, and cost a
 * walk of as many entries of the IO page table, each of which is then cleared
 * and flushed. So the next reads report all of it dirty without looking: a few
 * at first, and twice as many each time that looking proves it hot still.
 *
 * How hot it is. A scan that comes after n assumptions finds what was written
 * in n + 1 rounds: more than in one. It can show that a mapping has cooled down,
 * by less than one round had before; it cannot show how hot it is. So now and
 * then two scans follow each other, and the second measures one round:
 *
 *	read      1   2 3 4 5  6   7 ... 14  15
 *	          S   A A A A  S   A A A A    S    ...    S  S
 *	       measures      cooled?       cooled?   cooled? measures
 *
 * What it costs: pages that are reported although they are clean, at most those
 * of a hot mapping that cools down, for as many reads as are assumed in a row.
 * The kernel ends that after IOMMUFD_DIRTY_MAX_ASSUMES in any case.
 *
 * What it saves is in the map "saved":
 *
 *	bpftool map dump name saved
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

/* What an administrator may set, at any time. */
__u32 hot_percent IOMMUFD_SETTING = 50; /* of a mapping's pages, in one round */
__u32 first_assumes IOMMUFD_SETTING = 4; /* in a row, of one that has become hot */
__u32 measure_after IOMMUFD_SETTING = 4; /* runs of assumptions */

/**
 * struct dirty_saved - what the policy has done so far
 * @pages_assumed: pages of 4 KiB that were reported without a look
 * @pages_scanned: pages that were looked at
 * @pages_dirty: and found dirty
 * @walks_saved: reads of a mapping that were answered without a look
 * @walks: those that looked
 * @became_hot: how often a mapping did
 * @cooled: how often one was not hot any more
 */
struct dirty_saved {
	__u64 pages_assumed;
	__u64 pages_scanned;
	__u64 pages_dirty;
	__u64 walks_saved;
	__u64 walks;
	__u64 became_hot;
	__u64 cooled;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dirty_saved);
} saved SEC(".maps");

/* A mapping, as an IO page table holds it. */
struct place {
	__u64 hwpt_cookie;
	__u64 iova;
};

/**
 * struct heat - what is known of a hot mapping
 * @assumes: how often in a row it may be assumed to be dirty
 * @percent: of it was dirty when one round was measured
 * @runs: of assumptions since then
 */
struct heat {
	__u32 assumes;
	__u32 percent;
	__u32 runs;
};

/* The hot ones. Those whose HWPT is gone make room for others, by and by. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct place);
	__type(value, struct heat);
} hot SEC(".maps");

static struct place place_of(const struct iommufd_dirty_req *req)
{
	return (struct place){ .hwpt_cookie = req->hwpt_cookie, .iova = req->area_iova };
}

static void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

SEC("struct_ops/read_area")
__u32 BPF_PROG(dirty_adaptive_read_area, struct iommufd_dirty_req *req)
{
	struct place place = place_of(req);
	const struct heat *heat;

	/* Who wants dirty bits to be kept wants to know them. */
	if (req->flags & IOMMUFD_DIRTY_REQ_NO_CLEAR)
		return IOMMUFD_DIRTY_SCAN;
	heat = bpf_map_lookup_elem(&hot, &place);
	if (!heat || heat->runs >= measure_after)
		return IOMMUFD_DIRTY_SCAN;
	return req->assumes < heat->assumes ? IOMMUFD_DIRTY_ASSUME : IOMMUFD_DIRTY_SCAN;
}

static __u32 twice(__u32 assumes)
{
	return assumes < IOMMUFD_DIRTY_MAX_ASSUMES / 2 ? 2 * assumes : IOMMUFD_DIRTY_MAX_ASSUMES;
}

static void cool(struct dirty_saved *sum, const struct place *place)
{
	if (!bpf_map_delete_elem(&hot, place))
		add(&sum->cooled, 1);
}

/* A scan has shown what was written in one round. */
static void measure(struct dirty_saved *sum, const struct place *place, __u32 percent)
{
	const struct heat *old = bpf_map_lookup_elem(&hot, place);
	struct heat new = { .percent = percent };

	if (percent < hot_percent) {
		cool(sum, place);
		return;
	}
	new.assumes = old ? twice(old->assumes) : first_assumes;
	if (!old)
		add(&sum->became_hot, 1);
	bpf_map_update_elem(&hot, place, &new, BPF_ANY);
}

/* It has shown what was written in several. */
static void check(struct dirty_saved *sum, const struct place *place, __u32 percent)
{
	struct heat *heat = bpf_map_lookup_elem(&hot, place);

	if (!heat)
		return;
	/* Rounds differ a little. */
	if (percent + percent / 8 < heat->percent) {
		cool(sum, place);
		return;
	}
	heat->assumes = twice(heat->assumes);
	heat->runs++;
}

SEC("struct_ops/area_done")
void BPF_PROG(dirty_adaptive_area_done, struct iommufd_dirty_req *req, __u64 ndirty)
{
	__u64 pages = (req->length + 4095) / 4096;
	struct place place = place_of(req);
	struct dirty_saved *sum;
	__u32 zero = 0, percent;

	sum = bpf_map_lookup_elem(&saved, &zero);
	if (!sum || !pages)
		return;
	if (req->verdict == IOMMUFD_DIRTY_ASSUME) {
		add(&sum->pages_assumed, pages);
		add(&sum->walks_saved, 1);
		return;
	}
	add(&sum->pages_scanned, pages);
	add(&sum->pages_dirty, ndirty);
	add(&sum->walks, 1);
	if (req->flags & IOMMUFD_DIRTY_REQ_NO_CLEAR)
		return;
	percent = ndirty * 100 / pages;
	if (req->assumes)
		check(sum, &place, percent);
	else
		measure(sum, &place, percent);
}

SEC(".struct_ops.link")
struct iommufd_dirty_ops dirty_adaptive = {
	.read_area = (void *)dirty_adaptive_read_area,
	.area_done = (void *)dirty_adaptive_area_done,
	.name = "dirty_adaptive",
};

char LICENSE[] SEC("license") = "GPL";
