/*
 * The back end's half of the slot protocol. The guest's vCPU may be taken away at any time (INIT,
 * kill): the slot then becomes FREE and perhaps PENDING again with another sequence, so both steps
 * are compare-and-swap, and the request is copied once and answered from the copy.
 */
#include "guests/service/ioreq.h"

#include <stdbool.h>

#include "lib/bits.h"

static bool slot_step(volatile struct hv_ioreq *slot, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&slot->state, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

static void slot_copy(struct hv_ioreq *r, const volatile struct hv_ioreq *slot)
{
	r->sequence = slot->sequence;
	r->incarnation = slot->incarnation;
	r->type = slot->type;
	r->write = slot->write;
	r->size = slot->size;
	r->address = slot->address;
	r->data = slot->data;
}

static void slot_serve(struct ioreq_front *f, unsigned i)
{
	volatile struct hv_ioreq *slot = &f->page->slot[i];
	struct hv_ioreq r;

	slot_copy(&r, slot);
	f->handle(f->guest, &r);
	if (slot->sequence != r.sequence)
		return;
	if (!r.write)
		slot->data = r.data & ones(r.size);
	slot->answered = r.sequence;
	/* Release: the hypervisor's acquire load of state sees data and answered. */
	if (slot_step(slot, HV_IOREQ_PROCESSING, HV_IOREQ_COMPLETE))
		f->done(f->cap, i);
}

void ioreq_scan(struct ioreq_front *f, int restart)
{
	for (unsigned i = 0; i < MIN(f->slots, HV_IOREQ_SLOTS); i++) {
		volatile struct hv_ioreq *slot = &f->page->slot[i];
		uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);

		if (restart && state == HV_IOREQ_COMPLETE)
			f->done(f->cap, i);
		else if ((restart && state == HV_IOREQ_PROCESSING) ||
			 (state == HV_IOREQ_PENDING &&
			  slot_step(slot, HV_IOREQ_PENDING, HV_IOREQ_PROCESSING)))
			slot_serve(f, i);
	}
}
