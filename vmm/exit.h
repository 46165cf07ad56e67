/*
 * A VM exit as the vendor-neutral part sees it, and what a handler may answer. A backend's run()
 * fills struct vm_exit; exit.c routes it by one table to a handler; RIP is advanced and vCPUs are
 * put to sleep in one place, by the verdict.
 */
#ifndef VMM_EXIT_H
#define VMM_EXIT_H

#include "lib/addr.h"

enum vm_exit_kind {
#define VM_EXIT(name, text) EXIT_##name,
#include "abi/exit.def"
#undef VM_EXIT
	EXIT_KINDS,
};

struct vm_exit {
	uint16_t kind;    /* enum vm_exit_kind */
	uint8_t insn_len; /* of the instruction that left; 0 if the CPU did not say */
	uint8_t cpl;      /* HYPERCALL: the caller's privilege */
	uint64_t reason;  /* the CPU's own exit code, for messages only */
	union {
		struct {
			uint16_t port;
			uint8_t size;       /* 1, 2, 4 */
			uint8_t addr_bytes; /* string forms: address size 2, 4, 8 */
			uint8_t segment;    /* string forms: enum vcpu_seg; OUTS only */
			bool in, string, rep;
		} pio;
		struct {
			gpa_t gpa;
			bool write, exec; /* hints: the domain's own tables decide */
			bool operand;     /* gpa is that of the operand, to the byte */
		} fault;
		struct {
			uint8_t number; /* APIC_WRITE: offset / 16; APIC_EOI: vector */
		} apic;
		struct {
			uint8_t vector;
			bool has_error;
			uint32_t error;
			uint64_t qualification; /* #PF: CR2; #DB: DR6 bits */
		} exception;
		struct {
			uint8_t gpr; /* enum vcpu_gpr */
			bool write;
		} cr8;
		struct {
			uint16_t selector; /* of the new TSS */
			uint8_t source;    /* enum task_source */
			bool from_event;   /* GATE: an event's delivery, which is in v->inject */
		} task;
	};
};

/* What asked for a task switch; GATE: through a task gate of the IDT. */
enum task_source { TASK_CALL, TASK_IRET, TASK_JMP, TASK_GATE };

enum verdict {
	VERDICT_DONE,  /* skip the instruction and go on */
	VERDICT_RETRY, /* go on without skipping: it runs again, or a fault was injected */
	VERDICT_BLOCK, /* sleep; when woken the same exit is handled again, before the guest runs */
	VERDICT_SLEEP, /* skip the instruction, then sleep until an interrupt or event (HLT) */
	VERDICT_YIELD, /* skip the instruction and let others run */
	VERDICT_KILL,  /* domain_kill() was called: this vCPU does not run again */
};

#endif
