/*
 * The walk of a guest's own page tables, in each paging mode the architecture has. Reads and marks
 * guest memory through guest_read and guest_cmpxchg only; keeps nothing: tested on the host with a
 * fake memory.
 */
#ifndef VMM_WALK_H
#define VMM_WALK_H

#include "vmm/guestmem.h"

/* Where a guest-virtual address points, for an access of this kind (ACCESS_*) under these control
   registers. Sets accessed bits, and the dirty bit for a write. On a fault returns false with the
   #PF error code. The address must be canonical (walk_canonical). Table entries outside the
   domain's RAM read as ones. */
must_check bool walk(struct domain *d, const struct vcpu_mode *m, uint64_t rflags, gva_t at,
		     unsigned access, gpa_t *out, uint32_t *error);

/* The instruction at `rip`, with the rest of its page, where the last fetch from that page walked
   to and a walk would find the same; else NULL. root is what the backend's code_root says. Only for
   an instruction that has just run, which settles its rights. */
const uint8_t *walk_code(const struct domain *d, uint64_t root, uint64_t rip);

/* False for an address that would be #GP or #SS in this mode before any walk. */
static inline bool walk_canonical(const struct vcpu_mode *m, gva_t at)
{
	unsigned shift = 64 - (m->cr4 & BIT(12) ? 57 : 48);

	return !(m->efer & BIT(10)) || (uint64_t)((int64_t)(at.v << shift) >> shift) == at.v;
}

/* Any address of v's, in its mode: on a fault injects #GP or #PF and returns false. Owner. */
must_check static inline bool walk_or_inject(struct vcpu *v, const struct vcpu_mode *m, gva_t at,
					     unsigned access, gpa_t *out)
{
	uint32_t error;

	if (UNLIKELY(!walk_canonical(m, at))) {
		vcpu_inject_gp(v);
		return false;
	}
	if (walk(v->domain, m, v->regs.rflags, at, access, out, &error))
		return true;
	vcpu_inject_pf(v, at.v, error);
	return false;
}

#endif
