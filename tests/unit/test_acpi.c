// sources: drivers/acpi_parse.c drivers/acpi_walk.c lib/log.c lib/format.c lib/string.c
/* ACPI tables: a small machine of RSDP, XSDT, MADT, MCFG, HPET, FADT and DSDT in a buffer whose
   offsets are the physical addresses; then each part is broken in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "drivers/acpi.h"
#include "lib/log.h"
#include "lib/string.h"

#define MEMORY 0x4000
#define XSDT   0x100
#define RSDT   0x180
#define MADT   0x400
#define MCFG   0x600
#define HPET   0x700
#define FADT   0x800
#define DSDT   0xa00

static uint8_t *memory;
static struct acpi a;
static char log_text[4096];
static size_t log_bytes;

static void sink(const char *line, size_t bytes)
{
	if (log_bytes + bytes < sizeof(log_text)) {
		memcpy(log_text + log_bytes, line, bytes);
		log_bytes += bytes;
	}
}

static bool logged(const char *text)
{
	for (size_t i = 0; i + strlen(text) <= log_bytes; i++)
		if (!memcmp(log_text + i, text, strlen(text)))
			return true;
	return false;
}

static const void *map(uint64_t address, uint64_t bytes)
{
	return range_within(address, bytes, MEMORY) ? memory + address : NULL;
}

static void put(size_t at, uint64_t v, size_t bytes)
{
	memcpy(memory + at, &v, bytes);
}

static void fix_sum(size_t at, size_t bytes, size_t sum_at)
{
	uint8_t sum = 0;

	memory[at + sum_at] = 0;
	for (size_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + memory[at + i]);
	memory[at + sum_at] = (uint8_t)-sum;
}

static void finish(size_t at, const char *signature, size_t bytes)
{
	memcpy(memory + at, signature, 4);
	put(at + 4, bytes, 4);
	fix_sum(at, bytes, 9);
}

static void put_gas(size_t at, unsigned space, unsigned bits, uint64_t address)
{
	put(at, space, 1);
	put(at + 1, bits, 1);
	put(at + 4, address, 8);
}

static void build_madt(void)
{
	static const uint8_t entries[] = {
		0, 8,  0, 4, 1,    0,    0,    0,                   /* CPU, APIC id 4 */
		0, 8,  1, 6, 0,    0,    0,    0,                   /* disabled */
		1, 12, 9, 0, 0,    0,    0xc0, 0xfe, 0,    0, 0, 0, /* I/O APIC */
		2, 10, 0, 9, 20,   0,    0,    0,    0x0f, 0, /* IRQ 9 at GSI 20, level, low */
		2, 10, 0, 0, 2,    0,    0,    0,    0,    0, /* IRQ 0 at GSI 2 */
		9, 16, 0, 0, 0x34, 0x12, 0,    0,    1,    0, 0, 0,
		2, 0,  0, 0, /* x2APIC id 0x1234 */
	};

	memcpy(memory + MADT + 44, entries, sizeof(entries));
	finish(MADT, "APIC", 44 + sizeof(entries));
}

static void build_fadt(void)
{
	put(FADT + 40, DSDT, 4);
	put(FADT + 48, 0xb2, 4);
	put(FADT + 52, 2, 1);
	put(FADT + 64, 0x604, 4);
	put(FADT + 76, 0x608, 4);
	put(FADT + 112, 1 << 8 | 1 << 10, 4);
	put_gas(FADT + 116, 1, 8, 0xcf9);
	put(FADT + 128, 15, 1);
	finish(FADT, "FACP", 276);
}

static int build(void **state)
{
	static const uint8_t aml[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 4, 0x0a, 5, 1, 0, 0 };

	free(memory);
	memory = calloc(1, MEMORY);
	log_bytes = 0;
	memcpy(memory, "RSD PTR ", 8);
	memory[15] = 2;
	put(16, RSDT, 4);
	put(20, 36, 4);
	put(24, XSDT, 8);
	fix_sum(0, 20, 8);
	fix_sum(0, 36, 32);

	build_madt();
	put(MCFG + 44, 0xb0000000, 8);
	put(MCFG + 55, 255, 1);
	finish(MCFG, "MCFG", 60);
	put_gas(HPET + 40, 0, 64, 0xfed00000);
	finish(HPET, "HPET", 56);
	build_fadt();
	memcpy(memory + DSDT + 36, aml, sizeof(aml));
	finish(DSDT, "DSDT", 36 + sizeof(aml));

	for (unsigned i = 0; i < 4; i++) {
		static const uint16_t at[] = { MADT, MCFG, HPET, FADT };

		put(XSDT + 36 + 8 * i, at[i], 8);
		put(RSDT + 36 + 4 * i, at[i], 4);
	}
	finish(XSDT, "XSDT", 36 + 32);
	finish(RSDT, "RSDT", 36 + 16);
	acpi_defaults(&a);
	return 0;
}

static void check_all(void)
{
	assert_int_equal(a.cpus, 2);
	assert_int_equal(a.cpu[0], 4);
	assert_int_equal(a.cpu[1], 0x1234);
	assert_int_equal(a.ioapics, 1);
	assert_int_equal(a.ioapic[0].id, 9);
	assert_int_equal(a.overrides, 2);
	assert_true(a.override[0].level && a.override[0].low);
	assert_int_equal(a.override[0].gsi, 20);
	assert_false(a.override[1].level || a.override[1].low);
	assert_int_equal(a.ecams, 1);
	assert_int_equal(a.ecam[0].base.v, 0xb0000000);
	assert_int_equal(a.ecam[0].last_bus, 255);
	assert_int_equal(a.hpet.v, 0xfed00000);
	assert_int_equal(a.pm1a_control.address, 0x604);
	assert_int_equal(a.pm1b_control.address, 0);
	assert_int_equal(a.pm_timer.address, 0x608);
	assert_true(a.pm_timer_32bit);
	assert_int_equal(a.reset.address, 0xcf9);
	assert_int_equal(a.reset_value, 15);
	assert_int_equal(a.acpi_enable, 2);
	assert_true(a.has_s5);
	assert_int_equal(a.s5_a, 5);
	assert_int_equal(a.s5_b, 1);
}

static void reads_the_machine_by_its_xsdt(void **state)
{
	assert_true(acpi_parse(&a, memory, 36, map));
	check_all();
	assert_int_equal(log_bytes, 0);
}

static void reads_the_machine_by_its_rsdt(void **state)
{
	assert_true(acpi_parse(&a, memory, 20, map));
	check_all();
}

static void a_broken_rsdp_is_refused(void **state)
{
	memory[9]++;
	assert_false(acpi_parse(&a, memory, 36, map));
	assert_true(logged("RSDP is broken"));
	assert_int_equal(a.ioapic[0].base.v, 0xfec00000);
}

static void a_broken_table_is_named_and_the_others_count(void **state)
{
	memory[MADT + 50]++;
	assert_true(acpi_parse(&a, memory, 36, map));
	assert_true(logged("wrong checksum"));
	assert_int_equal(a.cpus, 0);
	assert_int_equal(a.ioapics, 1);
	assert_int_equal(a.ecams, 1);
}

static void a_length_out_of_bounds_is_named(void **state)
{
	put(MCFG + 4, 0xffffffff, 4);
	put(HPET + 4, 10, 4);
	put(FADT + 4, MEMORY, 4);
	assert_true(acpi_parse(&a, memory, 36, map));
	assert_true(logged("MCFG"));
	assert_true(logged("HPET"));
	assert_int_equal(a.cpus, 2);
	assert_int_equal(a.hpet.v, 0);
}

static void a_madt_entry_of_bad_size_ends_it(void **state)
{
	memory[MADT + 44 + 8 + 1] = 0;
	fix_sum(MADT, *(uint32_t *)(memory + MADT + 4), 9);
	assert_true(acpi_parse(&a, memory, 36, map));
	assert_int_equal(a.cpus, 1);
	assert_int_equal(a.ioapic[0].base.v, 0xfec00000);
	assert_true(logged("entry of bad size"));
}

static void s5_is_found_with_a_root_prefix_and_constants(void **state)
{
	static const uint8_t aml[] = {
		0, 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 4, 0, 0, 0, 0
	};

	acpi_parse_s5(&a, aml, sizeof(aml));
	assert_true(a.has_s5);
	assert_int_equal(a.s5_a, 0);
}

static void s5_that_is_cut_or_no_package_is_not_there(void **state)
{
	static const uint8_t aml[] = {
		0, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 4, 0x0a, 5, 0, 0, 0
	};

	for (size_t n = 0; n < 11; n++) {
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, aml, n);
		a.has_s5 = false;
		acpi_parse_s5(&a, cut, n);
		assert_false(a.has_s5);
		free(cut);
	}
}

static void random_changes_do_no_harm(void **state)
{
	srandom(3);
	for (int i = 0; i < 5000; i++) {
		build(NULL);
		for (int k = random() % 6; k >= 0; k--)
			memory[(size_t)random() % 0xb00] = (uint8_t)random();
		if (random() & 1)
			fix_sum(MADT, 44 + 70, 9);
		acpi_parse(&a, memory, 36, map);
		acpi_parse_madt(&a, memory + MADT, (size_t)random() % 256);
		acpi_parse_fadt(&a, memory + FADT, (size_t)random() % 300);
		assert_true(a.cpus <= ACPI_CPUS && a.ioapics <= ACPI_IOAPICS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_the_machine_by_its_xsdt, build),
		cmocka_unit_test_setup(reads_the_machine_by_its_rsdt, build),
		cmocka_unit_test_setup(a_broken_rsdp_is_refused, build),
		cmocka_unit_test_setup(a_broken_table_is_named_and_the_others_count, build),
		cmocka_unit_test_setup(a_length_out_of_bounds_is_named, build),
		cmocka_unit_test_setup(a_madt_entry_of_bad_size_ends_it, build),
		cmocka_unit_test_setup(s5_is_found_with_a_root_prefix_and_constants, build),
		cmocka_unit_test_setup(s5_that_is_cut_or_no_package_is_not_there, build),
		cmocka_unit_test_setup(random_changes_do_no_harm, build),
	};
	int failed;

	log_add_sink(sink);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(memory);
	return failed;
}
