/*
 * Between pci.c and pci_scan.c.
 */
#ifndef DRIVERS_PCI_SCAN_H
#define DRIVERS_PCI_SCAN_H

#include "drivers/pci.h"

/* Fills the table; the number of functions found. */
unsigned pci_scan(struct pci_function *table, unsigned room);
/* Maps a bus's part of ECAM, if there is one, before its first access. */
void pci_map_bus(uint8_t bus);

#endif
