/*
 * The local APIC's timer: one-shot, periodic and TSC deadline (SDM 3A 11.5.4), on one timer of the
 * hypervisor. The counter is not kept: it follows from the deadline. It counts nanoseconds before
 * the divider, so conversions are those of arch/x86/cpu/tsc.h.
 */
#include "vmm/vlapic_state.h"

#include "arch/x86/cpu/tsc.h"

static_assert(VLAPIC_KHZ == 1000000, "the counter is in nanoseconds");

/* A shorter period would keep this CPU busy with nothing else; so would this one while the guest
   does not even take the interrupt, maybe because somebody else runs: then it may wait longer. */
#define PERIOD_MIN_NS  20000
#define PERIOD_IDLE_NS 1000000

static void arm(struct vlapic *l, uint64_t deadline)
{
	l->deadline = deadline;
	timer_set(&l->timer, deadline);
}

void vlapic_timer_stop(struct vlapic *l)
{
	l->deadline = l->guest_deadline = 0;
	timer_set(&l->timer, TIMER_NEVER);
}

/* Nothing would come of it if the timer fired: masked, or the last interrupt still waits. */
static bool is_idle(const struct vlapic *l)
{
	uint32_t lvt = l->reg[REG_LVT + LVT_TIMER].value, vector = lvt & LVT_VECTOR;
	uint64_t posted = __atomic_load_n(&l->vcpu->posted[vector / 64], __ATOMIC_RELAXED);

	return lvt & LVT_MASKED || posted & BIT(vector % 64) ||
	       l->reg[REG_IRR + vector / 32].value & BIT(vector % 32);
}

/* The next multiple of the period that lies ahead; what was missed is not made up for. */
static uint64_t next_period(const struct vlapic *l)
{
	uint64_t now = tsc_read(), min = tsc_from_ns(is_idle(l) ? PERIOD_IDLE_NS : PERIOD_MIN_NS);
	uint64_t period = MAX(l->period, min), next = l->deadline + period;

	return next > now ? next : now + period - (now - next) % period;
}

void vlapic_timer_fire(struct timer *t)
{
	struct vlapic *l = CONTAINER_OF(t, struct vlapic, timer);
	uint32_t lvt = l->reg[REG_LVT + LVT_TIMER].value, vector = lvt & LVT_VECTOR;

	if (l->timer_mode == TIMER_PERIODIC)
		arm(l, next_period(l));
	else
		l->deadline = l->guest_deadline = 0;
	if (lvt & LVT_MASKED)
		return;
	if (vector < 16)
		vlapic_error(l, ESR_RECEIVE_VECTOR);
	else
		vlapic_post(l->vcpu, (uint8_t)vector);
}

/* A write of the initial count; in deadline mode it has no effect. */
void vlapic_timer_start(struct vlapic *l, uint32_t initial)
{
	l->reg[REG_TIMER_INITIAL].value = l->timer_mode == TIMER_DEADLINE ? 0 : initial;
	if (l->timer_mode == TIMER_DEADLINE)
		return;
	if (!initial) {
		vlapic_timer_stop(l);
		return;
	}
	l->period = tsc_from_ns((uint64_t)initial << l->divide_shift);
	arm(l, tsc_read() + l->period);
}

/* Rounded up: zero means that it has expired. */
uint32_t vlapic_timer_count(const struct vlapic *l)
{
	uint64_t now = tsc_read(), left;
	uint8_t shift = l->divide_shift;

	if (!l->deadline || l->timer_mode == TIMER_DEADLINE)
		return 0;
	left = l->deadline > now ? tsc_ns(l->deadline - now) : 0;
	left = (left + BIT(shift) - 1) >> shift;
	return left ? (uint32_t)MIN(left, l->reg[REG_TIMER_INITIAL].value) : 1;
}

/* The counter goes on from where it is, at the new rate. log2 of the divider is in bits 3, 1, 0:
   111b is 1, 000b is 2, 110b is 128. */
void vlapic_timer_divide(struct vlapic *l, uint32_t divide)
{
	uint32_t left = vlapic_timer_count(l);

	l->reg[REG_TIMER_DIVIDE].value = divide;
	l->divide_shift = ((divide & 3) + (divide >> 1 & 4) + 1) & 7;
	if (!l->deadline || l->timer_mode == TIMER_DEADLINE)
		return;
	l->period = tsc_from_ns((uint64_t)l->reg[REG_TIMER_INITIAL].value << l->divide_shift);
	arm(l, tsc_read() + tsc_from_ns((uint64_t)left << l->divide_shift));
}

/* Before the LVT entry changes: going into or out of deadline mode disarms the timer. */
void vlapic_timer_lvt(struct vlapic *l, uint32_t lvt)
{
	unsigned old = l->timer_mode;

	l->timer_mode = field_get(LVT_TIMER_MODE, lvt);
	if ((old == TIMER_DEADLINE) == (l->timer_mode == TIMER_DEADLINE))
		return;
	l->reg[REG_TIMER_INITIAL].value = 0;
	vlapic_timer_stop(l);
}

/* Guest time to host time, without wrapping either way. */
static uint64_t host_deadline(const struct vlapic *l)
{
	uint64_t now = tsc_read(), guest_now = now + l->vcpu->tsc_offset;
	uint64_t left = l->guest_deadline > guest_now ? l->guest_deadline - guest_now : 0;

	return now + MIN(left, TIMER_NEVER - 1 - now);
}

bool vlapic_deadline_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct vlapic *l = v->lapic;

	if (l->timer_mode != TIMER_DEADLINE)
		return true;
	if (!value) {
		vlapic_timer_stop(l);
		return true;
	}
	l->guest_deadline = value;
	arm(l, host_deadline(l));
	return true;
}

bool vlapic_deadline_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	*value = v->lapic->guest_deadline;
	return true;
}

void vlapic_tsc_changed(struct vcpu *v)
{
	if (v->lapic->guest_deadline)
		arm(v->lapic, host_deadline(v->lapic));
}
