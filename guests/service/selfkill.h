/*
 * Deaths to order, for tests; nothing happens without these words on the command line:
 *
 *   killstores=A,B,C   incarnation 1 dies at its A-th ordered store (kept_store.h), incarnation 2
 * at its B-th, and so on; the one after the last number lives killsector=S       dies whenever a
 * request for sector S of the first disk is submitted, killtimes=N        in incarnations 1 to N
 * (3)
 */
#ifndef GUESTS_SERVICE_SELFKILL_H
#define GUESTS_SERVICE_SELFKILL_H

#include "guests/service/disk.h"

/* First thing in main(). */
void selfkill_start(void);

/* After the driver has filled it in. */
void selfkill_disk(struct disk *d);

#endif
