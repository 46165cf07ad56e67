/*
 * What guests and their back ends share: building the pages, changing the tables of ranges, and
 * what becomes of both when one side dies.
 */
#include "vmm/ioreq.h"

#include "lib/assert.h"
#include "vmm/cap.h"
#include "vmm/event.h"
#include "vmm/ranges.h"
#include "vmm/service.h"

#define IOREQ_SET_PAGES (page_up(sizeof(struct ioreq_set)) / PAGE_SIZE)

static_assert(sizeof(struct hv_ioreq_page) == PAGE_SIZE, "one frame");
static_assert(CONFIG_VCPUS <= HV_IOREQ_SLOTS, "a slot for each vCPU");

static void ioreq_link_build(struct domain *guest, struct domain *backend)
{
	struct ioreq_set *s = guest->ioreqs;

	if (s->links == IOREQ_LINKS)
		panic("%s: served by more than %u domains: raise IOREQ_LINKS", guest->name,
		      IOREQ_LINKS);
	s->link[s->links++] = (struct ioreq_link){
		.backend = backend,
		.page = service_pages(guest, 1),
		.event = cap_find(backend, HV_CAP_IOREQ, guest->id)->event,
	};
}

void ioreq_build(void)
{
	domain_for_each(guest) {
		if (!guest->vcpus || !guest->config->served)
			continue;
		guest->ioreqs = service_pages(guest, IOREQ_SET_PAGES);
		domain_for_each(backend)
			if (cap_find(backend, HV_CAP_IOREQ, guest->id))
				ioreq_link_build(guest, backend);
	}
}

unsigned ioreq_link_of(const struct domain *guest, const struct domain *backend)
{
	const struct ioreq_set *s = guest->ioreqs;

	for (unsigned i = 0; s && i < s->links; i++)
		if (s->link[i].backend == backend)
			return i;
	return IOREQ_NO_LINK;
}

/* While the version is odd readers wait. Partner: ioreq_find. */
static void ioreq_tables_open(struct ioreq_set *s)
{
	spin_lock(&s->lock);
	__atomic_store_n(&s->version, s->version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void ioreq_tables_close(struct ioreq_set *s)
{
	__atomic_store_n(&s->version, s->version + 1, __ATOMIC_RELEASE);
	spin_unlock(&s->lock);
}

enum err ioreq_add_range(struct ioreq_set *s, enum ioreq_table_id id, const struct ioreq_range *r)
{
	enum err e;

	ioreq_tables_open(s);
	e = range_insert(s, id, r);
	ioreq_tables_close(s);
	return e;
}

enum err ioreq_remove_range(struct ioreq_set *s, enum ioreq_table_id id, unsigned link,
			    uint64_t base)
{
	enum err e;

	ioreq_tables_open(s);
	e = range_delete(s, id, link, base);
	ioreq_tables_close(s);
	return e;
}

void ioreq_guest_died(struct domain *guest)
{
	struct ioreq_set *s = guest->ioreqs;

	if (!s)
		return;
	ioreq_tables_open(s);
	for (unsigned i = 0; i < IOREQ_TABLES; i++)
		s->table[i].count = 0;
	ioreq_tables_close(s);
	for (unsigned i = 0; i < guest->vcpus; i++)
		ioreq_cancel(guest->vcpu[i]);
}

/* PROCESSING becomes PENDING. The vCPU looks again: an answer may be there that was not announced
   any more. */
static void ioreq_slots_return(struct domain *guest, const struct ioreq_link *link)
{
	for (unsigned i = 0; i < guest->vcpus; i++) {
		uint32_t state = HV_IOREQ_PROCESSING;

		__atomic_compare_exchange_n(&link->page->slot[i].state, &state, HV_IOREQ_PENDING,
					    false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
		vcpu_request(guest->vcpu[i], REQUEST_ANSWER);
	}
}

void ioreq_backend_died(struct domain *backend)
{
	domain_for_each(guest) {
		unsigned link = ioreq_link_of(guest, backend);

		if (link != IOREQ_NO_LINK)
			ioreq_slots_return(guest, &guest->ioreqs->link[link]);
	}
}

void ioreq_backend_starts(struct domain *backend)
{
	domain_for_each(guest) {
		unsigned link = ioreq_link_of(guest, backend);

		if (link != IOREQ_NO_LINK)
			event_set(backend, guest->ioreqs->link[link].event);
	}
}
