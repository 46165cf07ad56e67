/*
 * The trace: one ring of records for each physical CPU, written by that CPU alone. While it is off
 * an event costs a load and a branch that is not taken. Read by TRACE_READ (docs/abi.md).
 */
#ifndef VMM_TRACE_H
#define VMM_TRACE_H

#include "abi/trace.h"
#include "lib/bits.h"
#include "vmm/vcpu.h"

/* Bit n: event n is recorded. Set by the command line (trace=NAME,...|all) and TRACE_READ. */
extern uint32_t trace_mask;

void trace_put(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b);

/* v NULL: about the CPU itself. Any context of this CPU with interrupts off. */
static inline void trace(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b)
{
	if (UNLIKELY(trace_mask & 1u << event))
		trace_put(event, v, a, b);
}

#endif
