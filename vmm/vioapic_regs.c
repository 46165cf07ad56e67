/*
 * The I/O APIC's registers: an index and a data window, and the EOI register of version 20h, which
 * saves the guest the mask-and-edge trick of older chips.
 */
#include "vmm/vioapic_state.h"

#include "vmm/vpic.h"

#define OFFSET_SELECT 0x00u
#define OFFSET_WINDOW 0x10u
#define OFFSET_EOI    0x40u

#define REG_ID          0x00u
#define REG_VERSION     0x01u
#define REG_ARBITRATION 0x02u
#define REG_RTE         0x10u /* low half of pin n: + 2n, high half: + 2n + 1 */

#define VERSION 0x20u

static bool is_rte(uint32_t reg)
{
	return reg >= REG_RTE && reg < REG_RTE + 2 * HV_GSI_COUNT;
}

static uint32_t window_read(const struct vioapic *io)
{
	uint32_t reg = io->select;

	if (is_rte(reg))
		return io->rte[(reg - REG_RTE) / 2] >> 32 * (reg % 2);
	if (reg == REG_VERSION)
		return VERSION | (HV_GSI_COUNT - 1) << 16;
	return reg == REG_ID || reg == REG_ARBITRATION ? io->id : 0;
}

/* A pin whose level is up is delivered when it is unmasked; an edge-triggered pin has no remote
   IRR. */
static void rte_write(struct domain *d, uint32_t reg, uint32_t value)
{
	unsigned pin = (reg - REG_RTE) / 2;
	uint64_t *rte = &d->ioapic->rte[pin];
	uint64_t half = reg % 2 ? MASK(63, 32) : MASK(31, 0);
	uint64_t put = (uint64_t)value << 32 * (reg % 2) & RTE_WRITABLE;

	*rte = (*rte & ~(half & RTE_WRITABLE)) | put;
	if (rte_is_level(*rte))
		vioapic_service(d, pin);
	else
		*rte &= ~RTE_REMOTE_IRR;
	if (!pin)
		vpic_tell(d);
}

static void window_write(struct domain *d, uint32_t value)
{
	uint32_t reg = d->ioapic->select;

	if (is_rte(reg))
		rte_write(d, reg, value);
	else if (reg == REG_ID)
		d->ioapic->id = value & MASK(27, 24);
}

static void write_register(struct domain *d, unsigned offset, uint32_t value)
{
	switch (offset) {
	case OFFSET_SELECT: d->ioapic->select = value & 0xff; break;
	case OFFSET_WINDOW: window_write(d, value); break;
	case OFFSET_EOI: vioapic_end(d, value & 0xff); break;
	}
}

static uint32_t read_register(const struct vioapic *io, unsigned offset)
{
	switch (offset) {
	case OFFSET_SELECT: return io->select;
	case OFFSET_WINDOW: return window_read(io);
	default: return 0;
	}
}

enum verdict vioapic_mmio(struct vcpu *v, struct io_access *a)
{
	struct vioapic *io = v->domain->ioapic;
	unsigned offset = a->address & PAGE_MASK;

	spin_lock(&io->lock);
	if (a->write)
		write_register(v->domain, offset, (uint32_t)a->data);
	else
		a->data = read_register(io, offset) & ones(a->size);
	spin_unlock(&io->lock);
	return VERDICT_DONE;
}
