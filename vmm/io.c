/*
 * Port and memory accesses find their model here: a short table of the hypervisor's own models,
 * then what back ends have registered, then the physical ports of the domain's devices, then
 * nothing.
 */
#include "vmm/io.h"

#include "abi/platform.h"
#include "lib/bits.h"
#include "vmm/device.h"
#include "vmm/domain.h"
#include "vmm/guestmem.h"
#include "vmm/ioreq.h"
#include "vmm/vioapic.h"
#include "vmm/vlapic.h"
#include "vmm/vpc.h"
#include "vmm/vpci.h"
#include "vmm/vpower.h"
#include "vmm/vuart.h"

struct io_range {
	uint64_t base, bytes;
	io_model_fn *model;
};

static const struct io_range ports[] = {
	{ HV_PORT_UART, 8, vuart_pio },
	{ HV_PORT_PCI, 8, vpci_port },
	{ HV_PORT_SLEEP, 4, vpower_pio },
};

static const struct io_range memory[] = {
	{ HV_GUEST_IOAPIC, PAGE_SIZE, vioapic_mmio },
	{ HV_GUEST_ECAM, HV_GUEST_ECAM_BYTES, vpci_ecam },
};

static const struct io_range *io_find(const struct io_range *table, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (address - table[i].base < table[i].bytes)
			return &table[i];
	return NULL;
}

enum verdict io_unbacked(struct vcpu *v, struct io_access *a, const char *what)
{
	if (!a->write)
		a->data = ones(a->size);
	if (v->domain->config->flags & CONFIG_FLAG_STRICT)
		return domain_kill(v->domain, "%s of %u bytes at unbacked %s %#lx (strict: yes)",
				   a->write ? "write" : "read", a->size, what, a->address);
	domain_complain(v->domain, "nothing is at %s %#lx: it reads as ones and drops writes", what,
			a->address);
	return VERDICT_DONE;
}

enum verdict pio_access(struct vcpu *v, struct io_access *a)
{
	enum verdict verdict;
	const struct io_range *r;

	if (ioreq_access(v, HV_IOREQ_PORT, a, &verdict))
		return verdict;
	r = io_find(ports, ARRAY_SIZE(ports), a->address);
	if (r)
		return r->model(v, a);
	if (UNLIKELY(v->domain->pc) && vpc_port(v, a, &verdict))
		return verdict;
	return device_port(v->domain, a) ? VERDICT_DONE : io_unbacked(v, a, "port");
}

/* Own memory is reached here only where it cannot be written: firmware's ROM. A write is lost; an
   instruction that also reads gets what is there. */
static bool io_rom(struct vcpu *v, struct io_access *a)
{
	return domain_owns(v->domain, gpa(a->address), a->size) &&
	       (a->write || guest_read(v->domain, gpa(a->address), &a->data, a->size));
}

enum verdict mmio_access(struct vcpu *v, struct io_access *a)
{
	enum verdict verdict;
	const struct io_range *r;

	if (page_down(a->address) == vlapic_base(v))
		return vlapic_mmio(v, a);
	if (a->write && ioreq_ring_again(v, HV_IOREQ_MEMORY, a->address, a->size))
		return VERDICT_DONE;
	if (ioreq_access(v, HV_IOREQ_MEMORY, a, &verdict))
		return verdict;
	r = io_find(memory, ARRAY_SIZE(memory), a->address);
	if (r)
		return r->model(v, a);
	return io_rom(v, a) ? VERDICT_DONE : io_unbacked(v, a, "address");
}
