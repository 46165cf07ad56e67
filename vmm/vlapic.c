/*
 * The heart of the local APIC: requests, in-service vectors and priorities. Everything that runs at
 * each entry is here and short. A request from any CPU is a bit in vcpu->posted; only the owner
 * touches IRR and ISR, so neither needs a lock.
 */
#include "vmm/vlapic_state.h"

#include "abi/platform.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "vmm/backend.h"
#include "vmm/vioapic.h"

static_assert(sizeof(struct vlapic) <= PAGE_SIZE, "vlapic_init takes one page");
static_assert(offsetof(struct vlapic, reg[REG_IRR]) == 0x200, "the registers have xAPIC layout");

void vlapic_init(struct vcpu *v)
{
	struct vlapic *l = frames_hv(1);

	l->vcpu = v;
	v->lapic = l;
	timer_init(&l->timer, vlapic_timer_fire);
	l->base = HV_GUEST_LAPIC | APIC_BASE_ENABLE | (v->index == 0 ? APIC_BASE_BSP : 0);
	vlapic_state_reset(l);
	vlapic_cpu_init(l);
}

/* What the mode decides: how the ID is read, and in x2APIC mode the logical ID (11.12.10.2). */
void vlapic_ids(struct vlapic *l)
{
	uint32_t id = l->vcpu->index;

	l->reg[REG_ID].value = vlapic_is_x2apic(l) ? id : id << 24;
	if (vlapic_is_x2apic(l))
		l->reg[REG_LDR].value = id / 16 << 16 | 1u << id % 16;
}

/* SDM 3A 11.4.7.1. IA32_APIC_BASE is not part of it. */
void vlapic_state_reset(struct vlapic *l)
{
	memset(l->reg, 0, sizeof(l->reg));
	l->vcpu->irr_words = l->isr_words = 0;
	l->reg[REG_VERSION].value = VLAPIC_VERSION | (LVT_COUNT - 1) << 16;
	l->reg[REG_DFR].value = ~0u;
	l->reg[REG_SVR].value = 0xff;
	for (unsigned i = REG_LVT; i <= REG_LVT_LAST; i++)
		l->reg[i].value = LVT_MASKED;
	/* As a PC's firmware leaves it: the 8259s reach the first CPU. */
	if (l->vcpu->domain->pc && l->vcpu->index == 0)
		l->reg[REG_LVT + LVT_LINT0].value = field_set(LVT_MODE, 0, DELIVER_EXTINT);
	vlapic_ids(l);
	l->tmr_changed = true;
	l->eoi_offered = false;
	l->vcpu->cr8 = 0;
	l->timer_mode = 0;
	l->divide_shift = 1;
	l->period = l->deadline = l->guest_deadline = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(l->vcpu->posted); i++)
		__atomic_store_n(&l->vcpu->posted[i], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&l->errors, 0, __ATOMIC_RELAXED);
}

void vlapic_reset(struct vcpu *v)
{
	v->lapic->base = HV_GUEST_LAPIC | APIC_BASE_ENABLE | (v->index == 0 ? APIC_BASE_BSP : 0);
	vlapic_reset_init(v);
}

/* SDM 3A 11.4.7.3: the mode and the ID stay. */
void vlapic_reset_init(struct vcpu *v)
{
	struct vlapic *l = v->lapic;

	timer_set(&l->timer, TIMER_NEVER);
	l->eoi_msr = v->eoi_by_word = 0;
	vlapic_state_reset(l);
	vlapic_cpu_mode(l);
}

uint64_t vlapic_base(const struct vcpu *v)
{
	uint64_t base = v->lapic->base;

	if ((base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) != APIC_BASE_ENABLE)
		return ~0ull;
	return base & APIC_BASE_ADDRESS;
}

bool vlapic_is_enabled(const struct vcpu *v)
{
	return v->lapic->base & APIC_BASE_ENABLE;
}

/* A MOV to CR8 clears the low half of TPR (SDM 3A 11.8.6), and does not exit. */
uint32_t vlapic_tpr(const struct vlapic *l)
{
	uint32_t tpr = l->reg[REG_TPR].value;
	uint8_t cr8 = l->vcpu->cr8;

	return tpr >> 4 == cr8 ? tpr : (uint32_t)cr8 << 4;
}

bool vlapic_takes_extint(const struct vcpu *v)
{
	uint32_t lint0 = v->lapic->reg[REG_LVT + LVT_LINT0].value;

	if (!(v->lapic->base & APIC_BASE_ENABLE))
		return true;
	if (!(lint0 & LVT_MASKED) && field_get(LVT_MODE, lint0) == DELIVER_EXTINT)
		return true;
	return vioapic_passes_extint(v);
}

/* SDM 3A 11.8.3.1 */
uint32_t vlapic_ppr(const struct vlapic *l)
{
	uint32_t tpr = vlapic_tpr(l), isr;

	if (!l->isr_words)
		return tpr;
	isr = vlapic_top(l, REG_ISR, l->isr_words) & 0xf0;
	return (tpr & 0xf0) >= isr ? tpr : isr;
}

/* An APIC that software or IA32_APIC_BASE has disabled accepts no new requests. */
COLD void vlapic_merge(struct vlapic *l)
{
	bool accepts = l->reg[REG_SVR].value & SVR_ENABLE && l->base & APIC_BASE_ENABLE;
	uint64_t *posted = l->vcpu->posted;

	for (unsigned i = 0; i < ARRAY_SIZE(l->vcpu->posted); i++) {
		if (!__atomic_load_n(&posted[i], __ATOMIC_RELAXED))
			continue;
		/* Pairs with the release in post(). */
		uint64_t bits = __atomic_exchange_n(&posted[i], 0, __ATOMIC_ACQUIRE);

		if (!accepts)
			continue;
		l->vcpu->apic_stale = l->vcpu->apic_by_cpu;
		l->reg[REG_IRR + 2 * i].value |= (uint32_t)bits;
		l->reg[REG_IRR + 2 * i + 1].value |= bits >> 32;
		l->vcpu->irr_words |= ((uint32_t)bits ? 1u : 0u) << 2 * i | (bits >> 32 ? 2u : 0u)
										    << 2 * i;
	}
}

static COLD int pending_above(struct vlapic *l, unsigned vector)
{
	return (vector & 0xf0) > (vlapic_ppr(l) & 0xf0) ? (int)vector : -1;
}

static inline int pending(struct vcpu *v, struct vlapic *l)
{
	unsigned vector;

	if (LIKELY(!v->irr_words))
		return -1;
	vector = vlapic_top(l, REG_IRR, v->irr_words);
	return LIKELY(!v->cr8 && !l->isr_words) ? (int)vector : pending_above(l, vector);
}

/* What is requested now must not wait for an end that the guest does not tell. */
static COLD void catch_up(struct vlapic *l)
{
	vlapic_catch_up(l);
	if (l->vcpu->irr_words)
		vlapic_eoi_withdraw(l);
}

int vlapic_pending(struct vcpu *v)
{
	struct vlapic *l = v->lapic;

	if (UNLIKELY(v->posted[0] | v->posted[1] | v->posted[2] | v->posted[3]))
		vlapic_merge(l);
	if (UNLIKELY(v->apic_by_others))
		catch_up(l);
	return pending(v, l);
}

/* One bit of word n of IRR or ISR goes; its bit in `words`, too, if it was the word's last. */
static inline void drop(uint32_t *word, unsigned bit, uint8_t *words, unsigned n)
{
	*word &= ~(1u << bit);
	if (LIKELY(!*word))
		*words &= ~(1u << n);
}

int vlapic_accept(struct vcpu *v, unsigned vector)
{
	struct vlapic *l = v->lapic;
	unsigned n = vector / 32, bit = vector % 32;

	drop(&l->reg[REG_IRR + n].value, bit, &v->irr_words, n);
	l->reg[REG_ISR + n].value |= 1u << bit;
	l->isr_words |= 1u << n;
	return pending(v, l);
}

bool vlapic_waits_for_cr8(struct vcpu *v)
{
	const struct vlapic *l = v->lapic;
	unsigned irr, isr;

	if (!v->irr_words)
		return false;
	irr = vlapic_top(l, REG_IRR, v->irr_words) >> 4;
	isr = l->isr_words ? vlapic_top(l, REG_ISR, l->isr_words) >> 4 : 0;
	return irr > isr && irr <= v->cr8;
}

/* SDM 3A 11.8.5 */
void vlapic_end(struct vlapic *l)
{
	struct vcpu *v = l->vcpu;
	unsigned n, bit;

	if (UNLIKELY(v->apic_by_others)) {
		vlapic_catch_up(l);
		vlapic_eoi_withdraw(l);
		v->apic_stale = v->apic_by_cpu;
	}
	if (!l->isr_words)
		return;
	n = vlapic_bsr(l->isr_words);
	bit = vlapic_bsr(l->reg[REG_ISR + n].value);
	drop(&l->reg[REG_ISR + n].value, bit, &l->isr_words, n);
	if (UNLIKELY(__atomic_load_n(&l->reg[REG_TMR + n].value, __ATOMIC_RELAXED) >> bit & 1))
		vioapic_eoi(v->domain, (uint8_t)(n * 32 + bit));
}

static void post(struct vcpu *v, uint8_t vector)
{
	/* Release: what the interrupt is about is seen before it is; pairs with vlapic_merge. */
	__atomic_fetch_or(&v->posted[vector / 64], BIT(vector % 64), __ATOMIC_RELEASE);
	vcpu_request(v, REQUEST_WAKE);
}

void vlapic_post(struct vcpu *v, uint8_t vector)
{
	vlapic_tmr_clear(v->lapic, vector);
	post(v, vector);
}

void vlapic_post_level(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = v->lapic;

	if (!vlapic_is_level(l, vector)) {
		__atomic_fetch_or(&l->reg[REG_TMR + vector / 32].value, 1u << vector % 32,
				  __ATOMIC_RELAXED);
		__atomic_store_n(&l->tmr_changed, true, __ATOMIC_RELAXED);
	}
	post(v, vector);
}

/* SDM 3A 11.5.3. The error interrupt's own bad vector only sets the bit. */
void vlapic_error(struct vlapic *l, uint32_t esr_bit)
{
	uint32_t lvt = l->reg[REG_LVT + LVT_ERROR].value, vector = lvt & LVT_VECTOR;
	uint32_t had = __atomic_fetch_or(&l->errors, esr_bit, __ATOMIC_RELAXED);

	if (had & esr_bit || lvt & LVT_MASKED)
		return;
	if (vector < 16)
		__atomic_fetch_or(&l->errors, ESR_RECEIVE_VECTOR, __ATOMIC_RELAXED);
	else
		vlapic_post(l->vcpu, (uint8_t)vector);
}
