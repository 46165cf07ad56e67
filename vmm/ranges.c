/*
 * Sorted tables of ranges, searched by halves.
 */
#include "vmm/ranges.h"

const struct ioreq_range *range_find(const struct ioreq_table *t, uint64_t address, unsigned bytes)
{
	unsigned low = 0, high = t->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (t->range[middle].base <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;

	const struct ioreq_range *r = &t->range[low - 1];

	return address <= r->last && r->last - address >= bytes - 1 ? r : NULL;
}

static bool overlaps(const struct ioreq_range *a, const struct ioreq_range *b)
{
	return a->base <= b->last && b->base <= a->last;
}

static void remove_at(struct ioreq_table *t, unsigned at)
{
	t->count--;
	for (; at < t->count; at++)
		t->range[at] = t->range[at + 1];
}

/* The table of doorbells beside that of ranges, and the other way round. */
static struct ioreq_table *other_table(struct ioreq_set *s, enum ioreq_table_id id)
{
	return &s->table[(id + IOREQ_TABLES / 2) % IOREQ_TABLES];
}

static bool gives_way(const struct ioreq_range *old, const struct ioreq_range *r)
{
	return old->link == r->link && (old->incarnation != r->incarnation ||
					(old->base == r->base && old->last == r->last));
}

static enum err check_overlaps(struct ioreq_set *s, enum ioreq_table_id id,
			       const struct ioreq_range *r)
{
	const struct ioreq_table *t = &s->table[id];
	const struct ioreq_table *other = other_table(s, id);

	for (unsigned i = 0; i < t->count; i++)
		if (overlaps(&t->range[i], r) && !gives_way(&t->range[i], r))
			return ERR_EXISTS;
	for (unsigned i = 0; i < other->count; i++)
		if (overlaps(&other->range[i], r) && other->range[i].link != r->link)
			return ERR_EXISTS;
	return OK;
}

enum err range_insert(struct ioreq_set *s, enum ioreq_table_id id, const struct ioreq_range *r)
{
	struct ioreq_table *t = &s->table[id];
	enum err e = check_overlaps(s, id, r);
	unsigned at;

	if (e != OK)
		return e;
	for (unsigned i = t->count; i-- > 0;)
		if (overlaps(&t->range[i], r))
			remove_at(t, i);
	if (t->count == IOREQ_RANGES)
		return ERR_NOMEM;
	for (at = t->count; at > 0 && t->range[at - 1].base > r->base; at--)
		t->range[at] = t->range[at - 1];
	t->range[at] = *r;
	t->count++;
	return OK;
}

enum err range_delete(struct ioreq_set *s, enum ioreq_table_id id, unsigned link, uint64_t base)
{
	struct ioreq_table *t = &s->table[id];

	for (unsigned i = 0; i < t->count; i++) {
		if (t->range[i].base != base || t->range[i].link != link)
			continue;
		remove_at(t, i);
		return OK;
	}
	return ERR_NOENT;
}
