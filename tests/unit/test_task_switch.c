/*
 * Task switches on a fake guest: what the old TSS keeps, what the new one gives, back link and busy
 * bits for each way of switching, and each fault of table 8-1 (SDM 3A) with its error code, in the
 * old task or in the new one.
 */
// sources: vmm/task_switch.c vmm/tss.c vmm/emulate_address.c vmm/walk.c vmm/guestmem.c
// sources: vmm/guestmem_virt.c vmm/decode.c vmm/decode_bytes.c tests/unit/fake_guest.c
#include "vmm/task_switch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/regs.h"
#include "tests/unit/fake_guest.h"
#include "vmm/backend.h"
#include "vmm/tss.h"

#define GDT   0x1000u
#define OLD   0x2000u
#define NEW   0x3000u
#define LDT   0x4000u
#define STACK 0x9000u

/* Selectors of the GDT. */
enum {
	S_CODE = 0x08,
	S_DATA = 0x10,
	S_OLD = 0x18,
	S_NEW = 0x20,
	S_LDT = 0x28,
	S_ODD = 0x30, /* each test's own */
	S_CODE3 = 0x38,
	S_DATA3 = 0x40,
	S_END = 0x48,
};

#define FLAT(attributes)          (0x000f00000000ffffull | (uint64_t)(attributes) << 40)
#define CODE                      FLAT(0xc09b)
#define DATA                      FLAT(0xc093)
#define SYSTEM(base, limit, type) ((uint64_t)(base) << 16 | (limit) | (uint64_t)(type) << 40)

static struct vcpu_state state;
static struct vm_exit ex;

/* Fields of a 32-bit TSS. */
static uint32_t *field(uint32_t tss, unsigned offset)
{
	return (uint32_t *)(fake_ram + tss + offset);
}

static uint64_t *descriptor(unsigned selector)
{
	return fake_word(GDT + (selector & ~7u));
}

unsigned cpu_physical_bits(void)
{
	return 40;
}

static void get_state(struct vcpu *v, struct vcpu_state *s)
{
	*s = state;
}

static void set_state(struct vcpu *v, const struct vcpu_state *s)
{
	state = *s;
	memcpy(fake_segment, s->segment, sizeof(fake_segment));
	fake_mode.cr3 = s->cr3;
	fake_mode.cpl = s->segment[SEG_SS].attributes >> 5 & 3;
}

static void flush(struct vcpu *v)
{
}

static void set_new(uint16_t cs, uint16_t ss)
{
	*field(NEW, 0x20) = 0x5678;
	*field(NEW, 0x24) = RFLAGS_CF | BIT(3) | BIT(15) | BIT(31);
	for (unsigned n = 0; n < 8; n++)
		*field(NEW, 0x28 + 4 * n) = 0x100 + n;
	*field(NEW, 0x38) = STACK;
	for (unsigned n = 0; n < 6; n++)
		*field(NEW, 0x48 + 4 * n) = S_DATA;
	*field(NEW, 0x4c) = cs;
	*field(NEW, 0x50) = ss;
	*field(NEW, 0x60) = S_LDT;
}

static int setup(void **unused)
{
	static struct backend b;

	fake_reset();
	b = *backend;
	b.get_state = get_state;
	b.set_state = set_state;
	b.flush = flush;
	backend = &b;
	fake_mode = (struct vcpu_mode){ .cr0 = CR0_PE, .code_bytes = 4 };
	*descriptor(S_CODE) = CODE;
	*descriptor(S_DATA) = DATA;
	*descriptor(S_OLD) = SYSTEM(OLD, 103, 0x8b);
	*descriptor(S_NEW) = SYSTEM(NEW, 103, 0x89);
	*descriptor(S_LDT) = SYSTEM(LDT, 15, 0x82);
	*descriptor(S_CODE3) = FLAT(0xc0fb);
	*descriptor(S_DATA3) = FLAT(0xc0f3);
	set_new(S_CODE, S_DATA);
	memset(&state, 0, sizeof(state));
	for (unsigned n = 0; n < SEG_LDTR; n++)
		state.segment[n] = tss_segment(S_DATA, DATA);
	state.segment[SEG_CS] = tss_segment(S_CODE, CODE);
	state.segment[SEG_LDTR] = tss_segment_none(SEG_LDTR, 0, 0);
	state.segment[SEG_TR] = tss_segment(S_OLD, *descriptor(S_OLD));
	state.gdtr = (struct vcpu_table){ GDT, S_END - 1 };
	state.cr0 = CR0_PE;
	state.dr7 = DR7_RESET | 0x1ff;
	fake_vcpu.regs.rip = 0x1234;
	fake_vcpu.regs.rflags = RFLAGS_FIXED | RFLAGS_ZF | RFLAGS_NT;
	fake_vcpu.regs.gpr[GPR_RSI] = 0x51515151;
	return 0;
}

static void go(enum task_source source)
{
	ex = (struct vm_exit){ .kind = EXIT_TASK_SWITCH, .insn_len = 7 };
	ex.task.selector = S_NEW;
	ex.task.source = source;
	if (source == TASK_IRET)
		*descriptor(S_NEW) |= BIT(41);
	assert_int_equal(task_switch_exit(&fake_vcpu, &ex), VERDICT_RETRY);
}

static bool busy(unsigned selector)
{
	return *descriptor(selector) >> 41 & 1;
}

static void a_jump_leaves_the_old_task_free(void **unused)
{
	go(TASK_JMP);
	assert_int_equal(fake_vector, -1);
	assert_false(busy(S_OLD));
	assert_true(busy(S_NEW));
	assert_int_equal(*field(NEW, 0), 0);
	assert_int_equal(fake_vcpu.regs.rflags, RFLAGS_FIXED | RFLAGS_CF);
	assert_int_equal(fake_vcpu.regs.rip, 0x5678);
	assert_int_equal(fake_vcpu.regs.gpr[GPR_RDI], 0x107);
	assert_int_equal(state.segment[SEG_TR].selector, S_NEW);
	assert_int_equal(state.segment[SEG_TR].attributes, 0x8b);
	assert_int_equal(state.segment[SEG_LDTR].base, LDT);
	assert_int_equal(state.segment[SEG_SS].limit, UINT32_MAX);
	assert_true(state.cr0 & CR0_TS);
	assert_int_equal(state.dr7, DR7_RESET | 0xaa);
}

static void the_old_tss_keeps_registers_and_the_next_instruction(void **unused)
{
	*field(OLD, 0x1c) = 0xcccccccc;
	*field(OLD, 0x60) = 0xdddddddd;
	go(TASK_JMP);
	assert_int_equal(*field(OLD, 0x20), 0x1234 + 7);
	assert_int_equal(*field(OLD, 0x24), RFLAGS_FIXED | RFLAGS_ZF | RFLAGS_NT);
	assert_int_equal(*field(OLD, 0x40), 0x51515151);
	assert_int_equal(*field(OLD, 0x4c), S_CODE);
	assert_int_equal(*field(OLD, 0x1c), 0xcccccccc);
	assert_int_equal(*field(OLD, 0x60), 0xdddddddd);
}

static void a_call_nests(void **unused)
{
	go(TASK_CALL);
	assert_true(busy(S_OLD));
	assert_true(busy(S_NEW));
	assert_int_equal(*field(NEW, 0), S_OLD);
	assert_true(fake_vcpu.regs.rflags & RFLAGS_NT);
}

static void iret_goes_back_to_a_busy_task(void **unused)
{
	state.nmi_blocked = true;
	go(TASK_IRET);
	assert_int_equal(fake_vector, -1);
	assert_false(busy(S_OLD));
	assert_true(busy(S_NEW));
	assert_int_equal(*field(OLD, 0x24), RFLAGS_FIXED | RFLAGS_ZF);
	assert_false(fake_vcpu.regs.rflags & RFLAGS_NT);
	assert_false(state.nmi_blocked);
}

static void an_event_brings_its_error_code(void **unused)
{
	fake_vcpu.inject = (struct vcpu_event){
		.kind = INJECT_EXCEPTION, .vector = VECTOR_GP, .has_error = true, .error = 0xabc
	};
	go(TASK_GATE);
	assert_int_equal(fake_vector, -1);
	assert_int_equal(fake_vcpu.inject.kind, INJECT_NONE);
	assert_int_equal(*field(OLD, 0x20), 0x1234);
	assert_int_equal(fake_vcpu.regs.gpr[GPR_RSP], STACK - 4);
	assert_int_equal(*field(STACK - 4, 0), 0xabc);
	assert_int_equal(*field(NEW, 0), S_OLD);
}

static void a_software_interrupt_returns_behind_itself(void **unused)
{
	*descriptor(S_NEW) &= ~BIT(47);
	go(TASK_GATE);
	assert_int_equal(fake_vector, VECTOR_NP);
	assert_int_equal(fake_error, S_NEW);
	*descriptor(S_NEW) |= BIT(47);
	go(TASK_GATE);
	assert_int_equal(*field(OLD, 0x20), 0x1234 + 7);
}

static void a_16_bit_tss_loads_what_it_has(void **unused)
{
	uint16_t *t = (uint16_t *)(fake_ram + NEW);

	*descriptor(S_NEW) = SYSTEM(NEW, 43, 0x81);
	memset(t, 0, 44);
	t[7] = 0x4321;
	t[8] = RFLAGS_FIXED | RFLAGS_CF;
	t[13] = 0x8000;
	t[18] = t[19] = t[20] = S_DATA;
	t[18] = S_CODE;
	t[19] = S_DATA;
	go(TASK_CALL);
	assert_int_equal(fake_vector, -1);
	assert_int_equal(fake_vcpu.regs.rip, 0x4321);
	assert_int_equal(fake_vcpu.regs.gpr[GPR_RSP], 0x8000);
	assert_int_equal(state.segment[SEG_TR].attributes, 0x83);
	assert_true(state.segment[SEG_GS].attributes & SEGMENT_UNUSABLE);
	assert_int_equal(t[0], S_OLD);
}

static void vm86_segments_need_no_descriptors(void **unused)
{
	*field(NEW, 0x24) = RFLAGS_VM | 3 << 12;
	*field(NEW, 0x4c) = 0x1234;
	go(TASK_JMP);
	assert_int_equal(fake_vector, -1);
	assert_int_equal(state.segment[SEG_CS].base, 0x12340);
	assert_int_equal(state.segment[SEG_DS].attributes, 0xf3);
}

static void the_t_bit_is_a_debug_exception(void **unused)
{
	*field(NEW, 0x64) = 1;
	go(TASK_JMP);
	assert_int_equal(fake_vector, VECTOR_DB);
	assert_int_equal(state.dr6, 0x8000);
}

static void faults_of_the_tss_leave_the_old_task(void **unused)
{
	static const struct {
		enum task_source source;
		uint64_t descriptor;
		int vector;
	} cases[] = {
		{ TASK_CALL, SYSTEM(NEW, 103, 0x8b), VECTOR_GP },
		{ TASK_CALL, SYSTEM(NEW, 103, 0x82), VECTOR_GP },
		{ TASK_CALL, DATA, VECTOR_GP },
		{ TASK_CALL, SYSTEM(NEW, 103, 0x09), VECTOR_NP },
		{ TASK_CALL, SYSTEM(NEW, 102, 0x89), VECTOR_TS },
		{ TASK_CALL, SYSTEM(NEW, 42, 0x81), VECTOR_TS },
		{ TASK_IRET, SYSTEM(NEW, 103, 0x80), VECTOR_TS },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
		setup(unused);
		*descriptor(S_NEW) = cases[n].descriptor;
		go(cases[n].source);
		assert_int_equal(fake_vector, cases[n].vector);
		assert_int_equal(fake_error, S_NEW);
		assert_int_equal(state.segment[SEG_TR].selector, S_OLD);
		assert_int_equal(*field(OLD, 0x20), 0);
	}
}

/* Sets a selector of the new task and its descriptor, and wants that fault in the new task. */
static void in_new(enum vcpu_seg seg, uint16_t selector, uint64_t odd, int vector)
{
	setup(NULL);
	*descriptor(S_ODD) = odd;
	*field(NEW, 0x48 + 4 * seg) = selector;
	go(TASK_JMP);
	assert_int_equal(fake_vector, vector);
	if (vector >= 0)
		assert_int_equal(fake_error, selector & ~3u);
	assert_int_equal(state.segment[SEG_TR].selector, S_NEW);
	assert_int_equal(state.segment[seg].selector, selector);
}

static void faults_of_segments_come_in_the_new_task(void **unused)
{
	in_new(SEG_LDTR, S_LDT | 4, 0, VECTOR_TS);
	in_new(SEG_LDTR, S_ODD, SYSTEM(LDT, 15, 0x02), VECTOR_TS);
	in_new(SEG_LDTR, S_ODD, SYSTEM(LDT, 15, 0x89), VECTOR_TS);
	in_new(SEG_LDTR, 0, 0, -1);
	in_new(SEG_CS, 0, 0, VECTOR_TS);
	in_new(SEG_CS, S_DATA, 0, VECTOR_TS);
	in_new(SEG_CS, S_CODE3, 0, VECTOR_TS);
	in_new(SEG_CS, S_ODD, FLAT(0xc01b), VECTOR_NP);
	in_new(SEG_CS, S_END, 0, VECTOR_TS);
	in_new(SEG_SS, 0, 0, VECTOR_TS);
	in_new(SEG_SS, S_DATA3, 0, VECTOR_TS);
	in_new(SEG_SS, S_DATA | 1, 0, VECTOR_TS);
	in_new(SEG_SS, S_ODD, FLAT(0xc091), VECTOR_TS);
	in_new(SEG_SS, S_ODD, FLAT(0xc013), VECTOR_SS);
	in_new(SEG_DS, S_DATA | 3, 0, VECTOR_TS);
	in_new(SEG_DS, S_ODD, FLAT(0xc099), VECTOR_TS);
	in_new(SEG_DS, S_ODD, FLAT(0xc013), VECTOR_NP);
	in_new(SEG_DS, S_ODD | 3, FLAT(0xc09f), -1);
	in_new(SEG_GS, 0x14, 0, VECTOR_TS);
	in_new(SEG_GS, 0, 0, -1);
}

static void the_accessed_bit_is_set(void **unused)
{
	in_new(SEG_ES, S_ODD, FLAT(0xc092), -1);
	assert_int_equal(*descriptor(S_ODD), FLAT(0xc093));
	assert_int_equal(state.segment[SEG_ES].attributes, 0xc093);
}

static void cr3_comes_with_a_32_bit_tss_and_paging(void **unused)
{
	fake_mode.cr0 = state.cr0 = CR0_PE | CR0_PG;
	fake_mode.cr4 = state.cr4 = CR4_PSE;
	fake_mode.cr3 = state.cr3 = 0x10000;
	*fake_word(0x10000) = *fake_word(0x11000) = PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	*field(NEW, 0x1c) = 0x11000;
	go(TASK_JMP);
	assert_int_equal(fake_vector, -1);
	assert_int_equal(state.cr3, 0x11000);
	assert_true(*fake_word(0x11000) & PTE_ACCESSED);
}

static void bad_pdptes_are_refused(void **unused)
{
	fake_mode.cr0 = state.cr0 = CR0_PE | CR0_PG;
	fake_mode.cr4 = state.cr4 = CR4_PAE;
	fake_mode.cr3 = state.cr3 = 0x10000;
	*fake_word(0x10000) = 0x11000 | PTE_PRESENT;
	*fake_word(0x11000) = PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	*field(NEW, 0x1c) = 0x12000;
	*fake_word(0x12000) = 0x11000 | PTE_PRESENT | PTE_WRITE;
	go(TASK_JMP);
	assert_int_equal(fake_vector, VECTOR_GP);
	assert_int_equal(state.cr3, 0x10000);
	*fake_word(0x12000) = 0x11000 | PTE_PRESENT;
	go(TASK_JMP);
	assert_int_equal(state.cr3, 0x12000);
	assert_int_equal(state.pdpte[0], 0x11001);
}

static void a_page_fault_of_the_old_tss_changes_nothing(void **unused)
{
	fake_mode.cr0 = state.cr0 = CR0_PE | CR0_PG;
	fake_mode.cr3 = state.cr3 = 0x10000;
	*fake_word(0x10000) = 0x11000 | PTE_PRESENT | PTE_WRITE;
	for (unsigned n = 0; n < 16; n++)
		*field(0x11000, 4 * n) = n * PAGE_SIZE | PTE_PRESENT | (n == 2 ? 0 : PTE_WRITE);
	fake_mode.cr0 = state.cr0 |= CR0_WP;
	go(TASK_JMP);
	assert_int_equal(fake_vector, VECTOR_PF);
	assert_int_equal(fake_address, OLD + 0x20);
	assert_true(busy(S_OLD));
	assert_false(busy(S_NEW));
	assert_int_equal(state.segment[SEG_TR].selector, S_OLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_jump_leaves_the_old_task_free, setup),
		cmocka_unit_test_setup(the_old_tss_keeps_registers_and_the_next_instruction, setup),
		cmocka_unit_test_setup(a_call_nests, setup),
		cmocka_unit_test_setup(iret_goes_back_to_a_busy_task, setup),
		cmocka_unit_test_setup(an_event_brings_its_error_code, setup),
		cmocka_unit_test_setup(a_software_interrupt_returns_behind_itself, setup),
		cmocka_unit_test_setup(a_16_bit_tss_loads_what_it_has, setup),
		cmocka_unit_test_setup(vm86_segments_need_no_descriptors, setup),
		cmocka_unit_test_setup(the_t_bit_is_a_debug_exception, setup),
		cmocka_unit_test_setup(faults_of_the_tss_leave_the_old_task, setup),
		cmocka_unit_test_setup(faults_of_segments_come_in_the_new_task, setup),
		cmocka_unit_test_setup(the_accessed_bit_is_set, setup),
		cmocka_unit_test_setup(cr3_comes_with_a_32_bit_tss_and_paging, setup),
		cmocka_unit_test_setup(bad_pdptes_are_refused, setup),
		cmocka_unit_test_setup(a_page_fault_of_the_old_tss_changes_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
