/*
 * The guest's side of ioreqs: find the range, ring or ask, take the answer. What was asked is
 * remembered in vcpu->io, so that nothing a back end writes into the slot is believed but the data
 * of an answer to the request that is open now.
 */
#include "vmm/ioreq.h"

#include "lib/bits.h"
#include "vmm/event.h"
#include "vmm/ranges.h"
#include "vmm/trace.h"

/* Copies out the range that holds an access. Partner of ioreq_tables_open and _close. */
static bool ioreq_find(const struct ioreq_set *s, enum ioreq_table_id id, const struct io_access *a,
		       struct ioreq_range *out)
{
	const struct ioreq_range *r;
	uint32_t version;

	do {
		version = __atomic_load_n(&s->version, __ATOMIC_ACQUIRE);
		r = range_find(&s->table[id], a->address, a->size);
		if (r)
			*out = *r;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (UNLIKELY((version & 1) ||
			  version != __atomic_load_n(&s->version, __ATOMIC_RELAXED)));
	return r;
}

static bool ioreq_is_open(const struct vcpu *v, enum hv_ioreq_type type, const struct io_access *a)
{
	return v->io.asked && v->io.type == type && v->io.address == a->address &&
	       v->io.size == a->size && v->io.write == a->write;
}

/* Fills the slot from v->io and tells the back end. */
static void ioreq_post(struct vcpu *v)
{
	const struct ioreq_link *link = &v->domain->ioreqs->link[v->io.link];
	struct hv_ioreq *slot = &link->page->slot[v->index];

	slot->sequence = v->io.sequence;
	slot->incarnation = v->domain->incarnation;
	slot->type = v->io.type;
	slot->write = v->io.write;
	slot->size = v->io.size;
	slot->address = v->io.address;
	slot->data = v->io.data;
	/* Release: the back end, which sees PENDING, sees the request. */
	__atomic_store_n(&slot->state, HV_IOREQ_PENDING, __ATOMIC_RELEASE);
	event_set(link->backend, link->event);
}

/* DONE with the answer to what is open; BLOCK while there is none. A slot in a state in which no
   answer can come is posted again. */
static enum verdict ioreq_take(struct vcpu *v, struct io_access *a)
{
	struct hv_ioreq *slot = &v->domain->ioreqs->link[v->io.link].page->slot[v->index];
	/* Acquire: pairs with the back end's release of COMPLETE. */
	uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
	uint64_t data;

	if (state == HV_IOREQ_PENDING || state == HV_IOREQ_PROCESSING)
		return VERDICT_BLOCK;
	if (state != HV_IOREQ_COMPLETE ||
	    __atomic_load_n(&slot->answered, __ATOMIC_RELAXED) != v->io.sequence) {
		ioreq_post(v);
		return VERDICT_BLOCK;
	}
	data = __atomic_load_n(&slot->data, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->state, HV_IOREQ_FREE, __ATOMIC_RELEASE);
	v->io.asked = false;
	if (!a->write)
		a->data = data & ones(a->size);
	return VERDICT_DONE;
}

enum verdict ioreq_ask(struct vcpu *v, unsigned link, enum hv_ioreq_type type, struct io_access *a)
{
	if (ioreq_is_open(v, type, a))
		return ioreq_take(v, a);
	ioreq_cancel(v);
	v->io.asked = true;
	v->io.type = type;
	v->io.size = a->size;
	v->io.write = a->write;
	v->io.link = link;
	v->io.sequence = __atomic_add_fetch(&v->domain->ioreqs->sequence, 1, __ATOMIC_RELAXED);
	v->io.address = a->address;
	v->io.data = a->write ? a->data & ones(a->size) : 0;
	trace(HV_TRACE_IOREQ, v, v->io.address, v->io.data);
	ioreq_post(v);
	return VERDICT_BLOCK;
}

/* Rings, and remembers it for as long as the tables stay as they are. */
static void ioreq_ring(struct vcpu *v, enum hv_ioreq_type type, const struct io_access *a,
		       const struct ioreq_range *r, uint32_t version)
{
	struct domain *backend = v->domain->ioreqs->link[r->link].backend;
	const struct vcpu *server = backend->vcpu[0];

	event_set(backend, r->event);
	if (!server || !server->events || r->event >= HV_EVENTS)
		return;
	v->bell.pending = &server->events->pending[r->event / 64];
	v->bell.bit = BIT(r->event % 64);
	v->bell.type = type;
	v->bell.size = a->size;
	v->bell.version = version;
	v->bell.address = a->address;
	v->bell.backend = backend;
	v->bell.event = r->event;
}

bool ioreq_access(struct vcpu *v, enum hv_ioreq_type type, struct io_access *a,
		  enum verdict *verdict)
{
	const struct ioreq_set *s = v->domain->ioreqs;
	enum ioreq_table_id id = type == HV_IOREQ_PORT ? IOREQ_PORT : IOREQ_MEMORY;
	struct ioreq_range r;
	uint32_t version;

	if (!s)
		return false;
	if (ioreq_is_open(v, type, a)) {
		*verdict = ioreq_take(v, a);
		return true;
	}
	version = __atomic_load_n(&s->version, __ATOMIC_ACQUIRE);
	if (ioreq_find(s, id + IOREQ_PORT_DOORBELL, a, &r)) {
		*verdict = VERDICT_DONE;
		if (a->write)
			ioreq_ring(v, type, a, &r, version);
		else
			a->data = ones(a->size);
		return true;
	}
	if (!ioreq_find(s, id, a, &r))
		return false;
	*verdict = ioreq_ask(v, r.link, type, a);
	return true;
}

void ioreq_cancel(struct vcpu *v)
{
	if (!v->io.asked)
		return;
	v->io.asked = false;
	__atomic_store_n(&v->domain->ioreqs->link[v->io.link].page->slot[v->index].state,
			 HV_IOREQ_FREE, __ATOMIC_RELEASE);
}
