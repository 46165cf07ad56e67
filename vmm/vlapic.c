/*
 * The heart of the local APIC: requests, in-service vectors and priorities. Everything that runs at
 * each entry is here and short. A request from any CPU is a bit in vcpu->posted; only the owner
 * touches IRR and ISR, so neither needs a lock.
 */
#include "vmm/vlapic_state.h"

#include "abi/platform.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "vmm/vioapic.h"

static_assert(sizeof(struct vlapic) <= PAGE_SIZE, "vlapic_init takes one page");

void vlapic_init(struct vcpu *v)
{
	struct vlapic *l = frames_hv(1);

	l->vcpu = v;
	v->lapic = l;
	timer_init(&l->timer, vlapic_timer_fire);
	l->base = HV_GUEST_LAPIC | APIC_BASE_ENABLE | (v->index == 0 ? APIC_BASE_BSP : 0);
	vlapic_state_reset(l);
}

/* SDM 3A 11.4.7.1. IA32_APIC_BASE is not part of it. */
void vlapic_state_reset(struct vlapic *l)
{
	memset(l->irr, 0, sizeof(l->irr));
	memset(l->isr, 0, sizeof(l->isr));
	l->icr = l->tpr = l->ldr = l->esr = 0;
	l->dfr = ~0u;
	l->svr = 0xff;
	for (unsigned i = 0; i < LVT_COUNT; i++)
		l->lvt[i] = LVT_MASKED;
	l->initial = l->divide = 0;
	l->period = l->deadline = l->guest_deadline = 0;
	for (unsigned i = 0; i < 4; i++) {
		__atomic_store_n(&l->vcpu->posted[i], 0, __ATOMIC_RELAXED);
		__atomic_store_n(&l->tmr[i], 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&l->errors, 0, __ATOMIC_RELAXED);
}

void vlapic_reset(struct vcpu *v)
{
	struct vlapic *l = v->lapic;

	timer_set(&l->timer, TIMER_NEVER);
	l->base = HV_GUEST_LAPIC | APIC_BASE_ENABLE | (v->index == 0 ? APIC_BASE_BSP : 0);
	v->cr8 = 0;
	vlapic_state_reset(l);
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
	uint8_t cr8 = l->vcpu->cr8;

	return l->tpr >> 4 == cr8 ? l->tpr : (uint32_t)cr8 << 4;
}

/* SDM 3A 11.8.3.1 */
uint32_t vlapic_ppr(const struct vlapic *l)
{
	uint32_t tpr = vlapic_tpr(l);
	int isr = vlapic_highest(l->isr);

	if (isr < 0 || (tpr & 0xf0) >= ((uint32_t)isr & 0xf0))
		return tpr;
	return (uint32_t)isr & 0xf0;
}

/* An APIC that software or IA32_APIC_BASE has disabled accepts no new requests. */
void vlapic_merge(struct vlapic *l)
{
	bool accepts = l->svr & SVR_ENABLE && l->base & APIC_BASE_ENABLE;
	uint64_t *posted = l->vcpu->posted;

	for (unsigned i = 0; i < 4; i++) {
		if (!__atomic_load_n(&posted[i], __ATOMIC_RELAXED))
			continue;
		/* Pairs with the release in post(). */
		uint64_t bits = __atomic_exchange_n(&posted[i], 0, __ATOMIC_ACQUIRE);

		if (accepts)
			l->irr[i] |= bits;
	}
}

int vlapic_pending(struct vcpu *v)
{
	struct vlapic *l = v->lapic;
	int vector;

	if (UNLIKELY(v->posted[0] | v->posted[1] | v->posted[2] | v->posted[3]))
		vlapic_merge(l);
	if (LIKELY(!(l->irr[0] | l->irr[1] | l->irr[2] | l->irr[3])))
		return -1;
	vector = vlapic_highest(l->irr);
	if (LIKELY(!v->cr8 && !(l->isr[0] | l->isr[1] | l->isr[2] | l->isr[3])))
		return vector;
	return ((uint32_t)vector & 0xf0) > (vlapic_ppr(l) & 0xf0) ? vector : -1;
}

void vlapic_accept(struct vcpu *v, unsigned vector)
{
	struct vlapic *l = v->lapic;
	uint64_t bit = BIT(vector % 64);

	l->irr[vector / 64] &= ~bit;
	l->isr[vector / 64] |= bit;
}

bool vlapic_waits_for_cr8(struct vcpu *v)
{
	int irr = vlapic_highest(v->lapic->irr), isr = vlapic_highest(v->lapic->isr);

	return irr >= 0 && irr >> 4 > isr >> 4 && irr >> 4 <= v->cr8;
}

/* SDM 3A 11.8.5 */
void vlapic_end(struct vlapic *l)
{
	int vector = vlapic_highest(l->isr);

	if (vector < 0)
		return;
	l->isr[vector / 64] &= ~BIT(vector % 64);
	if (UNLIKELY(__atomic_load_n(&l->tmr[vector / 64], __ATOMIC_RELAXED) & BIT(vector % 64)))
		vioapic_eoi(l->vcpu->domain, (uint8_t)vector);
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
	__atomic_fetch_or(&v->lapic->tmr[vector / 64], BIT(vector % 64), __ATOMIC_RELAXED);
	post(v, vector);
}

/* SDM 3A 11.5.3. The error interrupt's own bad vector only sets the bit. */
void vlapic_error(struct vlapic *l, uint32_t esr_bit)
{
	uint32_t lvt = l->lvt[LVT_ERROR], vector = lvt & LVT_VECTOR;
	uint32_t had = __atomic_fetch_or(&l->errors, esr_bit, __ATOMIC_RELAXED);

	if (had & esr_bit || lvt & LVT_MASKED)
		return;
	if (vector < 16)
		__atomic_fetch_or(&l->errors, ESR_RECEIVE_VECTOR, __ATOMIC_RELAXED);
	else
		vlapic_post(l->vcpu, (uint8_t)vector);
}
