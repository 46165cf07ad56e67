/*
 * From the config's list of served devices to struct virtio_device, and from a guest's access to
 * the device that it means.
 */
#include "guests/service/serve_device.h"

#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/print.h"
#include "guests/service/blk.h"
#include "guests/service/net_card.h"
#include "guests/service/pc.h"
#include "guests/service/pcidev.h"
#include "guests/service/selfkill.h"
#include "guests/service/serve_disk.h"
#include "guests/service/vcon.h"
#include "guests/service/vrng.h"
#include "guests/service/vsock.h"
#include "guests/service/watchdog.h"

/* What a doorbell event means. */
struct doorbell {
	struct virtio_device *v;
	unsigned q;
};

static struct virtio_device devices[HV_BOOT_SERVED];
static struct doorbell doorbells[HV_BOOT_SERVED][KEPT_QUEUES];

unsigned serve_count(void)
{
	return MIN(boot->served, HV_BOOT_SERVED);
}

struct virtio_device *serve_device(unsigned i)
{
	return devices[i].kept ? &devices[i] : NULL;
}

static void doorbell_rung(void *arg)
{
	struct doorbell *d = arg;

	selfkill_doorbell();
	virtio_device_kick(d->v, d->q);
}

/* Its place among the guest's devices, those of other service domains included, and whether its
   slot has more functions. */
static void device_place(struct virtio_device *v)
{
	v->slot = (v->function >> 3) - 1u;
	for (unsigned i = 0; i < serve_count(); i++) {
		const struct hv_served *s = &boot->serve[i];

		if (s->guest != v->guest)
			continue;
		v->multifunction |= i != v->number && s->function >> 3 == v->function >> 3;
	}
}

static unsigned blocks_served(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < serve_count(); i++)
		n += boot->serve[i].kind == HV_SERVED_BLOCK;
	return n;
}

static bool model_init(struct virtio_device *v, const struct hv_served *s)
{
	struct disk *disk;

	if (s->kind == HV_SERVED_CONSOLE)
		return vcon_init(v);
	if (s->kind == HV_SERVED_NET)
		return net_card_init(v, s);
	if (s->kind == HV_SERVED_RNG)
		return vrng_init(v);
	if (s->kind == HV_SERVED_VSOCK)
		return vsock_init(v, s);
	disk = serve_disk(s);
	if (!disk)
		print("%s: disk %u: its source is not there: the device is left out\n",
		      v->guest_name, v->function >> 3);
	return disk && blk_init(v, disk, s, blocks_served());
}

static bool rights_init(struct virtio_device *v)
{
	const struct hv_cap *ioreq = boot_cap(HV_CAP_IOREQ, v->guest);
	const struct hv_cap *irq = boot_cap(HV_CAP_INTERRUPT, v->guest);

	if (!ioreq || !irq) {
		print("%s: device %u: no right to serve this guest: left out\n", v->guest_name,
		      v->function >> 3);
		return false;
	}
	v->ioreq_cap = ioreq->handle;
	v->ioreq_event = ioreq->event;
	v->irq_cap = irq->handle;
	v->vcpus = ioreq->detail;
	return true;
}

/* Events first and in the order of the config: a doorbell that rang while no instance lived is
   still pending under the number that it had. */
static void events_init(struct virtio_device *v)
{
	for (unsigned q = 0; q < KEPT_QUEUES; q++) {
		doorbells[v->number][q] = (struct doorbell){ v, q };
		v->kick_event[q] = event_alloc();
	}
}

static void events_bind(struct virtio_device *v)
{
	for (unsigned q = 0; q < v->model->queues; q++) {
		v->queue[q].kept = &v->kept->queue[q];
		event_bind(v->kick_event[q], doorbell_rung, &doorbells[v->number][q]);
	}
}

void serve_device_build(unsigned i)
{
	const struct hv_served *s = serve_entry(i);
	const volatile struct hv_peer *peer = boot_peer(s->guest);
	struct virtio_device *v = &devices[i];
	bool found;

	if (s->kind == HV_SERVED_PC) {
		pc_build(i, s);
		return;
	}
	if (s->kind == HV_SERVED_WATCHDOG) {
		watchdog_build(i, s);
		return;
	}
	*v = (struct virtio_device){
		.window = serve_window(s->guest),
		.guest_name = peer ? (const char *)peer->name : "?",
		.guest = s->guest,
		.number = i,
		.function = s->function,
	};
	events_init(v);
	device_place(v);
	if (!v->window || !rights_init(v) || !model_init(v, s))
		return;
	v->kept = kept_device(i, s, v->model->queues, &found);
	if (!found)
		v->kept->incarnation = 0;
	events_bind(v);
}

void serve_device_start(struct virtio_device *v)
{
	const volatile struct hv_peer *peer = boot_peer(v->guest);
	bool alive = peer && (peer->state == HV_STATE_RUNNING || peer->state == HV_STATE_PAUSED);

	if (!alive || v->kept->incarnation != peer->incarnation) {
		pcidev_power_on(v, peer ? peer->incarnation : 0);
		return;
	}
	pcidev_recover(v);
	virtio_device_recover(v);
}

static bool config_access(struct virtio_device *v, struct hv_ioreq *r)
{
	unsigned reg = r->address & 0xfff;

	if (r->address >> 12 != v->function || r->size > 4 || r->address & (r->size - 1u))
		return false;
	if (r->write)
		pcidev_write(v, reg, r->size, (uint32_t)r->data);
	else
		r->data = pcidev_read(v, reg, r->size);
	return true;
}

static bool bar_access(struct virtio_device *v, struct hv_ioreq *r)
{
	unsigned bar = r->type == HV_IOREQ_PORT ? PCIDEV_IO : PCIDEV_MEMORY;
	unsigned offset;

	if (!pcidev_hit(v, bar, r->address, r->size, &offset))
		return false;
	if (bar == PCIDEV_IO)
		offset += VIRTIO_REGION_NOTIFY;
	if (r->write)
		virtio_region_write(v, offset, r->size, r->data);
	else
		r->data = virtio_region_read(v, offset, r->size);
	return true;
}

void serve_device_access(uint32_t guest, struct hv_ioreq *r)
{
	bool hit = pc_access(guest, r) || watchdog_access(guest, r);

	if (r->size != 1 && r->size != 2 && r->size != 4 && r->size != 8)
		return;
	for (unsigned i = 0; i < serve_count() && !hit; i++) {
		struct virtio_device *v = serve_device(i);

		if (!v || v->guest != guest)
			continue;
		/* The guest was started anew and is faster than the event that says so. */
		if (v->kept->incarnation != r->incarnation)
			pcidev_power_on(v, r->incarnation);
		hit = r->type == HV_IOREQ_PCI_CONFIG ? config_access(v, r) : bar_access(v, r);
	}
	if (!hit && !r->write)
		r->data = ~0ull;
}
