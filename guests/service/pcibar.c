/*
 * BARs and the ranges behind them. kept->mapped says where ranges may be registered: stored before
 * they are added, cleared after they are removed, so that a new instance can always clean up.
 */
#include "guests/service/pcibar.h"

#include "abi/hypercall.h"
#include "abi/platform.h"
#include "guests/service/kept_store.h"
#include "guests/service/virtio_port.h"
#include "lib/bits.h"

#define COMMAND_IO     1u
#define COMMAND_MEMORY 2u

/* Room for each function's BAR at power-on. */
#define STRIDE_IO     64u
#define STRIDE_MEMORY 0x4000u

/* Firmware of a PC goes by no table: it puts memory where PCs have it, up to the I/O APIC. The
   hypervisor refuses what is its own there. */
static bool bar_fits(const struct pcibar_owner *o, unsigned bar, uint32_t base)
{
	uint64_t first = bar == PCIBAR_IO ? HV_GUEST_IO : HV_GUEST_MEM32;
	uint64_t bytes = bar == PCIBAR_IO ? HV_GUEST_IO_BYTES : HV_GUEST_IOAPIC - HV_GUEST_MEM32;

	return base >= first && base - first <= bytes - o->bar[bar].bytes;
}

static unsigned range_kind(unsigned bar)
{
	return bar == PCIBAR_IO ? HV_RANGE_PORT : HV_RANGE_MEMORY;
}

static void bar_unmap(const struct pcibar_owner *o, unsigned bar)
{
	uint32_t base = o->kept->mapped[bar];
	uint32_t first = base + o->bar[bar].doorbells;
	unsigned kind = range_kind(bar);

	if (!base)
		return;
	for (unsigned i = 0; i < o->doorbells; i++)
		(void)virtio_port_remove(o->ioreq_cap, kind | HV_RANGE_DOORBELL,
					 first + i * o->stride);
	if (o->bar[bar].doorbells)
		(void)virtio_port_remove(o->ioreq_cap, kind, base);
	kept_store32(&o->kept->mapped[bar], 0);
}

/* A range that the hypervisor refuses (the guest put the BAR over something else) is not decoded.
 */
static void bar_map(const struct pcibar_owner *o, unsigned bar, uint32_t base)
{
	uint32_t first = base + o->bar[bar].doorbells;
	unsigned kind = range_kind(bar);

	kept_store32(&o->kept->mapped[bar], base);
	for (unsigned i = 0; i < o->doorbells; i++)
		(void)virtio_port_add(o->ioreq_cap, kind | HV_RANGE_DOORBELL, first + i * o->stride,
				      o->stride, o->event[i]);
	if (o->bar[bar].doorbells)
		(void)virtio_port_add(o->ioreq_cap, kind, base, o->bar[bar].doorbells,
				      o->ioreq_event);
}

/* Where the BAR is to be found now; 0: nowhere. */
static uint32_t bar_decoded(const struct pcibar_owner *o, unsigned bar)
{
	uint32_t enable = bar == PCIBAR_IO ? COMMAND_IO : COMMAND_MEMORY;
	uint32_t base = o->kept->bar[bar];

	if (!o->bar[bar].bytes || !(o->kept->command & enable))
		return 0;
	return bar_fits(o, bar, base) ? base : 0;
}

void pcibar_decode(const struct pcibar_owner *o)
{
	for (unsigned bar = 0; bar < KEPT_BARS; bar++) {
		uint32_t base = bar_decoded(o, bar);

		if (base == o->kept->mapped[bar])
			continue;
		bar_unmap(o, bar);
		if (base)
			bar_map(o, bar, base);
	}
}

void pcibar_power_on(const struct pcibar_owner *o)
{
	struct kept_device *k = o->kept;

	for (unsigned bar = 0; bar < KEPT_BARS; bar++)
		bar_unmap(o, bar);
	kept_store32(&k->bar[PCIBAR_IO], HV_GUEST_IO + o->slot * STRIDE_IO);
	kept_store32(&k->bar[PCIBAR_MEMORY], (uint32_t)HV_GUEST_MEM32 + o->slot * STRIDE_MEMORY);
	kept_store32(&k->interrupt_line, 0xff);
	kept_store32(&k->command, COMMAND_IO | COMMAND_MEMORY);
	pcibar_decode(o);
}

/* A range that is where it was takes its own place: the guest runs meanwhile, and must find it at
   any time, even if this domain dies before it is registered anew. */
void pcibar_recover(const struct pcibar_owner *o)
{
	for (unsigned bar = 0; bar < KEPT_BARS; bar++)
		if (o->kept->mapped[bar] && o->kept->mapped[bar] == bar_decoded(o, bar))
			bar_map(o, bar, o->kept->mapped[bar]);
	pcibar_decode(o);
}

bool pcibar_hit(const struct pcibar_owner *o, unsigned bar, uint64_t address, unsigned bytes,
		unsigned *offset)
{
	uint32_t base = o->kept->mapped[bar];

	if (!base || address < base || address - base > o->bar[bar].bytes - bytes)
		return false;
	*offset = (unsigned)(address - base);
	return true;
}
