/*
 * PCI configuration space of bus 0, through ECAM; the ports 0xcf8 for those who want to compare. A
 * function is device << 3 | function.
 */
#ifndef GUESTS_LIB_PCI_H
#define GUESTS_LIB_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_FUNCTIONS 256
#define PCI_NONE      0xffffu

enum {
	PCI_ID = 0x00,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_HEADER = 0x0e,
	PCI_BAR0 = 0x10,
	PCI_CAPABILITIES = 0x34,
};

#define PCI_COMMAND_IO     1u
#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u

#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11

/* reg < 4096, naturally aligned; bytes 1, 2 or 4. */
uint32_t pci_read(unsigned function, unsigned reg, unsigned bytes);
void pci_write(unsigned function, unsigned reg, unsigned bytes, uint32_t value);

/* The same word by address and data port; reg < 256, a multiple of 4. */
uint32_t pci_read_ports(unsigned function, unsigned reg);

/* The first function from `from` on with this vendor and device; PCI_NONE if there is none. */
unsigned pci_find(uint16_t vendor, uint16_t device, unsigned from);

/* The next capability of this kind after register `after` (0: the first); 0 if there is none. */
unsigned pci_capability(unsigned function, uint8_t id, unsigned after);

struct pci_bar {
	uint64_t base; /* 0: not there, or not set */
	bool is_port;
};

struct pci_bar pci_bar(unsigned function, unsigned bar);

/* Routes MSI-X entry `entry` to this vCPU's `vector`, switches MSI-X on. False if there is none. */
bool pci_msix_bind(unsigned function, unsigned entry, unsigned vector);

#endif
