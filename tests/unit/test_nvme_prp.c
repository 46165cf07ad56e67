// sources: guests/service/drivers/nvme_prp.c guests/service/disk.c lib/string.c
/* PRP entries against the memory that they must describe. No address here is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/drivers/nvme_prp.h"

#define PAGE ((uint64_t)NVME_PAGE)
#define MAX  (512 * PAGE)

static uint64_t list[512];
static uint64_t prp[2];
static struct window_part parts[8];
static struct disk_request request;

static void memory(unsigned i, uint64_t at, uint32_t bytes)
{
	parts[i] = (struct window_part){ (uint8_t *)(uintptr_t)at, bytes };
	request.part = parts;
	request.parts = i + 1;
	request.bytes = i ? request.bytes + bytes : bytes;
	request.at = 0;
}

static void one_page_is_one_entry(void **state)
{
	memory(0, 0x10000, 4096);
	assert_int_equal(nvme_prp_bytes(&request, MAX, 512), 4096);
	nvme_prp_fill(&request, 4096, list, prp);
	assert_int_equal(prp[0], 0x10000);
	assert_int_equal(prp[1], 0);
}

static void a_start_within_a_page_takes_the_rest_of_it(void **state)
{
	memory(0, 0x10200, 4096);
	assert_int_equal(nvme_prp_bytes(&request, MAX, 512), 4096);
	nvme_prp_fill(&request, 4096, list, prp);
	assert_int_equal(prp[0], 0x10200);
	assert_int_equal(prp[1], 0x11000);
}

static void many_pages_go_through_the_list(void **state)
{
	memory(0, 0x10800, 0x800);
	memory(1, 0x40000, 0x3000);
	memory(2, 0x90000, 0x200);
	assert_int_equal(nvme_prp_bytes(&request, MAX, 512), 0x3a00);
	nvme_prp_fill(&request, 0x3a00, list, prp);
	assert_int_equal(prp[0], 0x10800);
	assert_int_equal(prp[1], (uint64_t)(uintptr_t)list);
	assert_int_equal(list[0], 0x40000);
	assert_int_equal(list[2], 0x42000);
	assert_int_equal(list[3], 0x90000);
}

static void a_hole_within_a_page_ends_the_command(void **state)
{
	memory(0, 0x10000, 0x1000);
	memory(1, 0x20000, 0x600);
	memory(2, 0x30000, 0x1000);
	assert_int_equal(nvme_prp_bytes(&request, MAX, 512), 0x1600);
	request.at = 0x1600;
	assert_int_equal(nvme_prp_bytes(&request, MAX, 512), 0x1000);
	nvme_prp_fill(&request, 0x1000, list, prp);
	assert_int_equal(prp[0], 0x30000);
}

static void what_entries_cannot_describe_is_left_to_the_bounce_page(void **state)
{
	memory(0, 0x10001, 512);
	assert_int_equal(nvme_prp_bytes(&request, MAX, 512), 0);
	memory(0, 0x10000, 100);
	memory(1, 0x20000, 412);
	assert_int_equal(nvme_prp_bytes(&request, MAX, 512), 0);
	memory(0, 0x10000, 2048);
	memory(1, 0x20000, 2048);
	assert_int_equal(nvme_prp_bytes(&request, MAX, 4096), 0);
}

static void the_controllers_limit_holds(void **state)
{
	memory(0, 0x10000, 0x10000);
	assert_int_equal(nvme_prp_bytes(&request, 0x4000, 512), 0x4000);
	request.at = 0xe000;
	assert_int_equal(nvme_prp_bytes(&request, 0x4000, 512), 0x2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_page_is_one_entry),
		cmocka_unit_test(a_start_within_a_page_takes_the_rest_of_it),
		cmocka_unit_test(many_pages_go_through_the_list),
		cmocka_unit_test(a_hole_within_a_page_ends_the_command),
		cmocka_unit_test(what_entries_cannot_describe_is_left_to_the_bounce_page),
		cmocka_unit_test(the_controllers_limit_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
