// sources: boot/multiboot2.c lib/string.c
/* Multiboot2's tags: what is read, and that no broken list is read past its end. Each list lies at
   the end of its own heap block, so that ASan sees one byte too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "boot/multiboot2.h"
#include "lib/string.h"

static struct boot_info info;
static uint8_t list[2048];
static size_t used;

static void put(const void *data, size_t bytes)
{
	memcpy(list + used, data, bytes);
	used += bytes;
}

static void put32(uint32_t v)
{
	put(&v, 4);
}

static void put64(uint64_t v)
{
	put(&v, 8);
}

/* A tag of a type with `size` bytes in all; the caller puts the body. */
static void tag(uint32_t type, uint32_t size)
{
	used = (used + 7) & ~7ul;
	put32(type);
	put32(size);
}

static int begin(void **state)
{
	memset(list, 0, sizeof(list));
	memset(&info, 0, sizeof(info));
	used = 8;
	return 0;
}

static enum err parse(size_t total)
{
	uint8_t *copy = malloc(total ? total : 1);
	uint32_t size = (uint32_t)total;
	enum err e;

	memcpy(list, &size, 4);
	memcpy(copy, list, total);
	e = multiboot2_parse(&info, copy, total);
	free(copy);
	return e;
}

static void put_module(uint32_t start, uint32_t end, const char *text)
{
	tag(3, (uint32_t)(17 + strlen(text)));
	put32(start);
	put32(end);
	put(text, strlen(text) + 1);
}

static void put_everything(void)
{
	tag(1, 8 + 10);
	put("log=debug", 10);
	put_module(0x200000, 0x201234, "bulkhead.config more words");
	put_module(0x300000, 0x300010, "disk");
	tag(6, 16 + 2 * 24);
	put32(24);
	put32(0);
	put64(0x100000);
	put64(0x3ff00000);
	put64(1);
	put64(0xfd000000);
	put64(0x1000);
	put64(2);
	tag(8, 8 + 24);
	put64(0xfd000000);
	put32(4096);
	put32(1024);
	put32(768);
	put("\x20\x01\0\0", 4);
	tag(14, 8 + 20);
	put("RSD PTR 0123456789ab", 20);
	tag(15, 8 + 36);
	put("RSD PTR ABCDEFGHIJKLMNOPQRSTUVWXYZab", 36);
	tag(14, 8 + 20);
	put("RSD PTR 0123456789ab", 20);
	tag(0, 8);
}

static void reads_every_tag(void **state)
{
	put_everything();
	assert_int_equal(parse(used), OK);
	assert_string_equal(info.cmdline, "log=debug");
	assert_int_equal(info.modules, 2);
	assert_string_equal(info.module[0].name, "bulkhead.config");
	assert_int_equal(info.module[0].base.v, 0x200000);
	assert_int_equal(info.module[0].bytes, 0x1234);
	assert_string_equal(info.module[1].name, "disk");
	assert_int_equal(info.ranges, 2);
	assert_true(info.range[0].usable);
	assert_false(info.range[1].usable);
	assert_int_equal(info.range[1].bytes, 0x1000);
	assert_true(info.has_screen);
	assert_int_equal(info.screen.pitch, 4096);
	assert_int_equal(info.screen.height, 768);
	assert_int_equal(info.screen.bits, 32);
	assert_int_equal(info.rsdp_bytes, 36);
	assert_memory_equal(info.rsdp, "RSD PTR ABCDE", 13);
	assert_int_equal(info.dropped, 0);
}

static void every_cut_of_a_list_is_refused(void **state)
{
	size_t all;

	put_everything();
	all = used;
	for (size_t n = 0; n < all; n++) {
		memset(&info, 0, sizeof(info));
		assert_int_equal(parse(n), ERR_FORMAT);
	}
}

static void a_size_below_the_header_is_refused(void **state)
{
	tag(1, 7);
	tag(0, 8);
	assert_int_equal(parse(used), ERR_FORMAT);
}

static void a_total_beyond_the_mapping_is_refused(void **state)
{
	uint32_t huge[2] = { 0x10000, 0 };

	assert_int_equal(multiboot2_parse(&info, huge, sizeof(huge)), ERR_FORMAT);
}

static void texts_need_no_zero(void **state)
{
	tag(1, 8 + 4);
	put("abcd", 4);
	tag(3, 8 + 8 + 3);
	put32(0x1000);
	put32(0x2000);
	put("mod", 3);
	tag(0, 8);
	assert_int_equal(parse(used), OK);
	assert_string_equal(info.cmdline, "abcd");
	assert_string_equal(info.module[0].name, "mod");
}

static void nonsense_is_left_out(void **state)
{
	put_module(0x2000, 0x1000, "backwards");
	tag(6, 16 + 24);
	put32(24);
	put32(0);
	put64(~0ull - 10);
	put64(100);
	put64(1);
	tag(6, 16 + 24);
	put32(0);
	put32(0);
	put64(1);
	put64(1);
	put64(1);
	tag(0, 8);
	assert_int_equal(parse(used), OK);
	assert_int_equal(info.modules, 0);
	assert_int_equal(info.ranges, 0);
	assert_int_equal(info.dropped, 1);
}

static void random_bytes_do_no_harm(void **state)
{
	size_t all;
	uint8_t saved[sizeof(list)];

	put_everything();
	all = used;
	memcpy(saved, list, sizeof(list));
	srandom(7);
	for (int i = 0; i < 20000; i++) {
		memcpy(list, saved, sizeof(list));
		memset(&info, 0, sizeof(info));
		for (int k = random() % 8; k >= 0; k--)
			list[8 + (size_t)random() % (all - 8)] = (uint8_t)random();
		(void)!parse(all);
		assert_true(info.modules <= BOOT_MODULES && info.ranges <= BOOT_RANGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_every_tag, begin),
		cmocka_unit_test_setup(every_cut_of_a_list_is_refused, begin),
		cmocka_unit_test_setup(a_size_below_the_header_is_refused, begin),
		cmocka_unit_test_setup(a_total_beyond_the_mapping_is_refused, begin),
		cmocka_unit_test_setup(texts_need_no_zero, begin),
		cmocka_unit_test_setup(nonsense_is_left_out, begin),
		cmocka_unit_test_setup(random_bytes_do_no_harm, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
