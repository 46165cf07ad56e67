// sources: guests/service/pc.c guests/service/kept.c guests/service/kept_store.c lib/string.c
// sources: guests/service/inflight.c guests/service/legacy/board.c guests/service/legacy/i8042.c
// sources: guests/service/legacy/pit.c guests/service/legacy/rtc.c guests/service/legacy/calendar.c
/* A PC's board as its guest meets it: ports, ticks, lines, and deaths of the service domain between
   any two stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/platform.h"
#include "guests/lib/boot.h"
#include "guests/lib/timer.h"
#include "guests/service/kept.h"
#include "guests/service/kept_store.h"
#include "guests/service/legacy/pit.h"
#include "guests/service/machine_time.h"
#include "guests/service/pc.h"
#include "guests/service/pc_port.h"
#include "lib/bits.h"
#include "lib/string.h"

#define MS    1000000ull
#define GUEST 2u

static struct hv_boot page;
struct hv_boot *boot = &page;
static uint8_t kept[2 * KEPT_PAGE] ALIGNED(4096);
static uint64_t now;
static uint32_t sequence;
static jmp_buf death;
static uint64_t deadline; /* of the board's timer */
static timer_fn *timer_due;
static void *timer_arg;

/* What the guest would have seen. */
static unsigned ticks, rises[16];
static uint32_t levels;
static bool busy; /* takes no tick */
static char said[200];

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
}

uint64_t machine_ns(void)
{
	return now;
}

uint64_t machine_wall(void)
{
	return 1795355150ull * 1000 * MS;
}

void machine_time_start(void)
{
}

void pc_port_line(uint32_t cap, unsigned irq, bool level)
{
	assert_int_equal(cap, 77);
	rises[irq] += level && !(levels & BIT(irq));
	levels = (uint32_t)((levels & ~BIT(irq)) | (level ? BIT(irq) : 0));
}

bool pc_port_pulse(uint32_t cap, unsigned irq)
{
	assert_int_equal(irq, 0);
	ticks += !busy;
	return !busy;
}

void pc_port_say(uint32_t guest, const char *name, const char *text, size_t bytes)
{
	assert_int_equal(guest, GUEST);
	memcpy(said, text, bytes);
	said[bytes] = 0;
}

const volatile struct hv_peer *boot_peer(uint32_t domain)
{
	return &page.peer[0];
}

const struct hv_cap *boot_cap(enum hv_cap_type type, uint32_t object)
{
	return &page.cap[type == HV_CAP_IOREQ];
}

static const struct hv_served entry = { .guest = GUEST, .kind = HV_SERVED_PC };

static void instance(void)
{
	assert_true(kept_open(kept, sizeof(kept), 1));
	pc_build(0, &entry);
}

static int setup(void **state)
{
	page = (struct hv_boot){
		.regions = 2,
		.region = { { .kind = HV_REGION_WINDOW, .object = GUEST, .bytes = 64 << 20 },
			    { .kind = HV_REGION_WINDOW, .object = 3, .bytes = 128 << 20 } },
		.cap = { { .handle = 77 }, { .handle = 78, .detail = 2 } },
		.peer = { { .domain = GUEST, .incarnation = 1 } },
		.tsc_khz = 1000000,
	};
	memset(kept, 0, sizeof(kept));
	memset(rises, 0, sizeof(rises));
	now = 1000 * MS;
	ticks = levels = sequence = 0;
	busy = false;
	kept_store_limit(0, NULL);
	instance();
	return 0;
}

/* The guest's request with this number; asked again, it must get the same answer. */
static uint32_t ask(bool write, unsigned port, unsigned bytes, uint32_t value)
{
	struct hv_ioreq r = { .sequence = sequence,
			      .incarnation = page.peer[0].incarnation,
			      .type = HV_IOREQ_PORT,
			      .write = write,
			      .size = (uint8_t)bytes,
			      .address = port,
			      .data = value };

	assert_true(pc_access(GUEST, &r));
	return (uint32_t)r.data;
}

static uint8_t in(unsigned port)
{
	sequence++;
	return (uint8_t)ask(false, port, 1, 0);
}

static void out(unsigned port, uint8_t value)
{
	sequence++;
	ask(true, port, 1, value);
}

static uint8_t cmos(unsigned reg)
{
	out(0x70, (uint8_t)reg);
	return in(0x71);
}

void timer_set_ns(struct timer *t, uint64_t ns, timer_fn *fn, void *arg)
{
	deadline = now + ns;
	timer_due = fn;
	timer_arg = arg;
}

void timer_cancel(struct timer *t)
{
	deadline = TIMER_NEVER;
}

/* Lets time pass as the event loop does; the number of times that a timer woke it. */
static unsigned pass(uint64_t ns)
{
	uint64_t end = now + ns;
	unsigned wakes = 0;

	for (; deadline <= end; wakes++) {
		now = MAX(now, deadline);
		deadline = TIMER_NEVER;
		timer_due(timer_arg);
	}
	now = end;
	return wakes;
}

static void start_ticks(unsigned hz)
{
	unsigned count = PIT_HZ / hz;

	out(0x43, 0x34);
	out(0x40, (uint8_t)count);
	out(0x40, (uint8_t)(count >> 8));
}

static void a_board_at_rest_sets_no_timer(void **state)
{
	assert_int_equal(pass(100000 * MS), 0);
	out(0x43, 0x30); /* one shot, never loaded */
	assert_int_equal(pass(100000 * MS), 0);
}

static void ticks_come_at_their_rate_one_wake_each(void **state)
{
	start_ticks(1000);
	assert_in_range(pass(10000 * MS), 9999, 10010);
	assert_in_range(ticks, 9999, 10001);
}

static void ticks_that_a_busy_guest_missed_come_later(void **state)
{
	unsigned wakes = 0;

	start_ticks(1000);
	for (unsigned i = 0; i < 100; i++) {
		busy = i & 1;
		wakes += pass(50 * MS + i % 7 * MS);
	}
	busy = false;
	wakes += pass(100 * MS);
	assert_in_range(ticks, (now - 1000 * MS) / MS - 2, (now - 1000 * MS) / MS + 2);
	assert_in_range(wakes, ticks, 2 * ticks + ticks / 2);
}

static void a_guest_that_never_takes_them_costs_a_wake_a_tick(void **state)
{
	start_ticks(1000);
	busy = true;
	pass(1000 * MS);
	assert_in_range(pass(1000 * MS), 999, 1010);
	busy = false;
	ticks = 0;
	pass(10000 * MS);
	assert_in_range(ticks, 10000 + PIT_OWED - 2, 10000 + PIT_OWED + 2);
}

static void channel_2_and_port_61_measure_time(void **state)
{
	unsigned toggles = 0;
	uint8_t last = 0;

	out(0x61, (in(0x61) & ~2u) | 1);
	out(0x43, 0xb0);
	out(0x42, 0x9c);
	out(0x42, 0x2e); /* 10 ms */
	assert_int_equal(in(0x61) & 0x2f, 0x01);
	pass(9990000);
	assert_int_equal(in(0x61) & 0x20, 0);
	pass(20000);
	assert_int_equal(in(0x61) & 0x20, 0x20);
	for (unsigned i = 0; i < 1000; i++) {
		toggles += (in(0x61) ^ last) >> 4 & 1;
		last = in(0x61);
		now += 1000;
	}
	assert_in_range(toggles, 62, 70);
}

static void the_pm_timer_runs_at_its_rate(void **state)
{
	uint32_t first, bytes = 0;

	sequence++;
	first = ask(false, HV_PORT_PM_TIMER, 4, 0);
	pass(1000 * MS);
	sequence++;
	assert_int_equal((ask(false, HV_PORT_PM_TIMER, 4, 0) - first) & 0xffffff, 3579545);
	for (unsigned i = 0; i < 4; i++)
		bytes |= (uint32_t)in(HV_PORT_PM_TIMER + i) << 8 * i;
	sequence++;
	assert_int_equal(bytes, ask(false, HV_PORT_PM_TIMER, 4, 0));
	assert_true(bytes < 1 << 24);
}

static void the_clock_interrupts_until_it_is_read(void **state)
{
	out(0x70, 0x0b);
	out(0x71, 0x12);
	for (unsigned second = 1; second <= 5; second++) {
		pass(1000 * MS);
		assert_int_equal(rises[8], second);
		assert_true(levels & BIT(8));
		assert_int_equal(cmos(0xc) & 0x90, 0x90);
		assert_false(levels & BIT(8));
	}
	assert_int_equal(cmos(0x17) | cmos(0x18) << 8, 63 << 10);
	assert_int_equal(cmos(0x5f), 1);
}

static void the_keyboard_controller_is_well_and_nothing_is_plugged_in(void **state)
{
	assert_int_equal(in(0x64) & 1, 0);
	out(0x64, 0xaa);
	assert_int_equal(in(0x64) & 0x4d, 0x0d);
	assert_int_equal(in(0x60), 0x55);
	assert_int_equal(in(0x64) & 1, 0);
	out(0x64, 0xab);
	assert_int_equal(in(0x60), 0);
	out(0x64, 0x60);
	out(0x60, 0x47);
	out(0x64, 0x20);
	assert_int_equal(rises[1], 1);
	assert_int_equal(in(0x60), 0x47);
	out(0x60, 0xff);
	assert_int_equal(in(0x64) & 0x61, 0x41);
	assert_int_equal(in(0x60), 0xfe);
	out(0x64, 0xd4);
	out(0x60, 0xf2);
	assert_int_equal(in(0x64) & 0x61, 0x61);
	assert_int_equal(rises[12], 1);
	assert_int_equal(in(0x60), 0xfe);
	out(0x64, 0xd2);
	out(0x60, 0x1c);
	assert_int_equal(in(0x60), 0x1c);
	assert_int_equal(levels, 0);
}

static void what_is_not_there_reads_as_ones(void **state)
{
	sequence++;
	assert_int_equal(ask(false, 0x300, 4, 0), 0xffffffff);
	sequence++;
	assert_int_equal(ask(false, 0x80, 2, 0) >> 8, 0); /* a DMA page beside the POST code */
	out(0x87, 0x12);
	assert_int_equal(in(0x87), 0x12);
	out(0x0d, 1);
}

static void firmware_speaks_by_lines(void **state)
{
	assert_int_equal(in(0x402), 0xe9);
	for (const char *c = "SeaBIOS\x01\n"; *c; c++)
		out(0x402, (uint8_t)*c);
	assert_string_equal(said, "SeaBIOS?");
	for (unsigned i = 0; i < 300; i++)
		out(0x402, 'a' + i % 26);
	assert_int_equal(strlen(said), 120);
}

static void a_guest_that_starts_anew_finds_everything_as_at_power_on(void **state)
{
	start_ticks(100);
	out(0x70, 0x40);
	out(0x71, 0x5a);
	pc_stopped(GUEST);
	assert_int_equal(pass(1000 * MS), 0);
	page.peer[0].incarnation = 2;
	assert_int_equal(cmos(0x40), 0);
	pc_started(GUEST, 2);
	ticks = 0;
	pass(1000 * MS);
	assert_int_equal(ticks, 0);
}

/* A session whose every answer is checked, in steps, so that it can be taken up at any of them. */
static void step(unsigned i)
{
	static const uint8_t setup_bytes[][2] = { { 0x43, 0x34 }, { 0x40, 0xa9 }, { 0x40, 0x04 },
						  { 0x70, 0x0b }, { 0x71, 0x42 }, { 0x70, 0x0c } };
	static unsigned low;
	unsigned n = i % 16;

	if (n < ARRAY_SIZE(setup_bytes))
		ask(true, setup_bytes[n][0], 1, setup_bytes[n][1]);
	else if (n == 6)
		pass(2 * MS); /* the periodic interrupt: line 8 rises */
	else if (n == 7)
		assert_int_equal(ask(false, 0x71, 1, 0) & 0xc0, 0xc0);
	else if (n == 8)
		assert_int_equal(levels, 0);
	else if (n == 9)
		ask(true, 0x43, 1, 0xd2); /* latch count and ... */
	else if (n == 10)
		ask(true, 0x402, 1, '0' + i / 16 % 10);
	else if (n == 11)
		low = ask(false, 0x40, 1, 0);
	else if (n == 12)
		assert_in_range(low | ask(false, 0x40, 1, 0) << 8, 1, 0x4a9);
	else
		ask(n & 1, 0x71, 1, 0);
}

static void die(void)
{
	longjmp(death, 1);
}

static void deaths_at_every_store_change_no_answer(void **state)
{
	for (volatile unsigned stores = 1; stores < 40; stores++) {
		volatile unsigned i = 0, deaths = 0;

		setup(state);
		kept_store_limit(stores, die);
		for (; i < 16 * 9; i++) {
			sequence = i + 1;
			if (setjmp(death)) {
				deaths++;
				kept_store_limit(0, NULL);
				instance();
				kept_store_limit(20 + stores, die); /* it gets further */
			}
			step(i);
		}
		kept_store_limit(0, NULL);
		assert_true(deaths > 0);
		assert_int_equal(in(0x64), 0x14);
		out(0x402, '\n');
		assert_string_equal(said, "012345678");
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_board_at_rest_sets_no_timer),
		TEST(ticks_come_at_their_rate_one_wake_each),
		TEST(ticks_that_a_busy_guest_missed_come_later),
		TEST(a_guest_that_never_takes_them_costs_a_wake_a_tick),
		TEST(channel_2_and_port_61_measure_time),
		TEST(the_pm_timer_runs_at_its_rate),
		TEST(the_clock_interrupts_until_it_is_read),
		TEST(the_keyboard_controller_is_well_and_nothing_is_plugged_in),
		TEST(what_is_not_there_reads_as_ones),
		TEST(firmware_speaks_by_lines),
		TEST(a_guest_that_starts_anew_finds_everything_as_at_power_on),
		TEST(deaths_at_every_store_change_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
