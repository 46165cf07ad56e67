/*
 * The end of an interrupt without an exit (KVM's PV EOI, Linux Documentation/virt/kvm/x86/msr.rst):
 * a word of the guest's offers that it clears bit 0 in place of writing EOI. Offered for an edge
 * alone in service with nothing requested, when all that its end would do is clear a bit of ISR;
 * taken back when something else comes. Not where the CPU delivers interrupts itself.
 */
#include "vmm/vlapic_state.h"

#include "vmm/guestmem.h"

#define ENABLED BIT(0)
#define OFFERED 1u

static gpa_t word_of(const struct vlapic *l)
{
	return gpa(l->eoi_msr & ~ENABLED);
}

static void drop_top(struct vlapic *l)
{
	unsigned n = vlapic_bsr(l->isr_words);

	l->reg[REG_ISR + n].value &= ~(1u << vlapic_bsr(l->reg[REG_ISR + n].value));
	vlapic_count(l);
}

void vlapic_eoi_take(struct vlapic *l)
{
	uint32_t word = 0;

	if (!l->eoi_offered)
		return;
	if (!guest_read(l->vcpu->domain, word_of(l), &word, sizeof(word)) || word & OFFERED)
		return;
	l->eoi_offered = false;
	drop_top(l);
}

static void set_word(struct vlapic *l, uint32_t word)
{
	l->eoi_offered = guest_write(l->vcpu->domain, word_of(l), &word, sizeof(word)) && word;
}

void vlapic_eoi_withdraw(struct vlapic *l)
{
	if (l->eoi_offered)
		set_word(l, 0);
}

static bool is_single(uint32_t word)
{
	return word && !(word & (word - 1));
}

void vlapic_eoi_offer(struct vcpu *v)
{
	struct vlapic *l = v->lapic;
	unsigned n;

	if (l->eoi_offered || v->irr_words || !is_single(l->isr_words))
		return;
	n = vlapic_bsr(l->isr_words);
	if (is_single(l->reg[REG_ISR + n].value) &&
	    !(l->reg[REG_ISR + n].value & l->reg[REG_TMR + n].value))
		set_word(l, OFFERED);
}

bool vlapic_eoi_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	*value = v->lapic->eoi_msr;
	return true;
}

bool vlapic_eoi_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct vlapic *l = v->lapic;
	uint32_t none = 0;

	if (value & 2 || !vlapic_eoi_is_useful())
		return false;
	vlapic_eoi_take(l);
	vlapic_eoi_withdraw(l);
	if (value & ENABLED && !guest_write(v->domain, gpa(value & ~ENABLED), &none, sizeof(none)))
		return false;
	l->eoi_msr = value;
	v->eoi_by_word = value & ENABLED;
	return true;
}
