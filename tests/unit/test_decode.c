/*
 * The instruction decoder: operands, sizes and lengths of each form in 16-, 32- and 64-bit code,
 * and that what is no memory access, or broken, is refused.
 */
// sources: vmm/decode.c vmm/decode_bytes.c
#include "vmm/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bits.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R12 = 12, R15 = 15, NO = INSN_NO_REG };
enum { ES, CS, SS, DS, FS, GS };

static struct insn i;

static enum err decode(const char *bytes, size_t count, unsigned code_bytes)
{
	return insn_decode((const uint8_t *)bytes, count, code_bytes, &i);
}

/* Of a literal: its length is known. */
#define DECODE(code_bytes, s) decode(s, sizeof(s) - 1, code_bytes)

#define assert_memory(b, x, s, d)                                                                  \
	do {                                                                                       \
		assert_int_equal(i.base, b);                                                       \
		assert_int_equal(i.index, x);                                                      \
		assert_int_equal(i.scale, s);                                                      \
		assert_int_equal(i.disp, d);                                                       \
	} while (0)

#define assert_insn(o, size, len)                                                                  \
	do {                                                                                       \
		assert_int_equal(i.op, INSN_##o);                                                  \
		assert_int_equal(i.bytes, size);                                                   \
		assert_int_equal(i.length, len);                                                   \
	} while (0)

static void moves_in_64_bit_code(void **state)
{
	assert_int_equal(DECODE(8, "\x8b\x07"), OK); /* mov eax, [rdi] */
	assert_insn(MOV, 4, 2);
	assert_memory(RDI, NO, 1, 0);
	assert_int_equal(i.dst, PLACE_REG);
	assert_int_equal(i.src, PLACE_MEM);
	assert_int_equal(i.segment, DS);
	assert_int_equal(DECODE(8, "\x4d\x89\x7c\xcc\xf8"), OK); /* mov [r12+rcx*8-8], r15 */
	assert_insn(MOV, 8, 5);
	assert_memory(R12, RCX, 8, -8);
	assert_int_equal(i.reg, R15);
	assert_int_equal(i.dst, PLACE_MEM);
	assert_int_equal(DECODE(8, "\x66\x41\x89\x00"), OK); /* mov [r8], ax */
	assert_insn(MOV, 2, 4);
	assert_memory(R8, NO, 1, 0);
	assert_int_equal(DECODE(8, "\x8b\x05\x10\x00\x00\x00"), OK); /* mov eax, [rip+16] */
	assert_true(i.rip_relative);
	assert_memory(NO, NO, 1, 16);
	assert_int_equal(DECODE(8, "\xc7\x83\x00\x01\x00\x00\xff\xff\xff\xff"), OK);
	assert_insn(MOV, 4, 10); /* mov dword [rbx+256], -1 */
	assert_int_equal(i.imm, ~0ull);
	assert_int_equal(i.disp, 256);
	assert_int_equal(DECODE(8, "\x48\xc7\x45\x00\x78\x56\x34\x12"), OK);
	assert_insn(MOV, 8, 8); /* mov qword [rbp], 0x12345678 */
	assert_int_equal(i.segment, SS);
	assert_int_equal(DECODE(8, "\xa1\x10\x00\xe0\xfe\x00\x00\x00\x00"), OK);
	assert_insn(MOV, 4, 9); /* mov eax, [abs 0xfee00010] */
	assert_int_equal(i.disp, 0xfee00010);
	assert_int_equal(DECODE(8, "\x65\x67\x8b\x14\x25\x00\x10\x00\x80"), OK);
	assert_insn(MOV, 4, 9); /* mov edx, gs:[abs32 0x80001000], 32-bit addresses */
	assert_int_equal(i.segment, GS);
	assert_int_equal(i.addr_bytes, 4);
	assert_memory(NO, NO, 1, -0x7ffff000);
}

static void byte_registers_depend_on_rex(void **state)
{
	assert_int_equal(DECODE(8, "\x88\x27"), OK); /* mov [rdi], ah */
	assert_insn(MOV, 1, 2);
	assert_true(i.high);
	assert_int_equal(i.reg, RAX);
	assert_int_equal(DECODE(8, "\x40\x88\x27"), OK); /* mov [rdi], spl */
	assert_false(i.high);
	assert_int_equal(i.reg, RSP);
	assert_int_equal(DECODE(8, "\x48\x66\x89\x07"), OK); /* REX before 66: does not count */
	assert_insn(MOV, 2, 4);
}

static void extensions_have_two_sizes(void **state)
{
	assert_int_equal(DECODE(8, "\x0f\xb6\x07"), OK);
	assert_insn(MOVZX, 4, 3);
	assert_int_equal(i.source_bytes, 1);
	assert_int_equal(DECODE(8, "\x48\x0f\xbf\x07"), OK);
	assert_insn(MOVSX, 8, 4);
	assert_int_equal(i.source_bytes, 2);
	assert_int_equal(DECODE(8, "\x48\x63\x07"), OK);
	assert_insn(MOVSX, 8, 3);
	assert_int_equal(i.source_bytes, 4);
	assert_int_equal(DECODE(4, "\x63\x07"), ERR_FORMAT); /* ARPL */
	assert_int_equal(DECODE(8, "\x0f\x38\xf0\x07"), OK);
	assert_insn(MOVBE, 4, 4);
	assert_int_equal(DECODE(8, "\xf2\x0f\x38\xf0\x07"), ERR_FORMAT); /* CRC32 */
}

static void arithmetic_on_memory(void **state)
{
	assert_int_equal(DECODE(8, "\xf0\x83\x0f\x80"), OK); /* lock or dword [rdi], -128 */
	assert_insn(OR, 4, 4);
	assert_true(i.lock);
	assert_int_equal(i.imm, (uint64_t)-128);
	assert_int_equal(DECODE(8, "\x48\x2b\x06"), OK); /* sub rax, [rsi] */
	assert_insn(SUB, 8, 3);
	assert_int_equal(i.dst, PLACE_REG);
	assert_int_equal(DECODE(8, "\xf7\x07\x01\x00\x00\x80"), OK); /* test dword [rdi], imm */
	assert_insn(TEST, 4, 6);
	assert_int_equal(i.imm, 0xffffffff80000001ull);
	assert_int_equal(DECODE(8, "\xf6\x47\x05\x20"), OK);
	assert_insn(TEST, 1, 4);
	assert_int_equal(DECODE(8, "\x66\xf7\x1f"), OK);
	assert_insn(NEG, 2, 3);
	assert_int_equal(DECODE(8, "\xff\x07"), OK);
	assert_insn(INC, 4, 2);
	assert_int_equal(DECODE(8, "\xfe\x0f"), OK);
	assert_insn(DEC, 1, 2);
	assert_int_equal(DECODE(8, "\xff\x37"), OK);
	assert_insn(PUSH, 8, 2);
	assert_int_equal(DECODE(8, "\x8f\x00"), OK);
	assert_insn(POP, 8, 2);
	assert_int_equal(DECODE(8, "\x0f\xba\x2f\x07"), OK); /* bts dword [rdi], 7 */
	assert_insn(BTS, 4, 4);
	assert_int_equal(DECODE(8, "\xf0\x48\x0f\xb1\x0f"), OK);
	assert_insn(CMPXCHG, 8, 5);
	assert_int_equal(DECODE(8, "\x0f\xc1\x0f"), OK);
	assert_insn(XADD, 4, 3);
}

static void lock_is_for_changes_of_memory_only(void **state)
{
	assert_int_equal(DECODE(8, "\xf0\x8b\x07"), ERR_FORMAT);
	assert_int_equal(DECODE(8, "\xf0\x03\x07"), ERR_FORMAT);
	assert_int_equal(DECODE(8, "\xf0\x39\x07"), ERR_FORMAT);
	assert_int_equal(DECODE(8, "\xf0\x01\x07"), OK);
}

static void strings_and_their_prefixes(void **state)
{
	assert_int_equal(DECODE(8, "\xf3\x48\xab"), OK);
	assert_insn(STOS, 8, 3);
	assert_true(i.rep);
	assert_int_equal(DECODE(8, "\xf2\x67\xa6"), OK);
	assert_insn(CMPS, 1, 3);
	assert_true(i.repne);
	assert_int_equal(i.addr_bytes, 4);
	assert_int_equal(DECODE(4, "\x26\x66\xa5"), OK);
	assert_insn(MOVS, 2, 3);
	assert_int_equal(i.segment, ES);
	assert_int_equal(DECODE(8, "\x26\xa5"), OK);
	assert_int_equal(i.segment, DS);
}

static void code_of_16_and_32_bits(void **state)
{
	assert_int_equal(DECODE(2, "\x8b\x42\xfe"), OK); /* mov ax, [bp+si-2] */
	assert_insn(MOV, 2, 3);
	assert_memory(RBP, RSI, 1, -2);
	assert_int_equal(i.segment, SS);
	assert_int_equal(DECODE(2, "\x66\xa1\x34\x12"), OK); /* mov eax, [0x1234] */
	assert_insn(MOV, 4, 4);
	assert_int_equal(i.disp, 0x1234);
	assert_int_equal(DECODE(2, "\x8b\x16\xf0\xff"), OK);
	assert_memory(NO, NO, 1, 0xfff0);
	assert_int_equal(DECODE(2, "\x67\x66\x8b\x04\x8b"), OK); /* mov eax, [ebx+ecx*4] */
	assert_insn(MOV, 4, 5);
	assert_memory(RBX, RCX, 4, 0);
	assert_int_equal(DECODE(4, "\xa3\x00\x00\xe0\xfe"), OK);
	assert_insn(MOV, 4, 5);
	assert_int_equal(i.disp, 0xfee00000);
	assert_int_equal(DECODE(4, "\x89\x05\x80\x00\xe0\xfe"), OK); /* not RIP-relative */
	assert_false(i.rip_relative);
	assert_int_equal(DECODE(4, "\x67\x8b\x07"), OK);
	assert_int_equal(i.addr_bytes, 2);
	assert_int_equal(i.base, RBX);
}

static void vector_moves_are_named(void **state)
{
	assert_int_equal(DECODE(8, "\x0f\x11\x07"), ERR_UNSUPPORTED);
	assert_insn(VECTOR, 4, 3);
	assert_int_equal(DECODE(8, "\xf3\x0f\x6f\x07"), ERR_UNSUPPORTED);
	assert_int_equal(DECODE(8, "\xc5\xfe\x7f\x07"), ERR_UNSUPPORTED); /* vmovdqu [rdi], ymm0 */
	assert_insn(VECTOR, 4, 4);
	assert_int_equal(DECODE(8, "\xc4\xc1\x7e\x7f\x00"), ERR_UNSUPPORTED);
	assert_int_equal(DECODE(4, "\xc5\x07"), ERR_FORMAT); /* LDS */
}

static void what_is_not_ours_is_refused(void **state)
{
	assert_int_equal(DECODE(8, "\x89\xc8"), ERR_FORMAT);     /* register form */
	assert_int_equal(DECODE(8, "\xff\x17"), ERR_FORMAT);     /* call [rdi] */
	assert_int_equal(DECODE(8, "\xf7\x27"), ERR_FORMAT);     /* mul [rdi] */
	assert_int_equal(DECODE(8, "\xc6\x0f\x01"), ERR_FORMAT); /* C6 /1 */
	assert_int_equal(DECODE(8, "\x0f\x05"), ERR_FORMAT);
	assert_int_equal(DECODE(8, "\xff\xff"), ERR_FORMAT); /* what unbacked memory reads as */
	assert_int_equal(DECODE(8, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x8b"),
			 ERR_FORMAT);
}

static void bytes_that_are_missing_are_asked_for(void **state)
{
	static const char full[] = "\x48\xc7\x84\xcb\x00\x01\x00\x00\x44\x33\x22\x11";

	for (size_t n = 0; n < sizeof(full) - 1; n++)
		assert_int_equal(decode(full, n, 8), ERR_RANGE);
	assert_int_equal(decode(full, sizeof(full) - 1, 8), OK);
	assert_memory(RBX, RCX, 8, 256);
	assert_int_equal(i.imm, 0x11223344);
}

static void short_instructions_have_their_lengths(void **state)
{
	static const struct {
		const char *bytes;
		unsigned count, code_bytes, length;
	} cases[] = {
		{ "\x0f\xa2", 2, 8, 2 },     { "\xf4", 1, 8, 1 },
		{ "\x0f\x30", 2, 8, 2 },     { "\x0f\x32", 2, 8, 2 },
		{ "\x0f\x01\xd9", 3, 8, 3 }, { "\x0f\x01\xc1", 3, 8, 3 },
		{ "\xf3\x90", 2, 8, 2 },     { "\x66\x0f\xa2", 3, 8, 3 },
		{ "\x48\x0f\xa2", 3, 8, 3 }, { "\x2e\x66\x0f\x09", 4, 2, 4 },
		{ "\x0f\x22\xd8", 3, 8, 3 }, { "\xcd\x80", 2, 8, 2 },
		{ "\x0f\x01\x38", 3, 8, 0 }, { "\x90", 1, 8, 1 },
		{ "\x89\xc8", 2, 8, 0 },     { "\x66\x66\x66\x66", 4, 8, 0 },
		{ "\x0f\x01", 2, 8, 0 },     { "\x0f", 1, 8, 0 },
		{ "\x48\x0f\xa2", 3, 4, 0 }, /* DEC EAX */
	};

	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++)
		assert_int_equal(insn_short_length((const uint8_t *)cases[n].bytes, cases[n].count,
						   cases[n].code_bytes),
				 cases[n].length);
}

static struct insn string_form(const char *code, unsigned code_bytes)
{
	struct insn insn = { 0 };

	insn_string_form((const uint8_t *)code, 2, code_bytes, &insn);
	return insn;
}

static void the_segment_of_outs(void **state)
{
	assert_int_equal(string_form("\xf3\x6e", 8).segment, DS);
	assert_int_equal(string_form("\x64\x6e", 8).segment, FS);
	assert_int_equal(string_form("\x26\x6e", 4).segment, ES);
}

static void the_address_width_of_ins(void **state)
{
	assert_int_equal(string_form("\xf3\x6c", 8).addr_bytes, 8);
	assert_int_equal(string_form("\x67\x6c", 8).addr_bytes, 4);
	assert_int_equal(string_form("\x67\x6c", 2).addr_bytes, 4);
}

static void a_move_to_a_debug_register_tells_both_registers(void **state)
{
	static const uint8_t plain[] = { 0x0f, 0x23, 0xfb }, rex[] = { 0x41, 0x0f, 0x23, 0xc1 };
	static const uint8_t read[] = { 0x0f, 0x21, 0xf8 };
	unsigned debug, gpr;

	assert_true(insn_mov_to_debug(plain, sizeof(plain), 4, &debug, &gpr));
	assert_int_equal(debug, 7);
	assert_int_equal(gpr, 3);
	assert_true(insn_mov_to_debug(rex, sizeof(rex), 8, &debug, &gpr));
	assert_int_equal(debug, 0);
	assert_int_equal(gpr, 9);
	assert_false(insn_mov_to_debug(read, sizeof(read), 8, &debug, &gpr));
	assert_false(insn_mov_to_debug(plain, 2, 8, &debug, &gpr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_to_a_debug_register_tells_both_registers),
		cmocka_unit_test(moves_in_64_bit_code),
		cmocka_unit_test(byte_registers_depend_on_rex),
		cmocka_unit_test(extensions_have_two_sizes),
		cmocka_unit_test(arithmetic_on_memory),
		cmocka_unit_test(lock_is_for_changes_of_memory_only),
		cmocka_unit_test(strings_and_their_prefixes),
		cmocka_unit_test(code_of_16_and_32_bits),
		cmocka_unit_test(vector_moves_are_named),
		cmocka_unit_test(what_is_not_ours_is_refused),
		cmocka_unit_test(bytes_that_are_missing_are_asked_for),
		cmocka_unit_test(short_instructions_have_their_lengths),
		cmocka_unit_test(the_segment_of_outs),
		cmocka_unit_test(the_address_width_of_ins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
