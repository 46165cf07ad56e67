/*
 * The TSC's rate, and conversions by multiplication with fractions of 32 bits.
 */
#include "arch/x86/cpu/tsc.h"

#include "arch/x86/cpu/features.h"
#include "lib/assert.h"
#include "lib/log.h"

#define WINDOW_US      2000
#define AGREE_PPM      500
#define READINGS       8
#define DEAD_READS     100000 /* a reference that stands still for so many reads is none */
#define LEAF_TSC_RATIO 0x15u

#define PIT_HZ        1193182u
#define PIT_CHANNEL2  0x42
#define PIT_COMMAND   0x43
#define PIT_GATE      0x61
#define PIT_MODE0_CH2 0xb0
#define PIT_LATCH_CH2 0x80
#define GATE_ON       0x01
#define GATE_SPEAKER  0x02

typedef unsigned __int128 u128;

struct sample {
	uint64_t count, tsc, took;
};

static uint32_t khz RO_AFTER_INIT;
static uint64_t ns_scale RO_AFTER_INIT;   /* ns = ticks * ns_scale >> 32 */
static uint64_t tick_scale RO_AFTER_INIT; /* ticks = ns * tick_scale >> 32 */
static bool stable RO_AFTER_INIT;

static uint64_t pit_read(void)
{
	uint32_t low;

	insn_outb(PIT_COMMAND, PIT_LATCH_CH2);
	low = insn_inb(PIT_CHANNEL2);
	return 0xffffu - (low | (uint32_t)insn_inb(PIT_CHANNEL2) << 8);
}

static const struct tsc_reference pit = { "PIT", pit_read, PIT_HZ, 0xffff };

/* Channel 2 counts down from 0xffff for 55 ms, the speaker silent. */
static void pit_start(void)
{
	insn_outb(PIT_GATE, (insn_inb(PIT_GATE) & (uint8_t)~GATE_SPEAKER) | GATE_ON);
	insn_outb(PIT_COMMAND, PIT_MODE0_CH2);
	insn_outb(PIT_CHANNEL2, 0xff);
	insn_outb(PIT_CHANNEL2, 0xff);
}

/* The reference and the TSC at one moment: of some readings the one that took least, so that an
   interruption (SMM, a host that schedules us away) does not count. */
static struct sample take_sample(const struct tsc_reference *r)
{
	struct sample best = { .took = ~0ull };

	for (int i = 0; i < READINGS; i++) {
		uint64_t before = tsc_read(), count = r->read(), after = tsc_read();

		if (after - before < best.took)
			best = (struct sample){ count, before + (after - before) / 2,
						after - before };
	}
	return best;
}

/* Ticks of the TSC a millisecond; 0 if the reference is dead. */
static uint32_t measure(const struct tsc_reference *r)
{
	uint64_t window = r->hz * WINDOW_US / 1000000, counted;
	struct sample first = take_sample(r), last;

	for (int i = 0; ((r->read() - first.count) & r->mask) < window; i++)
		if (i == DEAD_READS && r->read() == first.count)
			return 0;
	last = take_sample(r);
	counted = (last.count - first.count) & r->mask;
	return (uint32_t)((last.tsc - first.tsc) * r->hz / (counted * 1000));
}

/* The CPU's own word, believed only when there is no clock to ask. */
static uint32_t from_cpuid(void)
{
	struct cpuid r;

	if (insn_cpuid(0, 0).eax < LEAF_TSC_RATIO)
		return 0;
	r = insn_cpuid(LEAF_TSC_RATIO, 0);
	return r.eax && r.ecx ? (uint32_t)((uint64_t)r.ecx * r.ebx / r.eax / 1000) : 0;
}

static bool agree(uint32_t a, uint32_t b)
{
	uint64_t difference = a > b ? a - b : b - a;

	return difference * 1000000 <= (uint64_t)a * AGREE_PPM;
}

static void set_rate(uint32_t rate)
{
	khz = rate;
	ns_scale = (1000000ull << 32) / rate;
	tick_scale = ((uint64_t)rate << 32) / 1000000;
}

void tsc_init(const struct tsc_reference *reference)
{
	uint32_t rate = reference ? measure(reference) : 0;

	if (!rate) {
		reference = &pit;
		pit_start();
		rate = measure(reference);
	}
	stable = cpu_has(CPU_INVARIANT_TSC) || cpu_has(CPU_HYPERVISOR);
	if (rate && !stable)
		stable = agree(rate, measure(reference));
	if (!rate) {
		log_warn("no HPET, PM timer or PIT counts: the TSC's rate is CPUID's word");
		rate = from_cpuid();
	}
	if (!rate)
		panic("no clock to measure the TSC with: enable the HPET in the firmware's setup");
	set_rate(rate);
	log_info("clock: TSC at %u.%03u MHz, measured by the %s%s", khz / 1000, khz % 1000,
		 reference->name, stable ? "" : "; it is not stable: guests get no stable clock");
}

uint64_t tsc_measure_hz(uint64_t (*read)(void))
{
	const struct tsc_reference unknown = { .read = read };
	struct sample first = take_sample(&unknown), last;

	tsc_delay_us(WINDOW_US / 2);
	last = take_sample(&unknown);
	return (last.count - first.count) * khz * 1000 / (last.tsc - first.tsc);
}

uint32_t tsc_khz(void)
{
	return khz;
}

bool tsc_is_stable(void)
{
	return stable;
}

void tsc_set_unstable(void)
{
	stable = false;
}

uint64_t tsc_ns(uint64_t ticks)
{
	return (uint64_t)((u128)ticks * ns_scale >> 32);
}

uint64_t tsc_from_ns(uint64_t ns)
{
	return (uint64_t)((u128)ns * tick_scale >> 32);
}

void tsc_delay_us(uint64_t us)
{
	uint64_t end = tsc_read() + tsc_from_ns(us * 1000);

	while ((int64_t)(tsc_read() - end) < 0)
		insn_pause();
}

void tsc_clock_scale(uint32_t *mul, int8_t *shift)
{
	uint64_t hz = khz * 1000ull;

	/* mul = 10^9 * 2^32 / (hz << shift) must have its top bit at 31. */
	*shift = 0;
	while (hz > 2000000000ull) {
		hz >>= 1;
		--*shift;
	}
	while (hz <= 1000000000ull) {
		hz <<= 1;
		++*shift;
	}
	*mul = (uint32_t)((1000000000ull << 32) / hz);
}
