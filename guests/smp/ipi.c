/*
 * Interrupts from vCPU to vCPU: a token that goes round while all others sleep, a call that every
 * other one answers, NMIs.
 */
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/smp.h"
#include "guests/lib/trap.h"
#include "guests/smp/cases.h"

#define LAPS  50
#define CALLS 20

#define ICR_NMI        0x400u
#define ICR_ASSERT     0x4000u
#define ICR_ALL_OTHERS 0xc0000u

static uint32_t tokens[VCPUS], calls, nmis, order_kept;

static void take_token(struct trap_frame *f, void *arg)
{
	__atomic_fetch_add(&tokens[smp_id()], 1, __ATOMIC_RELAXED);
	apic_eoi();
}

static void take_call(struct trap_frame *f, void *arg)
{
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELEASE);
	apic_eoi();
}

static void take_nmi(struct trap_frame *f, void *arg)
{
	__atomic_fetch_add(&nmis, 1, __ATOMIC_RELEASE);
}

/* Asleep until the token is there; only its holder goes on. */
static void pass_token(unsigned id)
{
	unsigned next = (id + 1) % boot->vcpus;

	irq_disable();
	for (uint32_t lap = 1; lap <= LAPS; lap++) {
		if (id || lap > 1)
			while (__atomic_load_n(&tokens[id], __ATOMIC_RELAXED) < lap - !id)
				irq_wait();
		order_kept += tokens[next] == lap - 1;
		smp_ipi(next, VECTOR_TOKEN);
	}
	irq_enable();
}

static void wait_for(uint32_t *counter, uint32_t value)
{
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < value)
		cpu_relax();
}

static void call_others(void)
{
	for (uint32_t i = 1; i <= CALLS; i++) {
		apic_send(0, ICR_ALL_OTHERS | ICR_ASSERT | VECTOR_CALL);
		wait_for(&calls, i * (boot->vcpus - 1u));
	}
	verdict("calls are answered", calls == CALLS * (boot->vcpus - 1u));
}

static void nmi_others(void)
{
	for (unsigned id = 1; id < boot->vcpus; id++) {
		apic_send(id, ICR_NMI | ICR_ASSERT);
		wait_for(&nmis, id);
	}
	verdict("NMIs arrive", nmis == boot->vcpus - 1u);
}

void ipi_cases(void)
{
	trap_bind(VECTOR_TOKEN, take_token, NULL);
	trap_bind(VECTOR_CALL, take_call, NULL);
	trap_bind(TRAP_NMI, take_nmi, NULL);
	together(pass_token);
	verdict("a token goes round", order_kept == LAPS * boot->vcpus);
	call_others();
	nmi_others();
}
