/*
 * A vCPU's local APIC, xAPIC and x2APIC (SDM 3A 11, APM 2 16). Other CPUs reach it only through
 * vlapic_post and vlapic_deliver, which set bits in vcpu->posted; the owner merges them before an
 * entry. Task priority lives in vcpu->cr8, which the guest may change without an exit.
 */
#ifndef VMM_VLAPIC_H
#define VMM_VLAPIC_H

#include "lib/err.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/io.h"
#include "vmm/vcpu.h"

/* What the timer counts before its divider: 1 GHz, one tick a nanosecond. Announced to guests in
   CPUID leaf +0x10 and in the boot page. */
#define VLAPIC_KHZ 1000000u

enum vlapic_mode {
	DELIVER_FIXED,
	DELIVER_LOWEST,
	DELIVER_SMI,
	DELIVER_NMI = 4,
	DELIVER_INIT,
	DELIVER_STARTUP,
	DELIVER_EXTINT,
};

/* An interrupt message, from an ICR, the I/O APIC or an MSI. */
struct vlapic_message {
	uint32_t destination; /* 0xff (xAPIC) and ~0 (x2APIC) are everybody */
	uint8_t vector;
	uint8_t mode; /* enum vlapic_mode */
	bool logical, level;
};

/* Boot only: takes a page, gives the vCPU its APIC, in the state after reset. */
void vlapic_init(struct vcpu *v);
/* The state after reset, timer off, cr8 zero. Owner's CPU. */
void vlapic_reset(struct vcpu *v);
/* The state after an INIT message: as after reset, but IA32_APIC_BASE stays. Owner's CPU. */
void vlapic_reset_init(struct vcpu *v);

/* Guest-physical address of the register page, ~0 in x2APIC mode or when disabled. */
uint64_t vlapic_base(const struct vcpu *v);
/* True unless IA32_APIC_BASE switched it off: CPUID's APIC bit. */
bool vlapic_is_enabled(const struct vcpu *v);
/* An access to the register page: a->address & 0xfff is the register. Always DONE. */
enum verdict vlapic_mmio(struct vcpu *v, struct io_access *a);
/* APIC_WRITE and APIC_EOI: the CPU has written a register itself (its number is the offset / 16),
   ended a level-triggered vector. */
void vlapic_written(struct vcpu *v, unsigned reg);
void vlapic_ended(struct vcpu *v, uint8_t vector);

/* MSRs; false: #GP. vlapic_msr_* take 0x800..0x8ff, and refuse unless in x2APIC mode. */
bool vlapic_msr_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool vlapic_msr_write(struct vcpu *v, uint32_t index, uint64_t value);
bool vlapic_base_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool vlapic_base_write(struct vcpu *v, uint32_t index, uint64_t value);
bool vlapic_deadline_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool vlapic_deadline_write(struct vcpu *v, uint32_t index, uint64_t value);
bool vlapic_eoi_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool vlapic_eoi_write(struct vcpu *v, uint32_t index, uint64_t value);
/* v->tsc_offset has changed: the deadline is in guest time. */
void vlapic_tsc_changed(struct vcpu *v);

/* Owner, before an entry: the vector to inject, or -1 if none is above the processor's priority.
   vlapic_accept tells that it goes in now: request becomes in-service; returns the next one. */
int vlapic_pending(struct vcpu *v);
int vlapic_accept(struct vcpu *v, unsigned vector);
/* Owner, before an entry with v->eoi_by_word, after vlapic_accept if there was one. */
void vlapic_eoi_offer(struct vcpu *v);
/* True if guests can be spared exits by KVM's PV EOI: the CPU does not deliver interrupts itself.
 */
bool vlapic_eoi_is_useful(void);
/* Owner, before an entry with v->apic_by_cpu: tells the CPU of new requests. */
void vlapic_hand_over(struct vcpu *v);
/* Owner, before each entry: 0 if there is nothing to deliver or to hand over, nor an NMI. */
static inline uint64_t vlapic_work(const struct vcpu *v)
{
	return v->posted[0] | v->posted[1] | v->posted[2] | v->posted[3] | v->before_entry;
}
/* Whether the 8259s reach v: its APIC is switched off, or LINT0 or the I/O APIC's pin 0 is an
   unmasked ExtINT, the latter with v among its destinations. Any CPU. */
bool vlapic_takes_extint(const struct vcpu *v);
/* Owner: true if a request waits that only the task priority (cr8) holds back: the guest must exit
   when it lowers cr8. */
bool vlapic_waits_for_cr8(struct vcpu *v);

/* An edge interrupt for v, vector 16..255; of level, the EOI goes to the I/O APIC. Any CPU, no
   lock. */
void vlapic_post(struct vcpu *v, uint8_t vector);
void vlapic_post_level(struct vcpu *v, uint8_t vector);
/* Finds the vCPUs that a message names and delivers it. False if none of them accepts it. Any CPU.
 */
bool vlapic_deliver(struct domain *d, const struct vlapic_message *m);
/* Whether v is one of them, accepting or not. Any CPU. */
bool vlapic_is_named(const struct vcpu *v, const struct vlapic_message *m);
/* Sends what an ICR (its low half) says, whatever its destination, to a set of vCPUs of v's domain:
   bit i is vCPU i. Returns how many accepted it. */
unsigned vlapic_send_set(struct vcpu *v, uint32_t icr, uint32_t set);

#endif
