/*
 * The event loop. The order of taking bits is the one that abi/event.h lays down: the summary word
 * first, then each word's pending bits, then the handlers, so that an event set meanwhile is found
 * in the next round.
 */
#include "guests/lib/event.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/timer.h"
#include "lib/bits.h"

struct binding {
	event_fn *fn;
	void *arg;
};

static struct binding bindings[HV_EVENTS];
static uint64_t taken[HV_EVENT_WORDS];
static struct hv_event_page nobody; /* for a domain without an event page: never signalled */
static struct hv_event_page *page = &nobody;

static void take(unsigned event)
{
	if (event < HV_EVENTS)
		taken[event / 64] |= BIT(event % 64);
}

void event_init(void)
{
	const struct hv_region *r = boot_region(HV_REGION_EVENT, 0);

	if (r)
		page = (struct hv_event_page *)(uintptr_t)r->base;
	for (unsigned i = 0; i < HV_EVENT_FIRST; i++)
		take(i);
	for (unsigned i = 0; i < boot->caps; i++)
		take(boot->cap[i].event);
}

void event_bind(unsigned event, event_fn *fn, void *arg)
{
	if (event == HV_EVENT_NONE)
		return;
	assert(event < HV_EVENTS);
	bindings[event] = (struct binding){ fn, arg };
}

unsigned event_alloc(void)
{
	for (unsigned event = HV_EVENT_FIRST; event < HV_EVENTS; event++) {
		if (!(taken[event / 64] & BIT(event % 64))) {
			take(event);
			return event;
		}
	}
	panic("all %u events are taken: fewer devices or queues are needed", HV_EVENTS);
}

void event_free(unsigned event)
{
	event_bind(event, NULL, NULL);
	taken[event / 64] &= ~BIT(event % 64);
}

void event_again(unsigned event)
{
	unsigned word = event / 64;

	__atomic_fetch_or(&page->pending[word], BIT(event % 64), __ATOMIC_SEQ_CST);
	if (!(page->mask[word] & BIT(event % 64)))
		__atomic_fetch_or(&page->summary, BIT(word), __ATOMIC_SEQ_CST);
}

void event_mask(unsigned event)
{
	__atomic_fetch_or(&page->mask[event / 64], BIT(event % 64), __ATOMIC_SEQ_CST);
}

/* No hypercall: this vCPU is awake, so nobody needs to be woken. The locked store comes before the
   look at `pending`, as the hypervisor sets `pending` before it looks at `mask`: one of the two
   sides sees the other. */
void event_unmask(unsigned event)
{
	unsigned word = event / 64;

	__atomic_fetch_and(&page->mask[word], ~BIT(event % 64), __ATOMIC_SEQ_CST);
	if (page->pending[word] & BIT(event % 64))
		__atomic_fetch_or(&page->summary, BIT(word), __ATOMIC_SEQ_CST);
}

static void serve_word(unsigned word)
{
	uint64_t mask = __atomic_load_n(&page->mask[word], __ATOMIC_RELAXED);
	uint64_t bits = __atomic_fetch_and(&page->pending[word], mask, __ATOMIC_SEQ_CST) & ~mask;

	for (; bits; bits &= bits - 1) {
		struct binding *b = &bindings[word * 64 + (unsigned)__builtin_ctzll(bits)];

		if (b->fn)
			b->fn(b->arg);
	}
}

static void serve_pending(void)
{
	uint64_t words = __atomic_exchange_n(&page->summary, 0, __ATOMIC_SEQ_CST);

	for (; words; words &= words - 1)
		serve_word((unsigned)__builtin_ctzll(words) % HV_EVENT_WORDS);
}

void event_poll(void)
{
	serve_pending();
	timer_run();
}

/* What came while the last round ran is served without asking the hypervisor for it. */
void event_step(void)
{
	uint64_t deadline = timer_run();

	print_flush();
	if (!__atomic_load_n(&page->summary, __ATOMIC_RELAXED))
		hv_event_wait(deadline);
	serve_pending();
}

void event_loop(void)
{
	for (;;)
		event_step();
}
