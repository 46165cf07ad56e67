/*
 * Whether an edge would be lost: a back end that counts them (the PIT's) keeps it for later. A
 * controller where the line is masked does not matter: such edges are lost on a PC, too.
 */
#include "vmm/vline.h"

#include "abi/platform.h"
#include "vmm/vioapic_state.h"
#include "vmm/vlapic_state.h"
#include "vmm/vpc.h"

enum answer { NOBODY, WAITS, FREE };

static bool vector_waits(const struct domain *d, uint8_t vector)
{
	unsigned n = vector / 32;
	uint32_t bit = 1u << vector % 32;

	for (unsigned i = 0; i < d->vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (__atomic_load_n(&v->posted[n / 2], __ATOMIC_RELAXED) >> vector % 64 & 1 ||
		    __atomic_load_n(&v->lapic->reg[REG_IRR + n].value, __ATOMIC_RELAXED) & bit)
			return true;
	}
	return false;
}

static enum answer ask_apic(const struct domain *d, unsigned pin)
{
	uint64_t rte = pin < HV_GSI_COUNT ? d->ioapic->rte[pin] : RTE_MASKED;

	if (rte & (RTE_MASKED | RTE_LEVEL))
		return NOBODY;
	return vector_waits(d, rte & RTE_VECTOR) ? WAITS : FREE;
}

static enum answer ask_pic(const struct domain *d, unsigned line)
{
	const struct vpic_chip *c = &d->pc->pic.chip[line / 8];

	if (c->imr >> line % 8 & 1)
		return NOBODY;
	return c->irr >> line % 8 & 1 ? WAITS : FREE;
}

bool vline_waits(const struct domain *d, unsigned line)
{
	enum answer apic, pic = NOBODY;
	unsigned pin = line;

	if (d->pc && line < HV_PC_LINES) {
		pic = ask_pic(d, line);
		pin = line ? line : HV_PC_TIMER_PIN;
	}
	apic = ask_apic(d, pin);
	return apic != FREE && pic != FREE && (apic == WAITS || pic == WAITS);
}
