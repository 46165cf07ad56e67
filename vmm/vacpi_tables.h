/*
 * The layouts of the ACPI tables that guests get (ACPI 6.4, 5.2), as far as they are filled in.
 */
#ifndef VMM_VACPI_TABLES_H
#define VMM_VACPI_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"
#include "vmm/config.h"

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t bytes;
	uint64_t xsdt;
	uint8_t checksum_all;
	uint8_t reserved[3];
} PACKED;

#define ACPI_RSDP_OLD_BYTES 20 /* what `checksum` covers */

struct acpi_header {
	char signature[4];
	uint32_t bytes;
	uint8_t revision, checksum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
} PACKED;

struct acpi_xsdt {
	struct acpi_header h;
	uint64_t table[4];
} PACKED;

/* Generic address structure. */
struct acpi_address {
	uint8_t space, bits, offset, access;
	uint64_t address;
} PACKED;

#define ACPI_SPACE_IO    1
#define ACPI_ACCESS_BYTE 1

struct acpi_fadt {
	struct acpi_header h;
	uint32_t facs, dsdt;
	uint8_t reserved1, profile;
	uint16_t sci; /* from here to `century` zero where hardware-reduced */
	uint32_t smi_command;
	uint8_t smi_values[4];
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer;
	uint32_t gpe_blocks[2];
	uint8_t pm1_event_bytes, pm1_control_bytes, pm2_control_bytes, pm_timer_bytes;
	uint8_t gpe_bytes[3], cstate_control;
	uint16_t c2_latency, c3_latency;
	uint8_t caches_and_duty[6], day_alarm, month_alarm, century;
	uint16_t boot_flags;
	uint8_t reserved0;
	uint32_t flags;
	struct acpi_address reset_register;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct acpi_address fixed_blocks[8]; /* FADT_X_* */
	struct acpi_address sleep_control, sleep_status;
	char hypervisor[8];
} PACKED;

_Static_assert(offsetof(struct acpi_fadt, pm_timer) == 76, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, century) == 108, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, boot_flags) == 109, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, x_dsdt) == 140, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, sleep_control) == 244, "ACPI 6.4 table 5.9");
_Static_assert(sizeof(struct acpi_fadt) == 276, "ACPI 6.4 table 5.9");

enum { FADT_X_PM1A_EVENT, FADT_X_PM1A_CONTROL = 2, FADT_X_PM_TIMER = 5 };

#define FADT_BOOT_LEGACY BIT(0) /* devices on the ISA bus */
#define FADT_BOOT_8042   BIT(1)
#define FADT_BOOT_NO_VGA BIT(2)
#define FADT_BOOT_NO_RTC BIT(5)

#define FADT_NO_C2 0xfffu
#define FADT_NO_C3 0xfffu

#define FADT_WBINVD         BIT(0)
#define FADT_C1             BIT(2)
#define FADT_POWER_BUTTON   BIT(4) /* not the fixed one */
#define FADT_SLEEP_BUTTON   BIT(5) /* likewise: there is none */
#define FADT_RTC_NO_WAKE    BIT(6)
#define FADT_RESET_REGISTER BIT(10)
#define FADT_HW_REDUCED     BIT(20)

struct acpi_madt_lapic {
	uint8_t type, bytes, processor, id;
	uint32_t flags;
} PACKED;

struct acpi_madt_ioapic {
	uint8_t type, bytes, id, reserved;
	uint32_t address, first_gsi;
} PACKED;

/* An ISA interrupt that is not the pin of its number, an edge, active high. */
struct acpi_madt_override {
	uint8_t type, bytes, bus, irq;
	uint32_t gsi;
	uint16_t flags;
} PACKED;

struct acpi_madt {
	struct acpi_header h;
	uint32_t lapic_address;
	uint32_t flags;
	struct acpi_madt_ioapic ioapic;
	struct acpi_madt_lapic lapic[CONFIG_VCPUS]; /* as many as there are vCPUs, then */
	struct acpi_madt_override override[2];      /* a PC's */
} PACKED;

#define MADT_PCAT_COMPAT 1u /* flags: there are 8259s */
#define MADT_OVERRIDE    2
#define MADT_LEVEL_HIGH  0xdu

#define MADT_LAPIC   0
#define MADT_IOAPIC  1
#define MADT_ENABLED 1u

struct acpi_mcfg {
	struct acpi_header h;
	uint64_t reserved0;
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t reserved1;
} PACKED;

struct acpi_facs {
	char signature[4];
	uint32_t bytes;
	uint8_t rest[24];
	uint8_t version;
	uint8_t reserved[31];
} PACKED;

#define ACPI_ECAM_BUS_BYTES 0x100000u

#endif
