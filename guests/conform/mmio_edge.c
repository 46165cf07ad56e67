/*
 * Device memory at the edges: operands that cross into it or out of it, page faults that come
 * before any access, code that crosses a page, addresses inside the instruction, fetches.
 */
#include "abi/platform.h"
#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/conform/mmio.h"
#include "guests/conform/probe.h"
#include "guests/lib/mmio.h"
#include "lib/format.h"
#include "lib/string.h"

extern const struct snippet cross_cases[], moffs_cases[], mmio_fault_cases[];

#define RAX    0x8182838485868788ull
#define DEVICE (MMIO_HOLE | PTE_P | PTE_W | PTE_PCD)

/* Of TEST_PAGES. */
enum { PAGE_RAM = 10, PAGE_INTO, PAGE_DEVICE, PAGE_OUT_OF, PAGE_CODE, PAGE_NEXT, PAGE_END };

static uint64_t frame_entry(unsigned n, uint64_t bits)
{
	return machine_address(machine_frame(n)) | PTE_P | bits;
}

static void cross(const char *how, unsigned page, uint8_t *ram)
{
	static const uint8_t bytes[] = { 0x11, 0x22, 0x33, 0x44 };

	for (const struct snippet *s = cross_cases; s->name; s++) {
		struct probe p = { .regs = { .rax = RAX,
					     .rdi = machine_page(page),
					     .rsi = machine_address(machine_frame(4)) } };
		char name[64];

		memcpy(ram, bytes, 4);
		memset(machine_frame(4), 0x5a, 16);
		probe_run(&p, s);
		format(name, sizeof(name), "%s, %s", s->name, how);
		if (p.done && !strncmp(s->name, "push", 4))
			report(name, "%s, pushed %#lx", probe_text(&p), *(uint64_t *)p.regs.rsp);
		else
			report(name, "%s, rax %#lx, RAM %#x", probe_text(&p), p.regs.rax,
			       readl(ram));
	}
}

static void crossings(void)
{
	machine_map(PAGE_RAM, frame_entry(5, PTE_W));
	machine_map(PAGE_INTO, DEVICE);
	cross("RAM first", PAGE_INTO, machine_frame(5) + 4092);
	machine_map(PAGE_DEVICE, DEVICE);
	machine_map(PAGE_OUT_OF, frame_entry(5, PTE_W));
	cross("device first", PAGE_OUT_OF, machine_frame(5));
	machine_map(PAGE_OUT_OF, 0);
	cross("device, then an absent page", PAGE_OUT_OF, machine_frame(5));
}

static void faults(const char *how, uint64_t entry, bool user)
{
	machine_map(PAGE_DEVICE, entry);
	for (const struct snippet *s = mmio_fault_cases; s->name; s++) {
		struct probe p = { .user = user, .regs.rdi = machine_page(PAGE_DEVICE) };
		char name[64];

		probe_run(&p, s);
		format(name, sizeof(name), "%s, %s", s->name, how);
		report(name, "%s", probe_text(&p));
	}
}

static void addresses(void)
{
	for (const struct snippet *s = moffs_cases; s->name; s++) {
		struct probe p = { .regs.rax = RAX };

		probe_run(&p, s);
		report(s->name, "%s, rax %#lx", probe_text(&p), p.regs.rax);
	}
}

/* mov eax, [rip + (PAGE_END - here)], its bytes at `offset` of PAGE_CODE and on into PAGE_NEXT. */
static void relative(const char *name, unsigned offset)
{
	uint8_t code[] = { 0x8b, 0x05, 0, 0, 0, 0, 0xcd, PROBE_DONE };
	uint32_t disp = (uint32_t)(machine_page(PAGE_END) - machine_page(PAGE_CODE) - offset - 6);
	struct probe p = { .regs.rax = RAX };

	memcpy(code + 2, &disp, 4);
	for (unsigned i = 0; i < sizeof(code); i++)
		machine_frame(6 + (offset + i) / 4096)[(offset + i) % 4096] = code[i];
	probe_at(&p, machine_page(PAGE_CODE) + offset, 6);
	report(name, "%s, rax %#lx", probe_text(&p), p.regs.rax);
}

static void code(void)
{
	struct probe p = { .regs.rax = 0 };

	machine_map(PAGE_CODE, frame_entry(6, 0));
	machine_map(PAGE_NEXT, frame_entry(7, 0));
	machine_map(PAGE_END, DEVICE);
	relative("mov eax, [rip + N]", 64);
	relative("mov eax, [rip + N] that crosses a page after 1 byte", 4095);
	relative("mov eax, [rip + N] that crosses a page after 5 bytes", 4091);
	machine_map(PAGE_NEXT, 0);
	relative("mov eax, [rip + N] that crosses into an absent page", 4093);
	probe_at(&p, machine_page(PAGE_END), 0);
	report("code where there is nothing", "%s", probe_text(&p));
}

static void bridge(void)
{
	const volatile uint8_t *id = (const volatile uint8_t *)HV_GUEST_ECAM;

	report("ECAM, function 0, dword", "%#x", readl(id));
	report("ECAM, function 0, first word", "%#x", readw(id));
	report("ECAM, function 0, second word", "%#x", readw(id + 2));
	report("ECAM, function 0, bytes", "%#x %#x %#x %#x", readb(id), readb(id + 1),
	       readb(id + 2), readb(id + 3));
	report("ECAM, class byte", "%#x", readb(id + 11));
	report("ECAM, a function that is not there", "%#x", readl(id + (31 << 15)));
}

void area_mmio_edge(void)
{
	crossings();
	faults("page read-only", MMIO_HOLE | PTE_P, false);
	faults("page of ring 3 in ring 3", DEVICE | PTE_U, true);
	faults("page of ring 0 in ring 3", DEVICE, true);
	faults("page absent", 0, false);
	addresses();
	code();
	bridge();
}
