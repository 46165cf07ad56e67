/*
 * What this domain was given: the boot page, and finders for what it lists. `boot` is set before
 * main() runs and is never NULL there. The finders return NULL when there is no such thing: the
 * config decides what a domain has, so every caller checks.
 */
#ifndef GUESTS_LIB_BOOT_H
#define GUESTS_LIB_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include "abi/boot.h"
#include "abi/hypercall.h"

extern struct hv_boot *boot;

/* The first region of this kind for this object (see abi/boot.h for what object is). */
const struct hv_region *boot_region(enum hv_region_kind kind, uint32_t object);

/* The first capability of this type for this object. */
const struct hv_cap *boot_cap(enum hv_cap_type type, uint32_t object);

/* The first capability of this type, for those that exist once: log, system. */
const struct hv_cap *boot_cap_of(enum hv_cap_type type);

/* The peer of this domain number. state and incarnation change under the reader. */
const volatile struct hv_peer *boot_peer(uint32_t domain);

/* True if the command line has the word `name` or `name=...`; *value (may be NULL) then points
   past the '=' into the command line, at a text that ends at a space or at the final zero. */
int boot_option(const char *name, const char **value);

/* The decimal value of option `name`, or `otherwise` where it is missing or no number. */
uint64_t boot_number(const char *name, uint64_t otherwise);

/* Where I see [gpa, gpa + bytes) of `domain`'s RAM, or NULL unless all of it lies within one of its
   window regions with at least `rights` (HV_WINDOW_*). bytes 0 is refused. */
void *gpa_to_mine(uint32_t domain, uint64_t gpa, uint64_t bytes, uint32_t rights);

#endif
