/*
 * Accesses of a guest that another domain answers: ranges that back ends registered, and the slot
 * in which a vCPU's access waits (abi/ioreq.h). A doorbell becomes an event at once; anything else
 * fills the slot and blocks the vCPU. Slots and ranges outlive a back end: while it is dead, guests
 * block, doorbells stay pending, and its next instance registers the same ranges again.
 */
#ifndef VMM_IOREQ_H
#define VMM_IOREQ_H

#include "abi/ioreq.h"
#include "vmm/domain.h"
#include "vmm/event.h"
#include "vmm/io.h"

#define IOREQ_RANGES  64 /* of each kind, a guest */
#define IOREQ_LINKS   4  /* back ends that serve one guest */
#define IOREQ_NO_LINK 0xffu

enum ioreq_table_id {
	IOREQ_PORT,
	IOREQ_MEMORY,
	IOREQ_PORT_DOORBELL,
	IOREQ_MEMORY_DOORBELL,
	IOREQ_TABLES,
};

struct ioreq_range {
	uint64_t base, last;  /* both included */
	uint32_t event;       /* doorbells */
	uint32_t incarnation; /* of the back end that registered it */
	uint16_t link;
};

/* Sorted by base; no two overlap. */
struct ioreq_table {
	unsigned count;
	struct ioreq_range range[IOREQ_RANGES];
};

/* A back end of this guest. Fixed after boot. */
struct ioreq_link {
	struct domain *backend;
	struct hv_ioreq_page *page;
	unsigned event; /* the back end's, about this guest */
};

struct ioreq_set {
	/* fixed after boot */
	unsigned links;
	struct ioreq_link link[IOREQ_LINKS];

	uint32_t sequence; /* of the last request; the guest's CPUs, atomically */

	struct spinlock lock; /* who changes tables */
	/* Odd while the tables change. The guest's CPUs read them without the lock, and again if
	   this has changed meanwhile. */
	uint32_t version;
	struct ioreq_table table[IOREQ_TABLES];
};

/* Boot, after caps_build(): sets and pages of all served domains. */
void ioreq_build(void);

/* Answers an access from the ranges of back ends. False if none has it. Else *verdict is DONE (a
   doorbell, or the answer: for a read a->data is set) or BLOCK. type PORT or MEMORY. Owner. */
must_check bool ioreq_access(struct vcpu *v, enum hv_ioreq_type type, struct io_access *a,
			     enum verdict *verdict);

/* A write to the doorbell that was rung last: rings it again and returns true. Owner. */
static inline bool ioreq_ring_again(struct vcpu *v, enum hv_ioreq_type type, uint64_t address,
				    unsigned size)
{
	if (v->bell.address != address || v->bell.size != size || v->bell.type != type)
		return false;
	/* Partner: ioreq_tables_open. A table that changes now may as well change after this. */
	if (v->bell.version != __atomic_load_n(&v->domain->ioreqs->version, __ATOMIC_ACQUIRE))
		return false;
	/* Still pending: the back end will look, and sees what the guest stored before its exit,
	   which no load passes. */
	if (!(__atomic_load_n(v->bell.pending, __ATOMIC_RELAXED) & v->bell.bit))
		event_set(v->bell.backend, v->bell.event);
	return true;
}

/* Asks back end `link` of the guest, or takes its answer: DONE or BLOCK. Owner. */
enum verdict ioreq_ask(struct vcpu *v, unsigned link, enum hv_ioreq_type type, struct io_access *a);

/* The number of a back end among a guest's links. IOREQ_NO_LINK if it is none. */
unsigned ioreq_link_of(const struct domain *guest, const struct domain *backend);

/* Forgets the access that v waits for, if any, and frees its slot. Owner; at INIT, kill, pause. */
void ioreq_cancel(struct vcpu *v);

/* Changes of the tables, with lock and version. Errors as range_insert and range_delete. Any CPU.
 */
must_check enum err ioreq_add_range(struct ioreq_set *s, enum ioreq_table_id id,
				    const struct ioreq_range *r);
must_check enum err ioreq_remove_range(struct ioreq_set *s, enum ioreq_table_id id, unsigned link,
				       uint64_t base);

/* A served guest has died: all ranges go, and what it waited for. Its owner CPU. */
void ioreq_guest_died(struct domain *guest);

/* A back end has died: what it was about to answer is asked again. Answers that it had given are
   delivered. Any CPU; it does not run any more. */
void ioreq_backend_died(struct domain *backend);

/* A back end is about to start: it is told of all that waits. */
void ioreq_backend_starts(struct domain *backend);

#endif
