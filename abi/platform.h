/*
 * The guest-physical layout and the ports of the legacy-free PC that every domain sees
 * (docs/abi.md, contract.md section 5). RAM lies from 0 up to at most HV_GUEST_MEM32 and goes on at
 * 4 GiB; in a service domain RAM lies at its host-physical address instead.
 *
 *   0x000e0000  ACPI tables, RSDP first (in RAM, reserved in the memory map)
 *   0xc0000000  PCI memory window, 32 bits
 *   0xe0000000  ECAM, bus 0
 *   0xfd000000  pages shared with the hypervisor: boot page, event pages (guests of ours only)
 *   0xfec00000  I/O APIC
 *   0xfee00000  local APIC
 *   0x1000000000 PCI memory window, 64 bits
 */
#ifndef ABI_PLATFORM_H
#define ABI_PLATFORM_H

#define HV_GUEST_ACPI        0xe0000ul
#define HV_GUEST_ACPI_BYTES  0x20000ul
#define HV_GUEST_MEM32       0xc0000000ul
#define HV_GUEST_MEM32_BYTES 0x20000000ul
#define HV_GUEST_ECAM        0xe0000000ul
#define HV_GUEST_ECAM_BYTES  0x100000ul
#define HV_GUEST_SHARED      0xfd000000ul
#define HV_GUEST_IOAPIC      0xfec00000ul
#define HV_GUEST_LAPIC       0xfee00000ul
#define HV_GUEST_HIGH        0x100000000ul
#define HV_GUEST_MEM64       0x1000000000ul
#define HV_GUEST_MEM64_BYTES 0x1000000000ul

#define HV_GUEST_IO       0xc000u /* PCI I/O window */
#define HV_GUEST_IO_BYTES 0x3f00u

#define HV_PORT_UART   0x3f8u /* 16550, 8 ports, GSI HV_GSI_UART */
#define HV_PORT_PCI    0xcf8u /* configuration address and data, 8 ports */
#define HV_PORT_SLEEP  0x600u /* ACPI SLEEP_CONTROL: SLP_TYP 5 and SLP_EN power off */
#define HV_PORT_STATUS 0x601u /* ACPI SLEEP_STATUS */
#define HV_PORT_RESET  0x602u /* ACPI reset register: HV_RESET_VALUE resets the guest */
#define HV_PORT_BUTTON 0x603u /* reads 1 once after the power button was pressed */
#define HV_RESET_VALUE 0x42u

#define HV_GSI_UART   4u
#define HV_GSI_BUTTON 5u /* generic event device */
#define HV_GSI_COUNT  24u

#endif
