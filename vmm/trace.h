/*
 * The trace: one ring of records for each physical CPU, written by that CPU alone. While it is off
 * an event costs a test of memory and a branch that is not taken. Read by TRACE_READ (docs/abi.md).
 */
#ifndef VMM_TRACE_H
#define VMM_TRACE_H

#include <stddef.h>

#include "abi/trace.h"
#include "lib/bits.h"
#include "lib/err.h"
#include "vmm/vcpu.h"

#define TRACE_PAGES   16 /* a CPU */
#define TRACE_RECORDS (TRACE_PAGES * PAGE_SIZE / sizeof(struct hv_trace_record))

/* Bit n: event n is recorded. Written by any CPU, seen by the others when they look next. */
extern uint32_t trace_mask;

void trace_put(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b);
/* The same of an event at this TSC time, no earlier than the record before it. */
void trace_put_at(uint64_t tsc, enum hv_trace_event event, const struct vcpu *v, uint64_t a,
		  uint64_t b);

/* v NULL: about the CPU itself. Any context of this CPU with interrupts off, but no NMI. */
static inline void trace(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b)
{
	if (UNLIKELY(trace_mask & 1u << event))
		trace_put(event, v, a, b);
}

static inline void trace_at(uint64_t tsc, enum hv_trace_event event, const struct vcpu *v,
			    uint64_t a, uint64_t b)
{
	if (UNLIKELY(trace_mask & 1u << event))
		trace_put_at(tsc, event, v, a, b);
}

/* Boot CPU, when the others have been started: makes the rings and records what `mask` says.
   Without this call there is no trace. */
void trace_init(uint32_t mask);

/* Errors: UNSUPPORTED (there are no rings), INVAL (an unknown event). */
must_check enum err trace_set_mask(uint32_t mask);

/* Copies at most `count` records of a CPU from number *position on, or from the oldest one that is
   still there; moves *position past them. Returns how many; hv_trace_number tells which. A
   position past the newest record becomes the next one's. Any CPU. */
size_t trace_read(unsigned cpu, uint64_t *position, struct hv_trace_record *out, size_t count);

/* From now on trace_end prints (trace_dump.c). */
void trace_print_at_end(void);
/* The machine ends, also in a panic: records no more, and prints what the rings hold as the lines
   of abi/trace.h, if that was asked for. */
void trace_end(void);

#endif
