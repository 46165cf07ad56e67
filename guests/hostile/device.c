/*
 * Finds the devices that this guest is served, and writes what it should not into their
 * configuration space, by ECAM and by ports, and into the registers behind their BARs.
 */
#include "guests/hostile/device.h"

#include "abi/platform.h"
#include "guests/hostile/hostile.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/paging.h"
#include "guests/lib/pci.h"
#include "lib/addr.h"
#include "lib/bits.h"

#define VIRTIO        0x1af4u
#define HEADER_BYTES  256u
#define BAR_PAGES     4u
#define REPAIR        4u /* one configuration write in so many is followed by a repair */
#define CONFIG_ENABLE 0x80000000u

enum { CAP_COMMON = 1, CAP_NOTIFY = 2 };
enum { CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8 };

struct device devices[DEVICES];
unsigned device_count;

static void find_structures(struct device *d)
{
	unsigned cap = 0;

	while ((cap = pci_capability(d->function, PCI_CAP_VENDOR, cap)) != 0) {
		unsigned type = pci_read(d->function, cap + CAP_TYPE, 1);
		struct pci_bar bar = pci_bar(d->function, pci_read(d->function, cap + CAP_BAR, 1));
		volatile uint8_t *p =
			(volatile uint8_t *)(uintptr_t)(bar.base +
							pci_read(d->function, cap + CAP_OFFSET, 4));

		if (bar.base && !bar.is_port)
			paging_map(align_down(bar.base, PAGE_SIZE), BAR_PAGES * PAGE_SIZE,
				   PAGING_WRITE);
		if (type == CAP_COMMON)
			d->common = p;
		else if (type == CAP_NOTIFY && bar.is_port)
			d->port = (uint16_t)(uintptr_t)p;
		else if (type == CAP_NOTIFY)
			d->doorbell = p;
	}
}

void device_init(void)
{
	for (unsigned f = 0; f < PCI_FUNCTIONS && device_count < DEVICES; f++) {
		struct device *d = &devices[device_count];

		if (pci_read(f, PCI_ID, 2) != VIRTIO)
			continue;
		d->function = f;
		d->command = pci_read(f, PCI_COMMAND, 2) | PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
			     PCI_COMMAND_MASTER;
		for (unsigned i = 0; i < DEVICE_BARS; i++)
			d->bar[i] = pci_read(f, PCI_BAR0 + 4 * i, 4);
		device_repair(d);
		find_structures(d);
		if (d->common)
			device_count++;
	}
}

void device_repair(const struct device *d)
{
	for (unsigned i = 0; i < DEVICE_BARS; i++)
		pci_write(d->function, PCI_BAR0 + 4 * i, 4, d->bar[i]);
	pci_write(d->function, PCI_COMMAND, 2, d->command);
}

static void write_wild(volatile uint8_t *p)
{
	switch (rnd_below(4)) {
	case 0: writeb(p, (uint8_t)rnd()); break;
	case 1: writew((volatile void *)p, (uint16_t)rnd_nasty()); break;
	case 2: writel((volatile void *)p, (uint32_t)rnd_nasty()); break;
	default: writeq((volatile void *)p, rnd_nasty()); break;
	}
}

static void config_by_ports(unsigned function, unsigned reg)
{
	outl(HV_PORT_PCI, CONFIG_ENABLE | function << 8 | (reg & 0xff));
	if (rnd_below(2))
		outl((uint16_t)(HV_PORT_PCI + 4), (uint32_t)rnd_nasty());
	else
		outb((uint16_t)(HV_PORT_PCI + 4 + rnd_below(4)), (uint8_t)rnd());
}

void act_config(void)
{
	const struct device *d = device_count ? &devices[rnd_below(device_count)] : NULL;
	unsigned function = d && rnd_below(8) ? d->function : (unsigned)rnd_below(PCI_FUNCTIONS);
	unsigned reg = (unsigned)rnd_below(rnd_below(8) ? HEADER_BYTES : PAGE_SIZE);

	if (rnd_below(4) == 0)
		config_by_ports(function, reg);
	else
		write_wild((volatile uint8_t *)HV_GUEST_ECAM + ((uint64_t)function << 12) + reg);
	if (d && rnd_below(REPAIR) == 0)
		device_repair(d);
}

void act_register(void)
{
	const struct device *d = device_count ? &devices[rnd_below(device_count)] : NULL;
	unsigned reg = (unsigned)rnd_below(rnd_below(4) ? 64 : BAR_PAGES * PAGE_SIZE);

	if (!d)
		return;
	if (rnd_below(8) == 0)
		device_repair(d);
	if (rnd_below(8) == 0)
		(void)readl((volatile void *)(d->common + (reg & ~3u)));
	else
		write_wild(d->common + reg);
}
