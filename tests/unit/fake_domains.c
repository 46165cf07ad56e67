/*
 * See fake_domains.h.
 */
#include "tests/unit/fake_domains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/boot.h"
#include "abi/event.h"
#include "lib/assert.h"
#include "vmm/guestmem.h"
#include "vmm/service.h"
#include "vmm/trace.h"
#include "vmm/vlapic.h"

struct domain fake_domains[FAKE_DOMAINS];
struct config_domain fake_configs[FAKE_DOMAINS];
struct vcpu fake_vcpus[FAKE_DOMAINS];
uint32_t fake_requests[FAKE_DOMAINS];
unsigned fake_wakes[FAKE_DOMAINS];
int fake_posted[FAKE_DOMAINS];
unsigned fake_flushes[FAKE_DOMAINS];
uint32_t fake_released;
size_t fake_memory_bytes;
uint8_t *fake_memory[FAKE_DOMAINS];

static void *taken[256]; /* pages given out since fake_domains_reset */
static unsigned taken_count;

uint32_t trace_mask;

void trace_put(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b)
{
}

void panic(const char *fmt, ...)
{
	puts(fmt);
	abort();
}

void fake_domains_reset(void)
{
	static const char *const names[] = { "server", "guest", "other" };

	while (taken_count)
		free(taken[--taken_count]);
	memset(fake_configs, 0, sizeof(fake_configs));
	memset(fake_domains, 0, sizeof(fake_domains));
	memset(fake_vcpus, 0, sizeof(fake_vcpus));
	memset(fake_requests, 0, sizeof(fake_requests));
	memset(fake_wakes, 0, sizeof(fake_wakes));
	memset(fake_flushes, 0, sizeof(fake_flushes));
	fake_released = 0;
	for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
		struct domain *d = &fake_domains[i];

		fake_posted[i] = -1;
		d->id = i;
		d->name = names[i];
		d->config = &fake_configs[i];
		d->vcpu[0] = &fake_vcpus[i];
		d->vcpus = 1;
		d->state = HV_STATE_RUNNING;
		d->incarnation = 1;
		fake_vcpus[i].domain = d;
	}
	fake_configs[SERVER].flags = CONFIG_FLAG_SERVICE;
	fake_configs[GUEST].protocol = CONFIG_LINUX;
	fake_configs[GUEST].served = 1;
	fake_configs[GUEST].serve[0].backend = SERVER;
	fake_configs[GUEST].serve[0].fallback = CONFIG_NONE;
	fake_domains[GUEST].extents = 1;
	fake_domains[GUEST].extent[0] =
		(struct extent){ .gpa = gpa(0), .hpa = hpa(0x40000000), .bytes = 0x800000 };
}

bool fake_take_event(unsigned n, unsigned event)
{
	struct hv_event_page *page = fake_vcpus[n].events;
	uint64_t bit = BIT(event % 64);
	bool pending = page->pending[event / 64] & bit;

	page->pending[event / 64] &= ~bit;
	return pending;
}

unsigned domain_count(void)
{
	return FAKE_DOMAINS;
}

struct domain *domain_get(unsigned id)
{
	return id < FAKE_DOMAINS ? &fake_domains[id] : NULL;
}

/* NULL: not the domain's. */
static void *memory_at(const struct domain *d, gpa_t at, uint64_t bytes)
{
	if (!fake_memory_bytes)
		return (void *)(uintptr_t)at.v;
	return range_within(at.v, bytes, fake_memory_bytes) ? fake_memory[d->id] + at.v : NULL;
}

bool domain_owns(const struct domain *d, gpa_t at, uint64_t bytes)
{
	return memory_at(d, at, bytes);
}

void domain_flush(struct domain *d)
{
	fake_flushes[d->id]++;
}

void domain_released(struct domain *d, unsigned holder)
{
	fake_released |= 1u << holder;
}

void vcpu_request(struct vcpu *v, uint32_t requests)
{
	fake_requests[v->domain->id] |= requests;
	fake_wakes[v->domain->id]++;
}

void vlapic_post(struct vcpu *v, uint8_t vector)
{
	fake_posted[v->domain->id] = vector;
}

bool guest_read(struct domain *d, gpa_t from, void *to, size_t bytes)
{
	void *at = memory_at(d, from, bytes);

	if (!at)
		return false;
	memcpy(to, at, bytes);
	return true;
}

bool guest_write(struct domain *d, gpa_t to, const void *from, size_t bytes)
{
	void *at = memory_at(d, to, bytes);

	if (!at)
		return false;
	memcpy(at, from, bytes);
	return true;
}

void *service_pages(struct domain *d, size_t pages)
{
	void *p = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);

	taken[taken_count++ % ARRAY_SIZE(taken)] = p;
	return memset(p, 0, pages * PAGE_SIZE);
}

void service_reserve(struct domain *d, size_t table_pages)
{
	if (table_pages)
		pool_add(&d->pool, service_pages(d, table_pages), table_pages);
}
