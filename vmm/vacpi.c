/*
 * Builds the fixed ACPI tables (ACPI 6.4, 5.2) and puts them, with the compiled DSDT, into guest
 * memory one after the other. Called by the loader at each start of a domain.
 */
#include "vmm/vacpi.h"

#include "abi/platform.h"
#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/vacpi_tables.h"
#include "vmm/vpc.h"

#define TABLE_ALIGN  64
#define RESET_VECTOR 0xffff0ul
#define CMOS_CENTURY 0x32 /* where a PC's firmware keeps it */

/* The AML of vmm/dsdt.dsl, header included, as numbers. */
static const uint8_t dsdt[] = {
#include "vmm/dsdt.inc"
};

/* That of vmm/pc.dsl: what `platform: pc` adds. */
static const uint8_t ssdt[] = {
#include "vmm/pc.inc"
};

/* Where the next table goes. */
struct writer {
	struct domain *d;
	uint64_t at;
	bool failed;
};

static uint8_t checksum(const void *data, size_t bytes)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (bytes--)
		sum += *p++;
	return -sum;
}

/* Writes a table and returns where it is. */
static uint64_t put(struct writer *w, const void *table, size_t bytes)
{
	uint64_t at = w->at;

	if (!range_within(at - HV_GUEST_ACPI, bytes, HV_GUEST_ACPI_BYTES) ||
	    !guest_write(w->d, gpa(at), table, bytes))
		w->failed = true;
	w->at = align_up(at + bytes, TABLE_ALIGN);
	return at;
}

/* Fills the common header and writes the table. */
static uint64_t put_table(struct writer *w, struct acpi_header *h, const char *signature,
			  uint8_t revision, size_t bytes)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	memcpy(h->oem, "BULKHD", sizeof(h->oem));
	memcpy(h->oem_table, "BULKHEAD", sizeof(h->oem_table));
	memcpy(h->creator, "BLKH", sizeof(h->creator));
	h->bytes = (uint32_t)bytes;
	h->revision = revision;
	h->oem_revision = 1;
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, bytes);
	return put(w, h, bytes);
}

static struct acpi_address ports(uint16_t number, uint8_t bytes)
{
	return (struct acpi_address){ ACPI_SPACE_IO, 8 * bytes, 0, bytes == 4 ? 3 : bytes, number };
}

static struct acpi_address port(uint16_t number)
{
	return ports(number, 1);
}

/* Fixed hardware, which makes kernels look for PIT and 8259 as well: where these are. */
static void fill_fixed(struct writer *w, struct acpi_fadt *t)
{
	struct acpi_facs facs = { .signature = "FACS", .bytes = sizeof(facs), .version = 2 };

	t->x_facs = put(w, &facs, sizeof(facs));
	t->facs = (uint32_t)t->x_facs;
	t->sci = HV_GSI_SCI;
	t->pm1a_event = HV_PORT_PM1_EVENT;
	t->pm1a_control = HV_PORT_PM1_CONTROL;
	t->pm_timer = HV_PORT_PM_TIMER;
	t->pm1_event_bytes = t->pm_timer_bytes = 4;
	t->pm1_control_bytes = 2;
	t->fixed_blocks[FADT_X_PM1A_EVENT] = ports(HV_PORT_PM1_EVENT, 4);
	t->fixed_blocks[FADT_X_PM1A_CONTROL] = ports(HV_PORT_PM1_CONTROL, 2);
	t->fixed_blocks[FADT_X_PM_TIMER] = ports(HV_PORT_PM_TIMER, 4);
	t->c2_latency = FADT_NO_C2;
	t->c3_latency = FADT_NO_C3;
	t->century = CMOS_CENTURY;
	t->boot_flags = FADT_BOOT_LEGACY | FADT_BOOT_8042 | FADT_BOOT_NO_VGA;
	t->flags = FADT_WBINVD | FADT_C1 | FADT_POWER_BUTTON | FADT_SLEEP_BUTTON |
		   FADT_RTC_NO_WAKE | FADT_RESET_REGISTER;
}

static uint64_t put_fadt(struct writer *w, uint64_t dsdt_at)
{
	struct acpi_fadt t = { 0 };

	t.dsdt = (uint32_t)dsdt_at;
	t.x_dsdt = dsdt_at;
	t.boot_flags = FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC;
	t.flags = FADT_WBINVD | FADT_POWER_BUTTON | FADT_SLEEP_BUTTON | FADT_RESET_REGISTER |
		  FADT_HW_REDUCED;
	if (vpc_has_legacy(w->d))
		fill_fixed(w, &t);
	t.reset_register = port(HV_PORT_RESET);
	t.reset_value = HV_RESET_VALUE;
	t.minor = 4;
	t.sleep_control = port(HV_PORT_SLEEP);
	t.sleep_status = port(HV_PORT_STATUS);
	memcpy(t.hypervisor, "BULKHEAD", sizeof(t.hypervisor));
	return put_table(w, &t.h, "FACP", 6, sizeof(t));
}

static const struct acpi_madt_override overrides[] = {
	{ MADT_OVERRIDE, sizeof(overrides[0]), 0, 0, HV_PC_TIMER_PIN, 0 },
	{ MADT_OVERRIDE, sizeof(overrides[0]), 0, HV_GSI_SCI, HV_GSI_SCI, MADT_LEVEL_HIGH },
};

static uint64_t put_madt(struct writer *w)
{
	struct acpi_madt t = { .lapic_address = HV_GUEST_LAPIC };
	size_t bytes = offsetof(struct acpi_madt, lapic) + w->d->vcpus * sizeof(t.lapic[0]);

	t.ioapic = (struct acpi_madt_ioapic){
		.type = MADT_IOAPIC, .bytes = sizeof(t.ioapic), .id = 0, .address = HV_GUEST_IOAPIC
	};
	for (unsigned n = 0; n < w->d->vcpus; n++)
		t.lapic[n] = (struct acpi_madt_lapic){ MADT_LAPIC, sizeof(t.lapic[0]), n, n,
						       MADT_ENABLED };
	if (w->d->pc) {
		t.flags = MADT_PCAT_COMPAT;
		memcpy(&t.lapic[w->d->vcpus], overrides, sizeof(overrides));
		bytes += sizeof(overrides);
	}
	return put_table(w, &t.h, "APIC", 5, bytes);
}

static uint64_t put_mcfg(struct writer *w)
{
	struct acpi_mcfg t = { .base = HV_GUEST_ECAM };

	t.last_bus = HV_GUEST_ECAM_BYTES / ACPI_ECAM_BUS_BYTES - 1;
	return put_table(w, &t.h, "MCFG", 1, sizeof(t));
}

static struct acpi_rsdp make_rsdp(uint64_t xsdt)
{
	struct acpi_rsdp r = { .revision = 2, .bytes = sizeof(r), .xsdt = xsdt };

	memcpy(r.signature, "RSD PTR ", sizeof(r.signature));
	memcpy(r.oem, "BULKHD", sizeof(r.oem));
	r.checksum = checksum(&r, ACPI_RSDP_OLD_BYTES);
	r.checksum_all = checksum(&r, sizeof(r));
	return r;
}

/* What a PC's firmware has at F000:FFF0. Linux on hardware-reduced ACPI restarts by going there,
   not through the reset register: mov dx, HV_PORT_RESET; mov al, HV_RESET_VALUE; out dx, al; then
   it waits for the end. */
static void put_reset_vector(struct writer *w)
{
	static const uint8_t code[] = {
		0xba, HV_PORT_RESET & 0xff, HV_PORT_RESET >> 8, 0xb0, HV_RESET_VALUE, 0xee, 0xeb,
		0xfe
	};

	w->at = RESET_VECTOR;
	put(w, code, sizeof(code));
}

enum err vacpi_install(struct domain *d)
{
	struct writer w = { .d = d, .at = HV_GUEST_ACPI + TABLE_ALIGN };
	struct acpi_xsdt xsdt = { 0 };
	size_t xsdt_bytes = sizeof(xsdt);
	struct acpi_rsdp rsdp;
	uint64_t dsdt_at = put(&w, dsdt, sizeof(dsdt));

	xsdt.table[0] = put_fadt(&w, dsdt_at);
	xsdt.table[1] = put_madt(&w);
	xsdt.table[2] = put_mcfg(&w);
	if (vpc_has_legacy(d))
		xsdt.table[3] = put(&w, ssdt, sizeof(ssdt));
	else
		xsdt_bytes -= sizeof(xsdt.table[3]);
	rsdp = make_rsdp(put_table(&w, &xsdt.h, "XSDT", 1, xsdt_bytes));
	w.at = HV_GUEST_ACPI;
	put(&w, &rsdp, sizeof(rsdp));
	put_reset_vector(&w);
	return w.failed ? ERR_RANGE : OK;
}
