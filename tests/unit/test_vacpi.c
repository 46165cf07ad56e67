/*
 * The guest's ACPI tables: every checksum and length holds, every table is reached from the RSDP,
 * and iasl, the reference decoder, takes each of them.
 */
// sources: vmm/vacpi.c vmm/guestmem.c tests/unit/fake_guest.c
#include "vmm/vacpi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi/platform.h"
#include "tests/unit/fake_guest.h"
#include "vmm/vacpi_tables.h"
#include "vmm/vpc.h"

static uint8_t sum(const void *p, size_t bytes)
{
	uint8_t s = 0;

	for (size_t n = 0; n < bytes; n++)
		s += ((const uint8_t *)p)[n];
	return s;
}

static struct acpi_header *table(uint64_t at)
{
	struct acpi_header *h = (void *)(fake_ram + at);

	assert_true(at >= HV_GUEST_ACPI && at < HV_GUEST_ACPI + HV_GUEST_ACPI_BYTES);
	assert_int_equal(sum(h, h->bytes), 0);
	return h;
}

/* Disassembles a table; iasl says on its own what is wrong. */
static void assert_iasl_takes(const struct acpi_header *h)
{
	char folder[] = "/tmp/vacpiXXXXXX", command[200];
	FILE *f;

	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "%s/t.aml", folder);
	f = fopen(command, "w");
	assert_int_equal(fwrite(h, 1, h->bytes, f), h->bytes);
	fclose(f);
	snprintf(command, sizeof(command),
		 "cd %s && iasl -d t.aml >log 2>&1 && ! grep -iE 'error|warning|invalid' log t.dsl",
		 folder);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static struct acpi_xsdt *install(void)
{
	struct acpi_rsdp *r = (void *)(fake_ram + HV_GUEST_ACPI);

	assert_int_equal(vacpi_install(&fake_domain), OK);
	assert_memory_equal(r->signature, "RSD PTR ", 8);
	assert_int_equal(sum(r, 20), 0);
	assert_int_equal(sum(r, sizeof(*r)), 0);
	return (struct acpi_xsdt *)table(r->xsdt);
}

static int setup(void **state)
{
	fake_reset();
	return 0;
}

static void every_table_is_found_and_sound(void **state)
{
	static const char *const names[] = { "FACP", "APIC", "MCFG" };
	struct acpi_xsdt *x = install();
	struct acpi_fadt *f = (void *)(fake_ram + x->table[0]);

	assert_memory_equal(x->h.signature, "XSDT", 4);
	for (unsigned n = 0; n < 3; n++) {
		struct acpi_header *h = table(x->table[n]);

		assert_memory_equal(h->signature, names[n], 4);
		assert_iasl_takes(h);
	}
	assert_memory_equal(table(f->x_dsdt)->signature, "DSDT", 4);
	assert_iasl_takes(table(f->x_dsdt));
}

static void the_platform_is_legacy_free(void **state)
{
	struct acpi_xsdt *x = install();
	struct acpi_fadt *f = (void *)(fake_ram + x->table[0]);
	struct acpi_madt *m = (void *)(fake_ram + x->table[1]);

	assert_int_equal(f->flags & FADT_HW_REDUCED, FADT_HW_REDUCED);
	assert_int_equal(f->boot_flags, FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC);
	assert_int_equal(f->reset_register.address, HV_PORT_RESET);
	assert_int_equal(f->sleep_control.address, HV_PORT_SLEEP);
	assert_int_equal(m->flags, 0);
	assert_int_equal(m->h.bytes, offsetof(struct acpi_madt, lapic[1]));
	assert_int_equal(m->ioapic.address, HV_GUEST_IOAPIC);
}

static void a_pc_has_8259s_fixed_hardware_and_legacy_devices(void **state)
{
	static struct vpc pc = { .link = 0 };
	struct acpi_madt_override *o;
	struct acpi_xsdt *x;
	struct acpi_fadt *f;
	struct acpi_madt *m;

	fake_domain.pc = &pc;
	x = install();
	fake_domain.pc = NULL;
	f = (void *)(fake_ram + x->table[0]);
	m = (void *)(fake_ram + x->table[1]);
	o = (void *)(m->lapic + 1);
	assert_int_equal(f->flags & FADT_HW_REDUCED, 0);
	assert_int_equal(f->pm_timer, HV_PORT_PM_TIMER);
	assert_memory_equal(fake_ram + f->x_facs, "FACS", 4);
	assert_int_equal(f->x_facs % 64, 0);
	assert_int_equal(m->flags, MADT_PCAT_COMPAT);
	assert_int_equal(m->h.bytes, (uint8_t *)(o + 2) - (uint8_t *)m);
	assert_true(o->irq == 0 && o->gsi == HV_PC_TIMER_PIN);
	assert_memory_equal(table(x->table[3])->signature, "SSDT", 4);
	for (unsigned n = 0; n < 4; n++)
		assert_iasl_takes(table(x->table[n]));
}

static void a_domain_without_that_ram_is_refused(void **state)
{
	fake_domain.extent[0].bytes = HV_GUEST_ACPI;
	assert_int_equal(vacpi_install(&fake_domain), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_table_is_found_and_sound, setup),
		cmocka_unit_test_setup(the_platform_is_legacy_free, setup),
		cmocka_unit_test_setup(a_pc_has_8259s_fixed_hardware_and_legacy_devices, setup),
		cmocka_unit_test_setup(a_domain_without_that_ram_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
