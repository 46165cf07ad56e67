// sources: guests/service/drivers/vring.c
/* The driver's side of a virtqueue against a device made of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/service/drivers/vring.h"
#include "guests/service/virtio_queue.h"

#define SIZE 16u

static struct virtq_desc desc[SIZE];
static uint16_t avail[VIRTQ_RING_FIRST + SIZE], bell;
static struct {
	uint16_t flags, idx;
	struct virtq_used_elem ring[SIZE];
} used;
static uint16_t seen; /* the device's */
static struct vring ring;

static int begin(void **state)
{
	memset(desc, 0, sizeof(desc));
	memset(avail, 0, sizeof(avail));
	memset(&used, 0, sizeof(used));
	seen = 0;
	bell = 0xffff;
	ring = (struct vring){
		.rings = { SIZE, desc, avail, &used, (uint8_t *)&bell },
		.index = 7,
	};
	return 0;
}

/* The device takes the next slot and answers with `bytes`; false: there is none. */
static bool device_does(uint32_t bytes)
{
	struct virtq_used_elem *e = &used.ring[used.idx % SIZE];

	if (seen == avail[VIRTQ_RING_IDX])
		return false;
	*e = (struct virtq_used_elem){ avail[VIRTQ_RING_FIRST + seen % SIZE], bytes };
	seen++;
	used.idx++;
	return true;
}

static void slots_come_back_in_the_devices_order_over_many_rounds(void **state)
{
	unsigned slot;
	uint32_t bytes;

	/* More than 65536: both indices wrap. */
	for (unsigned i = 0; i < 70000; i++) {
		vring_offer(&ring, i % SIZE);
		assert_true(device_does(i));
		assert_true(vring_take(&ring, &slot, &bytes));
		assert_int_equal(slot, i % SIZE);
		assert_int_equal(bytes, i);
		assert_false(vring_take(&ring, &slot, &bytes));
	}
}

static void a_full_ring_is_offered_and_taken(void **state)
{
	unsigned slot, all = 0;
	uint32_t bytes;

	for (unsigned i = 0; i < SIZE; i++)
		vring_offer(&ring, i);
	while (device_does(1))
		continue;
	while (vring_take(&ring, &slot, &bytes))
		all |= 1u << slot;
	assert_int_equal(all, (1u << SIZE) - 1);
}

static void the_bell_rings_unless_the_device_asks_for_silence(void **state)
{
	used.flags = VIRTQ_USED_NO_NOTIFY;
	vring_kick(&ring);
	assert_int_equal(bell, 0xffff);
	used.flags = 0;
	vring_kick(&ring);
	assert_int_equal(bell, 7);
}

static void a_slot_is_its_buffer(void **state)
{
	static uint8_t buffer[64];

	vring_describe(&ring, 3, buffer, 60, VIRTQ_DESC_WRITE);
	assert_int_equal(desc[3].address, (uint64_t)(uintptr_t)buffer);
	assert_int_equal(desc[3].bytes, 60);
	assert_int_equal(desc[3].flags, VIRTQ_DESC_WRITE);
	vring_quiet(&ring);
	assert_int_equal(avail[VIRTQ_RING_FLAGS], VIRTQ_AVAIL_NO_INTERRUPT);
}

static void an_invented_slot_is_seen_as_one(void **state)
{
	unsigned slot;
	uint32_t bytes;

	used.ring[0] = (struct virtq_used_elem){ 0x10003, 5 };
	used.idx = 1;
	assert_true(vring_take(&ring, &slot, &bytes));
	assert_true(slot >= ring.rings.size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(slots_come_back_in_the_devices_order_over_many_rounds,
				       begin),
		cmocka_unit_test_setup(a_full_ring_is_offered_and_taken, begin),
		cmocka_unit_test_setup(the_bell_rings_unless_the_device_asks_for_silence, begin),
		cmocka_unit_test_setup(a_slot_is_its_buffer, begin),
		cmocka_unit_test_setup(an_invented_slot_is_seen_as_one, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
