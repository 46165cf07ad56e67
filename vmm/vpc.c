/*
 * The ports of a PC that the hypervisor answers itself, and the rest's way to a back end.
 */
#include "vmm/vpc.h"

#include "abi/boot.h"
#include "abi/platform.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vmm/ioreq.h"
#include "vmm/service.h"

#define PORT_KEYBOARD  0x64u
#define KEYBOARD_RESET 0xfeu /* pulse the CPU's reset line */

#define A20_RESET BIT(0)
#define A20_ON    BIT(1)

#define RESET_CPU BIT(2) /* of 0xcf9 */

/* ACPI 4.8.3.2.1 */
#define PM1_SCI_ENABLE BIT(0)
#define PM1_SLEEP_TYPE MASK(12, 10)
#define PM1_SLEEP      BIT(13)
#define SLEEP_TYPE_S5  5

static_assert(sizeof(struct vpc) <= PAGE_SIZE, "vpc_build takes one page");

static unsigned legacy_link(const struct domain *d)
{
	for (unsigned i = 0; i < d->config->served; i++)
		if (d->config->serve[i].kind == HV_SERVED_PC)
			return ioreq_link_of(d, domain_get(d->config->serve[i].backend));
	return IOREQ_NO_LINK;
}

void vpc_build(void)
{
	domain_for_each(d) {
		if (!d->vcpus || !(d->config->flags & CONFIG_FLAG_PC))
			continue;
		d->pc = service_pages(d, 1);
		d->pc->link = legacy_link(d);
	}
}

void vpc_reset(struct domain *d)
{
	if (!d->pc)
		return;
	vpic_reset(d);
	d->pc->shutdown = 0;
	d->pc->pm1_enable = 0;
	d->pc->pm1_control = PM1_SCI_ENABLE;
	memset(d->pc->pam, 0, sizeof(d->pc->pam));
}

static enum verdict exit_with(struct domain *d, uint32_t status)
{
	format(d->last_words, sizeof(d->last_words), "exit with status %u", status);
	log_info("%s: %s", d->name, d->last_words);
	return domain_power(d, false);
}

/* QEMU's isa-debug-exit. */
static enum verdict exit_port(struct vcpu *v, struct io_access *a)
{
	if (a->write && a->size == 4)
		return exit_with(v->domain, (uint32_t)a->data << 1 | 1);
	if (!a->write)
		a->data = 0;
	return VERDICT_DONE;
}

/* Bochs' and QEMU's: each character is the next of the word, else it begins anew. */
static enum verdict shutdown_port(struct vcpu *v, struct io_access *a)
{
	static const char word[] = "Shutdown";
	struct vpc *pc = v->domain->pc;
	unsigned at = pc->shutdown % (sizeof(word) - 1);

	if (!a->write)
		a->data = ones(a->size);
	else if ((char)a->data != word[at])
		pc->shutdown = (char)a->data == word[0];
	else if (at == sizeof(word) - 2)
		return domain_power(v->domain, false);
	else
		pc->shutdown = at + 1;
	return VERDICT_DONE;
}

static enum verdict a20_port(struct vcpu *v, struct io_access *a)
{
	if (a->write && a->data & A20_RESET)
		return domain_power(v->domain, true);
	if (!a->write)
		a->data = A20_ON;
	return VERDICT_DONE;
}

enum verdict vpc_reset_port(struct vcpu *v, struct io_access *a)
{
	if (a->write && a->data & RESET_CPU)
		return domain_power(v->domain, true);
	if (!a->write)
		a->data = 0;
	return VERDICT_DONE;
}

static enum verdict post_port(struct vcpu *v, struct io_access *a)
{
	if (!a->write)
		a->data = ones(a->size);
	return VERDICT_DONE;
}

/* Status in the low half, always clear: the power button is a control method's (vpower.c). What
   was enabled must read back. */
static enum verdict pm1_event(struct vcpu *v, struct io_access *a)
{
	unsigned shift = (a->address - HV_PORT_PM1_EVENT) * 8;
	uint64_t was = (uint64_t)v->domain->pc->pm1_enable << 16;
	uint64_t put = (was & ~(ones(a->size) << shift)) | a->data << shift;

	if (a->write)
		v->domain->pc->pm1_enable = put >> 16;
	else
		a->data = was >> shift & ones(a->size);
	return VERDICT_DONE;
}

static enum verdict pm1_control(struct vcpu *v, struct io_access *a)
{
	unsigned shift = (a->address - HV_PORT_PM1_CONTROL) * 8;
	uint64_t was = v->domain->pc->pm1_control;
	uint64_t put = (was & ~(ones(a->size) << shift)) | a->data << shift;

	if (!a->write) {
		a->data = was >> shift & ones(a->size);
		return VERDICT_DONE;
	}
	if (put & PM1_SLEEP && field_get(PM1_SLEEP_TYPE, put) == SLEEP_TYPE_S5)
		return domain_power(v->domain, false);
	v->domain->pc->pm1_control = (put & ~PM1_SLEEP) | PM1_SCI_ENABLE;
	return VERDICT_DONE;
}

static const struct {
	uint16_t base, bytes;
	io_model_fn *model;
} ports[] = {
	{ HV_PORT_PIC1, 2, vpic_pio },          { HV_PORT_PIC2, 2, vpic_pio },
	{ HV_PORT_POST, 1, post_port },         { HV_PORT_A20, 1, a20_port },
	{ HV_PORT_EXIT, 4, exit_port },         { HV_PORT_PIC_ELCR, 2, vpic_pio },
	{ HV_PORT_PM1_EVENT, 4, pm1_event },    { HV_PORT_PM1_CONTROL, 2, pm1_control },
	{ HV_PORT_SHUTDOWN, 1, shutdown_port },
};

static bool is_legacy(uint64_t port)
{
	return port < HV_PC_PORTS || port == HV_PORT_MESSAGES || port - HV_PORT_PM_TIMER < 4;
}

bool vpc_port(struct vcpu *v, struct io_access *a, enum verdict *verdict)
{
	struct vpc *pc = v->domain->pc;

	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
		if (a->address - ports[i].base < ports[i].bytes) {
			*verdict = ports[i].model(v, a);
			return true;
		}
	if (a->address == PORT_KEYBOARD && a->write && (uint8_t)a->data == KEYBOARD_RESET) {
		*verdict = domain_power(v->domain, true);
		return true;
	}
	if (pc->link == IOREQ_NO_LINK || !is_legacy(a->address))
		return false;
	*verdict = ioreq_ask(v, pc->link, HV_IOREQ_PORT, a);
	return true;
}
