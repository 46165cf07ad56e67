/*
 * The common configuration structure and the registers behind it (virtio 1.2, 4.1.4.3). A read
 * makes the whole structure and copies a piece out: any size and offset works. A write must be one
 * field, or half of a 64-bit one.
 */
#include "guests/service/kept_store.h"
#include "guests/service/virtio_device.h"
#include "lib/string.h"

#define FIELD(name) offsetof(struct virtio_common, name)

static struct kept_queue *selected(struct virtio_device *v)
{
	uint32_t i = v->kept->queue_select;

	return i < v->model->queues ? &v->kept->queue[i] : NULL;
}

static uint32_t feature_word(uint64_t features, uint32_t select)
{
	return select < 2 ? (uint32_t)(features >> (32 * select)) : 0;
}

/* A reset is over for the driver once nothing of it uses its memory any more. */
static uint8_t visible_status(const struct virtio_device *v)
{
	if (v->kept->status == 0 && v->outstanding)
		return VIRTIO_STATUS_NEEDS_RESET;
	return (uint8_t)v->kept->status;
}

uint64_t virtio_common_read(struct virtio_device *v, unsigned offset, unsigned bytes)
{
	const struct kept_device *k = v->kept;
	const struct kept_queue *q = selected(v);
	struct virtio_common c = {
		.device_feature_select = k->feature_select,
		.device_feature = feature_word(v->offered, k->feature_select),
		.driver_feature_select = k->driver_select,
		.driver_feature = k->driver_select < 2 ? k->driver_features[k->driver_select] : 0,
		.config_msix_vector = (uint16_t)k->config_vector,
		.num_queues = (uint16_t)v->model->queues,
		.device_status = visible_status(v),
		.queue_select = (uint16_t)k->queue_select,
	};
	uint64_t value = 0;

	if (q) {
		c.queue_size = q->size;
		c.queue_msix_vector = q->vector;
		c.queue_enable = q->enabled;
		c.queue_notify_off = (uint16_t)k->queue_select;
		c.queue_desc = q->desc;
		c.queue_driver = q->avail;
		c.queue_device = q->used;
	}
	if (offset + bytes <= sizeof(c))
		memcpy(&value, (uint8_t *)&c + offset, bytes);
	return value;
}

static uint16_t checked_vector(uint64_t value)
{
	return value < KEPT_VECTORS ? (uint16_t)value : VIRTIO_NO_VECTOR;
}

static void queue_enable(struct virtio_device *v, struct kept_queue *q)
{
	unsigned i = v->kept->queue_select;

	if (q->enabled)
		return;
	inflight_clear(&q->inflight);
	v->queue[i].kept = q;
	if (!virtio_queue_start(&v->queue[i], v->window, virtio_device_features(v), true))
		virtio_device_break(v, v->queue[i].broken);
	kept_store16(&q->enabled, 1);
}

/* Writes `bytes` at byte `at` of a 64-bit address. */
static void address_write(uint64_t *p, unsigned at, unsigned bytes, uint64_t value)
{
	if (bytes == 8)
		kept_store64(p, value);
	else if (bytes == 4)
		kept_store64(p, at ? field_set(MASK(63, 32), *p, value)
				   : field_set(MASK(31, 0), *p, value));
}

static void queue_write(struct virtio_device *v, unsigned offset, unsigned bytes, uint64_t value)
{
	struct kept_queue *q = selected(v);

	if (!q)
		return;
	if (offset == FIELD(queue_msix_vector) && bytes == 2) {
		kept_store16(&q->vector, checked_vector(value));
		return;
	}
	if (q->enabled)
		return;
	if (offset == FIELD(queue_size) && bytes == 2)
		kept_store16(&q->size, (uint16_t)value);
	else if (offset == FIELD(queue_enable) && bytes == 2 && value == 1)
		queue_enable(v, q);
	else if ((offset & ~4u) == FIELD(queue_desc))
		address_write(&q->desc, offset & 4, bytes, value);
	else if ((offset & ~4u) == FIELD(queue_driver))
		address_write(&q->avail, offset & 4, bytes, value);
	else if ((offset & ~4u) == FIELD(queue_device))
		address_write(&q->used, offset & 4, bytes, value);
}

/* Virtio 1.2, 3.1.1: FEATURES_OK stays only if the driver's choice is one that works. Bits are only
   ever added; DRIVER_OK needs FEATURES_OK. */
static void status_write(struct virtio_device *v, uint32_t value)
{
	struct kept_device *k = v->kept;
	uint64_t chosen = k->driver_features[0] | (uint64_t)k->driver_features[1] << 32;
	uint32_t status = k->status | (value & 0xff);

	if (value == 0) {
		virtio_device_reset(v);
		return;
	}
	if ((chosen & ~v->offered) || !(chosen & VIRTIO_F_VERSION_1))
		status &= ~VIRTIO_STATUS_FEATURES_OK;
	if (!(status & VIRTIO_STATUS_FEATURES_OK))
		status &= ~VIRTIO_STATUS_DRIVER_OK;
	kept_store32(&k->status, status);
	for (unsigned q = 0; q < v->model->queues; q++)
		virtio_device_kick(v, q);
}

static void features_write(struct virtio_device *v, uint64_t value)
{
	struct kept_device *k = v->kept;

	if (k->driver_select < 2 && !(k->status & VIRTIO_STATUS_FEATURES_OK))
		kept_store32(&k->driver_features[k->driver_select], (uint32_t)value);
}

void virtio_common_write(struct virtio_device *v, unsigned offset, unsigned bytes, uint64_t value)
{
	struct kept_device *k = v->kept;

	if (offset == FIELD(device_feature_select) && bytes == 4)
		kept_store32(&k->feature_select, (uint32_t)value);
	else if (offset == FIELD(driver_feature_select) && bytes == 4)
		kept_store32(&k->driver_select, (uint32_t)value);
	else if (offset == FIELD(driver_feature) && bytes == 4)
		features_write(v, value);
	else if (offset == FIELD(config_msix_vector) && bytes == 2)
		kept_store32(&k->config_vector, checked_vector(value));
	else if (offset == FIELD(device_status) && bytes == 1)
		status_write(v, (uint32_t)value);
	else if (offset == FIELD(queue_select) && bytes == 2)
		kept_store32(&k->queue_select, (uint32_t)value);
	else if (offset >= FIELD(queue_size))
		queue_write(v, offset, bytes, value);
}
