/*
 * Capabilities follow from the config and from nothing else; a handle that was not given is
 * refused, whatever it looks like.
 */
// sources: vmm/cap.c tests/unit/fake_domains.c mm/pool.c
#include "vmm/cap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "abi/event.h"
#include "tests/unit/fake_devices.h"
#include "tests/unit/fake_domains.h"

static int build(void **state)
{
	fake_domains_reset();
	caps_build();
	return 0;
}

static void a_back_end_gets_what_serving_needs(void **state)
{
	static const enum hv_cap_type types[] = { HV_CAP_IOREQ, HV_CAP_INTERRUPT, HV_CAP_WINDOW,
						  HV_CAP_DOMAIN };

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		assert_non_null(cap_find(&fake_domains[SERVER], types[i], GUEST));
		assert_null(cap_find(&fake_domains[SERVER], types[i], OTHER));
		assert_null(cap_find(&fake_domains[OTHER], types[i], GUEST));
	}
	assert_int_not_equal(cap_find(&fake_domains[SERVER], HV_CAP_IOREQ, GUEST)->event,
			     HV_EVENT_NONE);
}

static void a_stock_guest_has_none(void **state)
{
	const struct hv_cap *cap;

	assert_null(fake_domains[GUEST].caps);
	assert_int_equal(cap_lookup(&fake_domains[GUEST], 0x10000, HV_CAP_CONSOLE, 0, &cap),
			 ERR_BADCAP);
}

static void a_forged_handle_is_refused(void **state)
{
	struct domain *d = &fake_domains[SERVER];
	uint64_t good = cap_find(d, HV_CAP_WINDOW, GUEST)->handle;
	const struct hv_cap *cap;

	assert_int_equal(cap_lookup(d, good, HV_CAP_WINDOW, HV_RIGHT_READ, &cap), OK);
	assert_int_equal(cap->object, GUEST);
	assert_int_equal(cap_lookup(d, good + 0x10000, HV_CAP_WINDOW, 0, &cap), ERR_BADCAP);
	assert_int_equal(cap_lookup(d, good | 1ull << 32, HV_CAP_WINDOW, 0, &cap), ERR_BADCAP);
	assert_int_equal(cap_lookup(d, good, HV_CAP_IOREQ, 0, &cap), ERR_BADCAP);
	assert_int_equal(cap_lookup(d, 0x1ffff, HV_CAP_WINDOW, 0, &cap), ERR_BADCAP);
	assert_int_equal(cap_lookup(d, 0, HV_CAP_NONE, 0, &cap), ERR_BADCAP);
	assert_int_equal(cap_lookup(d, good, HV_CAP_WINDOW, HV_RIGHT_CONTROL, &cap), ERR_PERM);
	assert_null(cap);
}

static void rights_of_the_config_become_capabilities(void **state)
{
	struct domain *d = &fake_domains[OTHER];

	assert_null(cap_find(d, HV_CAP_CONSOLE, HV_CONSOLE_HOST));
	assert_null(cap_find(d, HV_CAP_SYSTEM, 0));
	fake_domains_reset();
	fake_configs[OTHER].rights = CONFIG_RIGHTS;
	caps_build();
	assert_non_null(cap_find(d, HV_CAP_CONSOLE, HV_CONSOLE_HOST));
	assert_non_null(cap_find(d, HV_CAP_CONSOLE, GUEST));
	assert_non_null(cap_find(d, HV_CAP_LOG, 0));
	assert_non_null(cap_find(d, HV_CAP_SYSTEM, 0));
	assert_int_equal(cap_find(d, HV_CAP_DOMAIN, GUEST)->rights,
			 HV_RIGHT_READ | HV_RIGHT_CONTROL);
	assert_int_equal(cap_find(d, HV_CAP_DOMAIN, OTHER)->rights,
			 HV_RIGHT_READ | HV_RIGHT_CONTROL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_back_end_gets_what_serving_needs, build),
		cmocka_unit_test_setup(a_stock_guest_has_none, build),
		cmocka_unit_test_setup(a_forged_handle_is_refused, build),
		cmocka_unit_test_setup(rights_of_the_config_become_capabilities, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
