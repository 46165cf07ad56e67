/*
 * The allow-list of cpuid.def, worked out once: each leaf and subleaf becomes one line of results,
 * found by two array lookups. The few parts that follow the vCPU's state are functions.
 */
#include "vmm/cpuid.h"

#include "abi/hypercall.h"
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/vlapic.h"

#define ANY        (~0u)
#define LINES      64
#define LEAVES     64 /* in a block */
#define XSTATES    10 /* components whose sizes we keep: those up to PKRU */
#define LEGACY_END 576u

/* Linux Documentation/virt/kvm/x86/cpuid.rst: bits of eax, and a hint in edx. */
#define KVM_PV_EOI      BIT(6)
#define KVM_PV_UNHALT   BIT(7)
#define KVM_SEND_IPI    BIT(11)
#define KVM_SCHED_YIELD BIT(13)
#define KVM_STABLE      BIT(24)
#define KVM_REALTIME    BIT(0) /* no vCPU is kept from its CPU for long */

typedef void live_fn(struct vcpu *v, struct cpuid *r);

struct line {
	uint32_t leaf, subleaf;
	struct cpuid result;
	live_fn *live;
};

struct rule {
	uint32_t leaf, subleaf;
	enum { RULE_HOST, RULE_SHOW, RULE_LIVE } kind;
	unsigned reg; /* index into struct cpuid */
	uint32_t bits;
	uint64_t xcr0; /* HOST: shown only if all of these states are switched */
	live_fn *live;
};

struct xstate {
	uint32_t size, offset;
};

static RO_AFTER_INIT struct line lines[LINES]; /* [0] is all zeroes: what is not listed */
static RO_AFTER_INIT unsigned line_count;
static RO_AFTER_INIT uint8_t first_line[4][LEAVES]; /* by block and leaf within it */
static RO_AFTER_INIT struct xstate xstates[XSTATES];

/* 0..3 for the leaves that there are blocks of, 4 for others. */
static unsigned block_of(uint32_t leaf)
{
	if (LIKELY(leaf < 0x100))
		return 0;
	switch (leaf / 0x100) {
	case 0x400000: return 1;
	case 0x400001: return 2;
	case 0x800000: return 3;
	default: return 4;
	}
}

static const struct line *find(uint32_t leaf, uint32_t subleaf)
{
	unsigned block = block_of(leaf), n = leaf % 0x100;

	if (block == 4 || n >= LEAVES)
		return &lines[0];
	for (const struct line *l = &lines[first_line[block][n]]; l->leaf == leaf; l++)
		if (l->subleaf == ANY || l->subleaf == subleaf)
			return l;
	return &lines[0];
}

/* A domain is one package of as many cores as it has vCPUs, of one thread each: APIC IDs are their
   numbers. The bits of an ID that tell cores apart. */
static unsigned core_bits(const struct vcpu *v)
{
	unsigned bits = 0;

	while (1u << bits < v->domain->vcpus)
		bits++;
	return bits;
}

/* SDM 2A CPUID: the parts of leaf 1 that follow CR4 and IA32_APIC_BASE. */
static void live_features(struct vcpu *v, struct cpuid *r)
{
	struct vcpu_mode mode;

	backend->get_mode(v, &mode);
	r->ebx |= (uint32_t)v->index << 24 | 1u << core_bits(v) << 16;
	if (v->domain->vcpus > 1)
		r->edx |= BIT(28); /* HTT: the package has several logical processors */
	if (mode.cr4 & CR4_OSXSAVE)
		r->ecx |= BIT(27);
	if (tsc_is_stable())
		r->ecx |= BIT(24);
	if (vlapic_is_enabled(v))
		r->edx |= BIT(9);
}

/* Only AMD repeats its name there. */
static bool is_amd(void)
{
	return find(0x80000000, 0)->result.ebx;
}

static void live_thread(struct vcpu *v, struct cpuid *r)
{
	r->edx = v->index;
}

static void live_core(struct vcpu *v, struct cpuid *r)
{
	r->eax = core_bits(v);
	r->ebx = v->domain->vcpus;
	r->edx = v->index;
}

/* SDM 2A CPUID leaf 4: cores that have an ID in the package, less one. */
static void live_cache(struct vcpu *v, struct cpuid *r)
{
	if (r->eax)
		r->eax |= ((1u << core_bits(v)) - 1) << 26;
}

static uint32_t standard_bytes(uint64_t xcr0)
{
	uint32_t end = LEGACY_END;

	for (unsigned i = 2; i < XSTATES; i++)
		if (xcr0 & BIT(i))
			end = MAX(end, xstates[i].offset + xstates[i].size);
	return end;
}

static void live_xstate(struct vcpu *v, struct cpuid *r)
{
	uint64_t mask = fpu_xcr0_mask();

	if (!mask)
		return;
	r->eax = (uint32_t)mask;
	r->edx = mask >> 32;
	r->ebx = standard_bytes(vcpu_xcr0(v));
	r->ecx = standard_bytes(mask);
}

static void live_frequencies(struct vcpu *v, struct cpuid *r)
{
	r->eax = tsc_khz();
	r->ebx = VLAPIC_KHZ;
}

/* What helps vCPUs with each other is of no use to a single one (kvm_call.c). */
static void live_kvm(struct vcpu *v, struct cpuid *r)
{
	if (tsc_is_stable())
		r->eax |= KVM_STABLE;
	if (vlapic_eoi_is_useful())
		r->eax |= KVM_PV_EOI;
	if (v->domain->vcpus > 1)
		r->eax |= KVM_PV_UNHALT | KVM_SEND_IPI | KVM_SCHED_YIELD;
	if (v->domain->config->flags & CONFIG_FLAG_DEDICATED)
		r->edx |= KVM_REALTIME;
}

/* ECX, on AMD: bits of an ID for cores, and cores less one (APM 3 E.4.7). */
static void live_sizes(struct vcpu *v, struct cpuid *r)
{
	r->eax = (r->eax & 0xff) | 48 << 8;
	if (is_amd())
		r->ecx = core_bits(v) << 12 | (v->domain->vcpus - 1);
}

/* CmpLegacy, on AMD: what HTT speaks of are cores. */
static void live_cmp(struct vcpu *v, struct cpuid *r)
{
	if (is_amd() && v->domain->vcpus > 1)
		r->ecx |= BIT(1);
}

#define REG(reg) (offsetof(struct cpuid, reg) / sizeof(uint32_t))

static const struct rule rules[] = {
#define CPUID_HOST(leaf, subleaf, reg, bits, why)                                                  \
	{ leaf, subleaf, RULE_HOST, REG(reg), bits, 0, 0 },
#define CPUID_XSTATE(leaf, subleaf, reg, bits, xcr0, why)                                          \
	{ leaf, subleaf, RULE_HOST, REG(reg), bits, xcr0, 0 },
#define CPUID_SHOW(leaf, subleaf, reg, bits, why)                                                  \
	{ leaf, subleaf, RULE_SHOW, REG(reg), bits, 0, 0 },
#define CPUID_LIVE(leaf, subleaf, live, why) { leaf, subleaf, RULE_LIVE, 0, 0, 0, live },
#include "vmm/cpuid.def"
};

/* A leaf above the highest would answer with another leaf's contents on Intel. */
static struct cpuid host_cpuid(uint32_t leaf, uint32_t subleaf)
{
	uint32_t base = leaf & 0x80000000;

	if (leaf > insn_cpuid(base, 0).eax)
		return (struct cpuid){ 0 };
	return insn_cpuid(leaf, subleaf == ANY ? 0 : subleaf);
}

static struct line *line_for(const struct rule *r)
{
	struct line *l = &lines[line_count];
	uint8_t *first = &first_line[block_of(r->leaf)][r->leaf % 0x100];

	if (line_count && l->leaf == r->leaf && l->subleaf == r->subleaf)
		return l;
	assert(line_count + 1 < LINES);
	l = &lines[++line_count];
	l->leaf = r->leaf;
	l->subleaf = r->subleaf;
	if (!*first)
		*first = (uint8_t)line_count;
	return l;
}

static uint32_t hidden(const struct rule *r)
{
	return backend->cpuid_hides ? backend->cpuid_hides(r->leaf, r->reg) : 0;
}

static void apply(const struct rule *r)
{
	struct line *l = line_for(r);
	uint32_t *result = &l->result.eax + r->reg;
	struct cpuid host;

	switch (r->kind) {
	case RULE_HOST:
		host = host_cpuid(r->leaf, r->subleaf);
		if ((fpu_xcr0_mask() & r->xcr0) == r->xcr0)
			*result |= (&host.eax)[r->reg] & r->bits & ~hidden(r);
		break;
	case RULE_SHOW: *result |= r->bits; break;
	case RULE_LIVE: l->live = r->live; break;
	}
}

void cpuid_init(void)
{
	lines[0].leaf = ~0u;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		apply(&rules[i]);
	for (unsigned i = 2; i < XSTATES; i++) {
		struct cpuid c = host_cpuid(0xd, i);

		xstates[i] = (struct xstate){ c.eax, c.ebx };
	}
}

struct cpuid cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t subleaf)
{
	const struct line *l = find(leaf, subleaf);
	struct cpuid r = l->result;

	if (l->live)
		l->live(v, &r);
	return r;
}

static inline enum verdict answer(struct vcpu *v, const struct cpuid *r)
{
	uint64_t *gpr = v->regs.gpr;

	gpr[GPR_RAX] = r->eax;
	gpr[GPR_RBX] = r->ebx;
	gpr[GPR_RCX] = r->ecx;
	gpr[GPR_RDX] = r->edx;
	return VERDICT_DONE;
}

static COLD enum verdict answer_live(struct vcpu *v, const struct line *l)
{
	struct cpuid r = l->result;

	l->live(v, &r);
	return answer(v, &r);
}

enum verdict cpuid_exit(struct vcpu *v, struct vm_exit *e)
{
	uint64_t *gpr = v->regs.gpr;
	const struct line *l = find((uint32_t)gpr[GPR_RAX], (uint32_t)gpr[GPR_RCX]);

	return LIKELY(!l->live) ? answer(v, &l->result) : answer_live(v, l);
}
