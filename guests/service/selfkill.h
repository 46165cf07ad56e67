/*
 * Deaths to order, for tests; nothing happens without these words on the command line:
 *
 *   killstores=A,B,C  incarnation 1 dies at its A-th ordered store (kept_store.h), incarnation 2 at
 *                     its B-th, and so on; the one after the last number lives
 *   killsector=S      dies whenever a request for sector S of the first disk is submitted,
 *   killtimes=N       in incarnations 1 to N (3)
 *   killseed=SEED     the campaign: each incarnation dies as killplan.h says; for it:
 *   killlast=N          the last incarnation that dies (all)
 *   killbells=N         the timer starts after 1 to N doorbells (24)
 *   killns=N            ... and runs for 0 to N ns (200000)
 *   killearly=N         or it runs from the start on, for 0 to N ns (300000)
 *   killidle=MS         if that does not come it dies after so long (30)
 *   killpoints=A,B,C    numbers of points (killpoint.def) to die at by name (all),
 *   killsetup=A,B,C     ... and in the incarnation after a reset
 *   killfirst=A,B,C     incarnation 1 dies at point A / 2, before it if A is even, else after it,
 *                       incarnation 2 at B / 2, and so on, before the plan begins
 *   killguest=N         the guest, by its domain number, that is reset at some deaths,
 *   killresets=N        ... in incarnations 1 to N (0)
 *
 * In a campaign the exit status says how it was: tens of thousands 1 timer, 2 a named point, 3 and
 * 4 the same with the guest's reset, 5 what was planned did not come; thousands 1 if the instance
 * had not yet done again what the last one left; then the point's number times 2, and 1 if after
 * it.
 */
#ifndef GUESTS_SERVICE_SELFKILL_H
#define GUESTS_SERVICE_SELFKILL_H

#include "guests/service/disk.h"
#include "guests/service/killpoint.h"
#include "lib/bits.h"

/* A campaign is on. Use through the functions below. */
extern bool selfkill_planned;

/* First thing in main(). */
void selfkill_start(void);

/* After the driver has filled it in. */
void selfkill_disk(struct disk *d);

void selfkill_reached(enum killpoint p, bool after);
void selfkill_rung(void);
void selfkill_is_served(void);

/* The step p comes now, or has just been done. */
static inline void selfkill_at(enum killpoint p, bool after)
{
	if (UNLIKELY(selfkill_planned))
		selfkill_reached(p, after);
}

/* A guest's doorbell has come. */
static inline void selfkill_doorbell(void)
{
	if (UNLIKELY(selfkill_planned))
		selfkill_rung();
}

/* Everything is served again; what was in flight may still have to be done once more. */
static inline void selfkill_served(void)
{
	if (UNLIKELY(selfkill_planned))
		selfkill_is_served();
}

#endif
