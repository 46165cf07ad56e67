/*
 * Exceptions and interrupts of our guests. Every vector has an entry from the start: an exception
 * that nobody expects prints a register dump and ends the domain, an unexpected interrupt likewise,
 * so a guest of ours always says why it died. Handlers run with interrupts off.
 */
#ifndef GUESTS_LIB_TRAP_H
#define GUESTS_LIB_TRAP_H

#include <stdint.h>

enum {
	TRAP_DE = 0,
	TRAP_DB = 1,
	TRAP_NMI = 2,
	TRAP_BP = 3,
	TRAP_UD = 6,
	TRAP_DF = 8,
	TRAP_GP = 13,
	TRAP_PF = 14,
	TRAP_FIRST_IRQ = 32,
};

/* What trap.asm pushes; the handler may change it, rip above all. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

typedef void trap_fn(struct trap_frame *frame, void *arg);

/* Loads the IDT; start.asm's C part calls it before main(). */
void trap_init(void);
/* The same table on another vCPU. */
void trap_load(void);

/* fn(frame, arg) takes `vector` from now on. It returns to where the trap came from; for a device
   or APIC interrupt it must apic_eoi() itself. NULL: back to the dump. */
void trap_bind(unsigned vector, trap_fn *fn, void *arg);

/* Instructions that may fault: 0 if they went through, else the vector + 1 of the exception. */
int try_rdmsr(uint32_t msr, uint64_t *value);
int try_wrmsr(uint32_t msr, uint64_t value);
int try_read32(const volatile void *p, uint32_t *value);
int try_write32(volatile void *p, uint32_t value);

/* Empties the IDT and faults: a triple fault, on purpose. */
_Noreturn void trap_triple_fault(void);

#endif
