/*
 * Copies into a guest's memory that cross pages: images, and the zeroes of a start.
 */
// sources: vmm/guestmem.c tests/unit/fake_guest.c
#include "vmm/guestmem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "mm/hvmap.h"
#include "tests/unit/fake_guest.h"

#define KIB 0x400ul

static uint8_t image[8 * MIB_2];

static int setup(void **state)
{
	fake_reset();
	fake_windows = 0;
	for (size_t n = 0; n < sizeof(image); n++)
		image[n] = (uint8_t)(n * 31 + (n >> 8) + 1);
	return 0;
}

static struct extent piece(uint64_t at, uint64_t base)
{
	return (struct extent){ gpa(at), hpa(base), 2 * MIB_2, EXTENT_RAM, 0 };
}

/* RAM of three pieces: the second lies before the first, the third is not aligned to 2 MiB. */
static void split(void)
{
	uint64_t base = fake_domain.extent[0].hpa.v;

	fake_domain.extent[0] = piece(0, base + 3 * MIB_2);
	fake_domain.extent[1] = piece(2 * MIB_2, base);
	fake_domain.extent[2] = piece(4 * MIB_2, base + 5 * MIB_2 + PAGE_SIZE);
	fake_domain.extents = 3;
}

static void an_image_goes_in_whole_and_nothing_beside_it(void **state)
{
	uint64_t at = MIB_2 - 5 * KIB + 3;
	size_t bytes = 2 * MIB_2 + 9 * KIB;

	memset(fake_ram, 0x5a, FAKE_RAM);
	assert_true(guest_write(&fake_domain, gpa(at), image, bytes));
	assert_memory_equal(fake_ram + at, image, bytes);
	assert_int_equal(fake_ram[at - 1], 0x5a);
	assert_int_equal(fake_ram[at + bytes], 0x5a);
	assert_int_equal(fake_windows, 2);
	assert_false(fake_window_open);
}

static void zeroes_go_up_to_their_last_byte(void **state)
{
	memset(fake_ram, 0x5a, FAKE_RAM);
	assert_true(guest_zero(&fake_domain, gpa(PAGE_SIZE - 1), 3 * MIB_2));
	assert_int_equal(fake_ram[PAGE_SIZE - 2], 0x5a);
	assert_int_equal(fake_ram[PAGE_SIZE - 1 + 3 * MIB_2], 0x5a);
	memset(image, 0, sizeof(image));
	assert_memory_equal(fake_ram + PAGE_SIZE - 1, image, 3 * MIB_2);
	assert_int_equal(fake_windows, 2);
	assert_false(fake_window_open);
}

static void a_window_shows_no_memory_but_the_domains(void **state)
{
	split();
	assert_true(guest_write(&fake_domain, gpa(PAGE_SIZE), image, 6 * MIB_2 - PAGE_SIZE));
	assert_memory_equal(fake_ram + 3 * MIB_2 + PAGE_SIZE, image, 2 * MIB_2 - PAGE_SIZE);
	assert_memory_equal(fake_ram, image + 2 * MIB_2 - PAGE_SIZE, 2 * MIB_2);
	assert_memory_equal(fake_ram + 5 * MIB_2 + PAGE_SIZE, image + 4 * MIB_2 - PAGE_SIZE,
			    2 * MIB_2);
	assert_int_equal(fake_ram[5 * MIB_2], 0);
	assert_int_equal(fake_ram[7 * MIB_2 + PAGE_SIZE], 0);
	/* One of the first piece, whose first page was left out, two of the second, and of the
	   third the one between its edges. */
	assert_int_equal(fake_windows, 4);
}

static void what_does_not_fit_is_not_begun(void **state)
{
	split();
	assert_false(guest_write(&fake_domain, gpa(2 * MIB_2), image, 4 * MIB_2 + 1));
	assert_false(guest_zero(&fake_domain, gpa(0), 6 * MIB_2 + 1));
	assert_false(guest_zero(&fake_domain, gpa(6 * MIB_2), PAGE_SIZE));
	assert_int_equal(fake_ram[0], 0);
	assert_int_equal(fake_windows, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_image_goes_in_whole_and_nothing_beside_it, setup),
		cmocka_unit_test_setup(zeroes_go_up_to_their_last_byte, setup),
		cmocka_unit_test_setup(a_window_shows_no_memory_but_the_domains, setup),
		cmocka_unit_test_setup(what_does_not_fit_is_not_begun, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
