/*
 * The I/O APIC's pins: lines in, messages to local APICs out. A level-triggered pin is blocked by
 * its remote IRR from delivery until the EOI comes back, and delivers again if its line is still
 * up then. An edge at a masked pin is lost, as on the chip.
 */
#include "vmm/vioapic_state.h"

#include "lib/string.h"
#include "mm/frames.h"
#include "vmm/event.h"
#include "vmm/vpic.h"

static_assert(sizeof(struct vioapic) <= PAGE_SIZE, "vioapic_init takes one page");

void vioapic_init(struct domain *d)
{
	d->ioapic = frames_hv(1);
	vioapic_reset(d);
}

void vioapic_reset(struct domain *d)
{
	struct vioapic *io = d->ioapic;

	spin_lock(&io->lock);
	for (unsigned i = 0; i < HV_GSI_COUNT; i++)
		io->rte[i] = RTE_MASKED;
	io->lines = io->select = io->id = 0;
	memset(io->watch, 0, sizeof(io->watch));
	spin_unlock(&io->lock);
}

static struct vlapic_message message(uint64_t rte)
{
	struct vlapic_message m = {
		.destination = field_get(RTE_DESTINATION, rte),
		.vector = rte & RTE_VECTOR,
		.mode = field_get(RTE_MODE, rte),
		.logical = rte & RTE_LOGICAL,
		.level = rte_is_level(rte),
	};

	if (m.destination == 0xff)
		m.destination = ~0u;
	return m;
}

void vioapic_service(struct domain *d, unsigned pin)
{
	uint64_t rte = d->ioapic->rte[pin];
	struct vlapic_message m = message(rte);

	if (rte & (RTE_MASKED | RTE_REMOTE_IRR) || !(d->ioapic->lines & BIT(pin)))
		return;
	/* A level that nobody accepts will not be ended either. */
	if (vlapic_deliver(d, &m) && m.level)
		d->ioapic->rte[pin] |= RTE_REMOTE_IRR;
}

/* With the lock held. */
static void set_line(struct domain *d, unsigned pin, bool level)
{
	struct vioapic *io = d->ioapic;
	bool rises = level && !(io->lines & BIT(pin));

	io->lines = level ? io->lines | BIT(pin) : io->lines & ~BIT(pin);
	io->watch[pin].by = NULL;
	if (rises)
		vioapic_service(d, pin);
}

void vioapic_set_line(struct domain *d, unsigned gsi, bool level)
{
	if (UNLIKELY(d->pc))
		gsi = vpic_line(d, gsi, level);
	if (gsi >= HV_GSI_COUNT)
		return;
	spin_lock(&d->ioapic->lock);
	set_line(d, gsi, level);
	spin_unlock(&d->ioapic->lock);
}

bool vioapic_passes_extint(const struct vcpu *v)
{
	uint64_t rte = __atomic_load_n(&v->domain->ioapic->rte[0], __ATOMIC_RELAXED);
	struct vlapic_message m = message(rte);

	return !(rte & RTE_MASKED) && m.mode == DELIVER_EXTINT && vlapic_is_named(v, &m);
}

void vioapic_raise(struct domain *d, unsigned gsi, struct domain *by, unsigned event)
{
	struct vioapic *io = d->ioapic;

	if (gsi >= HV_GSI_COUNT)
		return;
	spin_lock(&io->lock);
	set_line(d, gsi, true);
	io->watch[gsi].by = by;
	io->watch[gsi].event = event;
	spin_unlock(&io->lock);
}

/* The pin falls and its watcher hears of it. */
static void tell_watcher(struct vioapic *io, unsigned pin)
{
	struct domain *by = io->watch[pin].by;

	if (!by)
		return;
	io->watch[pin].by = NULL;
	io->lines &= ~BIT(pin);
	event_set(by, io->watch[pin].event);
}

void vioapic_end(struct domain *d, uint8_t vector)
{
	uint64_t *rte = d->ioapic->rte;

	for (unsigned i = 0; i < HV_GSI_COUNT; i++) {
		if ((rte[i] & RTE_VECTOR) != vector || !(rte[i] & RTE_REMOTE_IRR))
			continue;
		rte[i] &= ~RTE_REMOTE_IRR;
		tell_watcher(d->ioapic, i);
		vioapic_service(d, i);
	}
}

void vioapic_eoi(struct domain *d, uint8_t vector)
{
	spin_lock(&d->ioapic->lock);
	vioapic_end(d, vector);
	spin_unlock(&d->ioapic->lock);
}
