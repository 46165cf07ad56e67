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
 *   0xff000000  up to 4 GiB: the ROM of `type: firmware`, as long as its image
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

/*
 * What `platform: pc` adds. The hypervisor has the 8259 pair, exit and reset ports and ACPI's PM1
 * registers. The domain that serves the guest's legacy devices (HV_SERVED_PC) is asked, without
 * RANGE_ADD, about every other port below HV_PC_PORTS, and about firmware's messages and the PM
 * timer. An access waits for its answer; what is at none of its devices it answers with ones.
 */
#define HV_PC_PORTS         0x400u
#define HV_PORT_PIC1        0x20u  /* 8259 master, 2 ports */
#define HV_PORT_PIC2        0xa0u  /* 8259 slave, 2 ports */
#define HV_PORT_PIC_ELCR    0x4d0u /* edge or level, 2 ports */
#define HV_PORT_POST        0x80u  /* writes are dropped */
#define HV_PORT_A20         0x92u  /* A20 is always on; bit 0 resets */
#define HV_PORT_EXIT        0xf4u  /* QEMU's: a 32-bit write ends the guest */
#define HV_PORT_PC_RESET    0xcf9u
#define HV_PORT_MESSAGES    0x402u  /* firmware's messages: the back end's */
#define HV_PORT_SHUTDOWN    0x8900u /* Bochs': "Shutdown", byte by byte, powers off */
#define HV_PORT_PM1_EVENT   0x604u  /* ACPI PM1 status and enable, 4 ports */
#define HV_PORT_PM_TIMER    0x608u  /* ACPI PM timer, 24 bits, 4 ports: the back end's */
#define HV_PORT_PM1_CONTROL 0x60cu  /* ACPI PM1 control, 2 ports */

/* Lines 0 to 15 are the PC's ISA interrupts: each drives its input of the 8259s and the I/O APIC's
   pin of that number, but the PIT's line 0 drives pin 2, and line 2 nothing (the MADT says it). */
#define HV_PC_LINES     16u
#define HV_PC_TIMER_PIN 2u
#define HV_GSI_SCI      9u

#define HV_GSI_UART   4u
#define HV_GSI_BUTTON 5u /* generic event device */
#define HV_GSI_COUNT  24u

#endif
