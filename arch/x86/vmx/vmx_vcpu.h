/*
 * What VT-x keeps for a vCPU beside its VMCS, and what the files of this folder offer each other.
 * All calls on the vCPU's own CPU, out of the guest. A VMCS can be read and written only while it
 * is the CPU's current one: every function that the backend's table names calls vmx_use() first,
 * since it may be asked about a vCPU other than the one that ran last.
 */
#ifndef ARCH_X86_VMX_VMX_VCPU_H
#define ARCH_X86_VMX_VMX_VCPU_H

#include "arch/x86/vmx/insn.h"
#include "vmm/backend.h"

/* CR0 and CR4 bits that the host keeps for itself while a guest runs; guests see a shadow of them
   (SDM 3C 25.6.6). NE and VMXE must be set in VMX operation; CD and NW would act on the host's
   caches, as no entry or exit switches them; without MCE a machine check stops the machine. */
#define CR0_OWNED   (CR0_NE | CR0_CD | CR0_NW)
#define CR4_OWNED   (CR4_VMXE | CR4_MCE)
/* CR4 bits that guests are free to set where the CPU has them. The others belong to features that
   no guest is shown (cpuid.def) and that the hypervisor does not switch: setting one is #GP,
   whatever the CPU would say. */
#define CR4_FREE    (MASK(11, 0) | CR4_FSGSBASE | CR4_PCIDE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP)
#define CR4_REFUSED (~(CR4_FREE | CR4_OWNED))

struct vmx_vcpu {
	uint64_t vmcs_hpa;
	uint64_t host_rsp; /* what HOST_RSP holds; enter.asm writes it when the stack differs */
	uint64_t cr2;      /* the guest's; no VMCS field: enter.asm swaps it with the CPU's */
	bool launched;     /* VMRESUME from now on */
	bool loaded;       /* its DR0-3, DR6 and syscall MSRs are in the CPU (switch_in) */
	bool hosted;       /* the host-state fields are those of its CPU */
	uint16_t vpid;     /* 0: the CPU has none, and every entry flushes */
	uint8_t threshold; /* what TPR_THRESHOLD holds; 0: CR8 may fall unseen */
	uint8_t *vapic;    /* virtual-APIC page: the local APIC's registers, TPR among them */

	uint32_t cpu_controls;     /* what CPU_CONTROLS holds */
	uint32_t interruptibility; /* what GUEST_INTERRUPTIBILITY held at the last exit */
	uint32_t preemption;       /* what PREEMPTION_TIMER holds */
	uint64_t exit_rip; /* GUEST_RIP at the last exit: unchanged values are not written */
	uint64_t exit_rsp, exit_rflags;

	/* While not loaded; while loaded the CPU has them. */
	uint64_t dr6;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
};

/* Exceptions that exit: as on AMD-V (contract.md sections 2 and 7). */
#define VMX_EXCEPTIONS (BIT(VECTOR_DB) | BIT(VECTOR_UD) | BIT(VECTOR_AC) | BIT(VECTOR_MC))

/* host.c: makes v's VMCS the current one of this CPU. Cheap if it is already. */
struct vmx_vcpu *vmx_use(const struct vcpu *v);
/* This CPU: VMXON, FEATURE_CONTROL. Errors: UNSUPPORTED (logged). */
enum err vmx_cpu_enable(void);
/* The current VMCS leaves this CPU, so that another one may use it. */
void vmx_leave(struct vmx_vcpu *x);
/* Fills the current VMCS' host-state area for this CPU; once, before v's first entry. */
void vmx_host_state(struct vmx_vcpu *x);

/* enter.asm: enters the guest with the general registers but RSP, swaps CR2. False: the instruction
   failed (INSN_ERROR tells, if there is a current VMCS). Interrupts off before and after. */
bool vmx_enter(struct vmx_vcpu *x, struct vcpu_regs *regs);
/* Where exits land, for HOST_RIP. */
extern const char vmx_exit[];

/* run.c, timer.c */
void vmx_run(struct vcpu *v, struct vm_exit *e);
/* This CPU's guests exit (TIMER) at that host TSC; false: no preemption timer. */
bool vmx_set_timer(uint64_t deadline);
/* At an exit after which vmm takes the host's interrupts (HOST_IRQ, TIMER). */
void vmx_timer_window(void);
/* Before an entry: PREEMPTION_TIMER, bounded when the guest is entered with IF clear. */
void vmx_timer_load(struct vmx_vcpu *x, bool interrupts_on);

/* decode.c: fills *e from the current VMCS, and does what an exit means for windows. */
void vmx_decode(struct vcpu *v, struct vm_exit *e, uint32_t reason);
const char *vmx_exit_name(uint64_t reason);

/* inject.c */
/* Takes v->inject for this entry into ENTRY_EVENT and its companions. */
void vmx_event_load(struct vcpu *v);
/* Puts the delivery that this exit interrupted (VECTORING, valid) into v->inject. */
void vmx_event_save(struct vcpu *v, uint32_t vectoring);
bool vmx_can_inject(struct vcpu *v, enum event_kind kind);
void vmx_ask_window(struct vcpu *v, enum event_kind kind);
void vmx_ask_cr8(struct vcpu *v, uint8_t below);
/* run.c: writes TPR_THRESHOLD. An entry with one above the guest's CR8 is refused (SDM
 * 3C 27.2.1.1). */
void vmx_threshold(struct vmx_vcpu *x, uint8_t threshold);
/* At an exit: this window has come; it is no longer asked for. */
void vmx_window_close(struct vmx_vcpu *x, enum event_kind kind);
void vmx_shadow_clear(struct vcpu *v);
/* Writes GUEST_INTERRUPTIBILITY, and PENDING_DEBUG.BS where 27.3.1.5 wants it. */
void vmx_interruptibility(struct vcpu *v, uint32_t value);

/* control.c: MOV to CR0 or CR4, or LMSW, that changes a bit of *_OWNED. Moves the shadow and lets
   the instruction run again (e->kind NONE), or injects #GP where it would fault. */
void vmx_control_exit(struct vcpu *v, struct vm_exit *e);
/* CR0 and CR4 as the guest sees them; the current VMCS. */
uint64_t vmx_cr0(void);
uint64_t vmx_cr4(void);
void vmx_set_cr0(uint64_t value);
void vmx_set_cr4(uint64_t value);

/* apicv.c */
extern const struct backend_apic vmx_apicv;

/* flush.c */
uint16_t vmx_vpid_new(void);
uint64_t vmx_ept_pointer(hpa_t root);
/* Nested translations: INVEPT; with the guest's own: INVVPID, too. */
void vmx_flush(struct vcpu *v);
/* Translations of the guest's own tables: after set_state. */
void vmx_flush_guest(struct vmx_vcpu *x);
/* Everything that this CPU may have kept from before VMXON. */
void vmx_forget_all(void);

/* maps.c: MSR bitmap. All MSRs exit but those opened; every port exits (CPU_IO_EXIT). */
void vmx_maps_init(void);
void vmx_msr_open(uint32_t index, bool read, bool write);
/* Host-physical address of the bitmap; of the one for a guest whose CPU carries out x2APIC. */
uint64_t vmx_msr_map(bool x2apic);

/* vcpu.c */
#define VMX_VCPU_PAGES 2 /* the VMCS, struct vmx_vcpu */
void vmx_vcpu_init(struct vcpu *v, void *pages, hpa_t nested_root);
void vmx_switch_in(struct vcpu *v);
void vmx_switch_out(struct vcpu *v);

/* state.c, segment.c, msrs.c; the latter two on the current VMCS where they take no vcpu. */
void vmx_get_state(struct vcpu *v, struct vcpu_state *state);
void vmx_set_state(struct vcpu *v, const struct vcpu_state *state);
void vmx_get_mode(struct vcpu *v, struct vcpu_mode *m);
uint64_t vmx_code_root(const struct vcpu *v);
uint8_t vmx_cpl(void);
void vmx_get_segment(struct vcpu *v, enum vcpu_seg n, struct vcpu_segment *out);
void vmx_set_segment(enum vcpu_seg n, const struct vcpu_segment *in);
bool vmx_msr_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool vmx_msr_write(struct vcpu *v, uint32_t index, uint64_t value);

/* dump.c: the current VMCS in the log, with what is wrong with it: after a failed entry. `reason`
   is the exit reason, 0 if the instruction itself failed. */
void vmx_dump(const struct vcpu *v, uint64_t reason);

/* check.c: the n-th of the guest-state rules (SDM 3C 27.3) that this state breaks; NULL: no more.
   Pure: reads fields through `read`. */
const char *vmx_check(uint64_t (*read)(enum vmcs_field field), unsigned physical_bits, unsigned n);

#endif
