// sources: drivers/pci_scan.c
/* The scan of PCI functions over a configuration space of our own: what it makes of an IDE
   function's modes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/pci_scan.h"
#include "lib/bits.h"
#include "lib/log.h"

#define IDE_SLOT PCI_BDF(0, 1, 0)

static uint8_t space[256];
static struct pci_function table[4];

void log_line(enum log_level level, const char *fmt, ...)
{
}

void pci_map_bus(uint8_t bus)
{
}

uint32_t pci_read(uint16_t bdf, unsigned reg, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, space + reg, size);
	return bdf == IDE_SLOT ? value : ones(size);
}

/* BAR 4 is 16 ports, and in native mode BARs 0 to 3 are 8 and 4. */
void pci_write(uint16_t bdf, unsigned reg, uint32_t value, unsigned size)
{
	static const uint32_t bytes[PCI_BARS] = { 8, 4, 8, 4, 16, 0 };
	unsigned bar = (reg - PCI_BAR0) / 4;

	if (reg >= PCI_BAR0 && bar < PCI_BARS) {
		bool used = bar == 4 || (bar < 4 && space[PCI_CLASS + 1] & 1u << bar / 2 * 2);

		value = used ? (value & ~(bytes[bar] - 1)) | 1 : 0;
	}
	memcpy(space + reg, &value, size);
}

static const struct pci_function *scan(uint8_t interface)
{
	static const uint32_t base[PCI_BARS] = { 0xc001, 0xc011, 0xc021, 0xc031, 0xc041, 0 };

	memset(space, 0, sizeof(space));
	memcpy(space, (uint8_t[]){ 0x86, 0x80, 0x10, 0x70 }, 4);
	memcpy(space + PCI_CLASS, (uint8_t[]){ 0, interface, 1, 1 }, 4);
	for (unsigned i = 0; i < PCI_BARS; i++)
		pci_write(IDE_SLOT, PCI_BAR0 + 4 * i, base[i], 4);
	assert_int_equal(pci_scan(table, 4), 1);
	return table;
}

static void is_ports(const struct pci_bar *b, uint64_t base, uint64_t bytes)
{
	assert_true(b->is_io);
	assert_int_equal(b->base.v, base);
	assert_int_equal(b->bytes, bytes);
}

static void compatibility_mode_has_the_ports_and_interrupts_of_old(void **state)
{
	const struct pci_function *f = scan(0x80);

	is_ports(&f->bar[0], 0x1f0, 8);
	is_ports(&f->bar[1], 0x3f6, 1);
	is_ports(&f->bar[2], 0x170, 8);
	is_ports(&f->bar[3], 0x376, 1);
	is_ports(&f->bar[4], 0xc040, 16);
	assert_int_equal(f->isa_irq[0], 14);
	assert_int_equal(f->isa_irq[1], 15);
}

static void native_mode_has_bars(void **state)
{
	const struct pci_function *f = scan(0x8f);

	is_ports(&f->bar[0], 0xc000, 8);
	is_ports(&f->bar[1], 0xc010, 4);
	is_ports(&f->bar[3], 0xc030, 4);
	assert_int_equal(f->isa_irq[0] | f->isa_irq[1], 0);
}

static void each_channel_has_a_mode_of_its_own(void **state)
{
	const struct pci_function *f = scan(0x84);

	is_ports(&f->bar[0], 0x1f0, 8);
	is_ports(&f->bar[2], 0xc020, 8);
	assert_int_equal(f->isa_irq[0], 14);
	assert_int_equal(f->isa_irq[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compatibility_mode_has_the_ports_and_interrupts_of_old),
		cmocka_unit_test(native_mode_has_bars),
		cmocka_unit_test(each_channel_has_a_mode_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
