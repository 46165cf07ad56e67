/*
 * PCI: the machine's configuration space, and a table of the functions that were found at boot.
 * The hypervisor owns configuration space: domains reach it through mediated calls only. One lock
 * inside guards the port pair; any CPU may call.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

#define PCI_FUNCTIONS 128
#define PCI_BARS      6
#define PCI_IDE       2 /* channels of an IDE function */

/* Registers of the header. */
#define PCI_VENDOR         0x00
#define PCI_COMMAND        0x04
#define PCI_STATUS         0x06
#define PCI_CLASS          0x08
#define PCI_HEADER         0x0e
#define PCI_BAR0           0x10
#define PCI_SECONDARY_BUS  0x19
#define PCI_CAPABILITIES   0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN  0x3d

#define PCI_COMMAND_IO      0x001u
#define PCI_COMMAND_MEMORY  0x002u
#define PCI_COMMAND_MASTER  0x004u
#define PCI_COMMAND_NO_INTX 0x400u

#define PCI_CAP_MSI    0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11
#define PCI_CAP_AF     0x13

/* bus << 8 | device << 3 | function, segment 0. */
#define PCI_BDF(bus, device, function) ((uint16_t)((bus) << 8 | (device) << 3 | (function)))

struct pci_bar {
	hpa_t base;     /* or port */
	uint64_t bytes; /* 0: not there, or the upper half of the one before */
	bool is_io, is64, prefetch;
};

struct pci_function {
	uint16_t bdf, vendor, device;
	uint32_t class_code; /* class << 16 | subclass << 8 | interface */
	uint8_t header;      /* 0 device, 1 bridge */
	uint8_t irq_line, irq_pin;
	/* ISA interrupts of an IDE function's channels in compatibility mode, whose fixed ports
	   stand in bar[0..3]; 0: none */
	uint8_t isa_irq[PCI_IDE];
	struct pci_bar bar[PCI_BARS];
	/* offsets of capabilities, 0: none */
	uint8_t cap_msi, cap_msix;
	uint8_t msi_vectors; /* that it can ask for; 0 without MSI */
	uint8_t msix_bar;
	uint16_t msix_vectors; /* size of the table; 0 without MSI-X */
	uint32_t msix_table;   /* offset in its BAR */
};

/* Scans all buses behind all bridges. After acpi_init. */
void pci_init(void);
unsigned pci_count(void);
const struct pci_function *pci_get(unsigned index);

/* size 1, 2 or 4, reg aligned to it. Registers from 0x100 on need ECAM: else they read as ones. */
uint32_t pci_read(uint16_t bdf, unsigned reg, unsigned size);
void pci_write(uint16_t bdf, unsigned reg, uint32_t value, unsigned size);

/* Stops a function's DMA and interrupts: bus mastering and INTx off, MSI and MSI-X off. */
void pci_quiesce(const struct pci_function *f);

#endif
