/*
 * I/O APICs: an index register and a window to the rest, hence the lock. Each line has a 64-bit
 * redirection entry; the low half holds the mask, so it is written last when a line opens.
 */
#include "drivers/ioapic.h"

#include "arch/x86/cpu/insn.h"
#include "drivers/acpi.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "mm/hvmap.h"

#define REG_SELECT   0x00
#define REG_WINDOW   0x10
#define IOAPIC_BYTES 0x20

#define INDEX_VERSION  1
#define INDEX_ENTRY(n) (0x10 + 2 * (n))
#define VERSION_LAST   MASK(23, 16)

#define ENTRY_LOW         BIT(13)
#define ENTRY_LEVEL       BIT(15)
#define ENTRY_MASKED      BIT(16)
#define ENTRY_DESTINATION MASK(31, 24) /* of the high half */

#define PIC1_COMMAND 0x20
#define PIC1_DATA    0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA    0xa1
#define PIC_INIT     0x11 /* edge, cascade, ICW4 follows */
#define PIC_VECTOR   0x20 /* where a spurious one does no harm: irq.c drops it */

struct ioapic {
	volatile uint32_t *regs;
	uint32_t first, lines;
};

static struct spinlock lock; /* guards the registers */
static struct ioapic ioapics[ACPI_IOAPICS] RO_AFTER_INIT;
static unsigned count RO_AFTER_INIT;

static uint32_t reg_read(const struct ioapic *io, uint32_t index)
{
	io->regs[REG_SELECT / 4] = index;
	return io->regs[REG_WINDOW / 4];
}

static void reg_write(const struct ioapic *io, uint32_t index, uint32_t v)
{
	io->regs[REG_SELECT / 4] = index;
	io->regs[REG_WINDOW / 4] = v;
}

/* All lines masked; ICW1..4 are needed to move its vectors away from the exceptions. */
static void silence_pics(void)
{
	insn_outb(PIC1_COMMAND, PIC_INIT);
	insn_outb(PIC2_COMMAND, PIC_INIT);
	insn_outb(PIC1_DATA, PIC_VECTOR);
	insn_outb(PIC2_DATA, PIC_VECTOR + 8);
	insn_outb(PIC1_DATA, 1 << 2);
	insn_outb(PIC2_DATA, 2);
	insn_outb(PIC1_DATA, 1);
	insn_outb(PIC2_DATA, 1);
	insn_outb(PIC1_DATA, 0xff);
	insn_outb(PIC2_DATA, 0xff);
}

static void add(const struct acpi_ioapic *found)
{
	struct ioapic *io = &ioapics[count];

	io->regs = hvmap_device(found->base, IOAPIC_BYTES);
	io->first = found->gsi_base;
	if (reg_read(io, INDEX_VERSION) == ~0u) {
		log_warn("no I/O APIC answers at %#lx: its lines are unusable", found->base.v);
		return;
	}
	io->lines = (uint32_t)field_get(VERSION_LAST, reg_read(io, INDEX_VERSION)) + 1;
	for (uint32_t n = 0; n < io->lines; n++)
		reg_write(io, INDEX_ENTRY(n), ENTRY_MASKED);
	count++;
}

void ioapic_init(void)
{
	silence_pics();
	for (unsigned i = 0; i < acpi()->ioapics; i++)
		add(&acpi()->ioapic[i]);
}

static const struct ioapic *find(uint32_t gsi)
{
	for (unsigned i = 0; i < count; i++)
		if (gsi - ioapics[i].first < ioapics[i].lines)
			return &ioapics[i];
	return NULL;
}

enum err ioapic_route(uint32_t gsi, const struct ioapic_route *r)
{
	const struct ioapic *io = find(gsi);
	uint64_t low = r->vector | ENTRY_MASKED;

	if (!io)
		return ERR_NOENT;
	low |= r->level ? ENTRY_LEVEL : 0;
	low |= r->low ? ENTRY_LOW : 0;
	spin_lock(&lock);
	reg_write(io, INDEX_ENTRY(gsi - io->first), (uint32_t)low);
	reg_write(io, INDEX_ENTRY(gsi - io->first) + 1,
		  (uint32_t)field_set(ENTRY_DESTINATION, 0, r->apic_id));
	spin_unlock(&lock);
	return OK;
}

static void set_mask(uint32_t gsi, uint64_t mask)
{
	const struct ioapic *io = find(gsi);
	uint32_t index;

	if (!io)
		return;
	index = INDEX_ENTRY(gsi - io->first);
	spin_lock(&lock);
	reg_write(io, index, (uint32_t)((reg_read(io, index) & ~ENTRY_MASKED) | mask));
	spin_unlock(&lock);
}

void ioapic_mask(uint32_t gsi)
{
	set_mask(gsi, ENTRY_MASKED);
}

void ioapic_unmask(uint32_t gsi)
{
	set_mask(gsi, 0);
}
