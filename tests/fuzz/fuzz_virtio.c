// sources: guests/service/blk.c guests/service/blk_request.c guests/service/dma.c
// sources: guests/service/rate.c guests/service/vcon.c guests/service/disk.c guests/service/kept.c
// sources: guests/service/pcidev.c guests/service/pcidev_bar.c guests/service/virtio_region.c
// sources: guests/service/pcibar.c
// sources: guests/service/virtio_device.c guests/service/virtio_common.c
// sources: guests/service/virtio_msix.c guests/service/virtio_queue.c
// sources: guests/service/virtio_chain.c guests/service/inflight.c guests/service/window.c
// sources: guests/service/kept_store.c lib/string.c
/*
 * A hostile guest against a virtual disk and a virtual console: configuration space, registers, its
 * own RAM and doorbells in any order, with completions and restarts of the service domain between
 * them. Each input is a list of eight-byte steps. Nothing may leave the guest's RAM, hang or crash,
 * and a disk must never be asked for what lies outside it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "abi/hypercall.h"
#include "guests/service/blk.h"
#include "guests/service/pcidev.h"
#include "guests/service/vcon.h"
#include "tests/fuzz/virtio_fakes.h"
#include "lib/string.h"

#define RAM     0x4000u
#define SECTORS 32u
#define STEPS   400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void print(const char *fmt, ...);

struct step {
	uint8_t op, bytes;
	uint16_t offset;
	uint32_t value;
};

static uint8_t ram[RAM] ALIGNED(4096);
static uint8_t kept[3 * KEPT_PAGE] ALIGNED(4096);
static uint8_t sectors[SECTORS * DISK_SECTOR];
static const struct hv_served served[2] = { { .guest = 1, .kind = HV_SERVED_BLOCK },
					    { .guest = 1, .kind = HV_SERVED_CONSOLE } };
static struct virtio_device devices[2];
static struct window window;
static struct disk disk;
static struct list queue;

static void output(unsigned guest, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		(void)*(volatile const char *)(text + i);
}

static bool submit(struct disk *d, struct disk_request *r)
{
	list_add_before(&queue, &r->node);
	return true;
}

static void disk_turn(bool ok)
{
	struct disk_request *r = CONTAINER_OF(queue.next, struct disk_request, node);

	if (list_is_empty(&queue))
		return;
	list_remove(&r->node);
	if (r->op != DISK_FLUSH &&
	    (r->sector > SECTORS || r->bytes > (SECTORS - r->sector) * DISK_SECTOR))
		abort();
	if (r->op == DISK_WRITE)
		disk_gather(r, 0, sectors + r->sector * DISK_SECTOR, r->bytes);
	else if (r->op == DISK_READ)
		disk_scatter(r, 0, sectors + r->sector * DISK_SECTOR, r->bytes);
	disk_done(r, ok);
}

static void device_start(unsigned i)
{
	struct virtio_device *v = &devices[i];
	bool found;

	v->kept = kept_device(i, &served[i], v->model->queues, &found);
	for (unsigned q = 0; q < v->model->queues; q++)
		v->queue[q].kept = &v->kept->queue[q];
	if (found) {
		pcidev_recover(v);
		virtio_device_recover(v);
	} else {
		pcidev_power_on(v, 1);
	}
}

/* A restart: what the models remember goes, kept pages stay. The models count their devices for
   good, so theirs are used again. */
static void restart(void)
{
	static struct virtio_device fresh[2];
	static bool made;

	while (!list_is_empty(&queue))
		disk_turn(true);
	if (!made) {
		for (unsigned i = 0; i < 2; i++)
			devices[i] = (struct virtio_device){
				.window = &window, .guest_name = "guest", .guest = 1, .number = i
			};
		made = blk_init(&devices[0], &disk, &served[0], 4) && vcon_init(&devices[1]);
		memcpy(fresh, devices, sizeof(fresh));
	}
	memcpy(devices, fresh, sizeof(fresh));
	memset(devices[0].backend, 0, sizeof(struct blk));
	*(struct blk *)devices[0].backend =
		(struct blk){ .v = &devices[0], .disk = &disk, .sectors = SECTORS, .limit = 32 };
	if (!kept_open(kept, sizeof(kept), 2))
		abort();
	device_start(0);
	device_start(1);
	kept_count_death();
}

/* A driver's start in one step, so that the fuzzer need not find it. */
static void driver_start(struct virtio_device *v)
{
	static const struct {
		unsigned offset, bytes;
		uint64_t value;
	} writes[] = { { 20, 1, 0 }, { 20, 1, 3 },        { 8, 4, 1 },       { 12, 4, 1 },
		       { 8, 4, 0 },  { 12, 4, 3u << 28 }, { 20, 1, 11 },     { 24, 2, 8 },
		       { 32, 8, 0 }, { 40, 8, 0x1000 },   { 48, 8, 0x2000 }, { 28, 2, 1 } };

	for (unsigned q = 0; q < v->model->queues; q++) {
		for (unsigned i = q ? 7 : 0; i < ARRAY_SIZE(writes); i++) {
			virtio_common_write(v, 22, 2, q);
			virtio_common_write(v, writes[i].offset, writes[i].bytes, writes[i].value);
		}
	}
	virtio_common_write(v, 22, 2, 0);
	virtio_common_write(v, 26, 2, 0);
	virtio_msix_control(v, VIRTIO_MSIX_ENABLE);
	virtio_common_write(v, 20, 1, 15);
}

/* A request that is nearly right: head, type, sector and length come from the step. */
static void request_offer(const struct step *s)
{
	static const uint8_t types[8] = { VIRTIO_BLK_IN,    VIRTIO_BLK_OUT,
					  VIRTIO_BLK_FLUSH, VIRTIO_BLK_GET_ID,
					  VIRTIO_BLK_OUT,   VIRTIO_BLK_IN,
					  VIRTIO_BLK_OUT,   11 };
	struct virtq_desc *d = (struct virtq_desc *)ram;
	uint16_t *avail = (uint16_t *)(ram + 0x1000);
	unsigned head = s->bytes & 3 ? 0 : 4;
	struct virtio_blk_header h = { .type = types[s->value & 7], .sector = s->value >> 8 & 63 };
	unsigned data = h.type == VIRTIO_BLK_OUT ? 0 : VIRTQ_DESC_WRITE;

	memcpy(ram + 0x3000, &h, sizeof(h));
	d[head] = (struct virtq_desc){ 0x3000, 16, VIRTQ_DESC_NEXT, (uint16_t)(head + 1) };
	d[head + 1] =
		(struct virtq_desc){ 0x3200, s->offset & 0x1fff, (uint16_t)(data | VIRTQ_DESC_NEXT),
				     (uint16_t)(head + 2) };
	d[head + 2] = (struct virtq_desc){ 0x3010, 1, VIRTQ_DESC_WRITE, 0 };
	avail[VIRTQ_RING_FIRST + avail[VIRTQ_RING_IDX] % 8] = (uint16_t)head;
	avail[VIRTQ_RING_IDX]++;
}

static void step_do(const struct step *s)
{
	struct virtio_device *v = &devices[s->op >> 7];
	unsigned bytes = 1u << (s->bytes & 3);
	unsigned aligned = s->offset & ~(bytes - 1);

	switch (s->op & 15) {
	case 0: pcidev_write(v, aligned & 0xff, MIN(bytes, 4u), s->value); break;
	case 1: (void)pcidev_read(v, aligned & 0xfff, MIN(bytes, 4u)); break;
	case 2: virtio_region_write(v, aligned % VIRTIO_REGION_BYTES, bytes, s->value); break;
	case 3: (void)virtio_region_read(v, aligned % VIRTIO_REGION_BYTES, bytes); break;
	case 4: virtio_common_write(v, aligned & 63, bytes, s->value); break;
	case 5: disk_turn(s->value & 1); break;
	case 6: restart(); break;
	case 7: driver_start(v); break;
	case 8: (void)vcon_input(1, (const char *)s, s->bytes & 7); break;
	case 9:
	case 10: virtio_device_kick(v, s->value % v->model->queues); break;
	case 11: ram[0x1002] = (uint8_t)(ram[0x1002] + 1); break;
	case 12:
		request_offer(s);
		virtio_device_kick(v, 0);
		break;
	default: memcpy(ram + (s->offset % (RAM - 4)), &s->value, 4); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct window_extent all = { 0, RAM, ram, HV_WINDOW_WRITE };
	struct step s;

	if (!queue.next)
		list_init(&queue);
	while (!list_is_empty(&queue))
		disk_turn(true);
	memset(ram, 0, sizeof(ram));
	memset(kept, 0, sizeof(kept));
	window = (struct window){ 0 };
	window_add(&window, &all);
	disk_init(&disk);
	disk.sectors = SECTORS;
	disk.block = DISK_SECTOR;
	disk.max_parts = 16;
	disk.submit = submit;
	vcon_set_output(output);
	restart();
	for (size_t i = 0; i < STEPS && (i + 1) * sizeof(s) <= size; i++) {
		memcpy(&s, data + i * sizeof(s), sizeof(s));
		step_do(&s);
	}
	return 0;
}
