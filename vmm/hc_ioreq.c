/*
 * Hypercalls of a back end about one guest that it serves: ranges, answers, interrupts. What a
 * range may not cover is checked here; ranges against each other in ranges.c.
 */
#include "abi/event.h"
#include "abi/platform.h"
#include "lib/bits.h"
#include "vmm/cap.h"
#include "vmm/hypercall.h"
#include "vmm/ioreq.h"
#include "vmm/vioapic.h"
#include "vmm/vline.h"
#include "vmm/vmsi.h"

#define PORTS        0x10000ull
#define MEMORY_LIMIT (1ull << 46)

struct reserved_range {
	uint64_t base, bytes;
};

static const struct reserved_range own_ports[] = {
	{ HV_PORT_UART, 8 }, { HV_PORT_PCI, 8 },  { HV_PORT_SLEEP, 4 },
	{ HV_PORT_PIC1, 2 }, { HV_PORT_PIC2, 2 }, { HV_PORT_PIC_ELCR, 2 },
};

static const struct reserved_range own_memory[] = {
	{ HV_GUEST_ECAM, HV_GUEST_ECAM_BYTES },
	{ HV_GUEST_IOAPIC, PAGE_SIZE },
	{ HV_GUEST_LAPIC, PAGE_SIZE },
};

/* In guests of ours; firmware of others puts BARs there. */
static const struct reserved_range shared = { HV_GUEST_SHARED, HV_GUEST_IOAPIC - HV_GUEST_SHARED };

static bool is_reserved(const struct reserved_range *table, size_t count, uint64_t base,
			uint64_t bytes)
{
	for (size_t i = 0; i < count; i++)
		if (range_overlaps(base, bytes, table[i].base, table[i].bytes))
			return true;
	return false;
}

static bool is_ram(const struct domain *d, uint64_t base, uint64_t bytes)
{
	for (unsigned i = 0; i < d->extents; i++)
		if (range_overlaps(base, bytes, d->extent[i].gpa.v, d->extent[i].bytes))
			return true;
	return false;
}

/* INVAL: no range at all; EXISTS: the guest's RAM or the hypervisor's own models are there. */
static enum err check_place(const struct domain *guest, unsigned kind, uint64_t base,
			    uint64_t bytes)
{
	bool port = kind == HV_RANGE_PORT;

	if (!bytes || !range_within(base, bytes, port ? PORTS : MEMORY_LIMIT))
		return ERR_INVAL;
	if (port)
		return is_reserved(own_ports, ARRAY_SIZE(own_ports), base, bytes) ? ERR_EXISTS : OK;
	if (is_reserved(own_memory, ARRAY_SIZE(own_memory), base, bytes) ||
	    (guest->boot && is_reserved(&shared, 1, base, bytes)))
		return ERR_EXISTS;
	return is_ram(guest, base, bytes) ? ERR_EXISTS : OK;
}

/* The table that the ABI's kind and flags name. Errors: INVAL. */
static enum err table_of(uint64_t kind, enum ioreq_table_id *id)
{
	if (kind & ~(uint64_t)(HV_RANGE_DOORBELL | HV_RANGE_MEMORY))
		return ERR_INVAL;
	*id = kind & HV_RANGE_MEMORY ? IOREQ_MEMORY : IOREQ_PORT;
	if (kind & HV_RANGE_DOORBELL)
		*id += IOREQ_PORT_DOORBELL;
	return OK;
}

enum verdict hc_range_add(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *guest = cap_domain(v, arg[0], HV_CAP_IOREQ, HV_RIGHT_USE, result);
	enum ioreq_table_id id;
	struct ioreq_range r = {
		.base = arg[2],
		.last = arg[2] + arg[3] - 1,
		.event = arg[4],
		.incarnation = v->domain->incarnation,
	};

	if (!guest)
		return VERDICT_DONE;
	r.link = ioreq_link_of(guest, v->domain);
	*result = table_of(arg[1], &id);
	if (*result == OK && (arg[1] & HV_RANGE_DOORBELL) && arg[4] >= HV_EVENTS)
		*result = HV_ERR_INVAL;
	if (*result == OK)
		*result = check_place(guest, arg[1] & HV_RANGE_MEMORY, arg[2], arg[3]);
	if (*result == OK)
		*result = ioreq_add_range(guest->ioreqs, id, &r);
	return VERDICT_DONE;
}

enum verdict hc_range_remove(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *guest = cap_domain(v, arg[0], HV_CAP_IOREQ, HV_RIGHT_USE, result);
	enum ioreq_table_id id;

	if (!guest)
		return VERDICT_DONE;
	*result = table_of(arg[1], &id);
	if (*result == OK)
		*result = ioreq_remove_range(guest->ioreqs, id, ioreq_link_of(guest, v->domain),
					     arg[2]);
	return VERDICT_DONE;
}

enum verdict hc_ioreq_done(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *guest = cap_domain(v, arg[0], HV_CAP_IOREQ, HV_RIGHT_USE, result);

	if (!guest)
		return VERDICT_DONE;
	if (arg[1] < guest->vcpus)
		vcpu_request(guest->vcpu[arg[1]], REQUEST_ANSWER);
	else
		*result = HV_ERR_INVAL;
	return VERDICT_DONE;
}

enum verdict hc_irq_raise(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *guest = cap_domain(v, arg[0], HV_CAP_INTERRUPT, HV_RIGHT_USE, result);

	if (!guest)
		return VERDICT_DONE;
	*result = arg[2] >> 32 ? HV_ERR_INVAL : vmsi_deliver(guest, arg[1], arg[2]);
	return VERDICT_DONE;
}

enum verdict hc_line_set(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *guest = cap_domain(v, arg[0], HV_CAP_INTERRUPT, HV_RIGHT_USE, result);
	uint32_t level = arg[2], event = arg[2] >> 32; /* + 1; 0: none */

	if (!guest)
		return VERDICT_DONE;
	if (arg[1] >= HV_GSI_COUNT || level > 1 || event > HV_EVENTS || (event && !level))
		*result = HV_ERR_INVAL;
	else if (event)
		vioapic_raise(guest, arg[1], v->domain, event - 1);
	else {
		*result = level && vline_waits(guest, arg[1]);
		vioapic_set_line(guest, arg[1], level);
	}
	return VERDICT_DONE;
}
