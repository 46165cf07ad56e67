/*
 * Hypercalls about events.
 */
#include "arch/x86/cpu/tsc.h"
#include "vmm/cap.h"
#include "vmm/event.h"
#include "vmm/hypercall.h"
#include "vmm/run.h"
#include "vmm/vlapic.h"

#define DEADLINE_NONE (~0ull)

enum verdict hc_event_send(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	const struct hv_cap *cap;

	*result = cap_lookup(v->domain, arg[0], HV_CAP_EVENT, HV_RIGHT_USE, &cap);
	if (*result == OK)
		event_set(domain_get(cap->object), cap->detail);
	return VERDICT_DONE;
}

/* A guest's deadline as the host's; none if it is centuries away. */
static uint64_t deadline_on_host(uint64_t host_now, uint64_t guest_now, uint64_t deadline)
{
	uint64_t wait = deadline - guest_now;

	return wait >> 62 ? TIMER_NEVER : host_now + wait;
}

/* Handled again at each wake-up, with the same deadline. An interrupt that can be delivered ends
   the wait like the deadline does, so that its handler runs. */
enum verdict hc_event_wait(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	uint64_t host_now = tsc_read();
	uint64_t guest_now = host_now + v->tsc_offset;

	*result = HV_ERR_STATE;
	if (!v->events)
		return VERDICT_DONE;
	*result = event_pending(v);
	if (*result || guest_now >= arg[0] || run_may_wake(v)) {
		timer_set(&v->wait, TIMER_NEVER);
		return VERDICT_DONE;
	}
	timer_set(&v->wait, arg[0] == DEADLINE_NONE
				    ? TIMER_NEVER
				    : deadline_on_host(host_now, guest_now, arg[0]));
	return VERDICT_BLOCK;
}

enum verdict hc_event_unmask(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	*result = OK;
	if (!v->events)
		*result = HV_ERR_STATE;
	else if (arg[0] >= HV_EVENTS)
		*result = HV_ERR_INVAL;
	else
		event_unmask(v, arg[0]);
	return VERDICT_DONE;
}

enum verdict hc_event_vector(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	*result = HV_ERR_INVAL;
	if (arg[0] > 255 || (arg[0] && arg[0] < 32))
		return VERDICT_DONE;
	*result = OK;
	__atomic_store_n(&v->event_vector, arg[0], __ATOMIC_RELAXED);
	if (arg[0] && v->events && event_pending(v))
		vlapic_post(v, arg[0]);
	return VERDICT_DONE;
}
