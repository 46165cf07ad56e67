/*
 * Uses up all the time that it gets, and says how much that was: it reads the TSC without end, and
 * a step of more than `gap` is time that others had. One line at the end of the window:
 *
 *   NAME: got X of Y us, N gaps, longest Z us
 *
 *   after=MS   spins so long first, while others start (default 200)
 *   ms=MS      the window (default 1000)
 *   tail=MS    spins on afterwards, while others measure (default 200)
 *   gap=US     default 40
 *   exits      does CPUID all the time
 *   lock       interrupts off and a jump to itself, for good
 */
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "lib/bits.h"

static uint64_t gap, taken, gaps, longest;
static int exits;

static void note(uint64_t step)
{
	if (step < gap)
		return;
	taken += step;
	gaps++;
	longest = MAX(longest, step);
}

/* Until `ticks` after `from`, which it returns; what others have beyond does not count. */
static uint64_t spin(uint64_t from, uint64_t ticks)
{
	uint64_t last = from, end = from + ticks, now;

	do {
		uint32_t leaf = 0, subleaf = 0;

		if (exits)
			asm volatile("cpuid" : "+a"(leaf), "+c"(subleaf) : : "ebx", "edx");
		now = rdtsc();
		note(MIN(now, end) - last);
		last = now;
	} while (now < end);
	return end;
}

static uint64_t option_ticks(const char *name, uint64_t ms)
{
	return ns_to_tsc(boot_number(name, ms) * NS_PER_MS);
}

int main(void)
{
	uint64_t start, end;

	exits = boot_option("exits", NULL);
	gap = ns_to_tsc(boot_number("gap", 40) * NS_PER_US);
	print("%s: spins\n", boot->name);
	if (boot_option("lock", NULL))
		asm volatile("cli; 1: jmp 1b");
	irq_enable();
	start = spin(rdtsc(), option_ticks("after", 200));
	taken = gaps = longest = 0;
	end = spin(start, option_ticks("ms", 1000));
	print("%s: got %lu of %lu us, %lu gaps, longest %lu us\n", boot->name,
	      tsc_to_ns(end - start - taken) / NS_PER_US, tsc_to_ns(end - start) / NS_PER_US, gaps,
	      tsc_to_ns(longest) / NS_PER_US);
	spin(rdtsc(), option_ticks("tail", 200));
	return 0;
}
