/*
 * Guest addresses to pointers. Pure: no address is touched here.
 */
#include "guests/service/window.h"

#include <stddef.h>

#include "lib/bits.h"

bool window_add(struct window *w, const struct window_extent *e)
{
	if (w->extents == WINDOW_EXTENTS || e->bytes == 0 || e->guest + e->bytes < e->guest)
		return false;
	w->extent[w->extents++] = *e;
	return true;
}

void *window_first(const struct window *w, uint64_t guest, uint64_t *bytes, uint32_t rights)
{
	for (unsigned i = 0; i < w->extents; i++) {
		const struct window_extent *e = &w->extent[i];

		if (guest < e->guest || guest - e->guest >= e->bytes)
			continue;
		if (rights & ~e->rights)
			return NULL;
		*bytes = MIN(*bytes, e->bytes - (guest - e->guest));
		return e->mine + (guest - e->guest);
	}
	return NULL;
}

void *window_at(const struct window *w, uint64_t guest, uint64_t bytes, uint32_t rights)
{
	uint64_t whole = bytes;
	void *p = bytes ? window_first(w, guest, &bytes, rights) : NULL;

	return bytes == whole ? p : NULL;
}
