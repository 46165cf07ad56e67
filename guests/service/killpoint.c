/*
 * See killpoint.h. The kept pages are the header, then KEPT_PAGE bytes a device; what lies outside
 * of them is the used ring of a queue.
 */
#include "guests/service/killpoint.h"

#include "guests/lib/boot.h"
#include "guests/service/kept.h"
#include "guests/service/serve_device.h"

struct field {
	uint32_t offset, bytes;
	enum killpoint point;
};

#define FIELD(type, name, field)                                                                   \
	{ offsetof(struct type, field), sizeof(((struct type *)0)->field), KILL_##name },
#define KILL_HEADER(name, field)
#define KILL_DEVICE(name, field)
#define KILL_QUEUE(name, field)
#define KILL_HEAD(name)
#define KILL_RING(name)
#define KILL_STEP(name)

static const struct field header_fields[] = {
#undef KILL_HEADER
#define KILL_HEADER(name, field) FIELD(kept_header, name, field)
#include "guests/service/killpoint.def"
#undef KILL_HEADER
#define KILL_HEADER(name, field)
};

static const struct field device_fields[] = {
#undef KILL_DEVICE
#define KILL_DEVICE(name, field) FIELD(kept_device, name, field)
#include "guests/service/killpoint.def"
#undef KILL_DEVICE
#define KILL_DEVICE(name, field)
};

static const struct field queue_fields[] = {
#undef KILL_QUEUE
#define KILL_QUEUE(name, field) FIELD(kept_queue, name, field)
#include "guests/service/killpoint.def"
};

static enum killpoint field_at(const struct field *f, unsigned count, uint64_t offset)
{
	for (unsigned i = 0; i < count; i++)
		if (offset - f[i].offset < f[i].bytes)
			return f[i].point;
	return KILL_OTHER;
}

static enum killpoint queue_point(uint64_t offset, uint64_t value)
{
	if (offset - offsetof(struct kept_queue, inflight.head) < 8 * INFLIGHT_HEADS) {
		if (!value)
			return KILL_HEAD_CLEARED;
		if (value >> 63)
			return KILL_HEAD_LEAVES;
		return value & 0xff ? KILL_HEAD_DEATHS : KILL_HEAD_TAKEN;
	}
	return field_at(queue_fields, ARRAY_SIZE(queue_fields), offset);
}

static enum killpoint kept_point(uint64_t offset, uint64_t value)
{
	uint64_t queues = offsetof(struct kept_device, queue);
	uint64_t entry = offset / KEPT_PAGE;
	enum killpoint p;

	if (entry == 0) {
		p = field_at(header_fields, ARRAY_SIZE(header_fields), offset);
		return p == KILL_PROCESS_MARK && !value ? KILL_PROCESS_END : p;
	}
	offset %= KEPT_PAGE;
	if (entry > serve_count() || boot->serve[entry - 1].kind == HV_SERVED_PC)
		return KILL_OTHER;
	if (offset < queues)
		return field_at(device_fields, ARRAY_SIZE(device_fields), offset);
	return queue_point((offset - queues) % sizeof(struct kept_queue), value);
}

static enum killpoint ring_point(const struct virtio_queue *q, uint64_t offset)
{
	uint64_t ring = VIRTQ_RING_FIRST * sizeof(uint16_t);
	uint64_t bytes = q->size * sizeof(struct virtq_used_elem);

	if (offset == VIRTQ_RING_IDX * sizeof(uint16_t))
		return KILL_USED_INDEX;
	if (offset < ring || offset - ring >= bytes)
		return KILL_NOTIFY_WISH;
	return (offset - ring) % sizeof(struct virtq_used_elem) ? KILL_USED_LENGTH
								: KILL_USED_ENTRY;
}

enum killpoint killpoint_of_store(const volatile void *p, uint64_t value)
{
	const struct hv_region *kept = boot_region(HV_REGION_KEPT, 0);
	uint64_t at = (uint64_t)(uintptr_t)p;

	if (kept && at - kept->base < kept->bytes)
		return kept_point(at - kept->base, value);
	for (unsigned i = 0; i < serve_count() * KEPT_QUEUES; i++) {
		const struct virtio_device *v = serve_device(i / KEPT_QUEUES);
		const struct virtio_queue *q = v ? &v->queue[i % KEPT_QUEUES] : NULL;

		if (q && q->used && at - (uint64_t)(uintptr_t)q->used < 6 + 8u * q->size)
			return ring_point(q, at - (uint64_t)(uintptr_t)q->used);
	}
	return KILL_OTHER;
}
