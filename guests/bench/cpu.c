/* Paths that the hypervisor answers itself, without interrupts: instructions, ports, memory. */
#include "guests/bench/bench.h"

#include "abi/event.h"
#include "abi/platform.h"
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "lib/addr.h"
#include "lib/bits.h"

#define MSR_APIC_BASE 0x1bu
#define UART_SCRATCH  (HV_PORT_UART + 7)
#define FREE_EVENT    (HV_EVENTS - 1)

static uint64_t untouched, untouched_end;

static const char *ready(void)
{
	return NULL;
}

static void run_cpuid(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		uint32_t leaf = 0, subleaf = 0;

		asm volatile("cpuid" : "+a"(leaf), "+c"(subleaf) : : "ebx", "edx", "memory");
	}
}

static void run_hypercall(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		hv_event_unmask(FREE_EVENT);
}

static void run_msr_read(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		asm volatile("rdmsr" : : "c"(MSR_APIC_BASE) : "eax", "edx", "memory");
}

static void run_port_write(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		outb(UART_SCRATCH, 0);
}

/* Pages in the middle of RAM, where neither image nor stack nor tables lie. */
static const char *find_untouched(void)
{
	const struct hv_region *image = boot_region(HV_REGION_IMAGE, 0);

	untouched = align_up(boot->ram + boot->memory / 2, MIB_2);
	untouched_end = boot->ram + boot->memory / 4 * 3;
	if (untouched + MIB_2 > untouched_end || untouched_end > HV_GUEST_MEM32)
		return "needs 32 MiB to 2 GiB of memory";
	if (image && image->bytes < boot->memory &&
	    range_overlaps(image->base, image->bytes, untouched, untouched_end - untouched))
		return "the image lies in the middle of memory";
	return NULL;
}

static void run_first_touch(unsigned rounds)
{
	for (unsigned i = 0; i < rounds && untouched < untouched_end; i++) {
		writeb((volatile void *)untouched, 1);
		untouched += PAGE_SIZE;
	}
}

const struct path cpu_paths[] = {
	{ "cpuid", ready, run_cpuid, 0, NULL },
	{ "hypercall", ready, run_hypercall, 0, NULL },
	{ "msr-read", ready, run_msr_read, 0, NULL },
	{ "port-write", ready, run_port_write, 0, NULL },
	{ "first-touch", find_untouched, run_first_touch, 32, NULL },
	{ NULL, NULL, NULL, 0, NULL },
};
