/*
 * KVM or plain emulation: every combination of the facts, as no computer here has more than one.
 */
// sources: tools/bh/accel.c
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "lib/bits.h"
#include "tools/bh/accel.h"

static const char *const nested_words[] = { NULL, "", "N\n", "0\n", "1\n", "Y\n" };

static bool is_on(const char *nested)
{
	return nested && (nested[0] == '1' || nested[0] == 'Y');
}

/* Calls fn for each computer that the facts can describe; wish and counts are fn's. */
static void for_each(void (*fn)(struct accel_facts *f, bool nests))
{
	for (int kvm = KVM_MISSING; kvm <= KVM_OPEN; kvm++)
		for (int vendor = VENDOR_OTHER; vendor <= VENDOR_INTEL; vendor++)
			for (unsigned n = 0; n < 36; n++) {
				struct accel_facts f = { .kvm = kvm, .vendor = vendor };

				f.nested_amd = nested_words[n / 6];
				f.nested_intel = nested_words[n % 6];
				fn(&f, kvm == KVM_OPEN &&
					       ((vendor == VENDOR_AMD && is_on(f.nested_amd)) ||
						(vendor == VENDOR_INTEL && is_on(f.nested_intel))));
			}
}

static void no_wish(struct accel_facts *f, bool nests)
{
	static const char *const unset[] = { NULL, "" };

	for (unsigned i = 0; i < ARRAY_SIZE(unset); i++) {
		struct accel a;

		f->wish = unset[i];
		a = accel_choose(f);
		assert_int_equal(a.choice, nests ? ACCEL_KVM : ACCEL_TCG);
		assert_int_equal(a.why == NULL, nests);
	}
}

static void kvm_is_used_only_where_it_nests_for_this_processor(void **state)
{
	for_each(no_wish);
}

static void wish_kvm(struct accel_facts *f, bool nests)
{
	struct accel a;

	f->wish = "kvm";
	a = accel_choose(f);
	assert_int_equal(a.choice, nests ? ACCEL_KVM : ACCEL_REFUSED);
	assert_int_equal(a.why == NULL, nests);
}

static void a_wish_for_kvm_is_met_or_refused_with_the_reason(void **state)
{
	for_each(wish_kvm);
}

static void wish_tcg(struct accel_facts *f, bool nests)
{
	f->wish = "tcg";
	assert_int_equal(accel_choose(f).choice, ACCEL_TCG);
	f->counts = true;
	assert_int_equal(accel_choose(f).choice, ACCEL_TCG);
}

static void a_wish_for_plain_emulation_is_always_met(void **state)
{
	for_each(wish_tcg);
}

static void counting(struct accel_facts *f, bool nests)
{
	f->counts = true;
	assert_int_equal(accel_choose(f).choice, ACCEL_TCG);
	f->wish = "kvm";
	assert_int_equal(accel_choose(f).choice, ACCEL_REFUSED);
}

static void instructions_are_never_counted_in_kvm(void **state)
{
	for_each(counting);
}

static void other_wish(struct accel_facts *f, bool nests)
{
	f->wish = "hax";
	assert_int_equal(accel_choose(f).choice, ACCEL_REFUSED);
	f->wish = "KVM";
	assert_int_equal(accel_choose(f).choice, ACCEL_REFUSED);
}

static void an_unknown_wish_is_refused(void **state)
{
	for_each(other_wish);
}

static void why(const char *word, struct accel_facts f)
{
	struct accel a = accel_choose(&f);

	assert_non_null(a.why);
	if (!strstr(a.why, word))
		fail_msg("\"%s\" says nothing of \"%s\"", a.why, word);
}

static void the_reason_names_the_first_thing_in_the_way(void **state)
{
	why("no /dev/kvm", (struct accel_facts){ .kvm = KVM_MISSING, .vendor = VENDOR_AMD });
	why("group kvm", (struct accel_facts){ .kvm = KVM_FORBIDDEN, .vendor = VENDOR_AMD });
	why("AMD and Intel", (struct accel_facts){ .kvm = KVM_OPEN, .nested_amd = "1\n" });
	why("kvm_amd nested=1", (struct accel_facts){ .kvm = KVM_OPEN, .vendor = VENDOR_AMD });
	why("kvm_intel nested=1", (struct accel_facts){ .kvm = KVM_OPEN,
							.vendor = VENDOR_INTEL,
							.nested_amd = "1\n",
							.nested_intel = "N\n" });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kvm_is_used_only_where_it_nests_for_this_processor),
		cmocka_unit_test(a_wish_for_kvm_is_met_or_refused_with_the_reason),
		cmocka_unit_test(a_wish_for_plain_emulation_is_always_met),
		cmocka_unit_test(instructions_are_never_counted_in_kvm),
		cmocka_unit_test(an_unknown_wish_is_refused),
		cmocka_unit_test(the_reason_names_the_first_thing_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
