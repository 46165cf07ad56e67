/*
 * The pair: lines to chips, the slave's output to the master, the master's to the vCPUs.
 */
#include "vmm/vpic.h"

#include "abi/platform.h"
#include "lib/bits.h"
#include "vmm/vlapic.h"
#include "vmm/vpc.h"

enum { MASTER, SLAVE };

/* Inputs that ELCR can make level-triggered: not the timer, keyboard, cascade, clock, FPU. */
static const uint8_t elcr_mask[2] = { 0xf8, 0xde };

/* With the lock held, after any change. */
static void update(struct domain *d)
{
	struct vpic *p = &d->pc->pic;
	struct vpic_chip *m = &p->chip[MASTER];
	bool was = p->output, output;

	m->irr &= ~(1u << VPIC_CASCADE);
	if (vpic_chip_request(&p->chip[SLAVE]) >= 0)
		m->irr |= 1u << VPIC_CASCADE;
	output = vpic_chip_request(m) >= 0;
	__atomic_store_n(&p->output, output, __ATOMIC_SEQ_CST);
	if (output && !was)
		vpic_tell(d);
}

void vpic_reset(struct domain *d)
{
	struct vpic *p = &d->pc->pic;

	spin_lock(&p->lock);
	vpic_chip_reset(&p->chip[MASTER]);
	vpic_chip_reset(&p->chip[SLAVE]);
	update(d);
	spin_unlock(&p->lock);
}

unsigned vpic_line(struct domain *d, unsigned line, bool level)
{
	struct vpic *p = &d->pc->pic;

	if (line >= HV_PC_LINES)
		return line;
	if (line == VPIC_CASCADE)
		return HV_GSI_COUNT;
	spin_lock(&p->lock);
	vpic_chip_line(&p->chip[line / 8], line % 8, level);
	update(d);
	spin_unlock(&p->lock);
	return line ? line : HV_PC_TIMER_PIN;
}

void vpic_look(struct vcpu *v)
{
	if (!v->domain->pc)
		return;
	/* What has changed was stored before. Partners: vpic_asks, vpic_tell. */
	__atomic_store_n(&v->extint, true, __ATOMIC_SEQ_CST);
	vcpu_request(v, REQUEST_WAKE);
}

void vpic_tell(struct domain *d)
{
	/* First what has changed, then whom it reaches. Partner: vpic_look of who changes that. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < d->vcpus; i++)
		if (vlapic_takes_extint(d->vcpu[i]))
			vpic_look(d->vcpu[i]);
}

bool vpic_asks(struct vcpu *v)
{
	const struct vpic *p = &v->domain->pc->pic;

	/* First the flag, then what it speaks of. Partner: vpic_look. */
	__atomic_store_n(&v->extint, false, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&p->output, __ATOMIC_SEQ_CST) || !vlapic_takes_extint(v))
		return false;
	v->extint = true;
	return true;
}

uint8_t vpic_acknowledge(struct domain *d)
{
	struct vpic *p = &d->pc->pic;
	struct vpic_chip *m = &p->chip[MASTER], *s = &p->chip[SLAVE];
	uint8_t vector;
	int input;

	spin_lock(&p->lock);
	input = vpic_chip_request(m);
	vector = vpic_chip_ack(m, input);
	if (input == VPIC_CASCADE)
		vector = vpic_chip_ack(s, vpic_chip_request(s));
	update(d);
	spin_unlock(&p->lock);
	return vector;
}

static void access_chip(struct vpic_chip *c, struct io_access *a)
{
	bool a0 = a->address & 1;

	if (a->write)
		vpic_chip_write(c, a0, (uint8_t)a->data);
	else
		a->data = (ones(a->size) & ~0xffull) | vpic_chip_read(c, a0);
}

static void access_elcr(struct vpic_chip *c, uint8_t mask, struct io_access *a)
{
	if (a->write)
		vpic_chip_set_elcr(c, a->data & mask);
	else
		a->data = (ones(a->size) & ~0xffull) | c->elcr;
}

/* Registers are bytes: of a wider access the first byte counts, the rest reads as ones. */
enum verdict vpic_pio(struct vcpu *v, struct io_access *a)
{
	struct vpic *p = &v->domain->pc->pic;
	unsigned n;

	spin_lock(&p->lock);
	if (a->address >= HV_PORT_PIC_ELCR) {
		n = a->address - HV_PORT_PIC_ELCR;
		access_elcr(&p->chip[n], elcr_mask[n], a);
	} else {
		n = a->address >= HV_PORT_PIC2 ? SLAVE : MASTER;
		access_chip(&p->chip[n], a);
	}
	update(v->domain);
	spin_unlock(&p->lock);
	return VERDICT_DONE;
}
