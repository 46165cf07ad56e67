/*
 * A refused entry in the log: what the CPU said, each rule that the VMCS breaks, and its contents.
 * Called once, before the guest is stopped.
 */
#include "arch/x86/cpu/features.h"
#include "arch/x86/vmx/vmx_vcpu.h"
#include "lib/log.h"

/* VM-instruction errors of entries (SDM 3C 31.4). */
static const char *const insn_errors[] = {
	[0] = "no VMCS was current",
	[4] = "VMLAUNCH of a VMCS that was launched already",
	[5] = "VMRESUME of a VMCS that was not launched",
	[6] = "VMRESUME after VMXOFF",
	[7] = "invalid control fields",
	[8] = "invalid host state",
	[26] = "entry in a shadow of MOV SS",
};

/* QUALIFICATION of an entry that failed by the guest's state (27.8). */
static const char *const details[] = {
	[0] = "the CPU does not say what",
	[2] = "the PDPTEs",
	[3] = "an NMI injected in a shadow of STI",
	[4] = "the VMCS link pointer",
};

enum { REASON_STATE = 33, REASON_MSR = 34, REASON_MACHINE_CHECK = 41 };

static const char *text_of(const char *const *texts, size_t count, uint64_t n)
{
	return n < count && texts[n] ? texts[n] : "?";
}

static void dump_reason(uint64_t reason)
{
	uint64_t error = vmread(VMCS_INSN_ERROR), detail = vmread(VMCS_QUALIFICATION);

	if (!reason) {
		log_error("vmx: the CPU refused to enter a guest: error %lu, %s", error,
			  text_of(insn_errors, ARRAY_SIZE(insn_errors), error));
		return;
	}
	switch (field_get(EXIT_REASON_BASIC, reason)) {
	case REASON_STATE:
		log_error("vmx: the CPU refused a guest's state: %s (%lu)",
			  text_of(details, ARRAY_SIZE(details), detail), detail);
		break;
	case REASON_MSR:
		log_error("vmx: entering a guest failed at entry %lu of the MSRs to load", detail);
		break;
	case REASON_MACHINE_CHECK:
		log_error("vmx: entering a guest failed by a machine check");
		break;
	default: log_error("vmx: entering a guest failed: reason %#lx, %lu", reason, detail);
	}
}

static void dump_segments(void)
{
	static const char *const names[SEG_COUNT] = {
		"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR",
	};

	for (unsigned i = 0; i < SEG_COUNT; i++)
		log_error("vmx:   %-4s %04lx attributes %05lx base %016lx limit %08lx", names[i],
			  vmread(VMCS_GUEST_ES_SELECTOR + 2 * i),
			  vmread(VMCS_GUEST_ES_ATTRIBUTES + 2 * i),
			  vmread(VMCS_GUEST_ES_BASE + 2 * i), vmread(VMCS_GUEST_ES_LIMIT + 2 * i));
	log_error("vmx:   GDTR base %016lx limit %lx, IDTR base %016lx limit %lx",
		  vmread(VMCS_GUEST_GDTR_BASE), vmread(VMCS_GUEST_GDTR_LIMIT),
		  vmread(VMCS_GUEST_IDTR_BASE), vmread(VMCS_GUEST_IDTR_LIMIT));
}

static void dump_registers(void)
{
	log_error("vmx:   rip %lx rsp %lx rflags %lx cpl %u", vmread(VMCS_GUEST_RIP),
		  vmread(VMCS_GUEST_RSP), vmread(VMCS_GUEST_RFLAGS), vmx_cpl());
	log_error("vmx:   cr0 %lx (shadow %lx) cr3 %lx cr4 %lx (shadow %lx) efer %lx",
		  vmread(VMCS_GUEST_CR0), vmread(VMCS_CR0_SHADOW), vmread(VMCS_GUEST_CR3),
		  vmread(VMCS_GUEST_CR4), vmread(VMCS_CR4_SHADOW), vmread(VMCS_GUEST_EFER));
	log_error("vmx:   pdptes %lx %lx %lx %lx pat %lx", vmread(VMCS_GUEST_PDPTE0),
		  vmread(VMCS_GUEST_PDPTE1), vmread(VMCS_GUEST_PDPTE2), vmread(VMCS_GUEST_PDPTE3),
		  vmread(VMCS_GUEST_PAT));
	log_error("vmx:   dr7 %lx debugctl %lx pending %lx blocked %lx activity %lx",
		  vmread(VMCS_GUEST_DR7), vmread(VMCS_GUEST_DEBUGCTL),
		  vmread(VMCS_GUEST_PENDING_DEBUG), vmread(VMCS_GUEST_INTERRUPTIBILITY),
		  vmread(VMCS_GUEST_ACTIVITY));
	dump_segments();
}

static void dump_control(void)
{
	log_error("vmx:   controls %lx %lx %lx exit %lx entry %lx exceptions %lx",
		  vmread(VMCS_PIN_CONTROLS), vmread(VMCS_CPU_CONTROLS), vmread(VMCS_CPU_CONTROLS2),
		  vmread(VMCS_EXIT_CONTROLS), vmread(VMCS_ENTRY_CONTROLS),
		  vmread(VMCS_EXCEPTION_BITMAP));
	log_error("vmx:   injected %lx error %lx threshold %lx ept %lx msrs %lx",
		  vmread(VMCS_ENTRY_EVENT), vmread(VMCS_ENTRY_EVENT_ERROR),
		  vmread(VMCS_TPR_THRESHOLD), vmread(VMCS_EPT_POINTER), vmread(VMCS_MSR_BITMAP));
}

void vmx_dump(const struct vcpu *v, uint64_t reason)
{
	const char *why;

	dump_reason(reason);
	for (unsigned n = 0; (why = vmx_check(vmread, cpu_physical_bits(), n)) != NULL; n++)
		log_error("vmx: not allowed: %s", why);
	dump_control();
	dump_registers();
}
