/*
 * MSRs by what the hypervisor makes of them: constants, registers that drop writes, registers of
 * the guest's own with the checks that the manuals ask for, and what is not there.
 */
#include "guests/conform/case.h"
#include "guests/conform/msr_access.h"
#include "guests/conform/probe.h"
#include "lib/format.h"

extern const struct snippet msr_insns[];

/* Read, written with `value`, read again. */
static const struct {
	uint32_t msr;
	const char *name;
	uint64_t value;
} fixed[] = {
	/* constants: a write is #GP */
	{ 0x17, "PLATFORM_ID", 0 },
	{ 0x3a, "FEATURE_CONTROL", 5 },
	{ 0xcd, "FSB_FREQ", 0 },
	{ 0xce, "PLATFORM_INFO", 0 },
	{ 0xfe, "MTRR_CAP", 0 },
	{ 0x179, "MCG_CAP", 0 },
	{ 0x1db, "LASTBRANCHFROMIP", 0 },
	{ 0x1de, "LASTINTTOIP", 0 },
	{ 0x606, "RAPL_POWER_UNIT", 0 },
	{ 0x611, "PKG_ENERGY_STATUS", 0 },
	{ 0xc001001a, "TOP_MEM", 0 },
	{ 0xc0010055, "INT_PENDING", 0 },
	{ 0xc0010112, "SMM_ADDR", 0 },
	{ 0xc0010114, "VM_CR", 0 },
	{ 0xc0010299, "RAPL_PWR_UNIT", 0 },
	/* writes are dropped */
	{ 0x0, "P5_MC_ADDR", 1 },
	{ 0x1, "P5_MC_TYPE", 1 },
	{ 0x2a, "EBL_CR_POWERON", 1 },
	{ 0x8b, "BIOS_SIGN_ID", 0 },
	{ 0xc1, "PMC0", 5 },
	{ 0x140, "MISC_FEATURES", 1 },
	{ 0x17a, "MCG_STATUS", 0 },
	{ 0x186, "PERFEVTSEL0", 0x4300c0 },
	{ 0x198, "PERF_STATUS", 1 },
	{ 0x19a, "CLOCK_MODULATION", 0x10 },
	{ 0x1a0, "MISC_ENABLE", 0 },
	{ 0x1d9, "DEBUGCTL", 1 },
	{ 0xc0010000, "PERF_CTL0", 0x4300c0 },
	{ 0xc0010004, "PERF_CTR0", 5 },
	{ 0xc0010010, "SYSCFG", 0x740000 },
	{ 0xc0010015, "HWCR", 0 },
	{ 0xc001001f, "NB_CFG", 1 },
	{ 0xc0010058, "MMIO_CONF_BASE", 1 },
	{ 0xc0010064, "PSTATE0", 1 },
	{ 0xc0011022, "DC_CFG", 1 },
	{ 0xc0011029, "DE_CFG", 0 },
	/* not there */
	{ 0xc0011020, "LS_CFG", 0 },
	{ 0x2, "number 2", 0 },
	{ 0x79, "BIOS_UPDT_TRIG", 0 },
	{ 0x345, "PERF_CAPABILITIES", 0 },
	{ 0x38f, "PERF_GLOBAL_CTRL", 0 },
	{ 0x400, "MC0_CTL", 0 },
	{ 0x480, "VMX_BASIC", 0 },
	{ 0x48b, "VMX_PROCBASED_CTLS2", 0 },
	{ 0x6a0, "U_CET", 0 },
	{ 0xda0, "XSS", 0 },
	{ 0x12345678, "number 0x12345678", 0 },
	{ 0x4b564d02, "KVM's asynchronous page faults", 0 },
	{ 0xbfffffff, "number 0xbfffffff", 0 },
	{ 0xc0000104, "TSC_RATIO", 0 },
	{ 0xc0010117, "VM_HSAVE_PA", 0 },
	{ 0xffffffff, "number 0xffffffff", 0 },
};

/* Written, then read. */
static const struct {
	uint32_t msr;
	const char *name;
	uint64_t value;
} writes[] = {
	{ 0x174, "SYSENTER_CS, a selector", 0x1234 },
	{ 0x175, "SYSENTER_ESP, canonical", 0xffff800000001000 },
	{ 0x176, "SYSENTER_EIP, canonical", 0x7fffffffffff },
	{ 0x175, "SYSENTER_ESP, not canonical", 0x800000000000 },
	{ 0x176, "SYSENTER_EIP, not canonical", 0xffff000000000000 },
	{ 0x174, "SYSENTER_CS, null", 0 },
	{ 0xc0000081, "STAR, any value", 0x1234567890abcdef },
	{ 0xc0000082, "LSTAR, canonical", 0xffffffff81000000 },
	{ 0xc0000082, "LSTAR, not canonical", 0x800000000000 },
	{ 0xc0000083, "CSTAR, canonical", 0xffffffff81000100 },
	{ 0xc0000083, "CSTAR, not canonical", 0x8000000000000000 },
	{ 0xc0000084, "SFMASK, 32 bits", 0xffffffff },
	{ 0xc0000100, "FS_BASE, canonical", 0xffff888000000000 },
	{ 0xc0000100, "FS_BASE, not canonical", 0x1000000000000 },
	{ 0xc0000100, "FS_BASE, zero", 0 },
	{ 0xc0000101, "GS_BASE, canonical", 0x123456789000 },
	{ 0xc0000101, "GS_BASE, not canonical", 0x800000000000 },
	{ 0xc0000101, "GS_BASE, zero", 0 },
	{ 0xc0000102, "KERNEL_GS_BASE, canonical", 0xffff900000000000 },
	{ 0xc0000102, "KERNEL_GS_BASE, not canonical", 0xfff0000000000000 },
	{ 0xc0000103, "TSC_AUX, 32 bits", 0x89abcdef },
	{ 0xc0000103, "TSC_AUX, 33 bits", 0x100000000 },
	{ 0x277, "PAT, as after reset", 0x0007040600070406 },
	{ 0x277, "PAT, every type", 0x0006050401000607 },
	{ 0x277, "PAT, type 2", 0x0007040600070402 },
	{ 0x277, "PAT, type 3 in the last field", 0x0307040600070406 },
	{ 0x277, "PAT, type 8", 0x0007080600070406 },
	{ 0x277, "PAT, as after reset again", 0x0007040600070406 },
	{ 0x200, "MTRR_PHYSBASE0, write-back", 0x12345006 },
	{ 0x200, "MTRR_PHYSBASE0, type 2", 0x12345002 },
	{ 0x200, "MTRR_PHYSBASE0, reserved bit", 0x12345106 },
	{ 0x200, "MTRR_PHYSBASE0, zero", 0 },
	{ 0x201, "MTRR_PHYSMASK0, valid", 0xffff00800 },
	{ 0x201, "MTRR_PHYSMASK0, reserved bit", 0xffff00801 },
	{ 0x201, "MTRR_PHYSMASK0, zero", 0 },
	{ 0x20f, "MTRR_PHYSMASK7, valid", 0xfff000800 },
	{ 0x20f, "MTRR_PHYSMASK7, zero", 0 },
	{ 0x210, "MTRR_PHYSBASE8, which is not there", 0 },
	{ 0x250, "MTRR_FIX64K, mixed", 0x0600010405060606 },
	{ 0x250, "MTRR_FIX64K, type 3", 0x0606060606060603 },
	{ 0x250, "MTRR_FIX64K, write-back", 0x0606060606060606 },
	{ 0x26f, "MTRR_FIX4K_F8000, type 7", 0x0706060606060606 },
	{ 0x26f, "MTRR_FIX4K_F8000, write-back", 0x0606060606060606 },
	{ 0x2ff, "MTRR_DEF_TYPE, reserved bit", 0xd06 },
	{ 0x2ff, "MTRR_DEF_TYPE, type 2", 0xc02 },
	{ 0x2ff, "MTRR_DEF_TYPE, write-through", 0xc04 },
	{ 0x2ff, "MTRR_DEF_TYPE, write-back", 0xc06 },
	{ 0x1b, "APIC_BASE, reserved bit 0", 0xfee00901 },
	{ 0x1b, "APIC_BASE, reserved bit 9", 0xfee00b00 },
	{ 0x1b, "APIC_BASE, x2APIC without enable", 0xfee00500 },
	{ 0x1b, "APIC_BASE, bit 63", 0x80000000fee00900 },
	{ 0x1b, "APIC_BASE, as it is", 0xfee00900 },
};

static void fixed_values(void)
{
	char name[64];

	for (unsigned i = 0; i < ARRAY_SIZE(fixed); i++) {
		format(name, sizeof(name), "%s, read", fixed[i].name);
		msr_report_read(name, fixed[i].msr);
		format(name, sizeof(name), "%s, written", fixed[i].name);
		msr_report_write(name, fixed[i].msr, fixed[i].value);
	}
}

/* RDMSR looks at ECX only. */
static void high_half(void)
{
	struct probe p = { .regs.rcx = 0x3a | 0xabcd00000000 };

	probe_run(&p, &msr_insns[0]);
	report("FEATURE_CONTROL, read with RCX's high half set", "%s, rax %#lx", probe_text(&p),
	       p.regs.rax);
}

void area_msr(void)
{
	fixed_values();
	high_half();
	for (unsigned i = 0; i < ARRAY_SIZE(writes); i++)
		msr_report_write(writes[i].name, writes[i].msr, writes[i].value);
	msr_report_read("x2APIC ID in xAPIC mode", 0x802);
	msr_report_write("x2APIC TPR in xAPIC mode", 0x808, 0);
}
