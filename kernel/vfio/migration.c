// SPDX-License-Identifier: GPL-2.0-only
/*
 * The migration state machine, for drivers.
 *
 * Userspace may ask for any state; a driver implements single arcs. Instead
 * of a table of all pairs, the arcs are written down once, and the way from
 * one state to another is searched for: the shortest, and of equally short
 * ones that which stays out of the states that transfer data.
 */
#include "main_abi.h"
#include "vfio.h"

#define VFIO_MIG_STATES	(VFIO_DEVICE_STATE_PRE_COPY_P2P + 1)
#define S(name)		BIT(VFIO_DEVICE_STATE_##name)

/* Where a driver with every feature can go in one step. */
static const u8 vfio_mig_arcs[VFIO_MIG_STATES] = {
	[VFIO_DEVICE_STATE_STOP] = S(RUNNING_P2P) | S(STOP_COPY) | S(RESUMING),
	[VFIO_DEVICE_STATE_RUNNING] = S(RUNNING_P2P) | S(PRE_COPY),
	[VFIO_DEVICE_STATE_STOP_COPY] = S(STOP),
	[VFIO_DEVICE_STATE_RESUMING] = S(STOP),
	[VFIO_DEVICE_STATE_RUNNING_P2P] = S(RUNNING) | S(STOP) |
					  S(PRE_COPY_P2P),
	[VFIO_DEVICE_STATE_PRE_COPY] = S(RUNNING) | S(PRE_COPY_P2P),
	[VFIO_DEVICE_STATE_PRE_COPY_P2P] = S(RUNNING_P2P) | S(PRE_COPY) |
					   S(STOP_COPY),
};

/* States in which migration data flows: never passed through by choice. */
static const u8 vfio_mig_data = S(STOP_COPY) | S(PRE_COPY) | S(PRE_COPY_P2P);

/* A stopped copy is final: it does not go back to pre-copying. */
static const u8 vfio_mig_before_stop = S(PRE_COPY) | S(PRE_COPY_P2P);

/* Which of the optional features a state belongs to. */
static const u8 vfio_mig_needs[VFIO_MIG_STATES] = {
	[VFIO_DEVICE_STATE_STOP] = VFIO_MIGRATION_STOP_COPY,
	[VFIO_DEVICE_STATE_RUNNING] = VFIO_MIGRATION_STOP_COPY,
	[VFIO_DEVICE_STATE_STOP_COPY] = VFIO_MIGRATION_STOP_COPY,
	[VFIO_DEVICE_STATE_RESUMING] = VFIO_MIGRATION_STOP_COPY,
	[VFIO_DEVICE_STATE_RUNNING_P2P] = VFIO_MIGRATION_STOP_COPY |
					  VFIO_MIGRATION_P2P,
	[VFIO_DEVICE_STATE_PRE_COPY] = VFIO_MIGRATION_STOP_COPY |
				       VFIO_MIGRATION_PRE_COPY,
	[VFIO_DEVICE_STATE_PRE_COPY_P2P] = VFIO_MIGRATION_STOP_COPY |
					   VFIO_MIGRATION_P2P |
					   VFIO_MIGRATION_PRE_COPY,
};

static bool vfio_mig_supported(unsigned int state, unsigned int features)
{
	if (state >= VFIO_MIG_STATES || state == VFIO_DEVICE_STATE_ERROR)
		return false;
	return (vfio_mig_needs[state] & features) == vfio_mig_needs[state];
}

/* All states from which one step leads into one of @states. */
static u8 vfio_mig_into(u8 states)
{
	unsigned int from;
	u8 into = 0;

	for (from = 0; from < VFIO_MIG_STATES; from++) {
		if (vfio_mig_arcs[from] & states)
			into |= BIT(from);
	}
	return into;
}

/*
 * The first step from @cur on the way to @target, all features assumed. Goes
 * backwards from @target, one step a round, until an arc of @cur leads into
 * what has been reached; every state reaches every other, so it ends.
 */
static unsigned int vfio_mig_step(unsigned int cur, unsigned int target)
{
	u8 reached = BIT(target), next;

	if (cur == target)
		return cur;
	if (cur == VFIO_DEVICE_STATE_STOP_COPY &&
	    vfio_mig_before_stop & BIT(target))
		return VFIO_DEVICE_STATE_ERROR;

	while (!(vfio_mig_arcs[cur] & reached))
		reached |= vfio_mig_into(reached);

	next = vfio_mig_arcs[cur] & reached;
	if (next & BIT(target))
		return target;
	if (next & ~vfio_mig_data)
		next &= ~vfio_mig_data;
	return __ffs(next);
}

/**
 * vfio_mig_get_next_state() - one step of the migration state machine
 * @device: the device; its migration_flags say which features it has
 * @cur_fsm: the state it is in
 * @new_fsm: the state it shall come to
 * @next_fsm: set to the state to go to now; equal to @new_fsm at the end
 *
 * A driver calls it again after each step. Steps through states that the
 * device does not have are skipped, so the driver sees an arc from the state
 * before to the one after them.
 *
 * Return: 0, or -EINVAL for a state that the device does not have or that
 * cannot be reached.
 */
int vfio_mig_get_next_state(struct vfio_device *device,
			    enum vfio_device_mig_state cur_fsm,
			    enum vfio_device_mig_state new_fsm,
			    enum vfio_device_mig_state *next_fsm)
{
	unsigned int features = device->migration_flags;
	unsigned int state = cur_fsm;

	/* From an error only a reset leads away, which is not an arc. */
	if (cur_fsm == VFIO_DEVICE_STATE_ERROR) {
		*next_fsm = VFIO_DEVICE_STATE_ERROR;
		return -EINVAL;
	}
	if (WARN_ON(!vfio_mig_supported(cur_fsm, features)) ||
	    !vfio_mig_supported(new_fsm, features))
		return -EINVAL;

	do {
		state = vfio_mig_step(state, new_fsm);
	} while (state != VFIO_DEVICE_STATE_ERROR &&
		 !vfio_mig_supported(state, features));

	*next_fsm = state;
	return state == VFIO_DEVICE_STATE_ERROR ? -EINVAL : 0;
}
EXPORT_SYMBOL_GPL(vfio_mig_get_next_state);
