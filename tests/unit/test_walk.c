/*
 * The guest page walk in every paging mode: addresses, rights, error codes, accessed and dirty
 * bits; and the copies by guest-virtual address that stand on it.
 */
// sources: vmm/walk.c vmm/guestmem.c vmm/guestmem_virt.c vmm/decode.c vmm/decode_bytes.c
// sources: tests/unit/fake_guest.c
#include "vmm/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/regs.h"
#include "tests/unit/fake_guest.h"
#include "vmm/guestmem_slot.h"

#define PW  (PTE_PRESENT | PTE_WRITE)
#define PWU (PW | PTE_USER)
#define NXE BIT(11)

static uint32_t error;
static gpa_t out;

static bool go(uint64_t va, unsigned access)
{
	error = 0;
	return walk(&fake_domain, &fake_mode, fake_vcpu.regs.rflags, gva(va), access, &out, &error);
}

static int setup(void **state)
{
	fake_reset();
	return 0;
}

static void paging_off_is_one_to_one_in_32_bits(void **state)
{
	assert_true(go(0x1ffffffffull, ACCESS_WRITE));
	assert_int_equal(out.v, 0xffffffff);
}

static void four_levels_find_pages_of_each_size(void **state)
{
	fake_long_mode(0);
	*fake_word(0x2008) = 0x00200000 | PW | PTE_LARGE; /* 1 GiB leaf, misaligned: reserved */
	*fake_word(0x2010) = 0x80000000 | PW | PTE_LARGE;
	*fake_word(0x3008) = 0x4000 | PW;
	*fake_word(0x4010) = 0x123000 | PW;
	assert_true(go(0x5abcde, 0));
	assert_int_equal(out.v, 0x5abcde);
	assert_true(go(0x202345, 0));
	assert_int_equal(out.v, 0x123345);
	assert_true(go(0x9abcdef0, 0));
	assert_int_equal(out.v, 0x9abcdef0);
	assert_false(go(0x40000000, 0));
	assert_int_equal(error, PF_PRESENT | PF_RESERVED);
	assert_false(go(0x203000, 0));
	assert_int_equal(error, 0);
}

static void five_levels_use_one_more_table(void **state)
{
	fake_long_mode(0);
	fake_mode.cr4 |= CR4_LA57;
	fake_mode.cr3 = 0x5000;
	*fake_word(0x5000 + 3 * 8) = 0x1000 | PW;
	assert_true(go((3ull << 48) | 0x400123, 0));
	assert_int_equal(out.v, 0x400123);
	assert_false(go(0x400123, 0));
	assert_true(walk_canonical(&fake_mode, gva(3ull << 48)));
	fake_mode.cr4 &= ~CR4_LA57;
	assert_false(walk_canonical(&fake_mode, gva(3ull << 48)));
}

static void pae_has_three_levels_and_no_rights_at_the_top(void **state)
{
	fake_mode.cr0 |= CR0_PG | CR0_WP;
	fake_mode.cr4 = CR4_PAE;
	fake_mode.cr3 = 0x1020;
	*fake_word(0x1038) = 0x2000 | PTE_PRESENT;
	*fake_word(0x2000) = 0x600000 | PW | PTE_LARGE;
	*fake_word(0x2008) = 0x3000 | PWU;
	*fake_word(0x3018) = 0x777000 | PWU;
	assert_true(go(0xc0012345, ACCESS_WRITE));
	assert_int_equal(out.v, 0x612345);
	assert_true(go(0xc0203456, 0));
	assert_int_equal(out.v, 0x777456);
	assert_int_equal(*fake_word(0x1038), 0x2000 | PTE_PRESENT);
	*fake_word(0x2008) |= BIT(52);
	assert_false(go(0xc0203456, 0));
	assert_int_equal(error, PF_PRESENT | PF_RESERVED);
}

static void legacy_tables_have_small_and_large_pages(void **state)
{
	uint32_t *words = (uint32_t *)fake_ram;

	fake_mode.cr0 |= CR0_PG | CR0_WP;
	fake_mode.cr4 = CR4_PSE;
	fake_mode.cr3 = 0x1000;
	words[0x1000 / 4 + 1] = 0x2000 | PW;
	words[0x2000 / 4 + 5] = 0x9000 | PW;
	words[0x1000 / 4 + 2] = 0x00c02000 | PW | PTE_LARGE; /* PSE-36: bit 13 is address bit 32 */
	assert_true(go(0x405678, 0));
	assert_int_equal(out.v, 0x9678);
	assert_true(go(0x8abcde, ACCESS_WRITE));
	assert_int_equal(out.v, 0x100c00000ull + 0xabcde);
	assert_int_equal(words[0x1000 / 4 + 2] & (PTE_ACCESSED | PTE_DIRTY),
			 PTE_ACCESSED | PTE_DIRTY);
	fake_mode.cr4 = 0;
	words[0x1000 / 4 + 2] = 0x2000 | PW | PTE_LARGE; /* the bit means nothing without PSE */
	assert_true(go(0x805678, 0));
	assert_int_equal(out.v, 0x9678);
}

static void rights_follow_the_control_registers(void **state)
{
	fake_long_mode(0);
	*fake_word(0x3000) &= ~PTE_WRITE;
	assert_false(go(0x10, ACCESS_WRITE));
	assert_int_equal(error, PF_PRESENT | PF_WRITE);
	fake_mode.cr0 &= ~CR0_WP;
	assert_true(go(0x10, ACCESS_WRITE));
	fake_mode.cpl = 3;
	assert_false(go(0x10, 0));
	assert_int_equal(error, PF_PRESENT | PF_USER);
	assert_true(go(0x10, ACCESS_SYSTEM));
	*fake_word(0x3000) |= PTE_USER | PTE_NX;
	assert_true(go(0x10, 0));
	assert_false(go(0x10, ACCESS_WRITE));
	assert_int_equal(error, PF_PRESENT | PF_USER | PF_WRITE);
	assert_false(go(0x10, ACCESS_FETCH));
	assert_int_equal(error, PF_PRESENT | PF_USER | PF_FETCH);
	fake_mode.efer &= ~NXE;
	assert_false(go(0x10, 0));
	assert_int_equal(error, PF_PRESENT | PF_RESERVED | PF_USER);
}

static void smep_and_smap_keep_the_kernel_out_of_user_pages(void **state)
{
	fake_long_mode(PTE_USER);
	assert_true(go(0x10, ACCESS_FETCH));
	fake_mode.cr4 |= CR4_SMEP | CR4_SMAP;
	assert_false(go(0x10, ACCESS_FETCH));
	assert_int_equal(error, PF_PRESENT | PF_FETCH);
	assert_false(go(0x10, 0));
	fake_vcpu.regs.rflags |= RFLAGS_AC;
	assert_true(go(0x10, ACCESS_WRITE));
	fake_mode.cpl = 3; /* implicit accesses of the CPU don't heed AC */
	assert_false(go(0x10, ACCESS_SYSTEM));
	assert_true(go(0x10, 0));
}

static void accessed_and_dirty_bits_are_set_when_needed(void **state)
{
	fake_long_mode(0);
	assert_true(go(0x10, 0));
	assert_true(*fake_word(0x1000) & PTE_ACCESSED);
	assert_true(*fake_word(0x2000) & PTE_ACCESSED);
	assert_true(*fake_word(0x3000) & PTE_ACCESSED);
	assert_false(*fake_word(0x3000) & PTE_DIRTY);
	assert_true(go(0x10, ACCESS_WRITE));
	assert_true(*fake_word(0x3000) & PTE_DIRTY);
	assert_false(*fake_word(0x2000) & PTE_DIRTY);
	*fake_word(0x3008) = MIB_2 | PTE_PRESENT | PTE_LARGE;
	assert_false(go(MIB_2, ACCESS_WRITE));
	assert_int_equal(*fake_word(0x3008), MIB_2 | PTE_PRESENT | PTE_LARGE);
}

/* Twice: the first one sets accessed bits, the second one is remembered. */
static uint64_t settle(uint64_t va)
{
	assert_true(go(va, 0));
	assert_true(go(va, 0));
	return out.v;
}

static void a_remembered_walk_notices_every_change(void **state)
{
	fake_long_mode(0);
	*fake_word(0x3008) = 0x4000 | PW;
	*fake_word(0x4000) = 0x123000 | PW;
	assert_int_equal(settle(MIB_2), 0x123000);
	assert_int_equal(settle(MIB_2 + 5), 0x123005);
	*fake_word(0x4000) = 0x124000 | PW | PTE_ACCESSED;
	assert_int_equal(settle(MIB_2), 0x124000);
	*fake_word(0x4000) &= ~PTE_ACCESSED;
	settle(MIB_2);
	assert_true(*fake_word(0x4000) & PTE_ACCESSED);
	*fake_word(0x5000) = 0x125000 | PW;
	*fake_word(0x3008) = 0x5000 | PW | PTE_ACCESSED;
	assert_int_equal(settle(MIB_2), 0x125000);
	fake_mode.cpl = 3;
	assert_false(go(MIB_2, 0));
	fake_mode.cpl = 0;
	settle(MIB_2);
	*fake_word(0x6000) = *fake_word(0x1000);
	*fake_word(0x2000) &= ~PTE_PRESENT;
	assert_false(go(MIB_2, 0));
	*fake_word(0x2000) |= PTE_PRESENT;
	settle(MIB_2);
	*fake_word(0x1000) = 0;
	assert_false(go(MIB_2, 0));
	fake_mode.cr3 = 0x6000;
	settle(MIB_2);
	fake_mode.cr3 = 0x1000;
	assert_false(go(MIB_2, 0));
	fake_mode.cr3 = 0x6000;
	settle(MIB_2);
	/* The slot of the top table goes to another page: its pointer must not be used. */
	assert_true(guest_read(&fake_domain, gpa(0x46000), &error, 4));
	*fake_word(0x6000) = 0;
	assert_false(go(MIB_2, 0));
}

static void tables_outside_the_ram_fault(void **state)
{
	fake_long_mode(0);
	fake_mode.cr3 = 0x50000000;
	assert_false(go(0x10, 0));
	assert_true(error & PF_RESERVED);
}

static void copies_cross_pages_and_inject_faults(void **state)
{
	uint8_t buf[16], pattern[16] = "0123456789abcde";

	fake_long_mode(0);
	*fake_word(0x3008) = 0x800000 | PW | PTE_LARGE;
	assert_true(guest_write_virt(&fake_vcpu, gva(MIB_2 - 8), pattern, 16, 0));
	assert_memory_equal(fake_ram + MIB_2 - 8, pattern, 8);
	assert_memory_equal(fake_ram + 0x800000, pattern + 8, 8);
	assert_true(guest_read_virt(&fake_vcpu, gva(MIB_2 - 8), buf, 16, 0));
	assert_memory_equal(buf, pattern, 16);
	*fake_word(0x3008) = 0;
	memset(fake_ram + MIB_2 - 8, 0, 8);
	assert_false(guest_write_virt(&fake_vcpu, gva(MIB_2 - 8), pattern, 16, 0));
	assert_int_equal(fake_vector, VECTOR_PF);
	assert_int_equal(fake_address, MIB_2);
	assert_int_equal(fake_error, PF_WRITE);
	assert_int_equal(fake_ram[MIB_2 - 8], 0);
	assert_false(guest_read_virt(&fake_vcpu, gva(1ull << 50), buf, 1, 0));
	assert_int_equal(fake_vector, VECTOR_GP);
}

static void what_is_no_ram_reads_as_ones(void **state)
{
	uint32_t value = 0;

	fake_long_mode(0);
	assert_true(guest_read_virt(&fake_vcpu, gva(FAKE_RAM), &value, 4, 0));
	assert_int_equal(value, 0xffffffff);
	assert_false(guest_read(&fake_domain, gpa(FAKE_RAM - 2), &value, 4));
	assert_int_equal(value, 0);
	assert_true(guest_read(&fake_domain, gpa(FAKE_HIGH + PAGE_SIZE - 4), &value, 4));
	assert_false(guest_write(&fake_domain, gpa(FAKE_HIGH + PAGE_SIZE - 2), &value, 4));
	assert_false(guest_write(&fake_domain, gpa(~0ull - 1), &value, 4));
}

static void a_drop_empties_every_slot(void **state)
{
	unsigned before;
	uint8_t byte;

	fake_drop();
	before = fake_mappings;
	for (unsigned n = 0; n < 300; n++)
		assert_true(guest_read(&fake_domain, gpa(n * PAGE_SIZE), &byte, 1));
	fake_drop();
	assert_int_equal(fake_mappings - before, 300 - GUESTMEM_SLOTS);
}

static void two_pages_that_meet_in_the_cache_both_stay(void **state)
{
	unsigned before;
	uint8_t byte;

	fake_drop();
	before = fake_mappings;
	for (unsigned n = 0; n < 10; n++)
		for (uint64_t page = 0; page < 2 * GUESTMEM_SETS; page += GUESTMEM_SETS)
			assert_true(guest_read(&fake_domain, gpa(page * PAGE_SIZE), &byte, 1));
	assert_int_equal(fake_mappings - before, 2);
	assert_true(guest_read(&fake_domain, gpa(2 * GUESTMEM_SETS * PAGE_SIZE), &byte, 1));
	assert_true(guest_read(&fake_domain, gpa(GUESTMEM_SETS * PAGE_SIZE), &byte, 1));
	assert_int_equal(fake_mappings - before, 3); /* the third took the place of the elder */
}

static void two_domains_keep_their_mappings_a_third_takes_them(void **state)
{
	struct domain other = fake_domain, third = fake_domain;
	unsigned before;
	uint8_t byte;

	guestmem_enter(&third);
	guestmem_enter(&fake_domain);
	fake_drop();
	before = fake_mappings;
	assert_true(guest_read(&fake_domain, gpa(0x5000), &byte, 1));
	guestmem_enter(&other);
	guestmem_enter(&fake_domain);
	assert_true(guest_read(&fake_domain, gpa(0x5000), &byte, 1));
	assert_int_equal(fake_mappings - before, 1);
	guestmem_enter(&third);
	guestmem_enter(&other);
	assert_int_equal(fake_mappings, before);
	guestmem_enter(&fake_domain);
}

static void lengths_are_known_at_page_ends_and_with_prefixes(void **state)
{
	static const uint8_t prefixed[] = { 0x66, 0x2e, 0x0f, 0xa2 };

	fake_long_mode(0);
	memcpy(fake_ram + 0x5000, "\x0f\xa2\xf4\x0f\x01\xd9", 6);
	memcpy(fake_ram + MIB_2 - 2, prefixed, 4);
	fake_vcpu.regs.rip = 0x5000;
	assert_int_equal(guest_insn_length(&fake_vcpu), 2);
	fake_vcpu.regs.rip = 0x5002;
	assert_int_equal(guest_insn_length(&fake_vcpu), 1);
	fake_vcpu.regs.rip = 0x5003;
	assert_int_equal(guest_insn_length(&fake_vcpu), 3);
	fake_vcpu.regs.rip = MIB_2 - 2;
	assert_int_equal(guest_insn_length(&fake_vcpu), 4);
	fake_vcpu.regs.rip = MIB_2;
	assert_int_equal(guest_insn_length(&fake_vcpu), 2);
	fake_mode.code_bytes = 4;
	fake_segment[SEG_CS].base = 0x4000;
	fake_vcpu.regs.rip = 0x1000;
	assert_int_equal(guest_insn_length(&fake_vcpu), 2);
	fake_vcpu.regs.rip = 0x70000;
	assert_int_equal(guest_insn_length(&fake_vcpu), 2); /* 00 00: add [eax], al */
	*fake_word(0x3010) = 0;
	fake_vcpu.regs.rip = 2 * MIB_2;
	assert_int_equal(guest_insn_length(&fake_vcpu), 0);
	assert_int_equal(fake_vector, VECTOR_PF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(paging_off_is_one_to_one_in_32_bits, setup),
		cmocka_unit_test_setup(four_levels_find_pages_of_each_size, setup),
		cmocka_unit_test_setup(five_levels_use_one_more_table, setup),
		cmocka_unit_test_setup(pae_has_three_levels_and_no_rights_at_the_top, setup),
		cmocka_unit_test_setup(legacy_tables_have_small_and_large_pages, setup),
		cmocka_unit_test_setup(rights_follow_the_control_registers, setup),
		cmocka_unit_test_setup(smep_and_smap_keep_the_kernel_out_of_user_pages, setup),
		cmocka_unit_test_setup(accessed_and_dirty_bits_are_set_when_needed, setup),
		cmocka_unit_test_setup(a_remembered_walk_notices_every_change, setup),
		cmocka_unit_test_setup(tables_outside_the_ram_fault, setup),
		cmocka_unit_test_setup(copies_cross_pages_and_inject_faults, setup),
		cmocka_unit_test_setup(what_is_no_ram_reads_as_ones, setup),
		cmocka_unit_test_setup(a_drop_empties_every_slot, setup),
		cmocka_unit_test_setup(two_pages_that_meet_in_the_cache_both_stay, setup),
		cmocka_unit_test_setup(two_domains_keep_their_mappings_a_third_takes_them, setup),
		cmocka_unit_test_setup(lengths_are_known_at_page_ends_and_with_prefixes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
