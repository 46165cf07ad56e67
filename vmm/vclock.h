/*
 * KVM's paravirtual clock, wall clock and steal time, on pages that the guest names by MSR. System
 * time counts nanoseconds of the host's TSC from zero, so a page changes only with the vCPU's TSC
 * offset, and all vCPUs of a domain agree.
 */
#ifndef VMM_VCLOCK_H
#define VMM_VCLOCK_H

#include "vmm/vcpu.h"

/* Offsets from KVM's two MSR blocks; both numbers of each register work. */
#define VCLOCK_MSR_WALL_OLD   0x11u
#define VCLOCK_MSR_SYSTEM_OLD 0x12u
#define VCLOCK_MSR_WALL       0x4b564d00u
#define VCLOCK_MSR_SYSTEM     0x4b564d01u
#define VCLOCK_MSR_STEAL      0x4b564d03u

struct vclock {
	uint64_t wall, system, steal; /* the MSRs as written; bit 0 of the last two: enabled */
	uint64_t stolen;              /* ns that the vCPU was ready but did not run */
	uint32_t system_version, wall_version, steal_version; /* even */
	bool steal_changed;
};

/* Nothing registered. */
void vclock_reset(struct vcpu *v);

bool vclock_wall_read(struct vcpu *v, uint64_t *value);
bool vclock_wall_write(struct vcpu *v, uint64_t value);
bool vclock_system_read(struct vcpu *v, uint64_t *value);
bool vclock_system_write(struct vcpu *v, uint64_t value);
bool vclock_steal_read(struct vcpu *v, uint64_t *value);
bool vclock_steal_write(struct vcpu *v, uint64_t value);

/* v->tsc_offset has changed: writes the system time page anew. Owner. */
void vclock_update(struct vcpu *v);
/* The scheduler: v was ready for so many TSC ticks before it got the CPU. Owner. */
void vclock_steal(struct vcpu *v, uint64_t ticks);
/* At switch-in, after vclock_steal: brings the steal time page up to date. Owner. */
void vclock_enter(struct vcpu *v);

#endif
