/*
 * Each clock against the TSC. How long an access takes depends on who else runs, so a clock is read
 * between two readings of the TSC and must fit what lies between.
 */
#include "abi/platform.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/pcdev/pcdev.h"

#define PM_HZ    3579545ul
#define PIT_TONE 0x42u
#define SPEAKER  0x61u

/* A reading, and the TSC before and after it. */
struct reading {
	uint64_t before, after;
	uint32_t value;
};

static uint32_t read_pit(void)
{
	uint32_t low;

	outb(PIT_MODE, 0x80);
	low = inb(PIT_TONE);
	return 0u - (low | (uint32_t)inb(PIT_TONE) << 8); /* it counts down */
}

static uint32_t read_pm(void)
{
	return inl(HV_PORT_PM_TIMER);
}

static struct reading take(uint32_t (*read)(void))
{
	struct reading r = { .before = rdtsc() };

	r.value = read();
	r.after = rdtsc();
	return r;
}

/* So many steps in a row of an eighth of a turn. One that took long begins anew: the counter may
   have turned unseen. */
static void check_clock(const char *what, uint32_t (*read)(void), uint64_t hz, uint32_t mask,
			unsigned steps)
{
	uint64_t counted = 0, step = mask * 1000ul / hz * NS_PER_MS / 8, ns, least, most;
	struct reading first = take(read), last = first;

	for (unsigned i = 0; i < steps; i++) {
		struct reading r;

		rest(step);
		r = take(read);
		counted += (r.value - last.value) & mask;
		if (tsc_to_ns(r.after - last.before) > 6 * step) {
			first = r;
			counted = i = 0;
		}
		last = r;
	}
	ns = counted * NS_PER_MS / hz * 1000;
	least = tsc_to_ns(last.before - first.after);
	most = tsc_to_ns(last.after - first.before);
	print("%s: %lu us, between %lu and %lu by the TSC\n", what, ns / 1000, least / 1000,
	      most / 1000);
	check(what, ns + ns / 200 > least && ns - ns / 200 < most);
}

static void check_pit(void)
{
	outb(SPEAKER, 1);
	outb(PIT_MODE, 0xb4); /* channel 2, a divider by 65536 */
	outb(PIT_TONE, 0);
	outb(PIT_TONE, 0);
	check_clock("PIT against TSC", read_pit, PIT_HZ, 0xffff, 24);
}

/* Mode 0 and port 0x61, as kernels measure their TSC. */
static void check_speaker(void)
{
	uint64_t from, by, to;

	outb(SPEAKER, 1);
	outb(PIT_MODE, 0xb0);
	outb(PIT_TONE, 0x0b);
	from = rdtsc();
	outb(PIT_TONE, 0xe9); /* 59659 clocks: 50 ms */
	by = rdtsc();
	while (!(inb(SPEAKER) & 0x20))
		rest(NS_PER_MS);
	to = rdtsc();
	check("the PIT's output at port 0x61", tsc_to_ns(to - from) >= 49750 * NS_PER_US);
	from = tsc_to_ns(to - by);
	print("the PIT's output: 50 ms are %lu us\n", from / 1000);
}

/* The update flag's turns, each between the look before it and the one that found it. */
static void check_seconds(void)
{
	struct reading turn[4];
	unsigned second = 0, steps = 0;

	cmos_set(0xb, RTC_24_HOURS);
	cmos(0xc);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t before = rdtsc();

		while (!(cmos(0xc) & RTC_UPDATE)) {
			before = rdtsc();
			rest(NS_PER_MS);
		}
		turn[i] = (struct reading){ before, rdtsc(), cmos(0) };
		steps += i && turn[i].value != second;
		second = turn[i].value;
	}
	check("a second is a second",
	      tsc_to_ns(turn[3].after - turn[0].before) >= 2985 * NS_PER_MS &&
		      tsc_to_ns(turn[3].before - turn[0].after) <= 3015 * NS_PER_MS);
	check("and changes the seconds", steps == 3);
}

void check_clocks(void)
{
	check_pit();
	check_speaker();
	check_clock("PM timer against TSC", read_pm, PM_HZ, 0xffffff, 3);
	check_seconds();
}
