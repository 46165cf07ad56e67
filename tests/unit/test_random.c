// sources: guests/service/chacha.c guests/service/random.c guests/service/vrng.c lib/string.c
/* Random numbers: the cipher, what the generator makes of seeds, and a guest that never has enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/chacha.h"
#include "guests/service/random.h"
#include "guests/service/random_seed.h"
#include "guests/service/virtio_port.h"
#include "guests/service/vrng.h"
#include "lib/string.h"

static bool has_source;
static unsigned seeds, lines, again, answered;
static uint64_t asked, given;

bool random_seed(uint64_t *value)
{
	*value = 0x0123456789abcdefull * ++seeds;
	return has_source;
}

uint64_t random_time(void)
{
	return 1000;
}

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
	lines++;
}

/* A guest whose queue is never empty. */
bool virtio_device_next(struct virtio_device *v, unsigned q, uint16_t *head, struct virtio_chain *c)
{
	c->writable_bytes = asked;
	*head = 3;
	return true;
}

void virtio_device_complete(struct virtio_device *v, unsigned q, uint16_t head, uint32_t bytes)
{
	assert_int_equal(head, 3);
	answered++;
	given = bytes;
}

uint32_t virtio_chain_put(const struct virtio_chain *c, const void *buf, uint32_t bytes)
{
	return bytes;
}

bool virtio_queue_rearm(struct virtio_queue *q)
{
	return false;
}

void virtio_port_again(unsigned event)
{
	again++;
}

static int setup(void **state)
{
	has_source = true;
	seeds = lines = again = answered = 0;
	return 0;
}

/* RFC 8439, 2.3.2. */
static void test_a_block_is_what_the_rfc_says(void **state)
{
	static const uint32_t wanted[CHACHA_BLOCK] = {
		0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
		0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
		0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2,
	};
	static const uint32_t counter[4] = { 1, 0x09000000, 0x4a000000, 0 };
	uint32_t key[CHACHA_KEY], out[CHACHA_BLOCK];

	for (unsigned i = 0; i < sizeof(key); i++)
		((uint8_t *)key)[i] = (uint8_t)i;
	chacha_block(key, counter, out);
	assert_memory_equal(out, wanted, sizeof(wanted));
}

static void test_nothing_comes_twice(void **state)
{
	uint8_t buf[8][96] = { { 0 } };

	random_start();
	for (unsigned i = 0; i < 8; i++)
		random_fill(buf[i], sizeof(buf[i]) - 1);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(buf[i][95], 0);
		for (unsigned j = 0; j < 8 * 96 / 16; j++)
			assert_true(&buf[i][0] == &buf[0][0] + j * 16 ||
				    memcmp(buf[i], &buf[0][0] + j * 16, 16) != 0);
	}
	assert_int_equal(lines, 0);
}

static void test_the_cpu_is_asked_again_after_a_while(void **state)
{
	static uint8_t buf[65536];
	unsigned first;

	random_start();
	first = seeds;
	random_fill(buf, sizeof(buf));
	assert_int_equal(seeds, first);
	random_fill(buf, 1);
	assert_int_equal(seeds, 2 * first);
}

static void test_a_cpu_without_a_source_is_named_and_stirring_counts(void **state)
{
	uint8_t a[32], b[32];

	has_source = false;
	random_start();
	assert_int_equal(lines, 1);
	random_stir();
	random_fill(a, sizeof(a));
	random_stir();
	random_fill(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void test_a_greedy_guest_is_served_a_few_pieces_a_turn(void **state)
{
	struct kept_device kept = { .status = VIRTIO_STATUS_DRIVER_OK };
	struct virtio_device v = { .kept = &kept };

	asked = 1ull << 40;
	assert_true(vrng_init(&v));
	v.model->kick(&v, 0);
	assert_int_equal(given, VRNG_BYTES);
	assert_in_range(answered, 1, 8);
	assert_int_equal(again, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_block_is_what_the_rfc_says, setup),
		cmocka_unit_test_setup(test_nothing_comes_twice, setup),
		cmocka_unit_test_setup(test_the_cpu_is_asked_again_after_a_while, setup),
		cmocka_unit_test_setup(test_a_cpu_without_a_source_is_named_and_stirring_counts,
				       setup),
		cmocka_unit_test_setup(test_a_greedy_guest_is_served_a_few_pieces_a_turn, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
