/*
 * The walk of a guest's page tables (SDM 3A 4, APM 2 5). One loop serves all modes: a mode is a
 * number of levels, of index bits and of bytes an entry. Called for every fetched instruction on
 * CPUs that don't report its length, so a walk without surprises stays short. Not checked: address
 * bits above the CPU's width, which fault in the guest before it gets here.
 */
#include "vmm/walk.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/guestmem_slot.h"

#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)

#define LEGACY_4M_HIGH MASK(20, 13) /* of a 4 MiB entry: bits 39:32 of the address */
#define TRIES          8

struct walker {
	struct domain *d;
	const struct vcpu_mode *m;
	uint64_t va;
	uint64_t rights; /* entries so far: ANDed, NX inverted */
	unsigned access;
	uint32_t error; /* why it failed */
	bool lost;      /* another CPU changed the entry under us */
};

/* Adds accessed and dirty bits to an entry that lacks them. */
static void mark(struct walker *w, gpa_t at, unsigned bytes, uint64_t entry, uint64_t bits)
{
	if (LIKELY((entry & bits) == bits))
		return;
	w->lost = !guest_cmpxchg(w->d, at, bytes, entry, entry | bits);
}

static uint64_t read_entry(struct domain *d, gpa_t at, unsigned bytes)
{
	const volatile uint8_t *p = guestmem_at(d, at);

	if (UNLIKELY(!p))
		return ones(bytes);
	return bytes == 8 ? *(const volatile uint64_t *)p : *(const volatile uint32_t *)p;
}

/* Bits of a present 8-byte entry that must be zero. The top entries of PAE hold no rights. */
static uint64_t reserved_bits(const struct vcpu_mode *m, bool leaf, unsigned level)
{
	bool long_mode = m->efer & EFER_LMA;
	uint64_t bits = m->efer & EFER_NXE ? 0 : PTE_NX;

	if (!long_mode)
		bits |= level == 3 ? PTE_LARGE : MASK(62, 52);
	else if (level > 3)
		bits |= PTE_LARGE;
	if (leaf && level > 1)
		bits |= MASK(12 + 9 * (level - 1) - 1, 13);
	return bits;
}

/* Whether the rights gathered allow this access (SDM 3A 4.6). */
static bool is_allowed(const struct walker *w, uint64_t rflags)
{
	const struct vcpu_mode *m = w->m;
	bool user = m->cpl == 3 && !(w->access & ACCESS_SYSTEM);
	bool user_page = w->rights & PTE_USER;

	if (user && !user_page)
		return false;
	if (w->access & ACCESS_FETCH) {
		if (!(w->rights & PTE_NX) && (m->efer & EFER_NXE))
			return false;
		return user || !user_page || !(m->cr4 & CR4_SMEP);
	}
	if ((w->access & ACCESS_WRITE) && !(w->rights & PTE_WRITE) && (user || (m->cr0 & CR0_WP)))
		return false;
	if (!user && user_page && (m->cr4 & CR4_SMAP))
		return (rflags & RFLAGS_AC) && m->cpl != 3;
	return true;
}

static uint32_t error_code(const struct walker *w, uint32_t error)
{
	bool tells_fetch =
		(w->m->cr4 & CR4_SMEP) || ((w->m->efer & EFER_NXE) && (w->m->cr4 & CR4_PAE));

	if (w->access & ACCESS_WRITE)
		error |= PF_WRITE;
	if (w->m->cpl == 3 && !(w->access & ACCESS_SYSTEM))
		error |= PF_USER;
	if ((w->access & ACCESS_FETCH) && tells_fetch)
		error |= PF_FETCH;
	return error;
}

/* The address that a leaf gives. */
static uint64_t leaf_address(uint64_t entry, uint64_t va, unsigned shift, unsigned bytes)
{
	uint64_t inside = BIT(shift) - 1;
	uint64_t base = entry & (bytes == 8 ? MASK(51, 12) : MASK(31, 12)) & ~inside;

	if (bytes == 4 && shift > PAGE_SHIFT)
		base |= field_get(LEGACY_4M_HIGH, entry) << 32;
	return base | (va & inside);
}

static bool walk_tables(struct walker *w, uint64_t rflags, gpa_t *out)
{
	const struct vcpu_mode *m = w->m;
	bool wide = m->cr4 & CR4_PAE, long_mode = m->efer & EFER_LMA;
	unsigned level = long_mode ? 4 + !!(m->cr4 & CR4_LA57) : 2 + wide;
	unsigned bits = wide ? 9 : 10, bytes = wide ? 8 : 4;
	unsigned shift = PAGE_SHIFT + bits * level;
	uint64_t table = m->cr3 & (long_mode ? MASK(51, 12) : wide ? MASK(31, 5) : MASK(31, 12));

	for (;; level--) {
		bool top_pae = wide && !long_mode && level == 3;
		uint64_t index, entry, invalid;
		gpa_t at;
		bool leaf;

		shift -= bits;
		index = w->va >> shift & (BIT(bits) - 1);
		at = gpa(table + index * bytes);
		entry = read_entry(w->d, at, bytes);
		if (UNLIKELY(!(entry & PTE_PRESENT))) {
			w->error = error_code(w, 0);
			return false;
		}
		leaf = level == 1 || ((entry & PTE_LARGE) && (wide || (m->cr4 & CR4_PSE)));
		invalid = wide ? entry & reserved_bits(m, leaf, level) : 0;
		if (UNLIKELY(invalid)) {
			w->error = error_code(w, PF_PRESENT | PF_RESERVED);
			return false;
		}
		if (!top_pae)
			w->rights &= entry ^ PTE_NX;
		if (leaf) {
			if (UNLIKELY(!is_allowed(w, rflags))) {
				w->error = error_code(w, PF_PRESENT);
				return false;
			}
			mark(w, at, bytes, entry,
			     PTE_ACCESSED | (w->access & ACCESS_WRITE ? PTE_DIRTY : 0));
			*out = gpa(leaf_address(entry, w->va, shift, bytes));
			return true;
		}
		if (!top_pae)
			mark(w, at, bytes, entry, PTE_ACCESSED);
		table = entry & (wide ? MASK(51, 12) : MASK(31, 12));
	}
}

/* The place of the walk that such an access may have made before. */
static inline struct guestmem_walk *remembered(struct guestmem_cache *c, uint64_t va,
					       unsigned access)
{
	uint64_t page = va >> PAGE_SHIFT;

	if (access & ACCESS_FETCH)
		return &c->code[page & (GUESTMEM_CODE - 1)];
	return &(access & ACCESS_WRITE ? c->write : c->read)[page & (GUESTMEM_DATA - 1)];
}

/* Whether the last walk of this kind would find the same entries again. */
static inline bool is_same_page(const struct guestmem_walk *w, const struct guestmem_cache *c,
				const struct domain *d, uint64_t cr3, uint64_t va)
{
	return w->va == page_down(va) && w->d == d && w->generation == c->generation &&
	       w->cr3 == cr3 && *w->at[3] == w->entry[3] && *w->at[2] == w->entry[2] &&
	       *w->at[1] == w->entry[1] && *w->at[0] == w->entry[0];
}

/* And with the same rights. */
static inline bool is_same(const struct guestmem_walk *w, const struct guestmem_cache *c,
			   const struct domain *d, const struct vcpu_mode *m, uint64_t va)
{
	return is_same_page(w, c, d, m->cr3, va) && w->cr4 == m->cr4 && w->efer == m->efer &&
	       w->cr0 == m->cr0 && w->cpl == m->cpl;
}

/* Goes down the tables as long as every entry has the bits `need`, and notes them in w. Returns the
   bits that any of them has, 0 if one lacks some; *shift says how much the last one maps. */
static inline uint64_t descend(struct guestmem_walk *w, struct guestmem_cache *c, uint64_t va,
			       uint64_t need, unsigned *shift)
{
	uint64_t any = 0, entry = w->cr3;
	unsigned n = 0;

	*shift = PAGE_SHIFT + GUESTMEM_LEVELS * 9;
	do {
		const uint8_t *p;

		*shift -= 9;
		p = guestmem_in(c, w->d, gpa((entry & MASK(51, 12)) | (va >> *shift & 511) << 3));
		if (UNLIKELY(!p))
			return 0;
		w->at[n] = (const volatile uint64_t *)p;
		w->entry[n] = entry = *w->at[n];
		if (UNLIKELY(~entry & need))
			return 0;
		any |= entry;
		n++;
	} while (*shift > PAGE_SHIFT && !(entry & PTE_LARGE));
	for (; n < GUESTMEM_LEVELS; n++) {
		w->at[n] = w->at[n - 1];
		w->entry[n] = entry;
	}
	return any;
}

/* The walk nearly always taken: 4 levels, all present and accessed, rights beyond doubt. Anything
   else is false, and then walk_tables says what it is. */
static bool walk_usual(struct guestmem_walk *w, struct guestmem_cache *c, const struct vcpu_mode *m,
		       uint64_t va, unsigned access)
{
	bool user = m->cpl == 3, write = access & ACCESS_WRITE;
	uint64_t need =
		PTE_PRESENT | PTE_ACCESSED | (user ? PTE_USER : 0) | (write ? PTE_WRITE : 0);
	uint64_t any, entry, inside;
	unsigned shift;

	any = descend(w, c, va, need, &shift);
	entry = w->entry[GUESTMEM_LEVELS - 1];
	inside = BIT(shift) - 1;
	if (!any || (write && !(entry & PTE_DIRTY)))
		return false;
	if (shift != PAGE_SHIFT && (shift > PAGE_SHIFT + 2 * 9 || (entry & inside & ~PAGE_MASK)))
		return false;
	if ((any & PTE_NX) && ((access & ACCESS_FETCH) || !(m->efer & EFER_NXE)))
		return false;
	if ((entry & PTE_USER) && !user && (m->cr4 & (CR4_SMEP | CR4_SMAP)))
		return false;
	w->page = (entry & MASK(51, 12) & ~inside) | (va & inside & ~PAGE_MASK);
	return true;
}

/* The same, remembering it. */
static bool walk_remember(struct guestmem_walk *w, const struct domain *d,
			  const struct vcpu_mode *m, uint64_t va, unsigned access)
{
	struct guestmem_cache *c = guestmem_here();
	bool ok;

	*w = (struct guestmem_walk){ .d = d,
				     .va = page_down(va),
				     .cr0 = m->cr0,
				     .cr3 = m->cr3,
				     .cr4 = m->cr4,
				     .efer = m->efer,
				     .cpl = m->cpl,
				     .access = access,
				     .generation = c->generation };
	ok = walk_usual(w, c, m, va, access);
	if (ok && access == ACCESS_FETCH)
		w->host = guestmem_in(c, d, gpa(w->page));
	/* A slot that changed on the way may be one of those noted; code outside RAM is not. */
	if (!ok || w->generation != c->generation || (access == ACCESS_FETCH && !w->host))
		w->d = NULL;
	return ok;
}

/* Any walk, whatever the mode. */
static bool walk_modes(struct walker *w, uint64_t rflags, gpa_t *out)
{
	bool ok = true;

	if (!(w->m->efer & EFER_LMA))
		w->va = (uint32_t)w->va;
	if (!(w->m->cr0 & CR0_PG)) {
		*out = gpa(w->va);
		return true;
	}
	/* A guest that changes its tables all the time may miss an accessed bit, not hold us up. */
	for (unsigned tries = 0; tries < TRIES; tries++) {
		w->rights = ~0ull;
		w->lost = false;
		ok = walk_tables(w, rflags, out);
		if (!w->lost)
			break;
	}
	return ok;
}

static __attribute__((noinline)) bool walk_anew(struct domain *d, const struct vcpu_mode *m,
						uint64_t rflags, gva_t at, unsigned access,
						gpa_t *out, uint32_t *error)
{
	struct guestmem_walk *last = remembered(guestmem_here(), at.v, access);
	struct walker w = { .d = d, .m = m, .va = at.v, .access = access };
	bool usual = (m->efer & EFER_LMA) && !(m->cr4 & CR4_LA57) && access <= ACCESS_FETCH;
	bool ok;

	if (usual && walk_remember(last, d, m, at.v, access)) {
		*out = gpa(last->page | (at.v & PAGE_MASK));
		return true;
	}
	ok = walk_modes(&w, rflags, out);
	*error = w.error;
	return ok;
}

bool walk(struct domain *d, const struct vcpu_mode *m, uint64_t rflags, gva_t at, unsigned access,
	  gpa_t *out, uint32_t *error)
{
	struct guestmem_cache *c = guestmem_here();
	struct guestmem_walk *last = remembered(c, at.v, access);

	if (LIKELY(last->access == access && is_same(last, c, d, m, at.v))) {
		*out = gpa(last->page | (at.v & PAGE_MASK));
		return true;
	}
	return walk_anew(d, m, rflags, at, access, out, error);
}

const uint8_t *walk_code(const struct domain *d, uint64_t root, uint64_t rip)
{
	struct guestmem_cache *c = guestmem_here();
	const struct guestmem_walk *last = remembered(c, rip, ACCESS_FETCH);

	if (LIKELY(is_same_page(last, c, d, root, rip)))
		return last->host + (rip & PAGE_MASK);
	return NULL;
}
