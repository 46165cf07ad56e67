/*
 * Setting and looking at events. The order of stores and loads is that of abi/event.h; the guest's
 * event_unmask is the partner: it clears the mask before it looks at pending, we set pending before
 * we look at the mask, both sequentially consistent, so that one of the two sees the other.
 */
#include "vmm/event.h"

#include "lib/bits.h"
#include "vmm/service.h"
#include "vmm/trace.h"
#include "vmm/vlapic.h"

static void event_wake(struct vcpu *v, struct hv_event_page *page, unsigned event)
{
	uint8_t vector = __atomic_load_n(&v->event_vector, __ATOMIC_RELAXED);

	__atomic_fetch_or(&page->summary, BIT(event / 64), __ATOMIC_SEQ_CST);
	if (vector)
		vlapic_post(v, vector);
	/* As late as possible: each value kept over it is a register to save. */
	trace(HV_TRACE_EVENT, v, event, 0);
	vcpu_request(v, REQUEST_WAKE);
}

void event_set(struct domain *d, unsigned event)
{
	struct vcpu *v = d->vcpu[0];
	unsigned word = event / 64;
	uint64_t bit = BIT(event % 64);
	struct hv_event_page *page;

	if (UNLIKELY(event >= HV_EVENTS || !v || !v->events))
		return;
	page = v->events;
	if (__atomic_fetch_or(&page->pending[word], bit, __ATOMIC_SEQ_CST) & bit)
		return;
	if (!(__atomic_load_n(&page->mask[word], __ATOMIC_SEQ_CST) & bit))
		event_wake(v, page, event);
}

void event_unmask(struct vcpu *v, unsigned event)
{
	struct hv_event_page *page = v->events;
	unsigned word = event / 64;
	uint64_t bit = BIT(event % 64);

	__atomic_fetch_and(&page->mask[word], ~bit, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&page->pending[word], __ATOMIC_SEQ_CST) & bit)
		event_wake(v, page, event);
}

bool event_pending(const struct vcpu *v)
{
	const struct hv_event_page *page = v->events;

	for (unsigned i = 0; i < HV_EVENT_WORDS; i++)
		if (__atomic_load_n(&page->pending[i], __ATOMIC_RELAXED) &
		    ~__atomic_load_n(&page->mask[i], __ATOMIC_RELAXED))
			return true;
	return false;
}

static void event_deadline(struct timer *t)
{
	vcpu_request(CONTAINER_OF(t, struct vcpu, wait), REQUEST_WAKE);
}

void event_build(struct domain *d)
{
	for (unsigned i = 0; i < d->vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		v->events = service_pages(d, 1);
		timer_init(&v->wait, event_deadline);
	}
}

void event_reset(struct vcpu *v)
{
	struct hv_event_page *page = v->events;

	if (!page)
		return;
	timer_set(&v->wait, TIMER_NEVER);
	v->event_vector = 0;
	/* What is pending stays, for who serves others; but a power button that was pressed was the
	   last incarnation's. */
	__atomic_fetch_and(&page->pending[HV_EVENT_SHUTDOWN / 64], ~BIT(HV_EVENT_SHUTDOWN % 64),
			   __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < HV_EVENT_WORDS; i++)
		__atomic_store_n(&page->mask[i], 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&page->summary, BIT(HV_EVENT_WORDS) - 1, __ATOMIC_SEQ_CST);
}
