/*
 * The domain that serves the PC's legacy ports: no devices, only wires.
 */
#include "guests/pic/pic.h"

#include "abi/ioreq.h"
#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"

#define LATER_NS 3000000

static const struct hv_cap *ioreq, *irq;
static volatile struct hv_ioreq_page *page;
static struct timer later;

static void drive(uint8_t wire)
{
	hv_line_set(irq->handle, wire & ~WIRE_HIGH, !!(wire & WIRE_HIGH));
}

static void time_is_up(void *arg)
{
	drive((uint8_t)(uintptr_t)arg);
}

static uint64_t answer(uint64_t port, bool write, uint8_t wire)
{
	if (write && port == WIRE_NOW)
		drive(wire);
	else if (write && port == WIRE_LATER)
		timer_set_ns(&later, LATER_NS, time_is_up, (void *)(uintptr_t)wire);
	return 0xff;
}

static void look(void *arg)
{
	for (unsigned i = 0; i < ioreq->detail; i++) {
		volatile struct hv_ioreq *slot = &page->slot[i];

		if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) != HV_IOREQ_PENDING)
			continue;
		slot->state = HV_IOREQ_PROCESSING;
		slot->data = answer(slot->address, slot->write, (uint8_t)slot->data);
		slot->answered = slot->sequence;
		__atomic_store_n(&slot->state, HV_IOREQ_COMPLETE, __ATOMIC_RELEASE);
		hv_ioreq_done(ioreq->handle, i);
	}
}

_Noreturn void wires(void)
{
	const struct hv_region *r;

	assert(boot->served == 1 && boot->serve[0].kind == HV_SERVED_PC);
	r = boot_region(HV_REGION_IOREQ, boot->serve[0].guest);
	ioreq = boot_cap(HV_CAP_IOREQ, boot->serve[0].guest);
	irq = boot_cap(HV_CAP_INTERRUPT, boot->serve[0].guest);
	assert(r && ioreq && irq);
	page = (void *)(uintptr_t)r->base;
	event_bind(ioreq->event, look, NULL);
	look(NULL);
	event_loop();
}
