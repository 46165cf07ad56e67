/*
 * The service domain: serves consoles and virtual devices to the other domains, from one event
 * loop. Its state is small on purpose: whatever must outlive it lies in kept pages (kept.h), so
 * that it may be killed at any instruction and started again while the guests run.
 */
#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/console.h"
#include "guests/service/control.h"
#include "guests/service/power.h"
#include "guests/service/selfkill.h"
#include "guests/service/serve.h"

#define WATCHDOG_MS 10000 /* `watchdog=MS` on the command line; 0: off */

static struct timer watchdog_timer;
static uint64_t watchdog_ms;

/* The loop comes here only while it turns: that is what the watchdog asks for. */
static void feed_watchdog(void *arg)
{
	hv_watchdog(watchdog_ms);
	timer_set_ns(&watchdog_timer, watchdog_ms * NS_PER_MS / 4, feed_watchdog, NULL);
}

static void peers_changed(void *arg)
{
	serve_peers_changed();
	power_peers_changed();
	control_peers_changed();
}

int main(void)
{
	selfkill_start();
	watchdog_ms = boot_number("watchdog", WATCHDOG_MS);
	if (watchdog_ms)
		feed_watchdog(NULL);
	console_start();
	event_bind(HV_EVENT_GONE, peers_changed, NULL);
	serve_start();
	control_start();
	power_peers_changed(); /* the last guest may have ended while no instance looked */
	event_loop();
}
