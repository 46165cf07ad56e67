// sources: guests/lib/boot.c lib/string.c
/* The finders of guests/lib/boot.c: above all, what gpa_to_mine refuses. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/lib/boot.h"

#define WINDOW 0x40000000ul
#define SECOND 0x80000000ul

static struct hv_boot page;
struct hv_boot *boot = &page;

static int fresh(void **state)
{
	memset(&page, 0, sizeof(page));
	page.regions = 3;
	page.region[0] = (struct hv_region){ HV_REGION_KEPT, 1, 0x1000, 0x100000, 0, 3, 0 };
	page.region[1] =
		(struct hv_region){ HV_REGION_WINDOW, 1, WINDOW, 0x2000, 0, HV_WINDOW_WRITE, 0 };
	page.region[2] = (struct hv_region){ HV_REGION_WINDOW, 1, SECOND, 0x1000, 0x5000, 0, 0 };
	return 0;
}

static void an_address_is_found_in_its_window(void **state)
{
	assert_ptr_equal(gpa_to_mine(1, 0x10, 16, HV_WINDOW_WRITE), WINDOW + 0x10);
	assert_ptr_equal(gpa_to_mine(1, 0x1fff, 1, 0), WINDOW + 0x1fff);
	assert_ptr_equal(gpa_to_mine(1, 0x5000, 0x1000, 0), SECOND);
}

static void a_range_that_leaves_its_window_is_refused(void **state)
{
	assert_null(gpa_to_mine(1, 0x1fff, 2, 0));
	assert_null(gpa_to_mine(1, 0x2000, 1, 0));
	assert_null(gpa_to_mine(1, 0x4fff, 2, 0));
	assert_null(gpa_to_mine(1, 0, 0, 0));
}

static void a_range_that_wraps_is_refused(void **state)
{
	assert_null(gpa_to_mine(1, 0x10, ~0ull, 0));
	assert_null(gpa_to_mine(1, ~0ull, 1, 0));
	assert_null(gpa_to_mine(1, ~0ull, 0x20, 0));
}

static void another_domain_and_missing_rights_are_refused(void **state)
{
	assert_null(gpa_to_mine(2, 0x10, 16, 0));
	assert_null(gpa_to_mine(1, 0x5000, 16, HV_WINDOW_WRITE));
}

static void an_option_is_a_whole_word(void **state)
{
	const char *value = NULL;

	strcpy(page.cmdline, "  beatsy=9 beats=12 uart fault=msr");
	assert_int_equal(boot_number("beats", 3), 12);
	assert_int_equal(boot_number("beat", 3), 3);
	assert_int_equal(boot_number("uart", 3), 3);
	assert_true(boot_option("uart", NULL));
	assert_false(boot_option("art", NULL));
	assert_true(boot_option("fault", &value));
	assert_string_equal(value, "msr");
}

static void handles_are_found_by_type_and_object(void **state)
{
	page.caps = 2;
	page.cap[0] = (struct hv_cap){ .handle = 7, .type = HV_CAP_LOG, .object = 9 };
	page.cap[1] = (struct hv_cap){ .handle = 8, .type = HV_CAP_CONSOLE, .object = 2 };
	assert_int_equal(boot_cap(HV_CAP_CONSOLE, 2)->handle, 8);
	assert_null(boot_cap(HV_CAP_CONSOLE, 3));
	assert_int_equal(boot_cap_of(HV_CAP_LOG)->handle, 7);
	assert_null(boot_cap_of(HV_CAP_SYSTEM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_address_is_found_in_its_window, fresh),
		cmocka_unit_test_setup(a_range_that_leaves_its_window_is_refused, fresh),
		cmocka_unit_test_setup(a_range_that_wraps_is_refused, fresh),
		cmocka_unit_test_setup(another_domain_and_missing_rights_are_refused, fresh),
		cmocka_unit_test_setup(an_option_is_a_whole_word, fresh),
		cmocka_unit_test_setup(handles_are_found_by_type_and_object, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
