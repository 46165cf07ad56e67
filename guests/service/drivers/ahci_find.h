/*
 * The state of an AHCI controller and its disks, and how they are found.
 */
#ifndef GUESTS_SERVICE_DRIVERS_AHCI_FIND_H
#define GUESTS_SERVICE_DRIVERS_AHCI_FIND_H

#include "guests/lib/event.h"
#include "guests/lib/timer.h"
#include "guests/service/drivers/ahci_port.h"

#define AHCI_CONTROLLERS 2u
#define AHCI_DRIVES      8u

struct ahci;

/* A request has one slot and at most one command under way. */
struct ahci_slot {
	struct disk_request *r; /* NULL: free */
	struct ahci_table *table;
	uint8_t *bounce; /* a page */
	uint32_t bytes;  /* of the command under way */
	bool bounced;
	uint64_t started; /* time_ns */
};

enum ahci_state {
	AHCI_WORKS,
	AHCI_STOPPING, /* the controller finishes what it moves */
	AHCI_RESETTING,
	AHCI_LINKING, /* the link comes up again */
	AHCI_REPEATS, /* what was under way is done again, one at a time */
	AHCI_DEAD,
};

struct ahci_drive {
	char name[32];
	struct ahci *ahci;
	unsigned number; /* of the port */
	struct ahci_port port;
	struct ahci_disk facts;
	struct disk *disk;
	struct ahci_slot slot[AHCI_SLOTS];
	unsigned slots;
	uint32_t busy;  /* slots with a request */
	uint32_t again; /* of these, the ones that wait to be repeated */
	enum ahci_state state;
	uint64_t since; /* time_ns of the state, while it is no state of rest */
	struct timer timer;
	unsigned complaints;
};

struct ahci {
	const struct hv_device *device;
	char name[16];
	volatile uint8_t *regs;
	unsigned event;
	unsigned slots; /* that its ports have */
	bool queues;    /* it takes queued commands */
	uint64_t reach; /* the first address that it cannot name */
	struct ahci_drive drive[AHCI_DRIVES];
	unsigned drives;
	struct ahci_page *spare;
	bool found;        /* its disks were looked for */
	bool silent;       /* somebody did not answer: what is behind was not looked at */
	bool acknowledged; /* interrupts wait for hv_irq_ack */
};

/* The controller's state, NULL before ahci_quiet. */
struct ahci *ahci_of(const struct hv_device *d);

/* The same after its disks were looked for, once; fn(ahci) is called for its interrupts. */
struct ahci *ahci_find(const struct hv_device *d, event_fn *fn);

#endif
