/*
 * Flat binaries: the bytes go to 1 MiB and are entered at their first one, in 32-bit protected mode
 * without paging.
 */
#include "arch/x86/cpu/regs.h"
#include "vmm/guestmem.h"
#include "vmm/loader_mode.h"

#define LOAD_AT 0x100000ull
#define GDT_AT  0x1000ull

enum err load_flat(const struct loader *l)
{
	const struct span *image = &l->images->image;

	if (!guest_write(l->d, gpa(LOAD_AT), image->at, image->bytes))
		return loader_refuse(l, ERR_RANGE,
				     "a flat image of %lu KiB goes to 1 MiB and does not fit into "
				     "the domain's memory: give it more",
				     image->bytes >> 10);
	if (loader_protected_mode(l, GDT_AT) != OK)
		return loader_refuse(l, ERR_RANGE, "no memory at %#llx for the GDT", GDT_AT);
	l->entry->regs.rip = LOAD_AT;
	return OK;
}
