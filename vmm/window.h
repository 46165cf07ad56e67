/*
 * Windows: the RAM of a guest as the domain that serves it sees it, at guest-physical ==
 * host-physical address (the bus address) and never executable. A whole window is opened at boot;
 * parts may be revoked and granted again by hypercall. A revoked page is unbacked memory of the
 * holder: ones, writes dropped.
 */
#ifndef VMM_WINDOW_H
#define VMM_WINDOW_H

#include "vmm/domain.h"

/* Boot, after caps_build(): reserves table pages in each holder's pool and opens all windows. */
void windows_build(void);

/* A guest is about to start anew: its windows are whole again in all their holders. */
void windows_reopen(struct domain *guest);

/* The holder sees [at, at + bytes) of the guest's RAM with these HV_WINDOW_* rights from now on, at
   *mine; or no longer. The caller flushes. Errors: INVAL (not page-aligned, or not in one extent of
   the guest's RAM), NOMEM (no table page for a split). */
must_check enum err window_grant(struct domain *holder, const struct domain *guest,
				 const struct hv_window_entry *e, hpa_t *mine);
must_check enum err window_revoke(struct domain *holder, const struct domain *guest,
				  const struct hv_window_entry *e, hpa_t *mine);

#endif
