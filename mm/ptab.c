/*
 * The page-table engine: maps, unmaps, splits and looks up in any format. A level-n table holds
 * 512 entries, each for 4 KiB * 512^(n - 1) of address space; level 1 holds 4 KiB leaves only.
 *
 *   root (level 4) -> level 3: 1 GiB leaf, or -> level 2: 2 MiB leaf, or -> level 1: 4 KiB leaf
 *
 * The CPU may walk the tables at any time: an entry changes by one store, and a table is linked
 * only when it is filled. An emptied table goes back to the pool at once, so the caller flushes
 * before it maps anything else.
 */
#include "mm/ptab.h"

#include "lib/bits.h"
#include "mm/hvmap.h"

#define ENTRIES 512u

/* Bytes that one entry of a table of this level covers. */
static uint64_t level_bytes(unsigned level)
{
	return PAGE_SIZE << (9 * (level - 1));
}

static uint64_t *entry_at(uint64_t *table, unsigned level, uint64_t va)
{
	return &table[va / level_bytes(level) % ENTRIES];
}

static void entry_set(uint64_t *e, uint64_t value)
{
	/* Partner: the CPU's page walk, which must see a linked table's contents. */
	__atomic_store_n(e, value, __ATOMIC_RELEASE);
}

static bool is_table(const struct ptab_format *f, uint64_t entry, unsigned level)
{
	return level > 1 && f->present(entry) && !(entry & f->leaf_large);
}

static bool is_leaf(const struct ptab_format *f, uint64_t entry, unsigned level)
{
	return f->present(entry) && !is_table(f, entry, level);
}

static uint64_t *table_of(const struct ptab_format *f, uint64_t entry)
{
	return hv_virt(hpa(entry & f->address_mask));
}

static uint64_t leaf_base(const struct ptab_format *f, uint64_t entry, unsigned level)
{
	return entry & f->address_mask & ~(level_bytes(level) - 1);
}

static uint64_t leaf_entry(const struct ptab_format *f, uint64_t base, unsigned attrs,
			   unsigned level)
{
	return base | f->encode(attrs, level) | (level > 1 ? f->leaf_large : 0);
}

/* Puts a table where there was nothing or a leaf; a leaf's pieces fill it. NULL: pool empty. */
static uint64_t *table_make(struct ptab *t, uint64_t *e, unsigned level)
{
	const struct ptab_format *f = t->format;
	uint64_t *table = pool_get(t->pool);

	if (table == NULL)
		return NULL;
	if (f->present(*e)) {
		unsigned attrs = f->decode(*e, level);
		uint64_t base = leaf_base(f, *e, level);

		for (unsigned i = 0; i < ENTRIES; i++)
			table[i] =
				leaf_entry(f, base + i * level_bytes(level - 1), attrs, level - 1);
	}
	entry_set(e, hv_hpa(table).v | f->table_bits);
	return table;
}

/* The entry of `level` for va; makes the tables above it. NULL: pool empty. */
static uint64_t *entry_make(struct ptab *t, uint64_t va, unsigned level)
{
	uint64_t *table = t->root;

	for (unsigned n = t->format->levels; n > level; n--) {
		uint64_t *e = entry_at(table, n, va);

		table = is_table(t->format, *e, n) ? table_of(t->format, *e) : table_make(t, e, n);
		if (table == NULL)
			return NULL;
	}
	return entry_at(table, level, va);
}

static void table_free(struct ptab *t, uint64_t *table, unsigned level)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		if (is_table(t->format, table[i], level))
			table_free(t, table_of(t->format, table[i]), level - 1);
	pool_put(t->pool, table);
}

static unsigned best_level(const struct ptab_format *f, uint64_t addresses, uint64_t bytes,
			   unsigned attrs)
{
	unsigned level = attrs & PTAB_EXEC ? f->max_exec_leaf : f->max_leaf;

	while (level > 1 && (bytes < level_bytes(level) || addresses & (level_bytes(level) - 1)))
		level--;
	return level;
}

/* Page-aligned, not wrapping, and within what this many levels can translate. */
static bool range_is_valid(const struct ptab_format *f, uint64_t va, uint64_t bytes)
{
	unsigned bits = PAGE_SHIFT + 9 * f->levels - f->sign_extended;
	uint64_t last = va + bytes - 1;

	if ((va | bytes) & PAGE_MASK || (bytes > 0 && last < va))
		return false;
	if (bytes == 0)
		last = va;
	return (last >> bits == 0) || (f->sign_extended && va >> bits == ~0ull >> bits);
}

enum err ptab_init(struct ptab *t, const struct ptab_format *format, struct pool *pool)
{
	t->format = format;
	t->pool = pool;
	t->root = pool_get(pool);
	return t->root == NULL ? ERR_NOMEM : OK;
}

enum err ptab_map(struct ptab *t, uint64_t va, hpa_t to, uint64_t bytes, unsigned attrs)
{
	const struct ptab_format *f = t->format;

	if (!range_is_valid(f, va, bytes) || to.v & PAGE_MASK ||
	    !range_within(to.v, bytes, f->address_mask + PAGE_SIZE))
		return ERR_INVAL;
	while (bytes > 0) {
		unsigned level = best_level(f, va | to.v, bytes, attrs);
		uint64_t *e = entry_make(t, va, level);
		uint64_t old;

		if (e == NULL)
			return ERR_NOMEM;
		old = *e;
		entry_set(e, leaf_entry(f, to.v, attrs, level));
		if (is_table(f, old, level))
			table_free(t, table_of(f, old), level - 1);
		va += level_bytes(level);
		to.v += level_bytes(level);
		bytes -= level_bytes(level);
	}
	return OK;
}

/* Splits large pages until one of them begins at va, or nothing is mapped there. */
static enum err split_at(struct ptab *t, uint64_t va)
{
	const struct ptab_format *f = t->format;
	uint64_t *table = t->root;

	for (unsigned level = f->levels; level > 1 && va & (level_bytes(level) - 1); level--) {
		uint64_t *e = entry_at(table, level, va);

		if (!f->present(*e))
			break;
		table = is_leaf(f, *e, level) ? table_make(t, e, level) : table_of(f, *e);
		if (table == NULL)
			return ERR_NOMEM;
	}
	return OK;
}

static bool table_is_empty(const struct ptab_format *f, const uint64_t *table)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		if (f->present(table[i]))
			return false;
	return true;
}

/* Clears va to last (included), which cut no leaf in two, and frees emptied tables below. */
static void table_clear(struct ptab *t, uint64_t *table, unsigned level, uint64_t va, uint64_t last)
{
	const struct ptab_format *f = t->format;

	for (;;) {
		uint64_t *e = entry_at(table, level, va), entry = *e;
		uint64_t end = MIN(va | (level_bytes(level) - 1), last);
		uint64_t *sub = is_table(f, entry, level) ? table_of(f, entry) : NULL;

		if (sub != NULL)
			table_clear(t, sub, level - 1, va, end);
		if (sub == NULL || table_is_empty(f, sub))
			entry_set(e, 0);
		if (sub != NULL && *e == 0)
			pool_put(t->pool, sub);
		if (end == last)
			return;
		va = end + 1;
	}
}

enum err ptab_unmap(struct ptab *t, uint64_t va, uint64_t bytes)
{
	if (!range_is_valid(t->format, va, bytes))
		return ERR_INVAL;
	if (bytes == 0)
		return OK;
	if (split_at(t, va) != OK || split_at(t, va + bytes) != OK)
		return ERR_NOMEM;
	table_clear(t, t->root, t->format->levels, va, va + bytes - 1);
	return OK;
}

bool ptab_lookup(const struct ptab *t, uint64_t va, struct ptab_leaf *leaf)
{
	const struct ptab_format *f = t->format;
	uint64_t *table = t->root;

	if (!range_is_valid(f, page_down(va), PAGE_SIZE))
		return false;
	for (unsigned level = f->levels; level > 0; level--) {
		uint64_t entry = *entry_at(table, level, va);
		uint64_t offset = va & (level_bytes(level) - 1);

		if (is_leaf(f, entry, level)) {
			leaf->hpa = hpa(leaf_base(f, entry, level) + offset);
			leaf->bytes = level_bytes(level) - offset;
			leaf->attrs = f->decode(entry, level);
			return true;
		}
		if (!f->present(entry))
			return false;
		table = table_of(f, entry);
	}
	return false;
}

size_t ptab_pages_for(const struct ptab_format *f, uint64_t bytes)
{
	size_t pages = 1;

	/* A range that begins and ends in mid-table touches one table more than fit into it. */
	for (unsigned level = 1; level < f->levels; level++)
		pages += align_up(bytes, level_bytes(level + 1)) / level_bytes(level + 1) + 1;
	return pages;
}
