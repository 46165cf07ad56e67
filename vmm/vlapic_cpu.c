/*
 * Where the CPU carries out a guest's local APIC by itself (APIC virtualization): it reads and
 * changes the registers in struct vlapic while the guest runs, delivers what is requested, and
 * exits for the rest. It does so for the page at its usual address and for x2APIC's MSRs; an APIC
 * that is disabled or elsewhere goes by exits, and so does everything where the CPU offers less.
 *
 * The page that the guest touches is not the one with the registers: an access page of its domain,
 * in the nested tables only as long as an APIC of the domain goes by it. A neighbour's accesses
 * there exit while its APIC goes by exits; one in x2APIC mode finds memory.
 */
#include "vmm/vlapic_state.h"

#include "abi/platform.h"
#include "lib/assert.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "vmm/vioapic.h"
#include "vmm/vpic.h"

static enum apic_help help(void)
{
	return backend->apic ? backend->apic->help() : APIC_HELP_NONE;
}

void vlapic_cpu_init(struct vlapic *l)
{
	struct vcpu *v = l->vcpu;

	if (!backend->apic)
		return;
	if (help() == APIC_HELP_FULL)
		l->access = v->index ? v->domain->vcpu[0]->lapic->access : hv_hpa(frames_hv(1));
	backend->apic->init(v, hv_hpa(l), l->access);
}

/* An APIC that software has disabled accepts nothing; the CPU would, from the guest itself. */
static enum apic_mode choose(const struct vlapic *l)
{
	if (help() != APIC_HELP_FULL || !(l->base & APIC_BASE_ENABLE) ||
	    !(l->reg[REG_SVR].value & SVR_ENABLE))
		return APIC_BY_EXITS;
	if (vlapic_is_x2apic(l))
		return APIC_BY_MSRS;
	return (l->base & APIC_BASE_ADDRESS) == HV_GUEST_LAPIC ? APIC_BY_PAGE : APIC_BY_EXITS;
}

static bool page_is_used(const struct domain *d)
{
	for (unsigned i = 0; i < d->vcpus; i++)
		if (d->vcpu[i]->lapic->mode == APIC_BY_PAGE)
			return true;
	return false;
}

static void map_access_page(struct vlapic *l)
{
	struct domain *d = l->vcpu->domain;
	enum err e;

	spin_lock(&d->table_lock);
	e = page_is_used(d) ? ptab_map(&d->nested, HV_GUEST_LAPIC, l->access, PAGE_SIZE,
				       PTAB_READ | PTAB_WRITE)
			    : ptab_unmap(&d->nested, HV_GUEST_LAPIC, PAGE_SIZE);
	spin_unlock(&d->table_lock);
	assert(e == OK); /* the pool has a reserve for it */
	for (unsigned i = 0; i < d->vcpus; i++)
		if (d->vcpu[i] != l->vcpu)
			vcpu_request(d->vcpu[i], REQUEST_FLUSH);
	backend->flush(l->vcpu);
}

void vlapic_cpu_mode(struct vlapic *l)
{
	enum apic_mode mode = choose(l);

	vlapic_count(l);
	vpic_look(l->vcpu);
	if (mode != l->mode) {
		l->mode = mode;
		l->vcpu->apic_by_cpu = mode != APIC_BY_EXITS;
		map_access_page(l);
		backend->apic->mode(l->vcpu, mode);
	}
	l->vcpu->apic_stale = l->vcpu->apic_by_cpu;
}

static uint8_t count(const struct vlapic *l, unsigned first)
{
	uint8_t words = 0;

	for (unsigned i = 0; i < VECTOR_WORDS; i++)
		words |= (l->reg[first + i].value ? 1u : 0u) << i;
	return words;
}

void vlapic_count(struct vlapic *l)
{
	l->vcpu->irr_words = count(l, REG_IRR);
	l->isr_words = count(l, REG_ISR);
}

void vlapic_catch_up(struct vlapic *l)
{
	vlapic_eoi_take(l);
	if (l->vcpu->apic_by_cpu)
		vlapic_count(l);
}

bool vlapic_eoi_is_useful(void)
{
	return help() != APIC_HELP_FULL;
}

/* Level-triggered vectors are those whose EOI must exit. */
static COLD void tell_levels(struct vlapic *l)
{
	uint32_t levels[VECTOR_WORDS];

	/* A change from now on sets it again, before its request is seen. */
	__atomic_store_n(&l->tmr_changed, false, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < VECTOR_WORDS; i++)
		levels[i] = __atomic_load_n(&l->reg[REG_TMR + i].value, __ATOMIC_RELAXED);
	backend->apic->levels(l->vcpu, levels);
}

/* The highest vector, 0 if there is none: what the CPU did to the page is not counted. */
static uint8_t top(const struct vlapic *l, unsigned first)
{
	for (unsigned n = VECTOR_WORDS; n-- > 0;)
		if (l->reg[first + n].value)
			return n * 32 + vlapic_bsr(l->reg[first + n].value);
	return 0;
}

void vlapic_hand_over(struct vcpu *v)
{
	struct vlapic *l = v->lapic;

	if (v->posted[0] | v->posted[1] | v->posted[2] | v->posted[3])
		vlapic_merge(l);
	if (UNLIKELY(__atomic_load_n(&l->tmr_changed, __ATOMIC_RELAXED)))
		tell_levels(l);
	backend->apic->status(v, top(l, REG_IRR), top(l, REG_ISR));
	v->irr_words = 0;
	v->apic_stale = false;
}

void vlapic_ended(struct vcpu *v, uint8_t vector)
{
	vioapic_eoi(v->domain, vector);
}
