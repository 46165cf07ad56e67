/*
 * See power.h. A domain that died may be about to be restarted by its policy, which only the
 * hypervisor knows: the dead are looked at again after a grace time, those that are off count at
 * once.
 */
#include "guests/service/power.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/console.h"

#define DEAD_GRACE_NS (3 * NS_PER_SEC)
#define SHUTDOWN_NS   (5 * NS_PER_SEC)

static struct timer grace_timer, shutdown_timer;

static void system_end(enum hv_system_op op)
{
	const struct hv_cap *cap = boot_cap_of(HV_CAP_SYSTEM);
	int64_t result = HV_ERR_NOENT;

	console_flush();
	if (cap)
		result = hv_system_ctl(cap->handle, op);
	print("%s: the machine stays on: %s\n", boot->name, hv_error(result));
}

/* Other service domains do not count: they have no end of their own. */
static bool is_guest(const volatile struct hv_peer *peer)
{
	return !(peer->flags & HV_PEER_SERVICE);
}

static unsigned guests(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < boot->peers; i++)
		n += is_guest(&boot->peer[i]);
	return n;
}

/* Guests in this state, those left out that have never been started yet. */
static unsigned guests_in(enum hv_domain_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < boot->peers; i++) {
		const volatile struct hv_peer *peer = &boot->peer[i];

		n += is_guest(peer) && peer->state == state && peer->incarnation;
	}
	return n;
}

static void power_off(void *arg)
{
	timer_cancel(&shutdown_timer);
	timer_cancel(&grace_timer);
	print("%s: powering off\n", boot->name);
	system_end(HV_SYSTEM_POWEROFF);
}

static void grace_is_over(void *arg)
{
	if (guests_in(HV_STATE_OFF) + guests_in(HV_STATE_DEAD) == guests())
		power_off(NULL);
}

void power_peers_changed(void)
{
	unsigned off = guests_in(HV_STATE_OFF), dead = guests_in(HV_STATE_DEAD);

	timer_cancel(&grace_timer);
	if (!boot_cap_of(HV_CAP_SYSTEM) || !guests() || off + dead < guests())
		return;
	if (dead)
		timer_set_ns(&grace_timer, DEAD_GRACE_NS, grace_is_over, NULL);
	else
		power_off(NULL);
}

static void shutdown_is_late(void *arg)
{
	print("%s: %u domains did not stop in time\n", boot->name,
	      guests_in(HV_STATE_RUNNING) + guests_in(HV_STATE_PAUSED));
	power_off(NULL);
}

void power_shutdown(void)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < boot->caps; i++) {
		const struct hv_cap *c = &boot->cap[i];
		const volatile struct hv_peer *peer = boot_peer(c->object);

		if (c->type == HV_CAP_DOMAIN && peer && is_guest(peer) &&
		    hv_domain_ctl(c->handle, HV_DOMAIN_STOP, 0) >= 0)
			asked++;
	}
	if (asked)
		timer_set_ns(&shutdown_timer, SHUTDOWN_NS, shutdown_is_late, NULL);
	else
		power_off(NULL);
}

void power_reboot(void)
{
	system_end(HV_SYSTEM_REBOOT);
}
