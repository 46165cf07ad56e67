/*
 * Whether the emulator may use KVM: only where the host lets a KVM guest use SVM or VMX in turn.
 */
#ifndef TOOLS_BH_ACCEL_H
#define TOOLS_BH_ACCEL_H

#include <stdbool.h>

struct accel_facts {
	const char *wish;   /* ACCEL from the environment, NULL: not set */
	bool kvm_usable;    /* /dev/kvm can be opened for reading and writing */
	const char *nested; /* contents of the loaded module's parameters/nested, NULL: none */
};

enum accel { ACCEL_TCG, ACCEL_KVM, ACCEL_BAD_WISH, ACCEL_KVM_MISSING };

/* Pure: decides from the facts alone. */
enum accel accel_choose(const struct accel_facts *f);

/* Gathers the facts of this computer. */
void accel_gather(struct accel_facts *f);

#endif
