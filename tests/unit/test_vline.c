// sources: vmm/vline.c
/* When an edge on a line would be lost: at the 8259s, at the I/O APIC, at both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/platform.h"
#include "lib/string.h"
#include "vmm/vioapic_state.h"
#include "vmm/vlapic_state.h"
#include "vmm/vline.h"
#include "vmm/vpc.h"

#define VECTOR 0x71u

static struct domain domain;
static struct vcpu vcpus[2];
static struct vlapic lapics[2];
static struct vioapic ioapic;
static struct vpc pc;

static int setup(void **state)
{
	memset(&domain, 0, sizeof(domain));
	memset(vcpus, 0, sizeof(vcpus));
	memset(lapics, 0, sizeof(lapics));
	memset(&ioapic, 0, sizeof(ioapic));
	memset(&pc, 0, sizeof(pc));
	domain.vcpus = 2;
	domain.ioapic = &ioapic;
	domain.pc = &pc;
	for (unsigned i = 0; i < 2; i++) {
		vcpus[i].lapic = &lapics[i];
		domain.vcpu[i] = &vcpus[i];
		pc.pic.chip[i].imr = 0xff;
	}
	for (unsigned i = 0; i < HV_GSI_COUNT; i++)
		ioapic.rte[i] = RTE_MASKED;
	return 0;
}

static void nothing_waits_where_all_is_masked(void **state)
{
	pc.pic.chip[0].irr = 0xff;
	vcpus[0].posted[VECTOR / 64] = ~0ull;
	for (unsigned line = 0; line < HV_GSI_COUNT; line++)
		assert_false(vline_waits(&domain, line));
}

static void a_request_at_the_8259s_waits(void **state)
{
	pc.pic.chip[0].imr = 0xfe;
	assert_false(vline_waits(&domain, 0));
	pc.pic.chip[0].irr = 1;
	assert_true(vline_waits(&domain, 0));
	assert_false(vline_waits(&domain, 8));
	pc.pic.chip[1].imr = 0xfe;
	pc.pic.chip[1].irr = 1;
	assert_true(vline_waits(&domain, 8));
}

static void a_vector_waits_until_a_vcpu_has_taken_it(void **state)
{
	ioapic.rte[HV_PC_TIMER_PIN] = VECTOR;
	ioapic.rte[20] = VECTOR + 1;
	assert_false(vline_waits(&domain, 0));
	vcpus[1].posted[VECTOR / 64] = BIT(VECTOR % 64);
	assert_true(vline_waits(&domain, 0));
	vcpus[1].posted[VECTOR / 64] = 0;
	lapics[1].reg[REG_IRR + VECTOR / 32].value = 1u << VECTOR % 32;
	assert_true(vline_waits(&domain, 0));
	assert_false(vline_waits(&domain, 20));
	lapics[1].reg[REG_ISR + VECTOR / 32].value = 1u << VECTOR % 32;
	lapics[1].reg[REG_IRR + VECTOR / 32].value = 0;
	assert_false(vline_waits(&domain, 0));
	ioapic.rte[HV_PC_TIMER_PIN] = VECTOR | RTE_LEVEL;
	vcpus[1].posted[VECTOR / 64] = BIT(VECTOR % 64);
	assert_false(vline_waits(&domain, 0));
}

static void a_controller_that_is_free_takes_it(void **state)
{
	pc.pic.chip[0].imr = 0xfe;
	pc.pic.chip[0].irr = 1;
	ioapic.rte[HV_PC_TIMER_PIN] = VECTOR;
	assert_false(vline_waits(&domain, 0));
	vcpus[0].posted[VECTOR / 64] = BIT(VECTOR % 64);
	assert_true(vline_waits(&domain, 0));
	pc.pic.chip[0].irr = 0;
	assert_false(vline_waits(&domain, 0));
}

static void without_8259s_each_line_is_a_pin(void **state)
{
	domain.pc = NULL;
	ioapic.rte[0] = VECTOR;
	vcpus[0].posted[VECTOR / 64] = BIT(VECTOR % 64);
	assert_true(vline_waits(&domain, 0));
	assert_false(vline_waits(&domain, 2));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_waits_where_all_is_masked),
		TEST(a_request_at_the_8259s_waits),
		TEST(a_vector_waits_until_a_vcpu_has_taken_it),
		TEST(a_controller_that_is_free_takes_it),
		TEST(without_8259s_each_line_is_a_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
