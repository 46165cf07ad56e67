// sources: guests/service/net_card_rx.c guests/service/net_control.c
// sources: guests/service/net_flow.c guests/service/net_switch.c guests/service/net_offload.c
// sources: guests/service/rate.c guests/service/kept.c lib/string.c lib/format.c
// sources: guests/service/virtio_device.c guests/service/virtio_common.c
// sources: guests/service/virtio_msix.c guests/service/virtio_queue.c
// sources: guests/service/virtio_chain.c guests/service/inflight.c guests/service/window.c
// sources: guests/service/kept_store.c
/*
 * A network card through real virtqueues: frames out and in, buffers of all sizes, the control
 * queue, and deaths of the service domain at every store.
 */
#include "tests/unit/net_rig.h"

static int setup(void **state)
{
	served.rate_requests = 0;
	start(FEATURES);
	return 0;
}

static const uint8_t to_peer[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
static const uint8_t to_card[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

/* The guest sends a frame of `bytes` in two buffers, header and all. */
static void guest_sends(uint16_t head, uint32_t bytes)
{
	uint8_t *p = ram + DATA(TX) + head * BUFFER;

	memset(p, 0, HEADER);
	memcpy(p + HEADER, to_peer, sizeof(to_peer));
	for (uint32_t i = sizeof(to_peer); i < bytes; i++)
		p[HEADER + i] = (uint8_t)i;
	desc(TX, head, DATA(TX) + head * BUFFER, HEADER + 5, VIRTQ_DESC_NEXT);
	desc(TX, head + 1, DATA(TX) + head * BUFFER + HEADER + 5, bytes - 5, 0);
	offer(TX, head);
}

static void guest_posts(uint16_t head, uint32_t bytes)
{
	desc(RX, head, DATA(RX) + head * BUFFER, bytes, VIRTQ_DESC_WRITE);
	offer(RX, head);
}

static void peer_sends(uint32_t bytes, const uint8_t *addresses)
{
	static uint8_t frame[NET_FRAME];
	struct window_part part = { frame, bytes };
	struct net_frame f = { .part = &part, .parts = 1, .bytes = bytes };

	memcpy(frame, addresses, 12);
	for (uint32_t i = 12; i < bytes; i++)
		frame[i] = (uint8_t)(i * 3);
	net_receive(&peer, &f);
}

static void a_frame_that_the_guest_sends_reaches_its_peer(void **state)
{
	guest_sends(0, 600);
	virtio_device_kick(&device, TX);
	assert_int_equal(got, 1);
	assert_int_equal(got_bytes, 600);
	assert_memory_equal(got_frame, ram + DATA(TX) + HEADER, 600);
	assert_int_equal(used_idx(TX), 1);
	assert_int_equal(used(TX, 0).id, 0);
}

static void a_frame_for_the_guest_is_put_into_its_buffer(void **state)
{
	struct virtio_net_header *h = (void *)(ram + DATA(RX) + 3 * BUFFER);

	guest_posts(3, 1600);
	peer_sends(100, to_card);
	assert_int_equal(used_idx(RX), 1);
	assert_int_equal(used(RX, 0).id, 3);
	assert_int_equal(used(RX, 0).bytes, HEADER + 100);
	assert_int_equal(h->buffers, 1);
	assert_int_equal(((uint8_t *)h)[HEADER + 99], (uint8_t)(99 * 3));
	assert_int_equal(interrupts > 0, device.queue[RX].kept->vector != VIRTIO_NO_VECTOR);
}

static void without_a_buffer_it_is_lost_and_counted(void **state)
{
	const struct net_card *c = device.backend;

	peer_sends(100, to_card);
	assert_int_equal(c->port.lost, 1);
	guest_posts(0, 1600);
	peer_sends(100, to_card);
	assert_int_equal(used_idx(RX), 1);
	assert_int_equal(c->port.frames_out, 1);
}

static void a_frame_takes_as_many_buffers_as_it_needs(void **state)
{
	struct virtio_net_header *h = (void *)(ram + DATA(RX));

	for (uint16_t i = 0; i < 5; i++)
		guest_posts(i, 256);
	peer_sends(1000, to_card);
	assert_int_equal(used_idx(RX), 4);
	assert_int_equal(h->buffers, 4);
	assert_int_equal(used(RX, 2).bytes, 256);
	assert_int_equal(used(RX, 3).bytes, HEADER + 1000 - 3 * 256);
	assert_int_equal(ram[DATA(RX) + 3 * BUFFER], (uint8_t)((3 * 256 - HEADER) * 3));
	/* Three more are too few for the next one; they wait, and are used by the one after that.
	 */
	guest_posts(5, 256);
	peer_sends(1000, to_card);
	assert_int_equal(used_idx(RX), 4);
	peer_sends(100, to_card);
	assert_int_equal(used_idx(RX), 5);
	assert_int_equal(used(RX, 4).id, 4);
}

static void a_buffer_that_is_too_small_comes_back_empty(void **state)
{
	start(FEATURES & ~VIRTIO_NET_F_MRG_RXBUF);
	guest_posts(0, 64);
	guest_posts(1, 1600);
	peer_sends(500, to_card);
	assert_int_equal(used_idx(RX), 1);
	assert_int_equal(used(RX, 0).bytes, 0);
	peer_sends(500, to_card);
	assert_int_equal(used_idx(RX), 2);
	assert_int_equal(used(RX, 1).bytes, HEADER + 500);
}

static void a_frame_without_header_breaks_the_card(void **state)
{
	desc(TX, 0, DATA(TX), HEADER - 1, 0);
	offer(TX, 0);
	virtio_device_kick(&device, TX);
	assert_int_equal(device.kept->broken, 1);
	peer_sends(100, to_card);
	assert_int_equal(used_idx(RX), 0);
}

static void frames_that_cannot_be_are_refused_and_given_back(void **state)
{
	const struct net_card *c = device.backend;

	for (uint32_t bytes = 6; bytes < NET_HEADER; bytes++)
		guest_sends(0, bytes), virtio_device_kick(&device, TX);
	guest_sends(0, NET_FRAME + 1);
	virtio_device_kick(&device, TX);
	assert_int_equal(got, 0);
	assert_int_equal(c->port.refused, NET_HEADER - 6 + 1);
	assert_int_equal(used_idx(TX), NET_HEADER - 6 + 1);
	assert_int_equal(device.kept->broken, 0);
}

/* A command of the control queue with its data; returns the answer. */
static uint8_t control(unsigned what, const void *data, uint32_t bytes)
{
	uint8_t *p = ram + DATA(CTRL);

	p[0] = (uint8_t)(what >> 8);
	p[1] = (uint8_t)what;
	memcpy(p + 2, data, bytes);
	p[1000] = 0xee;
	desc(CTRL, 0, DATA(CTRL), 2, VIRTQ_DESC_NEXT);
	desc(CTRL, 1, DATA(CTRL) + 2, bytes, VIRTQ_DESC_NEXT);
	desc(CTRL, 2, DATA(CTRL) + 1000, 1, VIRTQ_DESC_WRITE);
	offer(CTRL, 0);
	virtio_device_kick(&device, CTRL);
	return p[1000];
}

static bool wanted(uint8_t first, uint8_t last)
{
	const uint8_t mac[6] = { first, 0, 0, 0, 0, last };

	return net_control_wants(device.backend, mac);
}

static void the_guest_says_what_it_wants_to_receive(void **state)
{
	static const uint8_t table[] = {
		1, 0, 0, 0, 2, 0, 0, 0, 0, 9, 1, 0, 0, 0, 1, 0, 0, 0, 0, 7
	};
	static const uint8_t mac[] = { 2, 0, 0, 0, 0, 33 }, on = 1, off = 0;

	assert_true(wanted(2, 1));
	assert_false(wanted(2, 3));
	assert_true(wanted(1, 5));
	assert_int_equal(control(VIRTIO_NET_CTRL_MAC_TABLE, table, sizeof(table)), VIRTIO_NET_OK);
	assert_true(wanted(2, 9));
	assert_true(wanted(1, 7));
	assert_false(wanted(1, 5));
	assert_int_equal(control(VIRTIO_NET_CTRL_ALLMULTI, &on, 1), VIRTIO_NET_OK);
	assert_true(wanted(1, 5));
	assert_int_equal(control(VIRTIO_NET_CTRL_MAC_ADDR, mac, 6), VIRTIO_NET_OK);
	assert_true(wanted(2, 33));
	assert_false(wanted(2, 1));
	instance(); /* what was set outlives the service domain */
	assert_true(wanted(2, 33));
	assert_true(wanted(2, 9));
	assert_int_equal(control(VIRTIO_NET_CTRL_PROMISC, &on, 1), VIRTIO_NET_OK);
	assert_true(wanted(2, 1));
	assert_int_equal(control(VIRTIO_NET_CTRL_PROMISC, &off, 1), VIRTIO_NET_OK);
	assert_false(wanted(2, 1));
	driver(FEATURES); /* and ends with a reset */
	assert_true(wanted(2, 1));
	assert_false(wanted(2, 33));
}

static void commands_that_make_no_sense_are_refused(void **state)
{
	static const uint8_t many[] = { 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9 };
	static const uint8_t pairs[] = { 3, 0 };

	assert_int_equal(control(0x0700, many, 4), VIRTIO_NET_ERR);
	assert_int_equal(control(VIRTIO_NET_CTRL_MAC_TABLE, many, sizeof(many)), VIRTIO_NET_ERR);
	assert_int_equal(control(VIRTIO_NET_CTRL_MAC_ADDR, many, 5), VIRTIO_NET_ERR);
	assert_int_equal(control(VIRTIO_NET_CTRL_MQ_PAIRS, pairs, 2), VIRTIO_NET_ERR);
	assert_int_equal(device.kept->broken, 0);
	assert_true(wanted(2, 1));
}

static void a_full_table_lets_all_of_its_kind_through(void **state)
{
	uint8_t table[8 + 6 * (NET_FILTER + 1)] = { NET_FILTER + 1 };

	assert_int_equal(control(VIRTIO_NET_CTRL_MAC_TABLE, table, sizeof(table)), VIRTIO_NET_OK);
	assert_true(wanted(2, 200));
}

static void the_second_pair_gets_the_answers_to_what_it_sent(void **state)
{
	static const uint8_t pairs[] = { 2, 0 };

	assert_int_equal(net_card_pairs(device.backend), 1);
	assert_int_equal(control(VIRTIO_NET_CTRL_MQ_PAIRS, pairs, 2), VIRTIO_NET_OK);
	assert_int_equal(net_card_pairs(device.backend), 2);
	desc(3, 0, DATA(TX), HEADER + 60, 0);
	memcpy(ram + DATA(TX) + HEADER, to_peer, 12);
	offer(3, 0);
	virtio_device_kick(&device, 3);
	assert_int_equal(got, 1);
	desc(2, 0, DATA(2), 1600, VIRTQ_DESC_WRITE);
	offer(2, 0);
	guest_posts(0, 1600);
	peer_sends(60, to_card);
	assert_int_equal(used_idx(2), 1);
	assert_int_equal(used_idx(RX), 0);
}

static void a_card_over_its_rate_waits(void **state)
{
	served.rate_requests = 100; /* two at a time */
	start(FEATURES);
	now = 1000000000;
	for (uint16_t i = 0; i < 8; i += 2)
		guest_sends(i, 60);
	virtio_device_kick(&device, TX);
	assert_int_equal(got, 3);
	assert_int_equal(held, 1);
	now += 10000000;
	virtio_device_kick(&device, TX);
	assert_int_equal(got, 4);
}

static jmp_buf death;

static void die(void)
{
	longjmp(death, 1);
}

/* The guest sends two frames and receives one of four buffers; the service domain dies at store n
   of that. False: it got to the end before. */
static bool live_until(unsigned n)
{
	if (setjmp(death)) {
		kept_store_limit(0, NULL);
		return true;
	}
	kept_store_limit(n, die);
	virtio_device_kick(&device, TX);
	peer_sends(1000, to_card);
	kept_store_limit(0, NULL);
	return false;
}

/* Every head must come back exactly once, whatever happened to its frame. */
static void assert_each_once(unsigned q, uint32_t heads)
{
	uint32_t seen = 0;

	for (unsigned i = 0; i < used_idx(q); i++) {
		assert_false(seen & 1u << used(q, i).id);
		seen |= 1u << used(q, i).id;
	}
	assert_int_equal(seen, heads);
}

static void no_head_is_lost_or_doubled_by_a_death_at_any_store(void **state)
{
	bool died = true;
	unsigned n;

	for (n = 1; died; n++) {
		start(FEATURES);
		guest_sends(0, 100);
		guest_sends(2, 200);
		for (uint16_t i = 0; i < 8; i++)
			guest_posts(i, 256);
		died = live_until(n);
		if (died)
			instance();
		while (used_idx(RX) < 8)
			peer_sends(100, to_card);
		assert_in_range(got, 2, 3);
		assert_each_once(TX, 1u << 0 | 1u << 2);
		assert_each_once(RX, 0xff);
		assert_int_equal(device.kept->broken, 0);
	}
	assert_true(n > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_frame_that_the_guest_sends_reaches_its_peer, setup),
		cmocka_unit_test_setup(a_frame_for_the_guest_is_put_into_its_buffer, setup),
		cmocka_unit_test_setup(without_a_buffer_it_is_lost_and_counted, setup),
		cmocka_unit_test_setup(a_frame_takes_as_many_buffers_as_it_needs, setup),
		cmocka_unit_test_setup(a_buffer_that_is_too_small_comes_back_empty, setup),
		cmocka_unit_test_setup(a_frame_without_header_breaks_the_card, setup),
		cmocka_unit_test_setup(frames_that_cannot_be_are_refused_and_given_back, setup),
		cmocka_unit_test_setup(the_guest_says_what_it_wants_to_receive, setup),
		cmocka_unit_test_setup(commands_that_make_no_sense_are_refused, setup),
		cmocka_unit_test_setup(a_full_table_lets_all_of_its_kind_through, setup),
		cmocka_unit_test_setup(the_second_pair_gets_the_answers_to_what_it_sent, setup),
		cmocka_unit_test_setup(a_card_over_its_rate_waits, setup),
		cmocka_unit_test_setup(no_head_is_lost_or_doubled_by_a_death_at_any_store, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
