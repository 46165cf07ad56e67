/*
 * String instructions on device memory, and port accesses, plain and by strings: results, faults,
 * and elements that are begun again after sleeping for an answer.
 */
// sources: vmm/emulate.c vmm/emulate_alu.c vmm/emulate_memory.c vmm/emulate_address.c
// sources: vmm/emulate_fetch.c vmm/emulate_string.c vmm/pio_string.c vmm/decode.c
// sources: vmm/decode_bytes.c vmm/walk.c vmm/guestmem.c vmm/guestmem_virt.c
// sources: tests/unit/fake_guest.c
#include "tests/unit/emulate_rig.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/pio_string.h"

static void strings_move_between_ram_and_device(void **state)
{
	blocks = 1;
	memcpy(fake_ram + 0x20000, "abcdefghijklmnop", 16);
	gpr[GPR_RSI] = 0x20000;
	gpr[GPR_RCX] = 3;
	assert_int_equal(RUN("\xf3\xa5"), VERDICT_DONE); /* rep movsd */
	assert_memory_equal(device, "abcdefghijkl\0", 13);
	assert_int_equal(gpr[GPR_RCX], 0);
	assert_int_equal(gpr[GPR_RSI], 0x2000c);
	assert_int_equal(gpr[GPR_RDI], DEVICE + 12);
	fake_vcpu.regs.rflags |= RFLAGS_DF;
	gpr[GPR_RSI] = DEVICE + 3;
	gpr[GPR_RDI] = 0x30003;
	gpr[GPR_RCX] = 4;
	assert_int_equal(RUN("\xf3\xa4"), VERDICT_DONE); /* rep movsb downwards */
	assert_memory_equal(fake_ram + 0x30000, "abcd", 4);
	assert_int_equal(gpr[GPR_RSI], DEVICE - 1);
	assert_int_equal(RUN("\xf3\xa4"), VERDICT_DONE); /* rcx = 0: nothing */
	assert_int_equal(accesses, 7);
}

static void long_strings_let_the_guest_breathe(void **state)
{
	unsigned passes = 1;

	gpr[GPR_RAX] = 0x5a5a5a5a;
	gpr[GPR_RCX] = 150;
	while (RUN("\xf3\xab") == VERDICT_RETRY)
		passes++;
	assert_int_equal(passes, 3);
	assert_int_equal(accesses, 150);
	assert_int_equal(gpr[GPR_RDI], DEVICE + 600);
	assert_int_equal(fake_vector, -1);
}

static void comparisons_of_strings_stop_where_they_must(void **state)
{
	memcpy(device, "xxxxy", 5);
	memcpy(fake_ram + 0x20000, "xxxxx", 5);
	gpr[GPR_RSI] = 0x20000;
	gpr[GPR_RCX] = 10;
	assert_int_equal(RUN("\xf3\xa6"), VERDICT_DONE); /* repe cmpsb */
	assert_int_equal(gpr[GPR_RCX], 5);
	assert_false(fake_vcpu.regs.rflags & RFLAGS_ZF);
	assert_true(fake_vcpu.regs.rflags & RFLAGS_CF);
	gpr[GPR_RDI] = DEVICE;
	gpr[GPR_RCX] = 10;
	gpr[GPR_RAX] = 'y';
	assert_int_equal(RUN("\xf2\xae"), VERDICT_DONE); /* repne scasb */
	assert_int_equal(gpr[GPR_RCX], 5);
	assert_int_equal(gpr[GPR_RDI], DEVICE + 5);
	gpr[GPR_RSI] = DEVICE + 4;
	assert_int_equal(RUN("\xac"), VERDICT_DONE);
	assert_int_equal(gpr[GPR_RAX], 'y');
}

static void a_string_that_faults_keeps_what_it_has_done(void **state)
{
	*fake_word(0x3008) = 0;
	memset(fake_ram + MIB_2 - 4, 1, 4);
	gpr[GPR_RSI] = MIB_2 - 4;
	gpr[GPR_RCX] = 8;
	assert_int_equal(RUN("\xf3\xa4"), VERDICT_RETRY);
	assert_int_equal(fake_vector, VECTOR_PF);
	assert_int_equal(fake_address, MIB_2);
	assert_int_equal(gpr[GPR_RCX], 4);
	assert_int_equal(gpr[GPR_RSI], MIB_2);
	assert_int_equal(word(0), 0x01010101);
}

static void simple_port_accesses_merge_like_the_cpu(void **state)
{
	struct vm_exit e = { .kind = EXIT_PIO, .insn_len = 1, .pio = { .size = 1, .in = true } };

	memset(device, 0xab, sizeof(device));
	gpr[GPR_RAX] = 0x1111111111111111ull;
	blocks = 1;
	assert_int_equal(pio_exit(&fake_vcpu, &e), VERDICT_BLOCK);
	assert_int_equal(pio_exit(&fake_vcpu, &e), VERDICT_DONE);
	assert_int_equal(gpr[GPR_RAX], 0x11111111111111abull);
	blocks = 0;
	e.pio.size = 4;
	assert_int_equal(pio_exit(&fake_vcpu, &e), VERDICT_DONE);
	assert_int_equal(gpr[GPR_RAX], 0xabababab);
	e.pio.in = false;
	e.pio.size = 2;
	accesses = 0;
	gpr[GPR_RAX] = 0x12345678;
	assert_int_equal(pio_exit(&fake_vcpu, &e), VERDICT_DONE);
	assert_int_equal(device[0] | device[1] << 8, 0x5678);
	assert_int_equal(device[2], 0xab);
}

static void string_port_accesses_go_element_by_element(void **state)
{
	struct vm_exit e = { .kind = EXIT_PIO,
			     .insn_len = 2,
			     .pio = { .size = 2,
				      .addr_bytes = 8,
				      .segment = SEG_DS,
				      .in = true,
				      .string = true,
				      .rep = true } };
	unsigned passes = 0;
	enum verdict verdict;

	for (unsigned n = 0; n < 200; n++)
		device[n] = n;
	gpr[GPR_RDI] = 0x20000;
	gpr[GPR_RCX] = 70;
	while ((verdict = pio_exit(&fake_vcpu, &e)) != VERDICT_DONE)
		passes += verdict == VERDICT_RETRY;
	assert_int_equal(passes, 1);
	assert_memory_equal(fake_ram + 0x20000, device, 140);
	assert_int_equal(gpr[GPR_RDI], 0x20000 + 140);
	memset(device, 0, sizeof(device));
	accesses = 0;
	blocks = 1;
	e.pio.in = false;
	gpr[GPR_RSI] = 0x20000;
	gpr[GPR_RCX] = 5;
	assert_int_equal(pio_exit(&fake_vcpu, &e), VERDICT_BLOCK);
	memset(fake_ram + 0x20000, 0xee, 1); /* too late: it was read */
	while (pio_exit(&fake_vcpu, &e) != VERDICT_DONE)
		;
	assert_memory_equal(device, "\0\1\2\3\4\5\6\7\x8\x9\0", 11);
	gpr[GPR_RDI] = 2 * MIB_2 - 1;
	*fake_word(0x3010) = 0;
	gpr[GPR_RCX] = 1;
	accesses = 0;
	e.pio.in = true;
	assert_int_equal(pio_exit(&fake_vcpu, &e), VERDICT_RETRY);
	assert_int_equal(fake_address, 2 * MIB_2);
	assert_int_equal(accesses, 0);
}

static void a_port_read_into_a_device_reads_the_port_once(void **state)
{
	struct vm_exit e = { .kind = EXIT_PIO,
			     .pio = { .size = 1, .addr_bytes = 8, .in = true, .string = true } };
	unsigned passes = 1;

	device[0] = 0x5a;
	gpr[GPR_RDI] = DEVICE + 0x100;
	blocks = 2;
	while (pio_exit(&fake_vcpu, &e) == VERDICT_BLOCK)
		passes++;
	assert_int_equal(passes, 5);
	assert_int_equal(accesses, 2);
	assert_int_equal(device[0x100], 0x5a);
	assert_int_equal(gpr[GPR_RDI], DEVICE + 0x101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(strings_move_between_ram_and_device, setup),
		cmocka_unit_test_setup(long_strings_let_the_guest_breathe, setup),
		cmocka_unit_test_setup(comparisons_of_strings_stop_where_they_must, setup),
		cmocka_unit_test_setup(a_string_that_faults_keeps_what_it_has_done, setup),
		cmocka_unit_test_setup(simple_port_accesses_merge_like_the_cpu, setup),
		cmocka_unit_test_setup(string_port_accesses_go_element_by_element, setup),
		cmocka_unit_test_setup(a_port_read_into_a_device_reads_the_port_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
