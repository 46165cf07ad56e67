/*
 * Model-specific registers: numbers, bits (the manuals' names), and access. A register that the
 * CPU may lack is read with the safe forms only: emulators and old CPUs fault on many
 * (emulators.md, Bochs defect 5).
 */
#ifndef ARCH_X86_CPU_MSR_H
#define ARCH_X86_CPU_MSR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"

#define MSR_TSC             0x10u
#define MSR_PLATFORM_ID     0x17u
#define MSR_APIC_BASE       0x1bu
#define MSR_FEATURE_CONTROL 0x3au
#define MSR_TSC_ADJUST      0x3bu
#define MSR_SPEC_CTRL       0x48u
#define MSR_PRED_CMD        0x49u
#define MSR_UCODE_REV       0x8bu
#define MSR_MTRR_CAP        0xfeu
#define MSR_ARCH_CAPS       0x10au
#define MSR_FLUSH_CMD       0x10bu
#define MSR_SYSENTER_CS     0x174u
#define MSR_SYSENTER_ESP    0x175u
#define MSR_SYSENTER_EIP    0x176u
#define MSR_MCG_CAP         0x179u
#define MSR_MCG_STATUS      0x17au
#define MSR_MISC_ENABLE     0x1a0u
#define MSR_DEBUGCTL        0x1d9u
#define MSR_MTRR_PHYS_BASE0 0x200u /* base and mask pairs: + 2 * n, + 2 * n + 1 */
#define MSR_MC_STATUS       0x401u /* of bank 0: + 4 * n */
#define MSR_MC_ADDRESS      0x402u
#define MSR_MTRR_FIX_64K    0x250u
#define MSR_MTRR_FIX_16K    0x258u /* and 0x259 */
#define MSR_MTRR_FIX_4K     0x268u /* to 0x26f */
#define MSR_PAT             0x277u
#define MSR_MTRR_DEF_TYPE   0x2ffu
#define MSR_VMX_BASIC       0x480u
#define MSR_VMX_MISC        0x485u
#define MSR_VMX_CR0_FIXED0  0x486u
#define MSR_VMX_CR0_FIXED1  0x487u
#define MSR_VMX_CR4_FIXED0  0x488u
#define MSR_VMX_CR4_FIXED1  0x489u
#define MSR_VMX_CPU2        0x48bu
#define MSR_VMX_EPT_VPID    0x48cu
#define MSR_VMX_TRUE_PIN    0x48du
#define MSR_VMX_TRUE_CPU    0x48eu
#define MSR_VMX_TRUE_EXIT   0x48fu
#define MSR_VMX_TRUE_ENTRY  0x490u
#define MSR_TSC_DEADLINE    0x6e0u
#define MSR_X2APIC          0x800u /* register at xAPIC offset n is MSR 0x800 + n / 16 */
#define MSR_XSS             0xda0u
#define MSR_EFER            0xc0000080u
#define MSR_STAR            0xc0000081u
#define MSR_LSTAR           0xc0000082u
#define MSR_CSTAR           0xc0000083u
#define MSR_SFMASK          0xc0000084u
#define MSR_FS_BASE         0xc0000100u
#define MSR_GS_BASE         0xc0000101u
#define MSR_KERNEL_GS_BASE  0xc0000102u
#define MSR_TSC_AUX         0xc0000103u
#define MSR_SYSCFG          0xc0010010u
#define MSR_HWCR            0xc0010015u
#define MSR_PATCH_LEVEL     0x8bu
#define MSR_VM_CR           0xc0010114u
#define MSR_VM_HSAVE_PA     0xc0010117u
#define MSR_DE_CFG          0xc0011029u

#define APIC_BASE_BSP     BIT(8)
#define APIC_BASE_X2APIC  BIT(10)
#define APIC_BASE_ENABLE  BIT(11)
#define APIC_BASE_ADDRESS MASK(51, 12)

#define ARCH_CAPS_RDCL_NO     BIT(0)
#define ARCH_CAPS_SKIP_L1DFL  BIT(3) /* SKIP_L1DFL_VMENTRY: the host above flushes */
#define ARCH_CAPS_MDS_NO      BIT(5)
#define ARCH_CAPS_NO_MULTIHIT BIT(6) /* IF_PSCHANGE_MC_NO */

#define PRED_CMD_IBPB BIT(0)
#define FLUSH_CMD_L1D BIT(0)

#define FEATURE_CONTROL_LOCK BIT(0)
#define FEATURE_CONTROL_VMX  BIT(2)

#define EFER_SCE   BIT(0)
#define EFER_LME   BIT(8)
#define EFER_LMA   BIT(10)
#define EFER_NXE   BIT(11)
#define EFER_SVME  BIT(12)
#define EFER_LMSLE BIT(13)
#define EFER_FFXSR BIT(14)

#define VM_CR_LOCK   BIT(3) /* SVMDIS can't be cleared without the key */
#define VM_CR_SVMDIS BIT(4)

#define MTRR_CAP_COUNT       MASK(7, 0)
#define MTRR_DEF_TYPE_ENABLE BIT(11)

/* Memory types of PAT and MTRR fields. */
#define MEMORY_UC       0ull
#define MEMORY_WC       1ull
#define MEMORY_WT       4ull
#define MEMORY_WP       5ull
#define MEMORY_WB       6ull
#define MEMORY_UC_MINUS 7ull

/* The host's PAT: the architecture's reset value but entry 1 (PWT), which is write-combining. */
#define PAT_RESET 0x0007040600070406ull
#define PAT_HOST  0x0007040600070106ull

static inline uint64_t msr_read(uint32_t index)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t index, uint64_t v)
{
	asm volatile("wrmsr" : : "c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

/* False, with *value = 0, if the read faulted. Works once the IDT is loaded. */
bool msr_read_safe(uint32_t index, uint64_t *value);

#endif
