/*
 * The BARs of a served PCI function, whatever the function is: where they lie, whether they decode,
 * and the ranges behind them. No firmware runs in the guest, so BARs begin at addresses that fit
 * the host bridge's windows and decode from the start; the guest may move them.
 */
#ifndef GUESTS_SERVICE_PCIBAR_H
#define GUESTS_SERVICE_PCIBAR_H

#include <stdbool.h>

#include "guests/service/kept.h"

#define PCIBAR_IO     0 /* index into kept bar[] and mapped[] */
#define PCIBAR_MEMORY 1

/* COMMAND: I/O, memory, master, parity, SERR, INTx off. */
#define PCIBAR_COMMAND_WRITABLE 0x0547u

/* One BAR; bytes 0: there is none. The doorbells of a function begin at `doorbells` in each of its
   BARs; accesses below that come as requests. */
struct pcibar {
	uint32_t bytes, doorbells;
};

/* Whose BARs: what does not change after the start. */
struct pcibar_owner {
	struct kept_device *kept;
	const struct pcibar *bar; /* KEPT_BARS of them */
	uint32_t ioreq_cap;
	unsigned ioreq_event;
	unsigned slot; /* the guest's device number, from 0 on: initial addresses */
	unsigned doorbells, stride;
	const unsigned *event; /* of each doorbell */
};

/* As after power-on: initial addresses, decoding on. */
void pcibar_power_on(const struct pcibar_owner *o);

/* After a restart of this domain: registers the ranges again. */
void pcibar_recover(const struct pcibar_owner *o);

/* Registers ranges according to command register and BARs. */
void pcibar_decode(const struct pcibar_owner *o);

/* True, with *offset set, if [address, address + bytes) lies in this BAR (PCIBAR_*) and it decodes.
 */
bool pcibar_hit(const struct pcibar_owner *o, unsigned bar, uint64_t address, unsigned bytes,
		unsigned *offset);

#endif
