/*
 * The pure parts of bh: words of configuration files and signatures of images.
 */
// sources: tools/bh/values.c tools/bh/magic.c
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tools/bh/magic.h"
#include "tools/bh/values.h"

static void sizes_have_suffixes(void **state)
{
	uint64_t v = 7;

	assert_true(value_size("4096", &v) && v == 4096);
	assert_true(value_size("0", &v) && v == 0);
	assert_true(value_size("256K", &v) && v == 256 << 10);
	assert_true(value_size("16M", &v) && v == 16 << 20);
	assert_true(value_size("4G", &v) && v == 4ull << 30);
}

static void what_is_no_size_is_refused_and_changes_nothing(void **state)
{
	static const char *const wrong[] = { "",
					     "M",
					     "-1",
					     "+1",
					     "1 M",
					     "1m",
					     "1MB",
					     "0x10",
					     "1.5G",
					     "99999999999G",
					     "1234567890123456789" };
	uint64_t v = 7;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (value_size(wrong[i], &v))
			fail_msg("\"%s\" was taken for a size", wrong[i]);
	assert_int_equal(v, 7);
}

static void times_have_units(void **state)
{
	uint64_t us = 7;

	assert_true(value_time("500us", &us) && us == 500);
	assert_true(value_time("10ms", &us) && us == 10000);
	assert_true(value_time("2s", &us) && us == 2000000);
	assert_false(value_time("10", &us));
	assert_false(value_time("ms", &us));
}

static void numbers_have_a_limit(void **state)
{
	uint64_t v = 7;

	assert_true(value_number("12", 12, &v) && v == 12);
	assert_false(value_number("13", 12, &v));
	assert_false(value_number("1x", 12, &v));
	assert_false(value_number("", 12, &v));
}

static void devices_are_named_in_three_ways(void **state)
{
	uint16_t vendor, device, slot;
	uint32_t class_code;

	assert_true(value_pci_id("1af4:1042", &vendor, &device));
	assert_int_equal(vendor, 0x1af4);
	assert_int_equal(device, 0x1042);
	assert_false(value_pci_id("1af4", &vendor, &device));
	assert_false(value_pci_id("1af4:10421", &vendor, &device));
	assert_true(value_pci_slot("00:1f.2", &slot));
	assert_int_equal(slot, 0x1f << 3 | 2);
	assert_true(value_pci_slot("03:00.0", &slot) && slot == 0x300);
	assert_false(value_pci_slot("00:20.0", &slot));
	assert_false(value_pci_slot("00:1f.8", &slot));
	assert_true(value_pci_class("nvme", &class_code) && class_code == 0x010802);
	assert_true(value_pci_class("0c0330", &class_code) && class_code == 0x0c0330);
	assert_false(value_pci_class("disk", &class_code));
	assert_false(value_pci_class("0c03", &class_code));
}

static void lists_read_as_a_sentence(void **state)
{
	static const struct value_word words[] = {
		{ "a", 1 }, { "b", 2 }, { "c", 3 }, { NULL, 0 }
	};
	char text[32];

	value_words(words, text, sizeof(text));
	assert_string_equal(text, "a, b or c");
	value_words(words, text, 5);
	assert_string_equal(text, "a, b");
}

static void images_are_told_by_their_signatures(void **state)
{
	static uint8_t elf[64] = "\177ELF\2", bz[0x1000], multiboot[64];
	const uint32_t header[] = { 0x1badb002, 3, -(0x1badb002u + 3) };

	elf[18] = 62;
	assert_null(magic_elf64(elf, sizeof(elf)));
	elf[4] = 1;
	assert_non_null(strstr(magic_elf64(elf, sizeof(elf)), "not for x86-64"));
	assert_non_null(magic_elf64(elf, 10));

	memcpy(bz + 0x202, "HdrS\x0f\x02", 6);
	assert_non_null(strstr(magic_bzimage(bz, sizeof(bz), true), "without the 64-bit entry"));
	bz[0x236] = 1;
	assert_null(magic_bzimage(bz, sizeof(bz), true));
	assert_non_null(magic_bzimage(bz, 100, false));

	assert_null(magic_bzimage(bz, sizeof(bz), false));
	bz[0x236] = 0;
	assert_null(magic_bzimage(bz, sizeof(bz), false));

	assert_non_null(magic_multiboot(multiboot, sizeof(multiboot)));
	memcpy(multiboot + 52, header, sizeof(header));
	assert_null(magic_multiboot(multiboot, sizeof(multiboot)));
	assert_non_null(magic_multiboot(multiboot, 63));
	multiboot[60]++;
	assert_non_null(magic_multiboot(multiboot, sizeof(multiboot)));
}

static void other_protocols_are_told_by_their_signatures(void **state)
{
	static uint8_t image[64], vmlinux[128] = "\177ELF\2", rom[8192];
	const uint32_t header[] = { 0xe85250d6, 0, 24, -(0xe85250d6u + 24) };
	const uint32_t note[] = { 4, 4, 18, 0x6e6558, 0x1000000 };

	memcpy(image + 44, header, sizeof(header));
	assert_non_null(magic_multiboot2(image, sizeof(image)));
	memcpy(image + 40, header, sizeof(header));
	assert_null(magic_multiboot2(image, sizeof(image)));
	assert_non_null(magic_multiboot2(image, 55));
	assert_string_equal(magic_type(image, sizeof(image)), "multiboot2");

	assert_non_null(strstr(magic_pvh(vmlinux, sizeof(vmlinux)), "no PVH entry"));
	memcpy(vmlinux + 108, note, sizeof(note));
	assert_null(magic_pvh(vmlinux, sizeof(vmlinux)));
	assert_non_null(magic_pvh(vmlinux, 127));
	assert_string_equal(magic_type(vmlinux, sizeof(vmlinux)), "pvh");
	vmlinux[0] = 0;
	assert_non_null(magic_pvh(vmlinux, sizeof(vmlinux)));
	assert_null(magic_type(vmlinux, sizeof(vmlinux)));

	assert_non_null(strstr(magic_firmware(rom, sizeof(rom)), "reset vector"));
	rom[sizeof(rom) - 16] = 0xea;
	assert_null(magic_firmware(rom, sizeof(rom)));
	assert_non_null(magic_firmware(rom + 1, sizeof(rom) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(what_is_no_size_is_refused_and_changes_nothing),
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(numbers_have_a_limit),
		cmocka_unit_test(devices_are_named_in_three_ways),
		cmocka_unit_test(lists_read_as_a_sentence),
		cmocka_unit_test(images_are_told_by_their_signatures),
		cmocka_unit_test(other_protocols_are_told_by_their_signatures),
	};

	return cmocka_run_group_tests_name("bh", tests, NULL, NULL);
}
