/*
 * The split virtqueue from the device's side. The order of stores in virtio_queue_push is the
 * in-flight protocol (inflight.h); every other function may be killed anywhere without loss.
 */
#include "guests/service/virtio_queue.h"

#include <stddef.h>

#include "abi/hypercall.h"
#include "guests/service/kept_store.h"
#include "guests/service/virtio.h"

static uint16_t ring_load(const volatile uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE); /* pairs with the driver's write barrier */
}

/* Orders our store of an index or event word before our load of the guest's: partner of the full
   barrier that the driver has between its own two. */
static void ring_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

enum virtio_pop virtio_queue_break(struct virtio_queue *q, const char *why)
{
	if (!q->broken)
		q->broken = why;
	return VIRTIO_POP_BROKEN;
}

static volatile uint16_t *avail_event(struct virtio_queue *q)
{
	return q->used + VIRTQ_RING_FIRST +
	       q->size * (sizeof(struct virtq_used_elem) / sizeof(uint16_t));
}

/* Finds the three parts in the guest's RAM. Sizes: virtio 1.2, 2.7.2. */
static bool queue_map(struct virtio_queue *q)
{
	const struct kept_queue *k = q->kept;
	unsigned n = k->size;

	if (n == 0 || n > VIRTIO_QUEUE_MAX || (n & (n - 1)))
		return virtio_queue_break(q, "queue size is no power of two"), false;
	if (k->desc % 16 || k->avail % 2 || k->used % 4)
		return virtio_queue_break(q, "queue addresses are not aligned"), false;
	q->desc = window_at(q->window, k->desc, n * sizeof(struct virtq_desc), 0);
	q->avail = window_at(q->window, k->avail, 6 + 2 * n, 0);
	q->used = window_at(q->window, k->used, 6 + n * sizeof(struct virtq_used_elem),
			    HV_WINDOW_WRITE);
	if (!q->desc || !q->avail || !q->used)
		return virtio_queue_break(q, "queue addresses are not the guest's RAM"), false;
	q->size = (uint16_t)n;
	return true;
}

/* contract.md section 4: last_avail = used.idx + number in flight. */
static bool queue_recover(struct virtio_queue *q)
{
	struct inflight *r = &q->kept->inflight;

	if (!inflight_recover(r, q->size, ring_load(&q->used[VIRTQ_RING_IDX]), &q->replay))
		return virtio_queue_break(q, "used ring contradicts the in-flight record"), false;
	q->used_idx = r->used_idx;
	q->last_avail = (uint16_t)(q->used_idx + q->replay.count);
	return true;
}

bool virtio_queue_start(struct virtio_queue *q, const struct window *window, uint64_t features,
			bool fresh)
{
	*q = (struct virtio_queue){
		.kept = q->kept,
		.window = window,
		.event_idx = features & VIRTIO_F_EVENT_IDX,
		.indirect = features & VIRTIO_F_INDIRECT_DESC,
		.signal_always = true,
		.replay.counter = 1,
	};
	if (!queue_map(q))
		return false;
	if (fresh)
		kept_store16(&q->used[VIRTQ_RING_IDX], 0);
	else if (!queue_recover(q))
		return false;
	q->live = true;
	return true;
}

void virtio_queue_stop(struct virtio_queue *q)
{
	*q = (struct virtio_queue){ .kept = q->kept };
}

static enum virtio_pop queue_pop_replay(struct virtio_queue *q, uint16_t *head)
{
	*head = q->replay.head[q->replay.next++];
	if (inflight_deaths(&q->kept->inflight, *head) >= INFLIGHT_DEATHS)
		return virtio_queue_break(q, "a request killed its server three times");
	return VIRTIO_POP_HEAD;
}

enum virtio_pop virtio_queue_pop(struct virtio_queue *q, uint16_t *head)
{
	struct inflight *r = &q->kept->inflight;
	uint16_t waiting, h;

	if (q->broken)
		return VIRTIO_POP_BROKEN;
	if (q->replay.next < q->replay.count)
		return queue_pop_replay(q, head);
	waiting = (uint16_t)(ring_load(&q->avail[VIRTQ_RING_IDX]) - q->last_avail);
	if (waiting == 0)
		return VIRTIO_POP_EMPTY;
	if (waiting > q->size)
		return virtio_queue_break(q, "available index jumped");
	h = ring_load(&q->avail[VIRTQ_RING_FIRST + q->last_avail % q->size]);
	if (h >= q->size)
		return virtio_queue_break(q, "descriptor index out of range");
	if (inflight_has(r, h))
		return virtio_queue_break(q, "descriptor made available twice");
	inflight_take(r, h, q->replay.counter++);
	q->last_avail++;
	*head = h;
	return VIRTIO_POP_HEAD;
}

/* Virtio 1.2, 2.7.7: interrupt if the guest's event index is one of the n entries that were just
   pushed. */
static bool queue_wants_irq(struct virtio_queue *q, unsigned n)
{
	bool always = q->signal_always;
	uint16_t behind;

	ring_fence();
	q->signal_always = false;
	if (!q->event_idx)
		return !(ring_load(&q->avail[VIRTQ_RING_FLAGS]) & VIRTQ_AVAIL_NO_INTERRUPT);
	behind = (uint16_t)(q->used_idx - ring_load(&q->avail[VIRTQ_RING_FIRST + q->size]));
	return always || (uint16_t)(behind - 1) < n;
}

static volatile struct virtq_used_elem *used_elem(struct virtio_queue *q, unsigned i)
{
	volatile struct virtq_used_elem *ring =
		(volatile struct virtq_used_elem *)(q->used + VIRTQ_RING_FIRST);

	return &ring[i % q->size];
}

bool virtio_queue_push(struct virtio_queue *q, uint16_t head, uint32_t bytes)
{
	inflight_publish(&q->kept->inflight, head);
	kept_store32(&used_elem(q, q->used_idx)->id, head);
	kept_store32(&used_elem(q, q->used_idx)->bytes, bytes);
	q->used_idx++;
	kept_store16(&q->used[VIRTQ_RING_IDX], q->used_idx);
	inflight_published(&q->kept->inflight, head, q->used_idx);
	return queue_wants_irq(q, 1);
}

bool virtio_queue_push_all(struct virtio_queue *q, const struct virtq_used_elem *elem, unsigned n)
{
	struct inflight *r = &q->kept->inflight;
	uint16_t heads[VIRTIO_QUEUE_MAX] = { 0 };

	if (n == 1)
		return virtio_queue_push(q, (uint16_t)elem->id, elem->bytes);
	for (unsigned i = 0; i < n; i++)
		heads[i] = (uint16_t)elem[i].id;
	inflight_publish_batch(r, heads, n);
	for (unsigned i = 0; i < n; i++) {
		kept_store32(&used_elem(q, q->used_idx + i)->id, elem[i].id);
		kept_store32(&used_elem(q, q->used_idx + i)->bytes, elem[i].bytes);
	}
	q->used_idx = (uint16_t)(q->used_idx + n);
	kept_store16(&q->used[VIRTQ_RING_IDX], q->used_idx);
	inflight_published_batch(r, heads, n, q->used_idx);
	return queue_wants_irq(q, n);
}

void virtio_queue_quiet(struct virtio_queue *q)
{
	if (!q->event_idx)
		kept_store16(&q->used[VIRTQ_RING_FLAGS], VIRTQ_USED_NO_NOTIFY);
}

bool virtio_queue_rearm(struct virtio_queue *q)
{
	if (q->event_idx)
		kept_store16(avail_event(q), q->last_avail);
	else
		kept_store16(&q->used[VIRTQ_RING_FLAGS], 0);
	ring_fence();
	return ring_load(&q->avail[VIRTQ_RING_IDX]) != q->last_avail;
}
