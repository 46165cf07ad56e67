/*
 * KVM's clock as the hypervisor writes it into a page of the guest's (Linux
 * Documentation/virt/kvm/x86/msr.rst).
 */
#ifndef GUESTS_LIB_KVM_CLOCK_H
#define GUESTS_LIB_KVM_CLOCK_H

#include <stdint.h>

#define MSR_SYSTEM_TIME    0x4b564d01u /* address of the page, bit 0 enables it */
#define SYSTEM_TIME_ENABLE 1u

struct system_time {
	uint32_t version, pad0; /* version is odd while the rest is written */
	uint64_t tsc_timestamp, system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags, pad[2];
};

#endif
