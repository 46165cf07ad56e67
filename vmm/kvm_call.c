/*
 * KVM's hypercalls (Linux Documentation/virt/kvm/x86/hypercalls.rst): what saves a guest with
 * several vCPUs exits or waiting. CPUID announces them to such guests only. APIC IDs are vCPUs'
 * numbers.
 */
#include "vmm/kvm_call.h"

#include "lib/bits.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/vlapic.h"

enum { KVM_KICK_CPU = 5, KVM_SEND_IPI = 10, KVM_SCHED_YIELD = 11 };

/* Linux' errno, and one of KVM's own. */
#define KVM_EPERM  (-1)
#define KVM_EINVAL (-22)
#define KVM_ENOSYS (-1000)

/* Bits of an ICR that name a destination in other ways. */
#define ICR_LOGICAL   BIT(11)
#define ICR_SHORTHAND MASK(19, 18)

struct kvm_call {
	uint64_t number, arg[4];
	unsigned long_bits; /* of a word of the caller's */
};

static struct vcpu *vcpu_of(struct domain *d, uint64_t apic_id)
{
	return apic_id < d->vcpus ? d->vcpu[apic_id] : NULL;
}

/* While the other one waits for this CPU, the caller steps back. */
static enum verdict yield_to(const struct vcpu *v, const struct vcpu *to)
{
	bool waits = to && to->cpu == v->cpu && to->run_state == VCPU_READY;

	return waits ? VERDICT_YIELD : VERDICT_DONE;
}

/* Flags, APIC ID. */
static enum verdict kick(struct vcpu *v, const struct kvm_call *c)
{
	struct vcpu *to = vcpu_of(v->domain, c->arg[1]);

	if (to)
		vcpu_request(to, REQUEST_KICK);
	return VERDICT_DONE;
}

/* A bitmap of two words, the APIC ID of its first bit, an ICR's low half; answers how many got it.
 */
static int64_t send_ipi(struct vcpu *v, const struct kvm_call *c)
{
	uint32_t icr = (uint32_t)c->arg[3], set = 0;

	if (icr & (ICR_LOGICAL | ICR_SHORTHAND))
		return KVM_EINVAL;
	for (unsigned i = 0; i < v->domain->vcpus; i++) {
		uint64_t bit = i - c->arg[2];

		if (bit < 2 * c->long_bits && c->arg[bit / c->long_bits] >> bit % c->long_bits & 1)
			set |= 1u << i;
	}
	return vlapic_send_set(v, icr, set);
}

static struct kvm_call arguments(struct vcpu *v)
{
	const uint64_t *gpr = v->regs.gpr;
	struct kvm_call c = { gpr[GPR_RAX],
			      { gpr[GPR_RBX], gpr[GPR_RCX], gpr[GPR_RDX], gpr[GPR_RSI] },
			      64 };
	struct vcpu_mode mode;

	backend->get_mode(v, &mode);
	if (mode.code_bytes == 8)
		return c;
	for (unsigned i = 0; i < ARRAY_SIZE(c.arg); i++)
		c.arg[i] = (uint32_t)c.arg[i];
	c.long_bits = 32;
	return c;
}

enum verdict kvm_call(struct vcpu *v, uint8_t cpl, int64_t *result)
{
	struct kvm_call c = arguments(v);

	*result = KVM_EPERM;
	if (cpl)
		return VERDICT_DONE;
	*result = 0;
	switch (c.number) {
	case KVM_KICK_CPU: return kick(v, &c);
	case KVM_SEND_IPI: *result = send_ipi(v, &c); return VERDICT_DONE;
	case KVM_SCHED_YIELD: return yield_to(v, vcpu_of(v->domain, c.arg[0]));
	default: *result = KVM_ENOSYS; return VERDICT_DONE;
	}
}
