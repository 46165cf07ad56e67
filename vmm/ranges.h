/*
 * The sorted tables of ranges inside struct ioreq_set: lookup, and the checks of RANGE_ADD that
 * concern other ranges. Pure: the caller holds the set's lock or re-reads on a new version.
 */
#ifndef VMM_RANGES_H
#define VMM_RANGES_H

#include "vmm/ioreq.h"

/* The range that holds all of [address, address + bytes), NULL if none does. bytes >= 1. */
const struct ioreq_range *range_find(const struct ioreq_table *t, uint64_t address, unsigned bytes);

/* Adds r. A range of the same back end that is identical, or was left by a former incarnation and
   overlaps, gives way. Errors: EXISTS (overlaps another one; ranges and doorbells of one back end
   may overlap each other), NOMEM. */
must_check enum err range_insert(struct ioreq_set *s, enum ioreq_table_id id,
				 const struct ioreq_range *r);

/* Removes the range of this back end that begins at base. Errors: NOENT. */
must_check enum err range_delete(struct ioreq_set *s, enum ioreq_table_id id, unsigned link,
				 uint64_t base);

#endif
