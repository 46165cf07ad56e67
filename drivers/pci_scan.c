/*
 * Finds every PCI function: buses are a work list that begins with bus 0 and grows by each bridge's
 * secondary bus. A BAR is sized by writing ones with the function's decoding switched off.
 */
#include "drivers/pci_scan.h"

#include "lib/bits.h"
#include "lib/log.h"

#define BUSES        256
#define DEVICES      32
#define NO_DEVICE    0xffffu
#define HEADER_MULTI 0x80u
#define HEADER_TYPE  0x7fu
#define STATUS_CAPS  0x10u
#define CAPS_MOST    48
#define CLASS_HOST   0x0600u
#define CLASS_IDE    0x0101u

#define IDE_NATIVE(channel) BIT(2 * (channel)) /* in the interface byte */

#define BAR_IO       BIT(0)
#define BAR_TYPE     MASK(2, 1)
#define BAR_64       2
#define BAR_PREFETCH BIT(3)
#define BAR_IO_BASE  MASK(15, 2)
#define BAR_BASE     0xfffffff0u

#define MSI_CONTROL    2
#define MSI_VECTORS    MASK(3, 1) /* log2 of the number it can ask for */
#define MSIX_LAST      MASK(10, 0)
#define MSIX_TABLE     4
#define MSIX_TABLE_BAR MASK(2, 0)

struct scan {
	struct pci_function *table;
	unsigned room, count, buses;
	uint8_t bus[BUSES];
};

/* Ones are written and read back; what stays zero at the bottom is the size. */
static uint32_t probe(uint16_t bdf, unsigned reg, uint32_t value)
{
	uint32_t mask;

	pci_write(bdf, reg, ~0u, 4);
	mask = pci_read(bdf, reg, 4);
	pci_write(bdf, reg, value, 4);
	return mask;
}

/* Reads BAR n; returns how many it takes, 1 or 2. */
static unsigned size_bar(struct pci_function *f, unsigned n, unsigned bars)
{
	unsigned reg = PCI_BAR0 + 4 * n;
	uint32_t low = pci_read(f->bdf, reg, 4), mask = probe(f->bdf, reg, low), high;
	struct pci_bar *b = &f->bar[n];
	uint64_t wide;

	b->is_io = low & BAR_IO;
	if (b->is_io) {
		b->base = hpa(low & BAR_IO_BASE);
		b->bytes = mask & BAR_IO_BASE ? (~(mask & BAR_IO_BASE) & 0xffff) + 1 : 0;
		return 1;
	}
	b->prefetch = low & BAR_PREFETCH;
	b->is64 = field_get(BAR_TYPE, low) == BAR_64 && n + 1 < bars;
	wide = (mask & BAR_BASE) | 0xffffffff00000000ull;
	b->base = hpa(low & BAR_BASE);
	if (b->is64) {
		high = pci_read(f->bdf, reg + 4, 4);
		b->base.v |= (uint64_t)high << 32;
		wide = (mask & BAR_BASE) | (uint64_t)probe(f->bdf, reg + 4, high) << 32;
	}
	b->bytes = mask & BAR_BASE || (b->is64 && wide) ? ~wide + 1 : 0;
	return b->is64 ? 2 : 1;
}

static void size_bars(struct pci_function *f)
{
	unsigned bars = f->header == 0 ? PCI_BARS : f->header == 1 ? 2 : 0;
	uint32_t command = pci_read(f->bdf, PCI_COMMAND, 2);

	/* A host bridge with its decoding off may take the machine's memory away. */
	if (f->class_code >> 8 == CLASS_HOST)
		return;
	pci_write(f->bdf, PCI_COMMAND, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY), 2);
	for (unsigned n = 0; n < bars;)
		n += size_bar(f, n, bars);
	pci_write(f->bdf, PCI_COMMAND, command, 2);
}

/* An IDE channel in compatibility mode decodes the ports of old, whatever its BARs say, and
   interrupts as they did (PCI IDE Controller Specification 1.0, 2.1). Of the control block only
   one port is its own. */
static void add_ide_ports(struct pci_function *f)
{
	static const struct {
		uint16_t command, control;
		uint8_t irq;
	} fixed[PCI_IDE] = { { 0x1f0, 0x3f6, 14 }, { 0x170, 0x376, 15 } };

	for (unsigned n = 0; n < PCI_IDE && f->class_code >> 8 == CLASS_IDE; n++) {
		if (f->class_code & IDE_NATIVE(n))
			continue;
		f->bar[2 * n] = (struct pci_bar){ hpa(fixed[n].command), 8, .is_io = true };
		f->bar[2 * n + 1] = (struct pci_bar){ hpa(fixed[n].control), 1, .is_io = true };
		f->isa_irq[n] = fixed[n].irq;
	}
}

static void read_msix(struct pci_function *f)
{
	uint32_t table = pci_read(f->bdf, f->cap_msix + MSIX_TABLE, 4);
	uint32_t control = pci_read(f->bdf, f->cap_msix + MSI_CONTROL, 2);

	f->msix_vectors = (uint16_t)(field_get(MSIX_LAST, control) + 1);
	f->msix_bar = (uint8_t)field_get(MSIX_TABLE_BAR, table);
	f->msix_table = (uint32_t)(table & ~MSIX_TABLE_BAR);
	if (f->msix_bar < PCI_BARS)
		return;
	f->cap_msix = 0;
	f->msix_vectors = 0;
}

static void read_capability(struct pci_function *f, uint8_t id, uint8_t at)
{
	switch (id) {
	case PCI_CAP_MSI:
		f->cap_msi = at;
		f->msi_vectors = (uint8_t)(1u << field_get(MSI_VECTORS,
							   pci_read(f->bdf, at + MSI_CONTROL, 2)));
		break;
	case PCI_CAP_MSIX:
		f->cap_msix = at;
		read_msix(f);
		break;
	default: break;
	}
}

static void read_capabilities(struct pci_function *f)
{
	uint8_t at;

	if (!(pci_read(f->bdf, PCI_STATUS, 2) & STATUS_CAPS))
		return;
	at = pci_read(f->bdf, PCI_CAPABILITIES, 1) & 0xfc;
	for (int n = 0; at >= 0x40 && n < CAPS_MOST; n++) {
		read_capability(f, (uint8_t)pci_read(f->bdf, at, 1), at);
		at = pci_read(f->bdf, at + 1u, 1) & 0xfc;
	}
}

static void add_bus(struct scan *s, uint8_t bus)
{
	for (unsigned i = 0; i < s->buses; i++)
		if (s->bus[i] == bus)
			return;
	s->bus[s->buses++] = bus;
}

static void add_function(struct scan *s, uint16_t bdf)
{
	struct pci_function *f = &s->table[s->count];

	if (s->count == s->room) {
		log_warn("PCI: more than %u functions: %02x:%02x.%x is left out", s->room, bdf >> 8,
			 bdf >> 3 & 31, bdf & 7);
		return;
	}
	*f = (struct pci_function){
		.bdf = bdf,
		.vendor = (uint16_t)pci_read(bdf, PCI_VENDOR, 2),
		.device = (uint16_t)pci_read(bdf, PCI_VENDOR + 2, 2),
		.class_code = pci_read(bdf, PCI_CLASS, 4) >> 8,
		.header = pci_read(bdf, PCI_HEADER, 1) & HEADER_TYPE,
		.irq_line = (uint8_t)pci_read(bdf, PCI_INTERRUPT_LINE, 1),
		.irq_pin = (uint8_t)pci_read(bdf, PCI_INTERRUPT_PIN, 1),
	};
	s->count++;
	size_bars(f);
	add_ide_ports(f);
	read_capabilities(f);
	if (f->header == 1)
		add_bus(s, (uint8_t)pci_read(bdf, PCI_SECONDARY_BUS, 1));
	log_debug("PCI: %02x:%02x.%x %04x:%04x class %06x, %u MSI-X, %u MSI", bdf >> 8,
		  bdf >> 3 & 31, bdf & 7, f->vendor, f->device, f->class_code, f->msix_vectors,
		  f->msi_vectors);
}

static void scan_device(struct scan *s, uint16_t bdf)
{
	unsigned functions;

	if (pci_read(bdf, PCI_VENDOR, 2) == NO_DEVICE)
		return;
	functions = pci_read(bdf, PCI_HEADER, 1) & HEADER_MULTI ? 8 : 1;
	for (uint16_t n = 0; n < functions; n++)
		if (pci_read(bdf + n, PCI_VENDOR, 2) != NO_DEVICE)
			add_function(s, bdf + n);
}

unsigned pci_scan(struct pci_function *table, unsigned room)
{
	struct scan s = { .table = table, .room = room };

	add_bus(&s, 0);
	for (unsigned i = 0; i < s.buses; i++) {
		pci_map_bus(s.bus[i]);
		for (unsigned d = 0; d < DEVICES; d++)
			scan_device(&s, PCI_BDF(s.bus[i], d, 0));
	}
	return s.count;
}
