/*
 * What the rings hold at the machine's end, as lines on the serial port: for a system whose domains
 * read no trace. The log does not get them, or they would push everything else out of it.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "vmm/console.h"
#include "vmm/trace.h"

#define RECORDS 8

static uint64_t start RO_AFTER_INIT; /* TSC; 0: nobody wants it printed */

void trace_print_at_end(void)
{
	start = tsc_read();
	panic_set_last(trace_end);
}

PRINTF(1, 2) static void trace_print(const char *fmt, ...)
{
	char line[160];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format_va(line, sizeof(line), fmt, ap);
	va_end(ap);
	console_print_line(line, n);
}

static unsigned trace_print_cpu(unsigned cpu)
{
	struct hv_trace_record record[RECORDS];
	uint64_t position = 0;
	unsigned total = 0;
	size_t n;

	while ((n = trace_read(cpu, &position, record, RECORDS))) {
		for (size_t i = 0; i < n; i++) {
			const struct hv_trace_record *r = &record[i];

			trace_print(HV_TRACE_LINE, cpu, hv_trace_number(position, r),
				    r->tsc - start, r->event, r->domain, r->vcpu, r->value[0],
				    r->value[1]);
		}
		total += (unsigned)n;
	}
	return total;
}

void trace_end(void)
{
	unsigned total = 0;

	trace_mask = 0;
	if (!start)
		return;
	trace_print(HV_TRACE_BEGIN, HV_TRACE_EVENTS, cpu_count(), tsc_khz(), start);
	domain_for_each(d)
		trace_print(HV_TRACE_DOMAIN_LINE, d->id, d->name);
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
		total += trace_print_cpu(cpu);
	trace_print(HV_TRACE_END, total);
}
