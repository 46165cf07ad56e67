// sources: guests/disktest/pattern.c
/* The blocks that disktest writes: whole ones, broken writes, and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/disktest/pattern.h"

#define BLOCK 49
#define OLD   0x100000032ull
#define NEW   0x300000101ull

static uint64_t older[PATTERN_WORDS], newer[PATTERN_WORDS], buf[PATTERN_WORDS];

static int make(void **state)
{
	pattern_write(older, BLOCK, OLD);
	pattern_write(newer, BLOCK, NEW);
	return 0;
}

/* What is there when the newer one was broken off after so many bytes. */
static void break_off(size_t bytes, const uint64_t *under)
{
	memcpy(buf, under, sizeof(buf));
	memcpy(buf, newer, bytes);
}

static void whole_blocks_say_their_generation(void **state)
{
	assert_int_equal(pattern_read(older, BLOCK), OLD);
	assert_int_equal(pattern_read(newer, BLOCK), NEW);
	assert_int_equal(pattern_read(older, BLOCK + 1), PATTERN_TORN);
	older[511] ^= 1;
	assert_int_equal(pattern_read(older, BLOCK), PATTERN_TORN);
	assert_int_equal(pattern_read(buf, BLOCK), 0);
	pattern_poison(buf);
	assert_int_equal(pattern_read(buf, BLOCK), PATTERN_POISON);
}

static void a_write_may_break_off_at_any_byte(void **state)
{
	static const uint64_t nothing[PATTERN_WORDS];

	for (size_t bytes = 0; bytes <= PATTERN_BYTES; bytes++) {
		break_off(bytes, older);
		assert_true(pattern_is_half(buf, BLOCK, OLD));
		break_off(bytes, nothing);
		assert_true(pattern_is_half(buf, BLOCK, 0));
	}
}

static void what_is_under_it_is_told_apart(void **state)
{
	for (size_t bytes = 24; bytes < PATTERN_BYTES - 16; bytes++) {
		break_off(bytes, older);
		assert_false(pattern_is_half(buf, BLOCK, OLD + 1));
		assert_false(pattern_is_half(buf, BLOCK, 0));
	}
}

static void foreign_bytes_are_found(void **state)
{
	for (size_t word = 0; word < PATTERN_WORDS; word++) {
		if (word == 2)
			continue; /* says which one it would have been */
		break_off(2000, older);
		buf[word] ^= 1ull << 63 | 1;
		assert_false(pattern_is_half(buf, BLOCK, OLD));
	}
	break_off(2000, older);
	memcpy(buf + 400, newer + 400, 80); /* a second piece of the newer one */
	assert_false(pattern_is_half(buf, BLOCK, OLD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whole_blocks_say_their_generation, make),
		cmocka_unit_test_setup(a_write_may_break_off_at_any_byte, make),
		cmocka_unit_test_setup(what_is_under_it_is_told_apart, make),
		cmocka_unit_test_setup(foreign_bytes_are_found, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
