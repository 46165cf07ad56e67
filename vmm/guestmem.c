/*
 * Copies to and from guest-physical memory, page by page through the per-CPU mapping cache. The
 * cache's slots never go stale while a CPU stays with one vCPU: frames keep their owner from boot
 * on. It is emptied at a switch all the same, so that no CPU keeps another domain's memory mapped.
 */
#include "vmm/guestmem.h"

#include "lib/string.h"
#include "vmm/guestmem_slot.h"

_Static_assert(HVMAP_SLOTS == 64, "one bit a slot in guestmem_cache.used");

struct guestmem_cache guestmem_cache[MAX_CPUS];

uint8_t *guestmem_fill(struct guestmem_cache *c, uint64_t frame)
{
	unsigned n = frame >> PAGE_SHIFT & (HVMAP_SLOTS - 1);

	c->slot[n].at = hvmap_slot(n, hpa(frame));
	c->slot[n].frame = frame | 1;
	c->used |= BIT(n);
	return c->slot[n].at;
}

void guestmem_drop(void)
{
	struct guestmem_cache *c = &guestmem_cache[cpu_index()];

	for (; c->used; c->used &= c->used - 1) {
		unsigned n = __builtin_ctzll(c->used);

		c->slot[n].frame = 0;
		hvmap_slot_clear(n);
	}
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

bool guest_read(struct domain *d, gpa_t from, void *to, size_t bytes)
{
	uint8_t *out = to;

	if (!is_owned(d, from.v, bytes)) {
		memset(to, 0, bytes);
		return false;
	}
	while (bytes) {
		size_t n = MIN(bytes, PAGE_SIZE - (from.v & PAGE_MASK));

		memcpy(out, guestmem_at(d, from), n);
		from.v += n;
		out += n;
		bytes -= n;
	}
	return true;
}

bool guest_write(struct domain *d, gpa_t to, const void *from, size_t bytes)
{
	const uint8_t *in = from;

	if (!is_owned(d, to.v, bytes))
		return false;
	while (bytes) {
		size_t n = MIN(bytes, PAGE_SIZE - (to.v & PAGE_MASK));

		memcpy(guestmem_at(d, to), in, n);
		to.v += n;
		in += n;
		bytes -= n;
	}
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
