// sources: vmm/loader.c vmm/loader_map.c vmm/loader_mode.c vmm/load_elf.c vmm/load_flat.c
// sources: vmm/load_linux.c vmm/load_linux_image.c vmm/load_multiboot.c vmm/load_multiboot_image.c
// sources: vmm/load_multiboot2.c vmm/load_multiboot2_image.c vmm/load_pvh.c vmm/load_firmware.c
// sources: vmm/load_native.c vmm/loader_place.c vmm/guestmem.c lib/format.c tests/unit/fake_guest.c
/*
 * Any bytes as a guest's image, started by every boot protocol, with a module beside it. What is
 * loaded lies in the guest's RAM byte for byte, clear of the ACPI tables and of the module, and the
 * information says so; what is refused has a reason.
 */
#include <stdint.h>
#include <stdlib.h>

#include "abi/platform.h"
#include "arch/x86/cpu/regs.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/loader_rig.h"
#include "vmm/load_elf.h"
#include "vmm/load_multiboot2.h"
#include "vmm/loader_place.h"

#define MODULE_BYTES 5000u
#define ACPI_BYTE    0xa5
#define INFO_BYTES   (LOADER_INFO_END - LOADER_INFO_AT)

static uint8_t module[MODULE_BYTES];

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static const uint8_t *ram_at(uint64_t at, uint64_t bytes)
{
	if (at >= FAKE_HIGH) {
		demand(range_within(at - FAKE_HIGH, bytes, PAGE_SIZE));
		return fake_ram + FAKE_RAM + (at - FAKE_HIGH);
	}
	demand(range_within(at, bytes, FAKE_RAM));
	return fake_ram + at;
}

static uint64_t qword(uint64_t at)
{
	return dword(at) | (uint64_t)dword(at + 4) << 32;
}

/* The segment that was placed last; those before it may lie below it. */
static void check_segment(const struct elf_image *elf, uint64_t shift)
{
	const struct elf_segment *s = &elf->segment[elf->segments - 1];

	demand(!memcmp(ram_at(s->address + shift, s->bytes), images.image.at + s->offset,
		       s->file_bytes));
}

static void check_module(uint64_t at, uint64_t low, uint64_t high)
{
	demand(at >= LOADER_HIGH_AT && !(at & PAGE_MASK));
	demand(!memcmp(ram_at(at, MODULE_BYTES), module, MODULE_BYTES));
	demand(!range_overlaps(at, MODULE_BYTES, low, high - low));
}

static void check_pvh(uint64_t info)
{
	struct elf_image elf;

	demand(!elf_parse(&images.image, &elf) && entry.regs.rip == elf.pvh_entry);
	demand(dword(info) == 0x336ec578 && dword(info + 12) == 1);
	demand(qword(qword(info + 16) + 8) == MODULE_BYTES);
	check_segment(&elf, 0);
	check_module(qword(qword(info + 16)), elf.low, elf.high);
}

static void check_multiboot(uint64_t info)
{
	uint64_t at = dword(dword(info + 24));
	struct multiboot_image m;
	struct elf_image elf;

	demand(!multiboot_parse(&images.image, &m) && dword(info + 20) == 1);
	if (m.addressed) {
		demand(!memcmp(ram_at(m.load_at, m.bytes), images.image.at + m.file_at,
			       m.file_bytes));
		check_module(at, m.load_at, m.load_at + m.bytes);
		return;
	}
	demand(!elf_parse(&images.image, &elf) && entry.regs.rip == elf.entry_at);
	check_segment(&elf, 0);
	check_module(at, elf.low, elf.high);
}

/* Where a tag of Multiboot2's information is, 0 if there is none; the list ends within its size. */
static uint64_t find_tag(uint64_t info, uint32_t type)
{
	uint64_t at = info + 8, end = info + dword(info);

	demand(end <= info + INFO_BYTES);
	while (dword(at) != type && dword(at) != 0) {
		demand(dword(at + 4) >= 8);
		at = align_up(at + dword(at + 4), 8);
		demand(at + 8 <= end);
	}
	return dword(at) == type ? at : 0;
}

static void check_multiboot2(uint64_t info)
{
	uint64_t tag = find_tag(info, 3), base = find_tag(info, 21);
	struct multiboot2_image m;
	struct elf_image elf;

	demand(!multiboot2_image_parse(&images.image, &m) && tag && m.relocatable == (base != 0));
	if (m.at.addressed) {
		base = base ? dword(base + 8) : m.at.load_at;
		demand(!memcmp(ram_at(base, m.at.bytes), images.image.at + m.at.file_at,
			       m.at.file_bytes));
		check_module(dword(tag + 8), base, base + m.at.bytes);
		return;
	}
	demand(!elf_parse(&images.image, &elf));
	base = base ? dword(base + 8) : elf.low;
	check_segment(&elf, base - elf.low);
	check_module(dword(tag + 8), base, base + elf.high - elf.low);
}

static void (*const checks[])(uint64_t info) = {
	[CONFIG_MULTIBOOT] = check_multiboot,
	[CONFIG_MULTIBOOT2] = check_multiboot2,
	[CONFIG_PVH] = check_pvh,
};

static void try(uint32_t protocol)
{
	uint8_t *acpi = fake_ram + HV_GUEST_ACPI;
	enum err e;

	memset(acpi, ACPI_BYTE, HV_GUEST_ACPI_BYTES);
	why[0] = 0;
	e = load(protocol);
	if (protocol != CONFIG_FIRMWARE)
		demand(acpi[0] == ACPI_BYTE && !memcmp(acpi, acpi + 1, HV_GUEST_ACPI_BYTES - 1));
	if (e != OK) {
		demand((e == ERR_FORMAT || e == ERR_RANGE) && why[0] &&
		       memchr(why, 0, sizeof(why)));
		return;
	}
	demand(entry.regs.rflags == RFLAGS_FIXED || protocol == CONFIG_FIRMWARE);
	if (protocol >= ARRAY_SIZE(checks) || !checks[protocol])
		return;
	demand(entry.state.cr0 == (CR0_PE | CR0_ET) && !entry.state.efer && !entry.state.cr4);
	demand(entry.regs.gpr[GPR_RBX] == LOADER_INFO_AT && entry.regs.rip < BIT(32));
	checks[protocol](LOADER_INFO_AT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fake_ram) {
		setup(NULL);
		strcpy(fake_config.cmdline, "console=ttyS0");
		for (unsigned i = 0; i < MODULE_BYTES; i++)
			module[i] = (uint8_t)(i * 7 + 1);
	}
	images.image = (struct span){ data, size };
	images.initrd = (struct span){ module, MODULE_BYTES };
	for (uint32_t protocol = CONFIG_NATIVE; protocol <= CONFIG_FIRMWARE; protocol++)
		try(protocol);
	return 0;
}
