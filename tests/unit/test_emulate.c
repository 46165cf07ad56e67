/*
 * The MMIO emulator on a fake guest with one device of 4 KiB: results, flags compared with the
 * CPU's own, faults, and instructions that are begun again after sleeping for an answer.
 */
// sources: vmm/emulate.c vmm/emulate_alu.c vmm/emulate_memory.c vmm/emulate_address.c
// sources: vmm/emulate_fetch.c vmm/emulate_string.c vmm/pio_string.c vmm/decode.c
// sources: vmm/decode_bytes.c vmm/walk.c vmm/guestmem.c vmm/guestmem_virt.c
// sources: tests/unit/fake_guest.c
#include "tests/unit/emulate_rig.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/decode.h"
#include "vmm/emulate_alu.h"

static void loads_and_stores_of_each_size(void **state)
{
	memcpy(device, "\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 8);
	gpr[GPR_RAX] = ~0ull;
	assert_int_equal(RUN("\x8b\x07"), VERDICT_DONE); /* mov eax, [rdi] */
	assert_int_equal(gpr[GPR_RAX], 0xbbaa9988);
	assert_int_equal(RUN("\x8a\x67\x04"), VERDICT_DONE); /* mov ah, [rdi+4] */
	assert_int_equal(gpr[GPR_RAX], 0xbbaacc88);
	assert_int_equal(RUN("\x48\x8b\x07"), VERDICT_DONE);
	assert_int_equal(gpr[GPR_RAX], 0xffeeddccbbaa9988ull);
	assert_int_equal(RUN("\x66\x8b\x4f\x01"), VERDICT_DONE); /* mov cx, [rdi+1] */
	assert_int_equal(gpr[GPR_RCX], 0xaa99);
	assert_int_equal(RUN("\x0f\xb6\x0f"), VERDICT_DONE); /* movzx ecx, byte [rdi] */
	assert_int_equal(gpr[GPR_RCX], 0x88);
	assert_int_equal(RUN("\x48\x0f\xbe\x0f"), VERDICT_DONE); /* movsx rcx, byte [rdi] */
	assert_int_equal(gpr[GPR_RCX], 0xffffffffffffff88ull);
	assert_int_equal(RUN("\x0f\x38\xf0\x0f"), VERDICT_DONE); /* movbe ecx, [rdi] */
	assert_int_equal(gpr[GPR_RCX], 0x8899aabb);
	assert_int_equal(RUN("\x66\xc7\x47\x10\xcd\xab"), VERDICT_DONE);
	assert_int_equal(word(0x10), 0xabcd);
	assert_int_equal(RUN("\x48\xc7\x47\x10\xff\xff\xff\xff"), VERDICT_DONE);
	assert_int_equal(word(0x10), ~0ull);
	assert_int_equal(writes, 2);
	assert_int_equal(accesses, 9);
}

static void addresses_by_rip_index_and_segment(void **state)
{
	gpr[GPR_RAX] = 0x1122;
	gpr[GPR_RCX] = 3;
	assert_int_equal(RUN("\x89\x44\xcf\x04"), VERDICT_DONE); /* mov [rdi+rcx*8+4], eax */
	assert_int_equal(word(28), 0x1122);
	fake_segment[SEG_GS].base = DEVICE;
	assert_int_equal(RUN("\x65\x89\x04\x25\x40\x00\x00\x00"), VERDICT_DONE);
	assert_int_equal(word(0x40), 0x1122);
	assert_int_equal(RUN("\x89\x05\x7a\x00\xff\x0f"), VERDICT_DONE); /* [rip+...] */
	assert_int_equal(word(0x80), 0x1122);
	gpr[GPR_RDI] = DEVICE - 0xabcd00000000ull;
	assert_int_equal(RUN("\x67\x89\x47\x10"), VERDICT_DONE); /* edi only */
	assert_int_equal(word(0x10), 0x1122);
	gpr[GPR_RDI] = 0x800000000000ull;
	assert_int_equal(RUN("\x89\x07"), VERDICT_RETRY);
	assert_int_equal(fake_vector, VECTOR_GP);
	gpr[GPR_RBP] = 0x800000000000ull;
	assert_int_equal(RUN("\x89\x45\x00"), VERDICT_RETRY);
	assert_int_equal(fake_vector, VECTOR_SS);
}

static void limits_and_types_of_segments_outside_64_bit_code(void **state)
{
	fake_mode.code_bytes = 4;
	fake_segment[SEG_DS].base = DEVICE - 0x1000;
	fake_segment[SEG_DS].limit = 0x1fff;
	gpr[GPR_RDI] = 0x1010;
	gpr[GPR_RAX] = 7;
	assert_int_equal(RUN("\x89\x07"), VERDICT_DONE);
	assert_int_equal(word(0x10), 7);
	gpr[GPR_RDI] = 0x1ffd;
	assert_int_equal(RUN("\x89\x07"), VERDICT_RETRY);
	assert_int_equal(fake_vector, VECTOR_GP);
	gpr[GPR_RDI] = 0x1010;
	fake_vector = -1;
	fake_segment[SEG_DS].attributes = 0xc091; /* read-only */
	assert_int_equal(RUN("\x8b\x07"), VERDICT_DONE);
	assert_int_equal(RUN("\x89\x07"), VERDICT_RETRY);
	assert_int_equal(fake_vector, VECTOR_GP);
	fake_segment[SEG_DS].attributes = 0xc097; /* expands down */
	fake_vector = -1;
	assert_int_equal(RUN("\x89\x07"), VERDICT_RETRY);
	fake_segment[SEG_DS].limit = 0xfff;
	assert_int_equal(RUN("\x89\x07"), VERDICT_DONE);
	fake_segment[SEG_DS].attributes |= SEGMENT_UNUSABLE;
	assert_int_equal(RUN("\x89\x07"), VERDICT_RETRY);
}

static void a_change_reads_once_and_writes_once(void **state)
{
	device[0] = 0xf0;
	gpr[GPR_RAX] = 0x1f;
	blocks = 2;
	assert_int_equal(RUN("\xf0\x09\x07"), VERDICT_DONE); /* lock or [rdi], eax */
	assert_int_equal(word(0), 0xff);
	assert_int_equal(accesses, 2);
	assert_int_equal(writes, 1);
	assert_int_equal(RUN("\x39\x07"), VERDICT_DONE); /* cmp [rdi], eax */
	assert_int_equal(accesses, 3);
	assert_false(fake_vcpu.regs.rflags & RFLAGS_ZF);
	assert_int_equal(RUN("\xf7\x1f"), VERDICT_DONE); /* neg dword [rdi] */
	assert_int_equal((uint32_t)word(0), (uint32_t)-0xff);
	assert_true(fake_vcpu.regs.rflags & RFLAGS_CF);
	assert_int_equal(RUN("\x03\x07"), VERDICT_DONE); /* add eax, [rdi] */
	assert_int_equal(gpr[GPR_RAX], (uint32_t)(0x1f - 0xff));
}

static void a_write_fault_comes_before_the_read(void **state)
{
	*fake_word(0x3000 + (DEVICE / MIB_2) * 8) &= ~PTE_WRITE;
	assert_int_equal(RUN("\xff\x07"), VERDICT_RETRY); /* inc dword [rdi] */
	assert_int_equal(fake_vector, VECTOR_PF);
	assert_int_equal(fake_error, PF_PRESENT | PF_WRITE);
	assert_int_equal(fake_address, DEVICE);
	assert_int_equal(accesses, 0);
}

static void exchanges(void **state)
{
	device[0] = 5;
	gpr[GPR_RAX] = 5;
	gpr[GPR_RCX] = 0x1234567800000009ull;
	blocks = 1;
	assert_int_equal(RUN("\xf0\x0f\xb1\x0f"), VERDICT_DONE); /* cmpxchg [rdi], ecx: equal */
	assert_int_equal(word(0), 9);
	assert_true(fake_vcpu.regs.rflags & RFLAGS_ZF);
	assert_int_equal(RUN("\x0f\xb1\x0f"), VERDICT_DONE); /* not equal */
	assert_int_equal(gpr[GPR_RAX], 9);
	assert_false(fake_vcpu.regs.rflags & RFLAGS_ZF);
	assert_int_equal(RUN("\x0f\xc1\x0f"), VERDICT_DONE); /* xadd [rdi], ecx */
	assert_int_equal(word(0), 18);
	assert_int_equal(gpr[GPR_RCX], 9);
	gpr[GPR_RCX] = 0xabcd;
	assert_int_equal(RUN("\x86\x2f"), VERDICT_DONE); /* xchg [rdi], ch */
	assert_int_equal(word(0), 0xab);
	assert_int_equal(gpr[GPR_RCX], 0x12cd);
}

static void bits_reach_beyond_the_operand(void **state)
{
	gpr[GPR_RDI] = DEVICE + 64;
	gpr[GPR_RCX] = (uint32_t)-9;                         /* bit 23 of the dword before */
	assert_int_equal(RUN("\x0f\xab\x0f"), VERDICT_DONE); /* bts [rdi], ecx */
	assert_int_equal(word(60), 1u << 23);
	gpr[GPR_RCX] = 33;
	assert_int_equal(RUN("\x0f\xbb\x0f"), VERDICT_DONE); /* btc */
	assert_int_equal(word(68), 2);
	assert_int_equal(RUN("\x0f\xba\x77\x04\x01"), VERDICT_DONE); /* btr dword [rdi+4], 1 */
	assert_int_equal(word(68), 0);
	assert_true(fake_vcpu.regs.rflags & RFLAGS_CF);
}

static void push_and_pop(void **state)
{
	gpr[GPR_RSP] = 0x20000;
	memcpy(device, "\1\2\3\4\5\6\7\x8", 8);
	blocks = 1;
	assert_int_equal(RUN("\xff\x37"), VERDICT_DONE);
	assert_int_equal(gpr[GPR_RSP], 0x1fff8);
	assert_int_equal(*fake_word(0x1fff8), 0x0807060504030201ull);
	assert_int_equal(RUN("\x8f\x47\x20"), VERDICT_DONE);
	assert_int_equal(gpr[GPR_RSP], 0x20000);
	assert_int_equal(word(32), 0x0807060504030201ull);
}

static void an_access_across_pages_is_split(void **state)
{
	*fake_word(0x3000 + (DEVICE / MIB_2) * 8 + 8) =
		DEVICE | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	gpr[GPR_RDI] = DEVICE + MIB_2 - 3;
	*fake_word(0x3000 + (DEVICE / MIB_2) * 8) =
		(FAKE_RAM - MIB_2) | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	gpr[GPR_RAX] = 0x8877665544332211ull;
	blocks = 1;
	assert_int_equal(RUN("\x48\x89\x07"), VERDICT_DONE);
	assert_memory_equal(fake_ram + FAKE_RAM - 3, "\x11\x22\x33", 3);
	assert_memory_equal(device, "\x44\x55\x66\x77\x88", 5);
	gpr[GPR_RCX] = 0;
	assert_int_equal(RUN("\x48\x8b\x0f"), VERDICT_DONE);
	assert_int_equal(gpr[GPR_RCX], gpr[GPR_RAX]);
	assert_int_equal(accesses, 10);
	*fake_word(0x3000 + (DEVICE / MIB_2) * 8 + 8) = 0;
	assert_int_equal(RUN("\x48\x89\x07"), VERDICT_RETRY);
	assert_int_equal(fake_address, DEVICE + MIB_2);
	assert_int_equal(accesses, 10);
}

static void what_cannot_be_emulated_gets_ud_and_one_line(void **state)
{
	assert_int_equal(RUN("\x0f\x11\x07"), VERDICT_RETRY);
	assert_int_equal(fake_vector, VECTOR_UD);
	assert_int_equal(fake_complaints, 1);
	fake_config.flags = CONFIG_FLAG_STRICT;
	assert_int_equal(RUN("\x0f\x11\x07"), VERDICT_KILL);
}

/* The real CPU's result and flags for one operation of `bytes`. */
static uint64_t real(enum insn_op op, uint64_t a, uint64_t b, unsigned bytes, uint64_t *rflags)
{
#define CASE(o, insn)                                                                              \
	case INSN_##o:                                                                             \
		if (bytes == 1)                                                                    \
			asm("push %[f]; popf; " insn "b %b[b], %b[a]; pushf; pop %[f]"             \
			    : [a] "+q"(a), [f] "+r"(*rflags)                                       \
			    : [b] "q"(b)                                                           \
			    : "cc");                                                               \
		else if (bytes == 2)                                                               \
			asm("push %[f]; popf; " insn "w %w[b], %w[a]; pushf; pop %[f]"             \
			    : [a] "+r"(a), [f] "+r"(*rflags)                                       \
			    : [b] "r"(b)                                                           \
			    : "cc");                                                               \
		else if (bytes == 4)                                                               \
			asm("push %[f]; popf; " insn "l %k[b], %k[a]; pushf; pop %[f]"             \
			    : [a] "+r"(a), [f] "+r"(*rflags)                                       \
			    : [b] "r"(b)                                                           \
			    : "cc");                                                               \
		else                                                                               \
			asm("push %[f]; popf; " insn "q %[b], %[a]; pushf; pop %[f]"               \
			    : [a] "+r"(a), [f] "+r"(*rflags)                                       \
			    : [b] "r"(b)                                                           \
			    : "cc");                                                               \
		break;
	switch (op) {
		CASE(ADD, "add")
		CASE(OR, "or")
		CASE(ADC, "adc")
		CASE(SBB, "sbb")
		CASE(AND, "and")
		CASE(SUB, "sub")
		CASE(XOR, "xor")
		CASE(CMP, "cmp")
		CASE(TEST, "test")
	default: fail();
	}
	return a;
}

static void arithmetic_agrees_with_the_cpu(void **state)
{
	static const uint64_t edge[] = { 0,          1,          0x7f,
					 0x80,       0xff,       0x7fff,
					 0x8000,     0x7fffffff, 0x80000000,
					 0xffffffff, 1ull << 63, ~0ull >> 1,
					 ~0ull,      0x0f,       0x123456789abcdef0ull };
	const uint64_t status = RFLAGS_CF | RFLAGS_PF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF;

	for (unsigned n = 0; n < 9 * 4 * ARRAY_SIZE(edge) * ARRAY_SIZE(edge) * 2; n++) {
		enum insn_op op = INSN_ADD + n % 9;
		unsigned bytes = 1u << (n / 9 % 4), rest = n / 36;
		uint64_t a = edge[rest % ARRAY_SIZE(edge)] & ones(bytes);
		uint64_t b = edge[rest / ARRAY_SIZE(edge) % ARRAY_SIZE(edge)] & ones(bytes);
		uint64_t mine =
			RFLAGS_FIXED | (rest / ARRAY_SIZE(edge) / ARRAY_SIZE(edge) ? RFLAGS_CF : 0);
		uint64_t theirs = mine, mask = status;
		uint64_t r = real(op, a, b, bytes, &theirs);

		if (op != INSN_OR && op != INSN_AND && op != INSN_XOR && op != INSN_TEST)
			mask |= RFLAGS_AF;
		assert_int_equal(emulate_alu(op, a, b, bytes, &mine) & ones(bytes),
				 r & ones(bytes));
		assert_int_equal(mine & mask, theirs & mask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(loads_and_stores_of_each_size, setup),
		cmocka_unit_test_setup(addresses_by_rip_index_and_segment, setup),
		cmocka_unit_test_setup(limits_and_types_of_segments_outside_64_bit_code, setup),
		cmocka_unit_test_setup(a_change_reads_once_and_writes_once, setup),
		cmocka_unit_test_setup(a_write_fault_comes_before_the_read, setup),
		cmocka_unit_test_setup(exchanges, setup),
		cmocka_unit_test_setup(bits_reach_beyond_the_operand, setup),
		cmocka_unit_test_setup(push_and_pop, setup),
		cmocka_unit_test_setup(an_access_across_pages_is_split, setup),
		cmocka_unit_test_setup(what_cannot_be_emulated_gets_ud_and_one_line, setup),
		cmocka_unit_test(arithmetic_agrees_with_the_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
