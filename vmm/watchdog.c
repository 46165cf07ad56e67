/*
 * The watchdogs of domains: one that has asked for it must ask again in time, or it is taken as
 * hanging. The timer is the owner CPU's; a vCPU on another CPU leaves an order.
 */
#include "vmm/watchdog.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/bits.h"

#define WATCHDOG_MS_MAX 3600000
#define NS_PER_MS       1000000

static void watchdog_bite(struct timer *t)
{
	struct domain *d = CONTAINER_OF(t, struct domain, watchdog);

	if (d->state == HV_STATE_RUNNING)
		domain_kill(d, "its watchdog was not fed: it hangs");
}

void watchdog_feed(struct domain *d)
{
	uint64_t ms = __atomic_load_n(&d->watchdog_ms, __ATOMIC_RELAXED);

	d->watchdog.fire = watchdog_bite;
	timer_set(&d->watchdog, ms ? tsc_read() + tsc_from_ns(ms * NS_PER_MS) : TIMER_NEVER);
}

enum err watchdog_ask(struct domain *d, uint64_t ms)
{
	if (ms > WATCHDOG_MS_MAX)
		return ERR_RANGE;
	__atomic_store_n(&d->watchdog_ms, (uint32_t)ms, __ATOMIC_RELAXED);
	if (d->vcpu[0]->cpu == cpu_index()) {
		watchdog_feed(d);
	} else {
		__atomic_fetch_or(&d->orders, WATCHDOG_ORDER, __ATOMIC_RELEASE);
		vcpu_request(d->vcpu[0], REQUEST_ORDER);
	}
	return OK;
}
