// sources: guests/service/kept.c guests/service/inflight.c guests/service/kept_store.c lib/string.c
/* Kept pages: what a new instance believes of what it finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/kept.h"
#include "lib/bits.h"
#include "lib/string.h"

static uint8_t region[3 * KEPT_PAGE] ALIGNED(4096);
static unsigned lines;
static const struct hv_served disk = { .guest = 2, .kind = HV_SERVED_BLOCK, .function = 8 };
static const struct hv_served console = { .guest = 3, .kind = HV_SERVED_CONSOLE, .function = 16 };

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
	lines++;
}

static int setup(void **state)
{
	memset(region, 0, sizeof(region));
	lines = 0;
	return 0;
}

/* What an instance does at its start; true if both devices were found. */
static bool open_both(const struct hv_served *first)
{
	bool a, b;

	assert_true(kept_open(region, sizeof(region), 2));
	kept_device(0, first, 1, &a);
	kept_device(1, &console, 2, &b);
	return a && b;
}

static struct kept_device *device(unsigned i)
{
	bool found;

	return kept_device(i, i ? &console : &disk, i ? 2 : 1, &found);
}

static void the_first_start_finds_nothing_and_complains_of_nothing(void **state)
{
	assert_false(open_both(&disk));
	assert_int_equal(lines, 0);
	assert_true(open_both(&disk));
}

static void state_is_found_again(void **state)
{
	open_both(&disk);
	device(1)->status = 15;
	assert_true(open_both(&disk));
	assert_int_equal(device(1)->status, 15);
	assert_int_equal(lines, 0);
}

static void a_damaged_identity_starts_that_device_anew(void **state)
{
	open_both(&disk);
	device(0)->status = device(1)->status = 15;
	device(0)->guest ^= 1;
	assert_false(open_both(&disk));
	assert_int_equal(lines, 1);
	assert_int_equal(device(0)->status, 0);
	assert_int_equal(device(1)->status, 15);
}

static void another_config_starts_its_device_anew(void **state)
{
	struct hv_served other = disk;

	open_both(&disk);
	other.function = 24;
	assert_false(open_both(&other));
	assert_int_equal(lines, 1);
}

static void another_version_starts_everything_anew(void **state)
{
	open_both(&disk);
	device(1)->status = 15;
	((struct kept_header *)region)->version++;
	assert_false(open_both(&disk));
	assert_int_equal(lines, 1);
	assert_int_equal(device(1)->status, 0);
}

static void a_region_that_is_too_small_is_refused(void **state)
{
	assert_false(kept_open(region, sizeof(region), 3));
	assert_int_equal(lines, 1);
}

static void the_head_at_work_gets_its_death_counted_once(void **state)
{
	struct inflight *r;

	open_both(&disk);
	r = &device(1)->queue[1].inflight;
	inflight_take(r, 7, 1);
	inflight_take(r, 8, 2);
	kept_process(1, 1, 7);
	open_both(&disk);
	kept_count_death();
	kept_count_death();
	assert_int_equal(inflight_deaths(r, 7), 1);
	assert_int_equal(inflight_deaths(r, 8), 0);
	kept_process(1, 1, 7);
	kept_process_end();
	kept_count_death();
	assert_int_equal(inflight_deaths(r, 7), 1);
}

static void a_wild_mark_counts_nothing(void **state)
{
	open_both(&disk);
	((struct kept_header *)region)->in_process = ~0ull;
	kept_count_death();
	assert_int_equal(((struct kept_header *)region)->in_process, 0);
}

static void what_was_decided_once_stays(void **state)
{
	uint64_t entries = 7;

	open_both(&disk);
	assert_false(kept_fallbacks(&entries));
	assert_int_equal(entries, 0);
	((struct kept_header *)region)->fallbacks = 4; /* killed before it was final */
	open_both(&disk);
	assert_false(kept_fallbacks(&entries));
	assert_int_equal(entries, 0);
	kept_decide_fallbacks(2);
	open_both(&disk);
	assert_true(kept_fallbacks(&entries));
	assert_int_equal(entries, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_start_finds_nothing_and_complains_of_nothing,
				       setup),
		cmocka_unit_test_setup(state_is_found_again, setup),
		cmocka_unit_test_setup(a_damaged_identity_starts_that_device_anew, setup),
		cmocka_unit_test_setup(another_config_starts_its_device_anew, setup),
		cmocka_unit_test_setup(another_version_starts_everything_anew, setup),
		cmocka_unit_test_setup(a_region_that_is_too_small_is_refused, setup),
		cmocka_unit_test_setup(the_head_at_work_gets_its_death_counted_once, setup),
		cmocka_unit_test_setup(a_wild_mark_counts_nothing, setup),
		cmocka_unit_test_setup(what_was_decided_once_stays, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
