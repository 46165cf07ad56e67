/* Requests, priorities and the end of an interrupt (SDM 3A 11.8). */
#include "guests/apic/check.h"

#include <stddef.h>

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "lib/bits.h"

#define APIC_PPR   0xa0u
#define MSR_X2_ICR 0x830u

static uint64_t in_handler, in_nested;

static uint64_t read_cr8(void)
{
	uint64_t v;

	asm volatile("mov %%cr8, %0" : "=r"(v));
	return v;
}

static void write_cr8(uint64_t v)
{
	asm volatile("mov %0, %%cr8" : : "r"(v) : "memory");
}

static uint32_t word(unsigned bitmap, uint8_t vector)
{
	return apic_read(bitmap + vector / 32 * 16);
}

static void look(uint8_t vector)
{
	in_handler = (uint64_t)apic_read(APIC_PPR) << 32 | word(APIC_ISR, vector);
}

static void self_ipi(void)
{
	notes_clear();
	notes_call(look);
	apic_self_ipi(0x41);
	check("a self-IPI waits for IF", word(APIC_IRR, 0x41), 1 << 1);
	irq_gap();
	check("it comes once", notes(), 0x41);
	check("its handler is in service", in_handler, 0x40ull << 32 | 1 << 1);
	check("its EOI ends that", word(APIC_ISR, 0x41) | word(APIC_IRR, 0x41), 0);
	check("and the priority", apic_read(APIC_PPR), 0);
	notes_call(NULL);
}

static void by_destination(void)
{
	notes_clear();
	if (apic_is_x2apic()) {
		wrmsr(MSR_X2_ICR, (uint64_t)apic_id() << 32 | 0x43);
		apic_write(APIC_SELF_IPI, 0x93);
	} else {
		apic_write(APIC_ICR_HIGH, apic_id() << 24);
		apic_write(APIC_ICR, 0x43);
		apic_self_ipi(0x93);
	}
	irq_gap();
	check("IPIs by destination and to oneself", notes(), 0x9343);
}

static void order(void)
{
	notes_clear();
	apic_self_ipi(0x41);
	apic_self_ipi(0xe1);
	apic_self_ipi(0x51);
	apic_self_ipi(0x51);
	irq_gap();
	check("the highest goes first", notes(), 0xe15141);
}

static void nest(uint8_t vector)
{
	if (vector != 0x41)
		return;
	apic_self_ipi(0x42);
	apic_self_ipi(0x51);
	irq_gap();
	in_nested = notes();
}

static void nested(void)
{
	notes_clear();
	notes_call(nest);
	apic_self_ipi(0x41);
	irq_gap();
	check("a higher class interrupts a handler", in_nested, 0x4151);
	check("the same class waits for its EOI", notes(), 0x415142);
	notes_call(NULL);
}

static void task_priority(void)
{
	notes_clear();
	irq_enable();
	apic_write(APIC_TPR, 0x52);
	check("CR8 follows TPR", read_cr8(), 5);
	apic_self_ipi(0x41);
	apic_self_ipi(0x5f);
	check("TPR holds back", notes(), 0);
	apic_write(APIC_TPR, 0x4f);
	check("a lower TPR lets the higher class in", notes(), 0x5f);
	apic_write(APIC_TPR, 0);
	check("a TPR of 0 both", notes(), 0x5f41);
	irq_disable();
}

static void cr8(void)
{
	notes_clear();
	irq_enable();
	write_cr8(5);
	check("TPR follows CR8", apic_read(APIC_TPR), 0x50);
	check("and so does PPR", apic_read(APIC_PPR), 0x50);
	apic_self_ipi(0x41);
	apic_self_ipi(0x5f);
	check("CR8 holds back", notes(), 0);
	write_cr8(4);
	check("a lower CR8 lets the higher class in", notes(), 0x5f);
	write_cr8(0);
	check("a CR8 of 0 both", notes(), 0x5f41);
	irq_disable();
}

void delivery_cases(void)
{
	self_ipi();
	by_destination();
	order();
	nested();
	task_priority();
	cr8();
}
