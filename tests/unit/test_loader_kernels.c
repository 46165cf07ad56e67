/*
 * The loaders of Multiboot2, PVH, the 32-bit Linux protocol and firmware: what each puts where,
 * field by field of its specification, and that what cannot work is refused with a reason.
 */
// sources: vmm/loader.c vmm/loader_map.c vmm/loader_mode.c vmm/load_elf.c vmm/load_flat.c
// sources: vmm/load_linux.c vmm/load_linux_image.c vmm/load_multiboot.c vmm/load_multiboot_image.c
// sources: vmm/load_multiboot2.c vmm/load_multiboot2_image.c vmm/load_pvh.c vmm/load_firmware.c
// sources: vmm/load_native.c vmm/loader_place.c vmm/guestmem.c lib/format.c tests/unit/fake_guest.c
#include "vmm/loader.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/platform.h"
#include "arch/x86/cpu/regs.h"
#include "tests/unit/loader_rig.h"
#include "vmm/loader_map.h"

#define HEADER 0x100 /* where make_multiboot2 puts the header */

static uint64_t qword(uint64_t at)
{
	return dword(at) | (uint64_t)dword(at + 4) << 32;
}

/* 32-bit protected mode as Multiboot and PVH ask for. */
static void assert_protected_mode(void)
{
	const struct vcpu_segment *s = entry.state.segment;

	assert_int_equal(entry.state.cr0, CR0_PE | CR0_ET);
	assert_int_equal(entry.state.cr4, 0);
	assert_int_equal(entry.state.efer, 0);
	assert_int_equal(entry.regs.rflags, RFLAGS_FIXED);
	assert_int_equal(s[SEG_CS].attributes, 0xc09b);
	assert_int_equal(s[SEG_TR].limit, 0x67);
	assert_int_equal(s[SEG_TR].attributes, 0x8b);
	for (unsigned n = SEG_ES; n <= SEG_GS; n++) {
		assert_int_equal(s[n].base, 0);
		assert_int_equal(s[n].limit, UINT32_MAX);
		assert_true(n == SEG_CS || s[n].attributes == 0xc093);
	}
}

/* An ELF32 with one segment of 0x2000 bytes at 4 MiB, 0x100 of them in the file, and as its second
   program header what a test adds. */
static void make_elf(void)
{
	Elf32_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1 },
			 .e_type = ET_EXEC,
			 .e_machine = EM_386,
			 .e_entry = 0x400010,
			 .e_phoff = 0x40,
			 .e_phentsize = sizeof(Elf32_Phdr),
			 .e_phnum = 2 };
	Elf32_Phdr p = { .p_type = PT_LOAD,
			 .p_offset = 0x1000,
			 .p_vaddr = 0x400000,
			 .p_paddr = 0x400000,
			 .p_filesz = 0x100,
			 .p_memsz = 0x2000 };

	memcpy(file, &h, sizeof(h));
	memcpy(file + 0x40, &p, sizeof(p));
	memcpy(file + 0x1000, "code", 4);
}

/* The header with these tags, as 32-bit words, and the tag that ends them. */
static void put_header(unsigned at, const uint32_t *tags, size_t bytes)
{
	const uint32_t end[] = { 0, 8 };
	uint32_t length = 16 + (uint32_t)bytes + sizeof(end);

	put(at, 0xe85250d6, 4);
	put(at + 4, 0, 4);
	put(at + 8, length, 4);
	put(at + 12, (uint32_t) - (0xe85250d6 + length), 4);
	memcpy(file + at + 16, tags, bytes);
	memcpy(file + at + 16 + bytes, end, sizeof(end));
}

#define MULTIBOOT2(...)                                                                            \
	do {                                                                                       \
		static const uint32_t tags[] = { __VA_ARGS__ };                                    \
		make_elf();                                                                        \
		put_header(HEADER, tags, sizeof(tags));                                            \
	} while (0)

#define OPTIONAL  (1u << 16) /* in the word that begins a tag */
#define ALIGN_TAG 6, 8       /* something that every test's image may have */

/* Where a tag of the information is, 0 if there is none; checks the list on the way. */
static uint64_t find_tag(uint32_t type)
{
	uint64_t info = entry.regs.gpr[GPR_RBX], at = info + 8, end = info + dword(info);

	assert_int_equal(info % 8, 0);
	assert_int_equal(dword(info + 4), 0);
	while (at < end && dword(at) != type && dword(at) != 0)
		at = align_up(at + dword(at + 4), 8);
	assert_true(at + dword(at + 4) <= end);
	return dword(at) == type ? at : 0;
}

static void multiboot2_elf_gets_information_and_its_module(void **state)
{
	uint64_t map, module;

	MULTIBOOT2(ALIGN_TAG);
	images.initrd = (struct span){ (const uint8_t *)"a module", 8 };
	strcpy(fake_config.cmdline, "one two");
	memcpy(fake_ram + HV_GUEST_ACPI, "RSD PTR and so on", 17);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	assert_protected_mode();
	assert_int_equal(entry.regs.rip, 0x400010);
	assert_int_equal(entry.regs.gpr[GPR_RAX], 0x36d76289);
	assert_memory_equal(fake_ram + 0x400000, "code", 4);
	assert_int_equal(dword(find_tag(1) + 4), 8 + 8);
	assert_string_equal(fake_ram + find_tag(1) + 8, "one two");
	assert_string_equal(fake_ram + find_tag(2) + 8, "bulkhead");
	module = find_tag(3);
	assert_int_equal(dword(module + 8) & PAGE_MASK, 0);
	assert_int_equal(dword(module + 12) - dword(module + 8), 8);
	assert_int_equal(fake_ram[module + 16], 0);
	assert_memory_equal(fake_ram + dword(module + 8), "a module", 8);
	assert_int_equal(dword(find_tag(4) + 8), 640);
	assert_int_equal(dword(find_tag(4) + 12), (FAKE_RAM >> 10) - 1024);
	map = find_tag(6);
	assert_int_equal(dword(map + 4), 16 + 5 * 24);
	assert_int_equal(dword(map + 8), 24);
	assert_int_equal(dword(map + 12), 0);
	assert_int_equal(qword(map + 16 + 24), HV_GUEST_ACPI);
	assert_int_equal(dword(map + 16 + 24 + 16), LOADER_MAP_RESERVED);
	assert_memory_equal(fake_ram + find_tag(14) + 8, "RSD PTR ", 8);
	assert_int_equal(dword(find_tag(14) + 4), 8 + 20);
	assert_memory_equal(fake_ram + find_tag(15) + 8, "RSD PTR and so on", 17);
	assert_int_equal(dword(find_tag(15) + 4), 8 + 36);
	assert_int_equal(find_tag(21), 0);
	assert_int_equal(installed, 1);
}

static void multiboot2_gives_no_module_and_no_acpi_that_are_not_there(void **state)
{
	MULTIBOOT2(ALIGN_TAG);
	fake_domain.extent[0].bytes = HV_GUEST_ACPI;
	put(0x40 + 12, 0x10000, 4);
	put(0x40 + 8, 0x10000, 4);
	put(0x18, 0x10010, 4);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	assert_int_equal(find_tag(3), 0);
	assert_int_equal(find_tag(21), 0);
	assert_int_equal(dword(find_tag(4) + 12), 0);
}

static void multiboot2_headers_with_addresses_need_no_elf(void **state)
{
	/* The file's first byte at 0x200000; load 0x200080..0x201004, bss to 0x300000. */
	static const uint32_t tags[] = { 2,        24, 0x200100, 0x200080, 0x201004,
					 0x300000, 3,  12,       0x200200, 0 };

	memcpy(file + 0x1000, "code", 4);
	put_header(HEADER, tags, sizeof(tags));
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	assert_int_equal(entry.regs.rip, 0x200200);
	assert_memory_equal(fake_ram + 0x201000, "code\0", 5);
	assert_int_equal(dword(0x200100), 0xe85250d6);
	put(HEADER + 16 + 12, ~0u, 4); /* load_addr: the file from its beginning */
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	put(HEADER + 16 + 20, 0x200010, 4); /* bss_end_addr */
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	put_header(HEADER, tags, 24);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	assert_non_null(strstr(why, "without an entry"));
}

static void an_entry_tag_goes_before_the_elf_files(void **state)
{
	MULTIBOOT2(3, 12, 0x400080, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	assert_int_equal(entry.regs.rip, 0x400080);
}

/* Loads an image that may lie from min to max; returns where it went. */
static uint64_t relocate(uint32_t min, uint32_t max, uint32_t align, uint32_t preference)
{
	uint32_t tags[] = { 10, 24, min, max, align, preference };
	uint64_t base;

	make_elf();
	put_header(HEADER, tags, sizeof(tags));
	if (load(CONFIG_MULTIBOOT2) != OK)
		return 0;
	base = dword(find_tag(21) + 8);
	assert_int_equal(entry.regs.rip, base + 0x10);
	assert_memory_equal(fake_ram + base, "code", 4);
	return base;
}

static void relocatable_images_go_where_they_may(void **state)
{
	assert_int_equal(relocate(0x100000, 0xffffff, 0x1000, 0), 0x400000);
	assert_int_equal(relocate(0x100000, 0xffffff, 0x1000, 1), 0x100000);
	assert_int_equal(relocate(0x123456, 0xffffff, 0x1000, 1), 0x124000);
	assert_int_equal(relocate(0x100000, 0xffffff, 0x1000, 2), FAKE_RAM - 0x2000);
	assert_int_equal(relocate(0x100000, 0x800fff, 0x100000, 2), 0x700000);
	assert_int_equal(relocate(0x500000, 0xffffff, 0, 0), 0x500000);
	assert_int_equal(relocate(0x300000, 0x401ffe, 0x1000, 0), 0x300000);
	images.initrd = (struct span){ (const uint8_t *)"a module", 8 };
	assert_int_equal(relocate(0x100000, 0xffffff, 0x1000, 2), FAKE_RAM - 0x3000);
	assert_int_equal(relocate(0x100000, 0x101ffe, 0x1000, 0), 0);
	assert_non_null(strstr(why, "0x100000 to 0x101ffe"));
	assert_int_equal(relocate(FAKE_RAM, 0xffffffff, 0x1000, 0), 0);
	assert_int_equal(relocate(0x100000, 0xffffff, 3, 0), 0);
	assert_int_equal(relocate(2, 1, 1, 0), 0);
}

static void multiboot2_wishes_may_be_refused_and_demands_stop_it(void **state)
{
	MULTIBOOT2(1 | OPTIONAL, 12, 99, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	MULTIBOOT2(1, 16, 8, 12);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	MULTIBOOT2(1, 12, 22, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	assert_non_null(strstr(why, "information"));
	MULTIBOOT2(5 | OPTIONAL, 20, 0, 0, 0, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	MULTIBOOT2(5, 20, 0, 0, 0, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	assert_non_null(strstr(why, "framebuffer"));
	MULTIBOOT2(4, 12, 2, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	MULTIBOOT2(4, 12, 3, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	assert_non_null(strstr(why, "console"));
	MULTIBOOT2(11 | OPTIONAL, 8);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
	MULTIBOOT2(11, 8);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	MULTIBOOT2(9, 12, 0, 0, 7, 8);
	assert_int_equal(load(CONFIG_MULTIBOOT2), OK);
}

static void broken_multiboot2_headers_are_refused(void **state)
{
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	assert_non_null(strstr(why, "32 KiB"));
	MULTIBOOT2(2, 16, 0, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	assert_non_null(strstr(why, "too short"));
	MULTIBOOT2(6, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	MULTIBOOT2(6, 4000);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	MULTIBOOT2(ALIGN_TAG);
	put(HEADER + 24, 6, 4); /* no tag that ends them */
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	for (unsigned bytes = 1; bytes < HEADER + 32; bytes++) {
		MULTIBOOT2(ALIGN_TAG);
		images.image.bytes = bytes;
		assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	}
	images.image.bytes = sizeof(file);
	put(HEADER + 4, 4, 4); /* MIPS */
	put(HEADER + 12, (uint32_t) - (0xe85250d6 + 4 + 32), 4);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
	assert_non_null(strstr(why, "processor"));
	put(HEADER, 0, 4);
	make_elf();
	put_header(32768 - 16, (const uint32_t *)file, 0);
	assert_int_equal(load(CONFIG_MULTIBOOT2), ERR_FORMAT);
}

/* Notes of a compiler and of Xen, and the one that counts. */
static void make_pvh(void)
{
	static const uint32_t notes[] = { 4, 16, 1,        0x554e47, 0, 0, 0,  0,        4,
					  4, 17, 0x6e6558, 7,        4, 4, 18, 0x6e6558, 0x400020 };
	Elf32_Phdr p = { .p_type = PT_NOTE,
			 .p_offset = 0x800,
			 .p_filesz = sizeof(notes),
			 .p_memsz = sizeof(notes),
			 .p_align = 4 };

	make_elf();
	memcpy(file + 0x60, &p, sizeof(p));
	memcpy(file + 0x800, notes, sizeof(notes));
}

static void pvh_gets_start_information(void **state)
{
	uint64_t info, map, module;

	make_pvh();
	images.initrd = (struct span){ (const uint8_t *)"initrd", 6 };
	strcpy(fake_config.cmdline, "console=ttyS0");
	assert_int_equal(load(CONFIG_PVH), OK);
	assert_protected_mode();
	assert_int_equal(entry.regs.rip, 0x400020);
	assert_memory_equal(fake_ram + 0x400000, "code", 4);
	info = entry.regs.gpr[GPR_RBX];
	assert_int_equal(dword(info), 0x336ec578);
	assert_int_equal(dword(info + 4), 1);
	assert_int_equal(dword(info + 8), 0);
	assert_int_equal(dword(info + 12), 1);
	module = qword(info + 16);
	assert_memory_equal(fake_ram + qword(module), "initrd", 6);
	assert_int_equal(qword(module + 8), 6);
	assert_int_equal(qword(module + 16), 0);
	assert_string_equal(fake_ram + qword(info + 24), "console=ttyS0");
	assert_int_equal(qword(info + 32), HV_GUEST_ACPI);
	map = qword(info + 40);
	assert_int_equal(dword(info + 48), 5);
	assert_int_equal(qword(map + 24), HV_GUEST_ACPI);
	assert_int_equal(dword(map + 24 + 16), LOADER_MAP_RESERVED);
	assert_int_equal(qword(map + 48), 0x100000);
	assert_int_equal(qword(map + 48 + 8), FAKE_RAM - 0x100000);
	images.initrd.bytes = 0;
	assert_int_equal(load(CONFIG_PVH), OK);
	assert_int_equal(dword(info + 12), 0);
	assert_int_equal(qword(info + 16), 0);
}

static void what_has_no_pvh_entry_is_refused(void **state)
{
	make_elf();
	assert_int_equal(load(CONFIG_PVH), ERR_FORMAT);
	assert_non_null(strstr(why, "CONFIG_PVH"));
	make_pvh();
	put(0x60 + 16, 18 * 4 - 1, 4); /* the segment ends within the note */
	assert_int_equal(load(CONFIG_PVH), ERR_FORMAT);
	make_pvh();
	put(0x60 + 4, sizeof(file) - 4, 4);
	assert_int_equal(load(CONFIG_PVH), ERR_FORMAT);
	make_pvh();
	put(0x800, ~0u, 4); /* namesz */
	assert_int_equal(load(CONFIG_PVH), ERR_FORMAT);
	file[0] = 0;
	assert_int_equal(load(CONFIG_PVH), ERR_FORMAT);
}

/* A bzImage header for a kernel of 0x8000 bytes behind 4 setup sectors, without 64-bit entry. */
static void the_32_bit_entry_is_the_kernels_first_byte(void **state)
{
	uint64_t zero;

	put(0x1f1, 4, 1);
	put(0x1f4, 0x8000 / 16, 4);
	put(0x1fe, 0xaa55, 2);
	put(0x200, 0x66eb, 2);
	put(0x202, 0x53726448, 4);
	put(0x206, 0x20a, 2);
	put(0x211, 1, 1);
	put(0x22c, 0x7fffffff, 4);
	put(0x230, 0x200000, 4);
	put(0x234, 1, 1);
	put(0x258, 0x400000, 8);
	put(0x260, 0x200000, 4);
	assert_int_equal(load(CONFIG_LINUX), ERR_FORMAT);
	assert_non_null(strstr(why, "entry: 32"));
	assert_int_equal(load(CONFIG_LINUX32), OK);
	assert_protected_mode();
	zero = entry.regs.gpr[GPR_RSI];
	assert_int_equal(entry.regs.rip, 0x400000);
	assert_int_equal(dword(zero + 0x214), 0x400000);
	assert_int_equal(dword(zero + 0x202), 0x53726448);
	assert_int_equal(entry.state.segment[SEG_CS].selector, 0x10);
	assert_int_equal(entry.state.segment[SEG_DS].selector, 0x18);
	assert_int_equal(qword(entry.state.gdtr.base + 0x10), 0x00cf9b000000ffffull);
	assert_int_equal(qword(entry.state.gdtr.base + 0x18), 0x00cf93000000ffffull);
	assert_int_equal(
		entry.regs.gpr[GPR_RBP] | entry.regs.gpr[GPR_RDI] | entry.regs.gpr[GPR_RBX], 0);
}

static void firmware_starts_at_the_reset_vector(void **state)
{
	/* The page at 4 GiB takes the place of a ROM. */
	fake_domain.extent[1].gpa = gpa(HV_GUEST_HIGH - PAGE_SIZE);
	images.image.bytes = PAGE_SIZE;
	memcpy(file, "rom", 3);
	memcpy(file + PAGE_SIZE - 4, "end", 4);
	assert_int_equal(load(CONFIG_FIRMWARE), OK);
	assert_memory_equal(fake_ram + FAKE_RAM, "rom", 3);
	assert_memory_equal(fake_ram + 0x100000 - PAGE_SIZE, "rom", 3);
	assert_memory_equal(fake_ram + 0xffffc, "end", 4);
	assert_int_equal(entry.regs.rip, 0xfff0);
	assert_int_equal(entry.regs.gpr[GPR_RDX], RIG_SIGNATURE);
	assert_int_equal(installed, 0);
}

static void firmware_without_room_is_refused(void **state)
{
	images.image.bytes = PAGE_SIZE;
	assert_int_equal(load(CONFIG_FIRMWARE), ERR_RANGE);
	assert_non_null(strstr(why, "16 MiB"));
	images.image.bytes = 15;
	assert_int_equal(load(CONFIG_FIRMWARE), ERR_FORMAT);
	fake_domain.extent[1].gpa = gpa(HV_GUEST_HIGH - PAGE_SIZE);
	fake_domain.extent[0].bytes = 0x80000;
	images.image.bytes = PAGE_SIZE;
	assert_int_equal(load(CONFIG_FIRMWARE), ERR_RANGE);
	assert_non_null(strstr(why, "1 MiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(multiboot2_elf_gets_information_and_its_module, setup),
		cmocka_unit_test_setup(multiboot2_gives_no_module_and_no_acpi_that_are_not_there,
				       setup),
		cmocka_unit_test_setup(multiboot2_headers_with_addresses_need_no_elf, setup),
		cmocka_unit_test_setup(an_entry_tag_goes_before_the_elf_files, setup),
		cmocka_unit_test_setup(relocatable_images_go_where_they_may, setup),
		cmocka_unit_test_setup(multiboot2_wishes_may_be_refused_and_demands_stop_it, setup),
		cmocka_unit_test_setup(broken_multiboot2_headers_are_refused, setup),
		cmocka_unit_test_setup(pvh_gets_start_information, setup),
		cmocka_unit_test_setup(what_has_no_pvh_entry_is_refused, setup),
		cmocka_unit_test_setup(the_32_bit_entry_is_the_kernels_first_byte, setup),
		cmocka_unit_test_setup(firmware_starts_at_the_reset_vector, setup),
		cmocka_unit_test_setup(firmware_without_room_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
