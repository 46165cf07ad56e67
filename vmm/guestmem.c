/*
 * Copies to and from guest-physical memory, page by page through the per-CPU mapping caches. Their
 * slots never go stale, since frames keep their owner from boot on. A cache is emptied all the same
 * when a third domain comes to its CPU, so that no CPU keeps memory mapped of anybody but the
 * domain that runs and the one before: emptying at each switch cost 1,300 instructions a switch.
 */
#include "vmm/guestmem.h"

#include "lib/string.h"
#include "vmm/guestmem_slot.h"

_Static_assert(GUESTMEM_SLOTS == 32, "one bit a slot in guestmem_cache.used");
_Static_assert(CONFIG_DOMAINS <= GUESTMEM_USED, "a domain number has its place in the tag");

struct guestmem_cpu guestmem_cpus[MAX_CPUS];

uint8_t *guestmem_miss(struct guestmem_cache *c, const struct domain *d, gpa_t at)
{
	const struct extent *e = d->extent, *end = e + d->extents;
	unsigned set = at.v >> PAGE_SHIFT & (GUESTMEM_SETS - 1), n = set + GUESTMEM_SETS;
	uint64_t page = page_down(at.v), tag = page | GUESTMEM_USED | d->id;

	if (LIKELY(c->slot[n].tag == tag))
		return (uint8_t *)(c->slot[n].bias + at.v);
	while (e < end && at.v - e->gpa.v >= e->bytes)
		e++;
	if (e == end)
		return NULL;
	if (!(c->turn & BIT(set)))
		n = set;
	c->turn ^= BIT(set);
	c->slot[n].bias =
		(uint64_t)hvmap_slot(c->first + n, hpa(page - e->gpa.v + e->hpa.v)) - page;
	c->slot[n].tag = tag;
	c->used |= BIT(n);
	c->generation++;
	return (uint8_t *)(c->slot[n].bias + at.v);
}

static void cache_drop(struct guestmem_cache *c)
{
	c->generation++;
	for (; c->used; c->used &= c->used - 1) {
		unsigned n = __builtin_ctz(c->used);

		c->slot[n].tag = 0;
		hvmap_slot_clear(c->first + n);
	}
}

void guestmem_enter(const struct domain *d)
{
	struct guestmem_cpu *g = &guestmem_cpus[cpu_index()];
	struct guestmem_cache *other = &g->cache[g->now == 0];

	if (guestmem_here()->owner == d)
		return;
	if (UNLIKELY(other->owner != d)) {
		other->first = (other - g->cache) * GUESTMEM_SLOTS;
		cache_drop(other);
		other->owner = d;
	}
	g->now = (uint64_t)((uint8_t *)other - (uint8_t *)g->cache);
}

/* True if one extent after the other covers the whole range. */
static bool is_owned(const struct domain *d, uint64_t at, uint64_t bytes)
{
	while (bytes) {
		const struct extent *e = d->extent, *end = e + d->extents;
		uint64_t n;

		while (e < end && at - e->gpa.v >= e->bytes)
			e++;
		if (e == end)
			return false;
		n = MIN(bytes, e->bytes - (at - e->gpa.v));
		at += n;
		bytes -= n;
	}
	return true;
}

static bool is_in_page(gpa_t at, size_t bytes)
{
	return bytes && bytes <= PAGE_SIZE - (at.v & PAGE_MASK);
}

/* Copies that cross pages; the range was found to be RAM. */
static void copy_pages(struct domain *d, gpa_t at, uint8_t *buf, size_t bytes, bool write)
{
	while (bytes) {
		size_t n = MIN(bytes, PAGE_SIZE - (at.v & PAGE_MASK));
		uint8_t *p = guestmem_at(d, at);

		memcpy(write ? p : buf, write ? buf : p, n);
		at.v += n;
		buf += n;
		bytes -= n;
	}
}

bool guest_read(struct domain *d, gpa_t from, void *to, size_t bytes)
{
	bool in_page = is_in_page(from, bytes);
	const uint8_t *p = in_page ? guestmem_at(d, from) : NULL;

	if (LIKELY(p)) {
		memcpy(to, p, bytes);
		return true;
	}
	if (in_page || !is_owned(d, from.v, bytes)) {
		memset(to, 0, bytes);
		return false;
	}
	copy_pages(d, from, to, bytes, false);
	return true;
}

bool guest_write(struct domain *d, gpa_t to, const void *from, size_t bytes)
{
	bool in_page = is_in_page(to, bytes);
	uint8_t *p = in_page ? guestmem_at(d, to) : NULL;

	if (LIKELY(p)) {
		memcpy(p, from, bytes);
		return true;
	}
	if (in_page || !is_owned(d, to.v, bytes))
		return false;
	copy_pages(d, to, (uint8_t *)from, bytes, true);
	return true;
}

bool guest_fill(struct domain *d, gpa_t to, uint8_t value, uint64_t bytes)
{
	if (!is_owned(d, to.v, bytes))
		return false;
	while (bytes) {
		size_t n = MIN(bytes, PAGE_SIZE - (to.v & PAGE_MASK));

		memset(guestmem_at(d, to), value, n);
		to.v += n;
		bytes -= n;
	}
	return true;
}

bool guest_cmpxchg(struct domain *d, gpa_t at, unsigned bytes, uint64_t expect, uint64_t value)
{
	uint8_t *p = at.v & (bytes - 1) ? NULL : guestmem_at(d, at);
	uint32_t expect32 = (uint32_t)expect;

	/* Pairs with the guest's own locked accesses on its other CPUs. */
	if (!p)
		return false;
	if (bytes == 8)
		return __atomic_compare_exchange_n((uint64_t *)p, &expect, value, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n((uint32_t *)p, &expect32, (uint32_t)value, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}
