/*
 * A vCPU's VMCB from its making on: what is intercepted, the state after reset, and what changes
 * hands at a switch.
 */
#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/caps.h"
#include "arch/x86/svm/svm_vcpu.h"
#include "mm/hvmap.h"

#define PAUSE_COUNT     3000
#define PAUSE_THRESHOLD 128

/* Ports, MSRs, whatever could stop the CPU, and what guests are not shown. Control registers are
   the guest's own. Writes to debug registers are carried out here, because QEMU leaves a guest's
   breakpoints armed after #VMEXIT, where they would hit the hypervisor and other guests. #DB and
   #AC could be raised in a loop that no interrupt ends, so each is seen here (contract.md section
   7); #UD may be the other vendor's hypercall. */
#define INTERCEPT_MISC1                                                                            \
	(VMCB_INTERCEPT_INTR | VMCB_INTERCEPT_NMI | VMCB_INTERCEPT_INIT | VMCB_INTERCEPT_RDPMC |   \
	 VMCB_INTERCEPT_CPUID | VMCB_INTERCEPT_RSM | VMCB_INTERCEPT_INVD | VMCB_INTERCEPT_HLT |    \
	 VMCB_INTERCEPT_INVLPGA | VMCB_INTERCEPT_IOIO | VMCB_INTERCEPT_MSR |                       \
	 VMCB_INTERCEPT_FREEZE | VMCB_INTERCEPT_SHUTDOWN)
#define INTERCEPT_MISC2                                                                            \
	(VMCB_INTERCEPT_VMRUN | VMCB_INTERCEPT_VMMCALL | VMCB_INTERCEPT_VMLOAD |                   \
	 VMCB_INTERCEPT_VMSAVE | VMCB_INTERCEPT_STGI | VMCB_INTERCEPT_CLGI |                       \
	 VMCB_INTERCEPT_SKINIT | VMCB_INTERCEPT_WBINVD | VMCB_INTERCEPT_MONITOR |                  \
	 VMCB_INTERCEPT_MWAIT | VMCB_INTERCEPT_XSETBV)

static void set_intercepts(struct vmcb *b)
{
	b->intercept_misc1 = INTERCEPT_MISC1;
	b->intercept_misc2 = INTERCEPT_MISC2;
	b->intercept_dr_write = 0xff;
	b->intercept_exceptions = SVM_EXCEPTIONS;
	svm_maps_use(b);
	if (!svm_has(SVM_PAUSE))
		return;
	b->intercept_misc1 |= VMCB_INTERCEPT_PAUSE;
	b->pause_count = PAUSE_COUNT;
	if (svm_has(SVM_PAUSE_THRESHOLD))
		b->pause_threshold = PAUSE_THRESHOLD;
}

void svm_vcpu_init(struct vcpu *v, void *pages, hpa_t nested_root)
{
	struct svm_vcpu *s = (struct svm_vcpu *)((uint8_t *)pages + PAGE_SIZE);
	struct vmcb *b = pages;
	struct vcpu_state state;

	v->arch = s;
	s->vmcb = b;
	s->vmcb_hpa = hv_hpa(b).v;
	s->host_hpa = svm_host_area(v->cpu);
	set_intercepts(b);
	b->nested_control = VMCB_NP_ENABLE;
	b->nested_cr3 = nested_root.v;
	b->v_control = VMCB_V_INTR_MASKING;
	b->tsc_offset = v->tsc_offset;
	/* Replaced at the first switch, before it could be used; 0 would be refused. */
	b->asid = 1;
	vcpu_state_reset(&v->regs, &state);
	svm_set_state(v, &state);
}

void svm_switch_in(struct vcpu *v)
{
	svm_asid_check(v);
	insn_write_dr0(v->dr[0]);
	insn_write_dr1(v->dr[1]);
	insn_write_dr2(v->dr[2]);
	insn_write_dr3(v->dr[3]);
	if (cpu_has(CPU_RDTSCP))
		msr_write(MSR_TSC_AUX, v->tsc_aux);
	/* Guests are not shown protection keys, but CR4.PKE is theirs to set, and PKRU would tell
	   them what the last one has written. */
	if (cpu_has(CPU_PKU))
		insn_wrpkru(0);
	svm_of(v)->loaded = true;
}

void svm_switch_out(struct vcpu *v)
{
	v->dr[0] = insn_read_dr0();
	v->dr[1] = insn_read_dr1();
	v->dr[2] = insn_read_dr2();
	v->dr[3] = insn_read_dr3();
	if (cpu_has(CPU_RDTSCP))
		v->tsc_aux = msr_read(MSR_TSC_AUX);
	svm_of(v)->loaded = false;
}
