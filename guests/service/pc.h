/*
 * The legacy devices of guests with `platform: pc`: the boards of legacy/, each in the kept page of
 * its entry in boot->serve, driven by the guest's accesses and one timer. No polling: while nothing
 * can change no timer runs.
 *
 * The page holds the board twice. An access works on the copy that is not current, with the
 * request's number and its answer beside, and one store makes that copy current: a death at any
 * instruction leaves the access undone or done, and if it is asked again it gets the same answer.
 * One answer is enough, since one request is at work at a time.
 */
#ifndef GUESTS_SERVICE_PC_H
#define GUESTS_SERVICE_PC_H

#include <stdbool.h>

#include "abi/boot.h"
#include "abi/ioreq.h"

/* Entry number i of boot->serve, an HV_SERVED_PC. Kept pages are there. */
void pc_build(unsigned i, const struct hv_served *s);

/* The guest runs, as this incarnation: its board goes on where it was, or from power-on. */
void pc_started(uint32_t guest, uint32_t incarnation);

/* The guest does not run. */
void pc_stopped(uint32_t guest);

/* True, with the answer in *r, if the guest has a board and the port is its. */
bool pc_access(uint32_t guest, struct hv_ioreq *r);

#endif
