/*
 * What AMD-V keeps for a vCPU beside its VMCB, and what the files of this folder offer each other.
 * All calls on the vCPU's own CPU, out of the guest.
 */
#ifndef ARCH_X86_SVM_SVM_VCPU_H
#define ARCH_X86_SVM_SVM_VCPU_H

#include "arch/x86/svm/vmcb.h"
#include "vmm/backend.h"

/* svm_vcpu.care: what the next entry must look after. */
enum {
	CARE_NMI_WINDOW = 1, /* exit as soon as an NMI may go in */
	CARE_IRET = 2,       /* RIP is at the IRET that ends NMI blocking */
	CARE_CR8 = 4,        /* RIP is at a write to CR8 */
};

struct svm_vcpu {
	struct vmcb *vmcb;
	uint64_t vmcb_hpa;
	uint64_t host_hpa;   /* VMSAVE area of its CPU */
	uint64_t generation; /* of its ASID; behind the CPU's: the ASID is somebody else's now */
	bool loaded;         /* its DR0-3 and TSC_AUX are in the CPU */

	bool irq_window;  /* V_IRQ is wanted: exit when an interrupt may go in */
	bool cr8_window;  /* exit when CR8 has been written */
	bool nmi_blocked; /* an NMI's handler runs: IRET is intercepted until it ends */
	uint8_t care;     /* CARE_* */

	/* step.c, from an entry to the exit that follows */
	bool watching;     /* svm_step_exit must look */
	bool stepping;     /* one instruction with TF set, every exception intercepted */
	bool guest_tf;     /* the guest's own TF */
	bool entry_shadow; /* the interrupt shadow at entry */
	uint64_t entry_rip, entry_dr6;
};

#define SVM_EXCEPTIONS (BIT(VECTOR_DB) | BIT(VECTOR_UD) | BIT(VECTOR_AC) | BIT(VECTOR_MC))

static inline struct svm_vcpu *svm_of(const struct vcpu *v)
{
	return v->arch;
}

static inline struct vmcb *svm_vmcb(const struct vcpu *v)
{
	return svm_of(v)->vmcb;
}

/* enter.asm: VMLOAD, VMRUN, VMSAVE with the guest's general registers but RAX and RSP. Interrupts
   are off before and after; one that is pending makes the guest exit. */
void svm_enter(struct svm_vcpu *s, struct vcpu_regs *regs);

/* run.c */
void svm_run(struct vcpu *v, struct vm_exit *e);

/* decode.c: fills *e from the VMCB, and does what an exit means for windows. */
void svm_decode(struct vcpu *v, struct vm_exit *e);
const char *svm_exit_name(uint64_t code);

/* inject.c: takes v->inject for this entry; the value for vmcb.event_inj. */
uint64_t svm_event_load(struct vcpu *v);
/* Puts the delivery that this exit interrupted into v->inject. */
void svm_event_save(struct vcpu *v);
bool svm_can_inject(struct vcpu *v, enum event_kind kind);
void svm_ask_window(struct vcpu *v, enum event_kind kind);
void svm_ask_cr8(struct vcpu *v, uint8_t below);
void svm_shadow_clear(struct vcpu *v);
/* Gives up what was asked for but an NMI window. */
void svm_window_close(struct svm_vcpu *s);
/* Makes the VMCB ask for irq_window and cr8_window. */
void svm_window_set(struct svm_vcpu *s);
void svm_nmi_block(struct svm_vcpu *s, bool blocked);

/* step.c: around an entry in an interrupt shadow or with something to care for. */
void svm_step_enter(struct vcpu *v);
void svm_step_exit(struct vcpu *v, struct vm_exit *e);

/* host.c */
enum err svm_cpu_enable(void);
/* Host-physical address of a CPU's VMSAVE area. */
uint64_t svm_host_area(unsigned cpu);

/* asid.c */
void svm_asid_check(struct vcpu *v);
void svm_flush(struct vcpu *v);
/* After a run that flushed. */
void svm_flushed(struct vmcb *b);

/* maps.c */
void svm_maps_init(void);
void svm_msr_open(uint32_t index, bool read, bool write);
void svm_maps_use(struct vmcb *b);

/* vcpu.c */
void svm_vcpu_init(struct vcpu *v, void *pages, hpa_t nested_root);
void svm_switch_in(struct vcpu *v);
void svm_switch_out(struct vcpu *v);

/* state.c, segment.c, msrs.c */
void svm_get_state(struct vcpu *v, struct vcpu_state *state);
void svm_set_state(struct vcpu *v, const struct vcpu_state *state);
void svm_get_mode(struct vcpu *v, struct vcpu_mode *m);
uint64_t svm_code_root(const struct vcpu *v);
void svm_get_segment(struct vcpu *v, enum vcpu_seg n, struct vcpu_segment *out);
void svm_set_segment(struct vmcb *b, enum vcpu_seg n, const struct vcpu_segment *in);
bool svm_msr_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool svm_msr_write(struct vcpu *v, uint32_t index, uint64_t value);

/* dump.c: what is wrong with a VMCB that VMRUN refused, and what is in it, to the log. */
void svm_dump(const struct vcpu *v);

/* check.c: the n-th of the states that VMRUN refuses (APM 2 15.5.1) that *b is in; NULL: no more.
   Pure. */
const char *svm_check(const struct vmcb *b, unsigned physical_bits, unsigned n);

#endif
