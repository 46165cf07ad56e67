/*
 * Physical functions: one owner each, an allow-list of registers, BARs without the MSI-X table,
 * interrupts as events.
 */
// sources: vmm/device.c vmm/device_config.c vmm/device_irq.c vmm/event.c lib/format.c
// sources: lib/string.c mm/ptab.c mm/ptab_x86.c mm/pool.c tests/unit/fake_domains.c
// flags: -DHVMAP_DIRECT=0ul
#include "vmm/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/event.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq.h"
#include "drivers/acpi.h"
#include "drivers/ioapic.h"
#include "lib/log.h"
#include "mm/hvmap.h"
#include "tests/unit/fake_domains.h"
#include "vmm/event.h"
#include "vmm/service.h"

#define NVME 0x010802
#define IDE  0x010180
#define BAR  0xfeb00000ull

enum { FUNCTIONS = 4 };

static struct pci_function functions[FUNCTIONS];
static uint8_t space[256];
static uint32_t table[16 * 4];
static unsigned quiesced;
static irq_handler_fn *handler;
static void *handler_arg;
static int masks;
static struct ioapic_route route;
static uint32_t route_gsi;

unsigned pci_count(void)
{
	return FUNCTIONS;
}

const struct pci_function *pci_get(unsigned i)
{
	return &functions[i];
}

uint32_t pci_read(uint16_t bdf, unsigned reg, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, space + reg, size);
	return value;
}

void pci_write(uint16_t bdf, unsigned reg, uint32_t value, unsigned size)
{
	memcpy(space + reg, &value, size);
}

void pci_quiesce(const struct pci_function *f)
{
	quiesced++;
}

volatile void *hvmap_device(hpa_t base, uint64_t bytes)
{
	return table;
}

int irq_alloc(irq_handler_fn *fn, void *arg)
{
	handler = fn;
	handler_arg = arg;
	return 0x55;
}

struct cpu *cpu_by_index(unsigned index)
{
	static struct cpu cpu = { .apic_id = 3 };

	return &cpu;
}

struct acpi_override acpi_isa_irq(uint8_t irq)
{
	return (struct acpi_override){ .irq = irq, .gsi = irq == 15 ? 20 : irq };
}

enum err ioapic_route(uint32_t gsi, const struct ioapic_route *r)
{
	route = *r;
	route_gsi = gsi;
	return OK;
}

void ioapic_mask(uint32_t gsi)
{
	masks++;
}

void ioapic_unmask(uint32_t gsi)
{
	masks--;
}

void log_line(enum log_level level, const char *fmt, ...)
{
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
}

void timer_set(struct timer *t, uint64_t at)
{
}

static struct domain *d;

static void machine(void)
{
	memset(functions, 0, sizeof(functions));
	memset(space, 0, sizeof(space));
	memset(table, 0, sizeof(table));
	functions[0] = (struct pci_function){
		.bdf = PCI_BDF(0, 3, 0),
		.vendor = 0x1b36,
		.device = 0x10,
		.class_code = NVME,
		.cap_msix = 0x40,
		.msix_vectors = 16,
		.msix_bar = 0,
		.msix_table = 0x2000,
	};
	functions[0].bar[0] = (struct pci_bar){ .base = hpa(BAR), .bytes = 0x4000, .is64 = true };
	functions[1] = (struct pci_function){
		.bdf = PCI_BDF(0, 4, 0),
		.vendor = 0x8086,
		.device = 0x100e,
		.class_code = 0x020000,
		.irq_line = 11,
		.irq_pin = 1,
	};
	functions[2] = (struct pci_function){
		.bdf = PCI_BDF(0, 5, 0),
		.vendor = 0x8086,
		.device = 0x7010,
		.class_code = IDE,
		.isa_irq = { 14, 15 },
	};
	functions[2].bar[0] = (struct pci_bar){ .base = hpa(0x1f0), .bytes = 8, .is_io = true };
	functions[2].bar[1] = (struct pci_bar){ .base = hpa(0x3f6), .bytes = 1, .is_io = true };
	functions[2].bar[4] = (struct pci_bar){ .base = hpa(0xc000), .bytes = 16, .is_io = true };
	functions[3] = functions[2];
	functions[3].bdf = PCI_BDF(0, 6, 0);
	functions[3].class_code = IDE | 4;
	functions[3].isa_irq[1] = 0;
}

/* Devices are given out once: one machine for all tests. */
static int build(void **state)
{
	struct config_device *c;

	machine();
	fake_domains_reset();
	d = &fake_domains[SERVER];
	service_reserve(d, 1);
	assert_int_equal(ptab_init(&d->nested, &ptab_npt_2m, &d->pool), OK);
	event_build(d);
	c = fake_configs[SERVER].device;
	fake_configs[SERVER].devices = 4;
	c[3].match = CONFIG_BY_DISK; /* NVMe is taken */
	c[0].class_code = c[1].class_code = NVME;
	c[1].optional = 1;
	c[2].match = CONFIG_BY_ID;
	c[2].vendor = 0x8086;
	c[2].device = 0x100e;
	fake_configs[OTHER].devices = 2;
	fake_configs[OTHER].device[1].class_code = IDE | 5;
	fake_configs[OTHER].device[0].match = CONFIG_BY_SLOT;
	fake_configs[OTHER].device[0].slot = PCI_BDF(0, 4, 0);
	assert_int_equal(devices_build(), ERR_EXISTS);
	return 0;
}

static void each_function_has_one_owner(void **state)
{
	assert_int_equal(device_count(), 4);
	assert_ptr_equal(device_of(d, 0)->pci, &functions[0]);
	assert_null(device_of(d, 1));
	assert_ptr_equal(device_of(d, 2)->pci, &functions[1]);
	assert_null(device_of(&fake_domains[OTHER], 0));
	assert_ptr_equal(device_of(d, 3)->pci, &functions[2]);
	assert_ptr_equal(device_of(&fake_domains[OTHER], 1)->pci, &functions[3]);
	assert_int_equal(quiesced, 4);
}

static void only_command_and_status_can_be_written(void **state)
{
	struct device *v = device_of(d, 0);
	uint32_t value;

	space[PCI_COMMAND] = PCI_COMMAND_IO;
	assert_int_equal(device_cfg_write(v, PCI_COMMAND, 2, 0xffff), OK);
	assert_int_equal(device_cfg_read(v, PCI_COMMAND, 2, &value), OK);
	assert_int_equal(value, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	assert_int_equal(device_cfg_write(v, PCI_COMMAND, 4, 0), ERR_PERM);
	assert_int_equal(device_cfg_write(v, PCI_BAR0, 4, 0), ERR_PERM);
	assert_int_equal(device_cfg_write(v, PCI_CAPABILITIES, 1, 0), ERR_PERM);
	assert_int_equal(device_cfg_write(v, 0x42, 2, 0xc000), ERR_PERM);
	assert_int_equal(device_cfg_read(v, 0x1000, 4, &value), ERR_INVAL);
	assert_int_equal(device_cfg_read(v, 2, 4, &value), ERR_INVAL);
	assert_int_equal(device_cfg_read(v, ~0u, 1, &value), ERR_INVAL);
	assert_int_equal(device_cfg_read(v, 0, 3, &value), ERR_INVAL);
}

static void a_bar_is_mapped_without_the_interrupt_table(void **state)
{
	struct device *v = device_of(d, 0);
	struct ptab_leaf leaf;
	uint64_t at;

	assert_int_equal(device_bar_map(v, 0, &at), OK);
	assert_int_equal(at, BAR);
	assert_true(ptab_lookup(&d->nested, BAR + 0x1000, &leaf));
	assert_int_equal(leaf.hpa.v, BAR + 0x1000);
	assert_int_equal(leaf.attrs, PTAB_READ | PTAB_WRITE | PTAB_UNCACHED);
	assert_false(ptab_lookup(&d->nested, BAR + 0x2000, &leaf));
	assert_true(ptab_lookup(&d->nested, BAR + 0x3000, &leaf));
	assert_int_equal(device_bar_map(v, 1, &at), ERR_NOENT);
	assert_int_equal(device_bar_map(v, 6, &at), ERR_INVAL);
}

static void a_message_interrupt_becomes_an_event(void **state)
{
	struct device *v = device_of(d, 0);

	assert_int_equal(v->interrupts, DEVICE_VECTORS);
	assert_int_equal(table[4 * 2 + 3], 1);
	assert_int_equal(device_irq_bind(v, DEVICE_VECTORS, 9), ERR_INVAL);
	assert_int_equal(device_irq_bind(v, 2, HV_EVENTS), ERR_INVAL);
	assert_int_equal(device_irq_bind(v, 2, 9), OK);
	assert_int_equal(table[4 * 2], 0xfee03000);
	assert_int_equal(table[4 * 2 + 2], 0x55);
	assert_int_equal(table[4 * 2 + 3], 0);
	assert_int_equal(table[4 * 1 + 3], 1);
	assert_int_equal(space[0x43] & 0xc0, 0x80);
	handler(handler_arg);
	assert_true(fake_take_event(SERVER, 9));
	devices_quiesce(d);
	assert_int_equal(quiesced, 7);
	handler(handler_arg);
	assert_false(fake_take_event(SERVER, 9));
}

static void a_line_is_masked_until_it_is_acknowledged(void **state)
{
	struct device *v = device_of(d, 2);

	masks = 1;
	assert_int_equal(v->kind, DEVICE_LINE);
	assert_int_equal(device_irq_ack(v, 0), ERR_INVAL);
	assert_int_equal(device_irq_bind(v, 0, 10), OK);
	assert_true(device_irq_is_level(v, 0));
	assert_true(route.level && route.low);
	assert_int_equal(masks, 0);
	handler(handler_arg);
	assert_int_equal(masks, 1);
	assert_true(fake_take_event(SERVER, 10));
	assert_int_equal(device_irq_ack(v, 0), OK);
	assert_int_equal(masks, 0);
}

static void ports_are_reached_once_they_were_asked_for(void **state)
{
	struct device *v = device_of(d, 3);
	uint64_t at;

	space[PCI_COMMAND] = 0;
	functions[3].bar[0].base = hpa(0x2000); /* each the only one at its ports */
	functions[3].bar[1].base = hpa(0x2010);
	functions[3].bar[4].base = hpa(0x2020);
	assert_false(device_owns_ports(d, 0x1f0, 1));
	assert_int_equal(device_bar_map(v, 0, &at), OK);
	assert_int_equal(at, 0x1f0);
	assert_int_equal(space[PCI_COMMAND], PCI_COMMAND_IO);
	assert_true(device_owns_ports(d, 0x1f0, 1));
	assert_true(device_owns_ports(d, 0x1f4, 4));
	assert_false(device_owns_ports(d, 0x1f5, 4));
	assert_false(device_owns_ports(d, 0x1ef, 1));
	assert_false(device_owns_ports(d, 0x1ef, 2));
	assert_false(device_owns_ports(d, 0x1f8, 1));
	assert_false(device_owns_ports(d, 0x3f6, 1));
	assert_false(device_owns_ports(&fake_domains[OTHER], 0x1f0, 1));
	assert_int_equal(device_bar_map(v, 1, &at), OK);
	assert_true(device_owns_ports(d, 0x3f6, 1));
	assert_false(device_owns_ports(d, 0x3f6, 2));
	assert_int_equal(device_bar_map(v, 2, &at), ERR_NOENT);
	devices_quiesce(d);
	assert_false(device_owns_ports(d, 0x1f0, 1));
}

static void ports_that_another_domain_has_as_well_are_refused(void **state)
{
	uint64_t at;

	functions[3].bar[4].base = hpa(0xc00c);
	assert_int_equal(device_bar_map(device_of(d, 3), 4, &at), ERR_UNSUPPORTED);
	functions[3].bar[4].base = hpa(0xc010);
	assert_int_equal(device_bar_map(device_of(d, 3), 4, &at), OK);
}

static void each_ide_channel_has_its_edge_line(void **state)
{
	struct device *v = device_of(d, 3);

	masks = 2;
	assert_int_equal(v->interrupts, 2);
	assert_int_equal(device_irq_bind(v, 0, 11), OK);
	assert_int_equal(route_gsi, 14);
	assert_false(route.level || route.low || device_irq_is_level(v, 0));
	assert_int_equal(device_irq_bind(v, 1, 12), OK);
	assert_int_equal(route_gsi, 20);
	assert_int_equal(masks, 0);
	handler(handler_arg);
	assert_int_equal(masks, 0);
	assert_true(fake_take_event(SERVER, 12));
	assert_false(fake_take_event(SERVER, 11));
	assert_int_equal(device_irq_ack(v, 1), OK);
	assert_int_equal(masks, 0);
}

static void a_line_of_another_domain_is_not_shared(void **state)
{
	struct device *v = device_of(&fake_domains[OTHER], 1);

	assert_int_equal(v->interrupts, 2);
	assert_int_equal(device_irq_bind(v, 0, 11), ERR_NOENT);
	assert_int_equal(device_irq_bind(v, 1, 11), ERR_NOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_function_has_one_owner),
		cmocka_unit_test(only_command_and_status_can_be_written),
		cmocka_unit_test(a_bar_is_mapped_without_the_interrupt_table),
		cmocka_unit_test(a_message_interrupt_becomes_an_event),
		cmocka_unit_test(a_line_is_masked_until_it_is_acknowledged),
		cmocka_unit_test(ports_are_reached_once_they_were_asked_for),
		cmocka_unit_test(ports_that_another_domain_has_as_well_are_refused),
		cmocka_unit_test(each_ide_channel_has_its_edge_line),
		cmocka_unit_test(a_line_of_another_domain_is_not_shared),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
