/*
 * What `platform: pc` adds to a domain: the 8259s (vpic.c), ports that end or reset it, ACPI's PM1
 * registers, and the way of all other legacy ports to the domain that serves them. d->pc is NULL
 * in every other domain.
 */
#ifndef VMM_VPC_H
#define VMM_VPC_H

#include "vmm/domain.h"
#include "vmm/io.h"
#include "vmm/ioreq.h"
#include "vmm/vpic.h"

struct vpc {
	unsigned link; /* back end of the legacy ports in d->ioreqs, IOREQ_NO_LINK: none; fixed */
	struct vpic pic;

	/* Any vCPU that touches the ports; a guest that does so from two at a time gets what it
	   asks for. */
	uint8_t shutdown; /* characters of "Shutdown" so far */
	uint16_t pm1_enable, pm1_control;
	uint8_t pam[8]; /* of the host bridge (vpci.c) */
};

/* Boot, after ioreq_build(): sets d->pc where the config says so. */
void vpc_build(void);
/* Before a domain starts: as after power-on. Nothing for those that are no PC. */
void vpc_reset(struct domain *d);

/* True if a back end serves the legacy devices. */
static inline bool vpc_has_legacy(const struct domain *d)
{
	return d->pc && d->pc->link != IOREQ_NO_LINK;
}

/* An access of a PC to a port that no other model and no range has. False: nothing is there. */
bool vpc_port(struct vcpu *v, struct io_access *a, enum verdict *verdict);

/* 0xcf9, one byte: in the middle of the PCI address register. */
io_model_fn vpc_reset_port;

#endif
