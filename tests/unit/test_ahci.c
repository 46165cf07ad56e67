// sources: guests/service/drivers/ahci.c guests/service/drivers/ahci_port.c
// sources: guests/service/drivers/ahci_ata.c guests/service/drivers/ahci_prd.c
// sources: guests/service/drivers/ide_ata.c guests/service/disk.c lib/string.c
/* AHCI: frames and regions, and the driver's slots against a port in memory, which the tests move
   on: whose command is done, what fails, who is silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/ahci.h"
#include "guests/service/drivers/ahci_find.h"
#include "guests/service/drivers/ahci_prd.h"
#include "guests/service/drivers/ahci_regs.h"
#include "guests/service/drivers/pcifn.h"

#define PORT     0x180u /* port 1's registers */
#define REQUESTS 40

static struct ahci ahci;
static struct ahci_drive *drive = &ahci.drive[0];
static struct disk disk;
static uint8_t regs[0x1100];
static uint8_t pool[80 * 4096] ALIGNED(4096);
static size_t pool_used;
static uint64_t now;
static event_fn *handler;
static struct timer *timer;
static timer_fn *timer_call;
static bool master;
static struct disk_request requests[REQUESTS];
static uint8_t data[4096] ALIGNED(4096);
static struct window_part part = { data, sizeof(data) };
static unsigned good, bad;
static unsigned again;

/* What surrounds the driver. No hypercall is made, as the interrupt is a message. */
bool hv_vmmcall;

struct ahci *ahci_find(const struct hv_device *d, event_fn *fn)
{
	handler = fn;
	return &ahci;
}

void *dma_alloc(uint64_t bytes)
{
	void *p = pool + pool_used;

	pool_used += bytes;
	return pool_used <= sizeof(pool) ? p : NULL;
}

uint64_t dma_left(void)
{
	return sizeof(pool) - pool_used;
}

uint64_t time_ns(void)
{
	return now;
}

void timer_set_ns(struct timer *t, uint64_t ns, timer_fn *fn, void *arg)
{
	timer = t;
	timer_call = fn;
}

void timer_cancel(struct timer *t)
{
	timer = NULL;
}

void event_again(unsigned event)
{
	again++;
}

void print(const char *fmt, ...)
{
}

void pcifn_enable(const struct hv_device *d, bool on)
{
	master = on;
}

bool pcifn_wait32(volatile void *reg, uint32_t mask, uint32_t value, uint64_t ns)
{
	return true;
}

static uint32_t *reg(unsigned offset)
{
	return (uint32_t *)(regs + PORT + offset);
}

static void done(struct disk_request *r, bool ok)
{
	good += ok;
	bad += !ok;
}

static void submit(unsigned i, enum disk_op op, uint64_t sector)
{
	requests[i] = (struct disk_request){ .op = op, .sector = sector, .done = done };
	if (op != DISK_FLUSH) {
		requests[i].bytes = sizeof(data);
		requests[i].part = &part;
		requests[i].parts = 1;
	}
	disk_submit(&disk, &requests[i]);
}

/* The port shows these slots as running, with this cause, and interrupts. */
static void interrupt(uint32_t running, uint32_t cause)
{
	*reg(AHCI_PX_CI) = *reg(AHCI_PX_SACT) = running;
	*reg(AHCI_PX_IS) = cause;
	*(uint32_t *)(regs + AHCI_IS) = 2;
	if (cause == AHCI_INT_SDB || cause == AHCI_INT_D2H)
		cause = 0;
	handler(&ahci);
}

static void tick(uint64_t ns)
{
	now += ns;
	assert_non_null(timer);
	timer_call(drive);
}

/* Stopped, reset, the link up again: the first repetition is under way. */
static void recovers(void)
{
	assert_int_equal(drive->state, AHCI_STOPPING);
	tick(NS_PER_MS);
	assert_int_equal(*reg(AHCI_PX_SCTL) & 15, AHCI_SCTL_RESET);
	tick(NS_PER_MS);
	assert_int_equal(*reg(AHCI_PX_SCTL) & 15, 0);
	*reg(AHCI_PX_SSTS) = 0x123;
	*reg(AHCI_PX_TFD) = 0x50;
	tick(NS_PER_MS);
	*reg(AHCI_PX_IS) = 0; /* ones were written there, which clear it */
}

static int setup(unsigned depth)
{
	memset(regs, 0, sizeof(regs));
	ahci = (struct ahci){ .regs = regs, .slots = 32, .reach = 1ull << 52, .drives = 1 };
	*drive = (struct ahci_drive){ .ahci = &ahci, .number = 1 };
	pool_used = 0;
	now = 1;
	good = bad = again = 0;
	timer = NULL;
	drive->port.regs = regs + PORT;
	drive->port.page = dma_alloc(4096);
	drive->facts.depth = depth;
	drive->facts.ata = (struct ide_disk){ 8192, 1 << 20, 0xea, true };
	assert_true(ahci_open(NULL, 0, &disk));
	*reg(AHCI_PX_IS) = 0;
	return 0;
}

static int setup_queued(void **state)
{
	return setup(32);
}

static int setup_plain(void **state)
{
	return setup(0);
}

static void a_queued_command_has_its_slot_and_its_sectors(void **state)
{
	static const uint8_t wanted[AHCI_FIS_BYTES] = { 0x27, 0x80, 0x61, 8, 0x56, 0x34,  0x12,
							0x40, 0xcd, 0xab, 0, 0,    5 << 3 };
	const struct ahci_command c = { DISK_WRITE, true, 5, 0xabcd123456, 4096 };
	uint8_t fis[AHCI_FIS_BYTES];

	ahci_fis_make(&drive->facts, &c, fis);
	assert_memory_equal(fis, wanted, sizeof(fis));
}

static void others_have_short_addresses_where_they_do(void **state)
{
	static const uint8_t low[] = { 0x27, 0x80, 0xc8, 0, 0x56, 0x34, 0x12, 0x4b };
	static const uint8_t high[] = { 0x27, 0x80, 0x35, 0, 0, 0, 0, 0x40, 0x10, 0, 0, 0, 8, 0 };
	struct ahci_command c = { DISK_READ, false, 5, 0xb123456, 4096 };
	uint8_t fis[AHCI_FIS_BYTES];

	ahci_fis_make(&drive->facts, &c, fis);
	assert_memory_equal(fis, low, sizeof(low));
	assert_int_equal(fis[12], 8);
	c.op = DISK_WRITE;
	c.lba = 0x10000000;
	ahci_fis_make(&drive->facts, &c, fis);
	assert_memory_equal(fis, high, sizeof(high));
	c.op = DISK_FLUSH;
	ahci_fis_make(&drive->facts, &c, fis);
	assert_int_equal(fis[2], 0xea);
}

static void a_disk_says_how_many_commands_it_queues(void **state)
{
	uint16_t words[IDE_IDENTIFY_WORDS] = {
		[49] = 0x300, [75] = 30, [76] = 0x100, [83] = 0x7400, [100] = 64
	};
	struct ahci_disk d;

	assert_null(ahci_identify(words, &d));
	assert_int_equal(d.depth, 31);
	words[76] = 0xffff;
	assert_null(ahci_identify(words, &d));
	assert_int_equal(d.depth, 0);
	words[83] = 0x4400; /* nothing to flush with */
	assert_non_null(ahci_identify(words, &d));
}

static void a_region_has_an_even_place_and_length_within_reach(void **state)
{
	static struct ahci_prd prd[AHCI_PRD_ENTRIES];
	struct window_part parts[2] = { { (uint8_t *)0x1002, 0x500000 },
					{ (uint8_t *)0x801, 512 } };
	struct disk_request r = { .bytes = 0x500200, .part = parts, .parts = 2 };

	assert_int_equal(ahci_prd_bytes(&r, 1 << 30, 1ull << 32), 0x500000);
	assert_int_equal(ahci_prd_fill(&r, 0x500000, prd), 2);
	assert_int_equal(prd[0].address, 0x1002);
	assert_int_equal(prd[0].bytes, 0x3fffff);
	assert_int_equal(prd[1].address, 0x401002);
	assert_int_equal(prd[1].bytes, 0xfffff);
	r.at = 0x500000;
	assert_int_equal(ahci_prd_bytes(&r, 1 << 30, 1ull << 32), 0);
	parts[1].base = (uint8_t *)0x100000000ull;
	assert_int_equal(ahci_prd_bytes(&r, 1 << 30, 1ull << 32), 0);
	assert_int_equal(ahci_prd_bytes(&r, 1 << 30, 1ull << 52), 512);
}

static void all_slots_are_used_and_the_rest_waits(void **state)
{
	for (unsigned i = 0; i < 33; i++)
		submit(i, DISK_WRITE, 8 * i);
	assert_int_equal(drive->port.queued, ~0u);
	assert_false(list_is_empty(&disk.waiting));
	interrupt((uint32_t)~BIT(7), AHCI_INT_SDB);
	assert_int_equal(good, 1);
	assert_true(list_is_empty(&disk.waiting));
	interrupt(0, AHCI_INT_SDB);
	assert_int_equal(good, 33);
	assert_null(timer);
}

static void a_flush_goes_alone(void **state)
{
	submit(0, DISK_WRITE, 0);
	submit(1, DISK_FLUSH, 0);
	submit(2, DISK_WRITE, 8);
	assert_int_equal(drive->port.issued, 1);
	interrupt(0, AHCI_INT_SDB);
	assert_int_equal(drive->port.issued, 1);
	assert_int_equal(drive->port.queued, 0);
	interrupt(0, AHCI_INT_D2H);
	assert_int_equal(drive->port.queued, 1);
	interrupt(0, AHCI_INT_SDB);
	assert_int_equal(good, 3);
}

static void an_odd_address_goes_through_a_page(void **state)
{
	struct window_part odd[2] = { { data + 1, 4095 }, { data, 1 } };

	submit(0, DISK_FLUSH, 0);
	requests[1] = (struct disk_request){
		.op = DISK_READ, .bytes = 4096, .part = odd, .parts = 2, .done = done
	};
	disk_submit(&disk, &requests[1]);
	interrupt(0, AHCI_INT_D2H);
	assert_ptr_equal((void *)(uintptr_t)drive->slot[0].table->prd[0].address,
			 drive->slot[0].bounce);
	memset(drive->slot[0].bounce, 0x5a, 4096);
	interrupt(0, AHCI_INT_SDB);
	assert_int_equal(good, 2);
	assert_int_equal(data[0], 0x5a);
	assert_int_equal(data[4095], 0x5a);
}

static void what_fails_alone_fails_and_no_other(void **state)
{
	for (unsigned i = 0; i < 4; i++)
		submit(i, DISK_WRITE, 8 * i);
	interrupt(0xd, BIT(30)); /* the second one is done */
	assert_int_equal(good, 1);
	submit(4, DISK_WRITE, 64); /* waits */
	recovers();
	assert_int_equal(drive->port.issued, 1);
	assert_int_equal(drive->port.queued, 0);
	interrupt(0, AHCI_INT_D2H);
	assert_int_equal(good, 2);
	*reg(AHCI_PX_CMD) = 2 << 8;
	interrupt(0, BIT(30)); /* the third one fails, though CI says nothing of it */
	assert_int_equal(bad, 1);
	recovers();
	interrupt(0, AHCI_INT_D2H);
	assert_int_equal(drive->state, AHCI_WORKS);
	assert_int_equal(good, 3);
	interrupt(0, AHCI_INT_SDB);
	assert_int_equal(good, 4);
	assert_int_equal(bad, 1);
}

static void the_failed_one_of_a_list_is_not_taken_for_done(void **state)
{
	submit(0, DISK_WRITE, 0);
	submit(1, DISK_WRITE, 8);
	assert_int_equal(drive->port.issued, 3);
	*reg(AHCI_PX_CMD) = 1 << 8;
	interrupt(0, BIT(30));
	assert_int_equal(good, 1);
	recovers();
	interrupt(0, AHCI_INT_D2H);
	assert_int_equal(good, 2);
	assert_int_equal(bad, 0);
}

static void a_silent_disk_is_reset_once_and_then_given_up(void **state)
{
	submit(0, DISK_WRITE, 0);
	submit(1, DISK_WRITE, 8);
	*reg(AHCI_PX_CI) = *reg(AHCI_PX_SACT) = 3;
	tick(NS_PER_SEC);
	assert_int_equal(drive->state, AHCI_WORKS);
	tick(10 * NS_PER_SEC);
	recovers();
	*reg(AHCI_PX_CI) = 1;
	tick(11 * NS_PER_SEC);
	assert_int_equal(drive->state, AHCI_DEAD);
	handler(&ahci);
	assert_int_equal(bad, 2);
	submit(2, DISK_READ, 0);
	assert_int_equal(again, 2);
	handler(&ahci);
	assert_int_equal(bad, 3);
}

static void a_link_that_stays_down_ends_the_disk(void **state)
{
	submit(0, DISK_WRITE, 0);
	interrupt(1, BIT(27));
	tick(NS_PER_MS);
	tick(NS_PER_MS);
	for (unsigned s = 0; s < 10; s++)
		tick(NS_PER_SEC);
	assert_int_equal(drive->state, AHCI_DEAD);
	master = true;
	handler(&ahci);
	assert_int_equal(bad, 1);
}

static void a_lost_interrupt_is_no_silence(void **state)
{
	submit(0, DISK_WRITE, 0);
	*reg(AHCI_PX_CI) = *reg(AHCI_PX_SACT) = 0;
	tick(11 * NS_PER_SEC);
	assert_int_equal(good, 1);
	assert_int_equal(drive->state, AHCI_WORKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_queued_command_has_its_slot_and_its_sectors, setup_queued),
		cmocka_unit_test_setup(others_have_short_addresses_where_they_do, setup_plain),
		cmocka_unit_test(a_disk_says_how_many_commands_it_queues),
		cmocka_unit_test(a_region_has_an_even_place_and_length_within_reach),
		cmocka_unit_test_setup(all_slots_are_used_and_the_rest_waits, setup_queued),
		cmocka_unit_test_setup(a_flush_goes_alone, setup_queued),
		cmocka_unit_test_setup(an_odd_address_goes_through_a_page, setup_queued),
		cmocka_unit_test_setup(what_fails_alone_fails_and_no_other, setup_queued),
		cmocka_unit_test_setup(the_failed_one_of_a_list_is_not_taken_for_done, setup_plain),
		cmocka_unit_test_setup(a_silent_disk_is_reset_once_and_then_given_up, setup_queued),
		cmocka_unit_test_setup(a_link_that_stays_down_ends_the_disk, setup_queued),
		cmocka_unit_test_setup(a_lost_interrupt_is_no_silence, setup_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
