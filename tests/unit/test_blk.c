// sources: guests/service/blk.c guests/service/blk_request.c guests/service/dma.c
// sources: guests/service/rate.c guests/service/disk.c guests/service/kept.c lib/string.c
// sources: guests/service/virtio_device.c guests/service/virtio_common.c
// sources: guests/service/virtio_msix.c guests/service/virtio_queue.c
// sources: guests/service/virtio_chain.c guests/service/inflight.c guests/service/window.c
// sources: guests/service/kept_store.c
/* The block back end through a real virtqueue: what it answers, what it refuses, what breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/dma.h"
#include "tests/unit/virtio_rig.h"

#define FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC | device.offered)

static struct rig memory;
static struct list queue;
static unsigned queued;
static enum disk_op last;

static uint64_t common_read(unsigned offset, unsigned bytes)
{
	return virtio_common_read(&device, offset, bytes);
}

static bool submit(struct disk *d, struct disk_request *r)
{
	list_add_before(&queue, &r->node);
	queued++;
	return true;
}

static void disk_turn(bool ok)
{
	struct disk_request *r = CONTAINER_OF(queue.next, struct disk_request, node);

	list_remove(&r->node);
	queued--;
	if (r->op == DISK_WRITE)
		disk_gather(r, 0, rig->disk + r->sector * DISK_SECTOR, r->bytes);
	else if (r->op == DISK_READ)
		disk_scatter(r, 0, rig->disk + r->sector * DISK_SECTOR, r->bytes);
	last = r->op;
	disk_done(r, ok);
}

static int start(const struct hv_served *served)
{
	rig = &memory;
	memset(rig, 0, sizeof(*rig));
	list_init(&queue);
	queued = 0;
	rig_instance(submit, served, 8);
	for (unsigned i = 0; i < RIG_WRITES; i++)
		rig_setup_step(i, FEATURES);
	return 0;
}

static int setup(void **state)
{
	static const struct hv_served served = { .guest = 1, .serial = "serial-7" };

	return start(&served);
}

/* One request with a header, one data buffer and a status; head is descriptor 0. */
static void request(uint32_t type, uint64_t sector, uint32_t bytes)
{
	struct virtio_blk_header h = { .type = type, .sector = sector };
	bool write = type == VIRTIO_BLK_OUT;

	memcpy(ram(RIG_BUFFERS), &h, sizeof(h));
	*(uint8_t *)ram(RIG_BUFFERS + 16) = 0xee;
	rig_desc(0, RIG_BUFFERS, sizeof(h), VIRTQ_DESC_NEXT);
	rig_desc(1, RIG_BUFFERS + RIG_BUFFER, bytes,
		 VIRTQ_DESC_NEXT | (write ? 0 : VIRTQ_DESC_WRITE));
	rig_desc(2, RIG_BUFFERS + 16, 1, VIRTQ_DESC_WRITE);
	rig_avail(0);
	virtio_device_kick(&device, 0);
}

static uint8_t status(void)
{
	return *(uint8_t *)ram(RIG_BUFFERS + 16);
}

static void assert_broken(void)
{
	assert_int_equal(common_read(COMMON(device_status)) & VIRTIO_STATUS_NEEDS_RESET,
			 VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(rig->refused, 1);
}

static void a_write_reaches_the_disk_and_is_answered_after_it(void **state)
{
	memset(ram(RIG_BUFFERS + RIG_BUFFER), 0x5a, 512);
	request(VIRTIO_BLK_OUT, 7, 512);
	assert_int_equal(queued, 1);
	assert_int_equal(rig_used_idx(), 0);
	disk_turn(true);
	assert_int_equal(rig_used_idx(), 1);
	assert_int_equal(rig_used(0).bytes, 1);
	assert_int_equal(status(), VIRTIO_BLK_OK);
	assert_int_equal(rig->disk[7 * 512], 0x5a);
	assert_int_equal(rig->interrupts, 1);
}

static void a_read_brings_the_disks_bytes(void **state)
{
	memset(rig->disk + 3 * 512, 0xa5, 1024);
	request(VIRTIO_BLK_IN, 3, 1024);
	disk_turn(true);
	assert_int_equal(rig_used(0).bytes, 1025);
	assert_int_equal(*(uint8_t *)ram(RIG_BUFFERS + RIG_BUFFER + 1023), 0xa5);
}

static void a_disk_error_becomes_an_io_error(void **state)
{
	request(VIRTIO_BLK_IN, 3, 512);
	disk_turn(false);
	assert_int_equal(status(), VIRTIO_BLK_IOERR);
}

static void accesses_outside_the_disk_are_refused(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t bytes;
	} bad[] = { { RIG_SECTORS, 512 },
		    { RIG_SECTORS - 1, 1024 },
		    { ~0ull, 512 },
		    { 0, 511 },
		    { 0, 0 },
		    { 1ull << 55, 512 } };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		request(VIRTIO_BLK_IN, bad[i].sector, bad[i].bytes);
		assert_int_equal(queued, 0);
		assert_int_equal(status(), VIRTIO_BLK_IOERR);
	}
	assert_int_equal(rig_used_idx(), ARRAY_SIZE(bad));
}

static void a_range_of_the_disk_begins_at_its_offset(void **state)
{
	static const struct hv_served part = { .guest = 1, .offset = 8 * 512, .bytes = 4 * 512 };

	start(&part);
	request(VIRTIO_BLK_OUT, 4, 512);
	assert_int_equal(status(), VIRTIO_BLK_IOERR);
	memset(ram(RIG_BUFFERS + RIG_BUFFER), 0x77, 512);
	request(VIRTIO_BLK_OUT, 3, 512);
	disk_turn(true);
	assert_int_equal(rig->disk[11 * 512], 0x77);
}

static void a_range_that_is_not_on_the_disk_is_refused_or_cut(void **state)
{
	static const struct hv_served beyond = { .guest = 1, .offset = RIG_SECTORS * 512 };
	static const struct hv_served large = { .guest = 1, .offset = 512, .bytes = 1ull << 40 };
	struct blk *b;

	assert_false(blk_init(&device, &disk, &beyond, 1));
	assert_int_equal(rig->refused, 1);
	assert_true(blk_init(&device, &disk, &large, 1));
	b = device.backend;
	assert_int_equal(rig->refused, 2);
	assert_int_equal(b->sectors, RIG_SECTORS - 1);
}

static void a_read_only_disk_takes_no_writes(void **state)
{
	static const struct hv_served ro = { .guest = 1, .flags = HV_SERVED_READONLY };

	start(&ro);
	request(VIRTIO_BLK_OUT, 0, 512);
	assert_int_equal(queued, 0);
	assert_int_equal(status(), VIRTIO_BLK_IOERR);
	assert_true(device.offered & VIRTIO_BLK_F_RO);
}

static void a_flush_waits_for_earlier_requests(void **state)
{
	request(VIRTIO_BLK_OUT, 1, 512);
	/* A second request with buffers of its own: descriptors 3 and 4. */
	((struct virtio_blk_header *)ram(RIG_BUFFERS + 0x100))->type = VIRTIO_BLK_FLUSH;
	rig_desc(3, RIG_BUFFERS + 0x100, 16, VIRTQ_DESC_NEXT);
	rig_desc(4, RIG_BUFFERS + 0x120, 1, VIRTQ_DESC_WRITE);
	rig_avail(3);
	virtio_device_kick(&device, 0);
	assert_int_equal(queued, 1);
	disk_turn(true);
	assert_int_equal(queued, 1);
	assert_int_equal(CONTAINER_OF(queue.next, struct disk_request, node)->op, DISK_FLUSH);
	disk_turn(true);
	assert_int_equal(rig_used_idx(), 2);
}

static void the_serial_number_is_told(void **state)
{
	request(VIRTIO_BLK_GET_ID, 0, 20);
	assert_string_equal(ram(RIG_BUFFERS + RIG_BUFFER), "serial-7");
	assert_int_equal(rig_used(0).bytes, 21);
}

static void an_unknown_request_is_unsupported(void **state)
{
	request(11, 0, 512);
	assert_int_equal(status(), VIRTIO_BLK_UNSUPP);
}

static void a_request_without_status_breaks_the_device_once(void **state)
{
	rig_desc(0, RIG_BUFFERS, 16, 0);
	rig_avail(0);
	virtio_device_kick(&device, 0);
	assert_broken();
	virtio_device_kick(&device, 0);
	assert_int_equal(rig->refused, 1);
}

static void a_reset_waits_for_what_uses_the_guests_memory(void **state)
{
	request(VIRTIO_BLK_OUT, 1, 512);
	virtio_common_write(&device, COMMON(device_status), 0);
	assert_int_not_equal(common_read(COMMON(device_status)), 0);
	disk_turn(true);
	assert_int_equal(common_read(COMMON(device_status)), 0);
	assert_int_equal(rig_used_idx(), 0);
}

static void more_requests_than_the_device_may_have_wait_their_turn(void **state)
{
	for (unsigned i = 0; i < 20; i++) {
		unsigned first = 3 * (i % 5);

		/* share 8 leaves 16 requests; five heads at a time are enough to go round. */
		if (i >= 5)
			disk_turn(true);
		memset(ram(RIG_BUFFERS), 0, 16);
		rig_desc(first, RIG_BUFFERS, 16, VIRTQ_DESC_NEXT);
		rig_desc(first + 1, RIG_BUFFERS + RIG_BUFFER, 512,
			 VIRTQ_DESC_NEXT | VIRTQ_DESC_WRITE);
		rig_desc(first + 2, RIG_BUFFERS + 16, 1, VIRTQ_DESC_WRITE);
		rig_avail((uint16_t)first);
		virtio_device_kick(&device, 0);
	}
	while (queued)
		disk_turn(true);
	assert_int_equal(rig_used_idx(), 20);
	assert_int_equal(device.outstanding, 0);
}

static void a_request_that_kills_its_server_three_times_is_given_up(void **state)
{
	static const struct hv_served served = { .guest = 1, .serial = "serial-7" };

	request(VIRTIO_BLK_OUT, 1, 512);
	for (unsigned death = 0; death < 3; death++) {
		assert_int_equal(rig->refused, 0);
		kept_process(0, 0, 0); /* died while working on head 0 */
		rig_instance(submit, &served, 8);
		virtio_device_kick(&device, 0);
	}
	assert_broken();
}

/* A discard or zeroes of one range. */
static void clear(uint32_t type, uint64_t sector, uint32_t sectors, uint32_t flags)
{
	struct virtio_blk_range range = { sector, sectors, flags };
	struct virtio_blk_header h = { .type = type };

	memcpy(ram(RIG_BUFFERS), &h, sizeof(h));
	memcpy(ram(RIG_BUFFERS + RIG_BUFFER), &range, sizeof(range));
	*(uint8_t *)ram(RIG_BUFFERS + 16) = 0xee;
	rig_desc(0, RIG_BUFFERS, sizeof(h), VIRTQ_DESC_NEXT);
	rig_desc(1, RIG_BUFFERS + RIG_BUFFER, sizeof(range), VIRTQ_DESC_NEXT);
	rig_desc(2, RIG_BUFFERS + 16, 1, VIRTQ_DESC_WRITE);
	rig_avail(0);
	virtio_device_kick(&device, 0);
}

static int setup_clearing(void **state)
{
	rig_clear_max = 16 * DISK_SECTOR;
	return setup(state);
}

static uint8_t pool[8192] ALIGNED(4096);

/* A disk that can only read and write. */
static int setup_zeroing(void **state)
{
	rig_clear_max = 0;
	dma_init(pool, sizeof(pool));
	return setup(state);
}

static int teardown(void **state)
{
	rig_clear_max = 0;
	return 0;
}

static void a_range_is_discarded_or_cleared_by_the_disk(void **state)
{
	clear(VIRTIO_BLK_DISCARD, 4, 8, 0);
	assert_int_equal(queued, 1);
	disk_turn(true);
	assert_int_equal(last, DISK_DISCARD);
	assert_int_equal(status(), VIRTIO_BLK_OK);
	clear(VIRTIO_BLK_ZEROES, 4, 8, VIRTIO_BLK_RANGE_UNMAP);
	disk_turn(true);
	assert_int_equal(last, DISK_ZEROES);
	assert_int_equal(status(), VIRTIO_BLK_OK);
	assert_int_equal(rig_used(1).bytes, 1);
}

static void ranges_outside_the_disk_or_too_large_are_refused(void **state)
{
	static const struct virtio_blk_range bad[] = {
		{ RIG_SECTORS - 1, 2, 0 }, { ~0ull, 1, 0 }, { 0, 0, 0 }, { 0, ~0u, 0 }, { 0, 17, 0 }
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		clear(VIRTIO_BLK_DISCARD, bad[i].sector, bad[i].sectors, 0);
		assert_int_equal(status(), VIRTIO_BLK_IOERR);
		clear(VIRTIO_BLK_ZEROES, bad[i].sector, bad[i].sectors, 0);
		assert_int_equal(status(), VIRTIO_BLK_IOERR);
	}
	clear(VIRTIO_BLK_DISCARD, 0, 1, VIRTIO_BLK_RANGE_UNMAP);
	assert_int_equal(status(), VIRTIO_BLK_UNSUPP);
	clear(VIRTIO_BLK_ZEROES, 0, 1, 2);
	assert_int_equal(status(), VIRTIO_BLK_UNSUPP);
	assert_int_equal(queued, 0);
}

static void zeroes_are_written_where_the_disk_has_no_command(void **state)
{
	memset(rig->disk, 0x77, sizeof(rig->disk));
	clear(VIRTIO_BLK_DISCARD, 0, 8, 0);
	assert_int_equal(status(), VIRTIO_BLK_UNSUPP);
	clear(VIRTIO_BLK_ZEROES, 3, 33, 0);
	assert_int_equal(queued, 1);
	disk_turn(true);
	assert_int_equal(last, DISK_WRITE);
	assert_int_equal(status(), VIRTIO_BLK_OK);
	assert_int_equal(rig->disk[3 * DISK_SECTOR - 1], 0x77);
	for (unsigned i = 3 * DISK_SECTOR; i < 36 * DISK_SECTOR; i++)
		assert_int_equal(rig->disk[i], 0);
	assert_int_equal(rig->disk[36 * DISK_SECTOR], 0x77);
}

static void long_zeroes_take_several_writes(void **state)
{
	disk.max_parts = 2;
	clear(VIRTIO_BLK_ZEROES, 0, 33, 0);
	disk_turn(true);
	assert_int_equal(status(), 0xee);
	disk_turn(true);
	disk_turn(true);
	assert_int_equal(queued, 0);
	assert_int_equal(status(), VIRTIO_BLK_OK);
	clear(VIRTIO_BLK_ZEROES, 0, 33, 0);
	disk_turn(false);
	assert_int_equal(queued, 0);
	assert_int_equal(status(), VIRTIO_BLK_IOERR);
}

static void a_queue_over_its_rate_is_left_alone_until_the_time_comes(void **state)
{
	static const struct hv_served slow = { .guest = 1, .rate_requests = 10 };

	rig_now = 1;
	rig_held = 0;
	start(&slow);
	request(VIRTIO_BLK_IN, 0, 512);
	disk_turn(true);
	request(VIRTIO_BLK_IN, 0, 512);
	assert_int_equal(queued, 0);
	assert_true(rig_held > rig_now);
	rig_now = rig_held;
	virtio_device_kick(&device, 0);
	assert_int_equal(queued, 1);
	disk_turn(true);
}

static void a_guest_of_several_cpus_has_several_queues(void **state)
{
	static const struct hv_served served = { .guest = 1 };
	uint16_t queues = 0;

	assert_false(device.offered & VIRTIO_BLK_F_MQ);
	device = (struct virtio_device){ .window = &window, .guest_name = "guest", .vcpus = 3 };
	assert_true(blk_init(&device, &disk, &served, 1));
	assert_true(device.offered & VIRTIO_BLK_F_MQ);
	device.model->config(&device, 34, 2, &queues);
	assert_int_equal(queues, 3);
	assert_int_equal(device.model->queues, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_write_reaches_the_disk_and_is_answered_after_it, setup),
		cmocka_unit_test_setup(a_read_brings_the_disks_bytes, setup),
		cmocka_unit_test_setup(a_disk_error_becomes_an_io_error, setup),
		cmocka_unit_test_setup(accesses_outside_the_disk_are_refused, setup),
		cmocka_unit_test_setup(a_range_of_the_disk_begins_at_its_offset, setup),
		cmocka_unit_test_setup(a_range_that_is_not_on_the_disk_is_refused_or_cut, setup),
		cmocka_unit_test_setup(a_read_only_disk_takes_no_writes, setup),
		cmocka_unit_test_setup(a_flush_waits_for_earlier_requests, setup),
		cmocka_unit_test_setup(the_serial_number_is_told, setup),
		cmocka_unit_test_setup(an_unknown_request_is_unsupported, setup),
		cmocka_unit_test_setup(a_request_without_status_breaks_the_device_once, setup),
		cmocka_unit_test_setup(a_reset_waits_for_what_uses_the_guests_memory, setup),
		cmocka_unit_test_setup(more_requests_than_the_device_may_have_wait_their_turn,
				       setup),
		cmocka_unit_test_setup(a_request_that_kills_its_server_three_times_is_given_up,
				       setup),
		cmocka_unit_test_setup_teardown(a_range_is_discarded_or_cleared_by_the_disk,
						setup_clearing, teardown),
		cmocka_unit_test_setup_teardown(ranges_outside_the_disk_or_too_large_are_refused,
						setup_clearing, teardown),
		cmocka_unit_test_setup(zeroes_are_written_where_the_disk_has_no_command,
				       setup_zeroing),
		cmocka_unit_test_setup(long_zeroes_take_several_writes, setup_zeroing),
		cmocka_unit_test_setup(a_queue_over_its_rate_is_left_alone_until_the_time_comes,
				       setup),
		cmocka_unit_test_setup(a_guest_of_several_cpus_has_several_queues, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
