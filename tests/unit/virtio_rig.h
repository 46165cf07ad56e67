/*
 * A host-side rig for the service domain's device models: a guest's RAM, kept pages and a disk in
 * memory that outlives a "killed" instance, a driver's view of one virtqueue, and stand-ins for
 * what the models ask of the hypervisor. Included by one test file each.
 */
#ifndef TESTS_UNIT_VIRTIO_RIG_H
#define TESTS_UNIT_VIRTIO_RIG_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "abi/hypercall.h"
#include "guests/service/blk.h"
#include "guests/service/kept.h"
#include "guests/service/virtio_port.h"

#define RIG_RAM     0x20000u
#define RIG_SECTORS 64u
#define RIG_QUEUE   16u
#define RIG_DESC    0x0000u
#define RIG_AVAIL   0x1000u
#define RIG_USED    0x2000u
#define RIG_BUFFERS 0x4000u
#define RIG_BUFFER  0x1000u

/* What survives an instance. */
struct rig {
	uint8_t ram[RIG_RAM] ALIGNED(4096);
	uint8_t kept[2 * KEPT_PAGE] ALIGNED(4096);
	uint8_t disk[RIG_SECTORS * DISK_SECTOR];
	uint32_t kicked;     /* the doorbell's event is pending */
	uint32_t interrupts; /* raised so far */
	uint32_t refused;    /* lines printed */
};

static struct rig *rig;

/* One instance of the service domain. */
static struct virtio_device device;
static struct window window;
static struct disk disk;

void virtio_port_irq(uint32_t cap, uint64_t address, uint32_t data)
{
	rig->interrupts++;
}

int64_t virtio_port_add(uint32_t cap, unsigned kind, uint64_t base, uint64_t bytes, unsigned event)
{
	return 0;
}

int64_t virtio_port_remove(uint32_t cap, unsigned kind, uint64_t base)
{
	return 0;
}

void virtio_port_again(unsigned event)
{
	rig->kicked = 1;
}

static uint32_t rig_clear_max; /* of the disk: bytes of a discard or of zeroes */
static uint64_t rig_now;       /* ns */
static uint64_t rig_held;      /* until then; 0: no queue is held back */

uint64_t virtio_port_now(void)
{
	return rig_now;
}

void virtio_port_hold(struct timer *t, unsigned event, uint64_t until)
{
	rig_held = until;
}

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
	rig->refused++;
}

static void *ram(uint64_t at)
{
	return rig->ram + at;
}

static uint16_t *ram16(uint64_t at)
{
	return ram(at);
}

#define COMMON(field)                                                                              \
	offsetof(struct virtio_common, field), sizeof(((struct virtio_common *)0)->field)

/* The register writes of a driver's start, one by one, so that a death may fall between them. */
struct rig_write {
	unsigned offset, bytes;
	uint64_t value;
};

#define RIG_WRITES 15
static void rig_setup_step(unsigned step, uint64_t features)
{
	const struct rig_write writes[RIG_WRITES] = {
		{ COMMON(device_status), 0 },
		{ COMMON(device_status), 1 },
		{ COMMON(device_status), 3 },
		{ COMMON(driver_feature_select), 0 },
		{ COMMON(driver_feature), (uint32_t)features },
		{ COMMON(driver_feature_select), 1 },
		{ COMMON(driver_feature), features >> 32 },
		{ COMMON(device_status), 11 },
		{ COMMON(queue_select), 0 },
		{ COMMON(queue_size), RIG_QUEUE },
		{ COMMON(queue_desc), RIG_DESC },
		{ COMMON(queue_driver), RIG_AVAIL },
		{ COMMON(queue_device), RIG_USED },
		{ COMMON(queue_enable), 1 },
		{ COMMON(device_status), 15 },
	};
	const struct rig_write *w = &writes[step];

	if (step == 0)
		virtio_msix_control(&device, VIRTIO_MSIX_ENABLE);
	if (step == 1)
		virtio_msix_write(&device, 12, 4, 0);
	if (step == 9)
		virtio_common_write(&device, COMMON(queue_msix_vector), 0);
	virtio_common_write(&device, w->offset, w->bytes, w->value);
}

/* A new instance: what serve_device_build and _start do, without a hypervisor. */
static void rig_instance(bool (*submit)(struct disk *, struct disk_request *),
			 const struct hv_served *served, unsigned share)
{
	struct window_extent all = { 0, RIG_RAM, rig->ram, HV_WINDOW_WRITE };
	bool found;

	window = (struct window){ 0 };
	window_add(&window, &all);
	disk_init(&disk);
	disk.sectors = RIG_SECTORS;
	disk.block = DISK_SECTOR;
	disk.max_parts = 64;
	disk.submit = submit;
	disk.discard_max = disk.zeroes_max = rig_clear_max;
	device = (struct virtio_device){ .window = &window, .guest_name = "guest" };
	if (!kept_open(rig->kept, sizeof(rig->kept), 1) || !blk_init(&device, &disk, served, share))
		return;
	device.kept = kept_device(0, served, device.model->queues, &found);
	device.queue[0].kept = &device.kept->queue[0];
	kept_count_death();
	if (found && device.kept->incarnation == 1) {
		virtio_device_recover(&device);
		return;
	}
	virtio_device_power_on(&device);
	device.kept->incarnation = 1;
}

static void rig_desc(unsigned i, uint64_t address, uint32_t bytes, unsigned flags)
{
	struct virtq_desc *d = ram(RIG_DESC);

	d[i] = (struct virtq_desc){ address, bytes, (uint16_t)flags, (uint16_t)(i + 1) };
}

/* Puts a head into the available ring without telling anybody. */
static void rig_avail(uint16_t head)
{
	uint16_t *avail = ram16(RIG_AVAIL);

	avail[VIRTQ_RING_FIRST + avail[VIRTQ_RING_IDX] % RIG_QUEUE] = head;
	__atomic_store_n(&avail[VIRTQ_RING_IDX], (uint16_t)(avail[VIRTQ_RING_IDX] + 1),
			 __ATOMIC_RELEASE);
}

static uint16_t rig_used_idx(void)
{
	return ram16(RIG_USED)[VIRTQ_RING_IDX];
}

static struct virtq_used_elem rig_used(uint16_t i)
{
	struct virtq_used_elem *ring = (void *)&ram16(RIG_USED)[VIRTQ_RING_FIRST];

	return ring[i % RIG_QUEUE];
}

#endif
