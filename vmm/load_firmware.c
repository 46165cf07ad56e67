/*
 * Firmware: the image is a ROM that ends at 4 GiB, its last 128 KiB also below 1 MiB, there as RAM:
 * firmware writes to its own copy. The first vCPU starts as a CPU does after RESET, at the last 16
 * bytes of the ROM.
 */
#include "abi/platform.h"
#include "lib/bits.h"
#include "vmm/cpuid.h"
#include "vmm/guestmem.h"
#include "vmm/loader_mode.h"

#define LOW_END   0x100000ull
#define LOW_BYTES 0x20000ull
#define RESET_END 16u /* bytes from the reset vector on */

enum err load_firmware(const struct loader *l)
{
	const struct span *image = &l->images->image;
	uint64_t low = MIN(image->bytes, LOW_BYTES);

	if (image->bytes < RESET_END)
		return loader_refuse(l, ERR_FORMAT, "firmware of %lu bytes has no reset vector",
				     image->bytes);
	if (!guest_write(l->d, gpa(HV_GUEST_HIGH - image->bytes), image->at, image->bytes))
		return loader_refuse(l, ERR_RANGE, "firmware of %lu KiB: there is room for 16 MiB",
				     image->bytes >> 10);
	if (!guest_write(l->d, gpa(LOW_END - low), image->at + image->bytes - low, low))
		return loader_refuse(l, ERR_RANGE,
				     "firmware needs RAM up to 1 MiB: give the domain more memory");
	vcpu_state_reset(&l->entry->regs, &l->entry->state);
	l->entry->regs.gpr[GPR_RDX] = cpuid_guest(l->d->vcpu[0], 1, 0).eax;
	return OK;
}
