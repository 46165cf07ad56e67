// sources: vmm/vlapic.c vmm/vlapic_dest.c vmm/vlapic_regs.c
// sources: vmm/vlapic_msr.c vmm/vlapic_timer.c vmm/vlapic_cpu.c vmm/vmsi.c
/*
 * The local APIC: priorities, modes, errors, timer and destinations, as a guest sees them. Time is
 * nanoseconds of the host's TSC; a fired timer is called by hand.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "vmm/vioapic.h"
#include "vmm/vlapic_state.h"
#include "vmm/vmsi.h"

#define X2(reg) (0x800u + (reg))

static struct domain d;
static struct vcpu v;
static uint32_t requested;
static int ended = -1;

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

void vioapic_eoi(struct domain *of, uint8_t vector)
{
	ended = vector;
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

static bool mapped;

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

/* A CPU that helps: what it was told. */
static struct {
	enum apic_mode mode;
	uint8_t request, service;
	uint32_t levels[VECTOR_WORDS];
	void *access;
} told;

static enum apic_help apic_help(void)
{
	return APIC_HELP_FULL;
}

static void apic_init(struct vcpu *of, hpa_t registers, hpa_t access)
{
	assert_ptr_equal(hv_virt(registers), of->lapic);
	told.access = hv_virt(access);
}

static void apic_mode(struct vcpu *of, enum apic_mode mode)
{
	told.mode = mode;
}

static void apic_status(struct vcpu *of, uint8_t request, uint8_t service)
{
	told.request = request;
	told.service = service;
}

static void apic_levels(struct vcpu *of, const uint32_t vectors[8])
{
	memcpy(told.levels, vectors, sizeof(told.levels));
}

static void flush(struct vcpu *of)
{
}

static const struct backend_apic helping = {
	.help = apic_help,
	.init = apic_init,
	.mode = apic_mode,
	.status = apic_status,
	.levels = apic_levels,
};

static struct backend fake = { .flush = flush };
const struct backend *backend = &fake;

static uint32_t get(unsigned reg)
{
	struct io_access a = { .address = 0xfee00000 + reg * 16, .size = 4 };

	assert_int_equal(vlapic_mmio(&v, &a), VERDICT_DONE);
	return (uint32_t)a.data;
}

static void put(unsigned reg, uint32_t value)
{
	struct io_access a = {
		.address = 0xfee00000 + reg * 16, .size = 4, .write = true, .data = value
	};

	assert_int_equal(vlapic_mmio(&v, &a), VERDICT_DONE);
}

static void to_x2apic(void)
{
	assert_true(vlapic_base_write(&v, 0x1b, v.lapic->base | APIC_BASE_X2APIC));
}

static int fresh(void **state)
{
	memset(&v, 0, sizeof(v));
	memset(&d, 0, sizeof(d));
	d.vcpu[0] = &v;
	d.vcpus = 1;
	v.domain = &d;
	vlapic_init(&v);
	requested = 0;
	ended = -1;
	put(REG_SVR, 0x1ff);
	return 0;
}

static int done(void **state)
{
	free(v.lapic);
	return 0;
}

static int fresh_by_cpu(void **state)
{
	memset(&told, 0, sizeof(told));
	fake.apic = &helping;
	fresh(state);
	vlapic_reset(&v);
	assert_false(v.apic_by_cpu); /* SVR: disabled */
	put(REG_SVR, 0x1ff);
	return 0;
}

static int done_by_cpu(void **state)
{
	free(told.access);
	fake.apic = NULL;
	return done(state);
}

static void the_highest_posted_vector_goes_first(void **state)
{
	vlapic_post(&v, 0x31);
	vlapic_post(&v, 0xc0);
	assert_int_equal(requested, REQUEST_WAKE);
	assert_int_equal(vlapic_pending(&v), 0xc0);
	vlapic_accept(&v, 0xc0);
	assert_int_equal(vlapic_pending(&v), -1);
	put(REG_EOI, 0);
	assert_int_equal(vlapic_pending(&v), 0x31);
	assert_int_equal(ended, -1);
}

static void a_vector_of_the_same_class_waits_for_the_eoi(void **state)
{
	vlapic_post(&v, 0x41);
	assert_int_equal(vlapic_pending(&v), 0x41);
	vlapic_accept(&v, 0x41);
	vlapic_post(&v, 0x4f);
	assert_int_equal(vlapic_pending(&v), -1);
	vlapic_post(&v, 0x50);
	assert_int_equal(vlapic_pending(&v), 0x50);
}

static void task_priority_and_cr8_agree(void **state)
{
	put(REG_TPR, 0x45);
	assert_int_equal(v.cr8, 4);
	assert_int_equal(get(REG_TPR), 0x45);
	vlapic_post(&v, 0x4e);
	assert_int_equal(vlapic_pending(&v), -1);
	assert_true(vlapic_waits_for_cr8(&v));
	v.cr8 = 3;
	assert_int_equal(get(REG_TPR), 0x30);
	assert_int_equal(get(REG_PPR), 0x30);
	assert_int_equal(vlapic_pending(&v), 0x4e);
	assert_false(vlapic_waits_for_cr8(&v));
}

static void the_eoi_of_a_level_goes_to_the_ioapic(void **state)
{
	vlapic_post_level(&v, 0x50);
	vlapic_accept(&v, (unsigned)vlapic_pending(&v));
	assert_int_equal(get(REG_TMR + 2), 1 << 16);
	put(REG_EOI, 0);
	assert_int_equal(ended, 0x50);
	vlapic_post(&v, 0x50);
	assert_int_equal(get(REG_TMR + 2), 0);
}

static void a_disabled_apic_drops_requests_and_masks_its_lines(void **state)
{
	put(REG_LVT, 0x33);
	put(REG_SVR, 0xff);
	assert_int_equal(get(REG_LVT), 0x10033);
	put(REG_LVT, 0x33);
	assert_int_equal(get(REG_LVT), 0x10033);
	vlapic_post(&v, 0x50);
	assert_int_equal(vlapic_pending(&v), -1);
	put(REG_SVR, 0x1ff);
	assert_int_equal(vlapic_pending(&v), -1);
}

static void switching_off_resets_and_takes_the_page_away(void **state)
{
	assert_int_equal(vlapic_base(&v), 0xfee00000);
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00000));
	assert_int_equal(vlapic_base(&v), ~0ull);
	assert_false(vlapic_is_enabled(&v));
	assert_true(vlapic_base_write(&v, 0x1b, 0xfed00900));
	assert_int_equal(vlapic_base(&v), 0xfed00000);
	assert_int_equal(get(REG_SVR), 0xff);
}

static void modes_change_only_along_the_manuals_arrows(void **state)
{
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00000 | APIC_BASE_X2APIC));
	assert_false(vlapic_base_write(&v, 0x1b, 1ull << 45 | APIC_BASE_ENABLE));
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00801));
	to_x2apic();
	assert_int_equal(vlapic_base(&v), ~0ull);
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00900));
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00100));
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00d00));
}

static void msrs_fault_outside_x2apic_and_on_reserved_bits(void **state)
{
	uint64_t value;

	assert_false(vlapic_msr_read(&v, X2(REG_ID), &value));
	to_x2apic();
	assert_true(vlapic_msr_read(&v, X2(REG_ID), &value));
	assert_int_equal(value, 0);
	assert_true(vlapic_msr_read(&v, X2(REG_LDR), &value));
	assert_int_equal(value, 1);
	assert_false(vlapic_msr_read(&v, X2(REG_DFR), &value));
	assert_false(vlapic_msr_read(&v, X2(REG_EOI), &value));
	assert_false(vlapic_msr_write(&v, X2(REG_EOI), 1));
	assert_false(vlapic_msr_write(&v, X2(REG_TPR), 0x100));
	assert_false(vlapic_msr_write(&v, X2(REG_LDR), 0));
	assert_false(vlapic_msr_write(&v, X2(REG_ICR), 1ull << 20 | 0x40));
	assert_false(vlapic_msr_write(&v, X2(REG_LVT), 1ull << 32));
	assert_true(vlapic_msr_write(&v, X2(REG_TPR), 0x20));
}

static void self_ipis_arrive_in_both_modes(void **state)
{
	put(REG_ICR_HIGH, 0);
	put(REG_ICR, 0x61);
	assert_int_equal(vlapic_pending(&v), 0x61);
	vlapic_accept(&v, 0x61);
	put(REG_EOI, 0);
	put(REG_ICR, 0x40062);
	assert_int_equal(vlapic_pending(&v), 0x62);
	vlapic_accept(&v, 0x62);
	put(REG_EOI, 0);
	to_x2apic();
	assert_true(vlapic_msr_write(&v, X2(REG_ICR), 0x63));
	assert_int_equal(vlapic_pending(&v), 0x63);
	vlapic_accept(&v, 0x63);
	assert_true(vlapic_msr_write(&v, X2(REG_EOI), 0));
	assert_true(vlapic_msr_write(&v, X2(REG_SELF_IPI), 0x64));
	assert_int_equal(vlapic_pending(&v), 0x64);
}

static void broadcasts_reach_the_only_cpu_or_nobody(void **state)
{
	put(REG_ICR, 0x80071);
	assert_int_equal(vlapic_pending(&v), 0x71);
	put(REG_ICR, 0xc0072);
	assert_int_equal(vlapic_pending(&v), 0x71);
	put(REG_ICR_HIGH, 0xff000000);
	put(REG_ICR, 0x73);
	assert_int_equal(vlapic_pending(&v), 0x73);
	put(REG_ICR_HIGH, 0x01000000);
	put(REG_ICR, 0x74);
	assert_int_equal(vlapic_pending(&v), 0x73);
	put(REG_ICR, 0x80000 | DELIVER_NMI << 8);
	assert_int_equal(requested & REQUEST_NMI, REQUEST_NMI);
}

static void logical_destinations_match_flat_and_cluster(void **state)
{
	put(REG_LDR, 0x12000000);
	put(REG_ICR_HIGH, 0x02000000);
	put(REG_ICR, 0x841);
	assert_int_equal(vlapic_pending(&v), 0x41);
	put(REG_DFR, 0x0fffffff);
	put(REG_ICR_HIGH, 0x22000000);
	put(REG_ICR, 0x851);
	assert_int_equal(vlapic_pending(&v), 0x41);
	put(REG_ICR_HIGH, 0x12000000);
	put(REG_ICR, 0x851);
	assert_int_equal(vlapic_pending(&v), 0x51);
	to_x2apic();
	assert_true(vlapic_msr_write(&v, X2(REG_ICR), 1ull << 32 | 0x961));
	assert_int_equal(vlapic_pending(&v), 0x61);
	assert_true(vlapic_msr_write(&v, X2(REG_ICR), 1ull << 48 | 1ull << 32 | 0x871));
	assert_int_equal(vlapic_pending(&v), 0x61);
}

static void a_bad_vector_is_an_error_not_an_interrupt(void **state)
{
	put(REG_LVT + LVT_ERROR, 0xfe);
	put(REG_ICR, 0x4000f);
	assert_int_equal(get(REG_ESR), 0);
	put(REG_ESR, 0);
	assert_int_equal(get(REG_ESR), ESR_SEND_VECTOR);
	assert_int_equal(vlapic_pending(&v), 0xfe);
	put(0x05, 1);
	put(REG_ESR, 0);
	assert_int_equal(get(REG_ESR), ESR_REGISTER);
	put(REG_VERSION, 1);
	put(REG_ESR, 0);
	assert_int_equal(get(REG_ESR), 0);
}

static void a_oneshot_counts_down_once(void **state)
{
	uint32_t count;

	put(REG_TIMER_DIVIDE, 0xb);
	put(REG_LVT, 0x40);
	put(REG_TIMER_INITIAL, 2000000000);
	count = get(REG_TIMER_CURRENT);
	assert_in_range(count, 1000000000, 2000000000);
	assert_true(v.lapic->timer.deadline > tsc_read());
	v.lapic->timer.fire(&v.lapic->timer);
	assert_int_equal(vlapic_pending(&v), 0x40);
	assert_int_equal(get(REG_TIMER_CURRENT), 0);
	assert_int_equal(get(REG_TIMER_INITIAL), 2000000000);
}

static void the_divider_stretches_the_count(void **state)
{
	put(REG_TIMER_DIVIDE, 0x3); /* 16 */
	put(REG_TIMER_INITIAL, 1000000000);
	assert_in_range(v.lapic->timer.deadline - tsc_read(), 15000000000, 16000000000);
	put(REG_TIMER_DIVIDE, 0xb); /* 1 */
	assert_in_range(v.lapic->timer.deadline - tsc_read(), 900000000, 1000000000);
}

static void a_periodic_timer_goes_on_without_bursts(void **state)
{
	uint64_t first;

	put(REG_TIMER_DIVIDE, 0xb);
	put(REG_LVT, 0x20040);
	put(REG_TIMER_INITIAL, 1000000000);
	first = v.lapic->timer.deadline;
	v.lapic->timer.fire(&v.lapic->timer);
	assert_int_equal(v.lapic->timer.deadline, first + 1000000000);
	v.lapic->deadline = tsc_read() - 10500000000;
	v.lapic->timer.fire(&v.lapic->timer);
	assert_in_range(v.lapic->timer.deadline - tsc_read(), 1, 500000000);
	put(REG_TIMER_INITIAL, 0);
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
}

static void a_deadline_is_in_guest_time_and_reads_zero_afterwards(void **state)
{
	uint64_t value, now = tsc_read();

	v.tsc_offset = -now;
	assert_true(vlapic_deadline_write(&v, 0x6e0, 5));
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
	put(REG_LVT, 0x40040);
	assert_true(vlapic_deadline_write(&v, 0x6e0, 4000000000));
	assert_in_range(v.lapic->timer.deadline, now + 3990000000, now + 4000000010);
	assert_true(vlapic_deadline_read(&v, 0x6e0, &value));
	assert_int_equal(value, 4000000000);
	assert_true(vlapic_deadline_write(&v, 0x6e0, ~0ull));
	assert_true(v.lapic->timer.deadline > tsc_read() + (1ull << 60));
	assert_true(vlapic_deadline_write(&v, 0x6e0, 1));
	assert_true(v.lapic->timer.deadline <= tsc_read());
	v.lapic->timer.fire(&v.lapic->timer);
	assert_true(vlapic_deadline_read(&v, 0x6e0, &value));
	assert_int_equal(value, 0);
	assert_int_equal(vlapic_pending(&v), 0x40);
}

static void leaving_deadline_mode_disarms(void **state)
{
	put(REG_LVT, 0x40040);
	assert_true(vlapic_deadline_write(&v, 0x6e0, ~0ull >> 1));
	put(REG_LVT, 0x40);
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
}

static void a_masked_timer_is_silent(void **state)
{
	put(REG_LVT, 0x10040);
	put(REG_TIMER_INITIAL, 5);
	v.lapic->timer.fire(&v.lapic->timer);
	assert_int_equal(vlapic_pending(&v), -1);
}

static void only_edge_messages_with_ordinary_vectors_are_raised(void **state)
{
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x45), OK);
	assert_int_equal(vlapic_pending(&v), 0x45);
	assert_int_equal(vmsi_deliver(&d, 0xfeeff000, 0x155), OK);
	assert_int_equal(vlapic_pending(&v), 0x55);
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x1f), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x445), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x8045), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0xfed00000, 0x45), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0x1fee00000, 0x45), ERR_INVAL);
}

static void parts_of_a_register_can_be_read(void **state)
{
	struct io_access a = { .address = 0xfee00032, .size = 2 };

	vlapic_mmio(&v, &a);
	assert_int_equal(a.data, 5);
	a = (struct io_access){ .address = 0xfee00034, .size = 4 };
	vlapic_mmio(&v, &a);
	assert_int_equal(a.data, 0);
}

static void requests_are_handed_to_the_cpu(void **state)
{
	assert_true(v.apic_by_cpu);
	vlapic_hand_over(&v);
	assert_false(vlapic_work(&v));
	vlapic_post(&v, 0x31);
	vlapic_post(&v, 0x91);
	assert_true(vlapic_work(&v));
	vlapic_hand_over(&v);
	assert_int_equal(told.request, 0x91);
	assert_int_equal(told.service, 0);
	assert_false(vlapic_work(&v));
	put(REG_ICR, 0x400a2);
	assert_true(vlapic_work(&v));
	vlapic_hand_over(&v);
	assert_int_equal(told.request, 0xa2);
}

static void what_the_cpu_did_to_the_page_counts(void **state)
{
	v.lapic->reg[REG_IRR + 2].value = 1 << 5;
	v.lapic->reg[REG_ISR + 2].value = 1 << 1;
	assert_int_equal(vlapic_pending(&v), -1);
	assert_int_equal(get(REG_PPR), 0x40);
	put(REG_EOI, 0);
	assert_int_equal(vlapic_pending(&v), 0x45);
	vlapic_hand_over(&v);
	assert_int_equal(told.request, 0x45);
	assert_int_equal(told.service, 0);
}

static void the_eoi_of_a_level_exits(void **state)
{
	vlapic_post_level(&v, 0x50);
	vlapic_hand_over(&v);
	assert_int_equal(told.levels[2], 1 << 16);
	vlapic_ended(&v, 0x50);
	assert_int_equal(ended, 0x50);
	vlapic_post(&v, 0x50);
	vlapic_hand_over(&v);
	assert_int_equal(told.levels[2], 0);
}

static void the_cpu_helps_where_the_apic_is_in_its_place(void **state)
{
	assert_int_equal(told.mode, APIC_BY_PAGE);
	assert_true(mapped);
	to_x2apic();
	assert_int_equal(told.mode, APIC_BY_MSRS);
	assert_false(mapped);
	vlapic_post(&v, 0x61);
	assert_int_equal(vlapic_pending(&v), 0x61);
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00000));
	assert_int_equal(told.mode, APIC_BY_EXITS);
	assert_false(v.apic_by_cpu);
	assert_true(vlapic_base_write(&v, 0x1b, 0xfed00800));
	assert_int_equal(told.mode, APIC_BY_EXITS);
	put(REG_SVR, 0x1ff);
	vlapic_post(&v, 0x71);
	vlapic_accept(&v, (unsigned)vlapic_pending(&v));
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00800));
	assert_int_equal(told.mode, APIC_BY_PAGE);
	assert_true(mapped);
	vlapic_hand_over(&v);
	assert_int_equal(told.service, 0x71);
	put(REG_SVR, 0xff);
	assert_int_equal(told.mode, APIC_BY_EXITS);
}

static void written(unsigned reg, uint32_t value)
{
	v.lapic->reg[reg].value = value;
	vlapic_written(&v, reg);
}

static void a_register_that_the_cpu_wrote_is_acted_upon(void **state)
{
	written(REG_ID, 0x55000000);
	assert_int_equal(get(REG_ID), 0);
	written(REG_LVT + LVT_ERROR, 0xffff00fe);
	assert_int_equal(get(REG_LVT + LVT_ERROR), 0x100fe);
	written(REG_TIMER_DIVIDE, 0xff);
	assert_int_equal(get(REG_TIMER_DIVIDE), 0xb);
	written(REG_LVT, 0x40);
	written(REG_TIMER_INITIAL, 1000000000);
	assert_true(v.lapic->timer.deadline > tsc_read());
	written(REG_LVT, 0x40040);
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
	written(REG_TIMER_INITIAL, 5);
	assert_int_equal(get(REG_TIMER_INITIAL), 0);
	written(REG_ESR, 5);
	assert_int_equal(get(REG_ESR), 0);
	written(REG_SVR, 0xff);
	assert_int_equal(get(REG_LVT), 0x50040);
	written(REG_SVR, 0x1ff);
	written(REG_SELF_IPI, 0x77);
	assert_int_equal(vlapic_pending(&v), 0x77);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fresh, done)

#define BY_CPU(name) cmocka_unit_test_setup_teardown(name, fresh_by_cpu, done_by_cpu)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_highest_posted_vector_goes_first),
		T(a_vector_of_the_same_class_waits_for_the_eoi),
		T(task_priority_and_cr8_agree),
		T(the_eoi_of_a_level_goes_to_the_ioapic),
		T(a_disabled_apic_drops_requests_and_masks_its_lines),
		T(switching_off_resets_and_takes_the_page_away),
		T(modes_change_only_along_the_manuals_arrows),
		T(msrs_fault_outside_x2apic_and_on_reserved_bits),
		T(self_ipis_arrive_in_both_modes),
		T(broadcasts_reach_the_only_cpu_or_nobody),
		T(logical_destinations_match_flat_and_cluster),
		T(a_bad_vector_is_an_error_not_an_interrupt),
		T(a_oneshot_counts_down_once),
		T(the_divider_stretches_the_count),
		T(a_periodic_timer_goes_on_without_bursts),
		T(a_deadline_is_in_guest_time_and_reads_zero_afterwards),
		T(leaving_deadline_mode_disarms),
		T(a_masked_timer_is_silent),
		T(only_edge_messages_with_ordinary_vectors_are_raised),
		T(parts_of_a_register_can_be_read),
		BY_CPU(requests_are_handed_to_the_cpu),
		BY_CPU(what_the_cpu_did_to_the_page_counts),
		BY_CPU(the_eoi_of_a_level_exits),
		BY_CPU(the_cpu_helps_where_the_apic_is_in_its_place),
		BY_CPU(a_register_that_the_cpu_wrote_is_acted_upon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
