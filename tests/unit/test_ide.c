// sources: guests/service/drivers/ide_prd.c guests/service/drivers/ide_ata.c guests/service/disk.c
// sources: lib/string.c
/* IDE: region descriptors against the memory that they must describe, what a disk says of itself,
   and the commands that follow from that. No address here is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/service/drivers/ide_ata.h"
#include "guests/service/drivers/ide_prd.h"
#include "guests/service/drivers/ide_regs.h"

#define LIMIT (1u << 20)
#define LAST  IDE_PRD_LAST

static struct ide_prd table[IDE_PRD_ENTRIES];
static struct window_part parts[600];
static struct disk_request request;
static uint16_t words[IDE_IDENTIFY_WORDS];
static struct ide_disk disk;
static struct ide_command command;

static void memory(unsigned i, uint64_t at, uint32_t bytes)
{
	parts[i] = (struct window_part){ (uint8_t *)(uintptr_t)at, bytes };
	request.part = parts;
	request.parts = i + 1;
	request.bytes = i ? request.bytes + bytes : bytes;
	request.at = 0;
}

static void is_region(unsigned i, uint32_t address, uint32_t bytes)
{
	assert_int_equal(table[i].address, address);
	assert_int_equal(table[i].bytes, bytes);
}

static void one_piece_is_one_region(void **state)
{
	memory(0, 0x10200, 4096);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 4096);
	ide_prd_fill(&request, 4096, table);
	is_region(0, 0x10200, LAST | 4096);
}

static void a_region_ends_at_64_kib(void **state)
{
	memory(0, 0x2fe00, 0x20400);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0x20400);
	ide_prd_fill(&request, 0x20400, table);
	is_region(0, 0x2fe00, 0x200);
	is_region(1, 0x30000, 0);
	is_region(2, 0x40000, 0);
	is_region(3, 0x50000, LAST | 0x200);
}

static void a_whole_region_at_the_end_is_marked(void **state)
{
	memory(0, 0x30000, 0x10000);
	ide_prd_fill(&request, ide_prd_bytes(&request, LIMIT), table);
	is_region(0, 0x30000, LAST);
}

static void sectors_may_be_in_pieces_of_even_bytes(void **state)
{
	memory(0, 0x1000, 0x102);
	memory(1, 0x5002, 0xfe);
	memory(2, 0x7000, 0x200);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0x400);
	ide_prd_fill(&request, 0x400, table);
	is_region(0, 0x1000, 0x102);
	is_region(1, 0x5002, 0xfe);
	is_region(2, 0x7000, LAST | 0x200);
}

static void whole_sectors_before_an_odd_piece_go_first(void **state)
{
	memory(0, 0x1000, 0x300);
	memory(1, 0x5001, 0x500);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0x200);
	ide_prd_fill(&request, 0x200, table);
	is_region(0, 0x1000, LAST | 0x200);
	request.at = 0x200;
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0);
}

static void memory_from_4_gib_on_is_out_of_reach(void **state)
{
	memory(0, 0xfffff000, 0x1000);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0x1000);
	memory(0, 0x100000000ull, 0x1000);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0);
	memory(0, 0xfffff000, 0x2000);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0x1000);
}

static void limit_and_table_end_a_command(void **state)
{
	memory(0, 0x100000, 0x8000);
	assert_int_equal(ide_prd_bytes(&request, 0x4000), 0x4000);
	for (unsigned i = 0; i < 600; i++)
		memory(i, 0x100000 + 0x1000 * i, 0x200);
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 512 * 0x200);
	ide_prd_fill(&request, 512 * 0x200, table);
	is_region(511, 0x100000 + 0x1000 * 511, LAST | 0x200);
}

static void a_command_goes_on_where_the_last_one_stopped(void **state)
{
	memory(0, 0x30000, 0x1000);
	memory(1, 0x50000, 0x1000);
	request.at = 0xe00;
	assert_int_equal(ide_prd_bytes(&request, LIMIT), 0x1200);
	ide_prd_fill(&request, 0x1200, table);
	is_region(0, 0x30e00, 0x200);
	is_region(1, 0x50000, LAST | 0x1000);
}

/* A disk of 2^28 + 5 sectors that can do everything. */
static int large_disk(void **state)
{
	memset(words, 0, sizeof(words));
	words[49] = 0x300;
	words[60] = 0xffff;
	words[61] = 0xfff;
	words[83] = 0x7400;
	words[100] = 5;
	words[101] = 0x1000;
	return 0;
}

static void a_large_disk_has_wide_addresses(void **state)
{
	assert_null(ide_identify(words, &disk));
	assert_int_equal(disk.sectors, (1ull << 28) + 5);
	assert_true(disk.wide);
	assert_int_equal(disk.flush, IDE_CMD_FLUSH_EXT);
	assert_int_equal(disk.transfer_max, LIMIT);
}

static void an_old_disk_has_short_ones(void **state)
{
	words[83] = 0x3400; /* not marked as valid */
	assert_null(ide_identify(words, &disk));
	assert_int_equal(disk.sectors, (1ull << 28) - 1);
	assert_false(disk.wide);
	assert_int_equal(disk.flush, 0);
	assert_int_equal(disk.transfer_max, 128 << 10);
	words[83] = 0x5000;
	assert_null(ide_identify(words, &disk));
	assert_int_equal(disk.flush, IDE_CMD_FLUSH);
}

static void a_disk_that_cannot_be_driven_says_why(void **state)
{
	words[49] = 0x100;
	assert_non_null(ide_identify(words, &disk));
	words[49] = 0x200;
	assert_non_null(ide_identify(words, &disk));
	words[49] = 0x300;
	words[106] = 0x5000;
	assert_non_null(ide_identify(words, &disk));
	words[106] = 0x9000; /* not valid */
	assert_null(ide_identify(words, &disk));
	words[100] = words[101] = 0;
	assert_non_null(ide_identify(words, &disk));
}

static void is_command(enum disk_op op, uint64_t lba, uint32_t sectors, unsigned opcode,
		       unsigned count)
{
	ide_command_make(&disk, op, lba, sectors * DISK_SECTOR, &command);
	assert_int_equal(command.opcode, opcode);
	assert_int_equal(command.count, count);
	assert_int_equal(command.lba, lba);
	assert_int_equal(command.wide, opcode == IDE_CMD_READ_EXT || opcode == IDE_CMD_WRITE_EXT);
}

static void commands_are_as_short_as_can_be(void **state)
{
	assert_null(ide_identify(words, &disk));
	is_command(DISK_READ, 7, 1, IDE_CMD_READ, 1);
	is_command(DISK_WRITE, 7, 256, IDE_CMD_WRITE, 0);
	is_command(DISK_WRITE, 7, 257, IDE_CMD_WRITE_EXT, 257);
	is_command(DISK_READ, (1 << 28) - 8, 8, IDE_CMD_READ, 8);
	is_command(DISK_READ, (1 << 28) - 8, 9, IDE_CMD_READ_EXT, 9);
	is_command(DISK_WRITE, 1 << 28, 1, IDE_CMD_WRITE_EXT, 1);
	is_command(DISK_FLUSH, 0, 0, IDE_CMD_FLUSH_EXT, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_piece_is_one_region),
		cmocka_unit_test(a_region_ends_at_64_kib),
		cmocka_unit_test(a_whole_region_at_the_end_is_marked),
		cmocka_unit_test(sectors_may_be_in_pieces_of_even_bytes),
		cmocka_unit_test(whole_sectors_before_an_odd_piece_go_first),
		cmocka_unit_test(memory_from_4_gib_on_is_out_of_reach),
		cmocka_unit_test(limit_and_table_end_a_command),
		cmocka_unit_test(a_command_goes_on_where_the_last_one_stopped),
		cmocka_unit_test_setup(a_large_disk_has_wide_addresses, large_disk),
		cmocka_unit_test_setup(an_old_disk_has_short_ones, large_disk),
		cmocka_unit_test_setup(a_disk_that_cannot_be_driven_says_why, large_disk),
		cmocka_unit_test_setup(commands_are_as_short_as_can_be, large_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
