/*
 * Windows: the RAM of a guest as the domain that serves it sees it, at guest-physical ==
 * host-physical address (the bus address) and never executable. A whole window is opened when the
 * guest starts; parts may be revoked and granted again by hypercall. A revoked page is unbacked
 * memory of the holder: ones, writes dropped.
 */
#ifndef VMM_WINDOW_H
#define VMM_WINDOW_H

#include "vmm/domain.h"

/* Boot, after caps_build(): reserves table pages in each holder's pool and opens all windows. */
void windows_build(void);

/* A guest is about to start anew: its windows are whole again in all their holders. */
void windows_reopen(struct domain *guest);

/* The domains that hold a window on this guest, as bits 1 << id: struct domain.holders to wait for
   when it dies. Those that are dead hold nothing. */
uint32_t window_holders(const struct domain *guest);

/* A holder is dead or about to be replaced: it releases what it held of dead guests. */
void windows_release_all(struct domain *holder);

#endif
