/*
 * The cyclic table (struct config_slot): which vCPU has a CPU to itself at which moment. Frames
 * follow each other on a grid of the TSC that never moves. Pure: tested on the host.
 */
#ifndef VMM_SCHED_TABLE_H
#define VMM_SCHED_TABLE_H

#include <stdint.h>

struct vcpu;

struct sched_slot {
	uint64_t start, end; /* TSC ticks from the frame's beginning */
	struct vcpu *vcpu;
	uint16_t number; /* in the config */
};

/* One CPU's part. */
struct sched_table {
	const struct sched_slot *slot; /* in order, without overlap */
	unsigned slots;
	uint64_t frame; /* TSC ticks */
	uint64_t begin; /* TSC at which the frame began that the last look was in */
};

/* What holds at `now`: a slot, or NULL between slots; *until: TSC at which that ends. */
const struct sched_slot *sched_table_look(struct sched_table *t, uint64_t now, uint64_t *until);

#endif
