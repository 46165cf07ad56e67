/*
 * The rings. Record n lies at n modulo TRACE_RECORDS. Their CPU is the only writer and waits for
 * nobody; a reader copies first and finds out afterwards what was overwritten under its hands.
 */
#include "vmm/trace.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "vmm/domain.h"

static struct trace_ring {
	struct hv_trace_record *record;
	uint64_t begun;   /* records whose writing has begun */
	uint64_t written; /* records that are whole */
} ALIGNED(64) rings[MAX_CPUS];

uint32_t trace_mask;

COLD void trace_put_at(uint64_t tsc, enum hv_trace_event event, const struct vcpu *v, uint64_t a,
		       uint64_t b)
{
	unsigned cpu = cpu_index();
	struct trace_ring *r = &rings[cpu];
	uint64_t n = r->written;

	__atomic_store_n(&r->begun, n + 1, __ATOMIC_RELAXED);
	/* Partner: the fence in trace_copy. Who sees a part of this record sees that it begun. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	r->record[n % TRACE_RECORDS] = (struct hv_trace_record){
		.tsc = tsc,
		.event = event,
		.domain = v ? v->domain->id : HV_TRACE_NOBODY,
		.vcpu = v ? (uint8_t)v->index : 0,
		.cpu = (uint8_t)cpu,
		.sequence = (uint16_t)n,
		.value = { a, b },
	};
	/* Partner: the acquire in trace_copy. */
	__atomic_store_n(&r->written, n + 1, __ATOMIC_RELEASE);
}

COLD void trace_put(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b)
{
	trace_put_at(tsc_read(), event, v, a, b);
}

void trace_init(uint32_t mask)
{
	for (unsigned i = 0; i < cpu_count(); i++)
		rings[i].record = frames_hv(TRACE_PAGES);
	trace_mask = mask;
}

enum err trace_set_mask(uint32_t mask)
{
	if (mask & ~HV_TRACE_ALL)
		return ERR_INVAL;
	if (!rings[0].record)
		return ERR_UNSUPPORTED;
	__atomic_store_n(&trace_mask, mask, __ATOMIC_RELAXED);
	return OK;
}

/* Copies *count records from number `first` on; returns how many of them, from the front, were
   overwritten meanwhile. */
static size_t trace_copy(const struct trace_ring *r, uint64_t first, struct hv_trace_record *out,
			 size_t count)
{
	uint64_t begun;

	for (size_t i = 0; i < count; i++)
		out[i] = r->record[(first + i) % TRACE_RECORDS];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	begun = __atomic_load_n(&r->begun, __ATOMIC_RELAXED);
	return begun > first + TRACE_RECORDS ? MIN(begun - TRACE_RECORDS - first, count) : 0;
}

size_t trace_read(unsigned cpu, uint64_t *position, struct hv_trace_record *out, size_t count)
{
	const struct trace_ring *r = &rings[cpu];
	uint64_t written, oldest;
	size_t n, lost;

	do {
		written = __atomic_load_n(&r->written, __ATOMIC_ACQUIRE);
		oldest = written > TRACE_RECORDS ? written - TRACE_RECORDS : 0;
		*position = MIN(MAX(*position, oldest), written);
		n = MIN(written - *position, count);
		lost = trace_copy(r, *position, out, n);
		*position += n;
	} while (n && lost == n);
	memmove(out, out + lost, (n - lost) * sizeof(*out));
	return n - lost;
}
