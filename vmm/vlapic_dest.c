/*
 * Whom an interrupt message reaches: physical and logical destinations, shorthands, lowest priority
 * (SDM 3A 11.6). Used by the ICR, the I/O APIC and MSIs. Runs on the sender's CPU and reads the
 * targets' mode and logical IDs, which a guest changes only before it relies on them.
 */
#include "vmm/vlapic_state.h"

static bool matches_logical(const struct vlapic *l, uint32_t dest)
{
	uint32_t ldr = l->reg[REG_LDR].value;

	if (vlapic_is_x2apic(l))
		return ldr >> 16 == dest >> 16 && ldr & dest & 0xffff;
	ldr >>= 24;
	if (l->reg[REG_DFR].value >> 28 == 0xf) /* flat */
		return ldr & dest & 0xff;
	return (ldr & 0xf0) == (dest & 0xf0) && ldr & dest & 0xf;
}

static bool matches(const struct vlapic *l, const struct vlapic_message *m)
{
	if (!(l->base & APIC_BASE_ENABLE))
		return false;
	if (m->destination == EVERYBODY)
		return true;
	return m->logical ? matches_logical(l, m->destination) : m->destination == l->vcpu->index;
}

/* Of an INIT and a STARTUP that both wait, the INIT is served first: it voids one from before. */
static void deliver_init(struct vcpu *v)
{
	__atomic_fetch_and(&v->requests, ~REQUEST_STARTUP, __ATOMIC_RELAXED);
	vcpu_request(v, REQUEST_INIT);
}

static void deliver_startup(struct vcpu *v, uint8_t vector)
{
	/* Seen with the request. */
	__atomic_store_n(&v->startup_vector, vector, __ATOMIC_RELAXED);
	vcpu_request(v, REQUEST_STARTUP);
}

/* SMI and ExtINT have no source behind them. */
static void deliver(struct vlapic *l, const struct vlapic_message *m)
{
	switch (m->mode) {
	case DELIVER_NMI: vcpu_request(l->vcpu, REQUEST_NMI); return;
	case DELIVER_INIT: deliver_init(l->vcpu); return;
	case DELIVER_STARTUP: deliver_startup(l->vcpu, m->vector); return;
	case DELIVER_FIXED:
	case DELIVER_LOWEST: break;
	default: return;
	}
	if (m->vector < 16)
		vlapic_error(l, ESR_RECEIVE_VECTOR);
	else if (m->level)
		vlapic_post_level(l->vcpu, m->vector);
	else
		vlapic_post(l->vcpu, m->vector);
}

/* Lowest priority goes by the task priority that the vCPU last left the guest with. */
static bool deliver_lowest(struct domain *d, const struct vlapic_message *m)
{
	struct vcpu *best = NULL;

	for (unsigned i = 0; i < d->vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		if (matches(v->lapic, m) && v->lapic->reg[REG_SVR].value & SVR_ENABLE &&
		    (!best || v->cr8 < best->cr8))
			best = v;
	}
	if (best)
		deliver(best->lapic, m);
	return best;
}

bool vlapic_deliver(struct domain *d, const struct vlapic_message *m)
{
	bool any = false;

	if (m->mode == DELIVER_LOWEST)
		return deliver_lowest(d, m);
	for (unsigned i = 0; i < d->vcpus; i++) {
		struct vlapic *l = d->vcpu[i]->lapic;

		if (matches(l, m)) {
			deliver(l, m);
			any = true;
		}
	}
	return any;
}

/* To the sender itself: it is out of the guest now and looks at IRR before it goes in again. */
static void send_self(struct vlapic *l, uint8_t vector)
{
	vlapic_tmr_clear(l, vector);
	l->vcpu->apic_stale = l->vcpu->apic_by_cpu;
	if (LIKELY(l->reg[REG_SVR].value & SVR_ENABLE))
		vlapic_request(l, vector);
}

static void send_all(struct vlapic *l, const struct vlapic_message *m, bool but_self)
{
	struct domain *d = l->vcpu->domain;

	for (unsigned i = 0; i < d->vcpus; i++)
		if (d->vcpu[i]->lapic->base & APIC_BASE_ENABLE &&
		    !(but_self && d->vcpu[i] == l->vcpu))
			deliver(d->vcpu[i]->lapic, m);
}

static COLD void send(struct vlapic *l, uint64_t icr)
{
	struct vlapic_message m = {
		.destination = icr >> 32,
		.vector = icr & ICR_VECTOR,
		.mode = field_get(ICR_MODE, icr),
		.logical = icr & ICR_LOGICAL,
	};
	uint32_t shorthand = field_get(ICR_SHORTHAND, icr);

	/* INIT level de-assert: only the APICs of the first Pentiums did anything then. */
	if (m.mode == DELIVER_INIT && (icr & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL)
		return;
	if (m.mode <= DELIVER_LOWEST && m.vector < 16) {
		vlapic_error(l, ESR_SEND_VECTOR);
		return;
	}
	if (m.mode == DELIVER_FIXED && shorthand == SHORTHAND_NONE && !m.logical &&
	    m.destination == l->vcpu->index)
		send_self(l, m.vector);
	else if (shorthand == SHORTHAND_NONE)
		vlapic_deliver(l->vcpu->domain, &m);
	else if (shorthand == SHORTHAND_SELF)
		deliver(l, &m);
	else
		send_all(l, &m, shorthand == SHORTHAND_OTHERS);
}

/* SDM 3A 11.6.1; icr as x2APIC has it, destination in the high half. */
void vlapic_send(struct vlapic *l, uint64_t icr)
{
	bool fixed_to_self =
		(icr & (ICR_SHORTHAND | ICR_MODE)) == field_set(ICR_SHORTHAND, 0, SHORTHAND_SELF);

	if (LIKELY(fixed_to_self && (icr & ICR_VECTOR) >= 16))
		send_self(l, icr & ICR_VECTOR);
	else
		send(l, icr);
}
