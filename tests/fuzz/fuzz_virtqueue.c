// sources: guests/service/virtio_queue.c guests/service/virtio_chain.c guests/service/inflight.c
// sources: guests/service/kept_store.c guests/service/window.c lib/string.c
/*
 * A guest's RAM, kept queue state and features made of arbitrary bytes: starting, recovering,
 * popping, reading chains and pushing must stay inside RAM and end.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/hypercall.h"
#include "guests/service/virtio.h"
#include "guests/service/virtio_chain.h"
#include "lib/string.h"

#define RAM  0x3000u
#define POPS 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t ram[RAM] ALIGNED(4096);
static struct kept_queue kept;
static struct virtio_chain chain;

/* Repeats what there is until the buffer is full. */
static void fill(void *to, size_t bytes, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)to)[i] = data[i % size];
}

static void touch(const struct window_part *p)
{
	for (uint32_t i = 0; i < p->bytes; i += 64)
		p->base[i] ^= 1;
}

/* The first byte: bit 0 fresh start, 1 event index, 2 addresses made plausible, 3 record cleared.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct window_extent all = { 0, RAM, ram, HV_WINDOW_WRITE };
	struct virtio_queue queue = { .kept = &kept };
	struct window window = { 0 };
	uint64_t features = VIRTIO_F_INDIRECT_DESC;
	uint16_t head;

	if (size < 8)
		return 0;
	fill(&kept, sizeof(kept), data, size);
	fill(ram, sizeof(ram), data + 1, size - 1);
	window_add(&window, &all);
	if (data[0] & 4) {
		kept.size = (uint16_t)(1u << (data[1] % 8));
		kept.desc = 0;
		kept.avail = 0x1000;
		kept.used = 0x2000;
	}
	if (data[0] & 8)
		inflight_clear(&kept.inflight);
	if (data[0] & 2)
		features |= VIRTIO_F_EVENT_IDX;
	if (!virtio_queue_start(&queue, &window, features, data[0] & 1))
		return 0;
	for (unsigned i = 0; i < POPS && virtio_queue_pop(&queue, &head) == VIRTIO_POP_HEAD; i++) {
		uint8_t header[16];

		if (virtio_chain_read(&chain, &queue, head))
			break;
		(void)virtio_chain_take_last(&chain);
		(void)virtio_chain_take(&chain, header, sizeof(header));
		for (unsigned p = chain.first; p < chain.parts; p++)
			touch(&chain.part[p]);
		(void)virtio_queue_push(&queue, head, (uint32_t)chain.writable_bytes);
	}
	(void)virtio_queue_rearm(&queue);
	return 0;
}
