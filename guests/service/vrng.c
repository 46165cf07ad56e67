/*
 * virtio-rng. A request that was at work when an instance died is filled again, with other numbers.
 */
#include "guests/service/vrng.h"

#include "guests/service/random.h"
#include "guests/service/virtio_port.h"

#define REQUESTS    0u
#define TURN_BUDGET 4

static bool started;

static bool answer_one(struct virtio_device *v)
{
	static struct virtio_chain chain;
	static uint8_t bytes[VRNG_BYTES];
	uint32_t n;
	uint16_t head;

	if (!virtio_device_next(v, REQUESTS, &head, &chain))
		return false;
	n = (uint32_t)MIN(chain.writable_bytes, VRNG_BYTES);
	random_fill(bytes, n);
	virtio_device_complete(v, REQUESTS, head, virtio_chain_put(&chain, bytes, n));
	return true;
}

static void vrng_kick(struct virtio_device *v, unsigned q)
{
	random_stir();
	for (unsigned budget = TURN_BUDGET; budget; budget--) {
		if (answer_one(v))
			continue;
		if (!virtio_device_is_live(v) || !virtio_queue_rearm(&v->queue[q]))
			return;
	}
	virtio_port_again(v->kick_event[q]);
}

static void vrng_config(struct virtio_device *v, unsigned offset, unsigned bytes, void *buf)
{
}

static const struct virtio_model vrng_model = {
	.name = "random numbers",
	.id = VIRTIO_ID_RNG,
	.class_code = 0x00ff00,
	.queues = 1,
	.config = vrng_config,
	.kick = vrng_kick,
};

bool vrng_init(struct virtio_device *v)
{
	if (!started)
		random_start();
	started = true;
	v->model = &vrng_model;
	v->offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC;
	return true;
}
