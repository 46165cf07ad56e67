/*
 * AMD-V on each host CPU: switched on, with a page where VMRUN keeps the host's state and one for
 * what VMRUN leaves alone (FS, GS, TR, LDTR, syscall MSRs), saved once here because it never
 * changes afterwards and loaded after every exit.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/svm_vcpu.h"
#include "lib/log.h"
#include "mm/hvmap.h"

static uint8_t vmrun_area[MAX_CPUS][PAGE_SIZE] ALIGNED(PAGE_SIZE);
static uint8_t vmsave_area[MAX_CPUS][PAGE_SIZE] ALIGNED(PAGE_SIZE);

uint64_t svm_host_area(unsigned cpu)
{
	return hvmap_image_hpa(vmsave_area[cpu]).v;
}

enum err svm_cpu_enable(void)
{
	unsigned cpu = cpu_index();
	uint64_t vm_cr;

	/* Some models lack VM_CR; where it is, it tells what the firmware has decided. */
	if (msr_read_safe(MSR_VM_CR, &vm_cr) && vm_cr & VM_CR_SVMDIS) {
		log_error("svm: the firmware has switched AMD-V off on CPU %u: enable SVM in its "
			  "setup",
			  cpu);
		return ERR_UNSUPPORTED;
	}
	/* For svm_switch_in; our own pages are not user pages, so no key stops us. */
	if (cpu_has(CPU_PKU))
		insn_write_cr4(insn_read_cr4() | CR4_PKE);
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SVME);
	msr_write(MSR_VM_HSAVE_PA, hvmap_image_hpa(vmrun_area[cpu]).v);
	asm volatile("vmsave %0" : : "a"(svm_host_area(cpu)) : "memory");
	return OK;
}
