/*
 * The image loaders: what each protocol puts where, and that broken, truncated and oversized images
 * are refused with a reason. Images are made here, byte by byte.
 */
// sources: vmm/loader.c vmm/loader_map.c vmm/loader_mode.c vmm/load_elf.c vmm/load_flat.c
// sources: vmm/load_linux.c vmm/load_linux_image.c vmm/load_multiboot.c vmm/load_multiboot_image.c
// sources: vmm/load_multiboot2.c vmm/load_multiboot2_image.c vmm/load_pvh.c vmm/load_firmware.c
// sources: vmm/load_native.c vmm/loader_place.c vmm/walk.c vmm/guestmem.c lib/format.c
// sources: tests/unit/fake_guest.c
#include "vmm/loader.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/boot.h"
#include "abi/platform.h"
#include "arch/x86/cpu/regs.h"
#include "tests/unit/loader_rig.h"
#include "vmm/loader_map.h"
#include "vmm/walk.h"

/* Long mode as the entry says, and [at] mapped 1:1. */
static void assert_maps_1to1(uint64_t at)
{
	struct vcpu_mode m = { .cr0 = entry.state.cr0,
			       .cr3 = entry.state.cr3,
			       .cr4 = entry.state.cr4,
			       .efer = entry.state.efer };
	uint32_t error;
	gpa_t out;

	assert_true(walk(&fake_domain, &m, 2, gva(at), ACCESS_WRITE, &out, &error));
	assert_int_equal(out.v, at);
}

/* An ELF64 PIE with code at 0..0x100 of it, data and bss from 0x2000 on. */
static void make_pie(void)
{
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
			 .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_entry = 0x40,
			 .e_phoff = 0x100,
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 3 };
	Elf64_Phdr p[3] = {
		{ .p_type = PT_LOAD, .p_offset = 0x1000, .p_filesz = 0x100, .p_memsz = 0x100 },
		{ .p_type = PT_LOAD,
		  .p_offset = 0x2000,
		  .p_vaddr = 0x2000,
		  .p_paddr = 0x2000,
		  .p_filesz = 0x10,
		  .p_memsz = 0x5000 },
		{ .p_type = PT_DYNAMIC, .p_offset = ~0ull }
	};

	memcpy(file, &h, sizeof(h));
	memcpy(file + 0x100, p, sizeof(p));
	memcpy(file + 0x1000, "code", 4);
	memcpy(file + 0x2000, "data", 4);
}

static void native_images_go_to_1_mib_and_start_in_long_mode(void **state)
{
	make_pie();
	fake_domain.boot_gpa = HV_GUEST_SHARED;
	assert_int_equal(load(CONFIG_NATIVE), OK);
	assert_memory_equal(fake_ram + 0x100000, "code", 4);
	assert_memory_equal(fake_ram + 0x102000, "data", 4);
	assert_int_equal(entry.regs.rip, 0x100040);
	assert_int_equal(entry.regs.gpr[GPR_RDI], HV_GUEST_SHARED);
	assert_true(entry.regs.gpr[GPR_RSP] > 0x108000 + HV_BOOT_STACK);
	assert_true(entry.regs.gpr[GPR_RSP] < FAKE_RAM);
	assert_int_equal(entry.regs.rflags, RFLAGS_FIXED);
	assert_true(entry.state.efer & BIT(10));
	assert_true(entry.state.segment[SEG_CS].attributes & SEGMENT_L);
	assert_int_equal(entry.state.gdtr.base % 8, 0);
	assert_maps_1to1(0x100040);
	assert_maps_1to1(0xfee00000);
	assert_maps_1to1(FAKE_HIGH);
	assert_int_equal(installed, 1);
}

static void native_images_go_to_the_start_of_identity_memory(void **state)
{
	make_pie();
	fake_domain.extent[0].gpa = gpa(0x5c0000000ull);
	fake_domain.extents = 1;
	assert_int_equal(load(CONFIG_NATIVE), OK);
	assert_memory_equal(fake_ram, "code", 4);
	assert_int_equal(entry.regs.rip, 0x5c0000040ull);
	assert_true(entry.regs.gpr[GPR_RSP] < 0x5c0000000ull + FAKE_RAM);
	assert_maps_1to1(0x5c0fff000ull);
	assert_maps_1to1(0x12345000);
}

/* Our note, behind one of another name. */
static void an_image_is_checked_without_being_loaded(void **state)
{
	static const uint32_t notes[] = { 4, 8, 1,          0x6e6558,   7, 8, 9,
					  8, 1, 0x6b6c7542, 0x64616568, 0, 2, 3 };
	struct hv_note_state note;

	make_pie();
	fake_config.protocol = CONFIG_NATIVE;
	assert_int_equal(loader_check(&fake_domain, &images.image, &note, why, sizeof(why)), OK);
	assert_true(note.oldest == 0 && note.version == 0);
	memcpy(file + 0x800, notes, sizeof(notes));
	put(0x170, PT_NOTE, 4);
	put(0x170 + 8, 0x800, 8);
	put(0x170 + 32, sizeof(notes), 8);
	assert_int_equal(loader_check(&fake_domain, &images.image, &note, why, sizeof(why)), OK);
	assert_true(note.oldest == 2 && note.version == 3);
	assert_int_equal(fake_ram[0x100000], 0);
	assert_int_equal(load(CONFIG_NATIVE), OK);
	assert_true(entry.kept.oldest == 2 && entry.kept.version == 3);
	put(0x170 + 32, sizeof(notes) - 4, 8);
	assert_int_equal(loader_check(&fake_domain, &images.image, &note, why, sizeof(why)), OK);
	assert_true(note.oldest == 0 && note.version == 0);
	fake_domain.extents = 0;
	assert_int_equal(loader_check(&fake_domain, &images.image, &note, why, sizeof(why)),
			 ERR_RANGE);
}

static void native_images_that_do_not_fit_are_refused(void **state)
{
	make_pie();
	fake_domain.extents = 1;
	fake_domain.extent[0].bytes = 0x100000 + 0x7000 + HV_BOOT_STACK + PAGE_SIZE * 6;
	assert_int_equal(load(CONFIG_NATIVE), ERR_RANGE);
	assert_non_null(strstr(why, "KiB"));
	fake_domain.extent[0].bytes += PAGE_SIZE;
	assert_int_equal(load(CONFIG_NATIVE), OK);
	fake_domain.extent[0].bytes = CONFIG_MEMORY_MIN;
	assert_int_equal(load(CONFIG_NATIVE), OK);
	assert_int_equal(entry.regs.rip, 0x1040);
	fake_domain.extents = 0;
	assert_int_equal(load(CONFIG_NATIVE), ERR_RANGE);
}

static void broken_elf_files_are_refused(void **state)
{
	make_pie();
	for (uint64_t bytes = 0; bytes < 0x2010; bytes += bytes < 0x1b0 ? 1 : 0x80) {
		images.image.bytes = bytes;
		assert_int_equal(load(CONFIG_NATIVE), ERR_FORMAT);
		assert_true(strlen(why) > 10);
	}
	images.image.bytes = 0x2010;
	assert_int_equal(load(CONFIG_NATIVE), OK);
	put(0x100 + 56 + 8, ~0ull - 8, 8); /* p_offset + p_filesz wraps */
	assert_int_equal(load(CONFIG_NATIVE), ERR_FORMAT);
	make_pie();
	put(0x100 + 56 + 40, ~0ull, 8); /* p_memsz */
	assert_int_equal(load(CONFIG_NATIVE), ERR_FORMAT);
	make_pie();
	put(0x10, ET_EXEC, 2);
	assert_int_equal(load(CONFIG_NATIVE), ERR_FORMAT);
	assert_non_null(strstr(why, "-pie"));
	make_pie();
	put(0x38, 65, 2); /* e_phnum */
	assert_int_equal(load(CONFIG_NATIVE), ERR_FORMAT);
	assert_non_null(strstr(why, "64 program headers"));
	make_pie();
	put(0x20, ~0ull, 8); /* e_phoff */
	assert_int_equal(load(CONFIG_NATIVE), ERR_FORMAT);
	put(0x20, BIT(63), 8); /* no pointer goes so far */
	assert_int_equal(load(CONFIG_NATIVE), ERR_FORMAT);
}

/* A bzImage header for a kernel of 0x8000 bytes behind 4 setup sectors. */
static void make_linux(void)
{
	put(0x1f1, 4, 1);
	put(0x1f4, 0x8000 / 16, 4);
	put(0x1fe, 0xaa55, 2);
	put(0x200, 0x66eb, 2);
	put(0x202, 0x53726448, 4);
	put(0x206, 0x20f, 2);
	put(0x211, 1, 1);
	put(0x22c, 0x7fffffff, 4);
	put(0x230, 0x200000, 4);
	put(0x234, 1, 1);
	put(0x236, 1, 2);
	put(0x238, 2047, 4);
	put(0x258, 0x400000, 8);
	put(0x260, 0x200000, 4);
	memcpy(file + 5 * 512, "kernel", 6);
	images.image.bytes = 5 * 512 + 0x8000;
}

static void linux_gets_kernel_initrd_and_zero_page(void **state)
{
	static const char initrd[5000] = "initrd";
	struct loader_map_entry map[4];
	uint64_t zero;

	make_linux();
	images.initrd = (struct span){ (const uint8_t *)initrd, sizeof(initrd) };
	strcpy(fake_config.cmdline, "console=ttyS0");
	assert_int_equal(load(CONFIG_LINUX), OK);
	zero = entry.regs.gpr[GPR_RSI];
	assert_int_equal(entry.regs.rip, 0x400200);
	assert_memory_equal(fake_ram + 0x400000, "kernel", 6);
	assert_int_equal(dword(zero + 0x202), 0x53726448);
	assert_int_equal(fake_ram[zero + 0x210], 0xff);
	assert_int_equal(dword(zero + 0x21c), 5000);
	assert_int_equal(dword(zero + 0x218), FAKE_RAM - 0x2000);
	assert_memory_equal(fake_ram + FAKE_RAM - 0x2000, initrd, 5000);
	assert_string_equal(fake_ram + dword(zero + 0x228), "console=ttyS0");
	assert_int_equal(dword(zero + 0x70), HV_GUEST_ACPI);
	assert_int_equal(fake_ram[zero + 0x1e8], 5);
	memcpy(map, fake_ram + zero + 0x2d0, sizeof(map));
	assert_int_equal(map[0].bytes, 0xa0000);
	assert_int_equal(map[1].base, HV_GUEST_ACPI);
	assert_int_equal(map[1].type, LOADER_MAP_RESERVED);
	assert_int_equal(map[2].base, 0x100000);
	assert_int_equal(map[2].bytes, FAKE_RAM - 0x100000);
	assert_int_equal(map[3].base, FAKE_HIGH);
	assert_maps_1to1(0x400200);
	assert_maps_1to1(zero);
}

static void linux_moves_when_its_place_is_not_ram(void **state)
{
	make_linux();
	put(0x258, 0x4000000, 8);
	assert_int_equal(load(CONFIG_LINUX), OK);
	assert_int_equal(entry.regs.rip, 0x200200);
	put(0x234, 0, 1);
	assert_int_equal(load(CONFIG_LINUX), ERR_RANGE);
	put(0x234, 1, 1);
	put(0x260, 0xf00000, 4);
	assert_int_equal(load(CONFIG_LINUX), ERR_RANGE);
	assert_non_null(strstr(why, "more memory"));
}

static void linux_images_that_cannot_work_are_refused(void **state)
{
	static const struct {
		unsigned at, bytes;
		uint64_t value;
		const char *word;
	} broken[] = {
		{ 0x202, 4, 0, "bzImage" },
		{ 0x206, 2, 0x209, "2.10" },
		{ 0x206, 2, 0x20b, "64-bit" },
		{ 0x236, 2, 0, "64-bit" },
		{ 0x211, 1, 0, "zImage" },
		{ 0x230, 4, 3, "header" },
		{ 0x1f4, 4, 0x801, "truncated" },
		{ 0x1f4, 4, 0, "header" },
		{ 0x1f1, 1, 5, "truncated" },
		{ 0x260, 4, 0x7ff0, "memory" }, /* init_size below the file's */
	};

	for (unsigned n = 0; n < ARRAY_SIZE(broken); n++) {
		make_linux();
		put(broken[n].at, broken[n].value, broken[n].bytes);
		assert_int_not_equal(load(CONFIG_LINUX), OK);
		assert_non_null(strstr(why, broken[n].word));
	}
	for (unsigned bytes = 1; bytes < 0x268; bytes++) {
		make_linux();
		images.image.bytes = bytes;
		assert_int_equal(load(CONFIG_LINUX), ERR_FORMAT);
	}
}

static void an_initrd_too_large_is_refused(void **state)
{
	make_linux();
	images.initrd = (struct span){ calloc(1, FAKE_RAM), FAKE_RAM - 0x600000 + 1 };
	assert_int_equal(load(CONFIG_LINUX), ERR_RANGE);
	assert_non_null(strstr(why, "initrd"));
	images.initrd.bytes--;
	assert_int_equal(load(CONFIG_LINUX), OK);
	put(0x22c, 0x7fffff, 4);
	images.initrd.bytes = 0x1000;
	assert_int_equal(load(CONFIG_LINUX), OK);
	assert_int_equal(dword(entry.regs.gpr[GPR_RSI] + 0x218), 0x7ff000);
	free((void *)images.initrd.at);
}

/* An ELF32 with a Multiboot header at 0x100 and one segment at 4 MiB. */
static void make_multiboot(void)
{
	Elf32_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1 },
			 .e_type = ET_EXEC,
			 .e_machine = EM_386,
			 .e_entry = 0xc0400010,
			 .e_phoff = 0x40,
			 .e_phentsize = sizeof(Elf32_Phdr),
			 .e_phnum = 1 };
	Elf32_Phdr p = { .p_type = PT_LOAD,
			 .p_offset = 0x1000,
			 .p_vaddr = 0xc0400000,
			 .p_paddr = 0x400000,
			 .p_filesz = 0x100,
			 .p_memsz = 0x2000 };

	memcpy(file, &h, sizeof(h));
	memcpy(file + 0x40, &p, sizeof(p));
	put(0x100, 0x1badb002, 4);
	put(0x104, 3, 4);
	put(0x108, (uint32_t) - (0x1badb002 + 3), 4);
	memcpy(file + 0x1000, "code", 4);
}

static void multiboot_elf_gets_information_and_its_module(void **state)
{
	uint64_t info, module;

	make_multiboot();
	images.initrd = (struct span){ (const uint8_t *)"NR_CPUS=1\n", 10 };
	strcpy(fake_config.cmdline, "test arg");
	assert_int_equal(load(CONFIG_MULTIBOOT), OK);
	assert_int_equal(entry.regs.rip, 0x400010);
	assert_int_equal(entry.regs.gpr[GPR_RAX], 0x2badb002);
	assert_memory_equal(fake_ram + 0x400000, "code", 4);
	assert_int_equal(entry.state.cr0 & (CR0_PE | CR0_PG), CR0_PE);
	assert_int_equal(entry.state.efer, 0);
	assert_true(entry.state.segment[SEG_CS].attributes & SEGMENT_DB);
	info = entry.regs.gpr[GPR_RBX];
	assert_int_equal(dword(info) & 0x4d, 0x4d);
	assert_int_equal(dword(info + 4), 640);
	assert_int_equal(dword(info + 8), (FAKE_RAM >> 10) - 1024);
	assert_string_equal(fake_ram + dword(info + 16), "test arg");
	assert_int_equal(dword(info + 20), 1);
	module = dword(info + 24);
	assert_int_equal(dword(module) & PAGE_MASK, 0);
	assert_int_equal(dword(module + 4) - dword(module), 10);
	assert_memory_equal(fake_ram + dword(module), "NR_CPUS=1\n", 10);
	assert_int_equal(dword(info + 44), 5 * 24);
	assert_int_equal(dword(dword(info + 48)), 20);
	assert_string_equal(fake_ram + dword(info + 64), "bulkhead");
}

static void multiboot_headers_with_addresses_need_no_elf(void **state)
{
	make_multiboot();
	put(0, 0, 4);
	put(0x104, BIT(16), 4);
	put(0x108, (uint32_t) - (0x1badb002 + 0x10000), 4);
	put(0x10c, 0x200100, 4); /* header_addr: file offset 0 is at 0x200000 */
	put(0x110, 0x200080, 4); /* load_addr */
	put(0x114, 0x201004, 4); /* load_end_addr */
	put(0x118, 0x300000, 4); /* bss_end_addr */
	put(0x11c, 0x200200, 4);
	assert_int_equal(load(CONFIG_MULTIBOOT), OK);
	assert_int_equal(entry.regs.rip, 0x200200);
	assert_memory_equal(fake_ram + 0x201000, "code\0", 5);
	assert_int_equal(fake_ram[0x200000], 0);
	assert_int_equal(dword(0x200100), 0x1badb002);
	put(0x114, 0x280000, 4);
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_FORMAT);
	put(0x114, 0, 4);
	put(0x118, 0x200090, 4);
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_FORMAT);
	put(0x118, 0x7f000000, 4);
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_RANGE);
	put(0x110, 0x100000, 4);
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_FORMAT);
}

static void multiboot_images_that_cannot_work_are_refused(void **state)
{
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_FORMAT);
	assert_non_null(strstr(why, "8 KiB"));
	make_multiboot();
	put(0x104, 11, 4);
	put(0x108, (uint32_t) - (0x1badb002 + 11), 4);
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_FORMAT);
	make_multiboot();
	put(0x40 + 12, 0x9000, 4); /* over the information structure */
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_RANGE);
	put(0x40 + 12, 0xdff00, 4); /* into the ACPI tables */
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_RANGE);
	put(0x40 + 12, FAKE_RAM - 0x100, 4); /* bss behind the end of RAM */
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_RANGE);
	assert_non_null(strstr(why, "free RAM"));
}

static void a_module_too_large_is_refused(void **state)
{
	make_multiboot();
	images.initrd = (struct span){ calloc(1, FAKE_RAM), FAKE_RAM - 0x402000 + 1 };
	assert_int_equal(load(CONFIG_MULTIBOOT), ERR_RANGE);
	assert_non_null(strstr(why, "module"));
	images.initrd.bytes--;
	assert_int_equal(load(CONFIG_MULTIBOOT), OK);
	assert_int_equal(dword(dword(entry.regs.gpr[GPR_RBX] + 24)), 0x402000);
	free((void *)images.initrd.at);
}

static void flat_images_start_at_their_first_byte(void **state)
{
	memcpy(file, "flat", 4);
	assert_int_equal(load(CONFIG_FLAT), OK);
	assert_memory_equal(fake_ram + 0x100000, "flat", 4);
	assert_int_equal(entry.regs.rip, 0x100000);
	assert_int_equal(entry.state.cr0 & (CR0_PE | CR0_PG), CR0_PE);
	fake_domain.extent[0].bytes = 0x110000;
	assert_int_equal(load(CONFIG_FLAT), ERR_RANGE);
	images.image.bytes = 0;
	assert_int_equal(load(CONFIG_FLAT), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(native_images_go_to_1_mib_and_start_in_long_mode, setup),
		cmocka_unit_test_setup(native_images_go_to_the_start_of_identity_memory, setup),
		cmocka_unit_test_setup(an_image_is_checked_without_being_loaded, setup),
		cmocka_unit_test_setup(native_images_that_do_not_fit_are_refused, setup),
		cmocka_unit_test_setup(broken_elf_files_are_refused, setup),
		cmocka_unit_test_setup(linux_gets_kernel_initrd_and_zero_page, setup),
		cmocka_unit_test_setup(linux_moves_when_its_place_is_not_ram, setup),
		cmocka_unit_test_setup(linux_images_that_cannot_work_are_refused, setup),
		cmocka_unit_test_setup(an_initrd_too_large_is_refused, setup),
		cmocka_unit_test_setup(multiboot_elf_gets_information_and_its_module, setup),
		cmocka_unit_test_setup(multiboot_headers_with_addresses_need_no_elf, setup),
		cmocka_unit_test_setup(multiboot_images_that_cannot_work_are_refused, setup),
		cmocka_unit_test_setup(a_module_too_large_is_refused, setup),
		cmocka_unit_test_setup(flat_images_start_at_their_first_byte, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
