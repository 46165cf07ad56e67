/*
 * The device model's hypercalls and clock, the real ones.
 */
#include "guests/service/virtio_port.h"

#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/service/selfkill.h"
#include "guests/lib/time.h"

void virtio_port_irq(uint32_t cap, uint64_t address, uint32_t data)
{
	selfkill_at(KILL_INTERRUPT, false);
	(void)hv_irq_raise(cap, address, data);
	selfkill_at(KILL_INTERRUPT, true);
}

int64_t virtio_port_add(uint32_t cap, unsigned kind, uint64_t base, uint64_t bytes, unsigned event)
{
	int64_t result;

	selfkill_at(KILL_RANGE_ADD, false);
	result = hv_range_add(cap, kind, base, bytes, event);
	selfkill_at(KILL_RANGE_ADD, true);
	return result;
}

int64_t virtio_port_remove(uint32_t cap, unsigned kind, uint64_t base)
{
	int64_t result;

	selfkill_at(KILL_RANGE_REMOVE, false);
	result = hv_range_remove(cap, kind, base);
	selfkill_at(KILL_RANGE_REMOVE, true);
	return result;
}

void virtio_port_again(unsigned event)
{
	event_again(event);
}

uint64_t virtio_port_now(void)
{
	return time_ns();
}

static void hold_ends(void *arg)
{
	unsigned event = (unsigned)(uintptr_t)arg;

	event_unmask(event);
	event_again(event);
}

void virtio_port_hold(struct timer *t, unsigned event, uint64_t until)
{
	uint64_t now = time_ns();

	event_mask(event);
	timer_set_ns(t, until > now ? until - now : 0, hold_ends, (void *)(uintptr_t)event);
}
