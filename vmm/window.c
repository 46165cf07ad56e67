/*
 * Mapping guests' RAM into the nested tables of their back ends, under the holder's table lock.
 */
#include "vmm/window.h"

#include "lib/assert.h"
#include "vmm/cap.h"
#include "vmm/service.h"

#define SPLIT_PAGES 8 /* table pages for parts that are revoked, a window */

/* Holders that have revoked a part, by guest: their windows are not whole. */
static uint32_t torn[CONFIG_DOMAINS];

static unsigned window_attrs(uint32_t rights)
{
	return PTAB_READ | (rights & HV_WINDOW_WRITE ? PTAB_WRITE : 0);
}

static void window_open(struct domain *holder, const struct domain *guest)
{
	spin_lock(&holder->table_lock);
	for (unsigned i = 0; i < guest->extents; i++) {
		const struct extent *x = &guest->extent[i];

		if (x->kind != EXTENT_RAM)
			continue;
		if (ptab_map(&holder->nested, x->hpa.v, x->hpa, x->bytes,
			     window_attrs(HV_WINDOW_WRITE)) != OK)
			panic("%s: no table page to see the RAM of %s: raise SPLIT_PAGES",
			      holder->name, guest->name);
	}
	spin_unlock(&holder->table_lock);
}

static void window_reserve(struct domain *holder, const struct domain *guest)
{
	size_t pages = SPLIT_PAGES;

	for (unsigned i = 0; i < guest->extents; i++)
		if (guest->extent[i].kind == EXTENT_RAM)
			pages += ptab_pages_for(holder->nested.format, guest->extent[i].bytes);
	service_reserve(holder, pages);
}

void windows_build(void)
{
	domain_for_each(holder) {
		domain_for_each(guest) {
			if (!cap_find(holder, HV_CAP_WINDOW, guest->id))
				continue;
			window_reserve(holder, guest);
			window_open(holder, guest);
		}
	}
}

void windows_reopen(struct domain *guest)
{
	uint32_t holders = __atomic_exchange_n(&torn[guest->id], 0, __ATOMIC_ACQ_REL);

	for (; holders; holders &= holders - 1) {
		struct domain *holder = domain_get(__builtin_ctz(holders));

		window_open(holder, guest);
		domain_flush(holder);
	}
}

/* The extent of the guest's RAM that holds all of the entry, NULL if none does. */
static const struct extent *window_extent(const struct domain *guest,
					  const struct hv_window_entry *e)
{
	for (unsigned i = 0; i < guest->extents; i++) {
		const struct extent *x = &guest->extent[i];

		if (x->kind == EXTENT_RAM && e->guest >= x->gpa.v &&
		    e->pages <= x->bytes / PAGE_SIZE &&
		    range_within(e->guest - x->gpa.v, e->pages * PAGE_SIZE, x->bytes))
			return x;
	}
	return NULL;
}

static enum err window_find(const struct domain *guest, const struct hv_window_entry *e,
			    hpa_t *mine)
{
	const struct extent *x = window_extent(guest, e);

	if (!x || !e->pages || (e->guest & PAGE_MASK))
		return ERR_INVAL;
	*mine = hpa(x->hpa.v + (e->guest - x->gpa.v));
	return OK;
}

enum err window_grant(struct domain *holder, const struct domain *guest,
		      const struct hv_window_entry *e, hpa_t *mine)
{
	enum err err = window_find(guest, e, mine);

	if (err != OK)
		return err;
	spin_lock(&holder->table_lock);
	err = ptab_map(&holder->nested, mine->v, *mine, e->pages * PAGE_SIZE,
		       window_attrs(e->rights));
	spin_unlock(&holder->table_lock);
	if (!(e->rights & HV_WINDOW_WRITE))
		__atomic_fetch_or(&torn[guest->id], 1u << holder->id, __ATOMIC_RELEASE);
	return err;
}

enum err window_revoke(struct domain *holder, const struct domain *guest,
		       const struct hv_window_entry *e, hpa_t *mine)
{
	enum err err = window_find(guest, e, mine);

	if (err != OK)
		return err;
	spin_lock(&holder->table_lock);
	err = ptab_unmap(&holder->nested, mine->v, e->pages * PAGE_SIZE);
	spin_unlock(&holder->table_lock);
	__atomic_fetch_or(&torn[guest->id], 1u << holder->id, __ATOMIC_RELEASE);
	return err;
}
