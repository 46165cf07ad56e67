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

bool vlapic_is_named(const struct vcpu *v, const struct vlapic_message *m)
{
	if (m->destination == EVERYBODY)
		return true;
	return m->logical ? matches_logical(v->lapic, m->destination) : m->destination == v->index;
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

/* As the vCPU last left the guest with, or what the CPU keeps while the guest runs. */
static uint32_t priority(const struct vcpu *v)
{
	return v->apic_by_cpu ? v->lapic->reg[REG_TPR].value >> 4 : v->cr8;
}

/* The one with the lowest task priority; of equals the vector decides, so that several interrupts
   spread. */
static uint32_t lowest(const struct domain *d, uint32_t set, uint8_t vector)
{
	const struct vcpu *best = NULL;

	for (unsigned n = 0; n < d->vcpus; n++) {
		const struct vcpu *v = d->vcpu[(vector + n) % d->vcpus];

		if (set >> v->index & 1 && (!best || priority(v) < priority(best)))
			best = v;
	}
	return best ? 1u << best->index : 0;
}

/* Of the vCPUs in the set: a disabled APIC takes nothing, one that software has disabled no
   interrupts (SDM 3A 11.4.7.2). Returns how many took it. */
static unsigned deliver_set(struct domain *d, const struct vlapic_message *m, uint32_t set)
{
	bool interrupt = m->mode <= DELIVER_LOWEST;
	uint32_t takers = 0;
	unsigned count = 0;

	for (unsigned i = 0; i < d->vcpus; i++) {
		const struct vlapic *l = d->vcpu[i]->lapic;

		if (set >> i & 1 && l->base & APIC_BASE_ENABLE &&
		    (!interrupt || l->reg[REG_SVR].value & SVR_ENABLE))
			takers |= 1u << i;
	}
	if (m->mode == DELIVER_LOWEST)
		takers = lowest(d, takers, m->vector);
	for (; takers; takers &= takers - 1, count++)
		deliver(d->vcpu[__builtin_ctz(takers)]->lapic, m);
	return count;
}

bool vlapic_deliver(struct domain *d, const struct vlapic_message *m)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < d->vcpus; i++)
		if (vlapic_is_named(d->vcpu[i], m))
			set |= 1u << i;
	return deliver_set(d, m, set);
}

static struct vlapic_message message(uint64_t icr)
{
	return (struct vlapic_message){
		.destination = icr >> 32,
		.vector = icr & ICR_VECTOR,
		.mode = field_get(ICR_MODE, icr),
		.logical = icr & ICR_LOGICAL,
	};
}

unsigned vlapic_send_set(struct vcpu *v, uint32_t icr, uint32_t set)
{
	struct vlapic_message m = message(icr);

	return deliver_set(v->domain, &m, set);
}

/* To the sender itself: it is out of the guest now and looks at IRR before it goes in again. */
static void send_self(struct vlapic *l, uint8_t vector)
{
	vlapic_tmr_clear(l, vector);
	l->vcpu->apic_stale = l->vcpu->apic_by_cpu;
	if (LIKELY(l->reg[REG_SVR].value & SVR_ENABLE))
		vlapic_request(l, vector);
}

static COLD void send(struct vlapic *l, uint64_t icr)
{
	struct vlapic_message m = message(icr);
	uint32_t shorthand = field_get(ICR_SHORTHAND, icr), self = 1u << l->vcpu->index;

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
		deliver_set(l->vcpu->domain, &m, shorthand == SHORTHAND_OTHERS ? ~self : ~0u);
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
