/*
 * For tests of the emulators: a fake guest with one device of 8 KiB in its address space and a port
 * behind which the same bytes stream by. The device answers at once, or after `blocks` refusals.
 */
#ifndef TESTS_UNIT_EMULATE_RIG_H
#define TESTS_UNIT_EMULATE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake_guest.h"
#include "vmm/emulate.h"
#include "vmm/event.h"
#include "vmm/io.h"

#define DEVICE 0x10000000ull /* guest-physical; not RAM */
#define CODE   0x10000ull

static uint8_t device[8192];
static unsigned accesses, writes, blocks; /* blocks: answer BLOCK this often before each access */
static unsigned asked;
static struct vm_exit fault;
static uint64_t *const gpr = fake_vcpu.regs.gpr;

static enum verdict answer(struct io_access *a)
{
	assert_true(a->address >= DEVICE && a->address + a->size <= DEVICE + sizeof(device));
	if (asked++ < blocks)
		return VERDICT_BLOCK;
	asked = 0;
	accesses++;
	writes += a->write;
	if (a->write)
		memcpy(device + a->address - DEVICE, &a->data, a->size);
	else
		memcpy(&a->data, device + a->address - DEVICE, a->size);
	return VERDICT_DONE;
}

enum verdict mmio_access(struct vcpu *v, struct io_access *a)
{
	return answer(a);
}

void event_set(struct domain *d, unsigned event)
{
}

/* A port is a byte stream: it gives 1, 2, 3... and keeps what it gets. */
enum verdict pio_access(struct vcpu *v, struct io_access *a)
{
	struct io_access memory = *a;
	enum verdict verdict;

	memory.address = DEVICE + accesses * a->size;
	verdict = answer(&memory);
	a->data = memory.data;
	return verdict;
}

static int setup(void **state)
{
	fake_reset();
	fake_long_mode(0);
	memset(device, 0, sizeof(device));
	accesses = writes = blocks = asked = 0;
	fault = (struct vm_exit){ .kind = EXIT_NESTED_FAULT, .fault.gpa = gpa(DEVICE) };
	fake_vcpu.regs.rip = CODE;
	gpr[GPR_RDI] = DEVICE;
	return 0;
}

static inline enum verdict run(const char *code, size_t bytes)
{
	enum verdict verdict;
	struct vcpu_regs before = fake_vcpu.regs;

	memcpy(fake_ram + CODE, code, bytes);
	while ((verdict = emulate_mmio(&fake_vcpu, &fault)) == VERDICT_BLOCK)
		assert_memory_equal(&fake_vcpu.regs.rflags, &before.rflags, 8);
	if (verdict == VERDICT_DONE)
		assert_int_equal(fault.insn_len, bytes);
	assert_int_equal(fake_vcpu.emulate.done, 0);
	return verdict;
}

#define RUN(code) run(code, sizeof(code) - 1)

static inline uint64_t word(unsigned at)
{
	uint64_t v;

	memcpy(&v, device + at, 8);
	return v;
}

#endif
