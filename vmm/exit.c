/*
 * The table of exits. A handler that needs more than a few lines lives in the file of its subject.
 */
#include "vmm/exit.h"

#include "abi/platform.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/mce.h"
#include "arch/x86/cpu/regs.h"
#include "lib/assert.h"
#include "lib/bits.h"
#include "vmm/backend.h"
#include "vmm/cpuid.h"
#include "vmm/debug.h"
#include "vmm/domain.h"
#include "vmm/emulate.h"
#include "vmm/guestmem.h"
#include "vmm/hypercall.h"
#include "vmm/msr.h"
#include "vmm/pio_string.h"
#include "vmm/route.h"
#include "vmm/sched.h"
#include "vmm/vlapic.h"
#include "vmm/task_switch.h"
#include "vmm/xsetbv.h"

#define CR8_HIGHEST 15

static enum verdict exit_retry(struct vcpu *v, struct vm_exit *e)
{
	return VERDICT_RETRY;
}

static enum verdict exit_host_irq(struct vcpu *v, struct vm_exit *e)
{
	irq_window();
	return VERDICT_RETRY;
}

/* Not every CPU lets an interrupt end a guest that was entered with interrupts off: the timer then
   does, and what has come meanwhile is taken here. */
static enum verdict exit_timer(struct vcpu *v, struct vm_exit *e)
{
	sched_time_up();
	irq_window();
	return VERDICT_RETRY;
}

static enum verdict exit_hlt(struct vcpu *v, struct vm_exit *e)
{
	/* One of several may be woken by a kick (kvm_call.c), or be off for the guest. */
	if (UNLIKELY(!(v->regs.rflags & (RFLAGS_IF | RFLAGS_TF)) && v->domain->vcpus == 1))
		domain_complain(v->domain,
				"halted with interrupts off near rip %#lx: only an NMI, "
				"a stop or a kill ends that",
				v->regs.rip);
	return VERDICT_SLEEP;
}

static enum verdict exit_yield(struct vcpu *v, struct vm_exit *e)
{
	return VERDICT_YIELD;
}

/* INVD would lose other domains' dirty lines, WBINVD only costs time: DMA is coherent here. */
static enum verdict exit_ignore(struct vcpu *v, struct vm_exit *e)
{
	return VERDICT_DONE;
}

/* Only where the CPU does not keep the task priority itself. */
static enum verdict exit_cr8(struct vcpu *v, struct vm_exit *e)
{
	uint64_t *gpr = &v->regs.gpr[e->cr8.gpr];

	if (!e->cr8.write) {
		*gpr = v->cr8;
		return VERDICT_DONE;
	}
	if (*gpr > CR8_HIGHEST) {
		vcpu_inject_gp(v);
		return VERDICT_RETRY;
	}
	v->cr8 = (uint8_t)*gpr;
	return VERDICT_DONE;
}

static enum verdict exit_undefined(struct vcpu *v, struct vm_exit *e)
{
	vcpu_inject_ud(v);
	return VERDICT_RETRY;
}

/* CPUID shows no counters, so whichever is asked for is not there. */
static enum verdict exit_rdpmc(struct vcpu *v, struct vm_exit *e)
{
	vcpu_inject_gp(v);
	return VERDICT_RETRY;
}

/* A delivery that leads to a device: its gate, a descriptor or the stack is no memory. A machine
   reads ones there, or loses what it pushes, and shuts down sooner or later. */
static enum verdict exit_device_memory(struct vcpu *v, struct vm_exit *e)
{
	if (UNLIKELY(v->inject.kind != INJECT_NONE))
		return domain_kill(v->domain,
				   "vector %u cannot be delivered: device memory at %#lx, rip %#lx",
				   v->inject.vector, e->fault.gpa.v, v->regs.rip);
	return emulate_mmio(v, e);
}

/* RAM is always mapped, so a fault there is an access that the mapping forbids: a fetch from a
   window. Everything else is a device or nothing. */
static enum verdict exit_nested_fault(struct vcpu *v, struct vm_exit *e)
{
	struct ptab_leaf leaf;

	if (UNLIKELY(e->fault.exec && ptab_lookup(&v->domain->nested, e->fault.gpa.v, &leaf)))
		return domain_kill(v->domain, "fetched from %#lx, which is not executable",
				   e->fault.gpa.v);
	return exit_device_memory(v, e);
}

/* The CPU tells the place in the page. */
static enum verdict exit_apic_access(struct vcpu *v, struct vm_exit *e)
{
	e->fault.gpa.v |= HV_GUEST_LAPIC;
	return exit_device_memory(v, e);
}

/* The instruction is done already. */
static enum verdict exit_apic_write(struct vcpu *v, struct vm_exit *e)
{
	vlapic_written(v, e->apic.number);
	return VERDICT_RETRY;
}

static enum verdict exit_apic_eoi(struct vcpu *v, struct vm_exit *e)
{
	vlapic_ended(v, e->apic.number);
	return VERDICT_RETRY;
}

/* The other vendor's hypercall opcode arrives as #UD (contract.md section 2). */
static bool exit_is_hypercall(struct vcpu *v, struct vm_exit *e)
{
	uint8_t b[15];
	size_t n = guest_fetch(v, b);
	struct vcpu_mode mode;

	if (n < 3 || b[0] != 0x0f || b[1] != 0x01 || (b[2] != 0xc1 && b[2] != 0xd9))
		return false;
	backend->get_mode(v, &mode);
	e->cpl = mode.cpl;
	e->insn_len = 3;
	return true;
}

static enum verdict exit_machine_check(struct vcpu *v)
{
	if (!mce_take())
		panic("a machine check in %s has corrupted the CPU's own state: look at the "
		      "machine's memory and processor",
		      v->domain->name);
	return domain_kill(v->domain, "machine check");
}

static enum verdict exit_exception(struct vcpu *v, struct vm_exit *e)
{
	if (e->exception.vector == VECTOR_MC)
		return exit_machine_check(v);
	if (e->exception.vector == VECTOR_UD && exit_is_hypercall(v, e))
		return hypercall_exit(v, e);
	/* INT1 is in v->inject already. A fault that an event's delivery met takes its place. */
	if (v->inject.kind == INJECT_NONE || e->exception.vector != VECTOR_DB)
		vcpu_inject_exception(v, e->exception.vector, e->exception.has_error,
				      e->exception.error);
	return VERDICT_RETRY;
}

static enum verdict exit_shutdown(struct vcpu *v, struct vm_exit *e)
{
	return domain_kill(v->domain, "triple fault near rip %#lx", v->regs.rip);
}

static const char *exit_name(unsigned kind)
{
	static const char *const names[EXIT_KINDS] = {
#define VM_EXIT(name, text) [EXIT_##name] = text,
#include "abi/exit.def"
#undef VM_EXIT
	};

	return kind < EXIT_KINDS ? names[kind] : "?";
}

static enum verdict exit_fatal(struct vcpu *v, struct vm_exit *e)
{
	return domain_kill(v->domain, "%s, reason %#lx, rip %#lx", exit_name(e->kind), e->reason,
			   v->regs.rip);
}

typedef enum verdict exit_handler_fn(struct vcpu *v, struct vm_exit *e);

static exit_handler_fn *const handlers[EXIT_KINDS] = {
	[EXIT_NONE] = exit_retry,
	[EXIT_HOST_IRQ] = exit_host_irq,
	[EXIT_HOST_NMI] = exit_host_irq,
	[EXIT_TIMER] = exit_timer,
	[EXIT_CPUID] = cpuid_exit,
	[EXIT_PIO] = pio_exit,
	[EXIT_NESTED_FAULT] = exit_nested_fault,
	[EXIT_APIC_ACCESS] = exit_apic_access,
	[EXIT_APIC_WRITE] = exit_apic_write,
	[EXIT_APIC_EOI] = exit_apic_eoi,
	[EXIT_RDMSR] = msr_rdmsr_exit,
	[EXIT_WRMSR] = msr_wrmsr_exit,
	[EXIT_HLT] = exit_hlt,
	[EXIT_HYPERCALL] = hypercall_exit,
	[EXIT_IRQ_WINDOW] = exit_retry,
	[EXIT_NMI_WINDOW] = exit_retry,
	[EXIT_CR8] = exit_cr8,
	[EXIT_WRITE_DR] = debug_write_exit,
	[EXIT_XSETBV] = xsetbv_exit,
	[EXIT_INVD] = exit_ignore,
	[EXIT_WBINVD] = exit_ignore,
	[EXIT_MWAIT] = exit_undefined,
	[EXIT_PAUSE] = exit_yield,
	[EXIT_RDPMC] = exit_rdpmc,
	[EXIT_VIRT_INSN] = exit_undefined,
	[EXIT_EXCEPTION] = exit_exception,
	[EXIT_SHUTDOWN] = exit_shutdown,
	[EXIT_INIT] = exit_retry,
	[EXIT_TASK_SWITCH] = task_switch_exit,
	[EXIT_ENTRY_FAILED] = exit_fatal,
	[EXIT_UNKNOWN] = exit_fatal,
};

/* Their handlers may answer DONE, SLEEP or YIELD without setting insn_len themselves. */
static const bool skips[EXIT_KINDS] = {
	[EXIT_CPUID] = true,  [EXIT_PIO] = true,       [EXIT_RDMSR] = true,  [EXIT_WRMSR] = true,
	[EXIT_HLT] = true,    [EXIT_HYPERCALL] = true, [EXIT_CR8] = true,    [EXIT_WRITE_DR] = true,
	[EXIT_XSETBV] = true, [EXIT_INVD] = true,      [EXIT_WBINVD] = true, [EXIT_PAUSE] = true,
};

enum verdict route_exit(struct vcpu *v, struct vm_exit *e)
{
	if (!e->insn_len && skips[e->kind]) {
		e->insn_len = guest_insn_length(v);
		if (!e->insn_len)
			return VERDICT_RETRY;
	}
	return handlers[e->kind](v, e);
}
