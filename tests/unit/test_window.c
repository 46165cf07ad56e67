/*
 * Windows: whole at boot, without execution; parts go and come back; a release is passed on.
 */
// sources: vmm/window.c vmm/hc_window.c vmm/cap.c mm/ptab.c mm/ptab_x86.c mm/pool.c
// sources: tests/unit/fake_domains.c
// flags: -DHVMAP_DIRECT=0ul
#include "vmm/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/fake_devices.h"
#include "tests/unit/fake_domains.h"
#include "vmm/cap.h"
#include "vmm/hypercall.h"
#include "vmm/service.h"

#define HOST 0x40000000ull /* of the guest's RAM */

static struct domain *d;
static uint32_t cap;

static int build(void **state)
{
	fake_domains_reset();
	d = &fake_domains[SERVER];
	service_reserve(d, 1);
	assert_int_equal(ptab_init(&d->nested, &ptab_npt_2m, &d->pool), OK);
	caps_build();
	windows_build();
	cap = cap_find(d, HV_CAP_WINDOW, GUEST)->handle;
	return 0;
}

static int64_t call(hypercall_fn *fn, struct hv_window_entry *e, uint64_t count)
{
	int64_t result = 1;

	fn(d->vcpu[0], (uint64_t[5]){ cap, (uintptr_t)e, count }, &result);
	return result;
}

static unsigned attrs_at(uint64_t at)
{
	struct ptab_leaf leaf;

	return ptab_lookup(&d->nested, at, &leaf) && leaf.hpa.v == at ? leaf.attrs : 0;
}

static void the_whole_ram_is_seen_at_its_host_address(void **state)
{
	assert_int_equal(attrs_at(HOST), PTAB_READ | PTAB_WRITE);
	assert_int_equal(attrs_at(HOST + 0x7ff000), PTAB_READ | PTAB_WRITE);
	assert_int_equal(attrs_at(HOST + 0x800000), 0);
}

static void a_part_is_revoked_and_granted_again(void **state)
{
	struct hv_window_entry e = { .guest = 0x201000, .pages = 2 };

	assert_int_equal(call(hc_window_revoke, &e, 1), 0);
	assert_int_equal(e.status, 0);
	assert_int_equal(e.mine, HOST + 0x201000);
	assert_int_equal(attrs_at(HOST + 0x201000), 0);
	assert_int_equal(attrs_at(HOST + 0x202000), 0);
	assert_int_equal(attrs_at(HOST + 0x203000), PTAB_READ | PTAB_WRITE);
	assert_int_equal(fake_flushes[SERVER], 1);
	assert_int_equal(call(hc_window_grant, &e, 1), 0);
	assert_int_equal(attrs_at(HOST + 0x201000), PTAB_READ);
	windows_reopen(&fake_domains[GUEST]);
	assert_int_equal(attrs_at(HOST + 0x202000), PTAB_READ | PTAB_WRITE);
}

static void an_entry_outside_the_guests_ram_is_refused(void **state)
{
	struct hv_window_entry bad[] = {
		{ .guest = 0x800000, .pages = 1 },   { .guest = 0x7ff000, .pages = 2 },
		{ .guest = 0x1000, .pages = 0 },     { .guest = 0x1001, .pages = 1 },
		{ .guest = 0, .pages = 1ull << 52 }, { .guest = 0, .pages = 1, .rights = 8 },
		{ .guest = -0x1000ull, .pages = 2 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(call(hc_window_revoke, &bad[i], 1), 0);
		assert_int_equal(bad[i].status, -HV_ERR_INVAL);
	}
	assert_int_equal(call(hc_window_revoke, NULL, 1), HV_ERR_FAULT);
	assert_int_equal(call(hc_window_revoke, bad, 65), HV_ERR_INVAL);
}

static void a_dead_guest_is_released_by_a_count_of_zero(void **state)
{
	struct hv_window_entry e = { .guest = 0, .pages = 1 };

	fake_domains[GUEST].state = HV_STATE_DEAD;
	assert_int_equal(call(hc_window_grant, &e, 1), HV_ERR_GONE);
	assert_int_equal(call(hc_window_revoke, NULL, 0), 0);
	assert_int_equal(fake_released, 1u << SERVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_whole_ram_is_seen_at_its_host_address, build),
		cmocka_unit_test_setup(a_part_is_revoked_and_granted_again, build),
		cmocka_unit_test_setup(an_entry_outside_the_guests_ram_is_refused, build),
		cmocka_unit_test_setup(a_dead_guest_is_released_by_a_count_of_zero, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
