/*
 * From VT-x's exit reasons to the neutral struct vm_exit: one table, exits.def. Only four reasons
 * can interrupt the delivery of an event; they alone look for one (SDM 3C 28.2.4).
 */
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/vmx_vcpu.h"

/* QUALIFICATION of port accesses, CR accesses, task switches, nested faults, APIC accesses
 * (28.2.1). */
#define IO_SIZE         MASK(2, 0) /* less one */
#define IO_IN           BIT(3)
#define IO_STRING       BIT(4)
#define IO_REP          BIT(5)
#define IO_PORT         MASK(31, 16)
#define CR_NUMBER       MASK(3, 0)
#define CR_ACCESS       MASK(5, 4) /* 0: MOV to */
#define CR_GPR          MASK(11, 8)
#define TASK_SELECTOR   MASK(15, 0)
#define TASK_SOURCE     MASK(31, 30) /* enum task_source */
#define FAULT_WRITE     BIT(1)
#define FAULT_FETCH     BIT(2)
#define FAULT_OPERAND   MASK(8, 7) /* of a linear address, and not of a table on its way */
#define FAULT_UNBLOCKED BIT(12)    /* the IRET that faulted had ended NMI blocking */
#define APIC_OFFSET     MASK(11, 0)
#define APIC_TYPE       MASK(15, 12)
#define DEBUG_BITS      (MASK(3, 0) | MASK(14, 13))

enum { APIC_LINEAR_READ, APIC_LINEAR_WRITE, APIC_LINEAR_FETCH };

/* INSN_INFO of INS and OUTS (table 28-8). */
#define INSN_ADDRESS MASK(9, 7) /* 2 << this bytes */
#define INSN_SEGMENT MASK(17, 15)

/* The event whose delivery this exit interrupted goes in again; whether there was one. */
static bool fill_interrupted(struct vcpu *v)
{
	uint32_t vectoring = (uint32_t)vmread(VMCS_VECTORING);

	if (LIKELY(!(vectoring & VMX_EVENT_VALID)))
		return false;
	vmx_event_save(v, vectoring);
	return true;
}

static void block_nmi(struct vcpu *v)
{
	struct vmx_vcpu *x = v->arch;

	vmx_interruptibility(v, x->interruptibility | BLOCKED_BY_NMI);
}

static void fill_nothing(struct vcpu *v, struct vm_exit *e)
{
}

static void fill_window(struct vcpu *v, struct vm_exit *e)
{
	vmx_timer_window();
}

static void fill_insn(struct vcpu *v, struct vm_exit *e)
{
	e->insn_len = (uint8_t)vmread(VMCS_INSN_LENGTH);
}

static void fill_hypercall(struct vcpu *v, struct vm_exit *e)
{
	e->cpl = vmx_cpl();
	fill_insn(v, e);
}

/* An intercepted #DB leaves DR6 alone; the guest's handler will want it. */
static void fill_debug(struct vm_exit *e)
{
	uint64_t bits = vmread(VMCS_QUALIFICATION) & DEBUG_BITS;

	e->exception.qualification = bits;
	insn_write_dr6((insn_read_dr6() & ~MASK(3, 0)) | bits);
}

/* INT1 leaves with RIP at it, but goes on behind it, and DR6 knows nothing of it: it goes in as
   what it is. */
static void fill_icebp(struct vcpu *v)
{
	if (v->inject.kind == INJECT_NONE)
		v->inject = (struct vcpu_event){
			.kind = INJECT_SOFTWARE,
			.vector = VECTOR_DB,
			.insn_len = (uint8_t)vmread(VMCS_INSN_LENGTH),
		};
}

static void fill_exception(struct vcpu *v, struct vm_exit *e)
{
	uint32_t event = (uint32_t)vmread(VMCS_EXIT_EVENT);
	uint8_t vector = field_get(VMX_EVENT_VECTOR, event);
	uint64_t type = field_get(VMX_EVENT_TYPE, event);
	bool interrupted = fill_interrupted(v);

	if (type == VMX_EVENT_NMI) {
		e->kind = EXIT_HOST_NMI;
		insn_int_nmi();
		return;
	}
	if (event & VMX_EVENT_NMI_UNBLOCKED && vector != VECTOR_DF && !interrupted)
		block_nmi(v);
	e->exception.vector = vector;
	e->exception.has_error = event & VMX_EVENT_HAS_ERROR;
	e->exception.error = e->exception.has_error ? (uint32_t)vmread(VMCS_EXIT_EVENT_ERROR) : 0;
	if (type == VMX_EVENT_ICEBP)
		fill_icebp(v);
	else if (vector == VECTOR_DB)
		fill_debug(e);
}

static void fill_pio(struct vcpu *v, struct vm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION), info;

	fill_insn(v, e);
	e->pio.port = field_get(IO_PORT, q);
	e->pio.size = 1 + field_get(IO_SIZE, q);
	e->pio.in = q & IO_IN;
	e->pio.string = q & IO_STRING;
	if (LIKELY(!e->pio.string))
		return;
	info = vmread(VMCS_INSN_INFO);
	e->pio.rep = q & IO_REP;
	e->pio.addr_bytes = 2 << field_get(INSN_ADDRESS, info);
	e->pio.segment = e->pio.in ? SEG_ES : field_get(INSN_SEGMENT, info);
}

static void fill_control(struct vcpu *v, struct vm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION);

	fill_insn(v, e);
	if (field_get(CR_NUMBER, q) != 8) {
		vmx_control_exit(v, e);
		return;
	}
	e->kind = EXIT_CR8;
	e->cr8.gpr = field_get(CR_GPR, q);
	e->cr8.write = !field_get(CR_ACCESS, q);
}

static void fill_task_switch(struct vcpu *v, struct vm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION);

	fill_insn(v, e);
	e->task.selector = field_get(TASK_SELECTOR, q);
	e->task.source = field_get(TASK_SOURCE, q);
	e->task.from_event = fill_interrupted(v) && e->task.source == TASK_GATE;
}

static void fill_nested_fault(struct vcpu *v, struct vm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION);

	if (!fill_interrupted(v) && UNLIKELY(q & FAULT_UNBLOCKED))
		block_nmi(v);
	e->fault.gpa = gpa(vmread(VMCS_GUEST_PHYSICAL));
	e->fault.write = q & FAULT_WRITE;
	e->fault.exec = q & FAULT_FETCH;
	e->fault.operand = (q & (FAULT_FETCH | FAULT_OPERAND)) == FAULT_OPERAND;
}

static void fill_apic_access(struct vcpu *v, struct vm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION), type = field_get(APIC_TYPE, q);

	fill_interrupted(v);
	e->fault.gpa = gpa(q & APIC_OFFSET);
	e->fault.write = type == APIC_LINEAR_WRITE;
	e->fault.exec = type == APIC_LINEAR_FETCH;
	e->fault.operand = type <= APIC_LINEAR_WRITE;
}

static void fill_apic_write(struct vcpu *v, struct vm_exit *e)
{
	e->apic.number = (vmread(VMCS_QUALIFICATION) & APIC_OFFSET) / 16;
}

static void fill_apic_eoi(struct vcpu *v, struct vm_exit *e)
{
	e->apic.number = vmread(VMCS_QUALIFICATION);
}

static void fill_irq_window(struct vcpu *v, struct vm_exit *e)
{
	vmx_window_close(v->arch, INJECT_IRQ);
}

static void fill_nmi_window(struct vcpu *v, struct vm_exit *e)
{
	vmx_window_close(v->arch, INJECT_NMI);
}

static void fill_threshold(struct vcpu *v, struct vm_exit *e)
{
	vmx_threshold(v->arch, 0);
}

static const struct {
	const char *name;
	void (*fill)(struct vcpu *v, struct vm_exit *e);
	uint16_t kind;
} exits[] = {
#define VMX_EXIT(reason, name, kind, what) [reason] = { #name, fill_##what, EXIT_##kind },
#include "arch/x86/vmx/exits.def"
#undef VMX_EXIT
};

const char *vmx_exit_name(uint64_t reason)
{
	uint64_t basic = field_get(EXIT_REASON_BASIC, reason);

	return basic < ARRAY_SIZE(exits) && exits[basic].name ? exits[basic].name : "?";
}

void vmx_decode(struct vcpu *v, struct vm_exit *e, uint32_t reason)
{
	e->reason = reason;
	e->insn_len = 0;
	reason = field_get(EXIT_REASON_BASIC, reason);
	if (UNLIKELY(reason >= ARRAY_SIZE(exits) || !exits[reason].fill)) {
		e->kind = EXIT_UNKNOWN;
		return;
	}
	e->kind = exits[reason].kind;
	exits[reason].fill(v, e);
}
