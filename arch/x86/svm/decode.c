/*
 * From AMD-V's exit codes to the neutral struct vm_exit: one table, exits.def. A length of 0 says
 * that the CPU did not tell it (no next RIP), and the caller fetches the instruction.
 */
#include "arch/x86/cpu/lapic.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/caps.h"
#include "arch/x86/svm/svm_vcpu.h"

#define EXIT_CODE_NPF     0x400u
#define EXIT_CODE_INVALID 0xfffffffcu /* and up: -1 to -4; some emulators write 32 bits */
#define EXIT_CODE_EXCP    0x40u

/* Exceptions that push an error code (APM 2 8.2). */
#define HAS_ERROR                                                                                  \
	(BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) |      \
	 BIT(VECTOR_PF) | BIT(VECTOR_AC) | BIT(VECTOR_CP))

static void fill_nothing(struct vcpu *v, struct vm_exit *e)
{
}

static void fill_insn(struct vcpu *v, struct vm_exit *e)
{
	const struct vmcb *b = svm_vmcb(v);

	if (svm_has(SVM_NEXT_RIP) && b->next_rip)
		e->insn_len = b->next_rip - b->rip;
}

static void fill_hypercall(struct vcpu *v, struct vm_exit *e)
{
	e->cpl = svm_vmcb(v)->cpl;
	fill_insn(v, e);
}

static void fill_exception(struct vcpu *v, struct vm_exit *e)
{
	struct vmcb *b = svm_vmcb(v);
	uint8_t vector = b->exit_code - EXIT_CODE_EXCP;

	e->exception.vector = vector;
	e->exception.has_error = BIT(vector) & HAS_ERROR;
	e->exception.error = b->exit_info1;
	e->exception.qualification = b->dr6;
	if (vector != VECTOR_PF)
		return;
	/* An intercepted #PF leaves CR2 alone; the guest's handler will want it. */
	e->exception.qualification = b->cr2 = b->exit_info2;
}

static void fill_msr(struct vcpu *v, struct vm_exit *e)
{
	if (svm_vmcb(v)->exit_info1 & 1)
		e->kind = EXIT_WRMSR;
	fill_insn(v, e);
}

static void fill_pio(struct vcpu *v, struct vm_exit *e)
{
	const struct vmcb *b = svm_vmcb(v);
	uint64_t info = b->exit_info1;

	e->insn_len = b->exit_info2 - b->rip;
	e->pio.port = field_get(VMCB_IO_PORT, info);
	e->pio.size = field_get(VMCB_IO_SIZE, info);
	e->pio.in = info & VMCB_IO_IN;
	e->pio.string = info & VMCB_IO_STRING;
	if (LIKELY(!e->pio.string))
		return;
	e->pio.rep = info & VMCB_IO_REP;
	e->pio.addr_bytes = 2 * field_get(VMCB_IO_ADDRESS, info);
	/* Without decode assists a segment override is not seen: ES stands for that. */
	e->pio.segment = svm_has(SVM_DECODE) ? field_get(VMCB_IO_SEGMENT, info) : SEG_ES;
}

static void fill_nested_fault(struct vcpu *v, struct vm_exit *e)
{
	const struct vmcb *b = svm_vmcb(v);

	e->kind = EXIT_NESTED_FAULT;
	e->fault.gpa = gpa(b->exit_info2);
	e->fault.write = b->exit_info1 & VMCB_FAULT_WRITE;
	e->fault.exec = b->exit_info1 & VMCB_FAULT_FETCH;
	e->fault.operand =
		(b->exit_info1 & (VMCB_FAULT_FETCH | VMCB_FAULT_FINAL)) == VMCB_FAULT_FINAL;
}

static void fill_irq_window(struct vcpu *v, struct vm_exit *e)
{
	svm_window_close(svm_of(v));
	lapic_look_again();
}

/* It has not run yet: the next entry steps over it, and then says that it has. */
static void fill_write_cr8(struct vcpu *v, struct vm_exit *e)
{
	svm_of(v)->care |= CARE_CR8;
}

/* The IRET that ends an NMI's handler: it has not run yet, the next entry steps over it. */
static void fill_iret(struct vcpu *v, struct vm_exit *e)
{
	struct svm_vcpu *s = svm_of(v);

	s->vmcb->intercept_misc1 &= ~(uint32_t)VMCB_INTERCEPT_IRET;
	s->vmcb->clean &= ~VMCB_CLEAN_CONTROL;
	s->care |= CARE_IRET;
}

static const struct {
	const char *name;
	void (*fill)(struct vcpu *v, struct vm_exit *e);
	uint16_t kind;
} exits[] = {
#define SVM_EXIT(code, name, kind, what) [code] = { #name, fill_##what, EXIT_##kind },
#include "arch/x86/svm/exits.def"
#undef SVM_EXIT
};

const char *svm_exit_name(uint64_t code)
{
	if (code == EXIT_CODE_NPF)
		return "NPF";
	if ((uint32_t)code >= EXIT_CODE_INVALID)
		return "INVALID";
	return code < ARRAY_SIZE(exits) && exits[code].name ? exits[code].name : "?";
}

void svm_decode(struct vcpu *v, struct vm_exit *e)
{
	uint64_t code = svm_vmcb(v)->exit_code;

	e->reason = code;
	e->insn_len = 0;
	if (LIKELY(code < ARRAY_SIZE(exits) && exits[code].fill)) {
		e->kind = exits[code].kind;
		exits[code].fill(v, e);
	} else if (LIKELY(code == EXIT_CODE_NPF)) {
		fill_nested_fault(v, e);
	} else if ((uint32_t)code >= EXIT_CODE_INVALID) {
		e->kind = EXIT_ENTRY_FAILED;
		svm_dump(v);
	} else {
		e->kind = EXIT_UNKNOWN;
	}
}
