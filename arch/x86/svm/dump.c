/*
 * A VMCB in the log: called when VMRUN refused it. The registers are the guest's on silicon; QEMU
 * has overwritten them with the host's by then.
 */
#include "arch/x86/cpu/features.h"
#include "arch/x86/svm/svm_vcpu.h"
#include "lib/log.h"

static void dump_segments(const struct vmcb *b)
{
	static const char *const names[VMCB_SEGS] = {
		"ES", "CS", "SS", "DS", "FS", "GS", "GDTR", "LDTR", "IDTR", "TR",
	};

	for (unsigned i = 0; i < VMCB_SEGS; i++) {
		const struct vmcb_segment *s = &b->segment[i];

		log_error("svm:   %-4s %04x attributes %03x base %016lx limit %08x", names[i],
			  s->selector, s->attributes, s->base, s->limit);
	}
}

static void dump_registers(const struct vmcb *b)
{
	log_error("svm:   rip %lx rsp %lx rflags %lx cpl %u", b->rip, b->rsp, b->rflags, b->cpl);
	log_error("svm:   cr0 %lx cr2 %lx cr3 %lx cr4 %lx efer %lx", b->cr0, b->cr2, b->cr3, b->cr4,
		  b->efer);
	log_error("svm:   dr6 %lx dr7 %lx pat %lx", b->dr6, b->dr7, b->pat);
	dump_segments(b);
}

static void dump_control(const struct vmcb *b)
{
	log_error("svm:   exit %lx (%s) info %lx %lx interrupted %lx", b->exit_code,
		  svm_exit_name(b->exit_code), b->exit_info1, b->exit_info2, b->exit_int_info);
	log_error("svm:   intercepts %x %x exceptions %x asid %u nested cr3 %lx",
		  b->intercept_misc1, b->intercept_misc2, b->intercept_exceptions, b->asid,
		  b->nested_cr3);
	log_error("svm:   injected %lx shadow %lx tpr %x virq %x maps %lx %lx", b->event_inj,
		  b->int_state, b->v_tpr, b->v_irq, b->msr_map, b->io_map);
}

void svm_dump(const struct vcpu *v)
{
	const struct vmcb *b = svm_vmcb(v);
	const char *why;

	log_error("svm: the CPU refused to enter a guest");
	for (unsigned n = 0; (why = svm_check(b, cpu_physical_bits(), n)) != NULL; n++)
		log_error("svm: not allowed: %s", why);
	dump_control(b);
	dump_registers(b);
}
