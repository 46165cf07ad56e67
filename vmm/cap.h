/*
 * Capabilities: the one place where a handle that a guest names becomes something it may use. Each
 * domain has a table, filled at boot from what its config says and constant afterwards, so that no
 * lock is needed and every capability survives a restart of its holder.
 */
#ifndef VMM_CAP_H
#define VMM_CAP_H

#include "abi/cap.h"
#include "vmm/domain.h"

struct cap_table {
	unsigned count;
	unsigned next_event; /* the first event number that is not given out */
	struct hv_cap cap[DOMAIN_CAPS];
};

/* Boot, when every domain has vCPUs and devices_build() has given out devices: all tables. */
void caps_build(void);

/* The capability behind a handle, if it is of this type and has all these rights; it stays valid
   for ever. Errors: BADCAP (no such handle, or another type), PERM (rights). */
must_check enum err cap_lookup(const struct domain *d, uint64_t handle, enum hv_cap_type type,
			       unsigned rights, const struct hv_cap **cap);

/* The domain behind a handle of the caller's; NULL with the error in *result. */
struct domain *cap_domain(const struct vcpu *v, uint64_t handle, enum hv_cap_type type,
			  unsigned rights, int64_t *result);

/* The capability of d of this type for this object, NULL if it has none. */
const struct hv_cap *cap_find(const struct domain *d, enum hv_cap_type type, uint32_t object);

#endif
