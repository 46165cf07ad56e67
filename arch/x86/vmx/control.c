/*
 * CR0 and CR4 in a guest, which are its own but for the bits of CR0_OWNED and CR4_OWNED. Of those
 * the guest sees what it wrote, the shadow (SDM 3C 25.6.6), while the CPU goes on with ours. A MOV
 * that changes one exits: the shadow takes the new value and the instruction runs again, now
 * without an exit; the CPU itself does the rest, such as loading PDPTEs. LMSW and CLTS cannot
 * reach these bits.
 *
 * The second run may still fault. What can be told without the guest's memory is checked first, so
 * that a MOV which faults leaves the shadow alone (SDM 2 "MOV - Move to/from Control Registers").
 */
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define CR_NUMBER MASK(3, 0)
#define CR_GPR    MASK(11, 8)
#define CR3_PCID  MASK(11, 0)
#define TSS_WIDE  BIT(3) /* type: 32 or 64 bits */

static enum vmcs_field attributes(enum vcpu_seg n)
{
	return VMCS_GUEST_ES_ATTRIBUTES + 2 * n;
}

uint64_t vmx_cr0(void)
{
	return (vmread(VMCS_GUEST_CR0) & ~CR0_OWNED) | (vmread(VMCS_CR0_SHADOW) & CR0_OWNED);
}

uint64_t vmx_cr4(void)
{
	return (vmread(VMCS_GUEST_CR4) & ~CR4_OWNED) | (vmread(VMCS_CR4_SHADOW) & CR4_OWNED);
}

/* An unrestricted guest is free to have PE and PG off. */
void vmx_set_cr0(uint64_t value)
{
	uint64_t on = vmx_caps.cr0_on & ~(CR0_PE | CR0_PG);

	vmwrite(VMCS_GUEST_CR0, (value & ~CR0_OWNED) | CR0_NE | on);
	vmwrite(VMCS_CR0_SHADOW, value);
}

void vmx_set_cr4(uint64_t value)
{
	vmwrite(VMCS_GUEST_CR4, (value & ~CR4_OWNED) | CR4_OWNED | vmx_caps.cr4_on);
	vmwrite(VMCS_CR4_SHADOW, value);
}

static bool paging_faults(uint64_t value)
{
	uint64_t efer = vmread(VMCS_GUEST_EFER), cr4 = vmread(VMCS_GUEST_CR4);
	bool code64 = vmread(attributes(SEG_CS)) & SEGMENT_L;
	bool was_on = vmread(VMCS_GUEST_CR0) & CR0_PG;

	if (!(value & CR0_PG))
		return was_on && (cr4 & CR4_PCIDE || (efer & EFER_LMA && code64));
	return !was_on && efer & EFER_LME &&
	       (!(cr4 & CR4_PAE) || code64 || !(vmread(attributes(SEG_TR)) & TSS_WIDE));
}

static bool cr0_faults(uint64_t value)
{
	if (value >> 32 || (value & CR0_PG && !(value & CR0_PE)))
		return true;
	if (value & CR0_NW && !(value & CR0_CD))
		return true;
	return paging_faults(value);
}

static bool cr4_faults(uint64_t value)
{
	uint64_t change = value ^ vmread(VMCS_GUEST_CR4);
	bool long_mode = vmread(VMCS_GUEST_EFER) & EFER_LMA;

	if (value & (CR4_VMXE | CR4_REFUSED | vmx_caps.cr4_off))
		return true;
	if (long_mode && !(value & CR4_PAE))
		return true;
	return change & value & CR4_PCIDE && (!long_mode || vmread(VMCS_GUEST_CR3) & CR3_PCID);
}

void vmx_control_exit(struct vcpu *v, struct vm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION);
	uint64_t value = v->regs.gpr[field_get(CR_GPR, q)];
	bool is_cr0 = field_get(CR_NUMBER, q) == 0;

	if (!(vmread(VMCS_GUEST_EFER) & EFER_LMA && vmread(attributes(SEG_CS)) & SEGMENT_L))
		value = (uint32_t)value;
	e->kind = EXIT_NONE;
	if (is_cr0 ? cr0_faults(value) : cr4_faults(value))
		vcpu_inject_gp(v);
	else
		vmwrite(is_cr0 ? VMCS_CR0_SHADOW : VMCS_CR4_SHADOW, value);
}
