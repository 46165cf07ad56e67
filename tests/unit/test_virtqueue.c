// sources: guests/service/virtio_queue.c guests/service/virtio_chain.c guests/service/inflight.c
// sources: guests/service/kept_store.c guests/service/window.c lib/string.c
/* Rings and descriptor chains as a hostile guest may write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/hypercall.h"
#include "guests/service/virtio.h"
#include "guests/service/virtio_chain.h"
#include "lib/string.h"

#define QUEUE    8
#define RAM      0x10000u
#define BASE     0x100000ull /* where the guest sees it */
#define DESC     (BASE + 0x0)
#define AVAIL    (BASE + 0x1000)
#define USED     (BASE + 0x2000)
#define INDIRECT 0x3000u
#define DATA     0x4000u
#define FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC)

static uint8_t ram[RAM] ALIGNED(4096);
static struct window window;
static struct kept_queue kept;
static struct virtio_queue queue;
static struct virtio_chain chain;

static struct virtq_desc *desc(void)
{
	return (struct virtq_desc *)ram;
}

static uint16_t *avail(void)
{
	return (uint16_t *)(ram + 0x1000);
}

static int setup(void **state)
{
	struct window_extent low = { BASE, RAM / 2, ram, HV_WINDOW_WRITE };
	struct window_extent high = { BASE + RAM / 2, RAM / 2, ram + RAM / 2, 0 };

	memset(ram, 0, sizeof(ram));
	window = (struct window){ 0 };
	assert_true(window_add(&window, &low));
	assert_true(window_add(&window, &high));
	kept = (struct kept_queue){ .desc = DESC, .avail = AVAIL, .used = USED, .size = QUEUE };
	queue = (struct virtio_queue){ .kept = &kept };
	assert_true(virtio_queue_start(&queue, &window, FEATURES, true));
	return 0;
}

static void set(struct virtq_desc *d, uint64_t address, uint32_t bytes, unsigned flags,
		unsigned next)
{
	*d = (struct virtq_desc){ address, bytes, (uint16_t)flags, (uint16_t)next };
}

static void offer(uint16_t head)
{
	avail()[VIRTQ_RING_FIRST + avail()[VIRTQ_RING_IDX] % QUEUE] = head;
	avail()[VIRTQ_RING_IDX]++;
}

static void assert_pop(enum virtio_pop expected)
{
	uint16_t head;

	assert_int_equal(virtio_queue_pop(&queue, &head), expected);
}

static void assert_chain_refused(const char *why)
{
	assert_string_equal(virtio_chain_read(&chain, &queue, 0), why);
}

static void heads_come_in_order_and_go_back(void **state)
{
	uint16_t head;

	offer(5);
	offer(2);
	assert_int_equal(virtio_queue_pop(&queue, &head), VIRTIO_POP_HEAD);
	assert_int_equal(head, 5);
	assert_int_equal(virtio_queue_pop(&queue, &head), VIRTIO_POP_HEAD);
	assert_int_equal(head, 2);
	assert_pop(VIRTIO_POP_EMPTY);
	assert_true(virtio_queue_push(&queue, 2, 17));
	assert_int_equal(((uint16_t *)(ram + 0x2000))[VIRTQ_RING_IDX], 1);
	assert_false(inflight_has(&kept.inflight, 2));
	assert_true(inflight_has(&kept.inflight, 5));
}

static void an_interrupt_is_wanted_at_the_guests_event_index(void **state)
{
	uint16_t head;

	for (uint16_t i = 0; i < 4; i++) {
		offer(i);
		assert_int_equal(virtio_queue_pop(&queue, &head), VIRTIO_POP_HEAD);
	}
	avail()[VIRTQ_RING_FIRST + QUEUE] = 2;
	assert_true(virtio_queue_push(&queue, 0, 0)); /* the first one always */
	assert_false(virtio_queue_push(&queue, 1, 0));
	assert_true(virtio_queue_push(&queue, 2, 0));
	assert_false(virtio_queue_push(&queue, 3, 0));
}

static void rearming_sees_what_came_meanwhile(void **state)
{
	assert_false(virtio_queue_rearm(&queue));
	offer(1);
	assert_true(virtio_queue_rearm(&queue));
}

static void an_available_index_that_jumps_breaks_the_queue(void **state)
{
	avail()[VIRTQ_RING_IDX] = QUEUE + 1;
	assert_pop(VIRTIO_POP_BROKEN);
	avail()[VIRTQ_RING_IDX] = 0;
	assert_pop(VIRTIO_POP_BROKEN);
	assert_string_equal(queue.broken, "available index jumped");
}

static void a_head_out_of_range_breaks_the_queue(void **state)
{
	offer(QUEUE);
	assert_pop(VIRTIO_POP_BROKEN);
}

static void a_head_offered_twice_breaks_the_queue(void **state)
{
	offer(1);
	offer(1);
	assert_pop(VIRTIO_POP_HEAD);
	assert_pop(VIRTIO_POP_BROKEN);
}

static void queues_outside_ram_or_of_odd_size_are_refused(void **state)
{
	const struct kept_queue good = kept;

	kept.desc = BASE + RAM;
	assert_false(virtio_queue_start(&queue, &window, FEATURES, true));
	kept = good;
	kept.used = BASE + RAM / 2; /* may not be written */
	assert_false(virtio_queue_start(&queue, &window, FEATURES, true));
	kept = good;
	kept.avail = ~1ull;
	assert_false(virtio_queue_start(&queue, &window, FEATURES, true));
	kept = good;
	kept.size = 12;
	assert_false(virtio_queue_start(&queue, &window, FEATURES, true));
	kept.size = 256;
	assert_false(virtio_queue_start(&queue, &window, FEATURES, true));
	kept = good;
	kept.desc = DESC + 8;
	assert_false(virtio_queue_start(&queue, &window, FEATURES, true));
}

static void a_buffer_over_two_extents_becomes_two_parts(void **state)
{
	set(desc(), BASE + RAM / 2 - 16, 48, 0, 0);
	assert_null(virtio_chain_read(&chain, &queue, 0));
	assert_int_equal(chain.parts, 2);
	assert_int_equal(chain.part[0].bytes, 16);
	assert_int_equal(chain.part[1].bytes, 32);
	assert_ptr_equal(chain.part[1].base, ram + RAM / 2);
}

static void buffers_outside_ram_are_refused(void **state)
{
	set(desc(), BASE + RAM - 16, 48, 0, 0);
	assert_chain_refused("a buffer outside the guest's RAM");
	set(desc(), ~0ull - 7, 16, 0, 0);
	assert_chain_refused("a buffer that wraps");
	set(desc(), BASE + RAM / 2, 16, VIRTQ_DESC_WRITE, 0);
	assert_chain_refused("a buffer outside the guest's RAM");
}

static void loops_and_wild_links_are_refused(void **state)
{
	set(desc(), BASE + DATA, 4, VIRTQ_DESC_NEXT, 0);
	assert_chain_refused("a chain that loops or is too long");
	set(desc(), BASE + DATA, 4, VIRTQ_DESC_NEXT, QUEUE);
	assert_chain_refused("a next index outside the table");
	set(&desc()[0], BASE + DATA, 4, VIRTQ_DESC_NEXT | VIRTQ_DESC_WRITE, 1);
	set(&desc()[1], BASE + DATA, 4, 0, 0);
	assert_chain_refused("a readable descriptor behind a writable one");
}

static void indirect_tables_are_followed_once(void **state)
{
	struct virtq_desc *table = (struct virtq_desc *)(ram + INDIRECT);

	set(desc(), BASE + INDIRECT, 32, VIRTQ_DESC_INDIRECT, 0);
	set(&table[0], BASE + DATA, 16, VIRTQ_DESC_NEXT, 1);
	set(&table[1], BASE + DATA + 64, 8, VIRTQ_DESC_WRITE, 0);
	assert_null(virtio_chain_read(&chain, &queue, 0));
	assert_int_equal(chain.readable_bytes, 16);
	assert_int_equal(chain.writable_bytes, 8);
	set(&table[1], BASE + INDIRECT, 32, VIRTQ_DESC_INDIRECT, 0);
	assert_chain_refused("an indirect descriptor where none may be");
	set(&table[1], BASE + DATA, 4, VIRTQ_DESC_NEXT, 2);
	assert_chain_refused("a next index outside the table");
	set(&table[1], BASE + DATA, 4, VIRTQ_DESC_NEXT, 0);
	assert_chain_refused("a chain that loops or is too long");
	set(desc(), BASE + INDIRECT, 40, VIRTQ_DESC_INDIRECT, 0);
	assert_chain_refused("an indirect table of odd size or place");
	set(desc(), BASE + RAM, 32, VIRTQ_DESC_INDIRECT, 0);
	assert_chain_refused("an indirect table outside the guest's RAM");
}

static void headers_are_taken_over_the_borders_of_parts(void **state)
{
	uint8_t header[16];

	for (unsigned i = 0; i < 32; i++)
		ram[DATA + i] = (uint8_t)i;
	set(&desc()[0], BASE + DATA, 5, VIRTQ_DESC_NEXT, 1);
	set(&desc()[1], BASE + DATA + 5, 20, VIRTQ_DESC_NEXT, 2);
	set(&desc()[2], BASE + DATA + 64, 3, VIRTQ_DESC_WRITE, 0);
	assert_null(virtio_chain_read(&chain, &queue, 0));
	assert_true(virtio_chain_take(&chain, header, sizeof(header)));
	assert_int_equal(header[15], 15);
	assert_int_equal(chain.readable_bytes, 9);
	assert_ptr_equal(chain.part[chain.first].base, ram + DATA + 16);
	assert_false(virtio_chain_take(&chain, header, 10));
	assert_ptr_equal(virtio_chain_take_last(&chain), ram + DATA + 66);
	assert_int_equal(virtio_chain_put(&chain, "abcd", 4), 2);
	assert_memory_equal(ram + DATA + 64, "ab\0", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(heads_come_in_order_and_go_back, setup),
		cmocka_unit_test_setup(an_interrupt_is_wanted_at_the_guests_event_index, setup),
		cmocka_unit_test_setup(rearming_sees_what_came_meanwhile, setup),
		cmocka_unit_test_setup(an_available_index_that_jumps_breaks_the_queue, setup),
		cmocka_unit_test_setup(a_head_out_of_range_breaks_the_queue, setup),
		cmocka_unit_test_setup(a_head_offered_twice_breaks_the_queue, setup),
		cmocka_unit_test_setup(queues_outside_ram_or_of_odd_size_are_refused, setup),
		cmocka_unit_test_setup(a_buffer_over_two_extents_becomes_two_parts, setup),
		cmocka_unit_test_setup(buffers_outside_ram_are_refused, setup),
		cmocka_unit_test_setup(loops_and_wild_links_are_refused, setup),
		cmocka_unit_test_setup(indirect_tables_are_followed_once, setup),
		cmocka_unit_test_setup(headers_are_taken_over_the_borders_of_parts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
