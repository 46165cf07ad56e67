/* See pci.h. */
#include "guests/lib/pci.h"

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "lib/bits.h"

#define STATUS_CAPABILITIES BIT(4)
#define HEADER_MULTI        0x80u
#define BAR_IS_PORT         1u
#define BAR_IS_64           4u

#define MSIX_CONTROL     2
#define MSIX_TABLE       4
#define MSIX_ENABLE      BIT(15)
#define MSIX_MASK_ALL    BIT(14)
#define MSIX_ENTRY_BYTES 16

#define CONFIG_ADDRESS HV_PORT_PCI
#define CONFIG_DATA    (HV_PORT_PCI + 4)
#define CONFIG_ENABLE  0x80000000u

static volatile void *ecam(unsigned function, unsigned reg)
{
	return (volatile void *)(HV_GUEST_ECAM + ((uint64_t)function << 12) + reg);
}

uint32_t pci_read(unsigned function, unsigned reg, unsigned bytes)
{
	switch (bytes) {
	case 1: return readb(ecam(function, reg));
	case 2: return readw(ecam(function, reg));
	default: return readl(ecam(function, reg));
	}
}

void pci_write(unsigned function, unsigned reg, unsigned bytes, uint32_t value)
{
	switch (bytes) {
	case 1: writeb(ecam(function, reg), (uint8_t)value); break;
	case 2: writew(ecam(function, reg), (uint16_t)value); break;
	default: writel(ecam(function, reg), value);
	}
}

uint32_t pci_read_ports(unsigned function, unsigned reg)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | reg);
	return inl(CONFIG_DATA);
}

unsigned pci_find(uint16_t vendor, uint16_t device, unsigned from)
{
	uint32_t wanted = (uint32_t)device << 16 | vendor;

	for (unsigned f = from; f < PCI_FUNCTIONS; f++) {
		if (f % 8 && !(pci_read(f & ~7u, PCI_HEADER, 1) & HEADER_MULTI))
			continue;
		if (pci_read(f, PCI_ID, 4) == wanted)
			return f;
	}
	return PCI_NONE;
}

unsigned pci_capability(unsigned function, uint8_t id, unsigned after)
{
	unsigned at = after ? pci_read(function, after + 1, 1) : 0;

	if (!(pci_read(function, PCI_STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	if (!after)
		at = pci_read(function, PCI_CAPABILITIES, 1);
	for (unsigned left = 48; at >= 0x40 && left; left--) {
		if (pci_read(function, at, 1) == id)
			return at;
		at = pci_read(function, at + 1, 1);
	}
	return 0;
}

struct pci_bar pci_bar(unsigned function, unsigned bar)
{
	uint32_t low = pci_read(function, PCI_BAR0 + 4 * bar, 4);
	uint64_t high = 0;

	if (low & BAR_IS_PORT)
		return (struct pci_bar){ low & ~3u, true };
	if (low & BAR_IS_64)
		high = pci_read(function, PCI_BAR0 + 4 * bar + 4, 4);
	return (struct pci_bar){ high << 32 | (low & ~0xfu), false };
}

bool pci_msix_bind(unsigned function, unsigned entry, unsigned vector)
{
	unsigned cap = pci_capability(function, PCI_CAP_MSIX, 0);
	unsigned control = cap ? pci_read(function, cap + MSIX_CONTROL, 2) : 0;

	if (!cap || entry > (control & 0x7ff))
		return false;
	uint32_t table = pci_read(function, cap + MSIX_TABLE, 4);
	struct pci_bar bar = pci_bar(function, table & 7);
	volatile uint8_t *e = (volatile uint8_t *)(uintptr_t)(bar.base + (table & ~7u)) +
			      (uint64_t)entry * MSIX_ENTRY_BYTES;

	if (!bar.base || bar.is_port)
		return false;
	control |= (unsigned)(MSIX_ENABLE | MSIX_MASK_ALL);
	pci_write(function, cap + MSIX_CONTROL, 2, control);
	writel(e, (uint32_t)apic_msi_address());
	writel(e + 4, 0);
	writel(e + 8, vector);
	writel(e + 12, 0);
	pci_write(function, cap + MSIX_CONTROL, 2, control & ~(unsigned)MSIX_MASK_ALL);
	return true;
}
