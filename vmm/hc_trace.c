/*
 * Hypercalls about the trace.
 */
#include "arch/x86/cpu/cpu.h"
#include "vmm/cap.h"
#include "vmm/domain.h"
#include "vmm/guestmem.h"
#include "vmm/hypercall.h"
#include "vmm/trace.h"

#define CHUNK    8
#define CALL_MAX 128 /* records that one call copies at most */

static int64_t trace_to_guest(struct domain *d, unsigned cpu, uint64_t *position, uint64_t at,
			      uint64_t count)
{
	struct hv_trace_record record[CHUNK];
	uint64_t done = 0;
	size_t n;

	do {
		n = trace_read(cpu, position, record, MIN(count - done, (uint64_t)CHUNK));
		if (!guest_write(d, gpa(at + done * sizeof(*record)), record, n * sizeof(*record)))
			return HV_ERR_FAULT;
		done += n;
	} while (n == CHUNK && done < count);
	return (int64_t)done;
}

enum verdict hc_trace_read(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = v->domain;
	const struct hv_cap *cap;
	uint64_t position;

	*result = cap_lookup(d, arg[0], HV_CAP_TRACE, HV_RIGHT_READ, &cap);
	if (*result == OK && arg[1] >= cpu_count())
		*result = HV_ERR_NOENT;
	if (*result == OK && !guest_read(d, gpa(arg[2]), &position, sizeof(position)))
		*result = HV_ERR_FAULT;
	if (*result != OK)
		return VERDICT_DONE;
	*result = trace_to_guest(d, (unsigned)arg[1], &position, arg[3],
				 MIN(arg[4], (uint64_t)CALL_MAX));
	if (*result >= 0 && !guest_write(d, gpa(arg[2]), &position, sizeof(position)))
		*result = HV_ERR_FAULT;
	return VERDICT_DONE;
}

enum verdict hc_trace_ctl(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	uint32_t old = trace_mask;
	const struct hv_cap *cap;

	*result = cap_lookup(v->domain, arg[0], HV_CAP_TRACE, HV_RIGHT_USE, &cap);
	if (*result == OK && (arg[1] | arg[2]) >> 32)
		*result = HV_ERR_INVAL;
	if (*result == OK)
		*result = trace_set_mask((uint32_t)((old & ~arg[1]) | arg[2]));
	if (*result == OK)
		*result = old;
	return VERDICT_DONE;
}
