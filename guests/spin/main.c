/*
 * Uses up all the time that it gets, and says how much that was: it reads the TSC without end, and
 * a step of more than `gap` is time that others had. One line at the end of the window:
 *
 *   NAME: got X of Y us, N gaps, longest Z us
 *
 *   after=MS   spins (or sleeps) so long first, while others start (default 200)
 *   ms=MS      the window (default 1000)
 *   tail=MS    spins on afterwards, while others measure (default 200)
 *   gap=US     default 40
 *   exits      does CPUID all the time
 *   ask=US     asks its back end for a register of its disk so often
 *   lock       interrupts off and a jump to itself, for good
 *   nap=US     sleeps so long again and again, and says in place of the above how late it woke:
 *
 *   NAME: woke N times, late M cycles, at most L
 */
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/pci.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/virtio_blk.h"
#include "lib/bits.h"

static uint64_t gap, taken, gaps, longest, ask, asked;
static unsigned served;
static int exits;

static void note(uint64_t step)
{
	if (step < gap)
		return;
	taken += step;
	gaps++;
	longest = MAX(longest, step);
}

static void act(void)
{
	uint32_t leaf = 0, subleaf = 0;

	if (exits)
		asm volatile("cpuid" : "+a"(leaf), "+c"(subleaf) : : "ebx", "edx");
	if (!ask || rdtsc() - asked < ask)
		return;
	asked = rdtsc();
	pci_read_ports(served, PCI_ID);
}

/* Until `ticks` after `from`, which it returns; what others have beyond does not count. */
static uint64_t spin(uint64_t from, uint64_t ticks)
{
	uint64_t last = from, end = from + ticks, now;

	do {
		act();
		now = rdtsc();
		note(MIN(now, end) - last);
		last = now;
	} while (now < end);
	return end;
}

static void sleep_on(uint64_t ticks, uint64_t nap)
{
	uint64_t end = rdtsc() + ticks, times = 0, sum = 0, most = 0;

	while (rdtsc() < end) {
		uint64_t deadline = rdtsc() + nap, late;

		hv_event_wait(deadline);
		late = rdtsc() - deadline;
		sum += late;
		most = MAX(most, late);
		times++;
	}
	print("%s: woke %lu times, late %lu cycles, at most %lu\n", boot->name, times,
	      sum / MAX(times, 1), most);
}

static uint64_t option_ticks(const char *name, uint64_t ms)
{
	return ns_to_tsc(boot_number(name, ms) * NS_PER_MS);
}

int main(void)
{
	uint64_t nap = ns_to_tsc(boot_number("nap", 0) * NS_PER_US), start, end;

	exits = boot_option("exits", NULL);
	gap = ns_to_tsc(boot_number("gap", 40) * NS_PER_US);
	ask = ns_to_tsc(boot_number("ask", 0) * NS_PER_US);
	served = ask ? pci_find(VIRTIO_BLK_VENDOR, VIRTIO_BLK_DEVICE, 0) : PCI_NONE;
	print("%s: spins\n", boot->name);
	if (boot_option("lock", NULL))
		asm volatile("cli; 1: jmp 1b");
	irq_enable();
	if (nap) {
		hv_event_wait(rdtsc() + option_ticks("after", 200));
		sleep_on(option_ticks("ms", 1000), nap);
		return 0;
	}
	start = spin(rdtsc(), option_ticks("after", 200));
	taken = gaps = longest = 0;
	end = spin(start, option_ticks("ms", 1000));
	print("%s: got %lu of %lu us, %lu gaps, longest %lu us\n", boot->name,
	      tsc_to_ns(end - start - taken) / NS_PER_US, tsc_to_ns(end - start) / NS_PER_US, gaps,
	      tsc_to_ns(longest) / NS_PER_US);
	spin(rdtsc(), option_ticks("tail", 200));
	return 0;
}
