/*
 * The I/O request page: one hypervisor frame for each pair of guest and back end, one slot for
 * each vCPU of the guest. The hypervisor fills a slot when the guest touches a range that the back
 * end has registered (or the configuration space of a function that it backs); the vCPU sleeps
 * until the answer is there. String forms are one slot filling for each element.
 *
 *   state      | owner      | may write                         | last store
 *   -----------|------------|-----------------------------------|-----------------------------
 *   FREE       | hypervisor | every field                       | state = PENDING (release)
 *   PENDING    | back end   | state                             | state = PROCESSING
 *   PROCESSING | back end   | data, answered                    | state = COMPLETE (release),
 *              |            |                                   | then HV_IOREQ_DONE
 *   COMPLETE   | hypervisor | every field                       | state = FREE
 *
 * `answered` is a copy of `sequence`, set with the data. The hypervisor reads an answer once and
 * drops it unless `answered` matches the request that it remembers on its own side. When a back end
 * dies the hypervisor turns PROCESSING into PENDING and signals the next instance. INIT, kill and
 * pause of the guest's vCPU cancel its slot at once: the sequence moves on and state becomes FREE.
 */
#ifndef ABI_IOREQ_H
#define ABI_IOREQ_H

#include <stdint.h>

#define HV_IOREQ_SLOTS 64

enum hv_ioreq_state {
	HV_IOREQ_FREE,
	HV_IOREQ_PENDING,
	HV_IOREQ_PROCESSING,
	HV_IOREQ_COMPLETE,
};

enum hv_ioreq_type {
	HV_IOREQ_PORT,       /* address = port */
	HV_IOREQ_MEMORY,     /* address = guest-physical address */
	HV_IOREQ_PCI_CONFIG, /* address = device << 15 | function << 12 | register, on bus 0 */
};

struct hv_ioreq {
	uint32_t state; /* enum hv_ioreq_state, see the table */
	uint32_t sequence;
	uint32_t incarnation; /* the guest's, when the request was made */
	uint8_t type;         /* enum hv_ioreq_type */
	uint8_t write;        /* 1: data goes to the device */
	uint8_t size;         /* 1, 2, 4 or 8 bytes */
	uint8_t reserved0;
	uint64_t address;
	uint64_t data; /* zero-extended */
	uint32_t answered;
	uint32_t reserved1;
	uint64_t reserved2[3];
};

struct hv_ioreq_page {
	struct hv_ioreq slot[HV_IOREQ_SLOTS];
};

#endif
