/*
 * An owner's way to its function's configuration space and registers. Reads show everything but
 * the interrupt message; writes are an allow-list: command (memory space, bus master) and status.
 * BARs stay where the firmware put them; those of ports are trapped and forwarded (device_port.c).
 */
#include "vmm/device.h"

#include "lib/bits.h"

#define COMMAND_WRITABLE (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define MSI_BYTES        24
#define MSIX_ENTRY_BYTES 16
#define BAR_LIMIT        (1ull << 46)
#define PORT_LIMIT       0x10000ull

static enum err check_register(unsigned reg, unsigned bytes)
{
	if (bytes != 1 && bytes != 2 && bytes != 4)
		return ERR_INVAL;
	return reg % bytes || reg >= 0x1000 ? ERR_INVAL : OK;
}

/* The format of the message is hidden: with interrupt remapping it is another one. */
static bool is_message(const struct pci_function *f, unsigned reg, unsigned bytes)
{
	return f->cap_msi && range_overlaps(reg, bytes, f->cap_msi + 4u, MSI_BYTES - 4);
}

enum err device_cfg_read(struct device *v, unsigned reg, unsigned bytes, uint32_t *value)
{
	enum err e = check_register(reg, bytes);

	if (e == OK && is_message(v->pci, reg, bytes))
		e = ERR_PERM;
	if (e == OK)
		*value = pci_read(v->pci->bdf, reg, bytes);
	return e;
}

enum err device_cfg_write(struct device *v, unsigned reg, unsigned bytes, uint32_t value)
{
	enum err e = check_register(reg, bytes);
	uint32_t command;

	if (e != OK)
		return e;
	if (bytes != 2 || (reg != PCI_COMMAND && reg != PCI_STATUS))
		return ERR_PERM;
	if (reg == PCI_STATUS) {
		pci_write(v->pci->bdf, reg, value, 2);
		return OK;
	}
	spin_lock(&v->lock);
	command = pci_read(v->pci->bdf, PCI_COMMAND, 2);
	command = (command & ~COMMAND_WRITABLE) | (value & COMMAND_WRITABLE);
	pci_write(v->pci->bdf, PCI_COMMAND, command, 2);
	spin_unlock(&v->lock);
	return OK;
}

static bool bar_is_usable(const struct pci_bar *bar)
{
	return bar->bytes && !bar->is_io && bar->base.v &&
	       range_within(bar->base.v, bar->bytes, BAR_LIMIT);
}

/* True if the last page of a BAR belongs to another function as well. */
static bool bar_is_shared(const struct device *v, uint64_t base, uint64_t end)
{
	for (unsigned i = 0; i < pci_count(); i++) {
		const struct pci_function *f = pci_get(i);

		for (unsigned j = 0; j < PCI_BARS && f != v->pci; j++)
			if (f->bar[j].bytes && !f->bar[j].is_io &&
			    range_overlaps(base, end - base, f->bar[j].base.v, f->bar[j].bytes))
				return true;
	}
	return false;
}

/* The pages of a BAR without those of the MSI-X table, which are the hypervisor's:

       base ....... hole ....... hole_end ....... end          no table: hole == hole_end == end */
struct bar_map {
	uint64_t base, hole, hole_end, end;
};

static struct bar_map bar_layout(const struct device *v, unsigned n)
{
	const struct pci_function *f = v->pci;
	struct bar_map m = {
		.base = page_down(f->bar[n].base.v),
		.end = page_up(f->bar[n].base.v + f->bar[n].bytes),
	};

	m.hole = m.hole_end = m.end;
	if (f->msix_vectors && f->msix_bar == n) {
		uint64_t table = f->bar[n].base.v + f->msix_table;

		m.hole = page_down(table);
		m.hole_end = MIN(page_up(table + f->msix_vectors * MSIX_ENTRY_BYTES), m.end);
	}
	return m;
}

size_t device_bar_pages(const struct device *v, unsigned bar)
{
	const struct ptab_format *format = v->owner->nested.format;
	struct bar_map m;

	if (!bar_is_usable(&v->pci->bar[bar]))
		return 0;
	m = bar_layout(v, bar);
	return ptab_pages_for(format, m.hole - m.base) + ptab_pages_for(format, m.end - m.hole_end);
}

static enum err bar_map_part(struct domain *d, uint64_t from, uint64_t to)
{
	if (from >= to)
		return OK;
	return ptab_map(&d->nested, from, hpa(from), to - from,
			PTAB_READ | PTAB_WRITE | PTAB_UNCACHED);
}

static bool ports_are_shared(const struct device *v, const struct pci_bar *bar)
{
	for (unsigned i = 0; i < device_count(); i++) {
		const struct device *o = device_get(i);

		for (unsigned j = 0; j < PCI_BARS && o->owner != v->owner; j++) {
			const struct pci_bar *b = &o->pci->bar[j];

			if (b->is_io &&
			    range_overlaps(bar->base.v, bar->bytes, b->base.v, b->bytes))
				return true;
		}
	}
	return false;
}

static enum err ports_open(struct device *v, unsigned n, uint64_t *at)
{
	const struct pci_bar *bar = &v->pci->bar[n];

	if (!bar->bytes || !bar->base.v || !range_within(bar->base.v, bar->bytes, PORT_LIMIT))
		return ERR_NOENT;
	if (ports_are_shared(v, bar))
		return ERR_UNSUPPORTED;
	spin_lock(&v->lock);
	v->ports |= 1u << n;
	pci_write(v->pci->bdf, PCI_COMMAND, pci_read(v->pci->bdf, PCI_COMMAND, 2) | PCI_COMMAND_IO,
		  2);
	spin_unlock(&v->lock);
	*at = bar->base.v;
	return OK;
}

bool device_owns_ports(const struct domain *d, uint64_t port, unsigned bytes)
{
	for (unsigned i = 0; i < device_count(); i++) {
		const struct device *v = device_get(i);

		for (uint32_t open = v->owner == d ? v->ports : 0; open; open &= open - 1) {
			const struct pci_bar *b = &v->pci->bar[__builtin_ctz(open)];

			/* A port below the base wraps. */
			if (range_within(port - b->base.v, bytes, b->bytes))
				return true;
		}
	}
	return false;
}

enum err device_bar_map(struct device *v, unsigned bar, uint64_t *at)
{
	struct domain *d = v->owner;
	struct bar_map m;
	enum err e;

	if (bar >= PCI_BARS)
		return ERR_INVAL;
	if (v->pci->bar[bar].is_io)
		return ports_open(v, bar, at);
	if (!bar_is_usable(&v->pci->bar[bar]))
		return ERR_NOENT;
	m = bar_layout(v, bar);
	if (bar_is_shared(v, m.base, m.end))
		return ERR_UNSUPPORTED;
	*at = v->pci->bar[bar].base.v;
	spin_lock(&d->table_lock);
	e = bar_map_part(d, m.base, m.hole);
	if (e == OK)
		e = bar_map_part(d, m.hole_end, m.end);
	spin_unlock(&d->table_lock);
	return e;
}
