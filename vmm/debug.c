/*
 * MOV to a debug register (SDM 3B 17.2), carried out on the vCPU's state, so that the registers of
 * the CPU change only at an entry.
 */
#include "vmm/debug.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/backend.h"
#include "vmm/decode.h"
#include "vmm/guestmem.h"

#define DR6_WRITABLE (MASK(15, 13) | MASK(3, 0))
#define DR7_WRITABLE (MASK(31, 16) | BIT(13) | MASK(9, 0))

/* False: #GP. DR4 and DR5 are other names of DR6 and DR7. */
static bool debug_write(struct vcpu *v, unsigned n, uint64_t value)
{
	struct vcpu_state s;

	if (n >= 4 && value >> 32)
		return false;
	backend->get_state(v, &s);
	if (n < 4)
		v->dr[n] = value;
	else if (n % 2 == 0)
		s.dr6 = (value & DR6_WRITABLE) | DR6_RESET;
	else
		s.dr7 = (value & DR7_WRITABLE) | DR7_RESET;
	backend->set_state(v, &s);
	return true;
}

enum verdict debug_write_exit(struct vcpu *v, struct vm_exit *e)
{
	uint8_t code[INSN_BYTES_MAX];
	struct vcpu_mode m;
	unsigned n, gpr;
	uint64_t value;
	size_t count;

	backend->get_mode(v, &m);
	count = guest_fetch_in(v, &m, code);
	if (!count)
		return VERDICT_RETRY;
	if (!insn_mov_to_debug(code, count, m.code_bytes, &n, &gpr) || n > 7 ||
	    (n / 2 == 2 && (m.cr4 & CR4_DE))) {
		vcpu_inject_ud(v);
		return VERDICT_RETRY;
	}
	value = v->regs.gpr[gpr];
	if (m.cpl || !debug_write(v, n, m.code_bytes == 8 ? value : (uint32_t)value)) {
		vcpu_inject_gp(v);
		return VERDICT_RETRY;
	}
	return VERDICT_DONE;
}
