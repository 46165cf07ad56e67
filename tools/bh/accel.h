/*
 * Whether the emulator may use KVM: only where the host lets a KVM guest use SVM or VMX in turn.
 * The facts are gathered in one place and judged in another, so that the judgement can be tested
 * on computers that have none of this.
 */
#ifndef TOOLS_BH_ACCEL_H
#define TOOLS_BH_ACCEL_H

#include <stdbool.h>

struct accel_facts {
	const char *wish; /* ACCEL from the environment, NULL: not set */
	bool counts;      /* time shall count instructions */
	enum { KVM_MISSING, KVM_FORBIDDEN, KVM_OPEN } kvm; /* /dev/kvm */
	enum { VENDOR_OTHER, VENDOR_AMD, VENDOR_INTEL } vendor;
	/* What the modules' parameters/nested say; NULL: not loaded, or too old to have it. */
	const char *nested_amd, *nested_intel;
};

struct accel {
	enum { ACCEL_TCG, ACCEL_KVM, ACCEL_REFUSED } choice;
	/* Why it is not KVM, and the way to it; NULL for KVM, and where TCG was wished for. */
	const char *why;
};

/* Pure: decides from the facts alone. REFUSED: the wish cannot be met. */
struct accel accel_choose(const struct accel_facts *f);

/* Gathers the facts of this computer. */
void accel_gather(struct accel_facts *f);

#endif
