/*
 * A q35 machine with the image in its CD drive, at most one disk, at most one network card, and the
 * first serial port on the terminal.
 */
#include "tools/bh/qemu.h"

#include <stdio.h>

#include "tools/bh/accel.h"
#include "tools/bh/host.h"
#include "tools/bh/report.h"

#define OVMF_CODE "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define OVMF_VARS "/usr/share/OVMF/OVMF_VARS_4M.fd"

static void add_two(struct emulator *e, const char *option, const char *value)
{
	emulator_add(e, "%s", option);
	emulator_add(e, "%s", value);
}

/*
 * On a thread each, a processor of QEMU's own that loads an x87 status word (FXRSTOR, XRSTOR)
 * clears a bit of the first one's hflags2 without a lock (cpu_clear_ignne) and may undo what VMRUN,
 * #VMEXIT, STGI or CLGI changes there at that moment: the hypervisor finds itself on nested tables,
 * say. Under load that takes some minutes; with one thread for all it cannot happen.
 */
static const char *accel_name(bool kvm, const struct options *o)
{
	return kvm ? "kvm" : o->one_thread ? "tcg,thread=single" : "tcg";
}

static bool add_accel(struct emulator *e, const struct options *o)
{
	struct accel_facts facts = { .counts = o->icount };
	struct accel accel;
	bool kvm;

	accel_gather(&facts);
	accel = accel_choose(&facts);
	if (accel.choice == ACCEL_REFUSED) {
		report("ACCEL=%s: %s; without ACCEL it runs everywhere", facts.wish, accel.why);
		return false;
	}
	kvm = accel.choice == ACCEL_KVM;
	e->name = kvm ? "QEMU with KVM" : "QEMU without KVM";
	add_two(e, "-accel", accel_name(kvm, o));
	add_two(e, "-cpu", o->cpu ? o->cpu : kvm ? "host" : "max");
	if (o->icount)
		add_two(e, "-icount", "shift=0,sleep=off");
	return true;
}

/* The 4 MiB OVMF pair; the variables are a copy, as the firmware writes them. */
static bool add_uefi(struct emulator *e)
{
	char vars[512];

	if (!host_has_file(OVMF_CODE, "ovmf") || !host_has_file(OVMF_VARS, "ovmf"))
		return false;
	snprintf(vars, sizeof(vars), "%s/vars.fd", e->scratch);
	if (!host_copy(OVMF_VARS, vars))
		return false;
	emulator_add(e, "-drive");
	emulator_add(e, "if=pflash,format=raw,readonly=on,file=" OVMF_CODE);
	emulator_add(e, "-drive");
	emulator_add(e, "if=pflash,format=raw,file=%s", vars);
	return true;
}

/* The CD and the disk. Both are at q35's own AHCI, or the disk is a device of its own. With IDE
   there is a PIIX3 controller in place of the AHCI. */
static bool add_drives(struct emulator *e, const struct system_image *s, const struct options *o,
		       const char *iso)
{
	static const char *const devices[] = {
		[DISK_ANY] = "nvme,drive=disk,serial=bulkhead",
		[DISK_NVME] = "nvme,drive=disk,serial=bulkhead",
		[DISK_VIRTIO] = "virtio-blk-pci,drive=disk,disable-legacy=on",
		[DISK_AHCI] = "ide-hd,drive=disk,bus=ide.1",
		[DISK_IDE] = "ide-hd,drive=disk,bus=piix.1",
	};
	enum disk_kind kind;
	const char *file;

	if (!emulator_disk(s, o, &kind, &file))
		return false;
	if (kind == DISK_IDE) {
		add_two(e, "-machine", "sata=off");
		add_two(e, "-device", "piix3-ide,id=piix");
	}
	emulator_add(e, "-drive");
	emulator_add(e, "if=none,id=cd,media=cdrom,readonly=on,file=%s", iso);
	emulator_add(e, "-device");
	emulator_add(e, "ide-cd,drive=cd,bootindex=0,bus=%s.0", kind == DISK_IDE ? "piix" : "ide");
	if (kind == DISK_NONE)
		return true;
	emulator_add(e, "-drive");
	emulator_add(e, "if=none,id=disk,format=raw,discard=unmap,file=%s", file);
	add_two(e, "-device", devices[kind]);
	return true;
}

/* Without the card's boot ROM, which would only delay the start. */
static void add_net(struct emulator *e, const struct system_image *s, const struct options *o)
{
	static const char *const devices[] = {
		[NET_E1000] = "e1000,netdev=net,romfile=",
		[NET_E1000E] = "e1000e,netdev=net,romfile=",
		[NET_VIRTIO] = "virtio-net-pci,netdev=net,disable-legacy=on,romfile=",
	};
	const char *forwards;
	enum net_kind kind = emulator_net(s, o, &forwards);

	if (kind == NET_NONE)
		return;
	emulator_add(e, "-netdev");
	emulator_add(e, "user,id=net%s%s", *forwards ? "," : "", forwards);
	add_two(e, "-device", devices[kind]);
}

static void add_machine(struct emulator *e, const struct system_image *s, const struct options *o)
{
	add_two(e, "-machine", "q35");
	emulator_add(e, "-m");
	emulator_add(e, "%luM", (unsigned long)emulator_memory(s, o));
	emulator_add(e, "-smp");
	emulator_add(e, "%u", emulator_cpus(s, o));
	emulator_add(e, "-no-reboot");
	add_two(e, "-display", "none");
	add_two(e, "-nic", "none");
	add_two(e, "-serial", o->headless ? "stdio" : "mon:stdio");
	if (o->control) {
		emulator_add(e, "-serial");
		emulator_add(e, "unix:%s,server=on,wait=off", o->control);
	}
	if (o->headless)
		add_two(e, "-monitor", "none");
}

bool qemu_prepare(struct emulator *e, const struct system_image *s, const struct options *o,
		  const char *iso)
{
	e->listener = e->control = -1;
	if (!host_has_program("qemu-system-x86_64", "qemu-system-x86"))
		return false;
	emulator_add(e, "qemu-system-x86_64");
	add_machine(e, s, o);
	if (!add_accel(e, o) || (o->uefi && !add_uefi(e)))
		return false;
	if (!add_drives(e, s, o, iso))
		return false;
	add_net(e, s, o);
	for (char **extra = o->extra; extra && *extra; extra++)
		emulator_add(e, "%s", *extra);
	return true;
}
