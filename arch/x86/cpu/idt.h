/*
 * The host's descriptor tables: selectors, the IDT that all CPUs share, and what a trap leaves on
 * the stack.
 */
#ifndef ARCH_X86_CPU_IDT_H
#define ARCH_X86_CPU_IDT_H

#include <stdint.h>

#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TSS  0x18 /* two entries long */

/* What trap.asm pushes, lowest address first; the CPU's own part begins at `error`. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Boot CPU, before the first cpu_load: fills the table. */
void idt_init(void);
/* This CPU. */
void idt_load(void);

/* trap.asm's only call: every interrupt and exception. */
void trap_handle(struct trap_frame *f);
/* Interrupts, vectors 32..255; irq.c. */
void irq_dispatch(uint8_t vector);
/* What the NMI that a panic sends has come for: halts this CPU if so. */
void stop_if_ordered(void);

#endif
