/*
 * Parsers of ACPI tables over byte buffers. Numbers are read through span_field(), which gives 0
 * beyond the end of the table. Pure: tested and fuzzed on the host.
 */
#include "drivers/acpi.h"

#include "drivers/acpi_table.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/span.h"

#define MADT_ENTRIES     44
#define MADT_LAPIC       0
#define MADT_IOAPIC      1
#define MADT_OVERRIDE    2
#define MADT_X2APIC      9
#define MADT_CPU_ENABLED BIT(0)
#define MPS_LOW          3u /* polarity field; 1 high, 0 as the bus says */
#define MPS_LEVEL        3u /* trigger field */
#define MPS_POLARITY     MASK(1, 0)
#define MPS_TRIGGER      MASK(3, 2)

#define MCFG_ENTRIES 44
#define MCFG_ENTRY   16
#define HPET_GAS     40

void acpi_defaults(struct acpi *a)
{
	memset(a, 0, sizeof(*a));
	a->ioapic[0].base = hpa(0xfec00000);
	a->ioapics = 1;
}

static void add_cpu(struct acpi *a, uint32_t id, uint32_t flags)
{
	if (!(flags & MADT_CPU_ENABLED))
		return;
	for (unsigned i = 0; i < a->cpus; i++)
		if (a->cpu[i] == id)
			return;
	if (a->cpus < ACPI_CPUS)
		a->cpu[a->cpus++] = id;
}

static void add_override(struct acpi *a, const struct span *e)
{
	uint16_t flags = (uint16_t)span_field(e, 8, 2);
	struct acpi_override o = {
		.irq = (uint8_t)span_field(e, 3, 1),
		.gsi = (uint32_t)span_field(e, 4, 4),
		.low = field_get(MPS_POLARITY, flags) == MPS_LOW,
		.level = field_get(MPS_TRIGGER, flags) == MPS_LEVEL,
	};

	if (a->overrides < ACPI_OVERRIDES)
		a->override[a->overrides++] = o;
}

static void add_ioapic(struct acpi *a, const struct span *e)
{
	struct acpi_ioapic io = {
		.id = (uint8_t)span_field(e, 2, 1),
		.base = hpa(span_field(e, 4, 4)),
		.gsi_base = (uint32_t)span_field(e, 8, 4),
	};

	if (a->ioapics < ACPI_IOAPICS)
		a->ioapic[a->ioapics++] = io;
}

static void parse_madt_entry(struct acpi *a, const struct span *e)
{
	switch (span_field(e, 0, 1)) {
	case MADT_LAPIC:
		add_cpu(a, (uint32_t)span_field(e, 3, 1), (uint32_t)span_field(e, 4, 4));
		break;
	case MADT_X2APIC:
		add_cpu(a, (uint32_t)span_field(e, 4, 4), (uint32_t)span_field(e, 8, 4));
		break;
	case MADT_IOAPIC: add_ioapic(a, e); break;
	case MADT_OVERRIDE: add_override(a, e); break;
	default: break;
	}
}

void acpi_parse_madt(struct acpi *a, const uint8_t *table, size_t bytes)
{
	struct span all = { table, bytes };
	struct acpi_ioapic fallback = a->ioapic[0];

	a->ioapics = 0;
	for (size_t at = MADT_ENTRIES; range_within(at, 2, bytes);) {
		size_t size = span_field(&all, at + 1, 1);
		struct span e = { table + at, size };

		if (size < 2 || !range_within(at, size, bytes)) {
			log_warn("ACPI: the MADT has an entry of bad size: the rest is ignored");
			break;
		}
		parse_madt_entry(a, &e);
		at += size;
	}
	if (!a->ioapics)
		a->ioapic[a->ioapics++] = fallback;
}

void acpi_parse_mcfg(struct acpi *a, const uint8_t *table, size_t bytes)
{
	struct span all = { table, bytes };

	for (size_t at = MCFG_ENTRIES; range_within(at, MCFG_ENTRY, bytes); at += MCFG_ENTRY) {
		struct acpi_ecam e = {
			.base = hpa(span_field(&all, at, 8)),
			.segment = (uint16_t)span_field(&all, at + 8, 2),
			.first_bus = (uint8_t)span_field(&all, at + 10, 1),
			.last_bus = (uint8_t)span_field(&all, at + 11, 1),
		};

		if (e.base.v & MASK(19, 0) || e.last_bus < e.first_bus)
			log_warn("ACPI: the MCFG has a bad entry: ignored");
		else if (a->ecams < ACPI_ECAMS)
			a->ecam[a->ecams++] = e;
	}
}

/* A Generic Address Structure at an offset; none if it is neither port nor memory. */
static struct acpi_register gas(const struct span *b, size_t offset)
{
	uint64_t space = span_field(b, offset, 1), bits = span_field(b, offset + 1, 1);
	struct acpi_register r = { .address = span_field(b, offset + 4, 8) };

	if (space > 1 || (space == 1 && r.address > 0xffff))
		return (struct acpi_register){ 0 };
	r.memory = space == 0;
	r.bytes = bits > 16 ? 4 : bits > 8 ? 2 : 1;
	return r;
}

void acpi_parse_hpet(struct acpi *a, const uint8_t *table, size_t bytes)
{
	struct span all = { table, bytes };
	struct acpi_register r = gas(&all, HPET_GAS);

	if (r.memory)
		a->hpet = hpa(r.address);
	else
		log_warn("ACPI: the HPET is not in memory: ignored");
}

/* The extended register where the table has it, else the old 32-bit port. */
static struct acpi_register port_or_gas(const struct span *b, size_t port, size_t extended,
					uint8_t bytes)
{
	struct acpi_register r = gas(b, extended);

	if (!r.address)
		r = (struct acpi_register){ .address = span_field(b, port, 4) & 0xffff };
	r.bytes = bytes;
	return r;
}

void acpi_parse_fadt(struct acpi *a, const uint8_t *table, size_t bytes)
{
	struct span all = { table, bytes };
	uint64_t flags = span_field(&all, FADT_FLAGS, 4);

	a->smi_command = (uint32_t)span_field(&all, FADT_SMI_COMMAND, 4) & 0xffff;
	a->acpi_enable = (uint8_t)span_field(&all, FADT_ACPI_ENABLE, 1);
	a->pm1a_control = port_or_gas(&all, FADT_PM1A_CONTROL, FADT_X_PM1A_CONTROL, 2);
	a->pm1b_control = port_or_gas(&all, FADT_PM1B_CONTROL, FADT_X_PM1B_CONTROL, 2);
	a->pm_timer = port_or_gas(&all, FADT_PM_TIMER, FADT_X_PM_TIMER, 4);
	a->pm_timer_32bit = flags & FADT_TIMER_32BIT;
	if (flags & FADT_HAS_RESET) {
		a->reset = gas(&all, FADT_RESET);
		a->reset_value = (uint8_t)span_field(&all, FADT_RESET_VALUE, 1);
	}
	if (flags & FADT_HW_REDUCED)
		a->sleep_control = gas(&all, FADT_SLEEP_CONTROL);
	a->dsdt = span_field(&all, FADT_X_DSDT, 8);
	if (!a->dsdt)
		a->dsdt = span_field(&all, FADT_DSDT, 4);
}
