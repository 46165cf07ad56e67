/*
 * The I/O APIC's pins: lines in, messages to local APICs out. A level-triggered pin is blocked by
 * its remote IRR from delivery until the EOI comes back, and delivers again if its line is still
 * up then. An edge at a masked pin is lost, as on the chip.
 */
#include "vmm/vioapic_state.h"

#include "mm/frames.h"
#include "vmm/vlapic.h"

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
	spin_unlock(&io->lock);
}

static void send(struct domain *d, uint64_t rte)
{
	struct vlapic_message m = {
		.destination = field_get(RTE_DESTINATION, rte),
		.vector = rte & RTE_VECTOR,
		.mode = field_get(RTE_MODE, rte),
		.logical = rte & RTE_LOGICAL,
		.level = rte & RTE_LEVEL,
	};

	if (m.destination == 0xff)
		m.destination = ~0u;
	vlapic_deliver(d, &m);
}

void vioapic_service(struct domain *d, unsigned pin)
{
	uint64_t rte = d->ioapic->rte[pin];

	if (rte & RTE_MASKED || !(d->ioapic->lines & BIT(pin)))
		return;
	if (rte & RTE_LEVEL) {
		if (rte & RTE_REMOTE_IRR)
			return;
		d->ioapic->rte[pin] |= RTE_REMOTE_IRR;
	}
	send(d, rte);
}

void vioapic_set_line(struct domain *d, unsigned gsi, bool level)
{
	struct vioapic *io = d->ioapic;
	bool rises;

	if (gsi >= HV_GSI_COUNT)
		return;
	spin_lock(&io->lock);
	rises = level && !(io->lines & BIT(gsi));
	io->lines = level ? io->lines | BIT(gsi) : io->lines & ~BIT(gsi);
	if (rises)
		vioapic_service(d, gsi);
	spin_unlock(&io->lock);
}

void vioapic_end(struct domain *d, uint8_t vector)
{
	uint64_t *rte = d->ioapic->rte;

	for (unsigned i = 0; i < HV_GSI_COUNT; i++) {
		if ((rte[i] & RTE_VECTOR) != vector || !(rte[i] & RTE_REMOTE_IRR))
			continue;
		rte[i] &= ~RTE_REMOTE_IRR;
		vioapic_service(d, i);
	}
}

void vioapic_eoi(struct domain *d, uint8_t vector)
{
	spin_lock(&d->ioapic->lock);
	vioapic_end(d, vector);
	spin_unlock(&d->ioapic->lock);
}
