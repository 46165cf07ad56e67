/*
 * Carries out an instruction that touched memory which is not there: fetch, decode, compute the
 * addresses, hand each device access to mmio_access, write back. Works on the vCPU's registers.
 */
#ifndef VMM_EMULATE_H
#define VMM_EMULATE_H

#include "lib/err.h"
#include "vmm/vcpu.h"

/* For EXIT_NESTED_FAULT outside the domain's RAM. DONE with e->insn_len set; RETRY: a fault was
   injected, or a repeated string has some way to go; BLOCK: nothing has changed but v->emulate,
   call again with the same exit when the answer is there; KILL. */
enum verdict emulate_mmio(struct vcpu *v, struct vm_exit *e);

/* The instruction in hand is done with, or given up. */
static inline void emulate_forget(struct vcpu *v)
{
	v->emulate.done = 0;
	v->emulate.value[0] = v->emulate.value[1] = 0;
}

/* Zero-extends a result of 4 bytes and merges one of 1 or 2, as the CPU does. */
static inline uint64_t emulate_merge(uint64_t old, uint64_t value, unsigned bytes)
{
	uint64_t mask = bytes >= 8 ? ~0ull : (1ull << bytes * 8) - 1;

	return bytes >= 4 ? value & mask : (old & ~mask) | (value & mask);
}

/* The linear address of segment:offset for an access of `bytes`; on a limit, type or canonical
   violation injects #GP or #SS and returns false. m is what the backend's get_mode says. */
must_check bool emulate_linear(struct vcpu *v, const struct vcpu_mode *m, unsigned segment,
			       uint64_t offset, unsigned bytes, bool write, gva_t *out);

#endif
