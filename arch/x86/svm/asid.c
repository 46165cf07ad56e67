/*
 * Address space identifiers: which TLB entries are whose. A CPU hands its ASIDs out in order; when
 * they are used up its generation goes up, which takes the ASIDs of all its vCPUs away, and the
 * whole TLB is flushed at the next entry, whoever makes it. Flushing one vCPU is the CPU's work
 * where it can flush by ASID, else the vCPU takes a fresh ASID.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/svm/caps.h"
#include "arch/x86/svm/svm_vcpu.h"

static struct {
	uint64_t generation;
	uint32_t next; /* 0: none yet */
	bool flush;    /* the next entry flushes everything */
} cpus[MAX_CPUS];

static void asid_take(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *b = s->vmcb;

	if (cpus[v->cpu].next == 0 || cpus[v->cpu].next >= svm_caps.asids) {
		cpus[v->cpu].generation++;
		cpus[v->cpu].next = 1;
		cpus[v->cpu].flush = true;
	}
	b->asid = cpus[v->cpu].next++;
	b->clean &= ~VMCB_CLEAN_ASID;
	s->generation = cpus[v->cpu].generation;
}

void svm_asid_check(struct vcpu *v)
{
	if (svm_of(v)->generation != cpus[v->cpu].generation || cpus[v->cpu].next == 0)
		asid_take(v);
	if (cpus[v->cpu].flush)
		svm_vmcb(v)->tlb_control = VMCB_TLB_FLUSH_ALL;
}

void svm_flush(struct vcpu *v)
{
	struct vmcb *b = svm_vmcb(v);

	if (!svm_has(SVM_FLUSH_ASID))
		asid_take(v);
	else if (b->tlb_control == VMCB_TLB_KEEP)
		b->tlb_control = VMCB_TLB_FLUSH_ASID;
	svm_asid_check(v);
}

void svm_flushed(struct vmcb *b)
{
	if (b->tlb_control == VMCB_TLB_FLUSH_ALL)
		cpus[cpu_index()].flush = false;
	b->tlb_control = VMCB_TLB_KEEP;
}
