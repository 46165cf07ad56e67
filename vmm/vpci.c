/*
 * Configuration accesses: decode port or ECAM address into device, function and register, then the
 * host bridge answers, or a back end, or nobody.
 */
#include "vmm/vpci.h"

#include "abi/boot.h"
#include "abi/platform.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vmm/ioreq.h"
#include "vmm/service.h"
#include "vmm/vpc.h"

#define ADDRESS_ENABLE BIT(31)
#define ADDRESS_BUS    MASK(23, 16)
#define ADDRESS_SLOT   MASK(15, 8) /* device and function */
#define ADDRESS_REG    MASK(7, 2)

/* A configuration address as in abi/ioreq.h: device << 15 | function << 12 | register. */
#define CONFIG_DEVICE   MASK(19, 15)
#define CONFIG_FUNCTION MASK(14, 12)
#define CONFIG_REG      MASK(11, 0)

/* The host bridge: a generic PCI Express one without any register to set. Words from 0 on. */
static const uint32_t bridge[] = {
	0x00081b36, /* vendor, device: the generic host bridge that every stock system knows */
	0x00000000, /* command, status */
	0x06000000, /* host bridge, revision 0 */
	0x00000000, /* header type 0 */
};

/* A PC's: the 440FX as QEMU has it, which SeaBIOS knows by the subsystem. */
static const uint32_t pc_bridge[] = {
	[0] = 0x12378086,
	[2] = 0x06000002,
	[11] = 0x11001af4,
};

#define PC_BRIDGE_PAM 0x58u /* 8 bytes that read as written; what they protect is RAM always */

void vpci_build(void)
{
	domain_for_each(d) {
		if (!d->vcpus)
			continue;
		d->pci = service_pages(d, 1);
		memset(d->pci->link, VPCI_EMPTY, sizeof(d->pci->link));
		for (unsigned i = 0; i < d->config->served; i++) {
			struct domain *backend = domain_get(d->config->serve[i].backend);
			unsigned link = ioreq_link_of(d, backend);

			if (link != IOREQ_NO_LINK && d->config->serve[i].kind != HV_SERVED_PC)
				d->pci->link[vpci_function(i) >> 3] = link;
		}
	}
}

void vpci_reset(struct domain *d)
{
	d->pci->address = 0;
}

/* Ones; writes are dropped: no device, and no fault of the guest's either. */
static enum verdict vpci_empty(struct io_access *a)
{
	if (!a->write)
		a->data = ones(a->size);
	return VERDICT_DONE;
}

static enum verdict vpci_pc_bridge(struct vpc *pc, struct io_access *a, unsigned reg)
{
	uint32_t word = reg / 4 < ARRAY_SIZE(pc_bridge) ? pc_bridge[reg / 4] : 0;
	bool pam = reg - PC_BRIDGE_PAM < sizeof(pc->pam);

	if (pam && a->write)
		memcpy(&pc->pam[reg - PC_BRIDGE_PAM], &a->data, a->size);
	else if (pam)
		memcpy(&word, &pc->pam[align_down(reg - PC_BRIDGE_PAM, 4)], sizeof(word));
	if (!a->write)
		a->data = word >> reg % 4 * 8 & ones(a->size);
	return VERDICT_DONE;
}

static enum verdict vpci_bridge(struct io_access *a, unsigned reg)
{
	uint32_t word = reg / 4 < ARRAY_SIZE(bridge) ? bridge[reg / 4] : 0;

	if (!a->write)
		a->data = word >> reg % 4 * 8 & ones(a->size);
	return VERDICT_DONE;
}

static enum verdict vpci_config(struct vcpu *v, struct io_access *a, uint64_t address)
{
	unsigned device = field_get(CONFIG_DEVICE, address);
	unsigned reg = field_get(CONFIG_REG, address);
	const struct vpci *p = v->domain->pci;
	struct io_access ask = *a;
	enum verdict verdict;

	if (field_get(CONFIG_FUNCTION, address) || reg % 4 + a->size > 4)
		return vpci_empty(a);
	if (device == 0)
		return v->domain->pc ? vpci_pc_bridge(v->domain->pc, a, reg) : vpci_bridge(a, reg);
	if (p->link[device] == VPCI_EMPTY)
		return vpci_empty(a);
	ask.address = address;
	verdict = ioreq_ask(v, p->link[device], HV_IOREQ_PCI_CONFIG, &ask);
	a->data = ask.data;
	return verdict;
}

static enum verdict vpci_address(struct vpci *p, struct io_access *a)
{
	if (a->size != 4)
		return vpci_empty(a);
	if (a->write)
		__atomic_store_n(&p->address, a->data & ~3ull, __ATOMIC_RELAXED);
	else
		a->data = __atomic_load_n(&p->address, __ATOMIC_RELAXED);
	return VERDICT_DONE;
}

enum verdict vpci_port(struct vcpu *v, struct io_access *a)
{
	struct vpci *p = v->domain->pci;
	unsigned offset = a->address - HV_PORT_PCI;
	uint32_t address = __atomic_load_n(&p->address, __ATOMIC_RELAXED);

	if (v->domain->pc && a->address == HV_PORT_PC_RESET && a->size == 1)
		return vpc_reset_port(v, a);
	if (offset == 0)
		return vpci_address(p, a);
	if (offset < 4 || !(address & ADDRESS_ENABLE) || (address & ADDRESS_BUS))
		return vpci_empty(a);
	return vpci_config(v, a,
			   field_get(ADDRESS_SLOT, address) << 12 | (address & ADDRESS_REG) |
				   (offset & 3));
}

enum verdict vpci_ecam(struct vcpu *v, struct io_access *a)
{
	return vpci_config(v, a, a->address - HV_GUEST_ECAM);
}
