/*
 * The virtual machine control block (APM 2 appendix B): one page that says what to intercept and
 * holds what VMRUN, VMLOAD and VMSAVE switch. The CPU may cache parts of it: whoever changes a
 * group below clears that group's clean bit.
 *
 *   0x000  control: intercepts, maps, ASID, injection, exit information
 *   0x400  save area: the guest's registers but for the general ones other than RAX and RSP
 */
#ifndef ARCH_X86_SVM_VMCB_H
#define ARCH_X86_SVM_VMCB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

#define VMCB_INTERCEPT_CR8 BIT(8) /* intercept_cr_write */

/* intercept_misc1 */
#define VMCB_INTERCEPT_INTR     BIT(0)
#define VMCB_INTERCEPT_NMI      BIT(1)
#define VMCB_INTERCEPT_INIT     BIT(3)
#define VMCB_INTERCEPT_VINTR    BIT(4)
#define VMCB_INTERCEPT_RDPMC    BIT(15)
#define VMCB_INTERCEPT_CPUID    BIT(18)
#define VMCB_INTERCEPT_RSM      BIT(19)
#define VMCB_INTERCEPT_IRET     BIT(20)
#define VMCB_INTERCEPT_INVD     BIT(22)
#define VMCB_INTERCEPT_PAUSE    BIT(23)
#define VMCB_INTERCEPT_HLT      BIT(24)
#define VMCB_INTERCEPT_INVLPGA  BIT(26)
#define VMCB_INTERCEPT_IOIO     BIT(27)
#define VMCB_INTERCEPT_MSR      BIT(28)
#define VMCB_INTERCEPT_FREEZE   BIT(30)
#define VMCB_INTERCEPT_SHUTDOWN BIT(31)

/* intercept_misc2 */
#define VMCB_INTERCEPT_VMRUN   BIT(0)
#define VMCB_INTERCEPT_VMMCALL BIT(1)
#define VMCB_INTERCEPT_VMLOAD  BIT(2)
#define VMCB_INTERCEPT_VMSAVE  BIT(3)
#define VMCB_INTERCEPT_STGI    BIT(4)
#define VMCB_INTERCEPT_CLGI    BIT(5)
#define VMCB_INTERCEPT_SKINIT  BIT(6)
#define VMCB_INTERCEPT_WBINVD  BIT(9)
#define VMCB_INTERCEPT_MONITOR BIT(10)
#define VMCB_INTERCEPT_MWAIT   BIT(11)
#define VMCB_INTERCEPT_XSETBV  BIT(13)

/* tlb_control */
#define VMCB_TLB_KEEP       0
#define VMCB_TLB_FLUSH_ALL  1
#define VMCB_TLB_FLUSH_ASID 3

/* v_irq, v_prio, v_control: bytes 1 to 3 of the virtual interrupt word */
#define VMCB_V_IRQ          BIT(0)
#define VMCB_V_PRIO         MASK(3, 0)
#define VMCB_V_IGNORE_TPR   BIT(4)
#define VMCB_V_INTR_MASKING BIT(0)
#define VMCB_V_TPR          MASK(3, 0)

#define VMCB_INT_SHADOW BIT(0) /* int_state */
#define VMCB_NP_ENABLE  BIT(0) /* nested_control */

/* event_inj and exit_int_info (APM 2 15.20, 15.7.2) */
#define VMCB_EVENT_VECTOR    MASK(7, 0)
#define VMCB_EVENT_TYPE      MASK(10, 8)
#define VMCB_EVENT_HAS_ERROR BIT(11)
#define VMCB_EVENT_OURS      BIT(12) /* reserved; QEMU gives it back in exit_int_info */
#define VMCB_EVENT_VALID     BIT(31)
#define VMCB_EVENT_ERROR     MASK(63, 32)

enum vmcb_event_type {
	VMCB_EVENT_IRQ = 0,
	VMCB_EVENT_NMI = 2,
	VMCB_EVENT_EXCEPTION = 3,
	VMCB_EVENT_SOFTWARE = 4,
};

/* clean: groups that the CPU may keep from the last run (APM 2 15.15.3) */
#define VMCB_CLEAN_CONTROL BIT(0) /* intercepts, TSC offset, pause filter */
#define VMCB_CLEAN_MAPS    BIT(1)
#define VMCB_CLEAN_ASID    BIT(2)
#define VMCB_CLEAN_VINTR   BIT(3) /* virtual interrupt word */
#define VMCB_CLEAN_NESTED  BIT(4) /* nested CR3, PAT */
#define VMCB_CLEAN_CR      BIT(5) /* CR0, CR3, CR4, EFER */
#define VMCB_CLEAN_DR      BIT(6) /* DR6, DR7 */
#define VMCB_CLEAN_TABLES  BIT(7) /* GDT, IDT */
#define VMCB_CLEAN_SEGS    BIT(8) /* CS, DS, ES, SS, CPL */
#define VMCB_CLEAN_CR2     BIT(9)
#define VMCB_CLEAN_LBR     BIT(10) /* DEBUGCTL and branch records */
#define VMCB_CLEAN_ALL     MASK(10, 0)

/* exit_info1 of port accesses (APM 2 15.10.2) and of nested faults (15.25.6) */
#define VMCB_IO_IN       BIT(0)
#define VMCB_IO_STRING   BIT(2)
#define VMCB_IO_REP      BIT(3)
#define VMCB_IO_SIZE     MASK(6, 4) /* 8, 16, 32 bits, one bit each */
#define VMCB_IO_ADDRESS  MASK(9, 7) /* 16, 32, 64 bits, one bit each */
#define VMCB_IO_SEGMENT  MASK(12, 10)
#define VMCB_IO_PORT     MASK(31, 16)
#define VMCB_FAULT_WRITE BIT(1)
#define VMCB_FAULT_FETCH BIT(4)
#define VMCB_FAULT_FINAL BIT(32) /* at the address itself, not at a table on the way */

struct vmcb_segment {
	uint16_t selector;
	uint16_t attributes; /* descriptor bits 55:52 and 47:40, packed */
	uint32_t limit;
	uint64_t base;
};

/* Index into vmcb.segment; the first six are in the order of enum vcpu_seg. */
enum vmcb_seg {
	VMCB_ES,
	VMCB_CS,
	VMCB_SS,
	VMCB_DS,
	VMCB_FS,
	VMCB_GS,
	VMCB_GDTR,
	VMCB_LDTR,
	VMCB_IDTR,
	VMCB_TR,
	VMCB_SEGS,
};

struct vmcb {
	uint16_t intercept_cr_read, intercept_cr_write;
	uint16_t intercept_dr_read, intercept_dr_write;
	uint32_t intercept_exceptions;
	uint32_t intercept_misc1, intercept_misc2, intercept_misc3;
	uint8_t reserved_18[0x24];
	uint16_t pause_threshold, pause_count;
	uint64_t io_map, msr_map;
	uint64_t tsc_offset;
	uint32_t asid;
	uint8_t tlb_control, reserved_5d[3];
	uint8_t v_tpr, v_irq, v_prio, v_control, v_vector, reserved_65[3];
	uint64_t int_state;
	uint64_t exit_code, exit_info1, exit_info2, exit_int_info;
	uint64_t nested_control;
	uint8_t reserved_98[0x10];
	uint64_t event_inj;
	uint64_t nested_cr3;
	uint64_t virt_ext;
	uint64_t clean;
	uint64_t next_rip;
	uint8_t insn_bytes, insn[15];
	uint8_t reserved_e0[0x320];

	struct vmcb_segment segment[VMCB_SEGS];
	uint8_t reserved_4a0[0x2b];
	uint8_t cpl;
	uint32_t reserved_4cc;
	uint64_t efer;
	uint8_t reserved_4d8[0x70];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_580[0x58];
	uint64_t rsp, s_cet, ssp, isst, rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved_648[0x20];
	uint64_t pat, debugctl;
	uint8_t reserved_678[0x988];
};

#define VMCB_AT(field, offset) _Static_assert(offsetof(struct vmcb, field) == (offset), #field)
VMCB_AT(pause_threshold, 0x3c);
VMCB_AT(io_map, 0x40);
VMCB_AT(asid, 0x58);
VMCB_AT(v_tpr, 0x60);
VMCB_AT(int_state, 0x68);
VMCB_AT(exit_code, 0x70);
VMCB_AT(nested_control, 0x90);
VMCB_AT(event_inj, 0xa8);
VMCB_AT(clean, 0xc0);
VMCB_AT(insn_bytes, 0xd0);
VMCB_AT(segment, 0x400);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(cr2, 0x640);
VMCB_AT(pat, 0x668);
_Static_assert(sizeof(struct vmcb) == 4096, "one page");
#undef VMCB_AT

#endif
