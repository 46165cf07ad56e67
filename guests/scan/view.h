/*
 * One page of the scanner's address space through which it looks at any guest-physical page.
 */
#ifndef GUESTS_SCAN_VIEW_H
#define GUESTS_SCAN_VIEW_H

#include <stdint.h>

/* Makes the page at this guest-physical address visible, uncached; the last one no longer is. */
const volatile uint64_t *view_page(uint64_t address);

#endif
