/*
 * Access to configuration space (ECAM where ACPI's MCFG has the bus, else the port pair) and the
 * table of functions. pci_scan.c fills the table.
 */
#include "drivers/pci.h"

#include "arch/x86/cpu/insn.h"
#include "drivers/acpi.h"
#include "drivers/pci_scan.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "mm/hvmap.h"

#define PORT_ADDRESS   0xcf8
#define PORT_DATA      0xcfc
#define ADDRESS_ON     BIT(31)
#define LEGACY_BYTES   0x100u
#define FUNCTION_BYTES 0x1000u
#define BUS_BYTES      0x100000ul
#define BUSES          256

#define MSI_CONTROL 2
#define MSI_ENABLE  0x0001u
#define MSIX_ENABLE 0x8000u

static struct spinlock lock; /* guards the port pair */
static volatile char *ecam[BUSES] RO_AFTER_INIT;
static struct pci_function functions[PCI_FUNCTIONS] RO_AFTER_INIT;
static unsigned count RO_AFTER_INIT;

static uint32_t read_port(uint16_t bdf, unsigned reg, unsigned size)
{
	uint16_t port = (uint16_t)(PORT_DATA + (reg & 3));
	uint32_t v;

	spin_lock(&lock);
	insn_outl(PORT_ADDRESS, (uint32_t)(ADDRESS_ON | (uint32_t)bdf << 8 | (reg & 0xfc)));
	v = size == 1 ? insn_inb(port) : size == 2 ? insn_inw(port) : insn_inl(port);
	spin_unlock(&lock);
	return v;
}

static void write_port(uint16_t bdf, unsigned reg, uint32_t v, unsigned size)
{
	uint16_t port = (uint16_t)(PORT_DATA + (reg & 3));

	spin_lock(&lock);
	insn_outl(PORT_ADDRESS, (uint32_t)(ADDRESS_ON | (uint32_t)bdf << 8 | (reg & 0xfc)));
	if (size == 1)
		insn_outb(port, (uint8_t)v);
	else if (size == 2)
		insn_outw(port, (uint16_t)v);
	else
		insn_outl(port, v);
	spin_unlock(&lock);
}

static volatile char *ecam_register(uint16_t bdf, unsigned reg)
{
	volatile char *bus = ecam[bdf >> 8];

	return bus ? bus + (bdf & 0xff) * FUNCTION_BYTES + reg : NULL;
}

uint32_t pci_read(uint16_t bdf, unsigned reg, unsigned size)
{
	volatile char *p = ecam_register(bdf, reg);

	if (reg >= FUNCTION_BYTES || (!p && reg >= LEGACY_BYTES))
		return (uint32_t)ones(size);
	if (!p)
		return read_port(bdf, reg, size);
	if (size == 1)
		return *(volatile uint8_t *)p;
	return size == 2 ? *(volatile uint16_t *)p : *(volatile uint32_t *)p;
}

void pci_write(uint16_t bdf, unsigned reg, uint32_t v, unsigned size)
{
	volatile char *p = ecam_register(bdf, reg);

	if (reg >= FUNCTION_BYTES || (!p && reg >= LEGACY_BYTES))
		return;
	if (!p)
		write_port(bdf, reg, v, size);
	else if (size == 1)
		*(volatile uint8_t *)p = (uint8_t)v;
	else if (size == 2)
		*(volatile uint16_t *)p = (uint16_t)v;
	else
		*(volatile uint32_t *)p = v;
}

void pci_map_bus(uint8_t bus)
{
	for (unsigned i = 0; i < acpi()->ecams && !ecam[bus]; i++) {
		const struct acpi_ecam *e = &acpi()->ecam[i];

		if (e->segment == 0 && bus >= e->first_bus && bus <= e->last_bus)
			ecam[bus] = hvmap_device(hpa(e->base.v + bus * BUS_BYTES), BUS_BYTES);
	}
}

void pci_init(void)
{
	count = pci_scan(functions, PCI_FUNCTIONS);
	log_info("PCI: %u functions, configuration space by %s", count,
		 ecam[0] ? "ECAM" : "ports 0xcf8 and 0xcfc");
}

unsigned pci_count(void)
{
	return count;
}

const struct pci_function *pci_get(unsigned index)
{
	return &functions[index];
}

static void change16(uint16_t bdf, unsigned reg, uint32_t clear, uint32_t set)
{
	pci_write(bdf, reg, (pci_read(bdf, reg, 2) & ~clear) | set, 2);
}

void pci_quiesce(const struct pci_function *f)
{
	change16(f->bdf, PCI_COMMAND, PCI_COMMAND_MASTER, PCI_COMMAND_NO_INTX);
	if (f->cap_msi)
		change16(f->bdf, f->cap_msi + MSI_CONTROL, MSI_ENABLE, 0);
	if (f->cap_msix)
		change16(f->bdf, f->cap_msix + MSI_CONTROL, MSIX_ENABLE, 0);
}
