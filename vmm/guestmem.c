/*
 * Copies to and from guest-physical memory, page by page through the per-CPU mapping caches. Their
 * slots never go stale, since frames keep their owner from boot on. A cache is emptied all the same
 * when a third domain comes to its CPU, so that no CPU keeps memory mapped of anybody but the
 * domain that runs and the one before: emptying at each switch cost 1,300 instructions a switch.
 */
#include "vmm/guestmem.h"

#include "arch/x86/cpu/wide.h"
#include "lib/string.h"
#include "vmm/guestmem_slot.h"

_Static_assert(GUESTMEM_SLOTS == 32, "one bit a slot in guestmem_cache.used");
_Static_assert(CONFIG_DOMAINS <= GUESTMEM_USED, "a domain number has its place in the tag");

struct guestmem_cpu guestmem_cpus[MAX_CPUS];

/* The piece of the domain's memory that a guest-physical address lies in; NULL if in none. */
static inline const struct extent *extent_at(const struct domain *d, uint64_t at)
{
	const struct extent *end = d->extent + d->extents;

	for (const struct extent *e = d->extent; e < end; e++)
		if (at - e->gpa.v < e->bytes)
			return e;
	return NULL;
}

uint8_t *guestmem_miss(struct guestmem_cache *c, const struct domain *d, gpa_t at)
{
	const struct extent *e;
	unsigned set = at.v >> PAGE_SHIFT & (GUESTMEM_SETS - 1), n = set + GUESTMEM_SETS;
	uint64_t page = page_down(at.v), tag = page | GUESTMEM_USED | d->id;

	if (LIKELY(c->slot[n].tag == tag))
		return (uint8_t *)(c->slot[n].bias + at.v);
	e = extent_at(d, at.v);
	if (!e)
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
static NOINLINE bool is_owned(const struct domain *d, uint64_t at, uint64_t bytes)
{
	while (bytes) {
		const struct extent *e = extent_at(d, at);
		uint64_t n;

		if (!e)
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

/* For the rare users: in line where it matters. */
static NOINLINE uint8_t *page_at(const struct domain *d, gpa_t at)
{
	return guestmem_at(d, at);
}

/* Shows memory from a guest-physical address on: 2 MiB where these are wanted and lie in one piece,
   else a page. Takes how many bytes are wanted, leaves how many can be seen. */
static uint8_t *show(const struct domain *d, gpa_t at, uint64_t *bytes)
{
	const struct extent *e = extent_at(d, at.v);
	uint64_t within = at.v - e->gpa.v, base = e->hpa.v + within;

	if (!(base & (MIB_2 - 1)) && MIN(*bytes, e->bytes - within) >= MIB_2) {
		*bytes = MIB_2;
		return hvmap_window(hpa(base));
	}
	*bytes = MIN(*bytes, PAGE_SIZE - (at.v & PAGE_MASK));
	return page_at(d, at);
}

/* Writes what crosses pages, images above all; from NULL: zeroes. */
static COLD bool put_pages(const struct domain *d, gpa_t to, const uint8_t *from, uint64_t bytes)
{
	if (!is_owned(d, to.v, bytes))
		return false;
	while (bytes) {
		uint64_t n = bytes;
		uint8_t *p = show(d, to, &n);

		wide_put(p, from, n);
		if (n == MIB_2)
			hvmap_window_clear();
		to.v += n;
		from += from ? n : 0;
		bytes -= n;
	}
	return true;
}

static COLD bool read_pages(const struct domain *d, gpa_t from, uint8_t *to, size_t bytes)
{
	if (!is_owned(d, from.v, bytes))
		return false;
	while (bytes) {
		size_t n = MIN(bytes, PAGE_SIZE - (from.v & PAGE_MASK));

		memcpy(to, page_at(d, from), n);
		from.v += n;
		to += n;
		bytes -= n;
	}
	return true;
}

bool guest_read(struct domain *d, gpa_t from, void *to, size_t bytes)
{
	bool in_page = is_in_page(from, bytes);
	const uint8_t *p = in_page ? guestmem_at(d, from) : NULL;

	if (LIKELY(p)) {
		memcpy(to, p, bytes);
		return true;
	}
	if (!in_page && read_pages(d, from, to, bytes))
		return true;
	memset(to, 0, bytes);
	return false;
}

bool guest_write(struct domain *d, gpa_t to, const void *from, size_t bytes)
{
	bool in_page = is_in_page(to, bytes);
	uint8_t *p = in_page ? guestmem_at(d, to) : NULL;

	if (LIKELY(p)) {
		memcpy(p, from, bytes);
		return true;
	}
	return !in_page && put_pages(d, to, from, bytes);
}

bool guest_zero(struct domain *d, gpa_t to, uint64_t bytes)
{
	return put_pages(d, to, NULL, bytes);
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
