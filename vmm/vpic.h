/*
 * The two 8259s of a guest with `platform: pc`: the slave's output is the master's input 2, the
 * master's interrupts each vCPU that it reaches, through its local APIC (LINT0 or the I/O APIC's
 * pin 0, as ExtINT) or past it; the first to acknowledge has it. Lines come from any CPU; the
 * vCPU's own CPU acknowledges as it injects.
 */
#ifndef VMM_VPIC_H
#define VMM_VPIC_H

#include "lib/spinlock.h"
#include "vmm/domain.h"
#include "vmm/io.h"
#include "vmm/vpic_chip.h"

struct vpic {
	struct spinlock lock;     /* guards `chip` */
	struct vpic_chip chip[2]; /* master, slave */
	/* The master's output. Written with the lock, read by the vCPUs' CPUs without. */
	bool output;
};

void vpic_reset(struct domain *d);

/* Drives an ISA line of a PC: its input here, and returns the pin of the I/O APIC that it drives,
   HV_GSI_COUNT: none. Any CPU. */
unsigned vpic_line(struct domain *d, unsigned line, bool level);

/* Owner: whether an interrupt waits here that v would take now, its flags aside. v->extint says
   that it is worth asking, and is cleared by a no. */
bool vpic_asks(struct vcpu *v);
/* Owner: the vector; what asked is in service. */
uint8_t vpic_acknowledge(struct domain *d);
/* What decides whether v takes these interrupts has changed, or whether any of the domain's vCPUs
   does. Any CPU. */
void vpic_look(struct vcpu *v);
void vpic_tell(struct domain *d);

/* Ports HV_PORT_PIC1, HV_PORT_PIC2, HV_PORT_PIC_ELCR. */
io_model_fn vpic_pio;

#endif
