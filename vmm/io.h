/*
 * One access of a guest to a port or an address, on its way to the model that answers it. Models
 * in the hypervisor answer at once; a range that a back end registered becomes an ioreq and the
 * vCPU blocks: the exit is handled again when the answer is there, and io_access finds it then.
 */
#ifndef VMM_IO_H
#define VMM_IO_H

#include "vmm/exit.h"

struct vcpu;

struct io_access {
	uint64_t address; /* port, or guest-physical address */
	uint64_t data;    /* a write: zero-extended; a read: filled by the model */
	uint8_t size;     /* 1, 2, 4, 8 */
	bool write;
};

/* A model. DONE: answered (for a read, data is set). BLOCK: asked a back end. KILL. */
typedef enum verdict io_model_fn(struct vcpu *v, struct io_access *a);

/* Routes an access: the hypervisor's models, then ranges of back ends, then nothing (ones; writes
   dropped; logged once per domain and address; stops a `strict` domain). pio.c, mmio.c. */
enum verdict pio_access(struct vcpu *v, struct io_access *a);
enum verdict mmio_access(struct vcpu *v, struct io_access *a);

/* The answer for nothing there. */
enum verdict io_unbacked(struct vcpu *v, struct io_access *a, const char *what);

#endif
