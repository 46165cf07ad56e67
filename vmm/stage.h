/*
 * Upgrades (contract.md section 4): a domain whose config reserves memory for it may be given
 * another image while it runs. It comes in pieces, is checked as a whole, and is what the domain
 * starts from from then on; the running instance does not notice. Two areas take turns, so that
 * the image of the next start is there whatever becomes of the one that is coming in.
 */
#ifndef VMM_STAGE_H
#define VMM_STAGE_H

#include "abi/boot.h"
#include "lib/span.h"
#include "vmm/domain.h"

/* Boot: the areas of every domain that asks for them. A machine without that much memory: one line,
   and the domain goes without. */
void stage_build(void);

/* The next n <= HV_STAGE_BYTES bytes of the image, from the memory of `from`. Offset 0 begins
   anew. Errors: UNSUPPORTED (no area), INVAL, STATE (not where the last piece ended), RANGE (larger
   than the area), FAULT. */
must_check enum err stage_write(struct domain *d, uint64_t offset, struct domain *from, gpa_t at,
				uint64_t n);

/* All `bytes` of it are there: CRC-32C, format, size, and that it can read what the running image
   keeps (abi/boot.h, struct hv_note_state). On an error nothing has changed, what came in is
   forgotten, and the log says why. Errors: UNSUPPORTED, STATE (not so many have come), CHECKSUM,
   FORMAT, RANGE, VERSION. */
must_check enum err stage_finish(struct domain *d, uint64_t bytes, uint64_t crc);

/* The image that the domain starts from, if one was staged; no stage call changes it until
   stage_release. Owner CPU; either way release is due. */
bool stage_hold(const struct domain *d, struct span *image);
void stage_release(const struct domain *d);

/* The domain has started from the image of stage_hold, or its preloaded one, with this note. Owner
   CPU, held. */
void stage_started(const struct domain *d, const struct hv_note_state *state);

/* The staged image does not keep running: from now on the domain starts from its preloaded one
   again. False: there is no staged one, or the preloaded one does not read what it has kept. */
bool stage_take_back(const struct domain *d);

#endif
