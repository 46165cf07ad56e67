// sources: tests/unit/fake_vlapic.c vmm/vlapic.c vmm/vlapic_dest.c vmm/vlapic_regs.c
// sources: vmm/vlapic_msr.c vmm/vlapic_timer.c vmm/vlapic_cpu.c vmm/vlapic_eoi.c
// sources: vmm/vioapic.c vmm/vioapic_regs.c vmm/vpic.c vmm/vpic_chip.c
/*
 * Which vCPUs of a PC the 8259s reach: those whose LINT0 is an ExtINT, the destinations of such a
 * pin 0 of the I/O APIC, and those whose local APIC is off; and that they are told of it.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake_vlapic.h"

#include "abi/platform.h"
#include "vmm/event.h"
#include "vmm/vioapic.h"
#include "vmm/vpc.h"

#define VCPUS    3
#define EXTINT   0x700u
#define LOGICAL  0x800u
#define MASKED   0x10000u
#define EVERYONE 0xffu

static struct vcpu more[VCPUS - 1];
static struct vpc pc;

void event_set(struct domain *of, unsigned event)
{
}

enum verdict vpc_reset_port(struct vcpu *of, struct io_access *a)
{
	return VERDICT_DONE;
}

static struct vcpu *vcpu(unsigned n)
{
	return n ? &more[n - 1] : &v;
}

static void lapic_put(unsigned n, unsigned reg, uint32_t value)
{
	struct io_access a = {
		.address = 0xfee00000 + reg * 16, .size = 4, .write = true, .data = value
	};

	assert_int_equal(vlapic_mmio(vcpu(n), &a), VERDICT_DONE);
}

static void ioapic_put(unsigned offset, uint32_t value)
{
	struct io_access a = {
		.address = HV_GUEST_IOAPIC + offset, .size = 4, .write = true, .data = value
	};

	vioapic_mmio(&v, &a);
}

static void pin_0(unsigned destination, uint32_t low)
{
	ioapic_put(0, 0x11);
	ioapic_put(0x10, destination << 24);
	ioapic_put(0, 0x10);
	ioapic_put(0x10, low);
}

static void out(uint16_t port, uint8_t value)
{
	struct io_access a = { .address = port, .data = value, .size = 1, .write = true };

	vpic_pio(&v, &a);
}

static int fresh(void **state)
{
	static const uint8_t words[] = { 0x11, 0x40, 4, 1 };

	vlapic_fresh(state);
	d.pc = &pc;
	d.vcpus = VCPUS;
	for (unsigned n = 1; n < VCPUS; n++) {
		memset(vcpu(n), 0, sizeof(struct vcpu));
		d.vcpu[n] = vcpu(n);
		vcpu(n)->domain = &d;
		vcpu(n)->index = (uint16_t)n;
		vlapic_init(vcpu(n));
		lapic_put(n, REG_SVR, 0x1ff);
	}
	vioapic_init(&d);
	vpic_reset(&d);
	for (unsigned i = 0; i < 4; i++)
		out(HV_PORT_PIC1 + !!i, words[i]);
	lapic_put(0, REG_LVT + LVT_LINT0, MASKED);
	for (unsigned n = 0; n < VCPUS; n++)
		vcpu(n)->extint = false;
	return 0;
}

static int done(void **state)
{
	for (unsigned n = 1; n < VCPUS; n++)
		free(vcpu(n)->lapic);
	free(d.ioapic);
	return vlapic_done(state);
}

/* Bit n: vCPU n was told and would take what is asked. */
static unsigned takers(void)
{
	unsigned set = 0;

	for (unsigned n = 0; n < VCPUS; n++)
		set |= (unsigned)(vcpu(n)->extint && vpic_asks(vcpu(n))) << n;
	return set;
}

/* Those of a line that rises now; it is acknowledged. */
static unsigned takers_of_a_line(void)
{
	unsigned set;

	vpic_line(&d, 3, true);
	set = takers();
	assert_int_equal(vpic_acknowledge(&d), 0x43);
	assert_int_equal(takers(), 0);
	vpic_line(&d, 3, false);
	out(HV_PORT_PIC1, 0x20);
	return set;
}

static void nobody_is_reached_where_all_is_masked(void **state)
{
	pin_0(EVERYONE, EXTINT | MASKED);
	vpic_line(&d, 3, true);
	assert_int_equal(takers(), 0);
	for (unsigned n = 0; n < VCPUS; n++)
		assert_false(vcpu(n)->extint);
}

static void firmware_leaves_them_to_the_first(void **state)
{
	for (unsigned n = 0; n < VCPUS; n++)
		vlapic_reset(vcpu(n));
	assert_int_equal(takers_of_a_line(), 1);
}

static void lint0_is_each_vcpus_own(void **state)
{
	for (unsigned n = 0; n < VCPUS; n++) {
		lapic_put(n, REG_LVT + LVT_LINT0, EXTINT);
		assert_int_equal(takers_of_a_line(), 1u << n);
		lapic_put(n, REG_LVT + LVT_LINT0, 0x31); /* fixed: no way for them */
		assert_int_equal(takers_of_a_line(), 0);
		lapic_put(n, REG_LVT + LVT_LINT0, EXTINT | MASKED);
	}
}

static void pin_0_goes_to_the_one_that_it_names(void **state)
{
	for (unsigned n = 0; n < VCPUS; n++) {
		pin_0(n, EXTINT);
		assert_int_equal(takers_of_a_line(), 1u << n);
	}
	pin_0(VCPUS, EXTINT);
	assert_int_equal(takers_of_a_line(), 0);
	pin_0(1, 0x31);
	assert_int_equal(takers_of_a_line(), 0);
	pin_0(EVERYONE, EXTINT);
	assert_int_equal(takers_of_a_line(), 7);
}

static void pin_0_goes_to_a_logical_set(void **state)
{
	pin_0(6, EXTINT | LOGICAL);
	assert_int_equal(takers_of_a_line(), 0);
	for (unsigned n = 0; n < VCPUS; n++)
		lapic_put(n, REG_LDR, 1u << (24 + n));
	assert_int_equal(takers_of_a_line(), 6);
}

static void a_local_apic_that_is_off_lets_them_past(void **state)
{
	assert_true(vlapic_base_write(vcpu(2), 0x1b, 0xfee00000));
	assert_int_equal(takers_of_a_line(), 4);
}

static void who_is_reached_later_is_told_of_what_waits(void **state)
{
	vpic_line(&d, 3, true);
	assert_int_equal(takers(), 0);
	pin_0(1, EXTINT);
	assert_int_equal(takers(), 2);
	pin_0(2, EXTINT);
	assert_int_equal(takers(), 4);
	pin_0(2, EXTINT | MASKED);
	assert_int_equal(takers(), 0);
	lapic_put(1, REG_LVT + LVT_LINT0, EXTINT);
	assert_int_equal(takers(), 2);
	lapic_put(1, REG_LVT + LVT_LINT0, MASKED);
	assert_true(vlapic_base_write(vcpu(2), 0x1b, 0xfee00000));
	assert_int_equal(takers(), 4);
}

static void of_several_the_first_to_acknowledge_has_it(void **state)
{
	pin_0(EVERYONE, EXTINT);
	vpic_line(&d, 3, true);
	vpic_line(&d, 5, true);
	assert_int_equal(takers(), 7);
	assert_int_equal(vpic_acknowledge(&d), 0x43);
	assert_int_equal(takers(), 0);
	out(HV_PORT_PIC1, 0x20);
	assert_int_equal(takers(), 7);
	assert_int_equal(vpic_acknowledge(&d), 0x45);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nobody_is_reached_where_all_is_masked),
		T(firmware_leaves_them_to_the_first),
		T(lint0_is_each_vcpus_own),
		T(pin_0_goes_to_the_one_that_it_names),
		T(pin_0_goes_to_a_logical_set),
		T(a_local_apic_that_is_off_lets_them_past),
		T(who_is_reached_later_is_told_of_what_waits),
		T(of_several_the_first_to_acknowledge_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
