/*
 * The hypercall exit: who may call, which function answers. Numbers below HV_CALL_BASE belong to
 * KVM's table for stock guests (kvm_call.c).
 */
#include "vmm/hypercall.h"

#include "lib/bits.h"
#include "lib/err.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/kvm_call.h"
#include "vmm/vcpu.h"

hypercall_fn *hypercall_find(uint64_t call)
{
	static hypercall_fn *const table[] = {
#define HV_CALL(number, NAME, name, args) [number] = hc_##name,
#include "abi/hypercall.def"
#undef HV_CALL
	};

	if (call < HV_CALL_BASE || call - HV_CALL_BASE >= ARRAY_SIZE(table))
		return NULL;
	return table[call - HV_CALL_BASE];
}

/* Mistakes of the caller, not answers that a good guest gets, too: one line each. */
static void complain(struct vcpu *v, uint64_t call, int64_t result)
{
	if (result == HV_ERR_NOCALL || result == HV_ERR_PERM || result == HV_ERR_BADCAP ||
	    result == HV_ERR_FAULT)
		domain_complain(v->domain, "hypercall %#lx: %s", call, err_text((enum err)result));
}

enum verdict hypercall_exit(struct vcpu *v, struct vm_exit *e)
{
	uint64_t *gpr = v->regs.gpr;
	uint64_t arg[5] = { gpr[GPR_RDI], gpr[GPR_RSI], gpr[GPR_RDX], gpr[GPR_R10], gpr[GPR_R8] };
	hypercall_fn *call = hypercall_find(gpr[GPR_RAX]);
	int64_t result = HV_ERR_NOCALL;
	enum verdict verdict = VERDICT_DONE;

	if (UNLIKELY(gpr[GPR_RAX] < HV_CALL_BASE))
		verdict = kvm_call(v, e->cpl, &result);
	else if (UNLIKELY(e->cpl))
		result = HV_ERR_PERM;
	else if (LIKELY(call))
		verdict = call(v, arg, &result);
	if (UNLIKELY(result < 0) && verdict == VERDICT_DONE)
		complain(v, gpr[GPR_RAX], result);
	if (verdict == VERDICT_DONE || verdict == VERDICT_SLEEP || verdict == VERDICT_YIELD)
		gpr[GPR_RAX] = result;
	return verdict;
}
