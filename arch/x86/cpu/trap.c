/*
 * Exceptions of the host. The only expected ones are those of msr.c's safe accesses, which the
 * exception table sends on; an NMI is a panic's order to stop, or nothing. Anything else is a
 * defect of ours: registers and return addresses are logged and the machine stops.
 */
#include "arch/x86/cpu/idt.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/log.h"

#define TRACE_WORDS 256
#define TRACE_LINES 12

struct fixup {
	uint64_t fault, resume;
};

/* linker.ld */
extern const struct fixup extable_start[], extable_end[];
extern const char text_start[], text_end[];

static const char *const names[32] = {
	[VECTOR_DE] = "#DE divide error",
	[VECTOR_DB] = "#DB debug",
	[VECTOR_NMI] = "NMI",
	[VECTOR_BP] = "#BP breakpoint",
	[VECTOR_OF] = "#OF overflow",
	[VECTOR_BR] = "#BR bound range",
	[VECTOR_UD] = "#UD invalid opcode",
	[VECTOR_NM] = "#NM device not available",
	[VECTOR_DF] = "#DF double fault",
	[VECTOR_TS] = "#TS invalid TSS",
	[VECTOR_NP] = "#NP segment not present",
	[VECTOR_SS] = "#SS stack fault",
	[VECTOR_GP] = "#GP general protection",
	[VECTOR_PF] = "#PF page fault",
	[VECTOR_MF] = "#MF x87",
	[VECTOR_AC] = "#AC alignment",
	[VECTOR_MC] = "#MC machine check",
	[VECTOR_XM] = "#XM SIMD",
};

static bool resume_by_table(struct trap_frame *f)
{
	for (const struct fixup *x = extable_start; x < extable_end; x++) {
		if (x->fault != f->rip)
			continue;
		f->rip = x->resume;
		return true;
	}
	return false;
}

static bool is_text(uint64_t v)
{
	return v >= (uint64_t)text_start && v < (uint64_t)text_end;
}

/* No frame pointers: words on the stack that point into the code are good enough guesses. Stops at
   the end of the page, beyond which a guard page may be. */
static void log_trace(const struct trap_frame *f)
{
	/* A stack that ran over left rsp in its guard page: what matters is above that. */
	uint64_t sp = f->vector == VECTOR_DF ? page_up(f->rsp) : f->rsp & ~7ull;
	const uint64_t *p = (const uint64_t *)sp;
	const uint64_t *end = (const uint64_t *)page_up(sp + 1);
	unsigned lines = 0;

	if (f->cs != SELECTOR_CODE || f->rsp < 1ull << 47)
		return;
	for (unsigned n = 0; p < end && n < TRACE_WORDS && lines < TRACE_LINES; p++, n++) {
		if (!is_text(*p))
			continue;
		log_error("  on the stack: %016lx", *p);
		lines++;
	}
}

static void log_registers(const struct trap_frame *f)
{
	log_error("rip %016lx  rsp %016lx  rflags %08lx  cs %02lx  ss %02lx", f->rip, f->rsp,
		  f->rflags, f->cs, f->ss);
	log_error("rax %016lx  rbx %016lx  rcx %016lx", f->rax, f->rbx, f->rcx);
	log_error("rdx %016lx  rsi %016lx  rdi %016lx", f->rdx, f->rsi, f->rdi);
	log_error("rbp %016lx  r8  %016lx  r9  %016lx", f->rbp, f->r8, f->r9);
	log_error("r10 %016lx  r11 %016lx  r12 %016lx", f->r10, f->r11, f->r12);
	log_error("r13 %016lx  r14 %016lx  r15 %016lx", f->r13, f->r14, f->r15);
	log_error("cr0 %08lx  cr2 %016lx  cr3 %010lx  cr4 %08lx  efer %lx", insn_read_cr0(),
		  insn_read_cr2(), insn_read_cr3(), insn_read_cr4(), msr_read(MSR_EFER));
}

static NORETURN void die(const struct trap_frame *f)
{
	static bool dying;
	const char *name = f->vector < 32 && names[f->vector] ? names[f->vector] : "exception";
	uint64_t vector = f->vector, error = f->error, rip = f->rip;

	log_break_lock();
	if (__atomic_exchange_n(&dying, true, __ATOMIC_SEQ_CST))
		panic("%s at %#lx while a fault was being reported", name, rip);
	log_error("host fault %s (vector %lu, error code %#lx) on CPU %u", name, vector, error,
		  cpu_index());
	log_registers(f);
	log_trace(f);
	panic("%s in the hypervisor at %#lx", name, rip);
}

/* A single-step trap while nothing steps here. Bochs' AMD-V brings one, where an instruction of a
   guest that steps leaves the guest: right behind VMRUN, when gs is still the guest's. */
static bool is_guests_step(const struct trap_frame *f)
{
	return f->vector == VECTOR_DB && !(f->rflags & RFLAGS_TF) && insn_read_dr6() & DR6_BS;
}

void trap_handle(struct trap_frame *f)
{
	if (f->vector >= 32) {
		irq_dispatch((uint8_t)f->vector);
		return;
	}
	if (is_guests_step(f))
		return;
	if (f->vector == VECTOR_NMI) {
		stop_if_ordered();
		return;
	}
	if (f->vector == VECTOR_GP && resume_by_table(f))
		return;
	die(f);
}
