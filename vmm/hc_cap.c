/*
 * CAP_INFO: what the caller holds.
 */
#include "vmm/cap.h"
#include "vmm/guestmem.h"
#include "vmm/hypercall.h"

enum verdict hc_cap_info(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	const struct cap_table *t = v->domain->caps;

	*result = OK;
	if (!t || arg[0] >= t->count)
		*result = HV_ERR_NOENT;
	else if (arg[2] < sizeof(struct hv_cap))
		*result = HV_ERR_RANGE;
	else if (!guest_write(v->domain, gpa(arg[1]), &t->cap[arg[0]], sizeof(struct hv_cap)))
		*result = HV_ERR_FAULT;
	return VERDICT_DONE;
}
