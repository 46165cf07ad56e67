/*
 * What a processor vendor's part must do for the rest: enter a guest and say in neutral words why
 * it came out. One instance is chosen at boot by CPUID. A backend decides nothing. All calls but
 * cpu_enable and init are made on the vCPU's own CPU while it is out of the guest.
 */
#ifndef VMM_BACKEND_H
#define VMM_BACKEND_H

#include "lib/err.h"
#include "mm/ptab.h"
#include "vmm/vcpu.h"

#define CODE_ROOT_NONE (~0ull) /* no CR3 is that */

/* How much of a guest's local APIC the CPU carries out by itself: nothing; the task priority, as
   CR8; everything that it can, interrupt delivery included. */
enum apic_help { APIC_HELP_NONE, APIC_HELP_TPR, APIC_HELP_FULL };

/* How the guest reaches its local APIC: nothing without an exit; the page at HV_GUEST_LAPIC; the
   MSRs of x2APIC. In the latter two the CPU delivers interrupts. */
enum apic_mode { APIC_BY_EXITS, APIC_BY_PAGE, APIC_BY_MSRS };

/* A CPU's help with local APICs. All but `help` about one vCPU, on its CPU. */
struct backend_apic {
	/* After init, always the same. */
	enum apic_help (*help)(void);
	/* Once, on the boot CPU: the page of registers, in xAPIC layout, and (FULL) the
	   page that is at HV_GUEST_LAPIC in the guest's nested tables in mode BY_PAGE. */
	void (*init)(struct vcpu *v, hpa_t registers, hpa_t access);
	/* The rest at FULL only. Begins as APIC_BY_EXITS; status() follows before the next entry.
	 */
	void (*mode)(struct vcpu *v, enum apic_mode mode);
	/* The highest vector requested (IRR) and in service (ISR), 0 none: vmm has changed them. */
	void (*status)(struct vcpu *v, uint8_t request, uint8_t service);
	/* Vectors, 32 a word, whose EOI makes the guest exit (APIC_EOI). */
	void (*levels)(struct vcpu *v, const uint32_t vectors[8]);
};

struct backend {
	const char *name; /* "AMD-V" */

	/* Boot CPU, before init: does without that optional feature of the CPU (the name as the
	   backend's features.def has it, in any case), so that the plain path can be tested, or
	   uses it although it is known to be defective there. False: it has none of that name. */
	bool (*want)(const char *name, size_t bytes, bool use);
	/* Boot CPU, once, before anything else: capabilities, permission maps; logs the verdict on
	   optional features. Errors: UNSUPPORTED (a required feature is missing; it was logged). */
	enum err (*init)(void);
	/* Each CPU: switches the virtualization extension on. */
	enum err (*cpu_enable)(void);

	/* The nested-table format to use on this machine. */
	const struct ptab_format *(*nested_format)(void);

	/* Opens an MSR to guests (read, write); all others exit. Boot only, after init. */
	void (*msr_open)(uint32_t index, bool read, bool write);

	size_t vcpu_pages; /* hypervisor pages a vCPU needs; fixed after init */
	/* First set-up: `pages` is vcpu_pages zeroed hypervisor pages; nested is the domain's root.
	 */
	void (*vcpu_init)(struct vcpu *v, void *pages, hpa_t nested_root);

	/* Before the first run on this CPU after another vCPU ran, and after the last: what run()
	   does not switch by itself (DR0-3, MSRs that are open and not held by the CPU's
	   structure). */
	void (*switch_in)(struct vcpu *v);
	void (*switch_out)(struct vcpu *v);

	/* Enters the guest with v->regs, v->cr8, v->inject (consumed); returns at the next exit
	   with *e filled, v->regs valid, v->inject holding a delivery that the exit interrupted, if
	   any. Host interrupts are off before and after; one that is pending makes the guest exit.
	 */
	void (*run)(struct vcpu *v, struct vm_exit *e);

	/* May an event of this kind go in at the next entry (IF, shadow, NMI blocking, nothing else
	   being injected)? And: exit as soon as it may. Windows stay asked for until they exit. */
	bool (*can_inject)(struct vcpu *v, enum event_kind kind);
	void (*ask_window)(struct vcpu *v, enum event_kind kind);
	/* Exit (IRQ_WINDOW) as soon as an interrupt may go in and the guest's CR8 is lower than
	   `below`, 1..15: for an interrupt that only the task priority holds back. */
	void (*ask_cr8)(struct vcpu *v, uint8_t below);

	void (*get_state)(struct vcpu *v, struct vcpu_state *s);
	void (*set_state)(struct vcpu *v, const struct vcpu_state *s);
	void (*get_mode)(struct vcpu *v, struct vcpu_mode *m);
	/* CR3 while the guest runs 64-bit code on four levels of tables, else CODE_ROOT_NONE: what
	   finding the bytes at RIP again needs, at each exit of a CPU without next RIP. */
	uint64_t (*code_root)(const struct vcpu *v);
	void (*get_segment)(struct vcpu *v, enum vcpu_seg n, struct vcpu_segment *s);
	void (*set_cr2)(struct vcpu *v, uint64_t cr2);

	/* MSRs that the CPU's structure holds (EFER, STAR, FS_BASE, PAT, SYSENTER...): false if
	   this one is not among them. msr_write checks nothing but what would break an entry:
	   values were checked by msr.c. */
	bool (*msr_read)(struct vcpu *v, uint32_t index, uint64_t *value);
	bool (*msr_write)(struct vcpu *v, uint32_t index, uint64_t value);

	/* This CPU: a guest that runs exits (TIMER) at that host TSC or soon after, TIMER_NEVER not
	   at all. False: the CPU has no timer of the kind, and the local APIC's must serve. */
	bool (*set_timer)(uint64_t deadline);

	/* v->tsc_offset has changed. */
	void (*tsc_changed)(struct vcpu *v);
	/* Nested or guest translations of this vCPU must not be used any more after the next entry.
	 */
	void (*flush)(struct vcpu *v);
	/* After RIP was moved past an instruction: the interrupt shadow ends. */
	void (*shadow_clear)(struct vcpu *v);

	/* After init: bits of a register (0 eax to 3 edx) of that CPUID leaf, subleaf 0, which the
	   CPU shows and whose instructions it would not let a guest use. NULL: there are none. */
	uint32_t (*cpuid_hides)(uint32_t leaf, unsigned reg);

	const struct backend_apic *apic; /* NULL: no CPU of this vendor helps */

	/* Bytes at RIP that the CPU fetched at a nested fault (decode assists); 0 if it did not. */
	size_t (*insn_bytes)(struct vcpu *v, uint8_t bytes[15]);
};

extern const struct backend *backend;

#endif
