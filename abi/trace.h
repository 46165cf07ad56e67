/*
 * The trace: a ring for each physical CPU of fixed-size records, oldest overwritten. What each
 * event means, and what its two values are, is in abi/trace.def.
 */
#ifndef ABI_TRACE_H
#define ABI_TRACE_H

#include <stdint.h>

enum hv_trace_event {
#define HV_TRACE(NAME, text, a, b) HV_TRACE_##NAME,
#include "abi/trace.def"
#undef HV_TRACE
	HV_TRACE_EVENTS,
};

#define HV_TRACE_NOBODY 0xffffu /* domain: the CPU itself */

struct hv_trace_record {
	uint64_t tsc;   /* host TSC */
	uint16_t event; /* enum hv_trace_event */
	uint16_t domain;
	uint8_t vcpu, cpu;
	uint16_t sequence; /* low bits of the record's number on its CPU: shows what was lost */
	uint64_t value[2];
};

#endif
