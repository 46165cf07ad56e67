/*
 * The validator of configuration blobs, as to who runs where and when: priorities, quanta, caps,
 * dedicated CPUs and the cyclic table. A good one passes, each single mistake is found and named.
 */
// sources: vmm/config.c vmm/config_devices.c vmm/config_served.c vmm/config_schedule.c
// sources: lib/string.c lib/format.c
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "vmm/config.h"

static struct config c;
static char why[256];

static void add_domain(const char *name, unsigned vcpus)
{
	struct config_domain *d = &c.domain[c.domains++];

	strcpy(d->name, name);
	d->protocol = CONFIG_NATIVE;
	d->memory = 16 << 20;
	d->vcpus = vcpus;
	d->quantum_us = 5000;
	for (unsigned i = 0; i < CONFIG_VCPUS; i++)
		d->cpu[i] = CONFIG_NONE;
	d->initrd = CONFIG_NONE;
}

static void add_slot(unsigned cpu, unsigned domain, unsigned start, unsigned length)
{
	c.slot[c.slots++] = (struct config_slot){
		.cpu = (uint16_t)cpu,
		.domain = (uint16_t)domain,
		.start_us = start,
		.length_us = length,
	};
}

/* A service domain on CPU 0, two guests with slots on CPU 1, one with CPU 2 for itself. */
static int good(void **state)
{
	memset(&c, 0, sizeof(c));
	c.magic = CONFIG_MAGIC;
	c.version = CONFIG_VERSION;
	c.bytes = sizeof(c);
	strcpy(c.name, "test");
	strcpy(c.module[0].name, "guest.elf");
	c.module[c.modules++].bytes = 100000;
	add_domain("service", 1);
	c.domain[0].flags = CONFIG_FLAG_SERVICE;
	add_domain("a", 2);
	add_domain("b", 1);
	add_domain("own", 1);
	c.domain[3].flags = CONFIG_FLAG_DEDICATED;
	c.domain[3].cpu[0] = 2;
	c.frame_us = 20000;
	add_slot(1, 1, 0, 5000);
	add_slot(1, 2, 5000, 5000);
	add_slot(1, 1, 10000, 10000);
	return 0;
}

static enum err check(void)
{
	why[0] = 0;
	c.crc = config_crc(&c);
	return config_check(&c, sizeof(c), why, sizeof(why));
}

static void expect(const char *words)
{
	assert_int_equal(check(), ERR_INVAL);
	if (!strstr(why, words))
		fail_msg("\"%s\" does not say \"%s\"", why, words);
	good(NULL);
}

static void a_good_schedule_passes(void **state)
{
	if (check() != OK)
		fail_msg("%s", why);
}

static void numbers_of_a_domain_have_bounds(void **state)
{
	c.domain[1].vcpus = 0;
	expect("domain a: vcpus: 0; 1 to 8");
	c.domain[0].vcpus = 2;
	expect("domain service: vcpus: 2; a service domain has 1");
	c.domain[2].priority = 8;
	expect("domain b: priority: 8");
	c.domain[2].quantum_us = 1000001;
	expect("domain b: quantum: 1000001 us; 100us to 1s");
	c.domain[3].cap_percent = 101;
	expect("domain own: cap: 101");
	c.domain[1].cpu[1] = 256;
	expect("domain a: cpu: 256; 0 to 255");
}

static void bounds_are_within(void **state)
{
	c.domain[1].vcpus = 8;
	c.domain[1].priority = 7;
	c.domain[1].quantum_us = 100;
	c.domain[2].quantum_us = 1000000;
	c.domain[3].cap_percent = 100;
	c.domain[1].cpu[7] = 255;
	c.frame_us = 10000000;
	c.slot[1].length_us = 100;
	a_good_schedule_passes(NULL);
}

static void a_dedicated_cpu_has_nobody_else(void **state)
{
	c.domain[2].cpu[0] = 2;
	c.slots = 1;
	expect("domain own: dedicated: CPU 2 is vCPU 0's of b, too");
	c.domain[3].cpu[0] = 0; /* the service domain's, unnamed */
	expect("domain own: dedicated: CPU 0 is vCPU 0's of service, too");
	c.slot[0].cpu = 2;
	c.slots = 1;
	expect("schedule.slots[0].cpu: 2 is dedicated to own");
}

static void a_frame_has_bounds_and_slots(void **state)
{
	c.slots = 0;
	expect("schedule.slots: 0; 1 to");
	c.slots = CONFIG_SLOTS + 1;
	expect("schedule.slots: ");
	c.frame_us = 999;
	expect("schedule.frame: 999 us; 1ms to 10s");
	c.frame_us = 10000001;
	expect("schedule.frame: 10000001 us");
	c.frame_us = 0;
	expect("schedule.frame: 0 us");
}

static void a_slot_belongs_to_a_vcpu_that_may_have_one(void **state)
{
	c.slot[1].domain = 4;
	expect("schedule.slots[1].domain: number 4 of 4");
	c.slot[1].vcpu = 1;
	expect("schedule.slots[1].vcpu: 1; b has 0 to 0");
	c.slot[1].cpu = 256;
	expect("schedule.slots[1].cpu: 256");
	c.domain[2].cpu[0] = 0;
	expect("schedule.slots[1].cpu: 1; domain b says that its vCPU 0 is on CPU 0");
	c.slot[1].domain = 3;
	c.domain[3].cpu[0] = CONFIG_NONE;
	expect("schedule.slots[1].domain: own is dedicated");
	c.domain[2].cap_percent = 10;
	expect("schedule.slots[1].domain: b is capped");
}

static void slots_lie_in_the_frame_in_order(void **state)
{
	c.slot[1].length_us = 99;
	expect("schedule.slots[1].length: 99 us; at least 100 us");
	c.slot[2].length_us = 10001;
	expect("schedule.slots[2].length: the slot ends beyond the frame, 20000 us");
	c.slot[2].start_us = ~0u;
	expect("schedule.slots[2].length: ");
	c.slot[1].start_us = 4999;
	expect("schedule.slots[1].start: 4999 us is before slot 0 ends, 5000 us");
	c.slot[2].cpu = 0;
	expect("schedule.slots[2].cpu: 0; slot 0 puts the same vCPU on CPU 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_schedule_passes, good),
		cmocka_unit_test_setup(numbers_of_a_domain_have_bounds, good),
		cmocka_unit_test_setup(bounds_are_within, good),
		cmocka_unit_test_setup(a_dedicated_cpu_has_nobody_else, good),
		cmocka_unit_test_setup(a_frame_has_bounds_and_slots, good),
		cmocka_unit_test_setup(a_slot_belongs_to_a_vcpu_that_may_have_one, good),
		cmocka_unit_test_setup(slots_lie_in_the_frame_in_order, good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
