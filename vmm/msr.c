/*
 * The table of MSRs and how an access finds its line. Registers of the local APIC's hot paths are
 * looked for first; the others by binary search.
 */
#include "vmm/msr_state.h"

#include "lib/string.h"
#include "mm/frames.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/vlapic.h"

static_assert(sizeof(struct vmsrs) <= PAGE_SIZE, "msr_init takes one page");

enum msr_kind { KIND_OPEN, KIND_HELD, KIND_CONST, KIND_IGNORE, KIND_CALL, KIND_ABSENT };

struct msr_line {
	uint32_t first, last;
	enum msr_kind kind;
	uint64_t value;
	msr_check_fn *check;
	msr_read_fn *read;
	msr_write_fn *write;
};

static const struct msr_line table[] = {
#define MSR_OPEN(first, last, name, why)              { first, last, KIND_OPEN, 0, 0, 0, 0 },
#define MSR_HELD(first, last, name, check, why)       { first, last, KIND_HELD, 0, check, 0, 0 },
#define MSR_CONST(first, last, name, value, why)      { first, last, KIND_CONST, value, 0, 0, 0 },
#define MSR_IGNORE(first, last, name, value, why)     { first, last, KIND_IGNORE, value, 0, 0, 0 },
#define MSR_CALL(first, last, name, read, write, why) { first, last, KIND_CALL, 0, 0, read, write },
#define MSR_ABSENT(first, last, name, why)            { first, last, KIND_ABSENT, 0, 0, 0, 0 },
#include "vmm/msr.def"
};

void msr_open_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].kind == KIND_OPEN)
			for (uint32_t n = table[i].first; n <= table[i].last; n++)
				backend->msr_open(n, true, true);
}

void msr_init(struct vcpu *v)
{
	v->msrs = frames_hv(1);
	msr_reset(v);
}

void msr_reset(struct vcpu *v)
{
	v->msrs->tsc_adjust = 0;
	msr_mtrr_reset(v->msrs);
	vclock_reset(v);
}

static const struct msr_line *find(uint32_t index)
{
	size_t low = 0, high = ARRAY_SIZE(table);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (index < table[mid].first)
			high = mid;
		else if (index > table[mid].last)
			low = mid + 1;
		else
			return &table[mid];
	}
	return NULL;
}

static bool unlisted(struct vcpu *v, uint32_t index, const char *what)
{
	domain_complain(v->domain, "%s of MSR %#x, which is not there: #GP", what, index);
	return false;
}

static NOINLINE bool read_other(struct vcpu *v, uint32_t index, uint64_t *value)
{
	const struct msr_line *l = find(index);

	if (!l)
		return unlisted(v, index, "read");
	switch (l->kind) {
	case KIND_OPEN:
	case KIND_HELD: return backend->msr_read(v, index, value);
	case KIND_CONST:
	case KIND_IGNORE: *value = l->value; return true;
	case KIND_CALL: return l->read(v, index, value);
	default: return false;
	}
}

bool msr_guest_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	if (index - MSR_X2APIC < 0x100)
		return vlapic_msr_read(v, index, value);
	return read_other(v, index, value);
}

/* An open register comes here only where the backend could not open it. */
static bool write_held(struct vcpu *v, const struct msr_line *l, uint32_t index, uint64_t value)
{
	if (l->check ? !l->check(v, &value) : index != MSR_STAR && !msr_is_canonical(value))
		return false;
	return backend->msr_write(v, index, value);
}

static NOINLINE bool write_other(struct vcpu *v, uint32_t index, uint64_t value)
{
	const struct msr_line *l = find(index);

	if (!l)
		return unlisted(v, index, "write");
	switch (l->kind) {
	case KIND_OPEN:
	case KIND_HELD: return write_held(v, l, index, value);
	case KIND_IGNORE: return true;
	case KIND_CALL: return l->write(v, index, value);
	default: return false;
	}
}

bool msr_guest_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	if (index - MSR_X2APIC < 0x100)
		return vlapic_msr_write(v, index, value);
	if (index == MSR_TSC_DEADLINE)
		return vlapic_deadline_write(v, index, value);
	return write_other(v, index, value);
}

enum verdict msr_rdmsr_exit(struct vcpu *v, struct vm_exit *e)
{
	uint64_t value = 0;

	if (!msr_guest_read(v, (uint32_t)v->regs.gpr[GPR_RCX], &value)) {
		vcpu_inject_gp(v);
		return VERDICT_RETRY;
	}
	vcpu_set_edx_eax(v, value);
	return VERDICT_DONE;
}

enum verdict msr_wrmsr_exit(struct vcpu *v, struct vm_exit *e)
{
	if (!msr_guest_write(v, (uint32_t)v->regs.gpr[GPR_RCX], vcpu_edx_eax(v))) {
		vcpu_inject_gp(v);
		return VERDICT_RETRY;
	}
	return VERDICT_DONE;
}
