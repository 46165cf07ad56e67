/*
 * BATCH: many calls in one exit. Each entry is copied once, called, and its result stored. A call
 * that would block answers AGAIN; a batch within a batch is refused. A batch that takes long ends
 * early: the result says how many calls were made.
 */
#include "vmm/hypercall.h"

#include "abi/hypercall.h"
#include "arch/x86/cpu/tsc.h"
#include "vmm/domain.h"
#include "vmm/guestmem.h"

#define BATCH_ENTRIES 64
#define BATCH_NS      100000 /* others wait for the CPU */

static enum verdict batch_call(struct vcpu *v, struct hv_batch_entry *e)
{
	hypercall_fn *call = hypercall_find(e->call);
	enum verdict verdict;

	if (!call) {
		e->result = HV_ERR_NOCALL;
		return VERDICT_DONE;
	}
	if (e->call == HV_BATCH) {
		e->result = HV_ERR_INVAL;
		return VERDICT_DONE;
	}
	e->result = 0;
	verdict = call(v, e->arg, &e->result);
	if (verdict == VERDICT_BLOCK || verdict == VERDICT_SLEEP || verdict == VERDICT_YIELD) {
		e->result = HV_ERR_AGAIN;
		return VERDICT_DONE;
	}
	return verdict;
}

enum verdict hc_batch(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = v->domain;
	uint64_t end = tsc_read() + tsc_from_ns(BATCH_NS), i = 0;
	struct hv_batch_entry e;

	*result = HV_ERR_INVAL;
	if (arg[1] > BATCH_ENTRIES)
		return VERDICT_DONE;
	for (; i < arg[1] && (!i || tsc_read() < end); i++) {
		gpa_t at = gpa(arg[0] + i * sizeof(e));

		*result = HV_ERR_FAULT;
		if (!guest_read(d, at, &e, sizeof(e)))
			return VERDICT_DONE;
		if (batch_call(v, &e) == VERDICT_KILL)
			return VERDICT_KILL;
		if (!guest_write(d, at, &e, sizeof(e)))
			return VERDICT_DONE;
	}
	*result = i;
	return VERDICT_DONE;
}
