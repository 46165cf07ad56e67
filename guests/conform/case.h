/*
 * What the areas of the conformance guest share: how a case is reported. Each line is
 *
 *   AREA: CASE: RESULT
 *
 * and is compared with tests/system/conform/reference.txt, which is written from the manuals. So a
 * result holds nothing that may differ between two right processors: no addresses of the image, no
 * times, no counts of anything that runs by itself.
 */
#ifndef GUESTS_CONFORM_CASE_H
#define GUESTS_CONFORM_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"

/* The line of one case. CASE holds no ": " and is told only once in its area. */
PRINTF(2, 3) void report(const char *name, const char *fmt, ...);

/* "yes" or "no". */
void report_bool(const char *name, bool yes);

/* A case that this CPU lacks the feature for: "not shown". */
void report_absent(const char *name);

/* True, and "not run" is reported, where the command line says `careful=N` with N as high as this
   case's: for those that an emulator, or the guest on it, does not survive. */
bool report_if_careful(unsigned level, const char *name);

/* Each area's function: prints its lines, leaves the processor as it found it. */
#define AREA(name, function) void function(void);
#include "guests/conform/areas.def"
#undef AREA

#endif
