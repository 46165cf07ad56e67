/*
 * KVM or plain emulation. Nested virtualization is a parameter of kvm_amd and kvm_intel, "1" or
 * "Y" where it is on; without it the machine would have neither SVM nor VMX to show.
 */
#include "tools/bh/accel.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL: nothing is in the way. */
static const char *obstacle(const struct accel_facts *f)
{
	const char *nested = f->vendor == VENDOR_AMD ? f->nested_amd : f->nested_intel;

	if (f->counts)
		return "time that counts instructions needs plain emulation";
	if (f->kvm == KVM_MISSING)
		return "this computer has no /dev/kvm: modprobe kvm_amd or kvm_intel, if its "
		       "processor and its firmware allow";
	if (f->kvm == KVM_FORBIDDEN)
		return "/dev/kvm may not be opened: join the group kvm";
	if (f->vendor == VENDOR_OTHER)
		return "KVM is nested on AMD and Intel processors only";
	if (!nested || (nested[0] != '1' && nested[0] != 'Y'))
		return f->vendor == VENDOR_AMD
			       ? "KVM has no nested virtualization: modprobe kvm_amd nested=1"
			       : "KVM has no nested virtualization: modprobe kvm_intel nested=1";
	return NULL;
}

struct accel accel_choose(const struct accel_facts *f)
{
	const char *why = obstacle(f);
	bool wished = f->wish && f->wish[0];

	if (wished && strcmp(f->wish, "tcg") == 0)
		return (struct accel){ ACCEL_TCG, NULL };
	if (wished && strcmp(f->wish, "kvm") != 0)
		return (struct accel){ ACCEL_REFUSED, "the word is unknown: kvm or tcg" };
	if (!why)
		return (struct accel){ ACCEL_KVM, NULL };
	return (struct accel){ wished ? ACCEL_REFUSED : ACCEL_TCG, why };
}

static const char *read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	bool good = f && fgets(buf, size, f);

	if (f)
		fclose(f);
	return good ? buf : NULL;
}

/* The first four letters of AuthenticAMD and GenuineIntel, as CPUID gives them. */
static void gather_vendor(struct accel_facts *f)
{
	unsigned eax, ebx = 0, ecx, edx;

	__get_cpuid(0, &eax, &ebx, &ecx, &edx);
	f->vendor = ebx == signature_AMD_ebx     ? VENDOR_AMD
		    : ebx == signature_INTEL_ebx ? VENDOR_INTEL
						 : VENDOR_OTHER;
}

void accel_gather(struct accel_facts *f)
{
	static char amd[8], intel[8];
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	f->wish = getenv("ACCEL");
	f->kvm = fd >= 0 ? KVM_OPEN : errno == ENOENT ? KVM_MISSING : KVM_FORBIDDEN;
	if (fd >= 0)
		close(fd);
	gather_vendor(f);
	f->nested_amd = read_line("/sys/module/kvm_amd/parameters/nested", amd, sizeof(amd));
	f->nested_intel =
		read_line("/sys/module/kvm_intel/parameters/nested", intel, sizeof(intel));
}
