/*
 * Lines of text to the domain's own console, and the end of a domain that cannot go on. Output is
 * gathered until the end of a line, then written in one hypercall.
 */
#ifndef GUESTS_LIB_PRINT_H
#define GUESTS_LIB_PRINT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/assert.h"
#include "lib/bits.h"

/* Writes as many bytes as it can take now; the service domain puts its multiplexer here. */
typedef void print_sink_fn(const char *text, size_t bytes);

PRINTF(1, 2) void print(const char *fmt, ...);
void print_bytes(const char *text, size_t bytes);

/* Writes what is gathered although its line has not ended. */
void print_flush(void);

/* How long output waits for a console that stays full, 50 ms at first; the rest of its line is lost
   then. */
void print_patience(uint64_t ns);

/* Sends all further output to sink; NULL: back to the own console. */
void print_to(print_sink_fn *sink);

/* panic() and assert() of lib/assert.h print "NAME: panic: ..." to the own console and crash this
   domain with HV_EXIT(1), so that its restart policy applies. */

#endif
