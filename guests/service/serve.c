/*
 * The start of all that is served, in the order of contract.md section 4: controllers quiet, DMA
 * pool, kept pages, devices, recovery, answers. And what becomes of devices whose guest dies.
 */
#include "guests/service/serve.h"

#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/dma.h"
#include "guests/service/net.h"
#include "guests/service/pc.h"
#include "guests/service/pcidev.h"
#include "guests/service/selfkill.h"
#include "guests/service/serve_device.h"
#include "guests/service/serve_disk.h"
#include "guests/service/watchdog.h"

#define SERVE_GUESTS HV_BOOT_PEERS
#define DRAIN_NS     (2 * NS_PER_MS)

static struct window windows[SERVE_GUESTS];
static struct ioreq_front fronts[SERVE_GUESTS];
static struct timer drain_timer;
static uint32_t released[SERVE_GUESTS]; /* incarnation whose memory was given up already */

const struct window *serve_window(uint32_t guest)
{
	return guest < SERVE_GUESTS ? &windows[guest] : NULL;
}

void serve_windows_init(void)
{
	for (unsigned i = 0; i < MIN(boot->regions, HV_BOOT_REGIONS); i++) {
		const struct hv_region *r = &boot->region[i];
		struct window_extent e = { r->peer, r->bytes, (uint8_t *)(uintptr_t)r->base,
					   r->rights };

		if (r->kind == HV_REGION_WINDOW &&
		    (r->object >= SERVE_GUESTS || !window_add(&windows[r->object], &e)))
			print("window on domain %u: more pieces than this domain takes\n",
			      r->object);
	}
}

static void front_done(uint32_t cap, unsigned slot)
{
	selfkill_at(KILL_ACCESS_ANSWER, false);
	(void)hv_ioreq_done(cap, slot);
	selfkill_at(KILL_ACCESS_ANSWER, true);
}

static void front_event(void *arg)
{
	ioreq_scan(arg, 0);
}

static void fronts_start(void)
{
	for (unsigned i = 0; i < MIN(boot->regions, HV_BOOT_REGIONS); i++) {
		const struct hv_region *r = &boot->region[i];
		const struct hv_cap *cap = boot_cap(HV_CAP_IOREQ, r->object);
		struct ioreq_front *f;

		if (r->kind != HV_REGION_IOREQ || !cap || r->object >= SERVE_GUESTS)
			continue;
		f = &fronts[r->object];
		*f = (struct ioreq_front){ (void *)(uintptr_t)r->base, r->object,  cap->handle,
					   serve_device_access,        front_done, cap->detail };
		event_bind(cap->event, front_event, f);
		ioreq_scan(f, 1);
	}
}

static bool guest_is_alive(const volatile struct hv_peer *p)
{
	return p->state == HV_STATE_RUNNING || p->state == HV_STATE_PAUSED;
}

/* Lets go of a dead guest's memory: it may start again when all holders have. */
static void guest_release(uint32_t guest)
{
	const struct hv_cap *cap = boot_cap(HV_CAP_WINDOW, guest);

	if (cap)
		(void)hv_window_revoke(cap->handle, NULL, 0);
}

/* Stops a dead guest's devices. True once no controller uses its memory. */
static bool guest_drain(uint32_t guest)
{
	unsigned outstanding = 0;

	for (unsigned i = 0; i < serve_count(); i++) {
		struct virtio_device *v = serve_device(i);

		if (!v || v->guest != guest)
			continue;
		if (v->kept->status)
			virtio_device_reset(v);
		outstanding += v->outstanding;
	}
	return outstanding == 0;
}

static void guest_started(const volatile struct hv_peer *p)
{
	pc_started(p->domain, p->incarnation);
	watchdog_started(p->domain, p->incarnation);
	for (unsigned i = 0; i < serve_count(); i++) {
		struct virtio_device *v = serve_device(i);

		if (v && v->guest == p->domain && v->kept->incarnation != p->incarnation)
			pcidev_power_on(v, p->incarnation);
	}
}

static void look_again(void *arg)
{
	serve_peers_changed();
}

void serve_peers_changed(void)
{
	for (unsigned i = 0; i < MIN(boot->peers, HV_BOOT_PEERS); i++) {
		const volatile struct hv_peer *p = &boot->peer[i];
		uint32_t guest = p->domain;

		if (guest >= SERVE_GUESTS)
			continue;
		if (guest_is_alive(p)) {
			guest_started(p);
			continue;
		}
		pc_stopped(guest);
		if (!guest_drain(guest)) {
			timer_set_ns(&drain_timer, DRAIN_NS, look_again, NULL);
		} else if (released[guest] != p->incarnation) {
			released[guest] = p->incarnation;
			guest_release(guest);
		}
	}
}

static const struct hv_region *region_of(enum hv_region_kind kind)
{
	for (unsigned i = 0; i < MIN(boot->regions, HV_BOOT_REGIONS); i++)
		if (boot->region[i].kind == kind)
			return &boot->region[i];
	return NULL;
}

static bool memory_start(void)
{
	const struct hv_region *dma = region_of(HV_REGION_DMA);
	const struct hv_region *kept = region_of(HV_REGION_KEPT);

	if (!serve_count())
		return false;
	if (!kept) {
		print("no kept pages: `kept` is missing in the config: no device is served\n");
		return false;
	}
	if (dma)
		dma_init((void *)(uintptr_t)dma->base, dma->bytes);
	return kept_open((void *)(uintptr_t)kept->base, kept->bytes, serve_count());
}

static void devices_start(void)
{
	serve_windows_init();
	serve_disks_open();
	nics_open();
	for (unsigned i = 0; i < serve_count(); i++)
		serve_device_build(i);
	kept_count_death();
	for (unsigned i = 0; i < serve_count(); i++)
		if (serve_device(i))
			serve_device_start(serve_device(i));
}

void serve_start(void)
{
	serve_disks_quiet();
	nics_quiet();
	if (memory_start())
		devices_start();
	/* Even where nothing can be served: a guest that asks must not wait for ever. */
	fronts_start();
	serve_peers_changed();
	selfkill_served();
}
