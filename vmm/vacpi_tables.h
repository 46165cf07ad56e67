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
	uint64_t table[3];
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
	uint8_t fixed_hardware[65]; /* zero: hardware-reduced */
	uint16_t boot_flags;
	uint8_t reserved0;
	uint32_t flags;
	struct acpi_address reset_register;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct acpi_address fixed_blocks[8];
	struct acpi_address sleep_control, sleep_status;
	char hypervisor[8];
} PACKED;

_Static_assert(offsetof(struct acpi_fadt, boot_flags) == 109, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, x_dsdt) == 140, "ACPI 6.4 table 5.9");
_Static_assert(offsetof(struct acpi_fadt, sleep_control) == 244, "ACPI 6.4 table 5.9");
_Static_assert(sizeof(struct acpi_fadt) == 276, "ACPI 6.4 table 5.9");

#define FADT_BOOT_NO_VGA BIT(2)
#define FADT_BOOT_NO_RTC BIT(5)

#define FADT_WBINVD         BIT(0)
#define FADT_POWER_BUTTON   BIT(4) /* not the fixed one */
#define FADT_SLEEP_BUTTON   BIT(5) /* likewise: there is none */
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

struct acpi_madt {
	struct acpi_header h;
	uint32_t lapic_address;
	uint32_t flags; /* bit 0 PCAT_COMPAT: no, there is no 8259 */
	struct acpi_madt_ioapic ioapic;
	struct acpi_madt_lapic lapic[CONFIG_VCPUS];
} PACKED;

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

#define ACPI_ECAM_BUS_BYTES 0x100000u

#endif
