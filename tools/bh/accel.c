/*
 * KVM or plain emulation. Nested virtualization is a parameter of kvm_amd ("1") or kvm_intel
 * ("Y"); without it the machine would have neither SVM nor VMX to show.
 */
#include "tools/bh/accel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum accel accel_choose(const struct accel_facts *f)
{
	bool nested = f->nested && (f->nested[0] == '1' || f->nested[0] == 'Y');

	if (f->wish && strcmp(f->wish, "tcg") == 0)
		return ACCEL_TCG;
	if (f->wish && strcmp(f->wish, "kvm") == 0)
		return f->kvm_usable && nested ? ACCEL_KVM : ACCEL_KVM_MISSING;
	if (f->wish && f->wish[0])
		return ACCEL_BAD_WISH;
	return f->kvm_usable && nested ? ACCEL_KVM : ACCEL_TCG;
}

static bool read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	bool good = f && fgets(buf, size, f);

	if (f)
		fclose(f);
	return good;
}

void accel_gather(struct accel_facts *f)
{
	static char nested[8];
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	f->wish = getenv("ACCEL");
	f->kvm_usable = fd >= 0;
	if (fd >= 0)
		close(fd);
	f->nested = NULL;
	if (read_line("/sys/module/kvm_amd/parameters/nested", nested, sizeof(nested)) ||
	    read_line("/sys/module/kvm_intel/parameters/nested", nested, sizeof(nested)))
		f->nested = nested;
}
