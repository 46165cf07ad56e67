/*
 * Port accesses of every width and form: to nothing, to the UART in loopback and PCI's address
 * register, and with memory operands that fault; from ring 3 by the TSS's I/O permission map.
 */
#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "guests/lib/insn.h"
#include "lib/format.h"
#include "lib/string.h"

extern const struct snippet port_cases[], loop_cases[], wide_cases[], port_fault_cases[];

#define MSR_FS_BASE 0xc0000100u
#define NO_PORT     0x1234
#define UART        0x3f8
#define UART_MCR    (UART + 4)
#define UART_LSR    (UART + 5)
#define UART_SPARE  (UART + 7)
#define MCR_LOOP    0x10
#define RAX         0x8182838485868788ull
#define MIDDLE      64 /* of the buffers */

/* Of TEST_PAGES. */
enum { PAGE_RAM = 20, PAGE_ABSENT, PAGE_READ_ONLY };

static uint8_t *source(void)
{
	return machine_frame(4) + MIDDLE;
}

static uint8_t *sink(void)
{
	return machine_frame(5) + MIDDLE;
}

static void run(struct probe *p, const struct snippet *s, unsigned port)
{
	static const uint8_t text[] = { 0x31, 0x32, 0x33, 0x80, 0x41, 0x42, 0x43, 0x44 };

	memset(machine_frame(5), 0x55, 2 * MIDDLE);
	memset(machine_frame(4), 0, 2 * MIDDLE);
	memcpy(source(), text, sizeof(text));
	*p = (struct probe){ .regs = { .rax = RAX,
				       .rcx = 4,
				       .rdx = port,
				       .rsi = machine_address(source()),
				       .rdi = machine_address(sink()) } };
	probe_run(p, s);
}

/* Registers that have moved, and RAM around where INS began: 8 bytes before, 16 from there on. */
static void show(const char *name, const struct probe *p)
{
	const uint8_t *b = sink() - 8;
	char bytes[64];
	size_t n = 0;

	for (unsigned i = 0; i < 24; i++)
		n += format(bytes + n, sizeof(bytes) - n, "%02x", b[i]);
	report(name, "%s, rax %#lx, rcx %lu, rsi %ld, rdi %ld, RAM %s", probe_text(p), p->regs.rax,
	       p->regs.rcx, (int64_t)(p->regs.rsi - machine_address(source())),
	       (int64_t)(p->regs.rdi - machine_address(sink())), bytes);
}

static void nowhere(void)
{
	struct probe p;

	for (const struct snippet *s = port_cases; s->name; s++) {
		run(&p, s, NO_PORT);
		show(s->name, &p);
	}
}

/* Nothing but our own bytes comes back, and none is left for the next case. */
static void loopback(void)
{
	struct probe p;
	unsigned left = 0;

	outb(UART_MCR, MCR_LOOP);
	wrmsr(MSR_FS_BASE, machine_address(source()) - 1);
	for (const struct snippet *s = loop_cases; s->name; s++) {
		run(&p, s, UART);
		show(s->name, &p);
		left += inb(UART_LSR) & 1;
		while (inb(UART_LSR) & 1)
			inb(UART);
	}
	report("cases that leave bytes in the UART", "%u", left);
	wrmsr(MSR_FS_BASE, 0);
	outb(UART_MCR, 0);
}

static void widths(void)
{
	struct probe p;

	for (const struct snippet *s = wide_cases; s->name; s++) {
		run(&p, s, NO_PORT);
		show(s->name, &p);
	}
	outb(UART_SPARE, 0x5a);
	report("UART, scratch register", "%#x", inb(UART_SPARE));
	outb(UART_SPARE, 0xa5);
	report("UART, scratch register again", "%#x", inb(UART_SPARE));
}

/* The operand of two bytes or more reaches into the absent page. */
static void faults(void)
{
	machine_map(PAGE_RAM, machine_address(machine_frame(4)) | PTE_P | PTE_W);
	machine_map(PAGE_READ_ONLY, machine_address(machine_frame(5)) | PTE_P);
	for (const struct snippet *s = port_fault_cases; s->name; s++) {
		uint64_t at = machine_page(PAGE_ABSENT) - 2;
		struct probe p = { .regs = { .rax = RAX,
					     .rbx = machine_page(PAGE_READ_ONLY),
					     .rcx = 4,
					     .rdx = NO_PORT,
					     .rsi = at,
					     .rdi = at } };

		char name[80];

		probe_run(&p, s);
		format(name, sizeof(name), "%s, at the edge", s->name);
		report(name, "%s, rcx %lu", probe_text(&p), p.regs.rcx);
	}
}

/* Two bytes of a map behind the TSS: ports 0..7 are open, 8..15 are not; the limit ends there. */
static void from_user(const char *name, const char *insn, unsigned port)
{
	const struct snippet *s = port_cases;
	struct probe p = { .user = true, .regs = { .rdx = port, .rcx = 1 } };

	while (strcmp(s->name, insn))
		s++;
	p.regs.rdi = p.regs.rsi = machine_user(sink());
	probe_run(&p, s);
	report(name, "%s", probe_text(&p));
}

static void permission_map(void)
{
	machine_io_map(2);
	from_user("ring 3, open port, byte", "in al, dx", 4);
	from_user("ring 3, open ports, dword", "in eax, dx", 4);
	from_user("ring 3, half open, word", "in ax, dx", 7);
	from_user("ring 3, closed port, byte", "in al, dx", 8);
	from_user("ring 3, behind the map", "in al, dx", 64);
	from_user("ring 3, out to an open port", "out dx, al", 0);
	from_user("ring 3, insb from an open port", "insb", 2);
	from_user("ring 3, rep outsb to a closed port", "rep outsb", 9);
	machine_io_map(0);
	from_user("ring 3, no map", "in al, dx", 4);
}

void area_port(void)
{
	nowhere();
	loopback();
	widths();
	faults();
	permission_map();
}
