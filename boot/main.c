/*
 * The boot as a list, with the reason for each place in it. The boot CPU runs boot_main on the
 * image's own stack and boot_machine on one with guard pages; the others run boot_ap_main.
 */
#include "boot/boot.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/idt.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/lapic.h"
#include "arch/x86/cpu/speculation.h"
#include "arch/x86/cpu/tsc.h"
#include "boot/multiboot2.h"
#include "boot/version.h"
#include "drivers/acpi.h"
#include "drivers/hpet.h"
#include "drivers/ioapic.h"
#include "drivers/pci.h"
#include "drivers/pmtimer.h"
#include "drivers/power.h"
#include "drivers/rtc.h"
#include "drivers/uart.h"
#include "lib/assert.h"
#include "mm/frames.h"
#include "mm/hvmap.h"

#define INFO_MAPPED   0x1000000u /* more than any boot information is long */
#define NS_PER_SECOND 1000000000u

const struct backend *backend RO_AFTER_INIT;

static struct boot_info info;
static struct options options;
static struct start_module modules[BOOT_MODULES];
static uint64_t entry_tsc; /* when boot_main began */
static volatile void *lapic_registers RO_AFTER_INIT;
static char early_ist[PAGE_SIZE] ALIGNED(16);

/* Until there are real ones, all three exception stacks are one page of the image. */
static void load_boot_cpu(void)
{
	struct cpu *c = cpu_claim(insn_cpuid(1, 0).ebx >> 24);

	for (unsigned i = 0; i < CPU_ISTS; i++)
		c->ist_top[i] = (uint64_t)(early_ist + sizeof(early_ist));
	cpu_publish(c);
	cpu_load(c);
	cpu_set_protections();
}

static void read_boot_info(uint32_t physical)
{
	enum err e = multiboot2_parse(&info, hv_virt(hpa(physical)), INFO_MAPPED);

	if (e)
		log_warn("the boot loader's information is broken: what was readable is used");
	cmdline_parse(&options, info.cmdline);
	log_set_level(options.log);
}

/* The clock needs a reference: HPET, else the PM timer, else (inside tsc_init) the PIT. */
static void start_clock(void)
{
	const struct tsc_reference *reference = hpet_init();

	tsc_init(reference ? reference : pmtimer_init());
}

static uint64_t wall_at_tsc_zero(void)
{
	uint64_t now = rtc_read(), up = tsc_ns(tsc_read()) / NS_PER_SECOND;

	if (!now)
		log_warn("the CMOS clock is not there or not set: guests see 1970");
	return now > up ? now - up : 0;
}

static void start_lapic(void)
{
	if (!lapic_uses_x2apic())
		lapic_registers = hvmap_device(lapic_base(), PAGE_SIZE);
	lapic_init(lapic_registers);
	this_cpu()->apic_id = lapic_id();
	lapic_timer_init();
}

static NORETURN void boot_machine(void)
{
	struct start_info start = { .modules = modules, .cmdline = info.cmdline };

	/* Seen as early as it can be mapped; it first gets what the log already holds. */
	if (info.has_screen)
		screen_init(&info.screen);
	if (screen_present())
		log_add_sink(screen_write);

	/* Everything below asks the tables where its device is. */
	acpi_init(info.rsdp, info.rsdp_bytes);
	power_init();
	start_clock();
	start.wall_seconds = wall_at_tsc_zero();
	fpu_init_cpu();
	/* The 8259 pair goes quiet before the local APIC stops listening to it: else an interrupt
	   of the firmware's timer stays pending for ever. */
	ioapic_init();
	start_lapic();
	pci_init();
	uart_init(UART_CONTROL);

	/* The backend says what it lacks before CPUs are started for nothing. */
	verdict_wishes(&options);
	if (backend->init() != OK || backend->cpu_enable() != OK)
		verdict_stop();
	speculation_init();
	smp_start(memory_trampoline(&info), options.cpus);

	/* All memory is given out here, and all of the hypervisor's state made. */
	start.count = memory_modules(&info, modules);
	start.trace = options.trace;
	start.trace_dump = options.trace_dump;
	start_domains(&start);
	frames_seal();
	hvmap_seal();
	log_info("boot: %lu us, %lu KiB of memory for the hypervisor",
		 tsc_ns(tsc_read() - entry_tsc) / 1000, frames_hv_bytes() >> 10);
	smp_release();
	start_cpu();
}

void boot_main(uint32_t physical)
{
	entry_tsc = tsc_read();
	/* Before any function with a canary, and before anything can fault. */
	cpu_init_canary();
	features_init();
	idt_init();
	load_boot_cpu();

	/* From here on there is something to read. */
	if (uart_init(UART_CONSOLE))
		log_add_sink(uart_log);
	log_info("Bulkhead " BULKHEAD_VERSION);
	read_boot_info(physical);
	backend = verdict_on_hardware();

	/* The final map, then a stack with guard pages. */
	memory_init(&info);
	hvmap_init();
	smp_make_stacks(this_cpu());
	cpu_load(this_cpu());
	boot_on_stack(this_cpu()->stack_top, boot_machine);
}

void boot_ap_main(struct cpu *c)
{
	cpu_load(c);
	cpu_set_protections();
	fpu_init_cpu();
	lapic_init(lapic_registers);
	smp_wait_for_release(c);
	hvmap_forget(); /* what hvmap_seal has made read-only meanwhile */
	if (backend->cpu_enable() != OK)
		panic("%s works on the boot CPU but not on CPU %u", backend->name, c->index);
	start_cpu();
}
