/*
 * Whose translations are whose: each vCPU has a VPID for good, each domain its EPT pointer. A
 * combined translation carries both, so INVEPT alone ends all that a change of the nested tables
 * makes stale (SDM 3C 29.4.3.1); INVVPID ends what the guest's own tables gave.
 */
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"
#include "lib/assert.h"

#define EPTP_WRITE_BACK  6ull
#define EPTP_LEVELS_LESS (3ull << 3) /* four levels */
#define EPTP_DIRTY       BIT(6)
#define VPID_HIGHEST     0xffff

uint16_t vmx_vpid_new(void)
{
	static uint32_t last;

	if (!vmx_has(VMX_VPID))
		return 0;
	assert(last < VPID_HIGHEST);
	return (uint16_t)++last;
}

uint64_t vmx_ept_pointer(hpa_t root)
{
	return root.v | EPTP_WRITE_BACK | EPTP_LEVELS_LESS |
	       (vmx_has(VMX_EPT_DIRTY) ? EPTP_DIRTY : 0);
}

static void must(bool done)
{
	if (UNLIKELY(!done))
		panic("vmx: the CPU refuses to flush translations");
}

void vmx_flush(struct vcpu *v)
{
	vmx_use(v);
	must(vmx_invept(vmx_caps.invept_type, vmread(VMCS_EPT_POINTER)));
}

void vmx_flush_guest(struct vmx_vcpu *x)
{
	if (x->vpid)
		must(vmx_invvpid(vmx_caps.invvpid_type, x->vpid, 0));
}

void vmx_forget_all(void)
{
	must(vmx_invept(INVEPT_ALL, 0));
	if (vmx_has(VMX_INVVPID_ALL))
		must(vmx_invvpid(INVVPID_ALL, 0, 0));
}
