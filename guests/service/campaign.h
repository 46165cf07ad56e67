/*
 * The campaign's deaths (selfkill.h, killseed=): a one-shot timer of this vCPU's local APIC, exact
 * to the instruction where the emulator counts time by them, or a named point. For selfkill.c only.
 */
#ifndef GUESTS_SERVICE_CAMPAIGN_H
#define GUESTS_SERVICE_CAMPAIGN_H

#include "guests/service/disk.h"

/* Reads the words and makes this incarnation's plan. Interrupts are on from now on. */
void campaign_start(void);

/* Makes the submission to this disk a point. */
void campaign_disk(struct disk *d);

/* Entry `index` of a list like "17,4,900"; 0 behind its end. */
uint64_t selfkill_number(const char *list, unsigned index);

#endif
