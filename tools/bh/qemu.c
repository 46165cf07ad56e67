/*
 * A q35 machine with the image in its CD drive, at most one disk, no network (whose boot ROM would
 * only delay the start) and the first serial port on the terminal.
 */
#include "tools/bh/qemu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bh/accel.h"
#include "tools/bh/host.h"
#include "tools/bh/report.h"
#include "tools/bh/values.h"

#define OVMF_CODE "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define OVMF_VARS "/usr/share/OVMF/OVMF_VARS_4M.fd"

/* Each call adds one word; the last slot stays NULL. */
PRINTF(2, 3) static void add(struct qemu *q, const char *fmt, ...)
{
	va_list ap;

	if (q->argc == QEMU_ARGS - 1)
		return;
	va_start(ap, fmt);
	if (vasprintf(&q->argv[q->argc++], fmt, ap) < 0)
		abort();
	va_end(ap);
}

static void add_two(struct qemu *q, const char *option, const char *value)
{
	add(q, "%s", option);
	add(q, "%s", value);
}

static bool add_accel(struct qemu *q, const struct options *o)
{
	struct accel_facts facts;
	enum accel accel;

	accel_gather(&facts);
	accel = o->icount ? ACCEL_TCG : accel_choose(&facts);
	if (accel == ACCEL_BAD_WISH)
		report("ACCEL=%s is unknown; kvm or tcg", facts.wish);
	if (accel == ACCEL_KVM_MISSING)
		report("ACCEL=kvm, but this computer has no /dev/kvm with nested virtualization; "
		       "ACCEL=tcg works everywhere");
	add_two(q, "-accel", accel == ACCEL_KVM ? "kvm" : "tcg");
	add_two(q, "-cpu", accel == ACCEL_KVM ? "host" : "max");
	if (o->icount)
		add_two(q, "-icount", "shift=0,sleep=off");
	return accel == ACCEL_KVM || accel == ACCEL_TCG;
}

/* The 4 MiB OVMF pair; the variables are a copy, as the firmware writes them. */
static bool add_uefi(struct qemu *q)
{
	char vars[512];

	if (!host_has_file(OVMF_CODE, "ovmf") || !host_has_file(OVMF_VARS, "ovmf"))
		return false;
	snprintf(vars, sizeof(vars), "%s/vars.fd", q->scratch);
	if (!host_copy(OVMF_VARS, vars))
		return false;
	add(q, "-drive");
	add(q, "if=pflash,format=raw,readonly=on,file=" OVMF_CODE);
	add(q, "-drive");
	add(q, "if=pflash,format=raw,file=%s", vars);
	return true;
}

/* [nvme:|virtio:]FILE, or none. */
static bool add_disk(struct qemu *q, const char *disk)
{
	static const struct value_word kinds[] = { { "nvme", 0 }, { "virtio", 1 }, { NULL, 0 } };
	const char *colon = strchr(disk, ':');
	uint64_t kind = 0;
	char word[16];

	if (!*disk || strcmp(disk, "none") == 0)
		return true;
	snprintf(word, sizeof(word), "%.*s", colon ? (int)(colon - disk) : 0, disk);
	if (colon && value_word(kinds, word, &kind))
		disk = colon + 1;
	if (access(disk, R_OK | W_OK) != 0) {
		report("disk %s cannot be read and written; make iso builds the demo's, "
		       "--disk none goes without",
		       disk);
		return false;
	}
	add(q, "-drive");
	add(q, "if=none,id=disk,format=raw,file=%s", disk);
	add(q, "-device");
	add(q, kind ? "virtio-blk-pci,drive=disk,disable-legacy=on"
		    : "nvme,drive=disk,serial=bulkhead");
	return true;
}

static void add_machine(struct qemu *q, const struct system_image *s, const struct options *o)
{
	uint64_t bytes = 1 << 30;
	const char *memory = o->memory ? o->memory : s->memory;
	unsigned cpus = o->cpus ? o->cpus : s->cpus ? s->cpus : 1;

	value_size(memory, &bytes);
	add_two(q, "-machine", "q35");
	add(q, "-m");
	add(q, "%luM", (unsigned long)(bytes >> 20));
	add(q, "-smp");
	add(q, "%u", cpus);
	add(q, "-no-reboot");
	add_two(q, "-display", "none");
	add_two(q, "-nic", "none");
	add_two(q, "-serial", o->headless ? "stdio" : "mon:stdio");
	if (o->headless)
		add_two(q, "-monitor", "none");
}

bool qemu_arguments(struct qemu *q, const struct system_image *s, const struct options *o,
		    const char *iso)
{
	if (!host_has_program("qemu-system-x86_64", "qemu-system-x86"))
		return false;
	add(q, "qemu-system-x86_64");
	add_machine(q, s, o);
	if (!add_accel(q, o) || (o->uefi && !add_uefi(q)))
		return false;
	add(q, "-drive");
	add(q, "if=none,id=cd,media=cdrom,readonly=on,file=%s", iso);
	add_two(q, "-device", "ide-cd,drive=cd,bootindex=0");
	if (!add_disk(q, o->disk ? o->disk : s->disk))
		return false;
	for (char **extra = o->extra; extra && *extra; extra++)
		add(q, "%s", *extra);
	return true;
}
