// sources: guests/service/net_switch.c guests/service/net_offload.c
/* The switch: who gets which frame, and what a guest cannot do to the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/lib/boot.h"
#include "guests/service/net.h"
#include "guests/service/virtio_port.h"
#include "lib/bits.h"

#define PORTS  4
#define UPLINK 3
#define SECOND 1000000000ul

static struct hv_boot page;
struct hv_boot *boot = &page;
static struct net_port port[PORTS];
static unsigned got[PORTS];
static bool full;
static uint64_t now;
static unsigned lines;

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
	lines++;
}

uint64_t virtio_port_now(void)
{
	return now;
}

static bool take(struct net_port *p, const struct net_frame *f)
{
	uint8_t buf[NET_FRAME];

	assert_true(f->bytes <= sizeof(buf));
	net_copy(f, 0, buf, f->bytes);
	got[p - port]++;
	return !full;
}

/* A locally administered address. */
static uint64_t address(uint32_t n)
{
	return 0x02 | (uint64_t)n << 16;
}

static int setup(void **state)
{
	struct net_switch *s;

	page.bridges = 1;
	s = net_switch_of(0);
	now = 1000 * SECOND;
	lines = 0;
	full = false;
	for (unsigned i = 0; i < PORTS; i++) {
		uint64_t mac = address(i + 1);

		net_detach(&port[i]);
		port[i] = (struct net_port){ .send = take, .uplink = i == UPLINK };
		memcpy(port[i].mac, &mac, NET_MAC);
	}
	for (unsigned i = 0; i < PORTS; i++)
		assert_true(net_attach(s, &port[i]));
	return 0;
}

static void send(unsigned from, uint64_t to, uint64_t source)
{
	uint8_t frame[60] = { 0 };
	struct window_part parts[2] = { { frame, 7 }, { frame + 7, sizeof(frame) - 7 } };
	struct net_frame f = { .part = parts, .parts = 2, .bytes = sizeof(frame) };

	memcpy(frame, &to, NET_MAC);
	memcpy(frame + NET_MAC, &source, NET_MAC);
	memset(got, 0, sizeof(got));
	net_receive(&port[from], &f);
}

static void assert_got(unsigned a, unsigned b, unsigned c, unsigned d)
{
	assert_int_equal(got[0], a);
	assert_int_equal(got[1], b);
	assert_int_equal(got[2], c);
	assert_int_equal(got[3], d);
}

static void a_configured_address_is_known_from_the_start(void **state)
{
	send(0, address(2), address(1));
	assert_got(0, 1, 0, 0);
	assert_int_equal(port[0].frames_in, 1);
	assert_int_equal(port[0].bytes_in, 60);
	assert_int_equal(port[1].frames_out, 1);
	assert_int_equal(port[1].bytes_out, 60);
}

static void broadcast_group_and_unknown_go_everywhere_but_back(void **state)
{
	send(0, 0xffffffffffff, address(1));
	assert_got(0, 1, 1, 1);
	send(1, 0x01, address(2));
	assert_got(1, 0, 1, 1);
	send(2, address(77), address(3));
	assert_got(1, 1, 0, 1);
}

static void a_frame_to_its_own_port_goes_nowhere(void **state)
{
	send(0, address(1), address(1));
	assert_got(0, 0, 0, 0);
}

static void an_address_is_learned_and_ages(void **state)
{
	send(UPLINK, address(1), address(100));
	send(0, address(100), address(1));
	assert_got(0, 0, 0, 1);
	send(1, 0xffffffffffff, address(101));
	send(0, address(101), address(1));
	assert_got(0, 1, 0, 0);
	now += 61 * SECOND;
	send(2, 0xffffffffffff, address(101));
	send(0, address(101), address(1));
	assert_got(0, 0, 1, 0);
}

static void a_guest_cannot_use_the_address_of_another(void **state)
{
	send(0, address(2), address(3));
	assert_got(0, 0, 0, 0);
	send(0, address(2), address(UPLINK + 1));
	assert_got(0, 0, 0, 0);
	assert_int_equal(port[0].refused, 2);
	assert_int_equal(port[0].frames_in, 0);
	assert_int_equal(lines, 1);
	send(UPLINK, address(1), address(2));
	assert_got(0, 0, 0, 0);
	send(1, address(3), address(2));
	assert_got(0, 0, 1, 0);
}

static void a_group_address_is_no_source(void **state)
{
	send(0, address(2), 0xffffffffffff);
	assert_got(0, 0, 0, 0);
	assert_int_equal(port[0].refused, 1);
}

static void a_guest_cannot_take_over_what_was_seen_elsewhere(void **state)
{
	send(UPLINK, address(1), address(100));
	send(0, 0xffffffffffff, address(100));
	send(1, address(100), address(2));
	assert_got(0, 0, 0, 1);
	send(0, 0xffffffffffff, address(200));
	send(1, 0xffffffffffff, address(200));
	send(2, address(200), address(3));
	assert_got(1, 0, 0, 0);
	/* The physical network has the last word. */
	send(UPLINK, 0xffffffffffff, address(200));
	send(2, address(200), address(3));
	assert_got(0, 0, 0, 1);
}

static void a_flood_of_addresses_leaves_most_of_the_others_known(void **state)
{
	unsigned known = 0;

	for (unsigned i = 0; i < 64; i++)
		send(UPLINK, address(1), address(1000 + i));
	now += SECOND;
	for (unsigned i = 0; i < 20000; i++)
		send(0, address(2), address(100000 + i));
	for (unsigned i = 0; i < 64; i++) {
		send(1, address(1000 + i), address(2));
		known += got[0] == 0 && got[3] == 1;
		assert_int_equal(got[3], 1);
	}
	assert_true(known > 32);
}

static void a_port_that_has_left_is_forgotten(void **state)
{
	send(1, address(1), address(300));
	net_detach(&port[1]);
	send(0, address(300), address(1));
	assert_got(0, 0, 1, 1);
	send(0, address(2), address(1));
	assert_got(0, 0, 1, 1);
	send(1, address(1), address(2));
	assert_got(0, 0, 0, 0);
}

static void what_a_port_has_no_room_for_is_counted(void **state)
{
	full = true;
	send(0, address(2), address(1));
	assert_int_equal(port[1].lost, 1);
	assert_int_equal(port[1].frames_out, 0);
}

static void a_port_gets_open_work_only_if_it_takes_that(void **state)
{
	uint8_t frame[100] = { 0 };
	struct window_part part = { frame, sizeof(frame) };
	struct net_frame f = {
		.part = &part,
		.parts = 1,
		.bytes = sizeof(frame),
		.offload = { .flags = NET_OFFLOAD_CSUM, .csum_start = 34, .csum_offset = 6 }
	};
	uint64_t to = address(2), from = address(1);

	memcpy(frame, &to, NET_MAC);
	memcpy(frame + NET_MAC, &from, NET_MAC);
	memset(got, 0, sizeof(got));
	net_receive(&port[0], &f);
	port[1].takes = NET_TAKES_CSUM;
	net_receive(&port[0], &f);
	assert_got(0, 2, 0, 0);
	f.offload.csum_start = 95;
	net_receive(&port[0], &f);
	assert_int_equal(port[0].refused, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_configured_address_is_known_from_the_start, setup),
		cmocka_unit_test_setup(broadcast_group_and_unknown_go_everywhere_but_back, setup),
		cmocka_unit_test_setup(a_frame_to_its_own_port_goes_nowhere, setup),
		cmocka_unit_test_setup(an_address_is_learned_and_ages, setup),
		cmocka_unit_test_setup(a_guest_cannot_use_the_address_of_another, setup),
		cmocka_unit_test_setup(a_group_address_is_no_source, setup),
		cmocka_unit_test_setup(a_guest_cannot_take_over_what_was_seen_elsewhere, setup),
		cmocka_unit_test_setup(a_flood_of_addresses_leaves_most_of_the_others_known, setup),
		cmocka_unit_test_setup(a_port_that_has_left_is_forgotten, setup),
		cmocka_unit_test_setup(what_a_port_has_no_room_for_is_counted, setup),
		cmocka_unit_test_setup(a_port_gets_open_work_only_if_it_takes_that, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
