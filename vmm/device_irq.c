/*
 * Physical interrupts as events: MSI-X where the function has it, else MSI, else its line. The
 * hypervisor writes the messages; they go to the CPU of the owner's vCPU. A level line is masked
 * when it fires and unmasked by IRQ_ACK. An IDE function in compatibility mode has the two ISA
 * lines.
 */
#include "vmm/device.h"

#include "abi/event.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq.h"
#include "drivers/acpi.h"
#include "drivers/ioapic.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "mm/hvmap.h"
#include "vmm/event.h"

#define NO_LINE 255 /* PCI_INTERRUPT_LINE: not connected */

/* PCI 3.0 6.8: offsets from the capability. */
#define CAP_CONTROL      2
#define MSI_ADDRESS      4
#define MSI_ADDRESS_HIGH 8
#define MSI_DATA_32      8
#define MSI_DATA_64      12
#define MSI_ENABLE       BIT(0)
#define MSI_MULTIPLE     MASK(6, 4)
#define MSI_64_BITS      BIT(7)
#define MSIX_MASK_ALL    BIT(14)
#define MSIX_ENABLE      BIT(15)

/* An entry of the MSI-X table: four words. */
enum { MSIX_ADDRESS, MSIX_ADDRESS_HIGH, MSIX_DATA, MSIX_CONTROL, MSIX_WORDS };
#define MSIX_MASKED 1u

#define MESSAGE_ADDRESS(apic_id) (0xfee00000u | (apic_id) << 12)
#define APIC_ID_LIMIT            255 /* what a message can name without interrupt remapping */

static struct spinlock vectors_lock; /* guards irq_alloc */

static void device_command(const struct device *v, uint32_t set)
{
	uint32_t command = pci_read(v->pci->bdf, PCI_COMMAND, 2);

	pci_write(v->pci->bdf, PCI_COMMAND, command | set, 2);
}

static void msix_build(struct device *v)
{
	const struct pci_function *f = v->pci;
	hpa_t table = hpa(f->bar[f->msix_bar].base.v + f->msix_table);

	v->kind = DEVICE_MSIX;
	v->interrupts = MIN(f->msix_vectors, DEVICE_VECTORS);
	v->msix = hvmap_device(table, f->msix_vectors * sizeof(uint32_t) * MSIX_WORDS);
	device_command(v, PCI_COMMAND_MEMORY);
	for (unsigned i = 0; i < f->msix_vectors; i++)
		v->msix[i * MSIX_WORDS + MSIX_CONTROL] = MSIX_MASKED;
}

/* True, and logged, if a device of another domain interrupts there. */
static bool line_is_taken(const struct device *v, uint32_t gsi)
{
	for (unsigned i = 0; i < device_count(); i++) {
		const struct device *o = device_get(i);

		for (unsigned n = 0; n < o->interrupts && o->kind == DEVICE_LINE; n++) {
			if (o->irq[n].gsi != gsi || o->owner == v->owner)
				continue;
			log_error("%s: a device shares interrupt line %u with one of %s: it gets "
				  "none",
				  v->owner->name, gsi, o->owner->name);
			return true;
		}
	}
	return false;
}

static void line_add(struct device *v, const struct acpi_override *line)
{
	struct device_irq *irq = &v->irq[v->interrupts];

	v->kind = DEVICE_LINE;
	v->interrupts++;
	if (!line->irq || line_is_taken(v, line->gsi))
		return;
	irq->gsi = line->gsi;
	irq->level = line->level;
	irq->low = line->low;
}

/* A PCI line is level-triggered; its polarity is the override's, low where there is none. */
static void line_build(struct device *v)
{
	struct acpi_override line;

	if (!v->pci->irq_pin || v->pci->irq_line == 0 || v->pci->irq_line == NO_LINE)
		return;
	line = acpi_isa_irq(v->pci->irq_line);
	line.low |= !line.level;
	line.level = true;
	line_add(v, &line);
}

/* One for each IDE channel; a channel in native mode beside one in compatibility mode has none. */
static void isa_build(struct device *v)
{
	for (unsigned n = 0; n < PCI_IDE; n++) {
		struct acpi_override line = acpi_isa_irq(v->pci->isa_irq[n]);

		line_add(v, &line);
	}
}

void device_irq_build(struct device *v)
{
	const struct pci_function *f = v->pci;

	for (unsigned i = 0; i < DEVICE_VECTORS; i++)
		v->irq[i] = (struct device_irq){ .gsi = DEVICE_NO_GSI,
						 .event = HV_EVENT_NONE,
						 .device = v };
	if (f->isa_irq[0] || f->isa_irq[1]) {
		isa_build(v);
	} else if (f->msix_vectors && f->bar[f->msix_bar].base.v) {
		msix_build(v);
	} else if (f->cap_msi) {
		v->kind = DEVICE_MSI;
		v->interrupts = 1;
	} else {
		line_build(v);
	}
}

static void irq_signal(const struct device_irq *irq)
{
	event_set(irq->device->owner, __atomic_load_n(&irq->event, __ATOMIC_ACQUIRE));
}

/* Several devices of one owner may share a line: the vector is the last one's that was bound. */
static void line_fired(const struct device_irq *fired)
{
	if (fired->level)
		ioapic_mask(fired->gsi);
	for (unsigned i = 0; i < device_count(); i++) {
		const struct device *v = device_get(i);

		for (unsigned n = 0; n < v->interrupts && v->kind == DEVICE_LINE; n++)
			if (v->irq[n].gsi == fired->gsi)
				irq_signal(&v->irq[n]);
	}
}

/* Runs in an interrupt handler, on any CPU. */
static void device_interrupt(void *arg)
{
	const struct device_irq *irq = arg;

	if (irq->device->kind == DEVICE_LINE)
		line_fired(irq);
	else
		irq_signal(irq);
}

static void msix_program(struct device *v, unsigned index, uint32_t apic_id)
{
	volatile uint32_t *entry = v->msix + index * MSIX_WORDS;
	unsigned control = v->pci->cap_msix + CAP_CONTROL;
	uint32_t value = pci_read(v->pci->bdf, control, 2);

	device_command(v, PCI_COMMAND_MEMORY | PCI_COMMAND_NO_INTX);
	entry[MSIX_CONTROL] = MSIX_MASKED;
	entry[MSIX_ADDRESS] = MESSAGE_ADDRESS(apic_id);
	entry[MSIX_ADDRESS_HIGH] = 0;
	entry[MSIX_DATA] = v->irq[index].vector;
	entry[MSIX_CONTROL] = 0;
	pci_write(v->pci->bdf, control, (value & ~MSIX_MASK_ALL) | MSIX_ENABLE, 2);
}

static void msi_program(struct device *v, uint32_t apic_id)
{
	uint16_t bdf = v->pci->bdf;
	unsigned cap = v->pci->cap_msi;
	uint32_t control = pci_read(bdf, cap + CAP_CONTROL, 2) & ~(MSI_ENABLE | MSI_MULTIPLE);
	bool wide = control & MSI_64_BITS;

	device_command(v, PCI_COMMAND_NO_INTX);
	pci_write(bdf, cap + CAP_CONTROL, control, 2);
	pci_write(bdf, cap + MSI_ADDRESS, MESSAGE_ADDRESS(apic_id), 4);
	if (wide)
		pci_write(bdf, cap + MSI_ADDRESS_HIGH, 0, 4);
	pci_write(bdf, cap + (wide ? MSI_DATA_64 : MSI_DATA_32), v->irq[0].vector, 2);
	pci_write(bdf, cap + CAP_CONTROL, control | MSI_ENABLE, 2);
}

/* The command register's bit keeps an IDE function from its ISA interrupts as well. */
static enum err line_program(struct device *v, const struct device_irq *irq, uint32_t apic_id)
{
	struct ioapic_route route = {
		.vector = irq->vector,
		.apic_id = apic_id,
		.level = irq->level,
		.low = irq->low,
	};
	enum err e = ioapic_route(irq->gsi, &route);
	uint32_t command = pci_read(v->pci->bdf, PCI_COMMAND, 2);

	if (e != OK)
		return e;
	pci_write(v->pci->bdf, PCI_COMMAND, command & ~PCI_COMMAND_NO_INTX, 2);
	ioapic_unmask(irq->gsi);
	return OK;
}

static enum err irq_program(struct device *v, unsigned index)
{
	uint32_t apic_id = cpu_by_index(v->owner->vcpu[0]->cpu)->apic_id;

	if (apic_id >= APIC_ID_LIMIT)
		return ERR_UNSUPPORTED;
	if (v->kind == DEVICE_LINE)
		return line_program(v, &v->irq[index], apic_id);
	if (v->kind == DEVICE_MSIX)
		msix_program(v, index, apic_id);
	else
		msi_program(v, apic_id);
	return OK;
}

/* The host's vector stays with the interrupt for good. */
static enum err irq_take_vector(struct device_irq *irq)
{
	int vector;

	if (irq->vector)
		return OK;
	spin_lock(&vectors_lock);
	vector = irq_alloc(device_interrupt, irq);
	spin_unlock(&vectors_lock);
	if (vector < 0)
		return vector;
	irq->vector = vector;
	return OK;
}

enum err device_irq_bind(struct device *v, unsigned index, unsigned event)
{
	struct device_irq *irq;
	enum err e;

	if (index >= v->interrupts || event >= HV_EVENTS)
		return ERR_INVAL;
	irq = &v->irq[index];
	if (v->kind == DEVICE_LINE && irq->gsi == DEVICE_NO_GSI)
		return ERR_NOENT;
	spin_lock(&v->lock);
	e = irq_take_vector(irq);
	/* Release: pairs with the handler's load. */
	__atomic_store_n(&irq->event, event, __ATOMIC_RELEASE);
	if (e == OK)
		e = irq_program(v, index);
	spin_unlock(&v->lock);
	return e;
}

bool device_irq_is_level(const struct device *v, unsigned index)
{
	return v->kind == DEVICE_LINE && v->irq[index].level;
}

enum err device_irq_ack(struct device *v, unsigned index)
{
	if (index >= v->interrupts || !v->irq[index].vector)
		return ERR_INVAL;
	if (device_irq_is_level(v, index))
		ioapic_unmask(v->irq[index].gsi);
	return OK;
}

void device_irq_drop(struct device *v)
{
	spin_lock(&v->lock);
	for (unsigned i = 0; i < v->interrupts; i++) {
		if (v->kind == DEVICE_LINE)
			ioapic_mask(v->irq[i].gsi);
		__atomic_store_n(&v->irq[i].event, HV_EVENT_NONE, __ATOMIC_RELEASE);
	}
	v->ports = 0;
	spin_unlock(&v->lock);
}
