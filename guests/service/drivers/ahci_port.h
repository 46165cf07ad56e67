/*
 * One port of an AHCI controller: its registers, and what takes several accesses to them. Nothing
 * here waits, but for ahci_port_identify at start.
 */
#ifndef GUESTS_SERVICE_DRIVERS_AHCI_PORT_H
#define GUESTS_SERVICE_DRIVERS_AHCI_PORT_H

#include <stdbool.h>

#include "guests/service/drivers/ahci_ata.h"

struct ahci_port {
	volatile uint8_t *regs;
	struct ahci_page *page;
	uint32_t issued; /* slots with a command under way */
	uint32_t queued; /* of these, the ones that the disk queues itself */
};

/* The port's command list and frames lie in its page from now on; the disk may say what it is. */
void ahci_port_listen(struct ahci_port *p);
void ahci_port_deafen(struct ahci_port *p);

/* Commands are taken from now on, and interrupts come. */
void ahci_port_start(struct ahci_port *p);

/* No command is taken any more; the controller is at rest when ahci_port_runs says no. */
void ahci_port_stop(struct ahci_port *p);
bool ahci_port_runs(const struct ahci_port *p);

/* Resets the link: `on` for a millisecond at least, then off. */
void ahci_port_reset(struct ahci_port *p, bool on);

/* The link is up and its disk takes commands. */
bool ahci_port_is_ready(const struct ahci_port *p);

/* Starts the command whose frame and `regions` the slot's table holds. */
void ahci_port_issue(struct ahci_port *p, const struct ahci_command *c,
		     const struct ahci_table *table, unsigned regions);

/* Takes what happened off the registers: the slots whose commands have ended well. *failed: the
   port has stopped with an error; of the other slots none is known to be done. */
uint32_t ahci_port_events(struct ahci_port *p, bool *failed);

/* Asks the disk of a port that listens and is stopped what it is; polls. */
bool ahci_port_identify(struct ahci_port *p, struct ahci_table *table);

#endif
