/*
 * KVM's paravirtual clock, wall clock and steal time, on pages that the guest names by MSR. System
 * time counts nanoseconds of the host's TSC from zero, so a page changes only with the vCPU's TSC
 * offset, and all vCPUs of a domain agree on it. It is called stable while their TSCs agree, too:
 * Linux then reads any vCPU's page on all of them.
 */
#ifndef VMM_VCLOCK_H
#define VMM_VCLOCK_H

#include "vmm/vcpu.h"

#define VCLOCK_MSR_WALL_OLD   0x11u
#define VCLOCK_MSR_SYSTEM_OLD 0x12u
#define VCLOCK_MSR_WALL       0x4b564d00u
#define VCLOCK_MSR_SYSTEM     0x4b564d01u
#define VCLOCK_MSR_STEAL      0x4b564d03u

/* Lives in the vCPU's MSR page. */
struct vclock {
	uint64_t wall, system, steal; /* the MSRs as written; bit 0 of the last two: enabled */
	uint64_t stolen;              /* TSC ticks that the vCPU was ready but did not run */
	uint64_t shown;               /* of them, what the guest's page says */
	bool preempted;               /* the guest's page says so */
	uint32_t system_version, wall_version, steal_version; /* even */
};

/* Nothing registered. Owner. */
void vclock_reset(struct vcpu *v);

/* The MSRs above; false: #GP. Owner. */
bool vclock_msr_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool vclock_msr_write(struct vcpu *v, uint32_t index, uint64_t value);

/* Writes the system time page anew. Owner. */
void vclock_update(struct vcpu *v);
/* v's TSC was moved: the same, on all vCPUs of its domain. Owner. */
void vclock_tsc_moved(struct vcpu *v);
/* The scheduler: v was ready for so many TSC ticks before it got the CPU. Owner. */
void vclock_steal(struct vcpu *v, uint64_t ticks);
/* At switch-in, after vclock_steal: brings the steal time page up to date. Owner. */
void vclock_enter(struct vcpu *v);
/* Another vCPU gets the CPU though v would go on: its steal time page says so. Owner. */
void vclock_leave(struct vcpu *v);

#endif
