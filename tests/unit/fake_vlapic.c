/*
 * What the local APIC's files need around them, and a guest's hands on its registers.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake_vlapic.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "vmm/guestmem.h"
#include "vmm/vioapic.h"

static const struct config_domain config;
struct domain d;
struct vcpu v;
uint32_t requested;
int ended = -1;

void *frames_hv(size_t pages)
{
	return calloc(pages, PAGE_SIZE);
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
	t->fire = fire;
	t->deadline = TIMER_NEVER;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline;
}

void vcpu_request(struct vcpu *to, uint32_t requests)
{
	requested |= requests;
}

__attribute__((weak)) void vioapic_eoi(struct domain *of, uint8_t vector)
{
	ended = vector;
}

uint8_t ram[64];

bool guest_read(struct domain *of, gpa_t from, void *to, size_t bytes)
{
	if (!range_within(from.v, bytes, sizeof(ram)))
		return false;
	memcpy(to, ram + from.v, bytes);
	return true;
}

bool guest_write(struct domain *of, gpa_t to, const void *from, size_t bytes)
{
	if (!range_within(to.v, bytes, sizeof(ram)))
		return false;
	memcpy(ram + to.v, from, bytes);
	return true;
}

uint64_t tsc_ns(uint64_t ticks)
{
	return ticks;
}

uint64_t tsc_from_ns(uint64_t ns)
{
	return ns;
}

unsigned cpu_physical_bits(void)
{
	return 40;
}

void panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

bool mapped;

enum err ptab_map(struct ptab *t, uint64_t at, hpa_t to, uint64_t bytes, unsigned attrs)
{
	assert_int_equal(at, 0xfee00000);
	mapped = true;
	return OK;
}

enum err ptab_unmap(struct ptab *t, uint64_t at, uint64_t bytes)
{
	mapped = false;
	return OK;
}

static void flush(struct vcpu *of)
{
}

struct backend fake = { .flush = flush };
const struct backend *backend = &fake;

uint32_t reg_get(unsigned reg)
{
	struct io_access a = { .address = 0xfee00000 + reg * 16, .size = 4 };

	assert_int_equal(vlapic_mmio(&v, &a), VERDICT_DONE);
	return (uint32_t)a.data;
}

void reg_put(unsigned reg, uint32_t value)
{
	struct io_access a = {
		.address = 0xfee00000 + reg * 16, .size = 4, .write = true, .data = value
	};

	assert_int_equal(vlapic_mmio(&v, &a), VERDICT_DONE);
}

void vlapic_to_x2apic(void)
{
	assert_true(vlapic_base_write(&v, 0x1b, v.lapic->base | APIC_BASE_X2APIC));
}

int vlapic_fresh(void **state)
{
	memset(&v, 0, sizeof(v));
	memset(&d, 0, sizeof(d));
	d.config = &config;
	d.vcpu[0] = &v;
	d.vcpus = 1;
	v.domain = &d;
	vlapic_init(&v);
	requested = 0;
	ended = -1;
	reg_put(REG_SVR, 0x1ff);
	return 0;
}

int vlapic_done(void **state)
{
	free(v.lapic);
	return 0;
}
