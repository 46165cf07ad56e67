/*
 * KVM's paravirtual clocks. A page that the guest named is written by copying, between an odd and
 * an even version number: the guest's other vCPUs may read it meanwhile.
 */
#include "vmm/vclock.h"

#include "arch/x86/cpu/tsc.h"
#include "vmm/guestmem.h"
#include "vmm/msr_state.h"

#define ENABLED BIT(0)

/* Linux Documentation/virt/kvm/x86/msr.rst */
struct system_time {
	uint32_t version, pad0;
	uint64_t tsc_timestamp, system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags;
	uint8_t pad[2];
};

struct wall_clock {
	uint32_t version, sec, nsec;
};

struct steal_time {
	uint64_t steal;
	uint32_t version, flags;
	uint8_t preempted, pad[47];
};

static_assert(sizeof(struct system_time) == 32, "KVM's layout");
static_assert(sizeof(struct wall_clock) == 12, "KVM's layout");
static_assert(sizeof(struct steal_time) == 64, "KVM's layout");

#define SYSTEM_TSC_STABLE BIT(0)
#define STEAL_ALIGN       64u
#define STEAL_PREEMPTED   1u

/* The struct's version field, at `version_at`, is odd while the rest is written. False if the guest
   named an address that is not its RAM. */
static bool publish(struct vcpu *v, uint64_t at, void *data, size_t bytes, size_t version_at)
{
	uint32_t *version = (uint32_t *)((char *)data + version_at);

	++*version;
	if (!guest_write(v->domain, gpa(at), data, bytes))
		return false;
	++*version;
	return guest_write(v->domain, gpa(at + version_at), version, sizeof(*version));
}

/* All TSCs of a domain begin with one offset, so they agree while they were moved alike. */
static bool tscs_agree(const struct domain *d)
{
	for (unsigned i = 1; i < d->vcpus; i++)
		if (d->vcpu[i]->msrs->tsc_adjust != d->vcpu[0]->msrs->tsc_adjust)
			return false;
	return true;
}

static bool publish_system(struct vcpu *v)
{
	struct vclock *c = &v->msrs->clock;
	struct system_time t = {
		.version = c->system_version,
		.tsc_timestamp = v->tsc_offset, /* what the guest's TSC showed at host TSC zero */
		.flags = tsc_is_stable() && tscs_agree(v->domain) ? SYSTEM_TSC_STABLE : 0,
	};

	tsc_clock_scale(&t.mul, &t.shift);
	c->system_version += 2;
	return publish(v, c->system & ~ENABLED, &t, sizeof(t),
		       offsetof(struct system_time, version));
}

/* The wall clock at system time zero, which is TSC zero. */
static bool publish_wall(struct vcpu *v)
{
	struct vclock *c = &v->msrs->clock;
	struct wall_clock w = { c->wall_version, (uint32_t)v->domain->wall_base, 0 };

	c->wall_version += 2;
	return publish(v, c->wall, &w, sizeof(w), offsetof(struct wall_clock, version));
}

static bool publish_steal(struct vcpu *v)
{
	struct vclock *c = &v->msrs->clock;
	struct steal_time s = { .steal = tsc_ns(c->stolen), .version = c->steal_version };

	c->steal_version += 2;
	c->shown = c->stolen;
	c->preempted = false;
	return publish(v, c->steal & ~ENABLED, &s, sizeof(s), offsetof(struct steal_time, version));
}

void vclock_reset(struct vcpu *v)
{
	v->msrs->clock = (struct vclock){ 0 };
}

bool vclock_msr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	const struct vclock *c = &v->msrs->clock;

	switch (index) {
	case VCLOCK_MSR_WALL_OLD:
	case VCLOCK_MSR_WALL: *value = c->wall; return true;
	case VCLOCK_MSR_SYSTEM_OLD:
	case VCLOCK_MSR_SYSTEM: *value = c->system; return true;
	case VCLOCK_MSR_STEAL: *value = c->steal; return true;
	default: return false;
	}
}

static bool write_steal(struct vcpu *v, uint64_t value)
{
	if (value & (STEAL_ALIGN - 1) & ~ENABLED)
		return false;
	v->msrs->clock.steal = value;
	return !(value & ENABLED) || publish_steal(v);
}

bool vclock_msr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct vclock *c = &v->msrs->clock;

	switch (index) {
	case VCLOCK_MSR_WALL_OLD:
	case VCLOCK_MSR_WALL: c->wall = value; return publish_wall(v);
	case VCLOCK_MSR_SYSTEM_OLD:
	case VCLOCK_MSR_SYSTEM: c->system = value; return !(value & ENABLED) || publish_system(v);
	case VCLOCK_MSR_STEAL: return write_steal(v, value);
	default: return false;
	}
}

void vclock_update(struct vcpu *v)
{
	if (v->msrs->clock.system & ENABLED && !publish_system(v))
		v->msrs->clock.system = 0;
}

void vclock_tsc_moved(struct vcpu *v)
{
	struct domain *d = v->domain;

	vclock_update(v);
	for (unsigned i = 0; i < d->vcpus; i++)
		if (d->vcpu[i] != v)
			vcpu_request(d->vcpu[i], REQUEST_CLOCK);
}

void vclock_steal(struct vcpu *v, uint64_t ticks)
{
	v->msrs->clock.stolen += ticks;
}

void vclock_enter(struct vcpu *v)
{
	struct vclock *c = &v->msrs->clock;

	if (c->steal & ENABLED && (c->stolen != c->shown || c->preempted) && !publish_steal(v))
		c->steal = 0;
}

void vclock_leave(struct vcpu *v)
{
	struct vclock *c = &v->msrs->clock;
	uint8_t preempted = STEAL_PREEMPTED;
	gpa_t at = gpa((c->steal & ~ENABLED) + offsetof(struct steal_time, preempted));

	if (c->steal & ENABLED)
		c->preempted = guest_write(v->domain, at, &preempted, sizeof(preempted));
}
