/*
 * The IDT and what every trap does: a bound handler, or the landing place of a try_ function, or a
 * register dump and the end of the domain.
 */
#include "guests/lib/trap.h"

#include <stdbool.h>

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "lib/bits.h"

#define STUB_BYTES     16
#define GATE_INTERRUPT 0x8e00u /* present, ring 0, interrupts off */

struct gate {
	uint16_t offset_low, selector, flags, offset_mid;
	uint32_t offset_high, reserved;
};

struct PACKED idt_pointer {
	uint16_t limit;
	uint64_t base;
};

struct binding {
	trap_fn *fn;
	void *arg;
};

extern const uint8_t trap_stubs[], try_fault[], image_start[];
extern const uint64_t try_insns[];
void trap_entry(struct trap_frame *f);

static struct gate idt[256];
static struct binding bindings[256];

static const char *const names[] = { "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD",
				     "#NM", "#DF", "",    "#TS", "#NP", "#SS", "#GP",
				     "#PF", "",    "#MF", "#AC", "#MC", "#XM" };

static void load_idt(uint16_t limit)
{
	struct idt_pointer p = { limit, (uint64_t)(uintptr_t)idt };

	asm volatile("lidt %0" : : "m"(p));
}

void trap_init(void)
{
	uint16_t cs;

	asm volatile("mov %%cs, %0" : "=r"(cs));
	for (unsigned v = 0; v < 256; v++) {
		uint64_t at = (uint64_t)(uintptr_t)(trap_stubs + v * STUB_BYTES);

		idt[v] = (struct gate){ (uint16_t)at,         cs,
					GATE_INTERRUPT,       (uint16_t)(at >> 16),
					(uint32_t)(at >> 32), 0 };
	}
	trap_load();
}

void trap_load(void)
{
	load_idt(sizeof(idt) - 1);
}

void trap_bind(unsigned vector, trap_fn *fn, void *arg)
{
	assert(vector < 256);
	bindings[vector] = (struct binding){ fn, arg };
}

/* True if the trap came from a try_ function, which then returns vector + 1. */
static bool was_expected(struct trap_frame *f)
{
	for (const uint64_t *at = try_insns; *at; at++) {
		if (*at == f->rip) {
			f->rip = (uint64_t)(uintptr_t)try_fault;
			f->rax = f->vector + 1;
			return true;
		}
	}
	return false;
}

NORETURN static void dump(const struct trap_frame *f)
{
	const char *name = f->vector < ARRAY_SIZE(names) ? names[f->vector] : "";
	const char *what = f->vector < TRAP_FIRST_IRQ ? "exception" : "unexpected interrupt";
	static bool dumping;

	if (dumping)
		trap_triple_fault();
	dumping = true;
	print_to(NULL);
	print("%s: %s %lu %s, error %#lx, at image+%#lx\n", boot->name, what, f->vector, name,
	      f->error, f->rip - (uint64_t)(uintptr_t)image_start);
	print("  rip %016lx cs %04lx rflags %08lx rsp %016lx cr2 %016lx\n", f->rip, f->cs,
	      f->rflags, f->rsp, read_cr2());
	print("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	print("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
	print("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
	print("  r13 %016lx r14 %016lx r15 %016lx\n", f->r13, f->r14, f->r15);
	print_flush();
	hv_exit(1);
}

/* Called by trap.asm. */
void trap_entry(struct trap_frame *f)
{
	const struct binding *b = &bindings[f->vector & 0xff];

	if (b->fn)
		b->fn(f, b->arg);
	else if (f->vector >= TRAP_FIRST_IRQ || !was_expected(f))
		dump(f);
}

void trap_triple_fault(void)
{
	load_idt(0);
	for (;;)
		asm volatile("ud2");
}
