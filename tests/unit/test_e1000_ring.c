// sources: guests/service/drivers/e1000_ring.c
/* The rings of an e1000 card against a card made of memory, which takes and fills descriptors as
   the manual says: up to the tail and no further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guests/service/drivers/e1000_ring.h"

#define SIZE 16u

static struct e1000_rx_desc rx_desc[SIZE];
static struct e1000_tx_desc tx_desc[SIZE];
static uint8_t rx_buffers[SIZE * E1000_BUFFER], tx_buffers[SIZE * E1000_BUFFER];
static uint32_t rdt, tdt;
static unsigned rdh, tdh; /* the card's */
static struct e1000_rx rx;
static struct e1000_tx tx;

static int begin(void **state)
{
	memset(rx_desc, 0xff, sizeof(rx_desc));
	memset(tx_desc, 0xff, sizeof(tx_desc));
	rdt = tdt = 0;
	rdh = tdh = 0;
	rx = (struct e1000_rx){ rx_desc, rx_buffers, (uint8_t *)&rdt, SIZE, 5, true };
	tx = (struct e1000_tx){ tx_desc, tx_buffers, (uint8_t *)&tdt, SIZE, 5 };
	e1000_rx_init(&rx);
	e1000_tx_init(&tx);
	e1000_rx_give(&rx);
	return 0;
}

/* The card receives; false: it has no descriptor. */
static bool arrives(const char *text, uint8_t status, uint8_t errors)
{
	struct e1000_rx_desc *d = &rx_desc[rdh];

	if (rdh == rdt)
		return false;
	strcpy((char *)(uintptr_t)d->address, text);
	d->bytes = (uint16_t)(strlen(text) + 1);
	d->errors = errors;
	d->status = E1000_RX_DONE | status;
	rdh = (rdh + 1) % SIZE;
	return true;
}

static void gets(const char *text)
{
	struct window_part part;

	assert_int_equal(e1000_rx_look(&rx, &part), E1000_RX_FRAME);
	assert_string_equal((char *)part.base, text);
	assert_int_equal(part.bytes, strlen(text) + 1);
	e1000_rx_next(&rx);
}

static void gets_useless(void)
{
	struct window_part part;

	assert_int_equal(e1000_rx_look(&rx, &part), E1000_RX_USELESS);
	e1000_rx_next(&rx);
}

static void gets_nothing(void)
{
	struct window_part part;

	assert_int_equal(e1000_rx_look(&rx, &part), E1000_RX_NOTHING);
}

/* The card sends all that it has; returns how many. */
static unsigned card_sends(void)
{
	unsigned n = 0;

	for (; tdh != tdt; tdh = (tdh + 1) % SIZE, n++) {
		assert_int_equal(tx_desc[tdh].command,
				 E1000_TX_LAST | E1000_TX_FCS | E1000_TX_REPORT);
		assert_int_equal(tx_desc[tdh].status, 0);
		tx_desc[tdh].status = E1000_TX_DONE;
	}
	return n;
}

static bool sends(const char *text)
{
	uint8_t *buffer = e1000_tx_buffer(&tx);

	if (!buffer)
		return false;
	strcpy((char *)buffer, text);
	e1000_tx_send(&tx, (uint32_t)strlen(text) + 1);
	return true;
}

static void frames_come_in_order_over_many_rounds(void **state)
{
	char text[16];

	for (unsigned i = 0; i < 5 * SIZE; i++) {
		snprintf(text, sizeof(text), "frame %u", i);
		assert_true(arrives(text, E1000_RX_LAST, 0));
		gets(text);
		gets_nothing();
		e1000_rx_give(&rx);
	}
}

static void a_full_ring_is_taken_and_given_back_at_once(void **state)
{
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < SIZE - 1; i++)
			assert_true(arrives("x", E1000_RX_LAST, 0));
		assert_false(arrives("x", E1000_RX_LAST, 0));
		for (unsigned i = 0; i < SIZE - 1; i++)
			gets("x");
		gets_nothing();
		assert_false(arrives("x", E1000_RX_LAST, 0));
		e1000_rx_give(&rx);
	}
}

static void what_is_damaged_or_too_long_is_useless(void **state)
{
	arrives("damaged", E1000_RX_LAST, 0x80);
	arrives("begin", 0, 0);
	arrives("middle", 0, 0);
	arrives("end", E1000_RX_LAST, 0);
	arrives("bad checksum within", E1000_RX_LAST, 0x60);
	for (unsigned i = 0; i < 4; i++)
		gets_useless();
	gets("bad checksum within");
	gets_nothing();
}

static void a_length_beyond_the_buffer_is_not_believed(void **state)
{
	arrives("x", E1000_RX_LAST, 0);
	rx_desc[0].bytes = E1000_BUFFER + 1;
	gets_useless();
}

static void sent_frames_make_room_when_the_card_is_done(void **state)
{
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < SIZE - 1; i++)
			assert_true(sends("y"));
		assert_false(sends("y"));
		assert_int_equal(card_sends(), SIZE - 1);
		assert_true(sends("z"));
		assert_int_equal(card_sends(), 1);
	}
}

static void a_descriptor_says_where_and_how_long_a_frame_is(void **state)
{
	assert_true(sends("hello"));
	assert_string_equal((char *)(uintptr_t)tx_desc[0].address, "hello");
	assert_int_equal(tx_desc[0].bytes, 6);
	assert_int_equal(tdt, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(frames_come_in_order_over_many_rounds, begin),
		cmocka_unit_test_setup(a_full_ring_is_taken_and_given_back_at_once, begin),
		cmocka_unit_test_setup(what_is_damaged_or_too_long_is_useless, begin),
		cmocka_unit_test_setup(a_length_beyond_the_buffer_is_not_believed, begin),
		cmocka_unit_test_setup(sent_frames_make_room_when_the_card_is_done, begin),
		cmocka_unit_test_setup(a_descriptor_says_where_and_how_long_a_frame_is, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
