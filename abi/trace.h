/*
 * The trace: a ring for each physical CPU of fixed-size records, the oldest overwritten. What each
 * event means, and what its two values are, is in abi/trace.def. TRACE_READ gives records;
 * printed, on the serial port at the machine's end or by a guest, they are lines for tools/trace.
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

#define HV_TRACE_ALL    ((1u << HV_TRACE_EVENTS) - 1)
#define HV_TRACE_NOBODY 0xffffu /* domain: the CPU itself */

struct hv_trace_record {
	uint64_t tsc;   /* host TSC */
	uint16_t event; /* enum hv_trace_event */
	uint16_t domain;
	uint8_t vcpu, cpu;
	uint16_t sequence; /* low bits of its number on its CPU, counted from 0 */
	uint64_t value[2];
};

/* A record's number on its CPU, given the position after it: gaps show what was lost. */
static inline uint64_t hv_trace_number(uint64_t position, const struct hv_trace_record *r)
{
	return position - 1 - (uint16_t)(position - 1 - r->sequence);
}

_Static_assert(sizeof(struct hv_trace_record) == 32, "records are 32 bytes");

/* The printed form, numbers in hexadecimal: a first line, one for each domain, one for each record
   in the order of their numbers on each CPU, a last line. */
#define HV_TRACE_BEGIN       "trace: begin events %x cpus %x khz %x start %lx\n" /* start: a TSC */
#define HV_TRACE_DOMAIN_LINE "trace: domain %x %s\n"                             /* number, name */
/* CPU, number, TSC - start, event, domain, vCPU, values */
#define HV_TRACE_LINE        "trace: %x %lx %lx %x %x %x %lx %lx\n"
#define HV_TRACE_END         "trace: end %x\n" /* records printed */

#endif
