/*
 * The VMCS (SDM 3C 25): its fields and the bits of its controls. VMREAD and VMWRITE are in insn.h;
 * they act on the CPU's current VMCS (vmx_use in vmx_vcpu.h makes one current).
 */
#ifndef ARCH_X86_VMX_VMCS_H
#define ARCH_X86_VMX_VMCS_H

#include "lib/bits.h"

enum vmcs_field {
#define VMCS_FIELD(encoding, name) VMCS_##name = (encoding),
#define VMCS_INFO(encoding, name)  VMCS_##name = (encoding),
#include "arch/x86/vmx/vmcs.def"
#undef VMCS_FIELD
#undef VMCS_INFO
};

/* Pin-based controls (25.6.1). */
#define PIN_IRQ_EXIT    BIT(0)
#define PIN_NMI_EXIT    BIT(3)
#define PIN_VIRTUAL_NMI BIT(5)
#define PIN_TIMER       BIT(6) /* VMX-preemption timer */

/* Primary processor-based controls (25.6.2). */
#define CPU_IRQ_WINDOW     BIT(2)
#define CPU_TSC_OFFSET     BIT(3)
#define CPU_HLT_EXIT       BIT(7)
#define CPU_INVLPG_EXIT    BIT(9)
#define CPU_MWAIT_EXIT     BIT(10)
#define CPU_RDPMC_EXIT     BIT(11)
#define CPU_RDTSC_EXIT     BIT(12)
#define CPU_CR3_LOAD_EXIT  BIT(15)
#define CPU_CR3_STORE_EXIT BIT(16)
#define CPU_CR8_LOAD_EXIT  BIT(19)
#define CPU_CR8_STORE_EXIT BIT(20)
#define CPU_TPR_SHADOW     BIT(21)
#define CPU_NMI_WINDOW     BIT(22)
#define CPU_DR_EXIT        BIT(23)
#define CPU_IO_EXIT        BIT(24) /* every port, without bitmaps */
#define CPU_IO_BITMAPS     BIT(25)
#define CPU_MSR_BITMAP     BIT(28)
#define CPU_MONITOR_EXIT   BIT(29)
#define CPU_PAUSE_EXIT     BIT(30)
#define CPU_SECONDARY      BIT(31)

/* Secondary processor-based controls. */
#define CPU2_APIC_ACCESS  BIT(0)
#define CPU2_EPT          BIT(1)
#define CPU2_TABLE_EXIT   BIT(2)
#define CPU2_RDTSCP       BIT(3)
#define CPU2_X2APIC       BIT(4)
#define CPU2_VPID         BIT(5)
#define CPU2_WBINVD_EXIT  BIT(6)
#define CPU2_UNRESTRICTED BIT(7)
#define CPU2_APIC_REGS    BIT(8)
#define CPU2_VIRTUAL_IRQ  BIT(9)
#define CPU2_PAUSE_LOOP   BIT(10)
#define CPU2_INVPCID      BIT(12)
#define CPU2_XSAVES       BIT(20)

/* VM-exit controls (25.7.1). */
#define EXIT_SAVE_DEBUG BIT(2)
#define EXIT_HOST_64    BIT(9)
#define EXIT_ACK_IRQ    BIT(15)
#define EXIT_SAVE_PAT   BIT(18)
#define EXIT_LOAD_PAT   BIT(19)
#define EXIT_SAVE_EFER  BIT(20)
#define EXIT_LOAD_EFER  BIT(21)
#define EXIT_SAVE_TIMER BIT(22)

/* VM-entry controls (25.8.1). */
#define ENTRY_LOAD_DEBUG BIT(2)
#define ENTRY_GUEST_64   BIT(9) /* the CPU itself keeps it equal to EFER.LMA at exits */
#define ENTRY_LOAD_PAT   BIT(14)
#define ENTRY_LOAD_EFER  BIT(15)

/* ENTRY_EVENT, EXIT_EVENT, VECTORING (25.8.3). */
#define VMX_EVENT_VECTOR        MASK(7, 0)
#define VMX_EVENT_TYPE          MASK(10, 8)
#define VMX_EVENT_HAS_ERROR     BIT(11)
#define VMX_EVENT_NMI_UNBLOCKED BIT(12) /* EXIT_EVENT: the IRET that faulted had ended blocking */
#define VMX_EVENT_VALID         BIT(31)

enum vmx_event_type {
	VMX_EVENT_IRQ = 0,
	VMX_EVENT_NMI = 2,
	VMX_EVENT_EXCEPTION = 3,
	VMX_EVENT_SOFTWARE_IRQ = 4,
	VMX_EVENT_ICEBP = 5,
	VMX_EVENT_SOFTWARE_EXCEPTION = 6, /* INT3, INTO */
};

/* GUEST_INTERRUPTIBILITY (25.4.2). */
#define BLOCKED_BY_STI    BIT(0)
#define BLOCKED_BY_MOV_SS BIT(1)
#define BLOCKED_BY_SMI    BIT(2)
#define BLOCKED_BY_NMI    BIT(3)

#define EXIT_REASON_BASIC        MASK(15, 0)
#define EXIT_REASON_ENTRY_FAILED BIT(31)

#define PENDING_DEBUG_BS BIT(14)

#endif
