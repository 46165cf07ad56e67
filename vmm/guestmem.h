/*
 * The hypervisor's only way to a guest's memory: copies of bytes, through a small per-CPU cache of
 * temporary mappings keyed by host frame. Every byte is copied once, then checked by the caller.
 */
#ifndef VMM_GUESTMEM_H
#define VMM_GUESTMEM_H

#include "vmm/domain.h"

/* By guest-physical address, RAM that the domain owns only. False (reads give zeroes) if any byte
   is not; nothing is written then. Any CPU. */
must_check bool guest_read(struct domain *d, gpa_t from, void *to, size_t bytes);
must_check bool guest_write(struct domain *d, gpa_t to, const void *from, size_t bytes);
/* Zeroes guest memory: scrubbing, loaders. */
must_check bool guest_zero(struct domain *d, gpa_t to, uint64_t bytes);

/* An atomic 32- or 64-bit compare-exchange on guest RAM, for locked accesses and A/D bits. */
must_check bool guest_cmpxchg(struct domain *d, gpa_t at, unsigned bytes, uint64_t expect,
			      uint64_t value);

enum { ACCESS_WRITE = 1, ACCESS_FETCH = 2, ACCESS_SYSTEM = 4 /* supervisor whatever the CPL */ };

/* Copies by guest-virtual address, which the caller has made linear (segment base added). On a
   fault injects #PF into v and returns false; RAM only, other memory reads as ones. */
must_check bool guest_read_virt(struct vcpu *v, gva_t from, void *to, size_t bytes,
				unsigned access);
must_check bool guest_write_virt(struct vcpu *v, gva_t to, const void *from, size_t bytes,
				 unsigned access);

/* Up to 15 bytes of the instruction at RIP into buf; returns how many could be fetched without a
   fault; 0 means that #PF was injected. */
size_t guest_fetch(struct vcpu *v, uint8_t buf[15]);
/* The same where the mode is at hand. */
size_t guest_fetch_in(struct vcpu *v, const struct vcpu_mode *m, uint8_t buf[15]);

/* Length of the instruction at RIP, for CPUs that don't report it (no next-RIP); 0: #PF injected.
   Knows the short ones that exit (CPUID, HLT, RDMSR, VMMCALL ...) by their opcode, with prefixes.
 */
unsigned guest_insn_length(struct vcpu *v);

/* A vCPU of d comes to this CPU: keeps the temporary mappings of d and of the domain before it and
   drops all others. */
void guestmem_enter(const struct domain *d);

#endif
