/*
 * Images for upgrades: pieces, their order and end, what is refused, and that the image of the next
 * start is whole whatever comes in.
 */
// sources: vmm/stage.c tests/unit/fake_domains.c mm/pool.c lib/string.c lib/format.c
// flags: -DHVMAP_DIRECT=0ul
#include "vmm/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/hypercall.h"
#include "lib/log.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "tests/unit/fake_domains.h"
#include "vmm/loader.h"

#define AREA  0x4000u
#define BYTES 9000u /* of the image that is good */

static uint64_t free_bytes;
static struct hv_note_state note;
static enum err verdict;
static char last_log[256];
static uint8_t file[AREA + 1];
static struct domain *const d = &fake_domains[OTHER], *const from = &fake_domains[SERVER];

uint64_t frames_largest(uint64_t align, uint64_t limit)
{
	return free_bytes;
}

uint64_t hvmap_chunk_limit(void)
{
	return 0;
}

void *frames_hv(size_t pages)
{
	static uint8_t areas[2 * AREA];

	assert_int_equal(pages * PAGE_SIZE, sizeof(areas));
	return memset(areas, 0, sizeof(areas));
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_log, sizeof(last_log), fmt, ap);
	va_end(ap);
}

enum err loader_check(struct domain *of, const struct span *image, struct hv_note_state *state,
		      char *why, size_t why_size)
{
	snprintf(why, why_size, "it is bad");
	*state = note;
	return of == d && image->bytes == BYTES ? verdict : ERR_FORMAT;
}

/* From whichever image, with this note. */
static void starts(uint32_t oldest, uint32_t version)
{
	stage_started(d, &(struct hv_note_state){ oldest, version });
}

static int build(void **state)
{
	fake_domains_reset();
	fake_configs[OTHER].stage = AREA;
	free_bytes = MIB_2;
	note = (struct hv_note_state){ 0 };
	verdict = OK;
	stage_build();
	/* Whatever the last test has left. */
	for (uint32_t version = 0; version < 4; version++) {
		starts(version, version);
		(void)stage_take_back(d);
	}
	starts(0, 0);
	return 0;
}

static enum err write_at(uint64_t offset, uint64_t n)
{
	return stage_write(d, offset, from, gpa((uintptr_t)file + offset), n);
}

/* A file of this content, as a whole. */
static void send(uint8_t first)
{
	for (unsigned i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(first + i * 7);
	for (unsigned at = 0; at < BYTES; at += 600)
		assert_int_equal(write_at(at, MIN(600u, BYTES - at)), OK);
}

static enum err finish(void)
{
	return stage_finish(d, BYTES, crc32c(0, file, BYTES));
}

static bool starts_from(const uint8_t *bytes)
{
	struct span image = { 0 };
	bool there = stage_hold(d, &image);
	bool same = there && image.bytes == BYTES && !memcmp(image.at, bytes, BYTES);

	stage_release(d);
	return bytes ? same : !there;
}

static void a_domain_starts_from_what_was_staged(void **state)
{
	assert_true(starts_from(NULL));
	send(1);
	assert_true(starts_from(NULL));
	assert_int_equal(finish(), OK);
	assert_true(starts_from(file));
	assert_non_null(strstr(last_log, "other: a new image of 9000 bytes"));
}

static void the_next_one_does_not_touch_it_until_it_is_whole(void **state)
{
	uint8_t first[BYTES];

	send(2);
	memcpy(first, file, BYTES);
	assert_int_equal(finish(), OK);
	send(3);
	assert_true(starts_from(first));
	assert_int_equal(stage_finish(d, BYTES, 0), ERR_CHECKSUM);
	assert_true(starts_from(first));
	assert_int_equal(finish(), ERR_STATE);
	send(3);
	assert_int_equal(finish(), OK);
	assert_true(starts_from(file));
}

static void pieces_come_in_order_and_fit(void **state)
{
	assert_int_equal(write_at(0, HV_STAGE_BYTES + 1), ERR_INVAL);
	assert_int_equal(write_at(0, 100), OK);
	assert_int_equal(write_at(200, 100), ERR_STATE);
	assert_int_equal(write_at(100, 100), OK);
	assert_int_equal(write_at(100, 100), ERR_STATE);
	assert_int_equal(stage_finish(d, 100, 0), ERR_STATE);
	assert_int_equal(write_at(0, HV_STAGE_BYTES), OK);
	for (uint64_t at = HV_STAGE_BYTES; at < AREA; at += HV_STAGE_BYTES)
		assert_int_equal(write_at(at, HV_STAGE_BYTES), OK);
	assert_int_equal(write_at(AREA, 1), ERR_RANGE);
	assert_int_equal(stage_finish(d, 0, 0), ERR_STATE);
	fake_memory_bytes = 0x1000;
	fake_memory[SERVER] = file;
	assert_int_equal(stage_write(d, 0, from, gpa(0xfff), 2), ERR_FAULT);
	fake_memory_bytes = 0;
}

static void what_cannot_be_loaded_is_refused(void **state)
{
	send(4);
	verdict = ERR_FORMAT;
	assert_int_equal(finish(), ERR_FORMAT);
	assert_string_equal(last_log, "other: a new image is refused: it is bad");
}

static void an_image_reads_what_the_running_one_keeps(void **state)
{
	static const struct {
		uint32_t runs, oldest, version;
		enum err e;
	} cases[] = { { 3, 3, 3, OK },          { 3, 2, 4, OK },          { 3, 4, 5, ERR_VERSION },
		      { 3, 1, 2, ERR_VERSION }, { 3, 0, 0, ERR_VERSION }, { 0, 0, 3, OK },
		      { 0, 1, 3, ERR_VERSION } };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		starts(cases[i].runs, cases[i].runs);
		note = (struct hv_note_state){ cases[i].oldest, cases[i].version };
		send((uint8_t)i);
		assert_int_equal(finish(), cases[i].e);
	}
	assert_non_null(strstr(last_log, "versions 1 to 3, the running one writes 0"));
}

static void an_upgrade_that_does_not_run_is_taken_back(void **state)
{
	starts(3, 3);
	assert_false(stage_take_back(d));
	note = (struct hv_note_state){ 3, 4 };
	send(5);
	assert_int_equal(finish(), OK);
	starts(3, 3); /* as it writes what the old one wrote */
	assert_true(stage_take_back(d));
	assert_true(starts_from(NULL));
	assert_false(stage_take_back(d));
	send(6);
	assert_int_equal(finish(), OK);
	starts(3, 4);
	assert_false(stage_take_back(d)); /* nobody else reads what this one keeps */
	assert_true(starts_from(file));
	starts(3, 3);
}

static void a_failed_piece_forgets_what_came_before(void **state)
{
	send(7);
	fake_memory_bytes = 0x1000;
	fake_memory[SERVER] = file;
	assert_int_equal(stage_write(d, 0, from, gpa(0xfff), 2), ERR_FAULT);
	fake_memory_bytes = 0;
	assert_int_equal(finish(), ERR_STATE);
}

static void a_domain_without_an_area_takes_none(void **state)
{
	struct domain *guest = &fake_domains[GUEST];
	struct span image;

	assert_int_equal(stage_write(guest, 0, from, gpa((uintptr_t)file), 1), ERR_UNSUPPORTED);
	assert_int_equal(stage_finish(guest, 0, 0), ERR_UNSUPPORTED);
	assert_false(stage_hold(guest, &image));
	stage_release(guest);
	fake_configs[GUEST].stage = MIB_2;
	free_bytes = MIB_2;
	stage_build();
	assert_non_null(strstr(last_log, "guest: stage: twice 2048 KiB do not fit"));
	assert_int_equal(stage_write(guest, 0, from, gpa((uintptr_t)file), 1), ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_domain_starts_from_what_was_staged, build),
		cmocka_unit_test_setup(the_next_one_does_not_touch_it_until_it_is_whole, build),
		cmocka_unit_test_setup(pieces_come_in_order_and_fit, build),
		cmocka_unit_test_setup(what_cannot_be_loaded_is_refused, build),
		cmocka_unit_test_setup(an_image_reads_what_the_running_one_keeps, build),
		cmocka_unit_test_setup(an_upgrade_that_does_not_run_is_taken_back, build),
		cmocka_unit_test_setup(a_failed_piece_forgets_what_came_before, build),
		cmocka_unit_test_setup(a_domain_without_an_area_takes_none, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
