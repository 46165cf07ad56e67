/*
 * The 8259 pair where a guest cannot look: requests that vanish before they are acknowledged, words
 * in odd orders, the flag that makes a vCPU look, and what each line drives.
 */
// sources: vmm/vpic.c vmm/vpic_chip.c
#include "vmm/vpic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/platform.h"
#include "vmm/vlapic.h"
#include "vmm/vpc.h"

static struct domain d;
static struct vcpu v;
static struct vpc pc;
static unsigned wakes;
static bool takes;

void vcpu_request(struct vcpu *to, uint32_t requests)
{
	assert_ptr_equal(to, &v);
	wakes++;
}

bool vlapic_takes_extint(const struct vcpu *of)
{
	return takes;
}

static void out(uint16_t port, uint8_t value)
{
	struct io_access a = { .address = port, .data = value, .size = 1, .write = true };

	assert_int_equal(vpic_pio(&v, &a), VERDICT_DONE);
}

static uint8_t in(uint16_t port)
{
	struct io_access a = { .address = port, .size = 1 };

	assert_int_equal(vpic_pio(&v, &a), VERDICT_DONE);
	return (uint8_t)a.data;
}

static int setup(void **state)
{
	static const uint8_t words[][2] = { { 0x11, 0x11 }, { 0x40, 0x48 }, { 4, 2 }, { 1, 1 } };

	d = (struct domain){ .vcpu[0] = &v, .vcpus = 1, .pc = &pc };
	v = (struct vcpu){ .domain = &d };
	vpic_reset(&d);
	for (unsigned i = 0; i < 4; i++) {
		out(HV_PORT_PIC1 + !!i, words[i][0]);
		out(HV_PORT_PIC2 + !!i, words[i][1]);
	}
	wakes = 0;
	takes = true;
	return 0;
}

static void a_line_wakes_the_vcpu_once_and_is_acknowledged_once(void **state)
{
	vpic_line(&d, 3, true);
	assert_int_equal(wakes, 1);
	assert_true(v.extint && vpic_asks(&v) && vpic_asks(&v));
	vpic_line(&d, 3, true);
	vpic_line(&d, 5, true);
	assert_int_equal(wakes, 1);
	assert_int_equal(vpic_acknowledge(&d), 0x43);
	assert_false(vpic_asks(&v));
	assert_false(v.extint);
}

static void what_does_not_reach_the_vcpu_waits_for_a_look(void **state)
{
	takes = false;
	vpic_line(&d, 3, true);
	assert_true(!v.extint && wakes == 0);
	assert_false(vpic_asks(&v));
	takes = true;
	vpic_look(&v);
	assert_true(v.extint && vpic_asks(&v));
}

static void other_guests_are_left_alone(void **state)
{
	d.pc = NULL;
	vpic_tell(&d);
	vpic_look(&v);
	assert_true(!v.extint && wakes == 0);
}

static void a_level_that_fell_is_spurious(void **state)
{
	out(HV_PORT_PIC_ELCR, 0x20);
	out(HV_PORT_PIC_ELCR + 1, 0x04);
	vpic_line(&d, 5, true);
	vpic_line(&d, 5, false);
	assert_int_equal(vpic_acknowledge(&d), 0x47);
	out(HV_PORT_PIC1, 0x0b);
	assert_int_equal(in(HV_PORT_PIC1), 0);
	vpic_line(&d, 10, true);
	pc.pic.chip[1].irr = 0;
	assert_int_equal(vpic_acknowledge(&d), 0x4f);
	assert_int_equal(in(HV_PORT_PIC1), 4);
	out(HV_PORT_PIC2, 0x0b);
	assert_int_equal(in(HV_PORT_PIC2), 0);
}

static void lines_drive_pins(void **state)
{
	assert_int_equal(vpic_line(&d, 0, true), HV_PC_TIMER_PIN);
	assert_int_equal(vpic_line(&d, 2, true), HV_GSI_COUNT);
	assert_int_equal(vpic_line(&d, 4, true), 4);
	assert_int_equal(vpic_line(&d, 20, true), 20);
	assert_int_equal(in(HV_PORT_PIC1), 0x11);
}

static void a_single_chip_without_icw4_needs_two_words(void **state)
{
	out(HV_PORT_PIC1, 0x12);
	out(HV_PORT_PIC1 + 1, 0x77);
	out(HV_PORT_PIC1 + 1, 0xfe);
	assert_int_equal(in(HV_PORT_PIC1 + 1), 0xfe);
	vpic_line(&d, 0, true);
	assert_int_equal(vpic_acknowledge(&d), 0x70);
}

static void only_an_eoi_lets_the_same_line_in_again(void **state)
{
	vpic_line(&d, 14, true);
	assert_int_equal(vpic_acknowledge(&d), 0x4e);
	vpic_line(&d, 14, false);
	vpic_line(&d, 14, true);
	assert_false(vpic_asks(&v));
	out(HV_PORT_PIC2, 0x20);
	assert_false(vpic_asks(&v));
	out(HV_PORT_PIC1, 0x20);
	assert_true(vpic_asks(&v));
	assert_int_equal(vpic_acknowledge(&d), 0x4e);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(a_line_wakes_the_vcpu_once_and_is_acknowledged_once),
		TEST(what_does_not_reach_the_vcpu_waits_for_a_look),
		TEST(other_guests_are_left_alone),
		TEST(a_level_that_fell_is_spurious),
		TEST(lines_drive_pins),
		TEST(a_single_chip_without_icw4_needs_two_words),
		TEST(only_an_eoi_lets_the_same_line_in_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
