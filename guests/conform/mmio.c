/*
 * Every form of instruction that the hypervisor's emulator knows, on device memory, against the
 * same instruction on RAM, which the processor itself runs: registers and flags must be the same,
 * and so must memory where the device keeps what is written. Devices: a hole without anything,
 * which reads as ones, and the initial count of the APIC's timer, a register of 32 bits.
 */
#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/conform/mmio.h"
#include "guests/conform/probe.h"
#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "lib/format.h"
#include "lib/string.h"

extern const struct snippet mmio_cases[];

#define MSR_FS_BASE 0xc0000100u
#define REGISTER    (APIC_PAGE + APIC_TIMER_INITIAL)
#define SCRATCH     512
#define SEED        0x92345678u

/* A place that an operand may be at, and what was found after the instruction. */
struct place {
	uint64_t operand;
	struct probe probe;
	uint32_t memory;
	uint8_t scratch[SCRATCH];
};

static uint8_t *scratch(void)
{
	return machine_frame(4);
}

static void run_at(struct place *p, const struct snippet *s)
{
	p->probe = (struct probe){
		.regs = { .rax = 0x8182838485868788,
			  .rbx = 0x10,
			  .rcx = 3,
			  .rdx = 0x1122334455667788,
			  .rsi = machine_address(scratch() + SCRATCH / 2),
			  .rdi = p->operand,
			  .r8 = p->operand - 0x20,
			  .r9 = 0x99,
			  .r12 = 0x12121212,
			  .rflags = FLAG_CF },
	};
	for (unsigned i = 0; i < SCRATCH; i++)
		scratch()[i] = (uint8_t)(0x40 + i);
	wrmsr(MSR_FS_BASE, p->operand - 0x1000);
	probe_run(&p->probe, s);
	memcpy(p->scratch, scratch(), SCRATCH);
}

/* A register as it would be, had the operand been in RAM. */
static uint64_t as_in(const struct place *ram, const struct place *device, uint64_t value)
{
	uint64_t offset = value - device->operand + 0x1000;

	return offset < 0x2000 ? value - device->operand + ram->operand : value;
}

static void compare(const char *name, struct place *ram, struct place *device, bool memory)
{
	static const char *const names[] = { "r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8",
					     "rbp", "rdi", "rsi", "rdx", "rcx", "rbx", "rax" };
	const uint64_t *a = &ram->probe.regs.r15, *b = &device->probe.regs.r15;
	uint64_t flags = device->probe.regs.rflags & FLAGS_STATUS;
	uint64_t wanted = ram->probe.regs.rflags & FLAGS_STATUS;

	if (!device->probe.done || !ram->probe.done) {
		report(name, "%s", probe_text(&device->probe));
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t value = as_in(ram, device, b[i]);

		if (value != a[i]) {
			report(name, "%s %#lx, in RAM %#lx", names[i], value, a[i]);
			return;
		}
	}
	if (flags != wanted)
		report(name, "flags %#lx, in RAM %#lx", flags, wanted);
	else if (memory && ram->memory != device->memory)
		report(name, "memory %#x, in RAM %#x", device->memory, ram->memory);
	else if (memcmp(ram->scratch, device->scratch, SCRATCH))
		report(name, "the other operand differs");
	else
		report(name, "as in RAM");
}

static void in_the_hole(const struct snippet *s)
{
	static struct place ram, hole;

	memset(machine_frame(3), 0xff, 4096);
	ram.operand = machine_address(machine_frame(3)) + 0x100;
	run_at(&ram, s);
	hole.operand = MMIO_HOLE + 0x100;
	run_at(&hole, s);
	compare(s->name, &ram, &hole, false);
}

static bool contains(const char *text, const char *part)
{
	size_t n = strlen(part);

	for (; *text; text++)
		if (!strncmp(text, part, n))
			return true;
	return false;
}

/* Single operands of 32 bits, at the address itself. */
static bool fits_register(const char *name)
{
	static const char *const wide[] = { "dword", "eax", "ebx", "ecx", "edx", "r12d" };
	static const char *const no[] = { " byte", " word", "rep", "+ 4", "movsd", "cmpsd", "rsi" };
	bool fits = false;

	for (unsigned i = 0; i < ARRAY_SIZE(no); i++)
		if (contains(name, no[i]))
			return false;
	for (unsigned i = 0; i < ARRAY_SIZE(wide); i++)
		fits |= contains(name, wide[i]);
	return fits;
}

static void in_a_register(const struct snippet *s)
{
	static struct place ram, device;
	char name[80];

	ram.operand = machine_address(machine_frame(3)) + 0x380;
	writel((void *)ram.operand, SEED);
	run_at(&ram, s);
	ram.memory = readl((void *)ram.operand);
	device.operand = REGISTER;
	writel((void *)REGISTER, SEED);
	run_at(&device, s);
	device.memory = readl((void *)REGISTER);
	format(name, sizeof(name), "%s, a register", s->name);
	compare(name, &ram, &device, true);
}

void area_mmio(void)
{
	apic_init(false);
	for (const struct snippet *s = mmio_cases; s->name; s++)
		in_the_hole(s);
	for (const struct snippet *s = mmio_cases; s->name; s++)
		if (fits_register(s->name))
			in_a_register(s);
	writel((void *)REGISTER, 0);
	wrmsr(MSR_FS_BASE, 0);
}
