/*
 * Every special instruction, one inline function each and nothing else, so that the rest of the
 * tree holds no inline assembly. (VMRUN and its kin are in svm/, faulting MSR reads in msr.h.)
 */
#ifndef ARCH_X86_CPU_INSN_H
#define ARCH_X86_CPU_INSN_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* GDTR and IDTR operand. */
struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static inline struct cpuid insn_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint8_t insn_inb(uint16_t port)
{
	uint8_t v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint16_t insn_inw(uint16_t port)
{
	uint16_t v;

	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint32_t insn_inl(uint16_t port)
{
	uint32_t v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void insn_outb(uint16_t port, uint8_t v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void insn_outw(uint16_t port, uint16_t v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void insn_outl(uint16_t port, uint32_t v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline uint64_t insn_rdtsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* False if the generator had nothing to give. */
static inline bool insn_rdrand(uint64_t *v)
{
	bool ok;

	asm volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
	return ok;
}

#define INSN_REGISTER(name)                                                                        \
	static inline uint64_t insn_read_##name(void)                                              \
	{                                                                                          \
		uint64_t v;                                                                        \
		asm volatile("mov %%" #name ", %0" : "=r"(v) : : "memory");                        \
		return v;                                                                          \
	}                                                                                          \
	static inline void insn_write_##name(uint64_t v)                                           \
	{                                                                                          \
		asm volatile("mov %0, %%" #name : : "r"(v) : "memory");                            \
	}

INSN_REGISTER(cr0)
INSN_REGISTER(cr2)
INSN_REGISTER(cr3)
INSN_REGISTER(cr4)
INSN_REGISTER(cr8)
INSN_REGISTER(dr0)
INSN_REGISTER(dr1)
INSN_REGISTER(dr2)
INSN_REGISTER(dr3)
INSN_REGISTER(dr6)
INSN_REGISTER(dr7)
#undef INSN_REGISTER

static inline void insn_invlpg(const volatile void *p)
{
	asm volatile("invlpg %0" : : "m"(*(const volatile char *)p) : "memory");
}

static inline void insn_wbinvd(void)
{
	asm volatile("wbinvd" : : : "memory");
}

static inline uint64_t insn_xgetbv(uint32_t index)
{
	uint32_t low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
	return (uint64_t)high << 32 | low;
}

/* CR4.PKE must be set. */
static inline void insn_wrpkru(uint32_t v)
{
	asm volatile("wrpkru" : : "a"(v), "c"(0), "d"(0));
}

static inline void insn_xsetbv(uint32_t index, uint64_t v)
{
	asm volatile("xsetbv" : : "c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

static inline void insn_xsave(void *area, uint64_t mask)
{
	asm volatile("xsave64 (%0)"
		     :
		     : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
		     : "memory");
}

static inline void insn_xrstor(const void *area, uint64_t mask)
{
	asm volatile("xrstor64 (%0)"
		     :
		     : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
		     : "memory");
}

static inline void insn_fxsave(void *area)
{
	asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static inline void insn_fxrstor(const void *area)
{
	asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

static inline void insn_sti(void)
{
	asm volatile("sti" : : : "memory");
}

static inline void insn_cli(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void insn_hlt(void)
{
	asm volatile("hlt" : : : "memory");
}

/* STI holds interrupts off for one more instruction: what is pending is taken at the NOP. */
static inline void insn_sti_nop_cli(void)
{
	asm volatile("sti; nop; cli" : : : "memory");
}

/* STI holds interrupts off until HLT has begun: no wake-up is lost between the two. */
static inline void insn_sti_hlt_cli(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

static inline void insn_stgi(void)
{
	asm volatile("stgi" : : : "memory");
}

static inline void insn_clgi(void)
{
	asm volatile("clgi" : : : "memory");
}

static inline void insn_ud2(void)
{
	asm volatile("ud2");
}

static inline void insn_pause(void)
{
	asm volatile("pause" : : : "memory");
}

/* Loads the GDT and every segment register from it; FS and GS bases become zero. */
static inline void insn_load_segments(const struct table_pointer *gdt, uint64_t code, uint16_t data)
{
	asm volatile("lgdt %0\n\t"
		     "push %1\n\t"
		     "lea 1f(%%rip), %%rax\n\t"
		     "push %%rax\n\t"
		     "lretq\n"
		     "1:\tmov %2, %%ds\n\t"
		     "mov %2, %%es\n\t"
		     "mov %2, %%ss\n\t"
		     "mov %3, %%fs\n\t"
		     "mov %3, %%gs"
		     :
		     : "m"(*gdt), "r"(code), "r"((uint32_t)data), "r"(0)
		     : "rax", "memory");
}

static inline void insn_lidt(const struct table_pointer *p)
{
	asm volatile("lidt %0" : : "m"(*p) : "memory");
}

static inline struct table_pointer insn_sgdt(void)
{
	struct table_pointer p;

	asm volatile("sgdt %0" : "=m"(p));
	return p;
}

static inline struct table_pointer insn_sidt(void)
{
	struct table_pointer p;

	asm volatile("sidt %0" : "=m"(p));
	return p;
}

/* Runs the NMI's handler, whose IRET ends the blocking of NMIs. */
static inline void insn_int_nmi(void)
{
	asm volatile("int $2" : : : "memory");
}

static inline void insn_ltr(uint16_t selector)
{
	asm volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline void insn_lldt(uint16_t selector)
{
	asm volatile("lldt %0" : : "r"(selector) : "memory");
}

static inline uint64_t insn_read_rflags(void)
{
	uint64_t v;

	asm volatile("pushfq; popq %0" : "=r"(v));
	return v;
}

/* Orders a device's DMA or MSI against what was written before. */
static inline void insn_mfence(void)
{
	asm volatile("mfence" : : : "memory");
}

/* Empties fill buffers where the CPU has MD_CLEAR; any selector that can be written serves. */
static inline void insn_verw(void)
{
	static const uint16_t data = 0x10;

	asm volatile("verw %0" : : "m"(data) : "cc", "memory");
}

/* Waits until earlier instructions are done: before a TSC read that must not run ahead. */
static inline void insn_lfence(void)
{
	asm volatile("lfence" : : : "memory");
}

#endif
