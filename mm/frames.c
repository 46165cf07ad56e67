/*
 * The free extents of physical memory: a sorted array of ranges that neither touch nor overlap.
 * Pure; the hypervisor's own pages are cut from it in frames_hv.c.
 */
#include "mm/frames.h"

#include "lib/assert.h"
#include "lib/string.h"

#define EXTENTS 256

struct extent {
	uint64_t base, end; /* page-aligned, base < end */
};

static struct extent extents[EXTENTS];
static size_t count;
static bool sealed;

static void remove_at(size_t i)
{
	count--;
	memmove(&extents[i], &extents[i + 1], (count - i) * sizeof(extents[0]));
}

static void insert_at(size_t i, uint64_t base, uint64_t end)
{
	if (count == EXTENTS)
		panic("the memory map has more than %d pieces", EXTENTS);
	memmove(&extents[i + 1], &extents[i], (count - i) * sizeof(extents[0]));
	extents[i] = (struct extent){ base, end };
	count++;
}

/* Takes [base, end) out of whatever it overlaps. */
static void cut(uint64_t base, uint64_t end)
{
	for (size_t i = 0; i < count; i++) {
		struct extent x = extents[i];

		if (x.end <= base || x.base >= end)
			continue;
		remove_at(i);
		if (x.end > end)
			insert_at(i, end, x.end);
		if (x.base < base)
			insert_at(i, x.base, base);
		else
			i--;
	}
}

void frames_add(hpa_t base, uint64_t bytes)
{
	uint64_t first = page_up(base.v), end = page_down(base.v + bytes);
	size_t i = 0;

	assert(!sealed);
	if (first >= end)
		return;
	cut(first, end);
	while (i < count && extents[i].end < first)
		i++;
	if (i < count && extents[i].end == first) {
		first = extents[i].base;
		remove_at(i);
	}
	if (i < count && extents[i].base == end) {
		end = extents[i].end;
		remove_at(i);
	}
	insert_at(i, first, end);
}

void frames_reserve(hpa_t base, uint64_t bytes)
{
	assert(!sealed);
	if (bytes)
		cut(page_down(base.v), page_up(base.v + bytes));
}

/* The end of x as far as it is below the limit, aligned down. */
static uint64_t aligned_end(const struct extent *x, uint64_t align, uint64_t limit)
{
	return align_down(limit ? MIN(x->end, limit) : x->end, align);
}

/* Where `bytes` go at the top of x: the base, or false. */
static bool fits(const struct extent *x, uint64_t bytes, uint64_t align, uint64_t limit,
		 uint64_t *base)
{
	uint64_t end = limit ? MIN(x->end, limit) : x->end;

	if (end < bytes)
		return false;
	*base = align_down(end - bytes, align);
	return *base >= x->base;
}

enum err frames_take(uint64_t bytes, uint64_t align, uint64_t limit, hpa_t *base)
{
	assert(!sealed);
	if (!bytes || (bytes | align) & PAGE_MASK || align & (align - 1))
		return ERR_INVAL;
	for (size_t n = 0; n < count; n++) {
		const struct extent *x = &extents[limit ? n : count - 1 - n];

		if (!fits(x, bytes, align, limit, &base->v))
			continue;
		cut(base->v, base->v + bytes);
		return OK;
	}
	return ERR_NOMEM;
}

uint64_t frames_largest(uint64_t align, uint64_t limit)
{
	uint64_t best = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t base = align_up(extents[i].base, align);
		uint64_t end = aligned_end(&extents[i], align, limit);

		if (end > base)
			best = MAX(best, end - base);
	}
	return best;
}

uint64_t frames_free_bytes(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += extents[i].end - extents[i].base;
	return sum;
}

void frames_seal(void)
{
	sealed = true;
}
