/*
 * See campaign.h. One death is put off: where the head at work has seen two already, a third would
 * make it poison, which costs its device, as it should.
 */
#include "guests/service/campaign.h"

#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "guests/service/kept.h"
#include "guests/service/kept_store.h"
#include "guests/service/killplan.h"
#include "guests/service/selfkill.h"
#include "guests/service/serve_device.h"
#include "lib/string.h"

#define VECTOR     0x41
#define PUT_OFF_NS 5000
#define DISKS      32

enum kind { KIND_TIMER = 1, KIND_NAMED, KIND_IDLE = 5 };

bool selfkill_planned;

static struct killplan plan;
static enum killpoint point;
static enum kind timer_kind;
static bool served;
static const struct hv_cap *guest; /* that is reset with this domain; NULL: none */
static const struct disk *disks[DISKS];
static bool (*submits[DISKS])(struct disk *d, struct disk_request *r);

static void timer_start(uint32_t ns)
{
	apic_write(APIC_TIMER_INITIAL, MAX(ns, 1u));
}

/* Whether something that an earlier instance left has still to be done again. */
static bool is_recovering(void)
{
	for (unsigned i = 0; served && i < serve_count() * KEPT_QUEUES; i++) {
		const struct virtio_device *v = serve_device(i / KEPT_QUEUES);
		const struct virtio_queue *q = v ? &v->queue[i % KEPT_QUEUES] : NULL;

		if (q && q->live && q->replay.next < q->replay.count)
			return true;
	}
	return !served;
}

static void die(enum kind kind, unsigned detail)
{
	bool recovering = is_recovering();
	int status = (int)(kind * 10000u + recovering * 1000u + detail);

	if (plan.reset && guest && kind != KIND_IDLE) {
		(void)hv_domain_ctl(guest->handle, HV_DOMAIN_RESTART, 0);
		status += 20000;
	}
	hv_exit(status);
}

static void timer_fired(struct trap_frame *frame, void *arg)
{
	apic_eoi();
	if (kept_process_deaths() >= INFLIGHT_DEATHS - 1)
		timer_start(PUT_OFF_NS);
	else
		die(timer_kind, 0);
}

/* From now on the point counts, or the timer runs. */
static void arm(void)
{
	if (plan.named)
		return;
	timer_kind = KIND_TIMER;
	timer_start(plan.ns);
}

void selfkill_rung(void)
{
	if (plan.doorbells && --plan.doorbells == 0)
		arm();
}

void selfkill_is_served(void)
{
	served = true;
}

void selfkill_reached(enum killpoint p, bool after)
{
	if (!plan.named || p != point || after != plan.after || plan.doorbells)
		return;
	if (plan.skip) {
		plan.skip--;
		return;
	}
	if (kept_process_deaths() < INFLIGHT_DEATHS - 1)
		die(KIND_NAMED, p * 2 + after);
}

static void store(const volatile void *p, uint64_t value, bool after)
{
	if (plan.named && !plan.doorbells)
		selfkill_reached(killpoint_of_store(p, value), after);
}

/* The list's entry, or any point without a list. */
static enum killpoint point_of(const char *word, unsigned index)
{
	const char *list;

	if (!boot_option(word, &list))
		return (enum killpoint)(1 + index % (KILL_OTHER - 1));
	return (enum killpoint)selfkill_number(list, index);
}

static unsigned count(const char *word)
{
	unsigned n = 1;
	const char *at;

	if (!boot_option(word, &at))
		return KILL_OTHER - 1;
	for (; *at && *at != ' '; at++)
		n += *at == ',';
	return n;
}

static void make_plan(void)
{
	struct killplan_words w = {
		.seed = boot_number("killseed", 0),
		.doorbells = boot_number("killbells", 24),
		.ns = boot_number("killns", 200000),
		.early_ns = boot_number("killearly", 300000),
		.resets = boot_number("killresets", 0),
		.names = count("killpoints"),
		.setups = count("killsetup"),
	};
	const char *list;
	uint64_t first = 0;

	killplan_make(&plan, &w, boot->incarnation);
	point = point_of(plan.setup ? "killsetup" : "killpoints", plan.name);
	if (boot_option("killfirst", &list))
		first = selfkill_number(list, boot->incarnation - 1);
	if (!first)
		return;
	plan = (struct killplan){ .named = true, .after = first & 1 };
	point = (enum killpoint)(first / 2);
}

void campaign_start(void)
{
	if (boot->incarnation > boot_number("killlast", ~0ull))
		return;
	make_plan();
	guest = boot_cap(HV_CAP_DOMAIN, (uint32_t)boot_number("killguest", ~0u));
	selfkill_planned = true;
	kept_store_watch(store);
	apic_init(false);
	trap_bind(VECTOR, timer_fired, NULL);
	apic_timer_oneshot(VECTOR, 0);
	timer_kind = KIND_IDLE;
	timer_start((uint32_t)(boot_number("killidle", 30) * NS_PER_MS));
	if (!plan.doorbells)
		arm();
	irq_enable();
}

static bool submit(struct disk *d, struct disk_request *r)
{
	bool taken;

	for (unsigned i = 0; i < DISKS && disks[i]; i++) {
		if (disks[i] != d)
			continue;
		selfkill_at(KILL_DISK_SUBMIT, false);
		taken = submits[i](d, r);
		selfkill_at(KILL_DISK_SUBMIT, true);
		return taken;
	}
	return false;
}

void campaign_disk(struct disk *d)
{
	for (unsigned i = 0; i < DISKS; i++) {
		if (disks[i])
			continue;
		disks[i] = d;
		submits[i] = d->submit;
		d->submit = submit;
		return;
	}
}
