/*
 * Power-off and restart through what ACPI names; each step that has no effect gives way to the
 * next, coarser one.
 */
#include "drivers/power.h"

#include "arch/x86/cpu/idt.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/tsc.h"
#include "drivers/acpi.h"
#include "drivers/pci.h"
#include "lib/assert.h"
#include "lib/log.h"
#include "mm/hvmap.h"

#define PM1_SCI_ENABLE BIT(0)
#define PM1_SLEEP_TYPE MASK(12, 10)
#define PM1_SLEEP_ON   BIT(13)
#define SLEEP_TYPE     MASK(4, 2) /* the hardware-reduced register */
#define SLEEP_ON       BIT(5)

#define RESET_PORT  0xcf9
#define RESET_HARD  0x02
#define RESET_START 0x06
#define SETTLE_US   50000

#define EMULATOR_BRIDGE 0x12378086 /* i440FX, older than any CPU that we run on */
#define EMULATOR_PORT   0x8900

static volatile char *reset_memory, *sleep_memory;

static uint32_t port_read(const struct acpi_register *r)
{
	return r->bytes == 2 ? insn_inw((uint16_t)r->address) : insn_inb((uint16_t)r->address);
}

static void reg_write(const struct acpi_register *r, volatile char *mapped, uint64_t v)
{
	if (!r->address)
		return;
	if (r->memory && mapped)
		*mapped = (char)v;
	else if (!r->memory && r->bytes == 2)
		insn_outw((uint16_t)r->address, (uint16_t)v);
	else if (!r->memory)
		insn_outb((uint16_t)r->address, (uint8_t)v);
}

void power_init(void)
{
	const struct acpi *a = acpi();

	if (a->reset.memory && a->reset.address)
		reset_memory = hvmap_device(hpa(a->reset.address), 1);
	if (a->sleep_control.memory && a->sleep_control.address)
		sleep_memory = hvmap_device(hpa(a->sleep_control.address), 1);
}

/* Firmware may still own the power registers: SCI_EN says that they are ours. */
static void enable_acpi(const struct acpi *a)
{
	if (!a->smi_command || !a->acpi_enable || !a->pm1a_control.address)
		return;
	if (port_read(&a->pm1a_control) & PM1_SCI_ENABLE)
		return;
	insn_outb((uint16_t)a->smi_command, a->acpi_enable);
	tsc_delay_us(SETTLE_US);
}

static void sleep_pm1(const struct acpi_register *r, uint8_t type)
{
	uint64_t v;

	if (!r->address || r->memory)
		return;
	v = field_set(PM1_SLEEP_TYPE, port_read(r) & ~PM1_SLEEP_ON, type);
	reg_write(r, NULL, v);
	reg_write(r, NULL, v | PM1_SLEEP_ON);
}

/* Bochs has no tables under OVMF, but a port that takes a word. */
static void shut_emulator_down(void)
{
	static const char word[] = "Shutdown";

	if (pci_read(PCI_BDF(0, 0, 0), PCI_VENDOR, 4) != EMULATOR_BRIDGE)
		return;
	for (const char *c = word; *c; c++)
		insn_outb(EMULATOR_PORT, (uint8_t)*c);
}

void power_off(void)
{
	const struct acpi *a = acpi();

	log_info("power off");
	if (a->has_s5 && a->sleep_control.address) {
		reg_write(&a->sleep_control, sleep_memory,
			  field_set(SLEEP_TYPE, SLEEP_ON, a->s5_a));
	} else if (a->has_s5) {
		enable_acpi(a);
		sleep_pm1(&a->pm1a_control, a->s5_a);
		sleep_pm1(&a->pm1b_control, a->s5_b);
	} else {
		shut_emulator_down();
	}
	tsc_delay_us(SETTLE_US);
	log_warn("this machine cannot be switched off by software: it is safe to do so by hand");
	panic_halt();
}

/* An empty IDT makes the next exception a triple fault, which resets. */
static void triple_fault(void)
{
	struct table_pointer none = { 0, 0 };

	insn_lidt(&none);
	insn_ud2();
}

void power_reboot(void)
{
	const struct acpi *a = acpi();

	log_info("reboot");
	reg_write(&a->reset, reset_memory, a->reset_value);
	tsc_delay_us(SETTLE_US);
	insn_outb(RESET_PORT, RESET_HARD);
	insn_outb(RESET_PORT, RESET_START);
	tsc_delay_us(SETTLE_US);
	triple_fault();
	panic_halt();
}
