/*
 * A device's life: power-on, reset, doorbells, completion, the end by a broken ring, and recovery
 * after a restart of the service domain (contract.md section 4).
 */
#include "guests/service/virtio_device.h"

#include "guests/lib/print.h"
#include "guests/service/kept_store.h"
#include "guests/service/virtio_port.h"

/* What a driver finds after a reset. */
static void queues_default(struct virtio_device *v)
{
	for (unsigned i = 0; i < v->model->queues; i++) {
		struct kept_queue *q = &v->kept->queue[i];

		virtio_queue_stop(&v->queue[i]);
		v->queue[i].kept = q;
		kept_store16(&q->enabled, 0);
		inflight_clear(&q->inflight);
		kept_store16(&q->size, VIRTIO_QUEUE_MAX);
		kept_store16(&q->vector, VIRTIO_NO_VECTOR);
		kept_store64(&q->desc, 0);
		kept_store64(&q->avail, 0);
		kept_store64(&q->used, 0);
	}
}

/* status = 0 comes first: should we die in the middle, it tells the next instance to do it again.
 */
void virtio_device_reset(struct virtio_device *v)
{
	struct kept_device *k = v->kept;

	kept_store32(&k->status, 0);
	v->generation++;
	queues_default(v);
	kept_store32(&k->broken, 0);
	kept_store32(&k->feature_select, 0);
	kept_store32(&k->driver_select, 0);
	kept_store32(&k->driver_features[0], 0);
	kept_store32(&k->driver_features[1], 0);
	kept_store32(&k->queue_select, 0);
	kept_store32(&k->config_vector, VIRTIO_NO_VECTOR);
	if (v->model->reset)
		v->model->reset(v);
}

void virtio_device_power_on(struct virtio_device *v)
{
	struct kept_device *k = v->kept;

	virtio_device_reset(v);
	kept_store32(&k->msix_control, 0);
	kept_store64(&k->msix_pending, 0);
	for (unsigned i = 0; i < KEPT_VECTORS; i++) {
		kept_store64(&k->vector[i].address, 0);
		kept_store32(&k->vector[i].data, 0);
		kept_store32(&k->vector[i].control, 1);
	}
	kept_store32(&k->access_bar, 0);
	kept_store32(&k->access_offset, 0);
	kept_store32(&k->access_length, 0);
}

void virtio_device_break(struct virtio_device *v, const char *why)
{
	struct kept_device *k = v->kept;

	if (k->broken)
		return;
	print("%s: %s %u.%u: %s: the device stops until the guest resets it\n", v->guest_name,
	      v->model->name, v->function >> 3, v->function & 7, why);
	kept_store32(&k->status, k->status | VIRTIO_STATUS_NEEDS_RESET);
	if (k->status & VIRTIO_STATUS_DRIVER_OK)
		virtio_msix_notify(v, k->config_vector);
	kept_store32(&k->broken, 1);
}

void virtio_device_kick(struct virtio_device *v, unsigned q)
{
	if (virtio_device_is_live(v) && v->queue[q].live)
		v->model->kick(v, q);
}

bool virtio_device_next(struct virtio_device *v, unsigned q, uint16_t *head,
			struct virtio_chain *chain)
{
	struct virtio_queue *queue = &v->queue[q];
	enum virtio_pop got;
	const char *why;

	if (!virtio_device_is_live(v) || !queue->live)
		return false;
	got = virtio_queue_pop(queue, head);
	if (got == VIRTIO_POP_EMPTY)
		return false;
	if (got == VIRTIO_POP_HEAD) {
		kept_process(v->number, q, *head);
		why = virtio_chain_read(chain, queue, *head);
		if (!why)
			return true;
		kept_process_end();
		virtio_queue_break(queue, why);
	}
	virtio_device_break(v, queue->broken);
	return false;
}

void virtio_device_parked(struct virtio_device *v)
{
	kept_process_end();
}

void virtio_device_complete(struct virtio_device *v, unsigned q, uint16_t head, uint32_t bytes)
{
	struct virtio_queue *queue = &v->queue[q];

	if (virtio_queue_push(queue, head, bytes))
		virtio_msix_notify(v, queue->kept->vector);
	kept_process_end();
}

void virtio_device_complete_all(struct virtio_device *v, unsigned q,
				const struct virtq_used_elem *elem, unsigned n)
{
	struct virtio_queue *queue = &v->queue[q];

	if (virtio_queue_push_all(queue, elem, n))
		virtio_msix_notify(v, queue->kept->vector);
	kept_process_end();
}

static void queue_recover(struct virtio_device *v, unsigned i)
{
	struct virtio_queue *queue = &v->queue[i];

	queue->kept = &v->kept->queue[i];
	if (!queue->kept->enabled)
		return;
	if (!virtio_queue_start(queue, v->window, virtio_device_features(v), false)) {
		virtio_device_break(v, queue->broken);
		return;
	}
	/* The kick re-reads the ring and asks for notifications again; the interrupt makes up for
	   one that may have been lost between used.idx and its message. */
	virtio_port_again(v->kick_event[i]);
	if (virtio_device_is_live(v))
		virtio_msix_notify(v, queue->kept->vector);
}

void virtio_device_recover(struct virtio_device *v)
{
	if (v->kept->status == 0) {
		virtio_device_reset(v);
		return;
	}
	for (unsigned i = 0; i < v->model->queues; i++)
		queue_recover(v, i);
}
