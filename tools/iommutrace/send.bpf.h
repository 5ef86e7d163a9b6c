/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From an event to the ring buffer, or to the sums, if it is wanted. What finds
 * no room in the ring buffer is counted, never forgotten.
 */
#ifndef SEND_BPF_H
#define SEND_BPF_H

const volatile bool sending = true; /* to the ring buffer */
const volatile bool summing; /* into sums */
const volatile bool with_stack;
const volatile bool with_device; /* name it where the event does not */
const volatile __u64 wake_bytes = 1; /* in the ring buffer: userspace is woken */

__u64 lost[TRACE_MAX_CPUS];
__u64 nr_sampled; /* that --sample chose from */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* resized before load */
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TRACE_NR_OPS);
	__type(key, __u32);
	__type(value, struct trace_sum);
} sums SEC(".maps");

/*
 * By thread. LRU: a task that never reports an operation cannot fill it. A
 * refusal is of an operation that it happened in: see take_refusal().
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TRACE_MAX_REFUSED);
	__type(key, __s32);
	__type(value, struct trace_refusal);
} refused SEC(".maps");

static __always_inline void count_lost(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu >= TRACE_MAX_CPUS)
		cpu = TRACE_MAX_CPUS - 1;
	__sync_fetch_and_add(&lost[cpu], 1);
}

/*
 * Userspace looks every now and then, and is woken when there is much to look
 * at: a wake-up costs more than an event.
 */
static __always_inline __u64 wake(__u32 size)
{
	__u64 avail = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);

	return avail >= wake_bytes && avail - size < wake_bytes ? BPF_RB_FORCE_WAKEUP :
								 BPF_RB_NO_WAKEUP;
}

/* Slot N: 2^N ns to twice as long. */
static __always_inline __u32 slot_of(__u64 ns)
{
	__u32 r = 0;

	if (ns >> 32) {
		ns >>= 32;
		r += 32;
	}
	if (ns >> 16) {
		ns >>= 16;
		r += 16;
	}
	if (ns >> 8) {
		ns >>= 8;
		r += 8;
	}
	if (ns >> 4) {
		ns >>= 4;
		r += 4;
	}
	if (ns >> 2) {
		ns >>= 2;
		r += 2;
	}
	r += ns >> 1 & 1;
	return r < TRACE_SLOTS ? r : TRACE_SLOTS - 1;
}

static __always_inline void sum_up(const struct facts *f)
{
	__u32 key = f->op;
	struct trace_sum *sum = bpf_map_lookup_elem(&sums, &key);

	if (!sum)
		return;
	__sync_fetch_and_add(&sum->calls, 1);
	if (f->ret)
		__sync_fetch_and_add(&sum->errors, 1);
	if (f->has_length && !f->ret)
		__sync_fetch_and_add(&sum->bytes, f->length);
	if (!f->ns)
		return;
	__sync_fetch_and_add(&sum->ns, f->ns);
	__sync_fetch_and_add(&sum->slots[slot_of(f->ns)], 1);
	/* A race may lose a maximum to one that is hardly smaller. */
	if (f->ns > sum->max_ns)
		sum->max_ns = f->ns;
}

static __always_inline void attach_to(struct trace_to *to, __u32 kind, __u32 size, __u64 now)
{
	to->rec.kind = kind;
	to->rec.op = 0;
	to->rec.flags = 0;
	to->rec.size = size;
	to->mono_ns = now;
	to->tid = bpf_get_current_pid_tgid();
	to->pad = 0;
}

/*
 * The refusal in this operation, if there was one. It stays: an operation
 * inside of another one fails for the same reason. An older one is of an
 * operation before.
 */
static __noinline bool send_refusal(__u64 now, __u64 ns)
{
	__s32 tid = bpf_get_current_pid_tgid();
	struct trace_refusal *from = bpf_map_lookup_elem(&refused, &tid), *to;

	if (!from || (ns && from->mono_ns < now - ns))
		return true;
	to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);
	if (!to)
		return false;
	__builtin_memcpy(to, from, sizeof(*to));
	attach_to(&to->to, TRACE_REC_REFUSAL, sizeof(*to), now);
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return true;
}

static __always_inline bool send_stack(void *ctx, __u64 now)
{
	struct trace_stack *to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);
	long got;
	int i;

	if (!to)
		return false;
	attach_to(&to->to, TRACE_REC_STACK, sizeof(*to), now);
	for (i = 0; i < TRACE_FRAMES; i++)
		to->ips[i] = 0;
	/* Not this program. */
	got = bpf_get_stack(ctx, to->ips, sizeof(to->ips), 1);
	if (got < 0)
		to->ips[0] = 0;
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return true;
}

/* The device, where the event does not name it. */
static __always_inline bool name_device(const struct facts *f, struct name *name)
{
	if (f->container)
		return f->device && bpf_probe_read_kernel_str(name->s, sizeof(name->s),
							      f->device) > 0;
	if (f->device || !(f->ioas || f->device_id))
		return false;
	return find_device(f->ctx, f->ioas, f->device_id, false, name);
}

static __always_inline bool send_device(const struct facts *f, __u64 now)
{
	struct trace_device *to;
	struct name name = {};

	if (!name_device(f, &name))
		return true;
	to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);
	if (!to)
		return false;
	attach_to(&to->to, TRACE_REC_DEVICE, sizeof(*to), now);
	__builtin_memcpy(to->name, name.s, sizeof(to->name));
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return true;
}

static __always_inline bool send_attachments(void *ctx, const struct facts *f, __u64 now)
{
	if (f->ret && !send_refusal(now, f->ns))
		return false;
	if (with_stack && !send_stack(ctx, now))
		return false;
	return !with_device || send_device(f, now);
}

/**
 * begin() - a record for an operation, if it is wanted
 * @ctx: the program's
 * @f: what is known of it
 * @size: of its event, which the caller fills in behind the record, and then
 *	calls done()
 */
static __always_inline struct trace_op *begin(void *ctx, const struct facts *f, const __u32 size)
{
	struct trace_op *op;
	struct who who;
	__u64 now;

	if (!wanted(f))
		return NULL;
	who_is(f, &who);
	if (!proc_ok(&who) || (by_device && !device_ok(f)))
		return NULL;
	if (sample > 1 && __sync_fetch_and_add(&nr_sampled, 1) % sample)
		return NULL;
	if (summing)
		sum_up(f);
	if (!sending)
		return NULL;
	now = bpf_ktime_get_ns();
	op = send_attachments(ctx, f, now) ?
	     bpf_ringbuf_reserve(&events, sizeof(*op) + size, 0) : NULL;
	if (!op) {
		count_lost();
		return NULL;
	}
	op->rec.kind = TRACE_REC_OP;
	op->rec.op = f->op;
	op->rec.flags = who.kthread;
	op->rec.size = sizeof(*op) + size;
	op->mono_ns = now;
	op->start_ns = who.start_ns;
	op->tgid = who.tgid;
	op->tid = bpf_get_current_pid_tgid();
	op->uid = who.uid;
	op->cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(op->comm, who.comm, sizeof(op->comm));
	return op;
}

static __always_inline void done(struct trace_op *op, const __u32 size)
{
	bpf_ringbuf_submit(op, wake(sizeof(*op) + size));
}

/* The whole event as it is: members are only ever appended to it. */
static __always_inline int send(void *ctx, const struct facts *f, const void *ev,
				const __u32 size, __u32 there)
{
	struct trace_op *op = begin(ctx, f, size);

	if (!op)
		return 0;
	if (there < size)
		__builtin_memset(op + 1, 0, size);
	bpf_probe_read_kernel(op + 1, there < size ? there : size, ev);
	done(op, size);
	return 0;
}

#define SEND(type, ev, f) send(ctx, &(f), ev, sizeof(type), bpf_core_type_size(type))

#endif
