/*
 * The devices that this domain serves, from boot->serve: found, taken up where the last instance
 * left them, and run from the event loop from then on.
 */
#ifndef GUESTS_SERVICE_SERVE_H
#define GUESTS_SERVICE_SERVE_H

/* Starts everything: physical controllers quiet, then the DMA pool, disks, devices, their ranges,
   then the answers that guests wait for. Returns when the event loop may run. */
void serve_start(void);

/* A peer's line in the boot page has changed (HV_EVENT_GONE, which main.c binds). */
void serve_peers_changed(void);

#endif
